"""The compiled people against the readable ones: the same for every person, to the last bit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.engine.compiled import CompiledPeople
from simulator.engine.streams import Stream
from simulator.scenario.scenario import Scenario
from simulator.study.files import load
from tests.conftest import FULL, ROOT
from tests.engine.courses import Course
from tests.engine.following import (
    Seen,
    advance,
    assert_nobody_vanishes,
    assert_same,
    assert_same_futures,
    by_kernel,
    by_reference,
    compiled_with_diaries,
    diary_of,
    do,
    follow,
    lives_of,
    numbers_of,
    reference_with_diaries,
)
from tests.strategies import courses

EXAMPLES = settings(max_examples=3_000 if FULL else 150)
FEWER_EXAMPLES = settings(max_examples=1_000 if FULL else 50)
MAKERS = pytest.mark.parametrize("make", [compiled_with_diaries, reference_with_diaries])

# -- the flagship scenario -----------------------------------------------------------------------


@pytest.fixture(scope="module")
def staying_well() -> Scenario:
    return load(ROOT / "tests" / "data" / "nobody-decides.yaml")


def test_both_engines_live_the_flagship_alike(staying_well: Scenario) -> None:
    replications = range(20 if FULL else 3)
    expected, readable = lives_of(staying_well, replications, reference_with_diaries)
    found, compiled = lives_of(staying_well, replications, compiled_with_diaries)
    for first, second in zip(expected, found, strict=True):
        assert_same_futures(first, second)
    for one, other in zip(readable, compiled, strict=True):
        for future in replications:
            assert len(diary_of(one, future)) > 10_000
            assert diary_of(one, future) == diary_of(other, future)


# -- any network, any course ---------------------------------------------------------------------


@EXAMPLES
@given(courses())
def test_both_engines_follow_any_course_alike(course: Course) -> None:
    assert_same(by_reference(course), by_kernel(course))


@EXAMPLES
@given(courses())
def test_nobody_vanishes_on_any_course(course: Course) -> None:
    for reading in by_kernel(course).readings:
        assert_nobody_vanishes(reading)


@FEWER_EXAMPLES
@given(courses(), st.data())
@MAKERS
def test_slices_of_advance_do_not_matter(make: Any, course: Course, data: st.DataObject) -> None:
    whole = follow(make(course.network, course.streams), course)
    caseload, seen = make(course.network, course.streams), Seen()
    cuts = sorted(data.draw(st.lists(st.integers(0, course.network.end), max_size=12)))
    orders = st.permutations(range(course.futures))

    def in_slices(until: int) -> None:
        while cuts and cuts[0] <= until:
            cut = cuts.pop(0)
            if data.draw(st.booleans()):
                advance(caseload, cut, course.relief, seen)
            else:
                for future in data.draw(orders):
                    advance(caseload, cut, course.relief, seen, future)
        advance(caseload, until, course.relief, seen)

    for deed in course.deeds:
        in_slices(deed.tick)
        do(caseload, deed, course.futures, seen)
    for until in (course.network.end, course.network.end + 1):
        in_slices(until)
        seen.readings.append(caseload.read())
    seen.diaries = [diary_of(caseload, future) for future in range(course.futures)]
    whole.alarms.sort()
    seen.alarms.sort()
    assert_same(whole, seen)


@FEWER_EXAMPLES
@given(courses(), st.integers(4, 7))
def test_which_futures_live_side_by_side_does_not_matter(course: Course, futures: int) -> None:
    """Nor does the order, nor whose records an engine has to enlarge."""

    def readings(replications: Sequence[int]) -> list[dict[str, np.ndarray]]:
        caseload = CompiledPeople(
            course.network, [Stream(course.seed, replication) for replication in replications]
        )
        seen = Seen()
        for deed in course.deeds:
            if getattr(deed, "future", None) is None:
                advance(caseload, deed.tick, course.relief, seen)
                do(caseload, deed, len(replications), seen)
        advance(caseload, course.network.end, course.relief, seen)
        return [numbers_of(reading) for reading in (*seen.readings, caseload.read())]

    together = readings(range(futures))
    for size in (1, 3):
        for first in range(0, futures, size):
            some = list(range(first, min(first + size, futures)))[::-1]
            for all_numbers, numbers in zip(together, readings(some), strict=True):
                for name, values in numbers.items():
                    assert all_numbers[name][some].tobytes() == values.tobytes(), name


def test_batches_of_the_flagship_give_the_same_bytes(staying_well: Scenario) -> None:
    together, _ = lives_of(staying_well, range(7), CompiledPeople)
    for size in (1, 3):
        for first in range(0, 7, size):
            some = range(first, min(first + size, 7))
            batch, _ = lives_of(staying_well, some, CompiledPeople)
            for every, few in zip(together, batch, strict=True):
                for name, payments in few.payments.items():
                    assert payments.tobytes() == every.payments[name][some].tobytes()
                assert few.costs.tobytes() == every.costs[some].tobytes()
                notes = [note for note in every.diary if note.future in {None, *some}]
                mine = [
                    note if note.future is None else replace(note, future=first + note.future)
                    for note in few.diary
                ]
                assert mine == notes
