"""The stage morph on job folders as the daemon makes them."""

import io
import itertools
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from pipelines.contract import EXIT_BAD_INPUT, dump, read_refusal, read_result, serve, stage_folder
from pipelines.contract.exchange import Input, Request
from pipelines.morph.stage import morph

CORNERS = np.array([[0, 0, 0], [2, 0, 0], [0, 2, 0], [0, 0, 2], [1, 1, 1]], dtype=float)
FACES = ((0, 2, 1), (0, 1, 3), (0, 3, 2), (1, 2, 4), (2, 3, 4), (3, 1, 4))
SMALL = {"frames": 5, "resolution": 64}


def obj(vertices, faces=FACES, head=""):
    lines = [f"v {x} {y} {z}" for x, y, z in np.asarray(vertices).tolist()]
    uvs = [f"vt {x / 2} {y / 2}" for x, y, _ in np.asarray(vertices).tolist()]
    corners = [" ".join(f"{v + 1}/{v + 1}" for v in face) for face in faces]
    return (head + "\n".join([*lines, *uvs, *(f"f {c}" for c in corners)]) + "\n").encode()


def job(folder: Path, files: dict[str, bytes], options=SMALL, roles=None) -> Path:
    """A job folder; role by suffix unless given."""
    kinds = {".obj": "mesh", ".ply": "mesh", ".png": "texture", ".mtl": "material"}
    inputs = []
    for name, data in files.items():
        path = folder / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        role = (roles or {}).get(name, kinds.get(path.suffix, ""))
        inputs.append(Input(path=f"in/{name}", role=role, size=len(data), sha256=""))
    request = Request(job="j", pipeline="morph", name="n", inputs=tuple(inputs), options=options)
    (folder / "request.json").write_bytes(dump(request))
    return folder


def run(folder: Path) -> int:
    return serve({"morph": morph}, ["morph", str(folder)])


def result(folder: Path):
    return read_result(stage_folder(folder, "morph"))


def published(folder: Path) -> Path:
    return stage_folder(folder, "morph") / result(folder).publish


def folders(folder: Path) -> list[str]:
    return sorted(path.name for path in published(folder).iterdir() if path.is_dir())


def picture(path: Path) -> np.ndarray:
    with Image.open(path) as opened:
        return np.asarray(opened).astype(int)


def png(colour) -> bytes:
    held = io.BytesIO()
    Image.new("RGB", (8, 8), colour).save(held, "PNG")
    return held.getvalue()


PAIR = {"a.obj": obj(CORNERS), "b.obj": obj(CORNERS * [1.5, 1, 1])}


def test_one_pair_lies_directly_in_the_result_and_is_complete(tmp_path):
    assert run(job(tmp_path, PAIR)) == 0
    at = published(tmp_path)
    assert sorted(p.name for p in at.iterdir()) == [
        "animation.mp4",
        "contact-sheet.png",
        "frames",
        "heatmaps",
        "meshes",
        "report.html",
        "statistics.csv",
        "vertex_displacements.csv",
    ]
    assert sorted(p.name for p in (at / "frames").iterdir()) == [f"{k:04d}.png" for k in range(5)]
    assert all(picture(p).shape == (64, 64, 3) for p in (at / "frames").iterdir())


def test_the_film_shows_the_frames_in_order_and_starts_with_a(tmp_path):
    run(job(tmp_path, PAIR, {"frames": 9, "resolution": 128}))
    at = published(tmp_path)
    stills = [picture(p) for p in sorted((at / "frames").iterdir())]
    with av.open(str(at / "animation.mp4")) as container:
        film = [frame.to_ndarray(format="rgb24").astype(int) for frame in container.decode(video=0)]
    assert len(film) == len(stills)
    for number, frame in enumerate(film):
        errors = [np.mean((frame - still) ** 2) for still in stills]
        assert int(np.argmin(errors)) == number
        assert 10 * np.log10(255**2 / errors[number]) > 30


