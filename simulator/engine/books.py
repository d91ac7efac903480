"""The providers' books: what delivering the services costs, month by month.

Costs follow from people and time only: posts held times pay, overheads on pay, purchases for each
person started, fixed purchases, and the VAT on purchases that is not recovered.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from simulator.contract.agreement import to_ledger_grid
from simulator.contract.periods import Month
from simulator.contract.signatories import OUTSIDE
from simulator.contract.statement import COLUMNS, Array, Statement
from simulator.engine.caseload import COUNTS, Reading
from simulator.scenario.scenario import Scenario

__all__ = ["Books", "CostRates", "cost_flows"]


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


def _column(values: Iterable[float]) -> Array:
    column: Array = np.array(list(values))[:, None]
    return column


class Books:
    """Turns readings of the caseload into monthly statements with costs."""

    def __init__(self, rates: CostRates) -> None:
        self.rates = rates
        self._before: Reading | None = None

    def close(self, month: Month, reading: Reading, posts: Array) -> Statement:
        """Return the statement of a month.

        Args:
            month: the month that ends.
            reading: the caseload's counts at its end.
            posts: mean caseworkers in post over the month, shape ``(providers, services)``.
        """
        counts = {
            name: reading.counts[name] - (self._before.counts[name] if self._before else 0.0)
            for name in COUNTS
        }
        self._before = reading
        rates = self.rates
        pay_level = (1.0 + rates.pay_rise) ** month.aprils
        price_level = (1.0 + rates.price_rise) ** month.aprils
        pay = posts * rates.pay * month.years
        running = pay * rates.overheads + rates.fixed * month.years
        running = (running + counts["started"] * rates.per_start) * price_level
        columns = counts | {
            # posts are the same in every future, the statement has all futures in every column
            "staff_cost": np.broadcast_to(to_ledger_grid(pay * pay_level), running.shape),
            "running_cost": to_ledger_grid(running),
            "vat_cost": to_ledger_grid(running * rates.vat),
        }
        columns["cost"] = columns["staff_cost"] + columns["running_cost"] + columns["vat_cost"]
        return Statement({name: columns[name] for name in COLUMNS}, month.years)


def cost_flows(statement: Statement, commissioners: int) -> Array:
    """Return who pays the month's costs to whom, shape ``(..., accounts)``, summing to 0 exactly.

    Args:
        statement: of one month.
        commissioners: how many accounts stand before the providers.
    """
    by_line = [
        statement.columns[name].sum(axis=-1) for name in ("staff_cost", "running_cost", "vat_cost")
    ]
    *lead, providers = by_line[0].shape
    flows = np.zeros((*lead, commissioners + providers + len(OUTSIDE)))
    flows[..., commissioners : commissioners + providers] = -sum(by_line)
    for account, line in enumerate(by_line):
        flows[..., commissioners + providers + account] = line.sum(axis=-1)
    return flows
