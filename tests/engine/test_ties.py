"""What comes first at one tick, by rules 1 to 5 of the interface, in both engines.

The worlds are made by hand so that what matters falls on the same tick: draws are looked up, and
means are chosen so that they come to the ticks that are wanted.
"""

from __future__ import annotations

import math
from itertools import accumulate, count
from typing import Any

import numpy as np
import pytest

from simulator.engine.caseload import Alarm, Trigger
from simulator.engine.clock import TICKS_A_DAY, to_ticks
from simulator.engine.network import NeedGroup, Network
from simulator.engine.streams import Purpose, Stream
from tests.engine.courses import all_go_on, plain_network, plain_node
from tests.engine.following import compiled_with_diaries, diary_of, reference_with_diaries

DAY = TICKS_A_DAY
SHORT, LONG = 0.0, 390.0  # days

ENGINES = pytest.mark.parametrize("make", [compiled_with_diaries, reference_with_diaries])


def in_days(ticks: int) -> float:
    return ticks / TICKS_A_DAY


def exposure(stream: Stream, who: int, key: int, purpose: Purpose) -> float:
    """Return what a mean is multiplied by for a person's exponential time."""
    return -math.log(stream.uniform(who, key, 0, purpose))


def arrivals(stream: Stream, key: int, people: int, potential: float = 1.0) -> list[int]:
    """Return the ticks at which the first people come to a service."""
    gaps = (
        to_ticks(exposure(stream, who, key, Purpose.ARRIVAL_GAP) / potential)
        for who in range(people)
    )
    return list(accumulate(gaps))


def steps_of(make: Any, network: Network, seed: int, places: list[int], until: int) -> list[Any]:
    """Return the steps of everybody where the only provider has so many places from the start."""
    caseload = make(network, [Stream(seed, 0)])
    for service, held in enumerate(places):
        caseload.resize(0, 0, service, held)
    caseload.advance(until)
    caseload.read()
    return diary_of(caseload, 0)


def what_happened(steps: list[Any], tick: int, what: str, service: int) -> list[tuple[int, int]]:
    """Return to whom something happened at a tick: origin and number."""
    return [
        (origin, who)
        for when, kind, origin, who, _, _, where in steps
        if (when, kind, where) == (tick, what, service)
    ]


# -- 1: what the contract does -------------------------------------------------------------------


@ENGINES
@pytest.mark.parametrize(("later", "start"), [(0, 1), (1, 2)])
def test_a_place_that_closes_as_a_stay_ends_is_closed(make: Any, later: int, start: int) -> None:
    caseload = make(plain_network(plain_node(stay=1.0)), [Stream(0, 0)])
    caseload.advance(30 * DAY)
    caseload.resize(0, 0, 0, 1)
    caseload.advance(31 * DAY + later)
    reading = caseload.read()
    assert (reading.counts["completed"].sum(), reading.in_service.sum()) == (later, 1)
    caseload.resize(0, 0, 0, 0)
    caseload.advance(40 * DAY)
    assert caseload.read().counts["started"].sum() == start


@ENGINES
@pytest.mark.parametrize("later", [0, 1])
def test_demand_that_ends_as_somebody_is_referred_ends_before(make: Any, later: int) -> None:
    (first,) = arrivals(Stream(0, 0), 1, 1)
    caseload = make(plain_network(plain_node()), [Stream(0, 0)])
    caseload.advance(first + later)
    caseload.scale_demand(0, 0, 0.0)
    caseload.advance(100 * DAY)
    assert caseload.read().counts["referred"].sum() == later


# -- 2: potential referrals, by service ----------------------------------------------------------


