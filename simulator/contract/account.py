"""Keeping one contract's account over its term: on account, settled, trued up, closed.

The account adds up monthly statements into windows (month, quarter, financial year, term), asks
the agreement what each window so far entitles the parties to, and pays the difference from what
was paid before.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from simulator._errors import SettlementError
from simulator.contract.agreement import PENNY_FRACTION, Agreement, to_ledger_grid
from simulator.contract.amounts import Change, changes_in
from simulator.contract.periods import Month
from simulator.contract.statement import Array, Statement
from simulator.contract.term import Settled, Term, Window
from simulator.contract.working import Conditions

__all__ = ["Account", "OpenWindow", "holds", "settled_at"]


def settled_at(month: Month) -> tuple[Settled, ...]:
    """Return which settlements fall on the end of a month; all of them when the term ends."""
    dates: list[tuple[Settled, bool]] = [
        ("monthly", True),
        ("quarterly", month.quarter_end),
        ("annually", month.year_end),
        ("at the end", month.last),
    ]
    return tuple(name for name, due in dates if due)


WindowKey = tuple[Window, datetime.date | None, datetime.date | None]
"""What a window is told apart by: its kind, and from when to when its terms hold."""


@dataclass
class OpenWindow:
    """A window being filled: its statement so far, and what else it has.

    Attributes:
        statement: what happened in it so far; none before its first month.
        price_level: the mean level of prices over its months so far.
        added: what adjustments add to named amounts.
        before: what measures came to at the end of the window before.
        first: its first month.
        last: its latest month.
        complete: whether it has come to its end.
        needed: which terms are worked out on it; None means all.
    """

    statement: Statement | None = None
    price_level: float = 1.0
    added: dict[str, Array] = field(default_factory=dict)
    before: Mapping[str, Array] = field(default_factory=dict)
    first: Month | None = None
    last: Month | None = None
    complete: bool = False
    needed: list[bool] | None = None
    entitlement: Array | None = None

    def add(self, month: Month, statement: Statement, level: float, change: Change) -> None:
        """Take in a month."""
        if self.statement is None:
            self.statement, self.price_level = statement, level
        else:
            added = statement.years / (self.statement.years + statement.years)
            self.statement = self.statement + statement
            self.price_level += (level - self.price_level) * added
        for name, amount in change.a_month.items():
            self.added[name] = self.added.get(name, np.zeros(1)) + amount
        self.added |= change.from_now
        self.first, self.last = self.first or month, month
        self.entitlement = None

    @property
    def conditions(self) -> Conditions:
        """Return what the window has beside its statement."""
        assert self.statement is not None
        return Conditions(self.price_level, self.added, self.before)

    def active(self, agreement: Agreement) -> list[bool]:
        """Return which terms hold in the whole of the window so far."""
        assert self.first is not None
        assert self.last is not None
        return [holds(term, self.first) and holds(term, self.last) for term in agreement.terms]

    def entitle(self, agreement: Agreement) -> Array:
        """Return what the window so far comes to, for every term needed; worked out once."""
        assert self.statement is not None
        if self.entitlement is None:
            self.entitlement = agreement.settle(
                self.statement, self.conditions, self.active(agreement), self.needed
            )
        return self.entitlement

    def leave(self, agreement: Agreement) -> dict[str, Array]:
        """Return what the measures of ``before(...)`` come to at its end."""
        assert self.statement is not None
        working = agreement.working(self.statement, self.conditions)
        active = self.active(agreement)
        for index, moved in enumerate(np.moveaxis(self.entitle(agreement), (-2, -1), (0, 1))):
            agreement.take_in(working, index, dict(enumerate(moved)) if active[index] else {})
        with np.errstate(all="ignore"):  # what is not finite is refused where it is paid
            return {name: working.look_up(name) for name in agreement.carried}


def holds(term: Term, month: Month) -> bool:
    """Tell whether a term holds in a month."""
    begun = term.starts is None or term.starts <= month.first
    return begun and (term.ends is None or month.end <= term.ends + datetime.timedelta(days=1))


class Account:
    """The running account of one contract, in any number of futures at once.

    Use: for each month :meth:`add` its statement, then :meth:`pay_on_account`, then
    :meth:`settle` what falls due; the last two return payments, shape
    ``(..., terms, accounts)``, on the ledger's grid and summing to 0 exactly over accounts.
    """

    def __init__(self, agreement: Agreement) -> None:
        self.agreement = agreement
        terms = agreement.terms
        self._terms_of: dict[WindowKey, list[int]] = {}
        for index, term in enumerate(terms):
            self._terms_of.setdefault(term.window_key(), []).append(index)
        self.open = {
            key: OpenWindow(needed=agreement.needed_for(indices))
            for key, indices in self._terms_of.items()
        }
        self._balancing = np.array([agreement.balancing_account(term) for term in terms])
        shape = (len(terms), len(agreement.signatories.accounts))
        self._closed: Array = np.zeros(shape)  # entitlements of the windows that are complete
        self._paid: Array = np.zeros(shape)
        self._changes: dict[Month, Change] = {}

    def terms_of(self, key: WindowKey) -> list[int]:
        """Return the terms that are worked out on a window."""
        return self._terms_of[key]

    def add(self, month: Month, statement: Statement) -> None:
        """Take in the statement of a month."""
        ends = {
            "month": True,
            "quarter": month.quarter_end,
            "year": month.year_end,
            "term": month.last,
        }
        statement = self._with_levels(statement)
        level, change = self.agreement.price_level(month), self._change(month)
        for key, terms in self._terms_of.items():
            window = self.open[key]
            if window.complete:
                self._closed = self._closed + self._only(terms, window.entitle(self.agreement))
                window = self.open[key] = OpenWindow(
                    before=window.leave(self.agreement), needed=window.needed
                )
            if holds(self.agreement.terms[terms[0]], month):
                window.add(month, statement, level, change)
            window.complete = ends[key[0]] and window.statement is not None

    def _with_levels(self, statement: Statement) -> Statement:
        """Return the statement with the contract's own levels named in it."""
        levels = self.agreement.levels | statement.levels
        if levels == statement.levels:
            return statement
        return Statement(statement.columns, statement.years, levels)

    def pay_on_account(self, month: Month, statement: Statement) -> Array:
        """Return what is paid on account at the end of a month."""
        paid = self._round(self.on_account(month, statement))
        self._paid = self._paid + paid
        return paid

    def on_account(self, month: Month, statement: Statement) -> Array:
        """Return what is due on account at the end of a month, before it is rounded."""
        change = self._change(month)
        level = self.agreement.price_level(month)
        conditions = Conditions(level, {**change.a_month, **change.from_now})
        due = self.agreement.on_account(statement, conditions)
        out_of_force = [not holds(term, month) for term in self.agreement.terms]
        due[out_of_force] = 0.0
        return due

    def _change(self, month: Month) -> Change:
        if month not in self._changes:
            agreement = self.agreement
            self._changes[month] = changes_in(
                month,
                agreement.adjustments,
                agreement.amounts,
                agreement.signatories.providers,
                agreement.uplift,
            )
        return self._changes[month]

    def entitlement(self, due: Iterable[Settled]) -> Array:
        """Return what the terms settled now come to in all windows so far, before rounding."""
        due = set(due)
        entitled = self._closed
        for key, terms in self._terms_of.items():
            settling = [index for index in terms if self.agreement.terms[index].settled in due]
            if settling and self.open[key].statement is not None:
                entitled = entitled + self._only(settling, self.open[key].entitle(self.agreement))
        return entitled

    def settle(self, due: Iterable[Settled]) -> Array:
        """Return what the terms settled now still have to pay for all windows so far."""
        due = set(due)
        now = [index for index, term in enumerate(self.agreement.terms) if term.settled in due]
        outstanding = self._round(self._only(now, self.entitlement(due) - self._paid))
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
