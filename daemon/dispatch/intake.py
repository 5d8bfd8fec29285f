"""From what lies in an inbox to rows: which items become jobs, which wait, and for how long."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import structlog

from daemon import revisions
from daemon.dispatch.keys import key_of, said_too
from daemon.dispatch.site import InboxSite, Site, key_folder
from daemon.model import ACTIVE, Arrival, Draft, Inventory, Job, Kind, Status, Take, Unsettled
from daemon.names import shown
from daemon.route import route
from daemon.store import InboxRow, Store, Waiting, WaitingState, place
from daemon.watch.scan import fingerprint
from pipelines.contract import Wanting

LETTERS = "23456789abcdefghjkmnpqrstuvwxyz"
"""What a job's id ends in: nothing that reads like something else."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Want:
    """An item that waits for a partner, or (after) for what has to come before it. since: wall clock, seconds."""

    arrival: Arrival
    what: str
    since: float
    after: bool = False


def new_id(now: float) -> str:
    """An id for a job that arrived now: the day, then seven letters by chance (27 thousand million a day)."""
    day = datetime.fromtimestamp(now).astimezone().strftime("%y%m%d")
    return f"{day}-{''.join(secrets.choice(LETTERS) for _ in range(7))}"


class Intake:
    """What lies in the inboxes, as the dispatcher knows it. Every method is called from its thread."""

    def __init__(self, store: Store, site: Site) -> None:
        self._store = store
        self._site = site
        self._wants: dict[str, Want] = {}
        self._unsettled: dict[str, tuple[Unsettled, ...]] = {}
        self._since = {(w.inbox, top): w.since for w in store.waiting() for top in w.tops}
        self._met: dict[str, Arrival] = {}  # place -> what was found to be taken already, while it lies there
        self._later: dict[str, Arrival] = {}  # place -> what came while its predecessor of that name was being taken
        self.offline: dict[str, str] = {}

    # ------------------------------------------------------------ what the watchers say

    def take_stock(self, inventory: Inventory, now: float) -> tuple[Job, ...]:
        """Afterwards the rows say what the inbox holds; the new jobs are given back."""
        site = self._site.inboxes[inventory.inbox]
        self._note_inbox(site, inventory)
        if inventory.problem:
            return ()
        jobs: list[Job] = []
        wants: dict[str, Want] = {}
        met, self._met = self._met, {k: a for k, a in self._met.items() if a.inbox != site.name}
        self._later = {k: a for k, a in self._later.items() if a.inbox != site.name}
        after: list[tuple[Arrival, Draft]] = []
        for arrival in inventory.settled:
            key = place(arrival.inbox, arrival.tops)
            if met.get(key) is arrival or self._is_taken(site, arrival, key):
                self._met |= {key: arrival} if site.take is not Take.MOVE and key not in self._later else {}
                continue
            match self._routed(arrival):
                case Wanting(what):
                    wants[key] = Want(arrival=arrival, what=what, since=self._first_seen(arrival, now))
                case Draft(after="") as draft:
                    jobs.append(self._job(arrival, draft, now))
                case Draft() as draft:
                    after.append((arrival, draft))
        for arrival, draft in after:  # behind what they may have waited for, whatever their names
            if self._has_come(arrival, draft, jobs):
                jobs.append(self._job(arrival, draft, now))
            else:
                want = Want(arrival=arrival, what=draft.after, since=self._first_seen(arrival, now), after=True)
                wants[place(arrival.inbox, arrival.tops)] = want
        self._wants = {k: w for k, w in self._wants.items() if w.arrival.inbox != inventory.inbox} | wants
        self._unsettled[inventory.inbox] = inventory.unsettled
        self._store.add(jobs)
        self._note_waiting(inventory.inbox, now)
        return tuple(jobs)

    def look_again(self, taken: Job, now: float) -> tuple[Job, ...]:
        """Afterwards what came under the name of a job that has left the inbox is a job too; it is given back."""
        arrival = self._later.pop(place(taken.inbox, taken.tops), None)
        if arrival is None:
            return ()
        draft = self._routed(arrival)
        if isinstance(draft, Wanting) or (draft.after and not self._has_come(arrival, draft, ())):
            return ()
        job = self._job(arrival, draft, now)
        self._store.add([job])
        return (job,)

    def give_up_waiting(self, now: float) -> tuple[Job, ...]:
        """Afterwards what waited too long for its partner is a job that fails; those jobs are given back.

        Not what has to come after something while that may be on its way: something of its key is still being copied.
        """
        limit = self._site.limits.partner_timeout
        late = [w for w in self._wants.values() if now - w.since >= limit and not (w.after and self._is_coming(w))]
        jobs = tuple(self._job(w.arrival, self._too_late(w), now) for w in late)
        for want in late:
            del self._wants[place(want.arrival.inbox, want.arrival.tops)]
        if jobs:
            self._store.add(jobs)
            for inbox in {job.inbox for job in jobs}:
                self._note_waiting(inbox, now)
        return jobs

    @property
    def waits(self) -> int:
        """How many items are settled but lack a partner."""
        return len(self._wants)

    @property
    def settling(self) -> int:
        """How many items are not complete."""
        return sum(len(entries) for entries in self._unsettled.values())

    # ------------------------------------------------------------ within

    def _is_taken(self, site: InboxSite, arrival: Arrival, key: str) -> bool:
        """Whether a job takes it right now, or took it before and left the originals where they are."""
        for job in self._store.of_place(arrival.inbox, arrival.tops):
            if job.status is Status.ACCEPTING:
                if job.fingerprint != fingerprint(arrival.files):
                    self._later[key] = arrival
                return True
            if job.take is not Take.MOVE and job.status is not Status.RETURNED and site.take is not Take.MOVE:
                return job.fingerprint == fingerprint(arrival.files)
        return False

    def _has_come(self, arrival: Arrival, draft: Draft, new: Sequence[Job]) -> bool:
        """Whether the key that the draft adds to has a state, or a job before this one that may give it one."""
        key = key_of(arrival, self._site.pipelines.get(str(draft.pipeline)))
        root = self._site.state / str(draft.pipeline) / key_folder(arrival.inbox, str(key))
        if revisions.current(root) is not None:
            return True
        whose = (draft.pipeline, arrival.inbox, key)
        others = (*new, *self._store.of_status(*ACTIVE))
        return any((j.pipeline, j.inbox, j.key) == whose and j.holds and not j.refused for j in others)

    def _is_coming(self, want: Want) -> bool:
        """Whether something that is not complete lies beside the item: in its key's folder, or named by it."""
        of_key = f"{want.arrival.lane}/{want.arrival.key}"
        others = self._unsettled.get(want.arrival.inbox, ())
        tops = [top for one in others for top in one.tops]
        return want.arrival.key is not None and any(top.startswith((f"{of_key}/", f"{of_key}.")) for top in tops)

    def _first_seen(self, arrival: Arrival, now: float) -> float:
        """Since when the oldest part of an item lies there: a newcomer does not set the clock back."""
        return min((self._since.get((arrival.inbox, top), now) for top in arrival.tops), default=now)

    def _job(self, arrival: Arrival, draft: Draft, now: float) -> Job:
        job = Job(
            id=new_id(now),
            pipeline=draft.pipeline,
            inbox=arrival.inbox,
            lane=arrival.lane,
            key=key_of(arrival, self._site.pipelines.get(str(draft.pipeline))),
            item=shown(arrival.name),
            name=draft.name,
            status=Status.ACCEPTING,
            priority=draft.priority,
            take=self._site.inboxes[arrival.inbox].take,
            tops=arrival.tops,
            fingerprint=fingerprint(arrival.files),
            archive=arrival.archive,
            folder=arrival.folder and all(seen.path not in arrival.tops for seen in arrival.files),
            roles=draft.roles,
            options=draft.options,
            arguments=draft.given,
            created=now,
            updated=now,
        )
        log.info("item taken", job=job.id, item=job.item, pipeline=job.pipeline, inbox=job.inbox)
        return replace(job, kind=Kind.BAD_INPUT, reason=draft.refusal) if draft.refusal else job

    def _routed(self, arrival: Arrival) -> Draft | Wanting:
        """What becomes of an item, with what was said before for its key."""
        return route(arrival, said_too(self._site.inboxes[arrival.inbox].routing, arrival, self._site.state))

    def _too_late(self, want: Want) -> Draft:
        hours = self._site.limits.partner_timeout / 3600
        waited = f"{hours:g} hours" if hours >= 1 else f"{hours * 3600:g} seconds"
        what = want.what.partition(":")[0]  # after the colon stands advice for those who wait
        helps = "Drop that first, then this again." if want.after else "Put all of it into one folder and drop that."
        reason = f"It waited {waited} for {what}, which did not come. {helps}"
        return Draft(pipeline=want.arrival.lane, name=shown(want.arrival.name), refusal=reason)

    def _note_inbox(self, site: InboxSite, inventory: Inventory) -> None:
        if inventory.problem:
            self.offline[site.name] = inventory.problem
            log.error("inbox is offline", inbox=site.name, why=inventory.problem)
        elif self.offline.pop(site.name, None):
            log.info("inbox is back", inbox=site.name)
        known = {row.name: row for row in self._store.inboxes()}.get(site.name)
        row = InboxRow(
            name=site.name,
            path=str(site.path),
            results=str(site.results),
            mode=inventory.mode,
            marker=known.marker if known else None,
            problem=inventory.problem,
        )
        if row != known:
            self._store.set_inbox(row)

    def _note_waiting(self, inbox: str, now: float) -> None:
        entries = [
            Waiting(
                inbox=inbox,
                lane=u.lane,
                tops=u.tops,
                name=shown(u.name),
                state=WaitingState.UNSETTLED,
                why=u.why,
                since=min((self._since.get((inbox, top), now) for top in u.tops), default=now),
            )
            for u in self._unsettled.get(inbox, ())
        ]
        entries += [
            Waiting(
                inbox=inbox,
                lane=w.arrival.lane,
                tops=w.arrival.tops,
                name=shown(w.arrival.name),
                state=WaitingState.WANTING,
                why=f"waits for {w.what}",
                since=w.since,
            )
            for w in self._wants.values()
            if w.arrival.inbox == inbox
        ]
        others = {key: since for key, since in self._since.items() if key[0] != inbox}
        self._since = others | {(inbox, top): entry.since for entry in entries for top in entry.tops}
        self._store.set_waiting(inbox, entries)
