"""Triggers: what makes the people stop for the contract, in both engines alike."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings

from simulator.engine.caseload import Alarm, Engine, Trigger
from simulator.engine.clock import TICKS_A_DAY
from simulator.engine.compiled import CompiledPeople
from simulator.engine.people import ReferencePeople
from simulator.engine.streams import Stream
from tests.conftest import FULL, scenario_from
from tests.engine.courses import Course, Resize, plain_network, plain_node
from tests.engine.following import (
    compiled_with_diaries,
    diary_of,
    follow,
    lives_of,
    reference_with_diaries,
)
from tests.strategies import courses

EXAMPLES = settings(max_examples=2_000 if FULL else 80)
MAKERS = pytest.mark.parametrize("make", [compiled_with_diaries, reference_with_diaries])


@EXAMPLES
@given(courses(watched=True))
@MAKERS
def test_a_trigger_goes_off_once_right_at_its_level(make: Any, course: Course) -> None:
    """At its level exactly, unless the number had gone further when it was first watched."""
    seen = follow(make(course.network, course.streams), course)
    levels = {(deed.trigger, deed.provider, deed.service): deed.level for deed in course.watches}
    went_off = [(a.future, a.trigger, a.provider, a.service) for a, _ in seen.alarms]
    assert len(went_off) == len(set(went_off))
    resized = {deed.tick for deed in course.deeds if isinstance(deed, Resize)}
    for alarm, number in seen.alarms:
        level = levels[alarm.trigger, alarm.provider, alarm.service]
        if alarm.trigger is Trigger.STARTED and (alarm.tick in resized or course.relief):
            assert number >= level  # one change of places may start many
        else:
            assert number == level
    for future, diary in enumerate(seen.diaries):
        started = Counter((step[5], step[6]) for step in diary if step[1] == "started")
        for trigger, provider, service in levels:
            if trigger is Trigger.STARTED:
                reached = started[provider, service] >= levels[trigger, provider, service]
                assert reached == ((future, trigger, provider, service) in went_off)


@MAKERS
def test_those_who_have_left_the_line_do_not_set_off_its_trigger(make: Any) -> None:
    """One person a day, each with patience for well under ten days: few wait at once."""
    impatient = plain_node(drop_out=0.5)
    lengths = []
    for level in (3, 200):
        caseload = make(plain_network(impatient), [Stream(1, 0)])
        caseload.watch(Trigger.WAITING, 0, 0, level)
        lengths += [
            float(caseload.read().waiting.sum()) for _ in caseload.advance(300 * TICKS_A_DAY)
        ]
    assert lengths == [3.0]
    assert caseload.read().counts["dropped_out"].sum() > 200


@MAKERS
def test_places_that_open_set_off_the_trigger_of_those_who_start(make: Any) -> None:
    caseload = make(plain_network(plain_node()), [Stream(1, 0), Stream(1, 1)])
    caseload.watch(Trigger.STARTED, 0, 0, 2)
    opens = 30 * TICKS_A_DAY
    assert caseload.advance(opens) == []
    caseload.resize(1, 0, 0, 3)
    assert caseload.read().counts["started"][:, 0, 0].tolist() == [0, 3]
    assert caseload.advance(opens) == [Alarm(opens, 1, Trigger.STARTED, 0, 0)]
    assert caseload.advance(40 * TICKS_A_DAY) == []


@MAKERS
def test_the_alarm_of_one_future_waits_for_it_to_be_asked(make: Any) -> None:
    caseload = make(plain_network(plain_node()), [Stream(1, 0), Stream(1, 1)])
    caseload.watch(Trigger.STARTED, 0, 0, 1)
    opens = 30 * TICKS_A_DAY
    caseload.advance(opens)
    caseload.resize(1, 0, 0, 1)
    caseload.resize(0, 0, 0, 1)
    for future in (0, 1):
        alarm = Alarm(opens, future, Trigger.STARTED, 0, 0)
        assert caseload.advance(opens + 1, future) == [alarm]
        assert caseload.advance(opens + 1, future) == []


@pytest.mark.parametrize("engine", [CompiledPeople, ReferencePeople])
def test_a_level_already_reached_goes_off_when_the_number_rises_again(engine: Engine) -> None:
    caseload = engine(plain_network(plain_node()), [Stream(1, 0)])
    caseload.advance(30 * TICKS_A_DAY)
    waiting = float(caseload.read().waiting.sum())
    assert waiting > 10
    caseload.watch(Trigger.WAITING, 0, 0, 5)
    (alarm,) = caseload.advance(60 * TICKS_A_DAY)
    assert alarm.tick >= 30 * TICKS_A_DAY
    assert caseload.read().waiting.sum() == waiting + 1


ONE_LINE = """
title: One line
starts: 2026-04-01
years: 1
council: {name: Council}
providers: {north: {reserves: £1}}
services:
  support:
    referrals: 70 a year
    workers: {north: 1}
    caseload: 5
    lasts: {mean: 4 weeks, shape: exponential}
    good_outcome: 60%
    worker_cost: £1 a year
contracts: {block: {form: block, amount: £1 a year}}
baseline: block
"""


@MAKERS
def test_every_line_that_grows_too_long_is_in_the_diary(make: Any) -> None:
    """Also after the last settlement before the end, when no contract asks for the people."""
    replications = range(60)
    (futures,), (caseload,) = lives_of(scenario_from(ONE_LINE), replications, make)
    expected = {}
    for future in replications:
        waiting, changes = 0, Counter[int]()
        for tick, what, *_ in diary_of(caseload, future):
            changes[tick] += {"referred": 1, "completed": 0, "good_outcome": 0}.get(what, -1)
        for tick in sorted(changes):  # no two events share a tick
            waiting += changes[tick]
            if waiting >= 5:
                expected.setdefault(future, tick)
    found = {
        note.future: note.tick
        for note in futures.diary
        if note.what == "support: as many people wait for north as it has places"
    }
    assert found == expected
    last_month = 335 * TICKS_A_DAY
    assert any(tick > last_month for tick in found.values())
    assert len(found) < len(replications)
