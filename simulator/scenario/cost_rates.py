"""What delivering the services costs, as rates.

Costs follow from people and time only: posts held times pay, overheads on pay, purchases for each
person started, fixed purchases, and the VAT on purchases that is not recovered.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from simulator.contract.periods import Month
from simulator.contract.statement import Array
from simulator.scenario.scenario import Scenario

__all__ = ["CostRates"]


class CostRates:
    """A scenario's cost rates as arrays, shape ``(providers, services)`` unless said otherwise."""

    def __init__(self, scenario: Scenario) -> None:
        providers, services = list(scenario.providers), list(scenario.services.values())
        self.posts = np.array(
            [[float(s.workers.get(name, 0.0)) for s in services] for name in providers]
        )
        self.pay = np.array([float(s.worker_cost) for s in services])  # pounds a post a year
        self.per_start = np.array([float(s.cost_per_start) for s in services])
        self.overheads = _column(float(p.overheads) for p in scenario.providers.values())
        fixed = _column(float(p.fixed_cost) for p in scenario.providers.values())
        total = self.posts.sum(axis=1, keepdims=True)
        first = np.zeros_like(self.posts)
        first[:, 0] = 1.0
        share = np.divide(self.posts, total, out=first, where=total > 0)
        self.fixed = fixed * share  # a provider's fixed cost follows its posts
        recovered = _column(float(p.vat_recovery) for p in scenario.providers.values())
        self.vat = float(scenario.vat_rate) * (1.0 - recovered)
        self.pay_rise = float(scenario.inflation.pay)
        self.price_rise = float(scenario.inflation.prices)

    def pay_level(self, month: Month) -> float:
        """Return the level of pay in a month, 1 until the first 1 April."""
        level: float = (1.0 + self.pay_rise) ** month.aprils
        return level

    def of_month(self, month: Month, posts: Array, started: Array) -> tuple[Array, Array, Array]:
        """Return staff cost, running cost and VAT of a month, nominal pounds.

        Args:
            month: which.
            posts: mean caseworkers in post over it, ``(providers, services)``.
            started: people who started, ``(..., providers, services)``.
        """
        price_level = (1.0 + self.price_rise) ** month.aprils
        staff, running = self.at_the_start(month.years, posts, started)
        running = running * price_level
        return staff * self.pay_level(month), running, running * self.vat

    def at_the_start(self, years: float, posts: Array, started: Array) -> tuple[Array, Array]:
        """Return staff cost and running cost at the prices of the start, for so many years."""
        staff = posts * self.pay * years
        return staff, staff * self.overheads + self.fixed * years + started * self.per_start


def _column(values: Iterable[float]) -> Array:
    column: Array = np.array(list(values))[:, None]
    return column
