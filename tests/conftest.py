"""What every test shares: the handed-out data, and the one place where markers are decided."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
DATA = Path(os.environ.get("VISAGED_DATA", ROOT.parent / "shared" / "data"))


@pytest.fixture(scope="session")
def data() -> Path:
    """The handed-out data folder (meshes, faces, talking)."""
    return DATA


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip, with one loud line, what this machine cannot run."""
    if not (DATA / "MANIFEST.tsv").is_file():
        skip = pytest.mark.skip(reason=f"the data folder is not here ({DATA}); set VISAGED_DATA")
        for item in items:
            if item.get_closest_marker("data"):
                item.add_marker(skip)
