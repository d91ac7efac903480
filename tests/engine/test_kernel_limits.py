"""The compiled people at their limits: arrays that grow, counters, other ways to run them."""

from __future__ import annotations

import hashlib
import math
import os
import subprocess
import sys
from pathlib import Path

import numba
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from simulator._errors import RunError
from simulator.engine import kernel, records, streams
from simulator.engine.caseload import Engine, Trigger
from simulator.engine.clock import LAST_TICK, TICKS_A_DAY, to_ticks
from simulator.engine.compiled import CompiledPeople
from simulator.engine.network import NeedGroup
from simulator.engine.people import ReferencePeople
from simulator.engine.streams import Purpose, Stream, inverse_normal
from tests.conftest import FULL, ROOT
from tests.engine.courses import Course, Read, Resize, SetWatch, plain_network, plain_node
from tests.engine.digest import COURSE
from tests.engine.following import (
    assert_same,
    by_kernel,
    by_reference,
    compiled_with_diaries,
    follow,
)

DAY = TICKS_A_DAY
BOTH = pytest.mark.parametrize("engine", [CompiledPeople, ReferencePeople])

# -- random numbers ------------------------------------------------------------------------------


@numba.njit
def drawn(who: int, origin: int, visit: int, purpose: int, seed: int, replication: int) -> float:
    word = np.uint64
    return kernel._philox(
        word(who), word(origin), word(visit), word(purpose), word(seed), word(replication)
    )


@numba.njit
def deviate(uniform: float) -> float:
    return kernel._inverse_normal(uniform)


WORDS = st.sampled_from([0, 1, 2**31, 2**32 - 1]) | st.integers(0, 2**32 - 1)


@given(WORDS, WORDS, WORDS, st.sampled_from(Purpose), WORDS, WORDS)
def test_draws_are_those_of_the_stream(
    who: int, origin: int, visit: int, purpose: Purpose, seed: int, replication: int
) -> None:
    expected = Stream(seed, replication).uniform(who, origin, visit, purpose)
    assert drawn(who, origin, visit, int(purpose), seed, replication) == expected


@given(st.floats(0.5 * 2.0**-52, 1 - 0.5 * 2.0**-52))
@example(0.5 * 2.0**-52)
@example(math.nextafter(1.0, 0.0))
@example(0.5)
@example(0.075)
@example(0.925)
@example(math.exp(-25.0))
def test_normal_deviates_are_those_of_the_stream(uniform: float) -> None:
    assert deviate(uniform) == inverse_normal(uniform)


def test_normal_deviates_are_those_of_the_stream_far_and_wide() -> None:
    uniforms = Stream(1, 0).uniforms(range(200_000 if FULL else 20_000), 1, 0, Purpose.OUTCOME)
    for part in (1.0, 0.02, 1e-9):
        for uniform in (uniforms * part).tolist():
            assert deviate(uniform) == inverse_normal(uniform)


def test_every_purpose_is_drawn_by_its_own_number() -> None:
    visit_draws = [
        kernel._NEED,
        kernel._PROVIDER,
        kernel._TAKE_UP,
        kernel._PATIENCE,
        kernel._LENGTH_OF_STAY,
        kernel._OUTCOME,
        kernel._HANDOVER,
        kernel._HANDOVER_SUCCESS,
    ]
    assert visit_draws == list(range(records.VISIT_DRAWS))
    assert streams._MULTIPLIERS == (kernel._MULTIPLIER_0, kernel._MULTIPLIER_1)
    assert streams._WEYL == (kernel._WEYL_0, kernel._WEYL_1)


# -- other ways to run it ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def digest() -> str:
    """Return what the compiled people come to in this process."""
    seen = by_kernel(COURSE)
    assert seen.alarms
    assert all(len(diary) > 500 for diary in seen.diaries)
    assert all(any(what == "turned_away" for _, what, *_ in diary) for diary in seen.diaries)
    return seen.digest


