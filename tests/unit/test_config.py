"""config.toml: what it means, what is refused, and where the message says it stands."""

import subprocess
import sys
import tomllib
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.config import checked_options, configured, default_toml, find, load, reference
from daemon.config.problems import lines
from daemon.config.quantities import duration, size
from daemon.config.types import PipelineTable
from daemon.errors import ConfigError
from daemon.model import Take
from pipelines.contract import Loose, Pipeline, Publish, Stage, Wanting, checked, option
from pipelines.registry import RESERVED, ours

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    frames: int = option(41, "Pictures of a morph.", least=2, most=1000)
    speed: float = option(1.5, "How fast.", least=0)
    light: str = option("soft", "The light.", choices=("soft", "hard"))
    parts: tuple[str, ...] = option((), "Parts to show.")

    def __post_init__(self):
        checked(self)
        if self.light == "hard" and self.frames > 100:
            raise ValueError("hard light works with at most 100 frames; use soft light")


MORPH = Pipeline(
    name="morph",
    version="1",
    stages=(Stage(name="render", cpus=2.0, timeout=60.0), Stage(name="film")),
    options=Options,
    kinds={".obj": "mesh"},
    principal=("mesh",),
    claim=lambda _drop: Wanting("a second mesh"),
    loose=Loose.PAIR,
    publish=Publish.FOLDER,
)
KNOWN = {"morph": MORPH}


@pytest.fixture
def loaded(tmp_path):
    def read(text):
        path = tmp_path / "config.toml"
        path.write_text(text, encoding="utf-8")
        return load(path, KNOWN)

    return read


@pytest.fixture
def refused(loaded):
    def read(text):
        with pytest.raises(ConfigError) as caught:
            loaded(text)
        return str(caught.value).splitlines()

    return read


# ---------------------------------------------------------------- what a file means


def test_an_empty_file_means_one_inbox_beside_it(loaded, tmp_path):
    config = loaded("")
    assert [(inbox.name, inbox.path, inbox.results) for inbox in config.inboxes] == [
        ("inbox", tmp_path / "inbox", tmp_path / "results")
    ]
    assert config.daemon.state == tmp_path / "state"


def test_durations_and_sizes_arrive_as_seconds_and_bytes(loaded):
    config = loaded('[daemon]\npartner_timeout = "30m"\nprobe_patience = 5\ndisk_min = "1.5 GiB"\numask = "022"')
    assert config.daemon.partner_timeout == 1800.0
    assert config.daemon.probe_patience == 5.0
    assert config.daemon.disk_min == 3 * 2**29
    assert config.daemon.umask == 0o022


def test_an_archive_is_kept_for_ever_unless_a_retention_is_set(loaded):
    assert loaded("").daemon.archive_retention is None
    assert loaded('[daemon]\narchive_retention = "2w"').daemon.archive_retention == 14 * 86400.0


def test_auto_leaves_the_choice_to_the_machine(loaded):
    daemon = loaded('[daemon]\nslots = "auto"\ncpus = 1.5').daemon
    assert (daemon.slots, daemon.cpus, daemon.memory) == (None, 1.5, None)


def test_relative_folders_are_below_root_and_root_is_below_the_file(loaded, tmp_path):
    config = loaded('[daemon]\nroot = "data"\nwork = "/elsewhere/work"\n[[inbox]]\npath = "../share"')
    assert config.daemon.root == tmp_path / "data"
    assert config.daemon.failed == tmp_path / "data/failed"
    assert config.daemon.work == Path("/elsewhere/work")
    assert config.inboxes[0].path == tmp_path / "share"


def test_an_inbox_says_how_it_is_watched_and_what_happens_to_originals(loaded):
    (inbox,) = loaded('[[inbox]]\nmode = "polled"\ntake = "copy"\nignore = ["*.bak"]').inboxes
    assert (inbox.mode, inbox.take, inbox.ignore) == ("polled", Take.COPY, ("*.bak",))


def test_options_of_a_pipeline_are_complete_and_those_of_an_inbox_as_given(loaded):
    config = loaded("[pipelines.morph]\nframes = 11\n[[inbox]]\n[inbox.defaults.morph]\nspeed = 2")
    assert config.pipelines["morph"].options == {"frames": 11, "speed": 1.5, "light": "soft", "parts": []}
    assert config.inboxes[0].defaults == {"morph": {"speed": 2}}


