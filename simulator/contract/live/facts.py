"""Figures as they are told: what each is of, where it was read, and what it may be."""

from __future__ import annotations

import math
from dataclasses import dataclass

from simulator.contract.agreement import Agreement

__all__ = ["Actual", "Fact", "outside", "plain_number"]


@dataclass(frozen=True)
class Fact:
    """What a figure is of.

    Attributes:
        measure: a column, or data the contract declares.
        party: the provider, or empty.
        service: the service, or empty.
    """

    measure: str
    party: str
    service: str

    @property
    def named(self) -> str:
        """How messages call it: 'cost' of north support."""
        of = " ".join(part for part in (self.party, self.service) if part)
        return f"'{self.measure}'" + (f" of {of}" if of else "")


@dataclass(frozen=True)
class Actual:
    """One figure as it was read.

    Attributes:
        kind: month, quarter or year.
        period: its name.
        fact: what it is of.
        value: the figure.
        to_date: whether it is for the financial year so far.
        provisional: whether it may still change.
        source: the file and row it stands in.
        row: number of the row, from 1 for the header.
    """

    kind: str
    period: str
    fact: Fact
    value: float
    to_date: bool
    provisional: bool
    source: str
    row: int


def outside(agreement: Agreement, measure: str, value: float) -> tuple[str, str] | None:
    """Return what is allowed and how to mend it where a figure is outside its limits."""
    datum = agreement.data.get(measure)
    low, high = (0.0, math.inf) if datum is None else datum.bounds
    if low <= value <= high:
        return None
    if math.isinf(high):
        ends = f"at least {plain_number(low)}"
    elif math.isinf(low):
        ends = f"at most {plain_number(high)}"
    else:
        ends = f"from {plain_number(low)} to {plain_number(high)}"
    mend = "correct it"
    if high == 1 and value > 1:
        mend = "write 0.9 or 90% for a share"
    elif datum is None and value < 0:
        mend = "take a credit off the figure of the period that it corrects"
    return f"'{measure}' is {ends} in a period", mend


def plain_number(number: float) -> str:
    """Return a number as messages say it: 1,200 or 0.25."""
    if abs(number) >= 1 and round(number, 2) == number != round(number):
        return f"{number:,.2f}"
    return f"{number:,.6f}".rstrip("0").rstrip(".")
