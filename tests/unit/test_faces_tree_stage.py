"""The stage ``tree``, over a collection that the stage ``cluster`` wrote."""

import csv
import dataclasses
import hashlib
import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipelines.contract import TREE, Leaf, Request, Result, Shown, Work, read_leaves, write_lines
from pipelines.faces.columns import packed, read_harvest, write_harvest
from pipelines.faces.gallery.reading import STATE
from pipelines.faces.tree.attribute_files import write_attributes
from pipelines.faces.tree.attributes import NAMES, Attributes
from pipelines.faces.tree.stage import UNESTIMATED, tree
from tests.unit.faces_collection import Collection, Shot, many


@dataclasses.dataclass
class Shelf:
    """The tree stage, run again and again over a collection; what it left stands there at the next run."""

    collection: Collection
    shown: tuple[Shown, ...] = ()
    result: Result = Result()  # noqa: RUF009  frozen
    jobs: int = 0

    def run(self, embed: Path | None = None, **options) -> dict[str, Leaf]:
        self.jobs += 1
        job = self.collection.root / f"tree-{self.jobs}"
        (job / "stages" / "tree").mkdir(parents=True, exist_ok=True)
        (job / STATE).symlink_to(self.collection.state)
        if embed:
            (job / "stages" / "embed").symlink_to(embed)
        write_lines(job / "published.jsonl", self.shown)
        request = Request(
            job="j", pipeline="faces", name="d", inputs=(), options=options, key="family", state=STATE,
            published="published.jsonl",
        )  # fmt: skip
        self.result = tree(Work(job=job, folder=job / "stages" / "tree", request=request, stage="tree"))
        self.folder = job / "stages" / "tree" / str(self.result.publish)
        leaves = {leaf.path: leaf for leaf in read_leaves(self.folder / TREE)}
        self.shown = tuple(self._shown(leaf) for leaf in leaves.values() if "/." not in leaf.path)
        return leaves

    def content(self, leaf: Leaf) -> bytes:
        return (self.folder / str(leaf.file)).read_bytes()

    def _shown(self, leaf: Leaf) -> Shown:
        content = leaf.sha256 or hashlib.sha256(self.content(leaf)).hexdigest()
        return Shown(path=leaf.path, inode=1, size=1, sha256=content, was=leaf.path, tag=leaf.tag)


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    collection = Collection(tmp_path)
    shots = [*many("anna", 4), *many("bob", 3), Shot("group.jpg", ["anna", "bob", "carl"]), Shot("wall.jpg")]
    collection.drop([*shots, Shot("torn.jpg", problem="It is cut off.")])
    return Shelf(collection)


def test_a_tree_has_pictures_sheets_tables_maps_and_a_report(shelf: Shelf):
    leaves = shelf.run()
    assert sorted(path for path in leaves if leaves[path].file is None) == [
        "no-face/wall.jpg",
        *(f"people/person-0001/{name}.jpg" for name in ("anna0", "anna1", "anna2", "anna3", "group")),
        *(f"people/person-0002/{name}.jpg" for name in ("bob0", "bob1", "bob2", "group")),
    ]
    assert sorted(path for path in leaves if leaves[path].file) == [
        "contact-sheet.jpg",
        "faces.csv",
        "faces.parquet",
        "no-face/.visaged-faces.json",
        "people/person-0001/.visaged-faces.json",
        "people/person-0001/contact-sheet.jpg",
        "people/person-0002/.visaged-faces.json",
        "people/person-0002/contact-sheet.jpg",
        "pictures.csv",
        "report.html",
    ]
    assert all(leaf.tag.startswith(("faces:", "ours")) for leaf in leaves.values())


def test_the_map_of_a_folder_says_which_faces_each_file_stands_for(shelf: Shelf):
    leaves = shelf.run()
    found = json.loads(shelf.content(leaves["people/person-0002/.visaged-faces.json"]))
    assert (found["person"], found["name"], sorted(found["files"])) == (
        2, None, ["bob0.jpg", "bob1.jpg", "bob2.jpg", "group.jpg"],
    )  # fmt: skip
    assert [face["face"] for face in found["files"]["group.jpg"]] == [shelf.collection.face("group", 1)]


def test_the_tables_name_what_could_not_be_looked_at(shelf: Shelf):
    lines = list(csv.DictReader(io.StringIO(shelf.content(shelf.run()["pictures.csv"]).decode())))
    assert {line["picture"]: line["problem"] for line in lines if line["problem"]} == {"torn.jpg": "It is cut off."}


def test_only_sheets_that_changed_are_drawn_again(shelf: Shelf):
    shelf.run()
    assert shelf.result.figures["sheets_drawn"] == 3
    assert shelf.run()["contact-sheet.jpg"].sha256
    assert shelf.result.figures["sheets_drawn"] == 0
    shelf.collection.ask("people rename", person="person-0001", name="Anna")
    named = shelf.run()
    assert [path for path in named if named[path].file and "sheet" in path] == [
        "contact-sheet.jpg",
        "people/Anna/contact-sheet.jpg",
    ]


def test_the_same_state_makes_the_same_tree(shelf: Shelf):
    first = {path: (leaf.sha256, leaf.file and shelf.content(leaf)) for path, leaf in shelf.run().items()}
    shelf.shown = ()
    assert {path: (leaf.sha256, leaf.file and shelf.content(leaf)) for path, leaf in shelf.run().items()} == first


