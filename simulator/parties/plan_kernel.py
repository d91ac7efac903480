"""The months of a plan, compiled: all jitted code of the parties, and nothing else.

The same as ``Expectation._step``, which is to be read first; the tests hold the two together.

Rows (futures, profiles of levers) know nothing of each other. A processor works on several numbers
at once, so rows lie side by side: as many as there are lanes are taken in, live all their months
while they are in its cache, and are given back. Every loop over lanes is short and straight: no
call, no branch, one record of lanes or two. Then the compiler turns it into instructions on four
or eight rows at a time. What it cannot turn is a call of the C library, and a month of a team would
have eight; so the exponential and the tail of the normal distribution are written out. They are
sums, products and quotients only, without fastmath: a row has the same bits beside any other row,
and on any processor.

Loops are kept apart that could be one: a processor looks a few hundred instructions ahead, and must
see the next lanes there while the present ones wait for a root or a quotient.

Numba keeps compiled code by the date of this file alone. Everything it works with stands here, or
is handed in.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar, cast

import numba
import numpy as np
import numpy.typing as npt

__all__ = ["COLUMNS", "LANES", "PATH", "SERVICE", "TEAM", "WAY", "Rows", "Tables", "Work", "roll"]

Floats = npt.NDArray[np.float64]
Records = npt.NDArray[np.void]

_Function = TypeVar("_Function", bound=Callable[..., Any])

# As in the engine's kernel: no fastmath, the bits are part of the result; no reference counts on
# arrays, nothing is allocated here.
_OPTIONS: dict[str, Any] = {"error_model": "numpy", "_nrt": False}


def _entry(function: _Function) -> _Function:
    """Compile what Python calls; the code with all it calls is kept for the next process."""
    try:
        return cast(_Function, numba.njit(cache=True, **_OPTIONS)(function))
    except RuntimeError:  # there is no folder it could be kept in: each process compiles anew
        return cast(_Function, numba.njit(**_OPTIONS)(function))


def _jit(function: _Function) -> _Function:
    options = {"no_cpython_wrapper": True} | _OPTIONS
    return cast(_Function, numba.njit(**options)(function))


def _inline(function: _Function) -> _Function:
    options = {"no_cpython_wrapper": True, "forceinline": True} | _OPTIONS
    return cast(_Function, numba.njit(**options)(function))


# -- layouts ---------------------------------------------------------------------------------------

LANES = 128
"""Rows side by side, few enough to stay in the cache; has no effect on any figure."""

COLUMNS = (
    "referred",
    "declined",
    "started",
    "completed",
    "good_outcomes",
    "dropped_out",
    "returned",
    "wait_days",
    "service_days",
    "handovers_due",
    "handovers_made",
)
"""What is counted, in the order in which it is given back."""
(
    _REFERRED,
    _DECLINED,
    _STARTED,
    _COMPLETED,
    _GOOD_OUTCOMES,
    _DROPPED_OUT,
    _RETURNED,
    _WAIT_DAYS,
    _SERVICE_DAYS,
    _HANDOVERS_DUE,
    _HANDOVERS_MADE,
) = range(len(COLUMNS))


def _lanes(*names: str) -> np.dtype[np.void]:
    return np.dtype([(name, np.float64, (LANES,)) for name in names])


SERVICE = np.dtype(
    [
        ("stages", np.int64),  # of a stay
        ("needs", np.int64),
        *(
            (name, np.float64)
            for name in (
                "take_up",
                "mean_stay",  # days
                "variation",  # of stays, squared
                "leaving",  # hazard on the first day of a wait
                "rise",  # of that hazard, a day
                "harm",  # of a day's wait, in log-odds
                "relapse",  # part of the good outcomes after which people come back
                "relapsing_stay",  # part of those on the way who still are after a step
            )
        ),
    ]
)
PATH = np.dtype(
    [
        ("sender", np.int64),
        ("receiver", np.int64),
        *(
            (name, np.float64)
            for name in (
                "share",  # of the completions
                "late",  # part of those handed over in a step who have not arrived at its end
                "arriving_stay",  # part of those on the way who still are after a step
                "returns",  # part of the failed hand-overs
                "coming_back_stay",
            )
        ),
    ]
)
TEAM = _lanes(
    # what stays from month to month, as in People
    "present",
    "variance",
    "waited",
    "relapsing",
    # of the levers: factor on the odds against a good outcome
    "practice",
    # of a month; some as in COLUMNS
    "places",
    "referred",
    "returned",
    "asked",
    "in_service",
    "ended",  # completions of those who were in service when it began
    "ageing",  # hazard of leaving, given how long people have waited
    "before",  # waiting when it began
    "after",  # waiting at its end
    "over",  # chance that all places are taken
    "present_after",
    "variance_after",
    "left",
    "started",
    "completed",
    "wait_days",
    "wait",  # mean of those in service, days; then the odds against a good outcome
    "good_outcomes",
    "handovers_due",
    "handovers_made",
)
WAY = _lanes("success", "arriving", "coming_back", "arrived")
"""What passes by a path from one provider."""


class Tables(NamedTuple):
    """The services, the same for all rows."""

    service: Records  # (services,)
    path: Records  # (paths,)
    share: Floats  # of referrals from outside, (providers, services)
    to_provider: Floats  # of those handed over, (paths, from providers, to providers)
    need_share: Floats  # (services, needs)
    against: Floats  # odds against a good outcome, (services, needs)
    passing: Floats  # from each stage to each in a step, (services, stages + 1, stages + 1)
    entering: Floats  # where those are who start in a step, (services, stages + 1)
    days: float  # of a step
    least_variance: float
    nobody: float  # people a day who are left over by rounding
    fastest: float  # hazard of leaving a line, a day
    certain: float  # log-odds that leave no chance


class Rows(NamedTuple):
    """What differs between rows, the last axis of each. People change into those at the end."""

    practice: Floats  # factor on odds against a good outcome, (providers, services, rows)
    success: Floats  # of hand-overs, (providers, paths, rows)
    outside: Floats  # referrals a day, (months, services, rows)
    places: Floats  # (months, providers, services, rows)
    present: Floats  # (providers, services, rows), as are the next three
    variance: Floats
    waited: Floats
    relapsing: Floats
    served: Floats  # (providers, services, stages, rows)
    arriving: Floats  # (providers, paths, rows)
    coming_back: Floats


class Work(NamedTuple):
    """Room for the lanes."""

    team: Records  # (providers, services)
    way: Records  # (providers, paths)
    stage: Floats  # (providers, services, stages, lanes)


# -- exponential and normal distribution -----------------------------------------------------------

_LOG2_E = 1.4426950408889634
# ln 2 in two parts; the first has so few digits that a whole number of them is exact (Cody & Waite)
_LN_2_HIGH, _LN_2_LOW = 6.93147180369123816490e-01, 1.90821492927058770002e-10
_ROUNDING = 1.5 * 2.0**52  # added to a number, it leaves the nearest whole one in the last bits
_EXPONENT_BITS = np.int64(52)  # they stand above the 52 bits of the fraction
_ONE = np.int64(1023 << 52)  # the bits of 1.0
# 1/12!, 1/11!, ..., 1: below half of ln 2 the rest of the series is less than the last bit
_SERIES = tuple(1.0 / math.factorial(place) for place in range(12, 0, -1))
# exp(x^2 / 2) Phi(-x) for x >= 0 as a ratio of polynomials, highest power first: interpolated in 60
# digits at the Chebyshev nodes of (x - 4) / (x + 4) up to x = 40; right to 6e-15 of it anywhere
_TAIL_TOP = (
    8.5556580391031780e-06,
    1.9386505218753897e-04,
    2.1469551889839114e-03,
    1.4908576862091166e-02,
    7.0415245428438297e-02,
    2.3105495850341184e-01,
    5.1582147645850400e-01,
    7.2337563608960600e-01,
    5.0000000000000147e-01,
)
_TAIL_BOTTOM = (
    2.1445854348374756e-05,
    4.8594762137479911e-04,
    5.4030644270307531e-03,
    3.7856208340213959e-02,
    1.8184355789705033e-01,
    6.1556759417071317e-01,
    1.4589227779617148e00,
    2.3226032286642057e00,
    2.2446358329825945e00,
    1.0,
)
_DENSITY = 0.3989422804014327  # of the normal distribution in its middle
_LEAST_LOG = -700.0  # the exponential of less is no normal number any more


@_inline
def _power(x: float) -> tuple[float, float]:
    """Return s and g with exp(x) = s (1 + g): s a power of two, g small; for 700 either way."""
    shifted = x * _LOG2_E + _ROUNDING
    whole = shifted - _ROUNDING
    rest = (x - whole * _LN_2_HIGH) - whole * _LN_2_LOW
    bits = (np.float64(shifted).view(np.int64) << _EXPONENT_BITS) + _ONE
    scale = np.int64(bits).view(np.float64)
    grown = _SERIES[0]
    for place in range(1, len(_SERIES)):
        grown = grown * rest + _SERIES[place]
    return scale, grown * rest


@_inline
def _exp(x: float) -> float:
    scale, grown = _power(x)
    return scale + scale * grown


@_inline
def _exp_less_one(x: float) -> float:
    scale, grown = _power(x)
    return scale * grown + (scale - 1.0)


@_inline
def _waiting(present: float, variance: float, places: float) -> tuple[float, float]:
    """Return how many wait, and the chance that all places are taken."""
    root = math.sqrt(variance)
    beyond = present - places
    away = abs(beyond / root)
    density = _exp(max(-0.5 * away * away, _LEAST_LOG))
    top, bottom = _TAIL_TOP[0], _TAIL_BOTTOM[0]
    for place in range(1, len(_TAIL_TOP)):
        top = top * away + _TAIL_TOP[place]
    for place in range(1, len(_TAIL_BOTTOM)):
        bottom = bottom * away + _TAIL_BOTTOM[place]
    tail = density * (top / bottom)
    over = 1.0 - tail if beyond > 0.0 else tail
    waiting = root * _DENSITY * density + beyond * over
    return min(max(waiting, 0.0), present), over


# -- a month, by lanes -----------------------------------------------------------------------------


@_jit
def _open(team: Any, relapsing_stay: float, outside: Floats, share: float, lanes: int) -> None:
    """Refer from outside and after relapses."""
    for lane in range(lanes):
        stay = team["relapsing"][lane] * relapsing_stay
        team["returned"][lane] = team["relapsing"][lane] - stay
        team["relapsing"][lane] = stay
        team["in_service"][lane] = 0.0
        team["ended"][lane] = 0.0
        team["handovers_due"][lane] = 0.0
        team["handovers_made"][lane] = 0.0
    for lane in range(lanes):
        team["referred"][lane] = outside[lane] * share


@_jit
def _end_stays(team: Any, served: Floats, ending: float, lanes: int) -> None:
    """Count who is in a stage of service, and who of them ends the stay within the step."""
    for lane in range(lanes):
        team["in_service"][lane] += served[lane]
        team["ended"][lane] += served[lane] * ending


@_jit
def _travel(way: Any, team: Any, path: Any, lanes: int) -> None:
    """Let those arrive who are on the way: of before, and of those who complete in the step."""
    share, late = path["share"], path["late"]
    arriving_stay, coming_back_stay = path["arriving_stay"], path["coming_back_stay"]
    for lane in range(lanes):
        soon = team["ended"][lane] * share * way["success"][lane]
        stay = way["arriving"][lane] * arriving_stay + soon * late
        way["arrived"][lane] = way["arriving"][lane] - stay + soon
        way["arriving"][lane] = stay - soon  # who is made to go is added when the month is over
        stay = way["coming_back"][lane] * coming_back_stay
        team["returned"][lane] += way["coming_back"][lane] - stay
        way["coming_back"][lane] = stay


@_jit
def _arrive(team: Any, way: Any, share: float, lanes: int) -> None:
    for lane in range(lanes):
        team["referred"][lane] += way["arrived"][lane] * share


@_jit
def _ask(team: Any, take_up: float, least_variance: float, lanes: int) -> int:
    """Let those referred accept; return in how many lanes there is anybody."""
    some = 0
    for lane in range(lanes):
        referred = team["referred"][lane] + team["returned"][lane]
        team["referred"][lane] = referred
        team["asked"][lane] = referred * take_up
        here = team["present"][lane] + team["ended"][lane]
        some += (referred > 0.0) | (here > 0.0) | (team["variance"][lane] > least_variance)
    return some


@_jit
def _rest(team: Any, lanes: int) -> None:
    """Pass a month in which nobody comes to a team that has nobody."""
    for lane in range(lanes):
        team["left"][lane] = 0.0
        team["started"][lane] = 0.0
        team["completed"][lane] = 0.0
        team["wait_days"][lane] = 0.0
        team["good_outcomes"][lane] = 0.0


@_jit
def _look(team: Any, lanes: int) -> None:
    """Say how many wait when the month begins."""
    for lane in range(lanes):
        waiting, over = _waiting(
            team["present"][lane], team["variance"][lane], team["places"][lane]
        )
        team["before"][lane] = waiting
        team["over"][lane] = over


@_jit
def _age(t: Tables, node: Any, team: Any, lanes: int) -> None:
    """Say how many leave: more, the longer they have waited; and guess who starts."""
    days, nobody, fastest = t.days, t.nobody * t.days, t.fastest
    leaving, rise = node["leaving"], node["rise"]
    for lane in range(lanes):
        asked, before = team["asked"][lane], team["before"][lane]
        older = min(rise * (before * days / asked), 50.0) if asked > nobody else 0.0
        factor = _exp_less_one(older) / older if older > 1e-9 else 1.0
        ageing = min(leaving * factor, fastest)
        team["ageing"][lane] = ageing
        team["left"][lane] = ageing * before * days
        free = max(0.0, team["places"][lane] - team["in_service"][lane]) + team["ended"][lane]
        team["started"][lane] = min(asked, free)


@_jit
def _spread(t: Tables, node: Any, team: Any, at_once: float, lanes: int) -> None:
    """Say who is present after the step, if so many start: mean and variance."""
    days, least = t.days, t.least_variance
    rate, variation = 1.0 / node["mean_stay"], node["variation"]
    for lane in range(lanes):
        asked, left, over = team["asked"][lane], team["left"][lane], team["over"][lane]
        completed = team["ended"][lane] + team["started"][lane] * at_once
        team["completed"][lane] = completed
        team["present_after"][lane] = max(0.0, team["present"][lane] + asked - completed - left)
        flow = asked + completed * (1.0 - over + over * variation) + left
        drain = rate * (1.0 - over) + team["ageing"][lane] * over
        variance = (team["variance"][lane] + flow) / (1.0 + 2.0 * days * drain)
        team["variance_after"][lane] = max(variance, least)


@_jit
def _queue(team: Any, days: float, lanes: int) -> None:
    """Say who waits after the step, and who has left and started by then."""
    for lane in range(lanes):
        present = team["present_after"][lane]
        after, over = _waiting(present, team["variance_after"][lane], team["places"][lane])
        team["after"][lane] = after
        team["over"][lane] = over
        team["left"][lane] = team["ageing"][lane] * 0.5 * (team["before"][lane] + after) * days
        serving = present - after
        team["started"][lane] = max(
            0.0, serving - team["in_service"][lane] + team["completed"][lane]
        )


@_jit
def _close(team: Any, at_once: float, days: float, lanes: int) -> None:
    """Say who is there at the end, and how long those had waited who complete."""
    for lane in range(lanes):
        started, left, in_service = (
            team["started"][lane],
            team["left"][lane],
            team["in_service"][lane],
        )
        completed = team["ended"][lane] + started * at_once
        present = team["present"][lane] + team["asked"][lane] - completed - left
        queue = 0.5 * (team["before"][lane] + team["after"][lane]) * days
        wait = queue / started if started > 0.0 else 0.0
        waited = max(0.0, queue - 0.5 * wait * left)
        new = waited / started if started > 0.0 else 0.0
        of_served = team["waited"][lane] / in_service if in_service > 0.0 else new
        team["waited"][lane] = max(0.0, team["waited"][lane] + waited - of_served * completed)
        team["present"][lane] = max(0.0, present)
        team["variance"][lane] = team["variance_after"][lane]
        team["completed"][lane] = completed
        team["wait_days"][lane] = waited
        team["wait"][lane] = of_served


@_jit
def _stay(served: Floats, staying: float, team: Any, entering: float, lanes: int) -> None:
    """Keep who stays in a stage, and let those into it who start."""
    for lane in range(lanes):
        served[lane] = served[lane] * staying + team["started"][lane] * entering


@_jit
def _pass(served: Floats, earlier: Floats, passing: float, lanes: int) -> None:
    for lane in range(lanes):
        served[lane] += earlier[lane] * passing


@_jit
def _weigh(team: Any, harm: float, certain: float, lanes: int) -> None:
    """Turn waits into a factor on the odds against a good outcome."""
    for lane in range(lanes):
        lost = min(harm * team["wait"][lane], certain)
        team["wait"][lane] = team["practice"][lane] * _exp(lost)
        team["good_outcomes"][lane] = 0.0


@_jit
def _need(team: Any, share: float, against: float, lanes: int) -> None:
    for lane in range(lanes):
        team["good_outcomes"][lane] += share / (1.0 + against * team["wait"][lane])


@_jit
def _succeed(team: Any, relapse: float, lanes: int) -> None:
    for lane in range(lanes):
        good = team["good_outcomes"][lane] * team["completed"][lane]
        team["good_outcomes"][lane] = good
        team["relapsing"][lane] += relapse * good


@_jit
def _hand_over(way: Any, team: Any, path: Any, lanes: int) -> None:
    share, returns = path["share"], path["returns"]
    for lane in range(lanes):
        due = team["completed"][lane] * share
        made = due * way["success"][lane]
        team["handovers_due"][lane] += due
        team["handovers_made"][lane] += made
        way["arriving"][lane] += made
        way["coming_back"][lane] += (due - made) * returns


# -- a month ---------------------------------------------------------------------------------------


@_jit
def _come(t: Tables, r: Rows, w: Work, month: int, first: int, lanes: int) -> None:
    """Find out who is referred to each team, from wherever they come."""
    providers, services = t.share.shape
    last = t.passing.shape[1] - 1
    for provider in range(providers):
        for service in range(services):
            team, node = w.team[provider, service], t.service[service]
            outside = r.outside[month, service, first : first + lanes]
            share = t.share[provider, service] * t.days
            _open(team, node["relapsing_stay"], outside, share, lanes)
            for stage in range(node["stages"]):
                served = w.stage[provider, service, stage]
                _end_stays(team, served, t.passing[service, stage, last], lanes)
    for place in range(len(t.path)):
        path = t.path[place]
        for provider in range(providers):
            way = w.way[provider, place]
            _travel(way, w.team[provider, path["sender"]], path, lanes)
            for there in range(providers):
                share = t.to_provider[place, provider, there]
                if share > 0.0:
                    _arrive(w.team[there, path["receiver"]], way, share, lanes)


@_jit
def _serve(t: Tables, w: Work, provider: int, service: int, lanes: int) -> None:
    """Let a team work for a month."""
    team, node = w.team[provider, service], t.service[service]
    if _ask(team, node["take_up"], t.least_variance, lanes) == 0:
        _rest(team, lanes)
        return
    last = t.passing.shape[1] - 1
    at_once = t.entering[service, last]
    _look(team, lanes)
    _age(t, node, team, lanes)
    for _ in range(2):  # starts follow from the people present after the step, and they from it
        _spread(t, node, team, at_once, lanes)
        _queue(team, t.days, lanes)
    _close(team, at_once, t.days, lanes)
    for stage in range(node["stages"] - 1, -1, -1):  # nobody goes back to an earlier one
        served = w.stage[provider, service, stage]
        _stay(served, t.passing[service, stage, stage], team, t.entering[service, stage], lanes)
        for earlier in range(stage):
            before = w.stage[provider, service, earlier]
            _pass(served, before, t.passing[service, earlier, stage], lanes)
    _weigh(team, node["harm"], t.certain, lanes)
    for need in range(node["needs"]):
        _need(team, t.need_share[service, need], t.against[service, need], lanes)
    _succeed(team, node["relapse"], lanes)


@_jit
def _count(counts: Floats, team: Any, mean_stay: float, first: int, lanes: int) -> None:
    """Give back what a team has done in a month."""
    last = first + lanes
    for lane in range(lanes):
        counts[_DECLINED, first + lane] = team["referred"][lane] - team["asked"][lane]
        counts[_SERVICE_DAYS, first + lane] = team["completed"][lane] * mean_stay
    _copy(counts[_REFERRED, first:last], team["referred"], lanes)
    _copy(counts[_STARTED, first:last], team["started"], lanes)
    _copy(counts[_COMPLETED, first:last], team["completed"], lanes)
    _copy(counts[_GOOD_OUTCOMES, first:last], team["good_outcomes"], lanes)
    _copy(counts[_DROPPED_OUT, first:last], team["left"], lanes)
    _copy(counts[_RETURNED, first:last], team["returned"], lanes)
    _copy(counts[_WAIT_DAYS, first:last], team["wait_days"], lanes)
    _copy(counts[_HANDOVERS_DUE, first:last], team["handovers_due"], lanes)
    _copy(counts[_HANDOVERS_MADE, first:last], team["handovers_made"], lanes)


@_jit
def _month(t: Tables, r: Rows, w: Work, counts: Floats, month: int, first: int, lanes: int) -> None:
    providers, services = t.share.shape
    _come(t, r, w, month, first, lanes)
    for provider in range(providers):
        for service in range(services):
            places = r.places[month, provider, service, first : first + lanes]
            _copy(w.team[provider, service]["places"], places, lanes)
            _serve(t, w, provider, service, lanes)
    for place in range(len(t.path)):
        path = t.path[place]
        for provider in range(providers):
            team = w.team[provider, path["sender"]]
            _hand_over(w.way[provider, place], team, path, lanes)
    for provider in range(providers):
        for service in range(services):
            mean_stay = t.service[service]["mean_stay"]
            _count(counts[provider, service], w.team[provider, service], mean_stay, first, lanes)


# -- rows in and out -------------------------------------------------------------------------------


@_jit
def _copy(there: Floats, here: Floats, lanes: int) -> None:
    for lane in range(lanes):
        there[lane] = here[lane]


@_jit
def _take_in(r: Rows, w: Work, first: int, lanes: int) -> None:
    last = first + lanes
    providers, services, stages = w.stage.shape[:3]
    for provider in range(providers):
        for service in range(services):
            team = w.team[provider, service]
            _copy(team["present"], r.present[provider, service, first:last], lanes)
            _copy(team["variance"], r.variance[provider, service, first:last], lanes)
            _copy(team["waited"], r.waited[provider, service, first:last], lanes)
            _copy(team["relapsing"], r.relapsing[provider, service, first:last], lanes)
            _copy(team["practice"], r.practice[provider, service, first:last], lanes)
            for stage in range(stages):
                served = r.served[provider, service, stage, first:last]
                _copy(w.stage[provider, service, stage], served, lanes)
        for path in range(w.way.shape[1]):
            way = w.way[provider, path]
            _copy(way["success"], r.success[provider, path, first:last], lanes)
            _copy(way["arriving"], r.arriving[provider, path, first:last], lanes)
            _copy(way["coming_back"], r.coming_back[provider, path, first:last], lanes)


@_jit
def _give_back(r: Rows, w: Work, first: int, lanes: int) -> None:
    last = first + lanes
    providers, services, stages = w.stage.shape[:3]
    for provider in range(providers):
        for service in range(services):
            team = w.team[provider, service]
            _copy(r.present[provider, service, first:last], team["present"], lanes)
            _copy(r.variance[provider, service, first:last], team["variance"], lanes)
            _copy(r.waited[provider, service, first:last], team["waited"], lanes)
            _copy(r.relapsing[provider, service, first:last], team["relapsing"], lanes)
            for stage in range(stages):
                served = r.served[provider, service, stage, first:last]
                _copy(served, w.stage[provider, service, stage], lanes)
        for path in range(w.way.shape[1]):
            way = w.way[provider, path]
            _copy(r.arriving[provider, path, first:last], way["arriving"], lanes)
            _copy(r.coming_back[provider, path, first:last], way["coming_back"], lanes)


@_entry
def roll(tables: Tables, rows: Rows, work: Work, counts: Floats) -> None:
    """Roll all months of all rows.

    Args:
        tables: the services.
        rows: what differs between rows; people change into those at the end.
        work: room for the lanes.
        counts: filled, ``(months, providers, services, COLUMNS, rows)``.
    """
    every = rows.outside.shape[2]
    for first in range(0, every, LANES):
        lanes = min(LANES, every - first)
        _take_in(rows, work, first, lanes)
        for month in range(len(counts)):
            _month(tables, rows, work, counts[month], month, first, lanes)
        _give_back(rows, work, first, lanes)
