"""Timing side by side, and telling what came of it.

Timings on a laptop wander. Whatever is compared is therefore timed in turn within each round, and
ratios are taken within rounds; their median is told.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

__all__ = ["Limit", "Section", "interleaved", "ratios", "shown"]


@dataclass(frozen=True)
class Limit:
    """Something a user would feel.

    Attributes:
        what: is limited.
        found: the figure.
        bound: what it may not pass.
        at_least: whether the bound is the least, not the most.
    """

    what: str
    found: float
    bound: float
    at_least: bool = True

    @property
    def held(self) -> bool:
        """Whether it holds."""
        return self.found >= self.bound if self.at_least else self.found <= self.bound

    def __str__(self) -> str:
        side = "at least" if self.at_least else "at most"
        return (
            f"{self.what}: {shown(self.found)}, {side} {shown(self.bound)}"
            f"{'' if self.held else ' - MISSED'}"
        )


@dataclass(frozen=True)
class Section:
    """One part of the benchmark: what was done, a table, limits."""

    title: str
    about: str
    header: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    limits: Sequence[Limit] = ()
    notes: Sequence[str] = ()


def interleaved(tasks: Mapping[str, Callable[[], float]], rounds: int) -> dict[str, list[float]]:
    """Run every task once a round, and return what each returned (seconds), by name."""
    found: dict[str, list[float]] = {name: [] for name in tasks}
    for _ in range(rounds):
        for name, task in tasks.items():
            found[name].append(task())
    return found


def ratios(slow: Sequence[float], fast: Sequence[float]) -> tuple[float, float, float]:
    """Return the median, least and greatest ratio over rounds."""
    each = [a / b for a, b in zip(slow, fast, strict=True)]
    return statistics.median(each), min(each), max(each)


def shown(value: float) -> str:
    """Return a figure with three digits that count."""
    if value == 0 or abs(value) >= 99.95:
        return f"{value:,.0f}"
    return f"{value:.3g}"