def test_cores_memory_and_time_of_a_pipeline_reach_its_stages(loaded):
    config = loaded('[pipelines.morph]\ncpus = 1\nmemory = "1 GB"\ntimeout = "1h"')
    stages = configured(config, KNOWN)["morph"].stages
    assert [(stage.cpus, stage.memory, stage.timeout) for stage in stages] == [(1.0, 10**9, 3600.0)] * 2


def test_stages_keep_what_the_file_does_not_say(loaded):
    assert configured(loaded(""), KNOWN)["morph"] == MORPH


def test_a_pipeline_that_is_not_enabled_is_left_out(loaded):
    assert configured(loaded("[pipelines.morph]\nenabled = false"), KNOWN) == {}


def test_a_file_from_a_windows_editor_is_read(tmp_path):
    (tmp_path / "config.toml").write_bytes(b"\xef\xbb\xbf[daemon]\r\nslots = 3\r\n")
    assert load(tmp_path / "config.toml", KNOWN).daemon.slots == 3


def test_nothing_of_the_configuration_can_be_changed(loaded):
    with pytest.raises(ValueError, match="frozen"):
        loaded("").daemon.slots = 3


# ---------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[daemon]\nsettle_second = 3", "2: daemon.settle_second: unknown key; did you mean settle_seconds?"),
        ("\n[deamon]", "2: deamon: unknown table; did you mean daemon?"),
        ("path = 3", "1: path: unknown table; there is daemon, docker, gpus, inbox, pipelines"),
        ("[pipelines.morf]", "1: pipelines.morf: unknown pipeline; did you mean morph?"),
        ("[pipelines.morph]\nframs = 3", "2: pipelines.morph.frams: unknown option; did you mean frames?"),
        ("[pipelines.morph]\nenable = true", "2: pipelines.morph.enable: unknown option; did you mean enabled?"),
        ("[pipelines.morph]\nframes = 1", "2: pipelines.morph.frames: it must be at least 2, not 1"),
        ("[pipelines.morph]\nframes = 2.5", "2: pipelines.morph.frames: it must be a whole number, w"),
        ("[pipelines.morph]\noptions = {}", "2: pipelines.morph.options: unknown option; there is "),
        ("[daemon]\nslots = 0", '2: daemon.slots: it must be a whole number of at least 1, or "auto", not 0'),
        ("[daemon]\nslots = true", "2: daemon.slots: it must be a whole number"),
        ("[daemon]\nsettle_seconds = nan", "2: daemon.settle_seconds: it must be a number of seconds"),
        ("[daemon]\nsettle_seconds = -1", "2: daemon.settle_seconds: it must be a number of seconds"),
        ('[daemon]\numask = "9"', '2: daemon.umask: it must be octal digits in quotes, like "002" or "022", not "9"'),
        ('[daemon]\ngroup = "no\\u0000such"', "2: daemon.group: it must be a group of this machine"),
        ('[daemon]\nrunner = "magic"', '2: daemon.runner: it must be "local" or "docker", not "magic"'),
        ('[daemon]\nroot = ""', "2: daemon.root: it must be the path of a folder in quotes"),
        ('[daemon]\nwork = "~nobody-here/x"', "2: daemon.work: the home folder of ~nobody-here is not known"),
        ("daemon = 3", "1: daemon: it must be a table of keys, not 3"),
        ("[inbox]", "1: inbox: an inbox is written [[inbox]], in two pairs of brackets"),
        ("[[inbox]]\n[inbox.defaults]\nmorf = {}", "3: inbox[1].defaults.morf: unknown pipeline; did you mean morph?"),
        ('[[inbox]]\nname = "a b"', "2: inbox[1].name: it must be letters, digits, - and _"),
        ('[[inbox]]\ntake = "steal"', '2: inbox[1].take: it must be "move", "copy" or "reference", not "steal"'),
        ('[[inbox]]\nignore = "*.bak"', '2: inbox[1].ignore: it must be an array: [ … ], not "*.bak"'),
        ("[gpus]\nuse = 1", '2: gpus.use: it must be "auto", "none" or an array of UUIDs in quotes'),
        ("[daemon]\nslots = ", "2: this is not TOML: Invalid value"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_line_and_what_it_must_be(refused, text, message):
    (only,) = refused(text)
    assert only.startswith(f"config.toml:{message}")


def test_all_problems_are_told_at_once_in_the_order_of_the_file(refused):
    told = refused("[pipelines.morph]\nframes = 1\nsped = 2\n[daemon]\nslots = 0\n[gpu]")
    assert [line.split(": ")[:2] for line in told] == [
        ["config.toml:2", "pipelines.morph.frames"],
        ["config.toml:3", "pipelines.morph.sped"],
        ["config.toml:5", "daemon.slots"],
        ["config.toml:6", "gpu"],
    ]


def test_a_file_that_is_not_utf_8_is_told_with_its_line(tmp_path):
    (tmp_path / "config.toml").write_bytes(b"[daemon]\nroot = '\xff'\n")
    with pytest.raises(ConfigError, match=r"config\.toml:2: this is not UTF-8 text"):
        load(tmp_path / "config.toml", KNOWN)


def test_a_file_that_is_not_there_says_what_makes_one(tmp_path):
    with pytest.raises(ConfigError, match="visaged init"):
        load(tmp_path / "config.toml", KNOWN)


def test_two_inboxes_of_one_name_are_refused(refused):
    (only,) = refused('[[inbox]]\npath = "a"\n[[inbox]]\npath = "b"\n')
    assert 'inbox[2].name: another inbox has the name "inbox" too' in only


@pytest.mark.parametrize(
    "text",
    [
        '[[inbox]]\npath = "work/drops"',
        '[[inbox]]\npath = "."',
        '[[inbox]]\nresults = "inbox/results"',
        '[[inbox]]\nresults = "inbox"',
        '[daemon]\narchive = "inbox/old"',
        '[daemon]\nstate = "work/state"',
        '[[inbox]]\nname = "a"\npath = "a"\n[[inbox]]\nname = "b"\npath = "a/../a/b"',
        '[[inbox]]\nname = "a"\npath = "a"\n[[inbox]]\nname = "b"\npath = "b"\nresults = "results/b"',
    ],
)
def test_folders_that_lie_in_one_another_are_refused(refused, text):
    assert all("each needs a folder of its own" in line for line in refused(text))


def test_a_link_to_another_folder_counts_as_that_folder(refused, tmp_path):
    (tmp_path / "work").mkdir()
    (tmp_path / "door").symlink_to(tmp_path / "work")
    (only,) = refused('[[inbox]]\npath = "door"')
    assert "overlaps" in only


def test_inboxes_may_share_their_results(loaded):
    assert len(loaded('[[inbox]]\nname = "a"\npath = "a"\n[[inbox]]\nname = "b"\npath = "b"').inboxes) == 2


# ---------------------------------------------------------------- where it is found


def test_the_file_that_is_given_is_used(tmp_path):
    assert find(tmp_path / "mine.toml", tmp_path) == tmp_path / "mine.toml"


def test_the_file_of_the_present_folder_comes_before_that_of_the_machine(tmp_path):
    machine = tmp_path / "etc.toml"
    machine.touch()
    assert find(None, tmp_path, machine) == machine
    (tmp_path / "config.toml").touch()
    assert find(None, tmp_path, machine) == tmp_path / "config.toml"


def test_no_file_at_all_says_where_it_was_looked_for(tmp_path):
    with pytest.raises(ConfigError, match=r"no config\.toml in .* and no .*etc\.toml"):
        find(None, tmp_path, tmp_path / "etc.toml")


# ---------------------------------------------------------------- options


def test_options_that_are_given_stand_over_the_defaults():
    assert checked_options(MORPH, {"frames": 5, "speed": 3, "parts": ["a"]}) == {
        "frames": 5,
        "speed": 3.0,
        "light": "soft",
        "parts": ["a"],
    }


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"frams": 3}, "The option frams is unknown; did you mean frames?"),
        ({"frames": "3"}, 'The option frames must be a whole number, without quotes, not "3".'),
        ({"frames": True}, "The option frames must be a whole number, without quotes, not true."),
        (
            {"speed": float("inf")},
            "The option speed must be text, true or false, a finite number, an array or a table.",
        ),
        ({"light": "odd"}, 'The option light must be one of "soft", "hard", not "odd".'),
        ({"parts": "a"}, 'The option parts must be an array: [ … ], not "a".'),
        ({"light": "hard", "frames": 200}, "Hard light works with at most 100 frames; use soft light."),
    ],
)
def test_options_that_do_not_fit_are_refused_in_a_sentence(options, says):
    assert checked_options(MORPH, options) == says


