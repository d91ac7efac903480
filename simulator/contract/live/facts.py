"""Figures as they are told: what each is of, where it was read, and what it may be."""

from __future__ import annotations

import math
from dataclasses import dataclass

from simulator.contract.agreement import Agreement

__all__ = ["Actual", "Fact", "outside"]


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
        ends = f"at least {_plain(low)}"
    elif math.isinf(low):
        ends = f"at most {_plain(high)}"
    else:
        ends = f"from {_plain(low)} to {_plain(high)}"
    mend = "correct it"
    if high == 1 and value > 1:
        mend = "write 0.9 or 90% for a share"
    elif datum is None and value < 0:
        mend = "take a credit off the figure of the period that it corrects"
    return f"'{measure}' is {ends} in a period", mend


def _plain(number: float) -> str:
    return f"{number:,.6f}".rstrip("0").rstrip(".")
