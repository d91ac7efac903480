"""The months of a plan, compiled.

The same as ``Staffing.by_month``, ``places_at`` and ``Expectation._step``, which are to be read
first; the tests hold them together.

Rows (futures, profiles of levers) know nothing of each other. A processor works on several numbers
at once, so rows lie side by side: as many as there are lanes are taken in, live all their months
while they are in its cache, and are given back. Every loop over lanes is short and straight: no
call, no branch, one record of lanes or two. Then the compiler turns it into instructions on four
or eight rows at a time. What it cannot turn is a call of the C library, and a month of a team would
have eight; so the exponential and the tail of the normal distribution are written out. They are
sums, products and quotients only, without fastmath: a row has the same bits beside any other row,
and on any processor.

Quotients take several times as long as products, and a processor's lanes wait for them: what is
divided by the same number is multiplied by one over it.

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

__all__ = [
    "COLUMNS",
    "LANES",
    "PATH",
    "SERVICE",
    "TEAM",
    "WAY",
    "Floats",
    "Posts",
    "Rows",
    "Tables",
    "Whereabouts",
    "Work",
    "entry",
    "jit",
    "roll",
]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Records = npt.NDArray[np.void]

_Function = TypeVar("_Function", bound=Callable[..., Any])

# As in the engine's kernel: no fastmath, the bits are part of the result; no reference counts on
# arrays, nothing is allocated here.
_OPTIONS: dict[str, Any] = {"error_model": "numpy", "_nrt": False}


def entry(function: _Function) -> _Function:
    """Compile what Python calls; the code with all it calls is kept for the next process."""
    try:
        return cast(_Function, numba.njit(cache=True, **_OPTIONS)(function))
    except RuntimeError:  # there is no folder it could be kept in: each process compiles anew
        return cast(_Function, numba.njit(**_OPTIONS)(function))


def jit(function: _Function) -> _Function:
    """Compile what compiled code calls."""
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
    "turned_away",
    "anyway",
    "worker_years",
)
"""What can be counted."""
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
    _TURNED_AWAY,
    _ANYWAY,
    _WORKER_YEARS,
) = range(len(COLUMNS))


def _lanes(*names: str) -> np.dtype[np.void]:
    return np.dtype([(name, np.float64, (LANES,)) for name in names])


SERVICE = np.dtype(
    [
        ("stages", np.int64),  # of a stay
        ("needs", np.int64),
        ("screens", np.int64),  # 1 where providers can turn people away
        *(
            (name, np.float64)
            for name in (
                "take_up",
                "mean_stay",  # days
                "variation",  # of stays, squared
                "leaving",  # hazard on the first day of a wait
                "rise",  # of that hazard, a day
                "harm",  # of a day's wait, in log-odds
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
    "in_post",
    # of the levers: factor on the odds against a good outcome; part of those after which people
    # come back; factor on the caseworkers planned
    "practice",
    "lapsing",
    "staffing",
    # of who asks: mean stay over that of the service, and one over it; part of those who start in
    # the step who complete in it. Where nobody is turned away they stay as they are
    "stretch",
    "pace",
    "at_once",
    # where people are turned away: which part of those referred; of a month, how many, and how many
    # come instead whom others turn away
    "turning",
    "turned_away",
    "taken",
    # of a month; some as in COLUMNS
    "posts",
    "places",
    "referred",
    "returned",
    "still_relapsing",
    "asked",
    "in_service",
    "ended",  # completions of those who were in service when it began
    "ageing",  # hazard of leaving, given how long people have waited
    "before",  # waiting when it began
    "after",  # waiting at its end
    "over",  # chance that all places are taken when it begins
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
WAY = _lanes("success", "arriving", "coming_back", "arrived", "still_arriving", "still_coming_back")
"""What passes by a path from one provider."""


class Tables(NamedTuple):
    """The services, the same for all rows."""

    service: Records  # (services,)
    path: Records  # (paths,)
    share: Floats  # of referrals from outside, (providers, services)
    to_provider: Floats  # of those handed over, (paths, from providers, to providers)
    elsewhere: Floats  # of those turned away, (from providers, to providers, services)
    need_share: Floats  # (services, needs), as are the next two
    need_stay: Floats  # mean stay over that of the service
    need_anyway: Floats  # chance that a good outcome would have come without the service
    against: Floats  # odds against a good outcome, (services, needs)
    passing: Floats  # from each stage to each in a step, (services, stages + 1, stages + 1)
    entering: Floats  # where those are who start in a step, (services, stages + 1)
    caseload: Floats  # (services,)
    hair: float  # added to places before they are rounded down
    days: float  # of a step
    least_variance: float
    nobody: float  # people a day who are left over by rounding
    fastest: float  # hazard of leaving a line, a day
    certain: float  # log-odds that leave no chance


class Rows(NamedTuple):
    """What differs between rows, the last axis of each."""

    practice: Floats  # factor on odds against a good outcome, (providers, services, rows)
    lapsing: Floats  # part of good outcomes after which people come back, same shape
    turned: Floats  # chance of being turned away, (providers, services, needs, rows), or empty
    success: Floats  # of hand-overs, (providers, paths, rows)
    outside: Floats  # referrals a day, (months, services, rows)
    staffing: Floats  # factor on the caseworkers planned, (providers, rows)


class Whereabouts(NamedTuple):
    """Where people are, the last axis of each being rows.

    Where there are fewer than there are rows, they stand for all, over and over.
    """

    present: Floats  # (providers, services, rows), as are those without a word on it
    variance: Floats
    served: Floats  # (providers, services, stages, rows)
    waited: Floats
    arriving: Floats  # (providers, paths, rows), as is the next
    coming_back: Floats
    relapsing: Floats


class Posts(NamedTuple):
    """Caseworkers, as in ``staffing.Staffing``."""

    planned: Floats  # (months, providers, services, rows), or with one row for all
    there: Floats  # (providers, services, rows), as many rows as people have before
    left: float
    within: float
    years: Floats  # length of each month, (months,)


class Work(NamedTuple):
    """Space for the lanes."""

    team: Records  # (providers, services)
    way: Records  # (providers, paths)
    stage: Floats  # (providers, services, stages, lanes)
    turned: Floats  # as of the rows, or empty
    mix: Floats  # of needs among those who ask, same shape
    asking: Floats  # for one team at a time, (needs, lanes)
    passed: Floats  # chance of passing so many stages in a step, as of stage
    beyond: Floats  # chance of passing more than so many
    outside: Floats  # referrals a day in a month, (services, lanes)
    source: Integers  # which row tells where the people of each lane are before, (lanes,)
    works: Integers  # in how many lanes a team has anybody in a month, (providers, services)
    counts: Floats  # (periods, providers, services, columns, lanes)


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
_LEAST = 1e-300  # one over much less is infinite
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


@jit
def _open(team: Any, relapsing_stay: float, outside: Floats, share: float, lanes: int) -> None:
    """Refer from outside and after relapses."""
    for lane in range(lanes):
        stay = team["relapsing"][lane] * relapsing_stay
        team["returned"][lane] = team["relapsing"][lane] - stay
        team["still_relapsing"][lane] = stay
        team["in_service"][lane] = 0.0
        team["ended"][lane] = 0.0
        team["handovers_due"][lane] = 0.0
        team["handovers_made"][lane] = 0.0
    for lane in range(lanes):
        team["referred"][lane] = outside[lane] * share


@jit
def _end_stays(team: Any, served: Floats, ending: float, lanes: int) -> None:
    """Count who is in a stage of service, and who of them ends the stay within the step."""
    for lane in range(lanes):
        team["in_service"][lane] += served[lane]
        team["ended"][lane] += served[lane] * ending


@jit
def _travel(way: Any, team: Any, path: Any, lanes: int) -> None:
    """Let those arrive who are on the way: of before, and of those who complete in the step."""
    share, late = path["share"], path["late"]
    arriving_stay, coming_back_stay = path["arriving_stay"], path["coming_back_stay"]
    for lane in range(lanes):
        soon = team["ended"][lane] * share * way["success"][lane]
        stay = way["arriving"][lane] * arriving_stay + soon * late
        way["arrived"][lane] = way["arriving"][lane] - stay + soon
        # who is made to go is added when the month is over
        way["still_arriving"][lane] = stay - soon
        stay = way["coming_back"][lane] * coming_back_stay
        team["returned"][lane] += way["coming_back"][lane] - stay
        way["still_coming_back"][lane] = stay


@jit
def _arrive(team: Any, way: Any, share: float, lanes: int) -> None:
    for lane in range(lanes):
        team["referred"][lane] += way["arrived"][lane] * share


@jit
def _turn_away(team: Any, lanes: int) -> None:
    for lane in range(lanes):
        own = team["referred"][lane] + team["returned"][lane]
        team["turned_away"][lane] = own * team["turning"][lane]
        team["taken"][lane] = 0.0


@jit
def _take(team: Any, other: Any, going: float, lanes: int) -> None:
    """Take those whom another provider turns away, or a part of them."""
    for lane in range(lanes):
        team["taken"][lane] += other["turned_away"][lane] * going


@jit
def _accept(asking: Floats, team: Any, turned: Floats, share: float, lanes: int) -> None:
    """Let those of a need ask who are not turned away, by its share of those referred."""
    for lane in range(lanes):
        own = (team["referred"][lane] + team["returned"][lane]) * share
        asking[lane] = own - own * turned[lane]


@jit
def _accept_of(asking: Floats, other: Any, turned: Floats, share: float, lanes: int) -> None:
    """Let those of a need ask whom another provider turns away, or a part of them."""
    for lane in range(lanes):
        asking[lane] += (other["referred"][lane] + other["returned"][lane]) * turned[lane] * share


@jit
def _begin_mix(team: Any, asking: Floats, lanes: int) -> None:
    """Count all who ask; not all of them will take up the offer.

    One over it stands in the place of the pace for a while, and nought where nobody moved.
    """
    for lane in range(lanes):
        team["asked"][lane] = 0.0
        team["stretch"][lane] = 0.0
    for need in range(len(asking)):
        for lane in range(lanes):
            team["asked"][lane] += asking[need, lane]
    for lane in range(lanes):
        moved = team["turned_away"][lane] + team["taken"][lane] > 0.0
        every = team["asked"][lane]
        team["pace"][lane] = 1.0 / every if moved and every > _LEAST else 0.0


@jit
def _mix(mix: Floats, team: Any, asking: Floats, share: float, stay: float, lanes: int) -> None:
    """Say which part of those who ask is of a need; that of all referred where nobody moved."""
    for lane in range(lanes):
        a_person = team["pace"][lane]
        part = asking[lane] * a_person if a_person > 0.0 else share
        mix[lane] = part
        team["stretch"][lane] += part * stay


@jit
def _end_mix(team: Any, lanes: int) -> None:
    for lane in range(lanes):
        stretch = team["stretch"][lane] if team["pace"][lane] > 0.0 else 1.0
        team["stretch"][lane] = stretch
        team["pace"][lane] = 1.0 / stretch


@jit
def _exchange(team: Any, lanes: int) -> None:
    """Refer only those who are taken."""
    for lane in range(lanes):
        gone, taken = team["turned_away"][lane], team["taken"][lane]
        team["referred"][lane] = team["referred"][lane] - gone + taken


@jit
def _ask(team: Any, take_up: float, least_variance: float, lanes: int) -> int:
    """Let those referred accept; return in how many lanes there is anybody."""
    some = 0
    for lane in range(lanes):
        referred = team["referred"][lane] + team["returned"][lane]
        team["referred"][lane] = referred
        team["asked"][lane] = referred * take_up
        here = team["present"][lane] + team["ended"][lane] + team["turned_away"][lane]
        some += (referred > 0.0) | (here > 0.0) | (team["variance"][lane] > least_variance)
    return some


@jit
def _rest(team: Any, lanes: int) -> None:
    """Pass a month in which nobody comes to a team that has nobody."""
    for lane in range(lanes):
        team["relapsing"][lane] = team["still_relapsing"][lane]
        team["left"][lane] = 0.0
        team["started"][lane] = 0.0
        team["completed"][lane] = 0.0
        team["wait_days"][lane] = 0.0
        team["good_outcomes"][lane] = 0.0


@jit
def _look(team: Any, lanes: int) -> None:
    """Say how many wait when the month begins."""
    for lane in range(lanes):
        waiting, over = _waiting(
            team["present"][lane], team["variance"][lane], team["places"][lane]
        )
        team["before"][lane] = waiting
        team["over"][lane] = over


@jit
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


@jit
def _spread(t: Tables, node: Any, team: Any, lanes: int) -> None:
    """Say who is present after the step, if so many start as are guessed: mean and variance."""
    days, least = t.days, t.least_variance
    rate, variation = 1.0 / node["mean_stay"], node["variation"]
    for lane in range(lanes):
        asked, left, over = team["asked"][lane], team["left"][lane], team["over"][lane]
        completed = team["ended"][lane] + team["started"][lane] * team["at_once"][lane]
        team["completed"][lane] = completed
        team["present_after"][lane] = max(0.0, team["present"][lane] + asked - completed - left)
        flow = asked + completed * (1.0 - over + over * variation) + left
        drain = rate * team["pace"][lane] * (1.0 - over) + team["ageing"][lane] * over
        variance = (team["variance"][lane] + flow) / (1.0 + 2.0 * days * drain)
        team["variance_after"][lane] = max(variance, least)


@jit
def _queue(team: Any, days: float, lanes: int) -> None:
    """Say who waits after the step, and who has left and started by then."""
    for lane in range(lanes):
        present = team["present_after"][lane]
        after, _ = _waiting(present, team["variance_after"][lane], team["places"][lane])
        team["after"][lane] = after
        team["left"][lane] = team["ageing"][lane] * 0.5 * (team["before"][lane] + after) * days
        serving = present - after
        team["started"][lane] = max(
            0.0, serving - team["in_service"][lane] + team["completed"][lane]
        )


@jit
def _close(team: Any, days: float, lanes: int) -> None:
    """Say who is there at the end, and how long those had waited who complete."""
    for lane in range(lanes):
        started, left, in_service = (
            team["started"][lane],
            team["left"][lane],
            team["in_service"][lane],
        )
        completed = team["ended"][lane] + started * team["at_once"][lane]
        present = team["present"][lane] + team["asked"][lane] - completed - left
        queue = 0.5 * (team["before"][lane] + team["after"][lane]) * days
        each = 1.0 / started if started > _LEAST else 0.0
        waited = max(0.0, queue - 0.5 * (queue * each) * left)
        new = waited * each
        of_served = team["waited"][lane] / in_service if in_service > 0.0 else new
        team["waited"][lane] = max(0.0, team["waited"][lane] + waited - of_served * completed)
        team["present"][lane] = max(0.0, present)
        team["variance"][lane] = team["variance_after"][lane]
        team["completed"][lane] = completed
        team["wait_days"][lane] = waited
        team["wait"][lane] = of_served


@jit
def _stay(served: Floats, staying: float, team: Any, entering: float, lanes: int) -> None:
    """Keep who stays in a stage, and let those into it who start."""
    for lane in range(lanes):
        served[lane] = served[lane] * staying + team["started"][lane] * entering


@jit
def _pass(served: Floats, earlier: Floats, passing: float, lanes: int) -> None:
    for lane in range(lanes):
        served[lane] += earlier[lane] * passing


@jit
def _number_stages(
    passed: Floats,
    beyond: Floats,
    team: Any,
    stages: int,
    a_step: float,
    usual: float,
    lanes: int,
) -> None:
    """Say how many stages are passed in a step at the team's pace, and who passes all at once.

    Where the pace is that of the mean stay, what is usual is kept, to the bit.
    """
    pace, a_stage = team["pace"], 1.0 / a_step
    for lane in range(lanes):
        chance = _exp(max(-pace[lane] * a_step, _LEAST_LOG))
        passed[0, lane] = chance
        beyond[0, lane] = 1.0 - chance
        team["at_once"][lane] = 1.0
    for number in range(1, stages):
        for lane in range(lanes):
            chance = passed[number - 1, lane] * (pace[lane] * a_step) / number
            passed[number, lane] = chance
            beyond[number, lane] = max(0.0, beyond[number - 1, lane] - chance)
    for number in range(stages):
        for lane in range(lanes):
            team["at_once"][lane] -= beyond[number, lane] * (team["stretch"][lane] * a_stage)
    for lane in range(lanes):
        at_once = max(0.0, team["at_once"][lane])
        team["at_once"][lane] = usual if pace[lane] == 1.0 else at_once


@jit
def _end_stays_at_pace(team: Any, served: Floats, usual: float, ending: Floats, lanes: int) -> None:
    for lane in range(lanes):
        part = usual if team["pace"][lane] == 1.0 else ending[lane]
        team["in_service"][lane] += served[lane]
        team["ended"][lane] += served[lane] * part


@jit
def _stay_at_pace(
    served: Floats,
    staying: float,
    team: Any,
    entering: float,
    passed: Floats,
    beyond: Floats,
    a_stage: float,
    lanes: int,
) -> None:
    for lane in range(lanes):
        pace = team["pace"][lane]
        usual = pace == 1.0
        stay = staying if usual else passed[lane]
        enter = entering if usual else beyond[lane] * (team["stretch"][lane] * a_stage)
        served[lane] = served[lane] * stay + team["started"][lane] * enter


@jit
def _pass_at_pace(
    served: Floats, earlier: Floats, team: Any, passing: float, passed: Floats, lanes: int
) -> None:
    for lane in range(lanes):
        part = passing if team["pace"][lane] == 1.0 else passed[lane]
        served[lane] += earlier[lane] * part


@jit
def _weigh(team: Any, harm: float, certain: float, lanes: int) -> None:
    """Turn waits into a factor on the odds against a good outcome."""
    for lane in range(lanes):
        lost = min(harm * team["wait"][lane], certain)
        team["wait"][lane] = team["practice"][lane] * _exp(lost)
        team["good_outcomes"][lane] = 0.0


@jit
def _need(team: Any, share: float, against: float, lanes: int) -> None:
    for lane in range(lanes):
        team["good_outcomes"][lane] += share / (1.0 + against * team["wait"][lane])


@jit
def _need_of_mix(team: Any, mix: Floats, against: float, lanes: int) -> None:
    for lane in range(lanes):
        team["good_outcomes"][lane] += mix[lane] / (1.0 + against * team["wait"][lane])


@jit
def _succeed(team: Any, lanes: int) -> None:
    for lane in range(lanes):
        good = team["good_outcomes"][lane] * team["completed"][lane]
        team["good_outcomes"][lane] = good
        team["relapsing"][lane] = team["still_relapsing"][lane] + team["lapsing"][lane] * good


@jit
def _hand_over(way: Any, team: Any, path: Any, lanes: int) -> None:
    share, returns = path["share"], path["returns"]
    for lane in range(lanes):
        due = team["completed"][lane] * share
        made = due * way["success"][lane]
        team["handovers_due"][lane] += due
        team["handovers_made"][lane] += made
        way["arriving"][lane] = way["still_arriving"][lane] + made
        way["coming_back"][lane] = way["still_coming_back"][lane] + (due - made) * returns


# -- a month ---------------------------------------------------------------------------------------


@jit
def _hire(team: Any, left: float, within: float, lanes: int) -> None:
    """Say who is in post over a month, where ``posts`` has those planned, and after it."""
    for lane in range(lanes):
        wanted = team["posts"][lane] * team["staffing"][lane]
        missing = team["in_post"][lane] - wanted
        team["posts"][lane] = wanted + missing * within
        team["in_post"][lane] = wanted + missing * left


@jit
def _hold(team: Any, caseload: float, hair: float, lanes: int) -> None:
    """Say how many people those in post can hold: whole ones, rounded down."""
    for lane in range(lanes):
        team["places"][lane] = np.floor(team["posts"][lane] * caseload + hair)


@jit
def _come(t: Tables, w: Work, lanes: int, paced: bool) -> None:
    """Find out who is referred to each team, from wherever they come.

    It can be done again: who is on the way changes only when the month is over.
    """
    providers, services = t.share.shape
    last = t.passing.shape[1] - 1
    for provider in range(providers):
        for service in range(services):
            team, node = w.team[provider, service], t.service[service]
            share = t.share[provider, service] * t.days
            _open(team, node["relapsing_stay"], w.outside[service], share, lanes)
            stages, beyond = node["stages"], w.beyond[provider, service]
            at_pace = paced and node["screens"] > 0
            if at_pace:
                a_step = stages * t.days / node["mean_stay"]
                usual, passed = t.entering[service, last], w.passed[provider, service]
                _number_stages(passed, beyond, team, stages, a_step, usual, lanes)
            for stage in range(stages):
                served, ending = w.stage[provider, service, stage], t.passing[service, stage, last]
                if at_pace:
                    _end_stays_at_pace(team, served, ending, beyond[stages - 1 - stage], lanes)
                else:
                    _end_stays(team, served, ending, lanes)
    for place in range(len(t.path)):
        path = t.path[place]
        for provider in range(providers):
            way = w.way[provider, place]
            _travel(way, w.team[provider, path["sender"]], path, lanes)
            for there in range(providers):
                share = t.to_provider[place, provider, there]
                if share > 0.0:
                    _arrive(w.team[there, path["receiver"]], way, share, lanes)


@jit
def _divert(t: Tables, w: Work, lanes: int) -> None:
    """Find out how many each provider turns away, and how many it takes instead of others."""
    providers, services = t.share.shape
    for service in range(services):
        if t.service[service]["screens"] == 0:
            continue
        for provider in range(providers):
            _turn_away(w.team[provider, service], lanes)
        for provider in range(providers):
            for other in range(providers):
                going = t.elsewhere[other, provider, service]
                if going > 0.0:
                    _take(w.team[provider, service], w.team[other, service], going, lanes)


@jit
def _blend(t: Tables, w: Work, lanes: int) -> None:
    """Say of which needs those are who would ask then, and what that makes of their stays."""
    providers, services = t.share.shape
    for service in range(services):
        if t.service[service]["screens"] == 0:
            continue
        for provider in range(providers):
            team = w.team[provider, service]
            for need in range(len(w.asking)):
                share, asking = t.need_share[service, need], w.asking[need]
                _accept(asking, team, w.turned[provider, service, need], share, lanes)
                for other in range(providers):
                    part = share * t.elsewhere[other, provider, service]
                    if part > 0.0:
                        turned = w.turned[other, service, need]
                        _accept_of(asking, w.team[other, service], turned, part, lanes)
            _begin_mix(team, w.asking, lanes)
            for need in range(len(w.asking)):
                share, stay = t.need_share[service, need], t.need_stay[service, need]
                mix = w.mix[provider, service, need]
                _mix(mix, team, w.asking[need], share, stay, lanes)
            _end_mix(team, lanes)


@jit
def _serve(t: Tables, w: Work, provider: int, service: int, lanes: int, paced: bool) -> None:
    """Let a team work for a month."""
    team, node = w.team[provider, service], t.service[service]
    w.works[provider, service] = _ask(team, node["take_up"], t.least_variance, lanes)
    if w.works[provider, service] == 0:
        _rest(team, lanes)
        return
    stages, at_pace = node["stages"], paced and node["screens"] > 0
    passed = w.passed[provider, service]
    a_stage = node["mean_stay"] / (stages * t.days)
    _look(team, lanes)
    _age(t, node, team, lanes)
    _spread(t, node, team, lanes)
    _queue(team, t.days, lanes)
    _close(team, t.days, lanes)
    for stage in range(stages - 1, -1, -1):  # nobody goes back to an earlier one
        served = w.stage[provider, service, stage]
        staying, entering = t.passing[service, stage, stage], t.entering[service, stage]
        if at_pace:
            beyond = w.beyond[provider, service, stage]
            _stay_at_pace(served, staying, team, entering, passed[0], beyond, a_stage, lanes)
        else:
            _stay(served, staying, team, entering, lanes)
        for earlier in range(stage):
            before = w.stage[provider, service, earlier]
            passing = t.passing[service, earlier, stage]
            if at_pace:
                _pass_at_pace(served, before, team, passing, passed[stage - earlier], lanes)
            else:
                _pass(served, before, passing, lanes)
    _weigh(team, node["harm"], t.certain, lanes)
    for need in range(node["needs"]):
        against = t.against[service, need]
        if at_pace:
            _need_of_mix(team, w.mix[provider, service, need], against, lanes)
        else:
            _need(team, t.need_share[service, need], against, lanes)
    _succeed(team, lanes)


@jit
def _count(
    t: Tables,
    w: Work,
    counts: Floats,
    places: Integers,
    provider: int,
    service: int,
    lanes: int,
    paced: bool,
) -> None:
    """Add what a team has done in a month, to the columns that have a place."""
    team, mean_stay = w.team[provider, service], t.service[service]["mean_stay"]
    if places[_REFERRED] >= 0:  # whoever is turned away was referred all the same
        _add(counts[places[_REFERRED]], team["referred"], lanes)
        _add(counts[places[_REFERRED]], team["turned_away"], lanes)
    if places[_DECLINED] >= 0:
        declined = counts[places[_DECLINED]]
        for lane in range(lanes):
            declined[lane] += team["referred"][lane] - team["asked"][lane]
    if places[_SERVICE_DAYS] >= 0:
        days = counts[places[_SERVICE_DAYS]]
        for lane in range(lanes):
            days[lane] += team["completed"][lane] * mean_stay * team["stretch"][lane]
    _add_to(counts, places[_STARTED], team["started"], lanes)
    _add_to(counts, places[_COMPLETED], team["completed"], lanes)
    _add_to(counts, places[_GOOD_OUTCOMES], team["good_outcomes"], lanes)
    _add_to(counts, places[_DROPPED_OUT], team["left"], lanes)
    _add_to(counts, places[_RETURNED], team["returned"], lanes)
    _add_to(counts, places[_WAIT_DAYS], team["wait_days"], lanes)
    _add_to(counts, places[_HANDOVERS_DUE], team["handovers_due"], lanes)
    _add_to(counts, places[_HANDOVERS_MADE], team["handovers_made"], lanes)
    _add_to(counts, places[_TURNED_AWAY], team["turned_away"], lanes)
    if places[_ANYWAY] >= 0:
        _count_anyway(t, w, counts[places[_ANYWAY]], provider, service, lanes, paced)


@jit
def _count_anyway(
    t: Tables, w: Work, total: Floats, provider: int, service: int, lanes: int, paced: bool
) -> None:
    """Add those to whom a good outcome would have come without the service."""
    team, node = w.team[provider, service], t.service[service]
    anyway = team["wait"]  # it has served its turn
    _fill(anyway, 0.0, lanes)
    for need in range(node["needs"]):
        share, chance = t.need_share[service, need], t.need_anyway[service, need]
        if paced and node["screens"] > 0:
            mix = w.mix[provider, service, need]
            for lane in range(lanes):
                anyway[lane] += mix[lane] * chance
        else:
            for lane in range(lanes):
                anyway[lane] += share * chance
    for lane in range(lanes):
        total[lane] += anyway[lane] * team["completed"][lane]


@jit
def _month(
    t: Tables,
    r: Rows,
    p: Posts,
    w: Work,
    counts: Floats,
    places: Integers,
    month: int,
    rows: Integers,
    paced: bool,
) -> None:
    """Live a month of some rows, in which people are turned away (``paced``) or not."""
    providers, services = t.share.shape
    lanes = len(rows)
    for service in range(services):
        _gather(w.outside[service], r.outside[month, service], rows)
    _come(t, w, lanes, False)
    if paced:  # who asks says how fast stays are passed, which says a little about who comes
        _divert(t, w, lanes)
        _blend(t, w, lanes)
        _come(t, w, lanes, True)
        _divert(t, w, lanes)
        for provider in range(providers):
            for service in range(services):
                if t.service[service]["screens"] > 0:
                    _exchange(w.team[provider, service], lanes)
    for provider in range(providers):
        for service in range(services):
            team, planned = w.team[provider, service], p.planned[month, provider, service]
            if len(planned) == 1:
                _fill(team["posts"], planned[0], lanes)
            else:
                _gather(team["posts"], planned, rows)
            _hire(team, p.left, p.within, lanes)
            _hold(team, t.caseload[service], t.hair, lanes)
            if places[_WORKER_YEARS] >= 0:  # also of those who have nobody to work with
                worked = counts[provider, service, places[_WORKER_YEARS]]
                _add_part(worked, team["posts"], p.years[month], lanes)
            _serve(t, w, provider, service, lanes, paced)
    for place in range(len(t.path)):
        path = t.path[place]
        for provider in range(providers):
            team = w.team[provider, path["sender"]]
            _hand_over(w.way[provider, place], team, path, lanes)
    for provider in range(providers):
        for service in range(services):
            if w.works[provider, service] > 0:
                found = counts[provider, service]
                _count(t, w, found, places, provider, service, lanes, paced)


# -- rows in and out -------------------------------------------------------------------------------


@jit
def _pick(there: Floats, here: Floats, source: Integers) -> None:
    """Take numbers from any places."""
    for lane in range(len(source)):
        there[lane] = here[source[lane]]


@jit
def _gather(there: Floats, here: Floats, rows: Integers) -> None:
    """Take numbers from rows, each beyond the one before it."""
    first, lanes = rows[0], len(rows)
    if rows[lanes - 1] - first == lanes - 1:  # one after the other
        here = here[first:]
        for lane in range(lanes):
            there[lane] = here[lane]
    else:
        for lane in range(lanes):
            there[lane] = here[rows[lane]]


@jit
def _scatter(there: Floats, here: Floats, rows: Integers) -> None:
    first, lanes = rows[0], len(rows)
    if rows[lanes - 1] - first == lanes - 1:
        there = there[first:]
        for lane in range(lanes):
            there[lane] = here[lane]
    else:
        for lane in range(lanes):
            there[rows[lane]] = here[lane]


@jit
def _add(there: Floats, here: Floats, lanes: int) -> None:
    for lane in range(lanes):
        there[lane] += here[lane]


@jit
def _add_part(there: Floats, here: Floats, part: float, lanes: int) -> None:
    for lane in range(lanes):
        there[lane] += here[lane] * part


@jit
def _add_to(counts: Floats, place: int, here: Floats, lanes: int) -> None:
    if place >= 0:
        _add(counts[place], here, lanes)


@jit
def _fill(there: Floats, value: float, lanes: int) -> None:
    for lane in range(lanes):
        there[lane] = value


@jit
def _take_in(
    t: Tables, r: Rows, people: Whereabouts, there: Floats, w: Work, rows: Integers
) -> None:
    lanes, told_of = len(rows), people.present.shape[2]
    source = w.source[:lanes]
    for lane in range(lanes):
        source[lane] = rows[lane] % told_of
    w.counts[:] = 0.0
    end = t.passing.shape[1] - 1
    providers, services, stages = w.stage.shape[:3]
    for provider in range(providers):
        for service in range(services):
            team = w.team[provider, service]
            _pick(team["present"], people.present[provider, service], source)
            _pick(team["variance"], people.variance[provider, service], source)
            _pick(team["waited"], people.waited[provider, service], source)
            _pick(team["relapsing"], people.relapsing[provider, service], source)
            _gather(team["practice"], r.practice[provider, service], rows)
            _gather(team["lapsing"], r.lapsing[provider, service], rows)
            _pick(team["in_post"], there[provider, service], source)
            _gather(team["staffing"], r.staffing[provider], rows)
            _fill(team["stretch"], 1.0, lanes)
            _fill(team["pace"], 1.0, lanes)
            _fill(team["at_once"], t.entering[service, end], lanes)
            _fill(team["turned_away"], 0.0, lanes)
            _fill(team["turning"], 0.0, lanes)
            for need in range(w.turned.shape[2]):
                turned = w.turned[provider, service, need]
                _gather(turned, r.turned[provider, service, need], rows)
                _add_part(team["turning"], turned, t.need_share[service, need], lanes)
            for stage in range(stages):
                served = people.served[provider, service, stage]
                _pick(w.stage[provider, service, stage], served, source)
        for path in range(w.way.shape[1]):
            way = w.way[provider, path]
            _gather(way["success"], r.success[provider, path], rows)
            _pick(way["arriving"], people.arriving[provider, path], source)
            _pick(way["coming_back"], people.coming_back[provider, path], source)


@jit
def _give_back(people: Whereabouts, w: Work, counts: Floats, rows: Integers) -> None:
    providers, services, stages = w.stage.shape[:3]
    for provider in range(providers):
        for service in range(services):
            team = w.team[provider, service]
            _scatter(people.present[provider, service], team["present"], rows)
            _scatter(people.variance[provider, service], team["variance"], rows)
            _scatter(people.waited[provider, service], team["waited"], rows)
            _scatter(people.relapsing[provider, service], team["relapsing"], rows)
            for stage in range(stages):
                served = people.served[provider, service, stage]
                _scatter(served, w.stage[provider, service, stage], rows)
        for path in range(w.way.shape[1]):
            way = w.way[provider, path]
            _scatter(people.arriving[provider, path], way["arriving"], rows)
            _scatter(people.coming_back[provider, path], way["coming_back"], rows)
    periods, _, _, columns, _ = w.counts.shape
    for period in range(periods):
        for provider in range(providers):
            for service in range(services):
                for column in range(columns):
                    found = w.counts[period, provider, service, column]
                    _scatter(counts[period, column, provider, service], found, rows)


@entry
def roll(
    tables: Tables,
    rows: Rows,
    posts: Posts,
    before: Whereabouts,
    after: Whereabouts,
    work: Work,
    counts: Floats,
    places: Integers,
    periods: Integers,
    open_to_all: Integers,
    selective: Integers,
) -> None:
    """Roll all months of all rows.

    Args:
        tables: the services.
        rows: what differs between rows.
        posts: caseworkers.
        before: where people are.
        after: filled with where they are at the end.
        work: space for the lanes.
        counts: filled, ``(periods, columns, providers, services, rows)``.
        places: of each of ``COLUMNS`` among these columns; below nought where it is not wanted.
        periods: in which of these each month lies.
        open_to_all: the rows in which nobody is turned away, for whom there is less to do.
        selective: the others.
    """
    for some, paced in ((open_to_all, False), (selective, True)):
        for first in range(0, len(some), LANES):
            side_by_side = some[first : first + LANES]
            _take_in(tables, rows, before, posts.there, work, side_by_side)
            for month in range(len(periods)):
                found = work.counts[periods[month]]
                _month(tables, rows, posts, work, found, places, month, side_by_side, paced)
            _give_back(after, work, counts, side_by_side)