def test_the_first_and_last_frames_are_the_pure_pictures_of_a_and_b(tmp_path):
    run(job(tmp_path / "ab", PAIR))
    run(job(tmp_path / "ba", {"a.obj": PAIR["b.obj"], "b.obj": PAIR["a.obj"]}))
    forth, back = published(tmp_path / "ab") / "frames", published(tmp_path / "ba") / "frames"
    assert np.array_equal(picture(forth / "0000.png"), picture(back / "0004.png"))
    assert np.array_equal(picture(forth / "0004.png"), picture(back / "0000.png"))


def test_the_names_of_frames_sort_in_play_order(tmp_path):
    run(job(tmp_path, PAIR, {"frames": 12, "resolution": 64}))
    names = [p.name for p in sorted((published(tmp_path) / "frames").iterdir())]
    assert names == [f"{k:04d}.png" for k in range(12)]


def test_several_meshes_give_a_folder_for_each_pair(tmp_path):
    run(job(tmp_path, {**PAIR, "c.obj": obj(CORNERS + 0.1 * CORNERS[::-1])}))
    assert folders(tmp_path) == ["a__b", "a__c", "b__c"]


def test_a_manifests_a_and_b_are_one_pair_in_that_order(tmp_path):
    files = {"x.obj": PAIR["a.obj"], "y.obj": PAIR["b.obj"]}
    run(job(tmp_path, files, roles={"y.obj": "a", "x.obj": "b"}))
    assert list(result(tmp_path).figures["pairs"]) == ["y__x"]


def test_a_pair_of_other_topology_is_a_fault_and_the_good_pairs_go_on(tmp_path):
    assert run(job(tmp_path, {**PAIR, "odd.obj": obj(CORNERS[:4], FACES[:3])})) == 0
    found = result(tmp_path)
    assert [fault.what for fault in found.faults] == ["a__odd", "b__odd"]
    assert "5 vertices" in found.faults[0].why
    assert folders(tmp_path) == ["a__b"]


def test_a_mesh_that_cannot_be_read_is_named_once_not_once_a_pair(tmp_path):
    run(job(tmp_path, {**PAIR, "broken.obj": b"v 1 2\nf 1 2 3\n"}))
    (fault,) = result(tmp_path).faults
    assert fault.what == "broken"
    assert "broken.obj" in fault.why


def test_without_one_good_pair_the_input_is_refused_with_every_reason(tmp_path):
    assert run(job(tmp_path, {"a.obj": PAIR["a.obj"], "empty.obj": b"", "odd.obj": obj(CORNERS[:4], FACES[:3])})) == (
        EXIT_BAD_INPUT
    )
    reason = read_refusal(stage_folder(tmp_path, "morph")).reason
    assert "empty.obj is empty" in reason
    assert "a.obj has 5 vertices" in reason


def test_equal_names_in_different_folders_do_not_collide(tmp_path):
    files = {"anna/head.obj": PAIR["a.obj"], "ben/head.obj": PAIR["b.obj"], "carla/head.obj": obj(CORNERS * 1.1)}
    run(job(tmp_path, files))
    assert folders(tmp_path) == [
        "anna_head__ben_head",
        "anna_head__carla_head",
        "ben_head__carla_head",
    ]


@pytest.mark.parametrize("name", ["li\nne", "qu'o\"te", "\U0001f600", "\udcff\udc80", "a" * 200, "-rf", "con"])
def test_a_hostile_name_harms_nothing(tmp_path, name):
    assert run(job(tmp_path, {f"{name}.obj": PAIR["a.obj"], "other.obj": PAIR["b.obj"], "z.obj": PAIR["b.obj"]})) == 0
    assert len(folders(tmp_path)) == 3
    assert all(folder.isprintable() and "/" not in folder for folder in folders(tmp_path))


