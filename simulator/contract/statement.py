"""Statements: what happened in a period, by provider and service.

Every standard column adds up over time, so a statement of a quarter is the sum of the statements
of its months. What does not add up (a mean wait, a success rate) is an expression over columns.
A contract can declare further data, some of which are levels: the latest value holds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["COLUMNS", "COSTS", "COUNTS", "Array", "Statement"]

Array = npt.NDArray[np.float64]

_DUST = 1e-12  # years: sums of a few hundred months are off by less, a day by much more

COLUMNS: Mapping[str, tuple[str, str]] = {
    "referred": ("person referred", "people referred, hand-overs and returns included"),
    "declined": ("person who declines", "people referred who did not take up the offer"),
    "turned_away": (
        "person turned away",
        "people referred whom the provider turned away by their need",
    ),
    "started": ("person who starts", "people who started with a caseworker"),
    "completed": ("person who completes", "people whose time with the service ended"),
    "good_outcomes": ("good outcome", "people who completed with a good outcome"),
    "dropped_out": ("person who drops out", "people who left while waiting"),
    "returned": (
        "person who comes back",
        "people back after a relapse or a failed hand-over",
    ),
    "wait_days": ("day waited", "days waited by the people who started"),
    "service_days": ("day in service", "days in service of the people who completed"),
    "handovers_due": ("hand-over due", "people who completed and needed another service"),
    "handovers_made": ("hand-over made", "hand-overs that reached the other service"),
    "staff_cost": ("pound of staff cost", "pay of the caseworkers in post, pounds"),
    "running_cost": ("pound of running cost", "purchases from suppliers before VAT, pounds"),
    "vat_cost": ("pound of VAT", "VAT that the provider cannot recover, pounds"),
    "cost": ("pound of cost", "all costs of the provider: staff, running and VAT, pounds"),
}
"""Each column: what one of it is called, and what it counts."""

COSTS = ("staff_cost", "running_cost", "vat_cost", "cost")
"""The columns that count money."""

COUNTS = tuple(name for name in COLUMNS if name not in COSTS)
"""The columns that count people, their time and what became of them."""


@dataclass(frozen=True)
class Statement:
    """What happened in a period.

    Attributes:
        columns: for each name in :data:`COLUMNS`, and for the data a contract declares, an array
            of shape ``(..., providers, services)``; the last two axes are 1 for data that is one
            for all. Leading axes (futures, nodes of a plan) are free, the same for all columns.
        years: length of the period in years; a calendar month is 1/12.
        levels: the columns of which a longer period has the latest value and not the sum.
    """

    columns: Mapping[str, Array]
    years: float
    levels: frozenset[str] = frozenset()

    def of(self, name: str, service: int | None = None) -> Array | None:
        """Return a column by provider, ``(..., providers)``; None where it has no such column.

        Args:
            name: of the column.
            service: its place; none means all of them together.
        """
        values = self.columns.get(name)
        if values is None:
            return None
        total: Array = values.sum(axis=-1) if service is None else values[..., service]
        return total

    def __add__(self, other: Statement) -> Statement:
        """Return the statement of this period and the one after it."""
        columns = {
            name: other.columns[name] if name in self.levels else value + other.columns[name]
            for name, value in self.columns.items()
        }
        return Statement(columns, _whole_months(self.years + other.years), self.levels)


def _whole_months(years: float) -> float:
    """Return a length without the dust of its sum: twelve months are a year to the last digit.

    What stands exactly on the edge of a band must not fall off it.
    """
    whole = round(years * 12) / 12
    return whole if abs(years - whole) < _DUST else years
