"""Which pipelines there are, and which are refused."""

import dataclasses
from dataclasses import dataclass
from importlib import metadata

import pytest

from pipelines import registry
from pipelines.contract import Command, Loose, Pipeline, Publish, Stage, Wanting, option
from pipelines.registry import BrokenPipeline, added, problem


@dataclass(frozen=True)
class Options:
    size: int = option(1, "Size.")


@dataclass(frozen=True)
class Clashing:
    timeout: int = option(1, "Not the stage's.")


GOOD = Pipeline(
    name="copy",
    version="1",
    stages=(Stage(name="copy"),),
    options=Options,
    kinds={},
    principal=(),
    claim=lambda _drop: Wanting("more"),
    loose=Loose.TOGETHER,
    publish=Publish.FOLDER,
)

ASKS = Command(name="copy show", about="Show what was copied.", stages=(Stage(name="show"),))

SOURCE = """
import dataclasses
from pipelines.contract import Loose, Pipeline, Publish, Stage, Wanting

@dataclasses.dataclass(frozen=True)
class Options:
    pass

PIPELINE = Pipeline(name="shout", version="1", stages=(Stage(name="shout"),), options=Options, kinds={}, principal=(),
                    claim=lambda drop: Wanting("more"), loose=Loose.TOGETHER, publish=Publish.FOLDER)
NAMED_BADLY = dataclasses.replace(PIPELINE, name="Shout!")
NOTHING = 3
"""


@pytest.fixture
def plugin(tmp_path, monkeypatch):
    """The entry points of a package that is installed with this value."""
    (tmp_path / "shouting_plugin.py").write_text(SOURCE)
    info = tmp_path / "shouting-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: shouting\nVersion: 1.0\n")
    monkeypatch.syspath_prepend(str(tmp_path))

    def installed(value):
        (info / "entry_points.txt").write_text(f"[{registry.GROUP}]\nshout = {value}\n")
        return metadata.entry_points(group=registry.GROUP)

    return installed


def test_a_package_adds_its_pipeline_after_ours(plugin):
    assert list(added({"copy": GOOD}, plugin("shouting_plugin:PIPELINE"))) == ["copy", "shout"]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("shouting_plugin:MISSING", "package shouting cannot be loaded"),
        ("no_such_module:PIPELINE", "package shouting cannot be loaded"),
        ("shouting_plugin:NOTHING", "names shouting_plugin:NOTHING, which is not a Pipeline"),
        ("shouting_plugin:NAMED_BADLY", "declared wrongly: 'Shout!' cannot be a folder's name"),
    ],
)
def test_a_broken_package_is_named(plugin, value, message):
    with pytest.raises(BrokenPipeline, match=message):
        added({}, plugin(value))


def test_a_name_that_is_taken_is_refused(plugin):
    with pytest.raises(BrokenPipeline, match="shouting calls itself shout, a name that is taken"):
        added({"shout": GOOD}, plugin("shouting_plugin:PIPELINE"))


def test_a_good_declaration_has_no_problem():
    assert problem(GOOD) is None


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"name": "con"}, "cannot be a folder's name"),
        ({"name": "a/b"}, "cannot be a folder's name"),
        ({"name": "a\n"}, "cannot be a folder's name"),
        ({"stages": (Stage(name="A"),)}, "cannot be a folder's name"),
        ({"stages": (Stage(name="copy", image="../x"),)}, "cannot be a folder's name"),
        ({"stages": ()}, "no stages"),
        ({"stages": (Stage(name="copy"), Stage(name="copy"))}, "two of its stages have the same name"),
        ({"commands": (ASKS, ASKS)}, "two of its commands have the same name"),
        ({"commands": (dataclasses.replace(ASKS, stages=(Stage(name="A"),)),)}, "cannot be a folder's name"),
        ({"commands": (ASKS,), "nightly": "tidy"}, "its command tidy is not there"),
        ({"commands": (ASKS,), "edited": "tidy"}, "its command tidy is not there"),
        ({"options": dict}, "not a dataclass"),
        ({"options": Clashing}, "option timeout has a name"),
    ],
)
def test_a_wrong_declaration_is_told(change, says):
    assert says in (problem(dataclasses.replace(GOOD, **change)) or "")


def test_each_of_our_pipelines_has_the_name_of_its_folder():
    for module, (name, pipeline) in zip(registry.PIPELINES, registry.ours().items(), strict=True):
        assert module == f"pipelines.{name}"
        assert pipeline.run_as == module
        assert problem(pipeline) is None


def test_the_pipelines_that_are_installed_begin_with_ours():
    assert list(registry.pipelines())[: len(registry.PIPELINES)] == list(registry.ours())
