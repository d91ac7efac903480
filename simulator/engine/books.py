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
from simulator.parties.technology import Technology

__all__ = ["Books", "cost_flows"]

_LINES = ("staff_cost", "running_cost", "vat_cost")


class Books:
    """Turns readings of the caseload into monthly statements with costs."""

    def __init__(self, technology: Technology) -> None:
        self.technology = technology
        self._before: Reading | None = None

    def close(self, month: Month, reading: Reading, posts: Array, levels: Array) -> Statement:
        """Return the statement of a month, with the true costs.

        Args:
            month: the month that ends.
            reading: the caseload's counts at its end.
            posts: mean caseworkers in post over the month, ``(..., providers, services)``.
            levels: of the providers' levers in it, ``(futures, providers, levers)``.
        """
        counts = {
            name: reading.counts[name] - (self._before.counts[name] if self._before else 0.0)
            for name in COUNTS
        }
        self._before = reading
        costs = self.technology.costs(month, posts, counts["started"], levels)
        columns = counts | {name: to_ledger_grid(costs[name]) for name in _LINES}
        columns["cost"] = columns["staff_cost"] + columns["running_cost"] + columns["vat_cost"]
        return Statement({name: columns[name] for name in COLUMNS}, month.years)


def cost_flows(statement: Statement, commissioners: int) -> Array:
    """Return who pays the month's costs to whom, shape ``(..., accounts)``, summing to 0 exactly.

    Args:
        statement: of one month.
        commissioners: how many accounts stand before the providers.
    """
    by_line = [statement.columns[name].sum(axis=-1) for name in _LINES]
    *lead, providers = by_line[0].shape
    flows = np.zeros((*lead, commissioners + providers + len(OUTSIDE)))
    flows[..., commissioners : commissioners + providers] = -sum(by_line)
    for account, line in enumerate(by_line):
        flows[..., commissioners + providers + account] = line.sum(axis=-1)
    return flows
