"""Which inputs matter: each ranged number low and high, all else at its central value.

A swing is the largest less the smallest of what a measure comes to at the low end, the centre and
the high end of a range. All points have the same people with the same luck, so a swing is a paired
difference. Which of two inputs matters more is said only where the futures can tell.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from simulator.scenario.ranges import Range
from simulator.study.estimate import Estimate
from simulator.study.points import Answer, Refused, Settings

__all__ = ["Bar", "Tornado", "tornado", "tornado_points"]


@dataclass(frozen=True)
class Bar:
    """One input.

    Attributes:
        input: the number and its range.
        low: what the measure comes to at the low end, or why that cannot be lived.
        high: at the high end.
        swing: largest less smallest; None where neither end could be lived.
        is_clear: whether the swing is told from nought.
        ranks: the best and the worst place it may have, 1 for the largest swing; None where it is
            not clear.
    """

    input: Range
    low: Estimate | Refused
    high: Estimate | Refused
    swing: Estimate | None
    is_clear: bool
    ranks: tuple[int, int] | None


@dataclass(frozen=True)
class Tornado:
    """What moves one measure, the largest swing first.

    Attributes:
        base: the measure at the central values.
        bars: one for each ranged number.
    """

    base: Estimate
    bars: tuple[Bar, ...]


def tornado_points(ranges: Sequence[Range]) -> Iterator[Settings]:
    """Yield the points to be lived, the central one first."""
    yield ()
    for each in ranges:
        for end in (each.low, each.high):
            if end != each.value:
                yield ((each.path, end),)


def tornado(ranges: Sequence[Range], answers: Mapping[Settings, Answer], place: int) -> Tornado:
    """Return what moves a measure.

    Args:
        ranges: the ranged numbers.
        answers: what each of :func:`tornado_points` came to; the central one can be lived.
        place: which of the measures.
    """
    central = answers[()]
    if isinstance(central, Refused):
        raise ValueError(central.problem)
    base = central[place]

    def at(each: Range, end: str) -> Estimate | Refused:
        answer = central if end == each.value else answers[((each.path, end),)]
        return answer if isinstance(answer, Refused) else answer[place]

    ends = {each: (at(each, each.low), at(each, each.high)) for each in ranges}
    swings = {each: _swing([base, *found]) for each, found in ends.items()}
    order = sorted(ranges, key=lambda each: _size(swings[each]), reverse=True)
    known = {each: swing for each in order if (swing := swings[each])}
    # a swing is one of three differences, picked by what came out: each of them counts as a claim
    claims = 3 * len(known)
    clear = [each for each, swing in known.items() if swing.is_apart_from(0.0, claims)]
    return Tornado(
        base,
        tuple(
            Bar(
                each,
                *ends[each],
                swings[each],
                each in clear,
                _ranks(known, each) if each in clear else None,
            )
            for each in order
        ),
    )


def _swing(found: Sequence[Estimate | Refused]) -> Estimate | None:
    lived = [each for each in found if isinstance(each, Estimate)]
    if len(lived) < 2:
        return None
    return max(lived, key=lambda each: each.value) - min(lived, key=lambda each: each.value)


def _size(swing: Estimate | None) -> float:
    return -1.0 if swing is None else swing.value


def _ranks(swings: Mapping[Range, Estimate], each: Range) -> tuple[int, int]:
    """Return between which places a swing lies, with 95% confidence over all pairs."""
    claims = 9 * len(swings) * (len(swings) - 1) // 2  # three differences on either side
    above = below = 0
    for other, swing in swings.items():
        apart = swing - swings[each]
        if other != each and apart.is_apart_from(0.0, claims):
            above += apart.value > 0
            below += apart.value < 0
    return above + 1, len(swings) - below
