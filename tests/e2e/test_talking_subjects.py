"""What is remembered of a subject: back to an earlier model, and forgotten for good; nothing is learned for it here."""

import json

from daemon import revisions
from daemon.dispatch.keys import KEY


def learned(place, *models, said=None):
    """Afterwards anna has these models, one a revision, and a film. said: options by a manifest."""
    root = place.root / "state" / "talking_head" / "anna"
    root.mkdir(parents=True)
    (root / KEY).write_text(json.dumps({"inbox": "inbox", "key": "anna", "options": said or {}}))
    for number, model in enumerate(models):
        new = place.root / f"new{number}"
        new.mkdir()
        (new / "model.pt").write_text(model)
        change = revisions.Change(job=f"job{number}", base=number, new=new, keep=(), at=5.0)
        revisions.commit(root, revisions.prepare(root, change))
    film = place.root / "results" / "talking_head" / "anna" / "hello.mp4"
    film.parent.mkdir(parents=True)
    film.write_text("a film")
    return root, film


def test_an_earlier_model_of_a_subject_holds_again_and_its_films_stay(place):
    root, film = learned(place, "good", "worse")
    went = place.visaged("rollback", "talking_head", "anna", "--to", "1")
    assert went.returncode == 0, went.stderr
    assert "anna is as revision 1 left it; that is revision 3 now." in went.stdout
    holds = revisions.current(root)
    assert (root / holds.files["model.pt"].at).read_text() == "good"
    assert film.read_text() == "a film"
    assert sorted(path.name for path in film.parent.iterdir()) == ["hello.mp4"]


def test_a_subject_is_forgotten_and_it_is_said_where_its_films_stay(place):
    root, film = learned(place, "good")
    assert place.visaged("run", "--once").returncode == 0
    gone = place.visaged("forget", "talking_head", "anna", "--yes")
    assert gone.returncode == 0, gone.stderr
    assert f"anna is forgotten. What was made of it stays: {film.parent}." in gone.stdout
    assert not root.exists()
    assert film.read_text() == "a film"


def test_what_was_said_for_a_subject_and_can_be_had_no_more_hinders_no_command_and_a_drop_is_told_of_it(place):
    root, _ = learned(place, "good", "worse", said={"front_end": "hubert"})  # config.toml has lost its front_end_folder
    place.drop("talking_head/anna/hello.wav", b"RIFF" + bytes(40))
    assert place.visaged("run", "--once").returncode == 1
    (why,) = (place.root / "failed").rglob("WHY.txt")
    assert 'an earlier drop into anna said front_end = "hubert"' in " ".join(why.read_text("utf-8").split())
    went = place.visaged("rollback", "talking_head", "anna", "--to", "1")
    assert went.returncode == 0, went.stderr
    assert revisions.number_held(root) == 3
    assert place.visaged("forget", "talking_head", "anna", "--yes").returncode == 0