def test_the_figures_tell_what_moved_how_far_and_how_long_it_took(tmp_path):
    run(job(tmp_path, PAIR))
    found = result(tmp_path)
    figures = found.figures["pairs"]["a__b"]
    assert (figures["vertices"], figures["faces"], figures["frames"], figures["textured"]) == (5, 6, 5, False)
    assert figures["displacement"]["largest"] == pytest.approx(1.0)
    assert figures["displacement"]["largest_percent"] == pytest.approx(50.0)
    assert {"prepare", "draw", "encode", "sheet"} <= set(figures["seconds"])
    assert {"numpy", "moderngl", "opengl", "pyav", "pillow"} <= set(found.versions)


def test_progress_counts_the_frames_of_all_pairs(tmp_path):
    run(job(tmp_path, {**PAIR, "c.obj": obj(CORNERS * 1.1)}))
    lines = [json.loads(line) for line in (tmp_path / "progress.jsonl").read_text().splitlines()]
    done = [line["done"] for line in lines]
    assert done == sorted(done)
    assert (lines[-1]["done"], lines[-1]["total"], lines[-1]["unit"], lines[-1]["note"]) == (15, 15, "frames", "b__c")


def test_textures_of_both_meshes_are_shown(tmp_path):
    files = {
        "a.obj": obj(CORNERS, head="mtllib a.mtl\nusemtl m\n"),
        "b.obj": obj(CORNERS * [1.5, 1, 1], head="mtllib b.mtl\nusemtl m\n"),
        "a.mtl": b"newmtl m\nmap_Kd a.png\n",
        "b.mtl": b"newmtl m\nmap_Kd b.png\n",
        "a.png": png((200, 30, 30)),
        "b.png": png((30, 30, 200)),
    }
    run(job(tmp_path, files))
    first, last = (picture(published(tmp_path) / "frames" / f"{k:04d}.png")[36, 28] for k in (0, 4))
    assert first[0] > first[2] + 40
    assert last[2] > last[0] + 40
    assert result(tmp_path).figures["pairs"]["a__b"]["textured"]


def test_a_texture_on_one_mesh_alone_is_left_out_and_said(tmp_path):
    files = {
        **PAIR,
        "a.obj": obj(CORNERS, head="mtllib a.mtl\nusemtl m\n"),
        "a.mtl": b"newmtl m\nmap_Kd a.png\n",
        "a.png": png((200, 30, 30)),
        "c.png": png((30, 30, 30)),
    }
    run(job(tmp_path, files))
    assert any("a__b: b.obj has no texture" in warning for warning in result(tmp_path).warnings)
    first = picture(published(tmp_path) / "frames" / "0000.png")[36, 28]
    assert np.ptp(first) < 40


def test_finished_pairs_are_kept_when_the_stage_runs_again(tmp_path):
    run(job(tmp_path, {**PAIR, "c.obj": obj(CORNERS * 1.1)}))
    kept = published(tmp_path) / "a__b" / "animation.mp4"
    before = kept.stat().st_mtime_ns
    figures = result(tmp_path).figures["pairs"]
    (stage_folder(tmp_path, "morph") / "result.json").unlink()
    (published_c := stage_folder(tmp_path, "morph") / "result" / "b__c").rename(tmp_path / "lost")
    run(tmp_path)
    assert kept.stat().st_mtime_ns == before
    assert published_c.is_dir()
    assert result(tmp_path).figures["pairs"]["a__b"] == figures["a__b"]


def test_a_kill_in_the_middle_leaves_no_half_pair_and_the_next_run_completes(tmp_path):
    meshes = {f"{k}.obj": obj(CORNERS * (1 + k / 10)) for k in range(3)}
    job(tmp_path, meshes, {"frames": 200, "resolution": 64})
    process = subprocess.Popen([sys.executable, "-m", "pipelines.morph", "morph", str(tmp_path)])
    at = stage_folder(tmp_path, "morph")
    deadline = time.monotonic() + 60
    while not (list(at.glob("partial/*/frames/0020.png")) and list(at.glob("result/*"))):
        assert time.monotonic() < deadline
        assert process.poll() is None
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.wait()
    for pair in (at / "result").iterdir():
        assert len(list((pair / "frames").iterdir())) == 200
    assert run(tmp_path) == 0
    assert folders(tmp_path) == ["0__1", "0__2", "1__2"]
    for name in folders(tmp_path):
        pair = published(tmp_path) / name
        assert len(list((pair / "frames").iterdir())) == 200
        with av.open(str(pair / "animation.mp4")) as container:
            assert sum(1 for _ in container.decode(video=0)) == 200


