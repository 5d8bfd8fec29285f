"""What of a drop is looked at, and in which shards."""

import json
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from pipelines.contract import Input, Request, Work
from pipelines.faces.survey import LONGEST, SHORTEST, cost, cut, survey


def dropped(folder: Path, names: dict[str, str], state: str | None = None) -> Work:
    """A drop of files; name -> content's hash."""
    roles = {"jpg": "picture", "mp4": "video"}
    inputs = tuple(
        Input(path=f"in/{name}", role=roles.get(name[-3:], ""), size=20_000, sha256=sha) for name, sha in names.items()
    )
    request = Request(job="j", pipeline="faces", name="drop", inputs=inputs, options={}, state=state)
    work = Work(job=folder, folder=folder / "stages" / "survey", request=request, stage="survey")
    work.folder.mkdir(parents=True)
    return work


def read(work: Work, name: str) -> object:
    return json.loads((work.folder / name).read_bytes())


def test_pictures_and_videos_are_looked_at_once_each_and_nothing_else_is(tmp_path: Path) -> None:
    work = dropped(tmp_path, {"a.jpg": "1", "note.txt": "9", "b.jpg": "2", "again.jpg": "1", "c.mp4": "3"})

    result = survey(work)

    assert read(work, "shards.json") == ["0001"]
    assert read(work, "shards/0001.json") == [0, 2, 4]
    assert read(work, "known.json") == []
    assert result.figures == {"pictures": 4, "new": 3, "known": 0, "twice": 1}


def test_what_the_gallery_holds_is_not_looked_at_again_unless_it_could_not_be_read(tmp_path: Path) -> None:
    state = tmp_path / "state"
    (state / "segments" / "000001").mkdir(parents=True)
    part = {"name": "000001", "pictures": 2, "faces": 0}
    about = {"format": 1, "pack": "buffalo_sc", "recogniser": "r", "dimension": 512, "segments": [part], "sorted": {}}
    (state / "gallery.json").write_text(json.dumps(about))
    lines = [{"sha256": "1", "path": "x"}, {"sha256": "2", "path": "y", "problem": "It is damaged."}]
    (state / "segments" / "000001" / "pictures.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    work = dropped(tmp_path, {"a.jpg": "1", "b.jpg": "2"}, state="state")

    survey(work)

    assert read(work, "known.json") == [0]
    assert read(work, "shards/0001.json") == [1]


def test_a_drop_of_nothing_new_has_no_shard(tmp_path: Path) -> None:
    work = dropped(tmp_path, {"note.txt": "9"})

    survey(work)

    assert read(work, "shards.json") == []


def test_a_few_pictures_are_one_shard_and_a_thousand_use_two_cores() -> None:
    picture = Input(path="in/a.jpg", role="picture", size=15_000, sha256="")

    assert len(cut([cost(picture)] * 30)) == 1
    assert len(cut([cost(picture)] * 1300)) == 2
    assert len(cut([cost(picture)] * 100_000)) in {16, 32}


@given(st.lists(st.floats(0.001, 500), min_size=1, max_size=300))
def test_shards_hold_every_file_once_in_order_and_cost_about_the_same(costs: list[float]) -> None:
    shards = cut(costs)

    assert [at for shard in shards for at in shard] == list(range(len(costs)))
    assert all(len(shard) for shard in shards)
    wanted = max(SHORTEST, min(sum(costs) / 16, LONGEST))
    assert all(sum(costs[at] for at in shard) <= wanted + 2 * max(costs) for shard in shards)
