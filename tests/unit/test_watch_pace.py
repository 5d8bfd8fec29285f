"""When the next scan is due, and what wakes the scanner."""

import threading
import time

from hypothesis import given
from hypothesis import strategies as st

from daemon.watch.pace import BREATH, GAP, HUSH, LONGEST, Bell, Pace

COSTS = st.floats(0.0, 30.0)
TIMES = st.floats(0.0, 1e6)


@given(TIMES, COSTS, st.booleans())
def test_scans_that_nothing_asks_for_take_at_most_two_percent_of_a_core(now: float, cost: float, polled: bool) -> None:
    pace = Pace(rescan=45.0)
    pace.scanned(now, cost, None, polled=polled)
    spare = pace.next(None) - now
    assert spare >= min(0.9 if polled else 30.0, LONGEST) - 1e-6
    assert spare >= min(cost / 0.02 / 1.6, LONGEST) - 1e-6
    assert spare <= LONGEST + 1e-6


@given(TIMES, COSTS, st.floats(0.0, 100.0))
def test_hints_in_a_storm_cannot_make_scans_back_to_back(now: float, cost: float, later: float) -> None:
    pace = Pace(rescan=45.0)
    pace.scanned(now, cost, now + 0.001, polled=False)
    assert pace.next(now) >= now + BREATH * cost - 1e-6
    assert pace.next(None) >= now + BREATH * cost - 1e-6
    assert pace.next(now + later) <= now + max(GAP, BREATH * cost, later + HUSH, 0.001) + 1e-6


@given(TIMES, st.floats(1.0, 20.0))
def test_a_scan_is_made_exactly_when_the_next_item_settles(now: float, wait: float) -> None:
    pace = Pace(rescan=45.0)
    pace.scanned(now, 0.001, now + wait, polled=False)
    assert pace.next(None) == now + wait


def test_the_first_scan_is_due_at_once() -> None:
    assert Bell().wait(Pace(rescan=45.0), lambda: True)


def test_a_ring_wakes_the_sleeper_and_a_stop_ends_it() -> None:
    bell, pace = Bell(), Pace(rescan=600.0)
    bell.quiet()
    pace.scanned(time.monotonic(), 0.0, None, polled=False)
    for stop in (False, True):
        threading.Timer(0.05, bell.ring, kwargs={"stop": stop}).start()
        began = time.monotonic()
        assert bell.wait(pace, lambda: True) is not stop
        assert 0.04 < time.monotonic() - began < 1.5
        bell.quiet()


def test_an_unsound_inbox_wakes_the_sleeper() -> None:
    bell, pace = Bell(), Pace(rescan=600.0)
    bell.quiet()
    pace.scanned(time.monotonic(), 0.0, None, polled=False)
    assert bell.wait(pace, lambda: False)