@ENGINES
@pytest.mark.parametrize("service", [0, 1])
def test_referrals_at_one_tick_come_by_service(make: Any, service: int) -> None:
    often = 2.0**31
    for seed in count():
        ticks = [arrivals(Stream(seed, 0), key, 2, often) for key in (1, 2)]
        first = ticks[0][0]
        if ticks[1][0] == first and min(ticks[0][1], ticks[1][1]) > first:
            break
    nodes = [plain_node(key, potential_a_day=often, referrals_a_day=often) for key in (1, 2)]
    caseload = make(plain_network(*nodes), [Stream(seed, 0)])
    caseload.watch(Trigger.WAITING, 0, service, 1)
    assert caseload.advance(first + 1) == [Alarm(first, 0, Trigger.WAITING, 0, service)]
    assert caseload.read().counts["referred"][0, 0].tolist() == [1, service]
    caseload.advance(first + 1)
    assert caseload.read().counts["referred"][0, 0].tolist() == [1, 1]


@ENGINES
def test_somebody_turned_away_comes_elsewhere_before_the_next_referral(make: Any) -> None:
    """Two come at one tick: the first is sent on to where the second is referred, and starts."""
    often = 2.0**31
    for seed in count():
        stream = Stream(seed, 0)
        first, second, third = arrivals(stream, 1, 3, often)
        chosen = [stream.uniform(who, 1, 0, Purpose.PROVIDER) >= 0.5 for who in (0, 1)]
        if first == second < third and chosen == [False, True]:
            break
    node = plain_node(
        1,
        providers=2,
        potential_a_day=often,
        referrals_a_day=often,
        needs=(NeedGroup("", (1.0, 1.0), LONG, 1, 0.0, 0.5),),
        provider_edges=(0.5, 1.0),
        provider_order=(0, 1),
        elsewhere_edges=((1.0,), ()),
        elsewhere_order=((1,), ()),
        delivers=(True, True),
    )
    caseload = make(plain_network(node, providers=2), [stream])
    none = np.zeros((1, 2))
    caseload.practise(none, none, np.array([[2.0, 0.0]]))
    for provider in (0, 1):
        caseload.resize(0, provider, 0, 1)
    caseload.watch(Trigger.WAITING, 1, 0, 1)
    assert caseload.advance(first + 1) == [Alarm(first, 0, Trigger.WAITING, 1, 0)]
    steps = diary_of(caseload, 0)
    assert what_happened(steps, first, "turned_away", 0) == [(0, 0)]
    assert what_happened(steps, first, "started", 0) == [(0, 0)]
    reading = caseload.read()
    assert reading.counts["referred"][0, :, 0].tolist() == [1, 2]
    assert reading.counts["started"][0, :, 0].tolist() == [0, 1]


# -- 3: people on the way, by the service of their first referral and their number ---------------


@ENGINES
@pytest.mark.parametrize(("sooner", "starts"), [(0, (1, 0)), (1, (0, 0))])
def test_a_referral_comes_before_somebody_handed_over(
    make: Any, sooner: int, starts: tuple[int, int]
) -> None:
    seed = next(
        seed
        for seed in count()
        if arrivals(Stream(seed, 0), 1, 1) < arrivals(Stream(seed, 0), 2, 1)
    )
    (leaves,), (comes,) = (arrivals(Stream(seed, 0), key, 1) for key in (1, 2))
    away = in_days(comes - leaves - sooner) + in_days(1) / 2
    mean = away / exposure(Stream(seed, 0), 0, 1, Purpose.TIME_AWAY)
    network = plain_network(plain_node(1, SHORT, **all_go_on(1, mean)), plain_node(2, LONG))
    steps = steps_of(make, network, seed, [1, 1], comes + 1)
    assert what_happened(steps, comes - sooner, "started", 1) == [starts]