@pytest.mark.parametrize("cpus", [1, 2])
def test_several_pairs_are_the_same_however_many_cores_make_them(tmp_path, cpus):
    meshes = {f"{k}.obj": obj(CORNERS * (1 + k / 10)) for k in range(3)}
    job(tmp_path, {**meshes, "odd.obj": obj(CORNERS[:4], FACES[:3])}, {**SMALL, "minimal": True})
    run(job(tmp_path / "here", {**meshes, "odd.obj": obj(CORNERS[:4], FACES[:3])}, {**SMALL, "minimal": True}))
    environment = {**os.environ, "VISAGED_CPUS": str(cpus)}
    subprocess.run([sys.executable, "-m", "pipelines.morph", "morph", str(tmp_path)], check=True, env=environment)
    files = [path.relative_to(published(tmp_path)) for path in published(tmp_path).rglob("*.png")]
    assert len(files) == 3 * (5 + 4 + 1)
    for path in files:
        assert (published(tmp_path) / path).read_bytes() == (published(tmp_path / "here") / path).read_bytes()
    one, other = result(tmp_path), result(tmp_path / "here")
    assert (one.faults, one.warnings, one.versions) == (other.faults, other.warnings, other.versions)
    assert list(one.figures["pairs"]) == list(other.figures["pairs"])
    lines = [json.loads(line)["done"] for line in (tmp_path / "progress.jsonl").read_text().splitlines()]
    assert lines == [5, 10, 15]


def test_the_inputs_are_only_read(tmp_path):
    job(tmp_path, PAIR)
    for path in (tmp_path / "in").iterdir():
        path.chmod(0o400)
    (tmp_path / "in").chmod(0o500)
    before = {p.name: p.stat().st_mtime_ns for p in (tmp_path / "in").iterdir()}
    assert run(tmp_path) == 0
    (tmp_path / "in").chmod(0o700)
    assert {p.name: p.stat().st_mtime_ns for p in (tmp_path / "in").iterdir()} == before


def test_the_heads_of_the_demo_come_from_the_command_stage(tmp_path):
    job(tmp_path, {})
    ran = subprocess.run([sys.executable, "-m", "pipelines.morph", "heads", str(tmp_path)], check=False)
    assert ran.returncode == 0
    found = read_result(stage_folder(tmp_path, "heads"))
    names = sorted(p.name for p in (stage_folder(tmp_path, "heads") / found.publish).iterdir())
    assert names == ["ada.mtl", "ada.obj", "ada.png", "bruno.mtl", "bruno.obj", "bruno.png"]


def test_minimal_makes_frames_and_heat_maps_alone(tmp_path):
    run(job(tmp_path, PAIR, {**SMALL, "minimal": True}))
    assert sorted(p.name for p in published(tmp_path).iterdir()) == ["contact-sheet.png", "frames", "heatmaps"]


@pytest.mark.parametrize(
    ("outputs", "files"),
    [
        (["frames"], ["contact-sheet.png", "frames"]),
        (["video"], ["animation.mp4", "contact-sheet.png"]),
        (["heatmaps"], ["heatmaps"]),
        (["csv"], ["statistics.csv", "vertex_displacements.csv"]),
        (["meshes"], ["meshes"]),
        (["report", "heatmaps"], ["heatmaps", "report.html"]),
    ],
)
def test_only_what_is_asked_for_is_made(tmp_path, outputs, files):
    assert run(job(tmp_path, PAIR, {**SMALL, "outputs": outputs})) == 0
    assert sorted(p.name for p in published(tmp_path).iterdir()) == files


