"""What is written down about a job: the request to its stages, its identity, why it failed."""

from dataclasses import replace

from daemon.dispatch.receipts import identity_of, request_of, why_failed, why_partly
from daemon.model import Kind, Take
from pipelines.contract import Fault, Input
from tests.unit.test_store import job


def file(path, sha="0" * 64, role=""):
    return Input(path=f"in/{path}", role=role, size=1, sha256=sha)


def test_inputs_with_a_role_come_first_in_the_order_of_the_roles():
    asked = job("a", roles={"b": ("z.obj",), "a": ("y.obj",)})
    request = request_of(asked, (file("notes.txt"), file("y.obj"), file("z.obj")))
    assert [(i.path, i.role) for i in request.inputs] == [("in/z.obj", "b"), ("in/y.obj", "a"), ("in/notes.txt", "")]


def identity(asked=None, version="1", files=(("a", "1"), ("b", "2"))):
    asked = asked or job("a", roles={"mesh": tuple(name for name, _ in files)})
    return identity_of(request_of(asked, tuple(file(name, sha) for name, sha in files)), version)


def test_the_same_contents_under_other_names_are_the_same_work():
    renamed = job("b", roles={"mesh": ("x", "y")})
    assert identity() == identity(renamed, files=(("x", "1"), ("y", "2")))


def test_other_contents_order_options_version_or_key_are_other_work():
    plain = job("a", roles={"mesh": ("a", "b")})
    others = [
        identity(files=(("a", "1"), ("b", "3"))),
        identity(files=(("a", "2"), ("b", "1"))),
        identity(replace(plain, options={"frames": 3})),
        identity(version="2"),
        identity(replace(plain, key="k")),
        identity(replace(plain, pipeline="morph")),
    ]
    assert len({identity(), *others}) == 7


def test_files_without_a_role_do_not_change_the_work():
    asked = job("a", roles={"mesh": ("a",)})
    with_notes = identity_of(request_of(asked, (file("a", "1"), file("notes.txt", "9"))), "1")
    assert with_notes == identity_of(request_of(asked, (file("a", "1"),)), "1")


def test_bad_input_is_explained_with_what_to_do():
    said = why_failed(job("a", kind=Kind.BAD_INPUT, reason="b.obj is empty."), attempts=1)
    assert said.startswith("b.obj is empty.")
    assert "back into the inbox" in said


def test_a_crash_says_how_often_it_was_tried():
    assert "3 times" in why_failed(job("a", kind=Kind.CRASH, reason="It broke off."), attempts=3)


def test_of_a_copied_original_it_is_said_that_it_was_not_moved():
    assert "nothing of them was moved" in why_failed(job("a", kind=Kind.CRASH, reason="x", take=Take.COPY), attempts=1)


def test_a_partial_result_names_each_fault():
    said = why_partly((Fault(what="a__b", why="b has other faces."), Fault(what="a__c", why="c is empty.")))
    assert "a__b: b has other faces." in said
    assert "a__c: c is empty." in said
