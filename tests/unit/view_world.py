"""A database and a work folder in every state that there is to see, for the tests of daemon.view and daemon.cli."""

import json
from dataclasses import replace
from pathlib import Path

from daemon.gpus import Capacity
from daemon.model import Job, Kind, Slot, Status, Take
from daemon.store import Attempt, AttemptStatus, InboxRow, Store, Waiting, WaitingState, connect
from daemon.view import Scene
from daemon.watch.scan import ignores
from pipelines.contract import Claim, Loose, Pipeline, Publish, Stage

NOW = 1_790_000_000.0
MORPH = Pipeline(
    name="morph",
    version="1",
    stages=(Stage(name="read"), Stage(name="blend", cpus=2.0)),
    options=Claim,
    kinds={".obj": "mesh"},
    principal=("mesh",),
    claim=lambda drop: Claim(name=drop.name, roles={}),
    loose=Loose.PAIR,
    publish=Publish.FOLDER,
)


def a_job(job_id="261120-aaaaaaa", **changes) -> Job:
    base = Job(
        id=job_id,
        pipeline="morph",
        inbox="inbox",
        lane="morph",
        key=None,
        item="smile",
        name="smile",
        status=Status.QUEUED,
        priority=0,
        take=Take.MOVE,
        tops=(f"morph/{job_id}",),
        fingerprint="f",
        archive=False,
        folder=True,
        roles={},
        options={},
        created=NOW - 600,
        updated=NOW - 60,
    )
    return replace(base, **changes)


def an_attempt(job_id="261120-aaaaaaa", **changes) -> Attempt:
    base = Attempt(
        job=job_id,
        stage="blend",
        shard=None,
        number=1,
        status=AttemptStatus.RUNNING,
        runner="local",
        slot=Slot(cpus=1.0),
        started=NOW - 40,
    )
    return replace(base, **changes)


def waiting(name="a", why="waits for a second mesh", **changes) -> Waiting:
    base = Waiting(
        inbox="inbox",
        lane="morph",
        tops=(f"morph/{name}.obj",),
        name=name,
        state=WaitingState.WANTING,
        why=why,
        since=NOW - 3600,
    )
    return replace(base, **changes)


class World:
    """Everything below one root, with one inbox that is online."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.inbox, self.results, self.work = root / "inbox", root / "results", root / "work"
        for folder in (self.inbox / "morph", self.results, self.work):
            folder.mkdir(parents=True, exist_ok=True)
        self.store = Store(connect(root / "state" / "visaged.db"))
        self.store.set_inbox(
            InboxRow(name="inbox", path=str(self.inbox), results=str(self.results), mode="events", marker="m")
        )

    def scene(self, **changes) -> Scene:
        base = Scene(
            store=self.store,
            work=self.work,
            now=NOW,
            running=True,
            capacity=Capacity(cpus=2.0, memory=8_000_000_000, slots=2),
            pipelines={"morph": MORPH},
            ignored={"inbox": ignores(["*.bak"])},
        )
        return replace(base, **changes)

    def run(self, job: Job, *attempts: Attempt) -> None:
        self.store.add([replace(job, status=Status.QUEUED)])
        for attempt in attempts:
            self.store.begin(job, attempt)
        if not attempts:
            self.store.save(job)

    def report(self, job_id: str, *lines, stage="blend") -> None:
        """lines: (seconds before now, done, total, shard or None)."""
        folder = self.work / job_id
        folder.mkdir(exist_ok=True)
        with (folder / "progress.jsonl").open("a") as file:
            for ago, done, total, shard in lines:
                report = {"stage": stage, "done": done, "total": total, "unit": "frames", "note": "", "shard": shard}
                file.write(json.dumps(report | {"at": NOW - ago}) + "\n")


def fill(world: World) -> None:
    """One of everything."""
    world.run(a_job("261120-runnxyz", item="ada_bruno", status=Status.RUNNING), an_attempt("261120-runnxyz"))
    world.report("261120-runnxyz", (30, 5, 41, None), (20, 11, 41, None), (10, 17, 41, None), (1, 23, 41, None))
    world.run(a_job("261120-nobarxx", item="[red]silent[/]", status=Status.RUNNING), an_attempt("261120-nobarxx"))
    world.store.add([a_job("261120-queue22", item="four meshes")])
    world.store.add([a_job("261120-backoff", item="flaky", not_before=NOW + 20, kind=Kind.CRASH)])
    world.store.add([a_job("261120-publish", item="nearly", status=Status.PUBLISHING)])
    failed = str(world.root / "failed" / "morph" / "broken")
    why = "broken.obj has 3 faces that name vertices which are not there. Export it again."
    world.store.add([
        a_job("261120-failedx", item="broken", status=Status.FAILED, kind=Kind.BAD_INPUT, reason=why, inputs_at=failed),
        a_job("261120-doneabc", item="a__b", status=Status.DONE, result="a__b", updated=NOW - 5),
    ])  # fmt: skip
    world.store.set_waiting("inbox", [waiting(), waiting("slow copy", "still being written: slow copy/head.obj")])