def test_a_chain_is_one_film_without_repeated_frames(tmp_path):
    meshes = {**PAIR, "c.obj": obj(CORNERS * [1, 1.4, 1])}
    assert run(job(tmp_path, meshes, {**SMALL, "order": ["a", "b", "c", "a"]})) == 0
    at = published(tmp_path)
    stills = [picture(p) for p in sorted((at / "frames").iterdir())]
    assert len(stills) == 3 * 4 + 1
    assert np.array_equal(stills[0], stills[-1])
    assert all((one != two).any() for one, two in itertools.pairwise(stills))
    with av.open(str(at / "animation.mp4")) as container:
        assert sum(1 for _ in container.decode(video=0)) == 13
    assert sorted(p.name for p in (at / "legs").iterdir()) == ["1-a__b", "2-b__c", "3-c__a"]
    assert "legs/1-a__b/heatmaps/shape.png" in (at / "report.html").read_text()
    assert result(tmp_path).figures["pairs"]["a__b__c__a"]["frames"] == 13
    page = (at / "report.html").read_text()
    assert [page.count(f"Figures: {leg}<") for leg in ("a to b", "b to c", "c to a")] == [1, 1, 1]


def test_pairs_that_fail_stand_in_the_index_by_the_names_of_their_meshes(tmp_path):
    run(job(tmp_path, {**PAIR, "odd.obj": obj(CORNERS[:4], FACES[:3]), "lost.obj": b""}))
    page = (published(tmp_path) / "index.html").read_text()
    between = ' <span class="to">to</span> '
    cards = [f"<h2>{name}</h2>" for name in (f"a{between}b", f"a{between}odd", f"b{between}odd", "lost")]
    assert [page.count(card) for card in cards] == [1, 1, 1, 1]


def test_the_sheet_of_a_chain_names_its_meshes(tmp_path):
    meshes = {**PAIR, "c.obj": obj(CORNERS * [1, 1.4, 1])}
    options = {**SMALL, "order": ["a", "b", "c"], "outputs": ["frames"]}
    run(job(tmp_path / "one", meshes, options))
    named = {"a.obj": meshes["a.obj"], "other.obj": meshes["b.obj"], "c.obj": meshes["c.obj"]}
    run(job(tmp_path / "two", named, {**options, "order": ["a", "other", "c"]}))
    one, two = (picture(published(tmp_path / name) / "contact-sheet.png") for name in ("one", "two"))
    rows, columns = np.nonzero((one != two).any(axis=2))
    middle = 4  # of nine tiles, in rows of five
    assert 8 + middle * 264 <= columns.min() <= columns.max() < 8 + (middle + 1) * 264
    assert 264 <= rows.min() <= rows.max() < 264 + 26


def test_an_order_with_a_mesh_that_is_not_there_is_refused_with_the_names(tmp_path):
    assert run(job(tmp_path, PAIR, {**SMALL, "order": ["a", "bb"]})) == EXIT_BAD_INPUT
    reason = read_refusal(stage_folder(tmp_path, "morph")).reason
    assert "order names “bb”" in reason
    assert "a" in reason
    assert "b" in reason


def test_a_boomerang_goes_back_without_showing_b_twice(tmp_path):
    run(job(tmp_path, PAIR, {"frames": 5, "resolution": 128, "boomerang": True, "outputs": ["video"]}))
    with av.open(str(published(tmp_path) / "animation.mp4")) as container:
        film = [frame.to_ndarray(format="rgb24").astype(int) for frame in container.decode(video=0)]
    assert len(film) == 8
    assert np.abs(film[3] - film[5]).mean() < 2
    assert np.abs(film[3] - film[4]).mean() < np.abs(film[2] - film[4]).mean()


