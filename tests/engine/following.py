"""Courses lived by either engine, and all that can be seen of them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from simulator.engine.caseload import Alarm, Caseload, Reading, Trigger
from simulator.engine.compiled import CompiledPeople
from simulator.engine.life import Futures, live, plan_lives
from simulator.engine.network import Network, build_network
from simulator.engine.people import ReferencePeople, Visit
from simulator.engine.streams import Stream
from simulator.parties.levers import at_norm
from simulator.scenario.scenario import Scenario
from tests.engine.courses import Course, Deed, Practise, Read, Resize, SetWatch


@dataclass
class Seen:
    """What an engine showed.

    Attributes:
        readings: those asked for, and the last.
        alarms: each with the numbers its trigger watches, right after it went off.
        diaries: the steps of everybody in each future, sorted.
    """

    readings: list[Reading] = field(default_factory=list)
    alarms: list[tuple[Alarm, float]] = field(default_factory=list)
    diaries: list[list[Visit]] = field(default_factory=list)

    @property
    def digest(self) -> str:
        """A fingerprint of everything."""
        everything = hashlib.sha256()
        for reading in self.readings:
            for numbers in numbers_of(reading).values():
                everything.update(numbers.tobytes())
        everything.update(repr((self.alarms, self.diaries)).encode())
        return everything.hexdigest()


def reference_with_diaries(network: Network, streams: Sequence[Stream]) -> ReferencePeople:
    """Return the readable people, noting their steps."""
    caseload = ReferencePeople(network, streams)
    for people in caseload.futures:
        people.diary = []
    return caseload


def compiled_with_diaries(network: Network, streams: Sequence[Stream]) -> CompiledPeople:
    """Return the compiled people, noting their steps."""
    return CompiledPeople(network, streams, diary=True)


def diary_of(caseload: Caseload, future: int) -> list[Visit]:
    """Return the steps of everybody in a future, sorted; read the caseload before."""
    if isinstance(caseload, CompiledPeople):
        return sorted(caseload.diary(future))
    assert isinstance(caseload, ReferencePeople)
    return sorted(caseload.futures[future].diary or [])


def numbers_of(reading: Reading) -> dict[str, np.ndarray]:
    """Return everything in a reading by name."""
    return {
        **reading.counts,
        "waiting": reading.waiting,
        "in_service": reading.in_service,
        "on_the_way": reading.on_the_way,
    }


def assert_same_reading(expected: Reading, found: Reading) -> None:
    """Compare everything, to the last bit."""
    others = numbers_of(found)
    for name, numbers in numbers_of(expected).items():
        np.testing.assert_array_equal(numbers, others[name], err_msg=name, strict=True)


def assert_nobody_vanishes(reading: Reading) -> None:
    """Whoever was referred is somewhere, at every provider by itself."""
    counts = reading.counts
    gone = counts["turned_away"] + counts["declined"] + counts["dropped_out"]
    np.testing.assert_array_equal(
        counts["referred"], gone + counts["started"] + reading.waiting, strict=True
    )
    np.testing.assert_array_equal(
        counts["started"], counts["completed"] + reading.in_service, strict=True
    )


def assert_same(expected: Seen, found: Seen) -> None:
    """Compare all that two engines showed."""
    assert expected.alarms == found.alarms
    for first, second in zip(expected.readings, found.readings, strict=True):
        assert_same_reading(first, second)
    assert expected.diaries == found.diaries


def number_watched(reading: Reading, alarm: Alarm) -> float:
    """Return the number that an alarm's trigger watches."""
    waits = alarm.trigger is Trigger.WAITING
    numbers = reading.waiting if waits else reading.counts["started"]
    return float(numbers[alarm.future, alarm.provider, alarm.service])


def advance(
    caseload: Caseload, until: int, relief: int | None, seen: Seen, future: int | None = None
) -> None:
    """Let people live on until an instant, through every alarm."""
    while alarms := caseload.advance(until, future):
        reading = caseload.read()
        for alarm in alarms:
            seen.alarms.append((alarm, number_watched(reading, alarm)))
            if relief is not None and alarm.trigger is Trigger.WAITING:
                caseload.resize(alarm.future, alarm.provider, alarm.service, relief)


def do(caseload: Caseload, deed: Deed, futures: int, seen: Seen) -> None:
    """Do what a contract does."""
    if isinstance(deed, Read):
        seen.readings.append(caseload.read())
    elif isinstance(deed, SetWatch):
        caseload.watch(deed.trigger, deed.provider, deed.service, deed.level)
    elif isinstance(deed, Practise):
        levels = (deed.quality, deed.handover, deed.selection)
        caseload.practise(*(np.tile(each, (futures, 1)) for each in levels))
    else:
        for future in range(futures) if deed.future is None else (deed.future,):
            if isinstance(deed, Resize):
                caseload.resize(future, deed.provider, deed.service, deed.places)
            else:
                caseload.scale_demand(future, deed.service, deed.factor)


def follow(caseload: Caseload, course: Course) -> Seen:
    """Let a caseload of the network live its course; return all that can be seen."""
    seen = Seen()
    for deed in course.deeds:
        advance(caseload, deed.tick, course.relief, seen)
        do(caseload, deed, course.futures, seen)
    # the processes of those whom the last resize let start go on at its tick, with their diaries
    for until in (course.network.end, course.network.end + 1):
        advance(caseload, until, course.relief, seen)
        seen.readings.append(caseload.read())
    seen.diaries = [diary_of(caseload, future) for future in range(course.futures)]
    return seen


def by_reference(course: Course) -> Seen:
    """Follow a course with the readable people."""
    return follow(reference_with_diaries(course.network, course.streams), course)


def by_kernel(course: Course) -> Seen:
    """Follow a course with the compiled people."""
    return follow(compiled_with_diaries(course.network, course.streams), course)


def lives_of(
    scenario: Scenario,
    replications: Sequence[int],
    make: Callable[[Network, Sequence[Stream]], Caseload],
) -> tuple[list[Futures], list[Caseload]]:
    """Return futures under every plan, and the people who lived them."""
    caseloads: list[Caseload] = []

    def engine(network: Network, streams: Sequence[Stream]) -> Caseload:
        caseloads.append(make(network, streams))
        return caseloads[-1]

    practice = at_norm(float(provider.quality) for provider in scenario.providers.values())
    plans = plan_lives(scenario, build_network(scenario, practice))
    return live(plans, 20260401, replications, engine), caseloads


def assert_same_futures(expected: Futures, found: Futures) -> None:
    """Compare all that the life of contracts leaves, to the last bit."""
    for month, other in zip(expected.statements, found.statements, strict=True):
        assert month.columns.keys() == other.columns.keys()
        for name, column in month.columns.items():
            np.testing.assert_array_equal(column, other.columns[name], err_msg=name, strict=True)
    assert_same_reading(expected.reading, found.reading)
    assert expected.payments.keys() == found.payments.keys()
    for name, payments in expected.payments.items():
        assert payments.tobytes() == found.payments[name].tobytes()
    assert expected.costs.tobytes() == found.costs.tobytes()
    assert expected.diary == found.diary
