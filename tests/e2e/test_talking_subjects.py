"""What is remembered of a subject: back to an earlier model, and forgotten for good; nothing is learned for it here."""

from daemon import revisions
from daemon.dispatch.keys import KEY


def learned(place, *models):
    """Afterwards anna has these models, one a revision, and a film."""
    root = place.root / "state" / "talking_head" / "anna"
    root.mkdir(parents=True)
    (root / KEY).write_text('{"inbox": "inbox", "key": "anna", "options": {}}')
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
