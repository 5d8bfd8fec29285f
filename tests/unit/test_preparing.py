"""Which state a job is prepared with, and what of it is done again where that has changed."""

from dataclasses import replace

import pytest

from daemon import revisions
from daemon.dispatch.preparing import prepare, unprepare
from daemon.dispatch.site import FIRST_INBOX, InboxSite
from daemon.model import Take
from daemon.route import Routing
from daemon.watch.scan import ignores
from pipelines.contract import read_request
from pipelines.registry import ours
from tests.unit.test_schedule import site
from tests.unit.test_store import job


@pytest.fixture
def here(tmp_path):
    pipelines = {"talking_head": replace(ours()["talking_head"], weights=(), needs=lambda _: ())}
    inbox = InboxSite(
        name=FIRST_INBOX,
        path=tmp_path / "inbox",
        results=tmp_path / "results",
        take=Take.MOVE,
        routing=Routing(pipelines=pipelines, check=lambda _, given: given),
        ignored=ignores(),
    )
    return replace(site(tmp_path), pipelines=pipelines, inboxes={FIRST_INBOX: inbox})


def learned(root, base):
    """Afterwards a newer model holds for the subject."""
    new = root.parent / f"new{base}"
    new.mkdir(parents=True)
    (new / "model.pt").write_text(f"model {base + 1}")
    change = revisions.Change(job=f"job{base}", base=base, new=new, keep=(), at=5.0)
    revisions.commit(root, revisions.prepare(root, change))


@pytest.mark.parametrize(("stage", "again"), [("lips", True), ("whole", False)])
def test_a_part_of_a_head_is_learned_again_on_the_model_that_holds_when_it_is_tried_again(here, stage, again):
    drop = job("j", pipeline="talking_head", key="anna", options={"engine": "ernerf", "stage": stage})
    root = here.state_folder(drop)
    learned(root, 0)
    assert prepare(drop, here).again == ()
    learned(root, 1)
    unprepare(drop, here)
    assert ("train" in prepare(drop, here).again) is again
    work = here.folder(drop)
    assert (work / str(read_request(work).state) / "model.pt").read_text() == "model 2"
