"""What is shown to people, as values for programs: the names of the fields are the names of the JSON keys."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from typing import Any


def as_json(value: Any) -> Any:
    """The value as JSON can hold it: dataclasses become objects, enums their values, paths text.

    A Pace has its fraction too. Text that is not UTF-8 keeps its lone surrogates, which ``json.dumps`` escapes.
    """
    match value:
        case Enum():
            return value.value
        case Path():
            return str(value)
        case Mapping():
            return {str(as_json(key)): as_json(one) for key, one in value.items()}
        case tuple() | list():
            return [as_json(one) for one in value]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {field.name: as_json(getattr(value, field.name)) for field in dataclasses.fields(value)}
        return fields | ({"fraction": value.fraction} if hasattr(value, "fraction") else {})
    return value