@ENGINES
def test_those_handed_over_come_by_the_service_of_their_first_referral(make: Any) -> None:
    """The one first referred to the second service sets out first, and still comes later."""
    seed = next(
        seed
        for seed in count()
        if arrivals(Stream(seed, 0), 1, 1) > arrivals(Stream(seed, 0), 2, 1)
    )
    stream, tick = Stream(seed, 0), 20 * DAY
    sources = []
    for key in (1, 2):
        (comes,) = arrivals(stream, key, 1)
        away = in_days(tick - comes) + in_days(1) / 2
        mean = away / exposure(stream, 0, key, Purpose.TIME_AWAY)
        sources.append(plain_node(key, SHORT, **all_go_on(2, mean)))
    last = plain_node(3, LONG, potential_a_day=0.0, referrals_a_day=0.0)
    caseload = make(plain_network(*sources, last), [stream])
    for service in (0, 1):
        caseload.resize(0, 0, service, 1)
    for service in (0, 1):  # nobody comes after the first of each
        (comes,) = arrivals(stream, (1, 2)[1 - service], 1)
        caseload.advance(comes + 1)
        caseload.scale_demand(0, 1 - service, 0.0)
    caseload.resize(0, 0, 2, 1)
    caseload.advance(tick + 1)
    steps = diary_of(caseload, 0)
    assert what_happened(steps, tick, "referred", 2) == [(0, 0), (1, 0)]
    assert what_happened(steps, tick, "started", 2) == [(0, 0)]


@ENGINES
def test_those_first_referred_to_one_service_come_by_their_number(make: Any) -> None:
    """The second person sets out first; the mean time away is such that both come at once."""
    mean_stay = 5.0
    for seed in count():
        stream = Stream(seed, 0)
        comes = arrivals(stream, 1, 3)
        leave = [
            tick + to_ticks(exposure(stream, who, 1, Purpose.LENGTH_OF_STAY) * mean_stay)
            for who, tick in enumerate(comes[:2])
        ]
        aways = [exposure(stream, who, 1, Purpose.TIME_AWAY) for who in (0, 1)]
        mean = in_days(leave[0] - leave[1]) / (aways[1] - aways[0])
        ticks = [tick + to_ticks(away * mean) for tick, away in zip(leave, aways, strict=True)]
        if leave[1] < leave[0] and mean > 0 and ticks[0] == ticks[1] < 300 * DAY:
            break
    nodes = (
        plain_node(1, mean_stay, shape="exponential", **all_go_on(1, mean)),
        plain_node(2, LONG, potential_a_day=0.0, referrals_a_day=0.0),
    )
    caseload = make(plain_network(*nodes), [stream])
    caseload.resize(0, 0, 0, 2)
    caseload.resize(0, 0, 1, 1)
    caseload.advance(comes[1] + 1)
    caseload.scale_demand(0, 0, 0.0)
    caseload.advance(ticks[0] + 1)
    steps = diary_of(caseload, 0)
    assert what_happened(steps, ticks[0], "referred", 1) == [(0, 0), (0, 1)]
    assert what_happened(steps, ticks[0], "started", 1) == [(0, 0)]


# -- 4: stays that end, by provider, service and place -------------------------------------------


@ENGINES
def test_somebody_handed_over_comes_before_a_stay_ends(make: Any) -> None:
    """A place that becomes free at the tick goes to those in line, whoever comes at that tick."""
    stream = Stream(0, 0)
    (comes,) = arrivals(stream, 1, 1)
    tick = comes + 10 * DAY
    mean = (10.0 + in_days(1) / 2) / exposure(stream, 0, 1, Purpose.TIME_AWAY)
    nodes = plain_node(1, SHORT, **all_go_on(1, mean)), plain_node(2, 1.0)
    caseload = make(plain_network(*nodes), [stream])
    caseload.resize(0, 0, 0, 1)
    caseload.advance(tick - DAY)
    caseload.scale_demand(0, 1, 0.0)
    caseload.resize(0, 0, 1, 1)  # whoever was first in line ends a stay of one day at the tick
    assert caseload.read().in_service[0, 0, 1] == 1
    waiting = int(caseload.read().waiting[0, 0, 1])
    caseload.watch(Trigger.WAITING, 0, 1, waiting + 1)
    (alarm,) = caseload.advance(tick + 1)
    assert (alarm.tick, alarm.service) == (tick, 1)
    assert caseload.read().counts["completed"][0, 0, 1] == 0


