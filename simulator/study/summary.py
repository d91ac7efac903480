"""Summaries over futures: means with their Monte Carlo error, and percentiles of the spread."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

import numpy as np

from simulator.contract.statement import Array
from simulator.study.replicate import Study

__all__ = [
    "FIGURES",
    "Comparison",
    "Interval",
    "Summary",
    "compare",
    "known_within",
    "mc_error",
    "percentile_interval",
    "percentile_ranks",
    "summarise",
    "tail_mean",
]

Interval = tuple[float, float]
CONFIDENCE = 0.95
"""Of every interval that says how well a figure is known; the usual one."""
FIGURES = ("mean", "p05", "p50", "p95", "mc_error")
"""Figures of a summary that tables show."""


@dataclass(frozen=True)
class Summary:
    """One figure over all futures.

    Attributes:
        mean: over futures.
        p05: 5th percentile of the spread between futures.
        p50: median.
        p95: 95th percentile.
        mc_error: standard error of the mean from the number of futures; None for one future.
        mean_interval: where the mean lies with 95% confidence (Student's t); None for one future.
        p05_interval: where the 5th percentile lies with at least 95% confidence, between two
            values that occurred; None where there are too few futures to say.
        p50_interval: the same of the median.
        p95_interval: the same of the 95th percentile.
    """

    mean: float
    p05: float
    p50: float
    p95: float
    mc_error: float | None
    mean_interval: Interval | None
    p05_interval: Interval | None
    p50_interval: Interval | None
    p95_interval: Interval | None

    def as_dict(self) -> dict[str, float | None]:
        """Return the figures by name."""
        return {name: getattr(self, name) for name in FIGURES}

    def intervals(self) -> dict[str, Interval | None]:
        """Return by name where the figures lie, with 95% confidence."""
        return {name: getattr(self, f"{name}_interval") for name in ("mean", "p05", "p50", "p95")}


@dataclass(frozen=True)
class Comparison:
    """One contract against the baseline, future by future.

    Attributes:
        net_position: difference of the commissioners' net position; above 0 it costs them less.
        present_value: the same in real pounds of the start, discounted.
        p_costs_less: share of paired futures in which it costs them less.
        p_costs_same: share in which it costs them exactly the same.
        by_party: difference of each party's net position.
    """

    net_position: Summary
    present_value: Summary
    p_costs_less: float
    p_costs_same: float
    by_party: dict[str, Summary]


def summarise(values: Array) -> Summary:
    """Summarise one figure, shape ``(replications,)``."""
    # Adding 0.0 turns a negative nought into a plain one.
    shares = (0.05, 0.5, 0.95)
    p05, p50, p95 = (float(value) + 0.0 for value in np.quantile(values, shares))
    mean = float(values.mean()) + 0.0
    count = len(values)
    ordered = np.sort(values)
    around = [percentile_interval(ordered, share) for share in shares]
    error = mc_error(values)
    if error is None:
        return Summary(mean, p05, p50, p95, None, None, *around)
    reach = t_quantile(count - 1) * error
    return Summary(mean, p05, p50, p95, error, (mean - reach, mean + reach), *around)


def mc_error(values: Array) -> float | None:
    """Return the standard error of a mean over futures; None for one future."""
    count = len(values)
    return float(values.std(ddof=1)) / math.sqrt(count) if count > 1 else None


def tail_mean(values: Array, share: float, lowest: bool = False) -> float:
    """Return the mean of the highest or the lowest values, at least of one."""
    ordered = np.sort(values)
    count = max(1, round(share * len(ordered)))
    return float((ordered[:count] if lowest else ordered[-count:]).mean())


def percentile_interval(ordered: Array, share: float) -> Interval | None:
    """Return where a percentile lies with 95% confidence; see :func:`percentile_ranks`.

    Args:
        ordered: the values, the smallest first.
        share: of the values that lie below it.
    """
    ranks = percentile_ranks(len(ordered), share)
    if ranks is None:
        return None
    return float(ordered[ranks[0]]) + 0.0, float(ordered[ranks[1]]) + 0.0


@cache
def percentile_ranks(count: int, share: float) -> tuple[int, int] | None:
    """Return which ordered values hold a percentile between them.

    Of ``count`` values the number below the percentile is binomial; the ranks leave at most 2.5%
    on either side, whatever the distribution (David and Nagaraja, "Order Statistics", 2003,
    section 7.1).

    Returns:
        Places in the ordered values, from 0; None where even the outermost say too little.
    """
    from scipy.special import bdtr  # the whole of scipy.stats would take most of a second

    below = np.asarray(bdtr(np.arange(count, dtype=np.float64), count, share))
    low = int(np.searchsorted(below, (1 - CONFIDENCE) / 2, side="right")) - 1
    high = int(np.searchsorted(below, (1 + CONFIDENCE) / 2, side="left"))
    if low < 0 or high >= count:
        return None
    return low, high


def t_quantile(freedom: int) -> float:
    """Return how many standard errors the mean may be off either way, with 95% confidence."""
    from scipy.special import stdtrit

    return float(stdtrit(freedom, (1 + CONFIDENCE) / 2))


def compare(study: Study) -> dict[str, Comparison]:
    """Compare every other contract with the baseline, on the same futures."""
    signatories = study.scenario.signatories
    payers = len(signatories.commissioners)
    parties = signatories.accounts[: signatories.provider_slice.stop]
    base = study.outcomes[study.scenario.baseline].net
    base_present = study.outcomes[study.scenario.baseline].present_value
    comparisons = {}
    for name, outcomes in study.outcomes.items():
        if name == study.scenario.baseline:
            continue
        difference = outcomes.net - base
        to_commissioners = difference[:, :payers].sum(axis=1)
        present = outcomes.present_value - base_present
        comparisons[name] = Comparison(
            summarise(to_commissioners),
            summarise(present[:, :payers].sum(axis=1)),
            float((to_commissioners > 0).mean()),
            float((to_commissioners == 0).mean()),
            {party: summarise(difference[:, index]) for index, party in enumerate(parties)},
        )
    return comparisons


def known_within(study: Study) -> float:
    """Return within how many pounds the answer is known, either way, with 95% confidence.

    The answer is the mean difference of the commissioners' net position between each contract and
    the baseline, on paired futures; of several the least well known counts. With one contract it
    is the mean net position itself.
    """
    if len(study.outcomes) > 1:
        summaries = [comparison.net_position for comparison in compare(study).values()]
    else:
        payers = len(study.scenario.commissioners)
        (only,) = study.outcomes.values()
        summaries = [summarise(only.net[:, :payers].sum(axis=1))]
    widths = [
        math.inf if summary.mean_interval is None else summary.mean_interval[1] - summary.mean
        for summary in summaries
    ]
    return max(widths)
