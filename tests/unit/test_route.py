"""An item becomes a draft job, or it is said why not."""

from dataclasses import replace

import pytest

from daemon.model import Arrival, Draft, Manifest, Seen
from daemon.route import Routing, by_type, entries, route
from pipelines.contract import Claim, Entry, Loose, Pipeline, Publish, Refused, Stage, Wanting


def claim(drop):
    left = [e.path for e in drop.entries if e.suffix in (".obj", ".wav")]
    if not left:
        return Refused("nothing to work with")
    if len(left) == 1:
        return Wanting("another")
    return Claim(name=drop.name, roles={"file": tuple(left)})


def pipeline(name, kinds, principal):
    return Pipeline(
        name=name,
        version="1",
        stages=(Stage(name="one"),),
        options=dict,
        kinds=kinds,
        principal=principal,
        claim=claim,
        loose=Loose.TOGETHER,
        publish=Publish.FOLDER,
    )


MORPH = pipeline("morph", {".obj": "mesh", ".png": "texture"}, ("mesh",))
FACES = pipeline("faces", {".png": "picture", ".mp4": "video"}, ("picture", "video"))
TALKING = pipeline("talking_head", {".mp4": "video", ".wav": "audio"}, ("video", "audio"))
ALL = {p.name: p for p in (MORPH, FACES, TALKING)}


def check(chosen, given):
    return "frames = 1: it must be at least 2" if given.get("frames") == 1 else {"frames": 41, **given}


ROUTING = Routing(pipelines=ALL, check=check)


def seen(*paths, kind="file"):
    return tuple(Seen(path=p, size=5, mtime_ns=1, ctime_ns=1, inode=n, kind=kind) for n, p in enumerate(paths))


def folder(lane, name, *files, **changes):
    top = f"{lane}/{name}" if lane else name
    values = {
        "inbox": "inbox",
        "lane": lane,
        "key": None,
        "name": name,
        "tops": (top,),
        "files": seen(*(f"{top}/{f}" for f in files)),
        "folder": True,
    }
    return Arrival(**{**values, **changes})


def test_a_folder_in_a_lane_becomes_a_draft_of_that_pipeline():
    draft = route(folder("morph", "smile", "a.obj", "sub/b.obj"), ROUTING)
    assert draft == Draft(
        pipeline="morph", name="smile", roles={"file": ("a.obj", "sub/b.obj")}, options={"frames": 41}
    )


def test_an_item_that_lacks_a_partner_waits_for_it():
    assert route(folder("morph", "smile", "a.obj"), ROUTING) == Wanting("another")


def test_what_must_have_come_before_is_told_with_the_draft():
    waits = replace(MORPH, claim=lambda drop: Claim(name=drop.name, roles={}, after="a video"))
    draft = route(folder("morph", "smile", "a.obj"), Routing(pipelines={"morph": waits}, check=check))
    assert (draft.name, draft.after) == ("smile", "a video")


def test_a_manifest_names_the_pipeline_the_result_the_priority_and_the_options():
    manifest = Manifest(
        path="morph/x/manifest.toml", pipeline="talking_head", name="grin", priority=7, options={"frames": 9}
    )
    draft = route(folder("morph", "x", "a.wav", "b.wav", "manifest.toml", manifest=manifest), ROUTING)
    assert (draft.pipeline, draft.name, draft.priority, draft.options) == ("talking_head", "grin", 7, {"frames": 9})


def test_the_manifest_itself_and_our_own_note_are_not_part_of_the_item():
    manifest = Manifest(path="morph/x/manifest.toml")
    arrival = folder("morph", "x", "a.obj", "manifest.toml", "WHY.txt", manifest=manifest)
    assert [e.path for e in entries(arrival)] == ["a.obj"]


def test_a_manifest_that_asks_for_an_unknown_pipeline_is_refused_with_a_suggestion():
    draft = route(folder("morph", "x", "a.obj", manifest=Manifest(path="m", pipeline="morf")), ROUTING)
    assert "Did you mean morph?" in draft.refusal


def test_a_manifest_that_cannot_be_used_is_refused_with_its_problem():
    draft = route(folder("morph", "x", "a.obj", manifest=Manifest(path="m", problem="unknown key nmae")), ROUTING)
    assert draft.refusal == "unknown key nmae"


def test_options_out_of_bounds_are_refused():
    draft = route(folder("morph", "x", "a.obj", "b.obj", manifest=Manifest(path="m", options={"frames": 1})), ROUTING)
    assert draft.refusal == "frames = 1: it must be at least 2"
    assert draft.pipeline == "morph"


@pytest.mark.parametrize(("kind", "word"), [("link", "link"), ("other", "device")])
def test_what_is_not_a_plain_file_is_refused(kind, word):
    arrival = folder("morph", "x", files=seen("morph/x/a.obj", kind=kind))
    assert word in route(arrival, ROUTING).refusal


def test_names_of_results_are_safe_everywhere():
    assert (
        route(folder("morph", 'a:b?"', "a.obj", "b.obj"), ROUTING).name
        == route(folder("morph", 'a:b?"', "a.obj", "b.obj"), ROUTING).name
    )
    assert not set(':?"') & set(route(folder("morph", 'a:b?"', "a.obj", "b.obj"), ROUTING).name)


def test_the_files_of_an_archive_are_its_members():
    arrival = Arrival(
        inbox="inbox",
        lane="morph",
        key=None,
        name="x",
        tops=("morph/x.zip",),
        files=seen("morph/x.zip"),
        folder=True,
        archive=True,
        members=(Entry(path="in/a.obj", size=1), Entry(path="in/b.obj", size=1)),
    )
    assert route(arrival, ROUTING).roles == {"file": ("in/a.obj", "in/b.obj")}


def test_loose_files_are_named_below_the_folder_they_lie_in():
    arrival = Arrival(
        inbox="inbox",
        lane="morph",
        key=None,
        name="a__b",
        tops=("morph/a.obj", "morph/b.obj"),
        files=seen("morph/a.obj", "morph/b.obj"),
        folder=False,
    )
    assert route(arrival, ROUTING).roles == {"file": ("a.obj", "b.obj")}


@pytest.mark.parametrize(
    ("files", "chosen"),
    [
        (("a.obj", "b.obj"), "morph"),
        (("a.obj", "b.obj", "skin.png"), "morph"),
        (("a.png", "b.png"), "faces"),
        (("a.wav",), "talking_head"),
        (("a.mp4", "a.wav"), "talking_head"),
        (("a.obj", "notes.txt"), "morph"),
    ],
)
def test_in_the_root_the_types_say_which_pipeline_it_is(files, chosen):
    assert by_type(tuple(Entry(path=f, size=1) for f in files), ALL) is ALL[chosen]


@pytest.mark.parametrize(
    ("files", "named"),
    [(("a.mp4",), "faces, talking_head"), (("a.obj", "a.wav"), "morph, talking_head"), (("notes.txt",), ".obj")],
)
def test_in_the_root_what_could_go_to_several_lanes_is_refused_with_their_names(files, named):
    refused = by_type(tuple(Entry(path=f, size=1) for f in files), ALL)
    assert isinstance(refused, Refused)
    assert named in refused.reason
