"""Where the answer changes: a measure over the values of one or two numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from simulator.scenario.ranges import Axis
from simulator.study.estimate import Estimate
from simulator.study.points import Answer, Refused, Settings

__all__ = ["Crossing", "Grid", "crossings", "grid_points", "grid_row"]


@dataclass(frozen=True)
class Crossing:
    """Where a measure passes a bound between two neighbours of a row.

    Attributes:
        x: where, by a straight line between them, in the unit of the axis.
        error: how far that may be off, one Monte Carlo error.
        rises: whether the measure is above the bound to the right.
    """

    x: float
    error: float | None
    rises: bool


@dataclass(frozen=True)
class Grid:
    """One or two axes.

    Attributes:
        across: from left to right.
        down: from top to bottom; None for a single row.
    """

    across: Axis
    down: Axis | None

    @property
    def size(self) -> int:
        """Number of points."""
        return len(self.across.texts) * (len(self.down.texts) if self.down else 1)

    def rows(self) -> Iterator[tuple[str, list[Settings]]]:
        """Yield each row's value of the second axis, empty for a single row, with its points."""
        for text in self.down.texts if self.down else ("",):
            fixed = ((self.down.path, text),) if self.down else ()
            yield text, [((self.across.path, value), *fixed) for value in self.across.texts]


def grid_points(grid: Grid) -> Iterator[Settings]:
    """Yield all points, row by row."""
    for _, points in grid.rows():
        yield from points


def grid_row(
    answers: Mapping[Settings, Answer], points: list[Settings], place: int
) -> list[Estimate | Refused]:
    """Return what a measure comes to along a row."""
    found = [answers[point] for point in points]
    return [each if isinstance(each, Refused) else each[place] for each in found]


def crossings(axis: Axis, row: list[Estimate | Refused], bound: float) -> Iterator[Crossing]:
    """Yield where a row passes a bound, from left to right."""
    values = axis.values
    for place in range(len(row) - 1):
        left, right = row[place], row[place + 1]
        if isinstance(left, Refused) or isinstance(right, Refused):
            continue
        a, b = left.value - bound, right.value - bound
        if a == b or not (a <= 0 < b or b <= 0 < a):
            continue
        width = values[place + 1] - values[place]
        share = a / (a - b)
        # the error of the line where it passes the bound, over its slope
        between = (1 - share) * left.deviations + share * right.deviations
        here = replace(left, deviations=between).error
        error = None if here is None else here * width / abs(b - a)
        yield Crossing(values[place] + share * width, error, b > a)