@ENGINES
@pytest.mark.parametrize(("provider", "service"), [(0, 0), (0, 1), (1, 0), (1, 1)])
def test_stays_at_one_tick_end_by_provider_and_service(
    make: Any, provider: int, service: int
) -> None:
    nodes = [
        plain_node(key, 1.0, providers=2, provider_edges=(0.5, 1.0), provider_order=(0, 1))
        for key in (1, 2)
    ]
    caseload = make(plain_network(*nodes, providers=2), [Stream(0, 0)])
    caseload.advance(60 * DAY)
    for each in (1, 0):
        for where in (1, 0):
            caseload.resize(0, each, where, 1)
    caseload.watch(Trigger.STARTED, provider, service, 2)
    (alarm,) = caseload.advance(61 * DAY + 1)
    assert (alarm.tick, alarm.provider, alarm.service) == (61 * DAY, provider, service)
    ended = np.arange(4).reshape(2, 2) <= 2 * provider + service
    assert (caseload.read().counts["completed"][0] == ended).all()


@ENGINES
def test_stays_of_a_team_end_by_place_and_the_last_place_given_back_is_taken_first(
    make: Any,
) -> None:
    caseload = make(plain_network(plain_node(1, 10.0)), [Stream(0, 0)])
    # places 0 and 1 are opened on two days, closed, given back in that order, and taken again:
    # the third person gets place 1, the fourth place 0, the fifth one that was never used
    for day, places in ((60, 1), (61, 2), (62, 0), (72, 3)):
        caseload.advance(day * DAY)
        caseload.resize(0, 0, 0, places)
    tick, ended = 82 * DAY, []
    for level in (6, 7, 8):
        caseload.watch(Trigger.STARTED, 0, 0, level)
        (alarm,) = caseload.advance(tick + 1)
        assert alarm.tick == tick
        ended.append([who for _, who in what_happened(diary_of(caseload, 0), tick, "completed", 0)])
    assert [sorted(people) for people in ended] == [[3], [2, 3], [2, 3, 4]]


# -- 5: patience ---------------------------------------------------------------------------------


@ENGINES
@pytest.mark.parametrize("by", ["stay", "contract"])
@pytest.mark.parametrize(("late", "what"), [(0, "started"), (1, "dropped_out")])
def test_patience_that_ends_as_a_place_is_granted_has_not_ended(
    make: Any, by: str, late: int, what: str
) -> None:
    stream = Stream(0, 0)
    first, second = arrivals(stream, 1, 2)
    tick = second + 5 * DAY
    hazard = exposure(stream, 1, 1, Purpose.PATIENCE) / (5.0 + in_days(1) / 2)
    stay = in_days(tick + late - first) if by == "stay" else LONG
    caseload = make(plain_network(plain_node(1, stay, drop_out=hazard)), [stream])
    caseload.resize(0, 0, 0, 1)
    caseload.advance(tick + late)
    if by == "contract":
        caseload.resize(0, 0, 0, 2)
    caseload.advance(tick + 2)
    caseload.read()
    (step,) = [
        (when, kind)
        for when, kind, _, who, *_ in diary_of(caseload, 0)
        if who == 1 and kind != "referred"
    ]
    assert step == (tick, what)


@ENGINES
@pytest.mark.parametrize("sooner", [0, 1])
def test_patience_ends_after_those_who_come_at_the_tick(make: Any, sooner: int) -> None:
    stream = Stream(0, 0)
    first, second = arrivals(stream, 1, 2)
    patience = in_days(second - first - sooner) + in_days(1) / 2
    hazard = exposure(stream, 0, 1, Purpose.PATIENCE) / patience
    caseload = make(plain_network(plain_node(1, drop_out=hazard)), [stream])
    caseload.watch(Trigger.WAITING, 0, 0, 2)
    alarms = caseload.advance(second + 1)
    assert alarms == ([] if sooner else [Alarm(second, 0, Trigger.WAITING, 0, 0)])
    assert caseload.read().waiting.sum() == 2 - sooner
    caseload.advance(second + 1)
    assert caseload.read().waiting.sum() == 1
