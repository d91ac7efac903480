"""Summaries over futures: means with their Monte Carlo error, and percentiles of the spread."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass

import numpy as np

from simulator.contract.statement import Array
from simulator.study.replicate import Study

__all__ = ["Comparison", "Summary", "compare", "summarise"]


@dataclass(frozen=True)
class Summary:
    """One figure over all futures.

    Attributes:
        mean: over futures.
        p05: 5th percentile of the spread between futures.
        p50: median.
        p95: 95th percentile.
        mc_error: standard error of the mean from the number of futures; None for one future.
    """

    mean: float
    p05: float
    p50: float
    p95: float
    mc_error: float | None

    def as_dict(self) -> dict[str, float | None]:
        """Return the figures by name."""
        return asdict(self)


@dataclass(frozen=True)
class Comparison:
    """One contract against the baseline, future by future.

    Attributes:
        net_position: difference of the commissioners' net position; above 0 it costs them less.
        p_costs_less: share of paired futures in which it costs them less.
        p_costs_same: share in which it costs them exactly the same.
        by_party: difference of each party's net position.
    """

    net_position: Summary
    p_costs_less: float
    p_costs_same: float
    by_party: dict[str, Summary]


def summarise(values: Array) -> Summary:
    """Summarise one figure, shape ``(replications,)``."""
    # Adding 0.0 turns a negative nought into a plain one.
    p05, p50, p95 = (float(value) + 0.0 for value in np.quantile(values, (0.05, 0.5, 0.95)))
    count = len(values)
    error = float(values.std(ddof=1)) / math.sqrt(count) if count > 1 else None
    return Summary(float(values.mean()) + 0.0, p05, p50, p95, error)


def compare(study: Study) -> dict[str, Comparison]:
    """Compare every other contract with the baseline, on the same futures."""
    signatories = study.scenario.signatories
    payers = len(signatories.commissioners)
    parties = signatories.accounts[: signatories.provider_slice.stop]
    base = study.outcomes[study.scenario.baseline].net
    comparisons = {}
    for name, outcomes in study.outcomes.items():
        if name == study.scenario.baseline:
            continue
        difference = outcomes.net - base
        to_commissioners = difference[:, :payers].sum(axis=1)
        comparisons[name] = Comparison(
            summarise(to_commissioners),
            float((to_commissioners > 0).mean()),
            float((to_commissioners == 0).mean()),
            {party: summarise(difference[:, index]) for index, party in enumerate(parties)},
        )
    return comparisons
