"""The clock of benches: what a part takes is counted once, and parts sum to their lap."""

import time
from types import SimpleNamespace

import pytest

from bench.laps import REST, Lap, Laps, shares, usual


def _lap(rest: float, **parts: float) -> Lap:
    spent = {REST: rest, **parts}
    whole = sum(spent.values())
    return Lap(whole=(whole, 2 * whole), parts={name: (one, 2 * one) for name, one in spent.items()})


def test_what_is_inside_of_a_part_is_counted_as_its_own_and_all_sums_to_the_lap() -> None:
    clock = Laps()
    inner = clock.timed("inner", lambda: time.sleep(0.002))
    for _ in range(2):
        clock.timed("outer", lambda: [inner() for _ in range(3)])()
        clock.over()
    for lap in clock.laps:
        assert set(lap.parts) == {REST, "outer", "inner"}
        assert lap.parts["inner"][1] >= 0.006
        assert sum(wall for _, wall in lap.parts.values()) == pytest.approx(lap.whole[1])


def test_nothing_counts_inside_of_a_closed_part() -> None:
    clock = Laps(closed=("outer",))
    clock.timed("outer", clock.timed("inner", lambda: None))()
    clock.over()
    assert set(clock.laps[0].parts) == {REST, "outer"}


def test_functions_are_as_before_when_nobody_watches_any_more() -> None:
    class Parent:
        def said(self) -> str:
            return "said"

        @staticmethod
        def still() -> str:
            return "still"

    class Child(Parent):
        pass

    clock, before = Laps(), dict(vars(Parent))
    place = SimpleNamespace(called=lambda: "called")
    with clock.watching({"a": [(Child, "said"), (place, "called")], "b": [(Parent, "still")]}):
        assert (Child().said(), place.called(), Parent().still()) == ("said", "called", "still")
    clock.over()
    assert clock.laps[0].called == {"said", "called", "still"}
    assert dict(vars(Parent)) == before
    assert "said" not in vars(Child)


def test_what_few_laps_have_is_spread_over_all_of_them() -> None:
    laps = [_lap(1.0, often=3.0) for _ in range(9)] + [_lap(1.0, often=3.0, seldom=20.0)]
    whole, parts = usual(laps)
    assert {name: cpu for name, (cpu, _) in parts.items()} == {REST: 1.0, "often": 3.0, "seldom": 2.0}
    assert whole == (6.0, 12.0)


def test_shares_are_of_the_whole_the_largest_first() -> None:
    assert list(shares(4.0, {"a": 1.0, "b": 3.0}).items()) == [("b", 0.75), ("a", 0.25)]
