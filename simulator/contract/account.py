"""Keeping one contract's account over its term: on account, settled, trued up, closed.

The account adds up monthly statements into windows (month, quarter, financial year, term), asks
the agreement what each window so far entitles the parties to, and pays the difference from what
was paid before.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import get_args

import numpy as np

from simulator._errors import SettlementError
from simulator.contract.agreement import PENNY_FRACTION, Agreement, to_ledger_grid
from simulator.contract.periods import Month
from simulator.contract.statement import Array, Statement
from simulator.contract.term import Settled, Window

__all__ = ["Account", "settled_at"]

WINDOWS: tuple[Window, ...] = get_args(Window)


def settled_at(month: Month) -> tuple[Settled, ...]:
    """Return which settlements fall on the end of a month; all of them when the term ends."""
    dates: list[tuple[Settled, bool]] = [
        ("monthly", True),
        ("quarterly", month.quarter_end),
        ("annually", month.year_end),
        ("at the end", month.last),
    ]
    return tuple(name for name, due in dates if due)


@dataclass
class _OpenWindow:
    """A window being filled: its statement so far and its years weighted by price level."""

    statement: Statement | None = None
    uplifted_years: float = 0.0
    complete: bool = False
    entitlement: Array | None = None

    def add(self, statement: Statement, price_level: float, complete: bool) -> None:
        self.statement = statement if self.statement is None else self.statement + statement
        self.uplifted_years += statement.years * price_level
        self.complete = complete
        self.entitlement = None

    def entitle(self, agreement: Agreement) -> Array:
        """Return what the window so far comes to, for every term; worked out once."""
        assert self.statement is not None
        if self.entitlement is None:
            level = self.uplifted_years / self.statement.years
            self.entitlement = agreement.settle(self.statement, level)
        return self.entitlement


class Account:
    """The running account of one contract, in any number of futures at once.

    Use: for each month :meth:`add` its statement, then :meth:`pay_on_account`, then
    :meth:`settle` what falls due; the last two return payments, shape
    ``(..., terms, accounts)``, on the ledger's grid and summing to 0 exactly over accounts.
    """

    def __init__(self, agreement: Agreement, uplift: float = 0.0) -> None:
        self.agreement = agreement
        self.uplift = uplift
        terms = agreement.terms
        self._terms_of = {
            window: [index for index, term in enumerate(terms) if term.assessed == window]
            for window in WINDOWS
            if any(term.assessed == window for term in terms)
        }
        self._open = {window: _OpenWindow() for window in self._terms_of}
        self._balancing = np.array([agreement.balancing_account(term) for term in terms])
        shape = (len(terms), len(agreement.signatories.accounts))
        self._closed: Array = np.zeros(shape)  # entitlements of the windows that are complete
        self._paid: Array = np.zeros(shape)

    def price_level(self, month: Month) -> float:
        """Return the level of the contract's amounts in a month, 1 until the first 1 April."""
        return float((1.0 + self.uplift) ** month.aprils)

    def add(self, month: Month, statement: Statement) -> None:
        """Take in the statement of a month."""
        ends = {
            "month": True,
            "quarter": month.quarter_end,
            "year": month.year_end,
            "term": month.last,
        }
        for window, terms in self._terms_of.items():
            if self._open[window].complete:
                self._closed = self._closed + self._only(
                    terms, self._open[window].entitle(self.agreement)
                )
                self._open[window] = _OpenWindow()
            self._open[window].add(statement, self.price_level(month), ends[window])

    def pay_on_account(self, month: Month, statement: Statement) -> Array:
        """Return what is paid on account at the end of a month."""
        paid = self._round(self.agreement.on_account(statement, self.price_level(month)))
        self._paid = self._paid + paid
        return paid

    def settle(self, due: Iterable[Settled]) -> Array:
        """Return what the terms settled now still have to pay for all windows so far."""
        due = set(due)
        entitled = self._closed
        for window, terms in self._terms_of.items():
            settling = [index for index in terms if self.agreement.terms[index].settled in due]
            if settling:
                entitled = entitled + self._only(
                    settling, self._open[window].entitle(self.agreement)
                )
        now = [index for index, term in enumerate(self.agreement.terms) if term.settled in due]
        outstanding = self._round(self._only(now, entitled - self._paid))
        self._paid = self._paid + outstanding
        return outstanding

    @staticmethod
    def _only(terms: list[int], payments: Array) -> Array:
        kept = np.zeros_like(payments)
        kept[..., terms, :] = payments[..., terms, :]
        return kept

    def _round(self, payments: Array) -> Array:
        """Put payments on the ledger's grid; the grain left over goes to the balancing account."""
        rounded = to_ledger_grid(payments)
        left_over = rounded.sum(axis=-1)
        if np.abs(left_over).max(initial=0.0) > rounded.shape[-1] * PENNY_FRACTION:
            raise SettlementError(
                f"the payments of the contract '{self.agreement.name}' do not sum to nought over "
                "its parties; this is a mistake in the simulator, please report it"
            )
        terms = np.arange(rounded.shape[-2])
        rounded[..., terms, self._balancing] -= left_over
        return rounded