def test_gif_and_webp_play_as_many_pictures_as_there_are_frames(tmp_path):
    run(job(tmp_path, PAIR, {**SMALL, "films": ["gif", "webp"], "outputs": ["video"]}))
    at = published(tmp_path)
    assert sorted(p.name for p in at.iterdir()) == ["animation.gif", "animation.webp", "contact-sheet.png"]
    for name in ("animation.gif", "animation.webp"):
        with Image.open(at / name) as film:
            assert (film.n_frames, film.size, film.info["loop"]) == (5, (64, 64), 0)


def test_easing_changes_the_way_and_not_the_ends(tmp_path):
    run(job(tmp_path / "even", PAIR, {**SMALL, "resolution": 128}))
    run(job(tmp_path / "eased", PAIR, {**SMALL, "resolution": 128, "easing": "ease_in"}))
    even, eased = (
        [picture(p) for p in sorted((published(tmp_path / n) / "frames").iterdir())] for n in ("even", "eased")
    )
    same = [np.array_equal(one, two) for one, two in zip(even, eased, strict=True)]
    assert same == [True, False, False, False, True]


def test_half_way_the_picture_is_that_of_the_mean_mesh(tmp_path):
    run(job(tmp_path / "ab", PAIR))
    mean = obj((CORNERS + CORNERS * [1.5, 1, 1]) / 2)
    run(
        job(
            tmp_path / "amb",
            {"a.obj": PAIR["a.obj"], "m.obj": mean, "n.obj": PAIR["b.obj"]},
            {**SMALL, "order": ["a", "m", "n"], "frames": 3},
        )
    )
    half = picture(published(tmp_path / "ab") / "frames" / "0002.png")
    pure = picture(published(tmp_path / "amb") / "frames" / "0002.png")
    assert np.abs(half - pure).max() <= 1


def test_a_mesh_that_lies_elsewhere_is_told_and_moved_when_asked(tmp_path):
    files = {"a.obj": PAIR["a.obj"], "b.obj": obj(CORNERS @ [[0, 1, 0], [-1, 0, 0], [0, 0, 1]] + [9, 0, 0])}
    run(job(tmp_path / "left", files))
    run(job(tmp_path / "moved", files, {**SMALL, "align": "rigid"}))
    (offset,) = result(tmp_path / "left").figures["pairs"]["a__b"]["offset"]
    assert offset["rotation_degrees"] == pytest.approx(90, abs=0.01)
    assert any('align = "rigid"' in warning for warning in result(tmp_path / "left").warnings)
    assert result(tmp_path / "moved").figures["pairs"]["a__b"]["displacement"]["largest"] < 1e-6
    assert result(tmp_path / "moved").warnings == ()


@pytest.mark.data
def test_two_real_heads_are_framed_and_full_of_form(tmp_path, data):
    files = {name: (data / "meshes/ict" / name).read_bytes() for name in ("identity000.obj", "identity001.obj")}
    assert run(job(tmp_path, files, {"frames": 3})) == 0
    for number in range(3):
        still = picture(published(tmp_path) / "frames" / f"{number:04d}.png")
        rows = np.flatnonzero((still != still[0, 0]).any(axis=(1, 2)))
        assert 0.6 <= (rows[-1] - rows[0] + 1) / 512 <= 0.9
        assert still[180:260, 200:310].mean(axis=2).std() > 12


@pytest.mark.data
def test_heads_that_lie_apart_are_both_framed_and_the_receipt_says_so(tmp_path, data):
    files = {
        "deca.obj": (data / "meshes/flame_deca/head_template.obj").read_bytes(),
        "voca.obj": (data / "meshes/flame_voca/texture_mesh.obj").read_bytes(),
    }
    assert run(job(tmp_path, files, {"frames": 3})) == 0
    for number in range(3):
        still = picture(published(tmp_path) / "frames" / f"{number:04d}.png")
        rows = np.flatnonzero((still != still[0, 0]).any(axis=(1, 2)))
        assert 0.6 <= (rows[-1] - rows[0] + 1) / 512 <= 0.9
    assert any("the camera goes along" in warning for warning in result(tmp_path).warnings)
