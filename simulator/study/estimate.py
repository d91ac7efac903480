"""A figure over futures with its Monte Carlo error, for any statistic and any difference.

The error is a grouped jackknife (Shao and Tu, "The Jackknife and Bootstrap", 1995, section 2.3):
futures are dealt into groups, the statistic is worked out with each group left out in turn, and how
far it moves tells its error. Differences of figures over the same futures keep their pairing, so
their error is that of the paired difference. Percentiles are covered, too, because groups are left
out and not single futures.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["GROUPS", "Estimate", "estimated", "reach"]

Values = npt.NDArray[np.float64]
GROUPS = 40
"""Futures are dealt into so many groups; the error of the error is then about 11%."""


@dataclass(frozen=True)
class Estimate:
    """One figure.

    Attributes:
        value: over all futures.
        without: the same with each group left out, shape ``(groups,)``; empty for one future.
    """

    value: float
    without: Values

    def __sub__(self, other: Estimate) -> Estimate:
        """Return the difference over the same futures."""
        return Estimate(self.value - other.value, self.without - other.without)

    @property
    def error(self) -> float | None:
        """The Monte Carlo error: standard error of the figure; None for one future."""
        groups = len(self.without)
        if groups < 2:
            return None
        apart = self.without - self.without.mean()
        return math.sqrt((groups - 1) / groups * float((apart * apart).sum()))

    def is_apart_from(self, bound: float, among: int = 1) -> bool:
        """Tell whether the figure is clearly another than a bound.

        Args:
            bound: a number.
            among: how many such claims are made side by side; together they hold with 95%
                confidence (Bonferroni).
        """
        error = self.error
        return error is not None and abs(self.value - bound) > reach(len(self.without), among) * (
            error
        )


def estimated(columns: Values, statistic: Callable[[Values], float]) -> Estimate:
    """Return a statistic over futures.

    Args:
        columns: shape ``(columns, futures)``.
        statistic: takes such columns.
    """
    futures = columns.shape[1]
    groups = min(GROUPS, futures)
    dealt = np.arange(futures) % groups
    without = (
        [statistic(columns[:, dealt != group]) for group in range(groups)] if groups > 1 else []
    )
    return Estimate(statistic(columns), np.array(without, dtype=np.float64))


def reach(groups: int, among: int = 1) -> float:
    """Return how many errors a figure may be off, with 95% confidence over all claims."""
    from scipy.special import stdtrit  # slow to import

    return float(stdtrit(groups - 1, 1.0 - 0.025 / max(1, among)))