def told(*options: str, **environment: str) -> str:
    """Return the digest that a process of its own tells."""
    done = subprocess.run(
        [sys.executable, *options, "-m", "tests.engine.digest"],
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_the_course_of_the_digest_is_that_of_the_readable_people(digest: str) -> None:
    assert by_reference(COURSE).digest == digest


def test_interpreted_is_compiled(digest: str) -> None:
    assert told("-W", "error", NUMBA_DISABLE_JIT="1") == digest


def test_every_index_is_within_its_array(digest: str, tmp_path: Path) -> None:
    found = told(NUMBA_BOUNDSCHECK="1", NUMBA_CACHE_DIR=str(tmp_path))
    assert found == digest
    assert list(tmp_path.rglob("*.nbi")), "it was compiled anew"


# -- arrays that grow ----------------------------------------------------------------------------


def shapes(people: CompiledPeople) -> tuple[int, int, int]:
    """Return the records of people, the places with all else that is due, and the steps."""
    state = people._state
    return state.person.shape[1], state.holder.shape[1], state.step.shape[1]


def test_arrays_grow_while_they_are_in_use() -> None:
    busy = plain_node(1, 30.0, potential_a_day=8.0, referrals_a_day=8.0, drop_out=0.01)
    quiet = plain_node(2, 50.0, potential_a_day=1.0, referrals_a_day=1.0)
    places = ((5, 0), (20, 3), (41, 7), (60, 30), (75, 6), (90, 200), (120, 900))
    deeds = [
        Resize(day * DAY, None, 0, service, held + service)
        for day, held in places
        for service in (1, 0)
    ]
    course = Course(plain_network(busy, quiet, days=300), tuple(deeds), futures=3)
    people = compiled_with_diaries(course.network, course.streams)
    before = shapes(people)
    assert_same(by_reference(course), follow(people, course))
    after = shapes(people)
    assert all(later > earlier for earlier, later in zip(before, after, strict=True))
    assert after[0] >= 4 * before[0]
    assert after[1] >= 1_800


def test_only_one_future_needs_more_records() -> None:
    """The others go on from where they are."""
    course = Course(
        plain_network(plain_node(1, 5.0, drop_out=0.05), days=390),
        (
            Resize(0, None, 0, 0, 6),
            Resize(100 * DAY, 1, 0, 0, 0),
            SetWatch(0, Trigger.WAITING, 0, 0, 9),
            Read(200 * DAY),
        ),
        futures=3,
    )
    people = CompiledPeople(course.network, course.streams)
    few = people._state.person.shape[1]
    busy = Course(
        plain_network(plain_node(1, 5.0), days=390),
        (*course.deeds, Resize(350 * DAY, 1, 0, 0, 300)),
        futures=3,
    )
    compiled = compiled_with_diaries(busy.network, busy.streams)
    expected, found = by_reference(busy), follow(compiled, busy)
    assert compiled._state.person.shape[1] > few
    waiting = [reading.waiting for reading in found.readings]
    assert max(waits[1].sum() for waits in waiting) > few > max(w[[0, 2]].max() for w in waiting)
    assert_same(expected, found)


def test_every_record_is_in_use_or_spare() -> None:
    """Also in those futures that had spare ones when another needed more."""
    people = compiled_with_diaries(COURSE.network, COURSE.streams)
    reading = follow(people, COURSE).readings[-1]
    pool = people._state.person.shape[1]
    assert pool > 64
    used = reading.waiting.sum(axis=(1, 2)) + reading.in_service.sum(axis=(1, 2))
    for future in range(COURSE.futures):
        spare, record = 0, int(people._state.future["spare"][future])
        while record >= 0:
            spare, record = spare + 1, int(people._state.person["next"][future, record])
        assert spare + used[future] + reading.on_the_way[future] == pool


# -- limits --------------------------------------------------------------------------------------


def test_a_key_holds_the_last_tick_and_the_last_place() -> None:
    assert (LAST_TICK << records.LEAF_BITS) + 2**records.LEAF_BITS - 1 < 2**63
    assert records.NEVER <= LAST_TICK
    assert to_ticks(4_018) < to_ticks(math.inf) <= LAST_TICK


MOST_PLACES = 2**18 - 2  # one leaf each for the only service and for those on the way


def test_as_many_places_as_there_are_leaves_are_taken() -> None:
    people = CompiledPeople(plain_network(plain_node()), [Stream(0, 0)])
    people.resize(0, 0, 0, MOST_PLACES // 2 + 1)
    people.resize(0, 0, 0, MOST_PLACES // 2 + 2)  # not doubled beyond what there is
    people.resize(0, 0, 0, MOST_PLACES)
    people.advance(20 * DAY)
    assert people.read().counts["completed"].sum() > 5


def test_places_fit_whoever_got_them_first() -> None:
    """Slack is given back when there is no leaf left for the places that are needed."""
    nodes = [plain_node(number) for number in range(1, 4)]
    people = CompiledPeople(plain_network(*nodes), [Stream(0, 0)])
    for service in (0, 1):
        for places in (20_000, 60_001):  # each is doubled meanwhile
            people.resize(0, 0, service, places)
    people.advance(20 * DAY)
    before = people.read().in_service.sum()
    people.resize(0, 0, 2, 2**18 - 4 - 2 * 60_001)
    people.advance(40 * DAY)
    assert people.read().counts["completed"].sum() > 0 < before
    with pytest.raises(RunError, match="more than 262,144 places at once"):
        people.resize(0, 0, 2, 2**18 - 3 - 2 * 60_001)


@pytest.mark.parametrize("before", [0, 5])
def test_more_places_than_leaves_are_refused(before: int) -> None:
    people = CompiledPeople(plain_network(plain_node()), [Stream(0, 0)])
    people.resize(0, 0, 0, before)
    with pytest.raises(RunError, match=r"more than 262,144 places at once.*split the scenario"):
        people.resize(0, 0, 0, MOST_PLACES + 1)
    people.advance(20 * DAY)
    assert (people.read().counts["started"].sum() > 0) == (before > 0)


def test_the_kernel_is_saved_when_a_constant_it_holds_changes() -> None:
    """Compiled code is kept by the date of kernel.py alone; the digest makes a change save it."""
    held = {
        name: str(value)
        for name, value in sorted(vars(kernel).items())
        if isinstance(value, int | float | tuple | np.uint64) and name.strip("_").isupper()
    }
    layouts = [str(getattr(records, name).descr) for name in LAYOUTS]
    assert len(held) > 40
    digest = hashlib.sha256(str((held, layouts)).encode("ascii")).hexdigest()[:12]
    text = Path(kernel.__file__).read_text(encoding="utf-8")
    assert f"Digest of what is imported here: {digest}." in text


LAYOUTS = ["SERVICE", "PATH", "FUTURE", "SOURCE", "TEAM", "LINE", "PERSON", "TRAVELLER", "STEP"]


def test_more_potential_people_than_can_be_counted_are_refused() -> None:
    people = CompiledPeople(plain_network(plain_node()), [Stream(0, 0), Stream(0, 1)])
    people.advance(10 * DAY)
    people._state.source["who"][1] = 2**32 - 4
    with pytest.raises(RunError, match="please report it"):
        people.advance(100 * DAY)
    assert people._state.future["status"].tolist() == [records.DONE, records.REFERRALS_UNCOUNTED]
    assert people._state.source["who"][1] == 2**32 - 1


@BOTH
def test_demand_above_the_bounding_rate_is_refused(engine: Engine) -> None:
    caseload = engine(plain_network(plain_node()), [Stream(0, 0), Stream(0, 1)])
    caseload.scale_demand(1, 0, 1.0)
    caseload.advance(50 * DAY)
    caseload.scale_demand(1, 0, 1.0001)
    caseload.advance(100 * DAY, 0)
    with pytest.raises(RunError, match=r"potential people.*this is a mistake, please report it"):
        caseload.advance(100 * DAY)


@BOTH
@pytest.mark.parametrize("shape", ["fixed", "exponential", "lognormal"])
def test_stays_longer_than_the_clock_do_not_end(engine: Engine, shape: str) -> None:
    node = plain_node(1, shape=shape, needs=(NeedGroup("", (1.0,), 1e12, 1),), log_spread=0.5)
    caseload = engine(plain_network(node), [Stream(0, 0)])
    caseload.resize(0, 0, 0, 20)
    caseload.advance(20 * DAY)
    caseload.scale_demand(0, 0, 0.0)
    held = caseload.read().in_service.sum()
    assert held > 10
    caseload.advance(4_018 * DAY)
    reading = caseload.read()
    assert reading.in_service.sum() == held
    assert reading.counts["completed"].sum() == 0


@BOTH
def test_who_is_away_longer_than_the_clock_does_not_come_back(engine: Engine) -> None:
    node = plain_node(1, 1.0, relapse=(1.0,), mean_until_relapse=1e12)
    caseload = engine(plain_network(node), [Stream(0, 0)])
    caseload.resize(0, 0, 0, 20)
    caseload.advance(20 * DAY)
    caseload.scale_demand(0, 0, 0.0)
    caseload.advance(4_018 * DAY)
    reading = caseload.read()
    assert reading.on_the_way[0] == reading.counts["completed"].sum() > 10
    assert reading.counts["returned"].sum() == 0


def test_a_need_that_nobody_has_does_not_matter() -> None:
    needs = [
        NeedGroup(name, (1.0,), stay, 1) for name, stay in (("a", 1.0), ("b", 9.0), ("c", 2.0))
    ]
    node = plain_node(1, needs=tuple(needs), need_edges=(0.5, 1.0), need_order=(0, 2))
    course = Course(plain_network(node, days=100), (Resize(0, None, 0, 0, 2),))
    assert_same(by_reference(course), by_kernel(course))
