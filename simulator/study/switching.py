"""How wrong before the answer changes: the value of one number at which a measure meets a bound.

A root is bracketed between the ends of a range and found over the same futures at every trial
(Chandrupatla's method, by SciPy, for all numbers in step). Over a finite number of futures a
measure moves in small steps, so a root is told with its uncertainty: the Monte Carlo error of the
measure there, divided by its slope.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from simulator.scenario.ranges import Range, written_like
from simulator.study.estimate import Estimate
from simulator.study.points import Answer, Refused, Settings

__all__ = ["Switch", "switching_points", "switching_values"]

_CLOSE = 1e-3  # of the range: no closer than anybody writes a number
_MOST_TRIALS = 16
_SIDE = 0.05  # of the range: over less a slope would be that of single steps
Ask = Callable[[Sequence[Settings]], Mapping[Settings, Answer]]


@dataclass(frozen=True)
class Switch:
    """The switching value of one number.

    Attributes:
        input: the number and its range.
        low: the measure at the low end, or why that cannot be lived.
        high: the measure at the high end.
        at: the value at which the measure meets the bound, in the unit the number is written in;
            of whole numbers the first beyond; None where there is none in the range.
        error: how far that may be off, one Monte Carlo error; None for whole numbers.
        rises: whether the measure is above the bound beyond that value.
        problem: why a trial in between could not be lived; empty where all could.
        is_close: whether an end is too close to the bound to say that there is no value between.
    """

    input: Range
    low: Estimate | Refused
    high: Estimate | Refused
    at: float | None = None
    error: float | None = None
    rises: bool = False
    problem: str = ""
    is_close: bool = False


def switching_points(ranges: Sequence[Range]) -> list[Settings]:
    """Return the points that tell which ranges hold a switching value: both ends of each."""
    return [((each.path, end),) for each in ranges for end in (each.low, each.high)]


def switching_values(
    ranges: Sequence[Range], bound: float, ask: Ask, place: int, whole: Collection[str] = ()
) -> list[Switch]:
    """Find where a measure meets a bound, one number at a time, all else at its central value.

    Args:
        ranges: the numbers.
        bound: what the measure is to meet.
        ask: returns what points come to.
        place: which of the measures.
        whole: paths of the numbers that may only be whole.
    """
    answers = ask(switching_points(ranges))

    def at(each: Range, end: str) -> Estimate | Refused:
        answer = answers[((each.path, end),)]
        return answer if isinstance(answer, Refused) else answer[place]

    switches = [Switch(each, at(each, each.low), at(each, each.high)) for each in ranges]
    switches = [replace(each, is_close=_is_close(each, bound)) for each in switches]
    held = [place for place, each in enumerate(switches) if _holds(each, bound)]
    if held:
        found = _roots([switches[place] for place in held], bound, ask, place, whole)
        for where, switch in zip(held, found, strict=True):
            switches[where] = switch
    return switches


def _holds(switch: Switch, bound: float) -> bool:
    """Tell whether a measure passes the bound between the ends of a range."""
    low, high = switch.low, switch.high
    if isinstance(low, Refused) or isinstance(high, Refused):
        return False
    left, right = switch.input.ends
    return left < right and (low.value - bound) * (high.value - bound) <= 0 < abs(
        high.value - low.value
    )


def _is_close(switch: Switch, bound: float) -> bool:
    ends = [each for each in (switch.low, switch.high) if isinstance(each, Estimate)]
    return any(each.value != bound and not each.is_apart_from(bound) for each in ends)


def _roots(
    switches: Sequence[Switch], bound: float, ask: Ask, place: int, whole: Collection[str]
) -> list[Switch]:
    from scipy.optimize import elementwise  # slow to import

    tried: list[dict[float, Estimate]] = []
    for switch in switches:
        ends = zip(switch.input.ends, (switch.low, switch.high), strict=True)
        tried.append({x: found for x, found in ends if isinstance(found, Estimate)})
    problems = [""] * len(switches)

    left, right = np.array([switch.input.ends for switch in switches]).T

    def trial(index: int, share: float) -> float:
        """Return the value at a share of the way from the low end to the high one."""
        x = float(left[index] + share * (right[index] - left[index]))
        return float(round(x)) if switches[index].input.path in whole else x

    def point(index: int, x: float) -> Settings:
        each = switches[index].input
        return ((each.path, written_like(each.value, x)),)

    def measure(share: Any, index: Any) -> npt.NDArray[np.float64]:
        pairs = zip(index.ravel().tolist(), share.ravel().tolist(), strict=True)
        trials = [(i, trial(i, each)) for i, each in pairs]
        new = [(i, x) for i, x in trials if x not in tried[i] and not problems[i]]
        answers = ask([point(i, x) for i, x in new])
        for i, x in new:
            answer = answers[point(i, x)]
            if isinstance(answer, Refused):
                problems[i] = f"{written_like(switches[i].input.value, x)}: {answer.problem}"
            else:
                tried[i][x] = answer[place]
        values = [tried[i][x].value - bound if x in tried[i] else np.nan for i, x in trials]
        return np.array(values, dtype=np.float64).reshape(share.shape)

    index = np.arange(len(switches))
    is_whole = np.array([switch.input.path in whole for switch in switches])
    roots = np.zeros(len(switches))
    others = index[~is_whole]
    if len(others):
        find_root: Any = elementwise.find_root
        found = find_root(
            measure,
            (np.zeros(len(others)), np.ones(len(others))),
            args=(others,),
            tolerances={"xatol": _CLOSE, "xrtol": 0.0, "fatol": 0.0, "frtol": 0.0},
            maxiter=_MOST_TRIALS,
        )
        roots[others] = found.x
    # of a whole number: halve until its neighbours lie on either side
    near = np.array([left, right])
    while (open_ := is_whole & (near[1] - near[0] > 1)).any():
        middle = np.floor(near.mean(axis=0))
        shares = (middle - left) / (right - left)
        signs = measure(shares[open_], index[open_])
        rises = np.array([_rises(switch) for switch in switches])[open_]
        beyond = np.where(rises, signs > 0, signs < 0)
        where = np.flatnonzero(open_)
        near[1, where[beyond]] = middle[where[beyond]]
        near[0, where[~beyond]] = middle[where[~beyond]]
    # of any other: two points at its sides, for the slope there
    beside = [np.clip(roots + step, 0.0, 1.0) for step in (-_SIDE, _SIDE)]
    for shares in beside:
        measure(shares[others], others)
    return [
        _told(
            switch,
            tried[i],
            problems[i],
            near[1, i] if is_whole[i] else trial(i, float(roots[i])),
            [trial(i, float(shares[i])) for shares in beside],
            bool(is_whole[i]),
        )
        for i, switch in enumerate(switches)
    ]


def _rises(switch: Switch) -> bool:
    first, last = switch.low, switch.high
    return isinstance(first, Estimate) and isinstance(last, Estimate) and last.value > first.value


def _told(
    switch: Switch,
    tried: Mapping[float, Estimate],
    problem: str,
    at: float,
    beside: Sequence[float],
    is_whole: bool,
) -> Switch:
    if problem:
        return replace(switch, problem=problem)
    if is_whole:
        return replace(switch, at=float(at), rises=_rises(switch))
    return replace(switch, at=at, error=_error(tried, at, beside), rises=_rises(switch))


def _error(tried: Mapping[float, Estimate], at: float, beside: Sequence[float]) -> float | None:
    """Return the Monte Carlo error of a root: that of the measure over its slope across it."""
    error = tried[min(tried, key=lambda x: abs(x - at))].error
    left, right = beside
    if error is None or left not in tried or right not in tried:
        return None
    slope = abs(tried[right].value - tried[left].value) / (right - left)
    return error / slope if slope else None
