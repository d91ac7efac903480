"""A figure over futures with its Monte Carlo error, for any statistic and any difference.

What is made of sums (means, ratios, chances) has its error from a jackknife: futures are dealt into
groups, the statistic is worked out with each group left out, and how far it moves tells its error.
With at most 400 futures each is a group, and the error of a mean is the usual standard error. What
is made of ranks (percentiles, means of a tail) has it from a bootstrap: futures are drawn again
with replacement, always the same ones for the same number of futures. (Efron and Tibshirani, "An
Introduction to the Bootstrap", 1993, chapters 6 and 11.)

An estimate carries its deviations, not only their size. Differences of figures over the same
futures keep their pairing, so their error is that of the paired difference.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

__all__ = ["Estimate", "Statistic", "estimated", "reach"]

Values = npt.NDArray[np.float64]
_GROUPS = 400
_DRAWS = 200  # the error of a bootstrap error is then about 5%
_SEED = 0x616C6C69  # of the draws; any number will do
_SEEN = 10  # futures beyond a percentile before anything is claimed of it


@dataclass(frozen=True)
class Statistic:
    """Something worked out from columns over futures.

    Attributes:
        of: takes columns, shape ``(columns, futures)``.
        words: what it is called.
        tail: share of the futures that lie beyond it, for percentiles and tails; 0 for what is
            made of sums.
        is_chance: whether it is a share of futures.
    """

    of: Callable[[Values], float]
    words: str
    tail: float = 0.0
    is_chance: bool = False


@dataclass(frozen=True)
class Estimate:
    """One figure.

    Attributes:
        value: over all futures.
        deviations: their squares sum to the square of the error; empty for one future.
        freedom: degrees of freedom of that error.
        unseen: added to the error of a chance for what has not occurred in so few futures.
        can_claim: whether there are enough futures to claim anything of it.
    """

    value: float
    deviations: Values
    freedom: int
    unseen: float = 0.0
    can_claim: bool = True

    def __sub__(self, other: Estimate) -> Estimate:
        """Return the difference over the same futures."""
        return Estimate(
            self.value - other.value,
            self.deviations - other.deviations,
            min(self.freedom, other.freedom),
            max(self.unseen, other.unseen),
            self.can_claim and other.can_claim,
        )

    @property
    def error(self) -> float | None:
        """The Monte Carlo error: standard error of the figure; None for one future."""
        if not len(self.deviations):
            return None
        return math.sqrt(float((self.deviations * self.deviations).sum()) + self.unseen**2)

    def is_apart_from(self, bound: float, among: int = 1) -> bool:
        """Tell whether the figure is clearly another than a bound.

        Args:
            bound: a number.
            among: how many such claims are made side by side; together they hold with 95%
                confidence (Bonferroni).
        """
        error = self.error
        if error is None or not self.can_claim:
            return False
        return abs(self.value - bound) > reach(self.freedom, among) * error


def estimated(columns: Values, statistic: Statistic) -> Estimate:
    """Return a statistic over futures.

    Args:
        columns: shape ``(columns, futures)``.
        statistic: of such columns.
    """
    futures = columns.shape[1]
    value = statistic.of(columns)
    if futures < 2:
        return Estimate(value, np.zeros(0), 0, can_claim=False)
    if statistic.tail:
        found = np.array([statistic.of(columns[:, drawn]) for drawn in _drawn(futures)])
        scale = 1.0 / math.sqrt(_DRAWS - 1)
        freedom = futures - 1
    else:
        freedom = min(_GROUPS, futures) - 1
        dealt = np.arange(futures) % (freedom + 1)
        found = np.array([statistic.of(columns[:, dealt != group]) for group in range(freedom + 1)])
        scale = math.sqrt(freedom / (freedom + 1))
    # of an event that was not seen in n futures, four may still hide: about the exact bounds
    unseen = 2.0 / futures if statistic.is_chance else 0.0
    enough = not statistic.tail or statistic.tail * futures >= _SEEN - 1e-9
    return Estimate(value, (found - found.mean()) * scale, freedom, unseen, enough)


@cache
def _drawn(futures: int) -> npt.NDArray[np.int64]:
    """Return which futures are drawn again each time, shape ``(draws, futures)``."""
    generator = np.random.Generator(np.random.Philox(_SEED))
    return generator.integers(0, futures, (_DRAWS, futures))


def reach(freedom: int, among: int = 1) -> float:
    """Return how many errors a figure may be off, with 95% confidence over all claims."""
    from scipy.special import stdtrit  # slow to import

    return float(stdtrit(freedom, 1.0 - 0.025 / max(1, among)))