def test_text_that_is_not_unicode_is_refused_as_an_option():
    assert isinstance(checked_options(MORPH, {"light": "\ud800"}), str)


def test_two_wrong_options_are_both_told():
    assert checked_options(MORPH, {"frames": 1, "sped": 1}) == (
        "The option sped is unknown; did you mean speed? The option frames must be at least 2, not 1."
    )


JSON = st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(), st.lists, max_leaves=5)


@given(st.dictionaries(st.sampled_from(["frames", "speed", "light", "parts", "x"]) | st.text(), JSON))
def test_whatever_a_manifest_gives_is_answered_by_options_or_a_sentence(options):
    match checked_options(MORPH, options):
        case dict() as full:
            assert checked_options(MORPH, full) == full
        case str() as says:
            assert says


# ---------------------------------------------------------------- quantities and lines


@given(st.integers(min_value=0, max_value=10**9), st.sampled_from([("s", 1), ("m", 60), ("h", 3600), ("d", 86400)]))
def test_a_duration_is_its_number_times_its_unit(number, unit):
    assert duration(f"{number}{unit[0]}") == duration(number * unit[1]) == number * unit[1]


@given(
    st.integers(min_value=0, max_value=10**4), st.sampled_from([("B", 1), ("kB", 10**3), ("GB", 10**9), ("GiB", 2**30)])
)
def test_a_size_is_its_number_times_its_unit(number, unit):
    assert size(f"{number} {unit[0]}") == size(number * unit[1]) == number * unit[1]


