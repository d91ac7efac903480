"""The providers' books: what delivering the services costs, month by month.

Costs follow from people and time only: posts held times pay, overheads on pay, purchases for each
person started, fixed purchases, and the VAT on purchases that is not recovered.
"""

from __future__ import annotations

import numpy as np

from simulator.contract.agreement import to_ledger_grid
from simulator.contract.periods import Month
from simulator.contract.signatories import OUTSIDE
from simulator.contract.statement import COLUMNS, Array, Statement
from simulator.engine.caseload import COUNTS, Reading
from simulator.scenario.cost_rates import CostRates

__all__ = ["Books", "cost_flows"]


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
        staff, running, vat = rates.of_month(month, posts, counts["started"])
        columns = counts | {
            # posts are the same in every future, the statement has all futures in every column
            "staff_cost": np.broadcast_to(to_ledger_grid(staff), running.shape),
            "running_cost": to_ledger_grid(running),
            "vat_cost": to_ledger_grid(vat),
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