def test_a_stage_that_was_killed_begins_anew(shelf: Shelf):
    leftover = shelf.collection.root / "tree-1" / "stages" / "tree" / "tree" / "maps" / "99.json"
    leftover.parent.mkdir(parents=True)
    leftover.write_text("half")
    shelf.run()
    assert not (shelf.folder / "maps" / "99.json").exists()


def test_a_collection_in_which_nobody_is_yet_has_an_empty_tree(tmp_path: Path):
    (tmp_path / "tree").mkdir()
    request = Request(job="j", pipeline="faces", name="d", inputs=(), options={}, key="k")
    result = tree(Work(job=tmp_path, folder=tmp_path / "tree", request=request, stage="tree"))
    assert list(read_leaves(tmp_path / "tree" / str(result.publish) / TREE)) == []


def test_crops_come_from_the_drop_then_from_the_tree_then_from_the_chip(shelf: Shelf, tmp_path: Path):
    shard = tmp_path / "job-1" / "stages" / "embed" / "000"
    crops = shard / "crops"
    crops.mkdir()
    for row in range(len(np.load(shard / "faces.npy"))):
        (crops / f"{row}.jpg").write_bytes(f"crop {row}".encode())
    first = shelf.run(embed=shard.parent, place="crop")
    leaf = first["people/person-0001/anna0.jpg"]
    assert shelf.content(leaf) == b"crop 0"
    assert "no-face/wall.jpg" in first
    again = shelf.run(place="crop")
    assert (again["people/person-0001/anna0.jpg"].file, again["people/person-0001/anna0.jpg"].sha256) == (
        None, hashlib.sha256(b"crop 0").hexdigest(),
    )  # fmt: skip
    shelf.shown = ()
    lost = shelf.run(place="crop")
    assert shelf.content(lost["people/person-0001/anna0.jpg"]) == b"chip-anna0.jpg-0"


def test_what_was_never_estimated_can_neither_be_viewed_nor_filtered_and_that_is_said(shelf: Shelf):
    leaves = shelf.run(views=("gender",), filter={"gender": "female"})
    assert shelf.result.warnings == (UNESTIMATED,)
    assert "people/person-0001/anna0.jpg" in leaves
    assert b"Nothing was estimated" in shelf.content(leaves["report.html"])
    assert b"Shown are only" not in shelf.content(leaves["report.html"])


def test_views_and_filters_come_of_what_was_estimated(shelf: Shelf):
    gallery = shelf.collection.gallery()
    names = [gallery.pictures[int(face["picture"])].path for face in gallery.faces]
    female = np.asarray([not name.startswith("bob") for name in names])
    found = Attributes(
        age=np.full(len(names), 33, dtype=np.float32),
        kind={name: np.where(female, 0, 1).astype(np.int32) for name in NAMES},
        score={name: np.ones(len(names), dtype=np.float32) for name in NAMES},
    )
    (segment,) = (shelf.collection.state / "segments").iterdir()
    write_attributes(segment / "attributes.parquet", gallery.ids, found)
    leaves = shelf.run(views=("gender", "age"), filter={"gender": "male"})
    assert b"Shown are only" in shelf.content(leaves["report.html"])
    assert sorted(path for path in leaves if leaves[path].file is None) == [
        *(f"by-age/30-39/person-0002/{name}.jpg" for name in ("bob0", "bob1", "bob2", "group")),
        *(f"by-gender/male/person-0002/{name}.jpg" for name in ("bob0", "bob1", "bob2", "group")),
        *(f"people/person-0002/{name}.jpg" for name in ("bob0", "bob1", "bob2", "group")),
    ]


def test_real_chips_are_drawn(shelf: Shelf):
    (segment,) = (shelf.collection.state / "segments").iterdir()
    harvest = read_harvest(segment)
    data = io.BytesIO()
    Image.new("RGB", (168, 168), (200, 40, 40)).save(data, "JPEG")

    write_harvest(segment, dataclasses.replace(harvest, chips=packed([data.getvalue()] * len(harvest.faces))))
    leaves = shelf.run()
    sheet = Image.open(io.BytesIO(shelf.content(leaves["contact-sheet.jpg"]))).convert("RGB")
    assert sheet.getpixel((84, 150))[0] > 150
    assert shelf.content(leaves["report.html"]).count(b"data:image/jpeg;base64,") == 8


def test_an_earlier_state_is_shown_as_it_was_and_what_is_the_users_stays_where_it_is(shelf: Shelf):
    first = {path: leaf.sha256 for path, leaf in shelf.run().items() if leaf.file is None}
    collection = shelf.collection
    collection.ask("people rename", person="person-0001", name="Anna")
    collection.ask("people merge", people=["Anna", "person-0002"])
    collection.drop(many("dora", 3))
    shelf.run()
    mine = Shown(path="best/anna0.jpg", inode=9, size=1, sha256="sha-anna0.jpg", was=None)
    own = Shown(path="people/Anna/notes.txt", inode=10, size=1, sha256="notes", was=None)
    shelf.shown = (*shelf.shown, mine, own)
    collection.revision = 1
    again = {path: leaf.sha256 for path, leaf in shelf.run().items() if leaf.file is None}
    assert again == first


def test_a_name_that_the_user_gave_a_file_stays_when_an_earlier_state_is_shown(shelf: Shelf):
    shelf.run()
    shelf.collection.ask("people rename", person="person-0001", name="Anna")
    shelf.run()
    was, now = "people/Anna/anna0.jpg", "people/Anna/Anna at the sea.jpg"
    shelf.shown = tuple(dataclasses.replace(s, path=now) if s.path == was else s for s in shelf.shown)
    shelf.collection.revision = 1
    assert "people/person-0001/Anna at the sea.jpg" in shelf.run()