@given(st.text() | st.integers() | st.floats() | st.none() | st.lists(st.integers()))
def test_a_quantity_is_a_finite_number_or_refused(value):
    for parse in (duration, size):
        with suppress(ValueError):
            assert 0 <= parse(value) < 2**60


NAMES = st.text("ab_-", min_size=1, max_size=3) | st.sampled_from(['"a.b"', '"x = y"', "'#'"])


@given(st.lists(st.tuples(NAMES, st.lists(NAMES, unique=True, max_size=3)), max_size=5))
def test_every_key_is_found_on_its_line(tables):
    text, expected = "", {}
    for number, (table, keys) in enumerate(tables):
        text += f"# [x]\n[[t.{table}]]\n"
        above = sum(earlier == table for earlier, _ in tables[:number])
        for key in keys:
            text += f'{key} = """\nnot = a key\n"""\n'
            plain = next(iter(tomllib.loads(f"{key} = 0"))), next(iter(tomllib.loads(f"{table} = 0")))
            expected["t", plain[1], above, plain[0]] = text.count("\n") - 2
    found = lines(text)
    assert {at: found[at] for at in expected} == expected


# ---------------------------------------------------------------- the reference


def test_every_commented_key_means_the_same_as_leaving_it_out(loaded):
    text = default_toml(KNOWN)
    uncommented = "\n".join(line.removeprefix("#") if not line.startswith("# ") else "" for line in text.split("\n"))
    assert "frames = 41" in uncommented.split("\n")
    assert loaded(uncommented) == loaded(text) == loaded("")


def test_the_reference_names_every_key_and_option_with_a_sentence():
    rows = [line.split(" | ") for line in reference(KNOWN).splitlines() if line.startswith("| `")]
    assert {"| `settle_seconds`", "| `take`", "| `use`", "| `frames`", "| `timeout`"} <= {row[0] for row in rows}
    assert all(len(row) == 4 and len(row[3]) > 5 for row in rows)


def test_the_reference_tells_the_bounds_of_an_option():
    assert "Pictures of a morph. From 2 to 1000." in reference(KNOWN)


def test_the_reference_in_docs_is_that_of_the_types():
    made = subprocess.run([sys.executable, "-m", "daemon.config"], cwd=ROOT, capture_output=True, check=True).stdout
    assert (ROOT / "docs/config.md").read_bytes() == made, "run: python -m daemon.config > docs/config.md"


def test_the_config_toml_of_the_project_is_that_of_the_types():
    made = default_toml(ours())
    assert (ROOT / "config.toml").read_text() == made, "run: python -m daemon.config --toml > config.toml"


def test_no_option_can_have_the_name_of_a_setting():
    assert set(PipelineTable.model_fields) - {"options"} <= set(RESERVED)
