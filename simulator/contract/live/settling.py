"""Settling a contract live: its account from the first period on, in whole pence."""

from __future__ import annotations

import datetime
import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from simulator.contract.account import Account, OpenWindow, holds, settled_at
from simulator.contract.agreement import Agreement
from simulator.contract.live.ledger import Entry, entries_of
from simulator.contract.live.pence import Flows, Replaced, added, flows_of, received_by
from simulator.contract.live.period_names import period_name
from simulator.contract.periods import Month, Timetable
from simulator.contract.statement import COLUMNS, Statement
from simulator.contract.term import Term

__all__ = ["Due", "Settlement", "is_divided", "settle_live"]

Pence = list[int]


@dataclass(frozen=True)
class Due:
    """What one term comes to when it is settled, pence by account.

    Attributes:
        index: of the term.
        period: name of the period at the end of which it is settled.
        date: the last day of that period.
        window: the window it was worked out on, as it was then.
        closed: what its earlier windows came to.
        so_far: what this window comes to so far.
        replaced: what that stands instead of, and takes back.
        on_account: paid on account until now.
        settled: settled before.
        due: what is left to pay: the first two less the others.
        flows: the same by payer and payee.
    """

    index: int
    period: str
    date: datetime.date
    window: OpenWindow
    closed: Pence
    so_far: Pence
    replaced: Pence
    on_account: Pence
    settled: Pence
    due: Pence
    flows: Flows


@dataclass
class Settlement:
    """A contract settled from its start through one period.

    Attributes:
        agreement: what was signed.
        period: the last period settled.
        entries: every payment from the start, in order.
        dues: how the terms came out, at the end of each period they are settled for.
    """

    agreement: Agreement
    period: Month
    entries: list[Entry] = field(default_factory=list)
    dues: list[Due] = field(default_factory=list)


def settle_live(
    agreement: Agreement,
    timetable: Timetable,
    grain: str,
    statements: Sequence[Statement],
    paid_within: float,
) -> Settlement:
    """Return every payment that a contract comes to from its start.

    Args:
        agreement: what was signed.
        timetable: its term.
        grain: the kind of period the statements are of.
        statements: one for each period from the start on.
        paid_within: days from the end of a period to the payment of its settlement.

    Raises:
        SettlementError: a payment is not a finite number.
    """
    book = _Book(agreement, timetable, grain, datetime.timedelta(math.ceil(paid_within)))
    periods = timetable.periods(grain)[: len(statements)]
    settlement = Settlement(agreement, periods[-1])
    for period, statement in zip(periods, statements, strict=True):
        entries, dues = book.take(period, statement)
        settlement.entries += entries
        settlement.dues += dues
    return settlement


class _Book:
    """The running account of a contract in whole pence."""

    def __init__(
        self, agreement: Agreement, timetable: Timetable, grain: str, wait: datetime.timedelta
    ) -> None:
        self.agreement, self.timetable, self.grain, self.wait = agreement, timetable, grain, wait
        self.account = Account(agreement)
        terms = agreement.terms
        self.closed: list[Flows] = [{} for _ in terms]
        self.on_account: list[Flows] = [{} for _ in terms]
        self.settled: list[Flows] = [{} for _ in terms]
        # pounds paid on account in all, so that twelve months come to the year
        self.pounds = np.zeros((len(terms), len(agreement.signatories.accounts)))
        self.last: dict[int, OpenWindow] = {}  # the window that each term had before

    def take(self, period: Month, statement: Statement) -> tuple[list[Entry], list[Due]]:
        """Take in a period; return what is paid for it and how that came about."""
        for key, window in self.account.open.items():
            if window.complete:
                for index in self.account.terms_of(key):
                    self.closed[index] = added(self.closed[index], self._pence(index, window))
                    self.last[index] = window
        self.account.add(period, statement)
        entries = []
        for month in self.timetable.months:
            if period.first <= month.first and month.end <= period.end:
                entries += self._pay_on_account(month)
        kinds = settled_at(period)
        dues = []
        for key, window in self.account.open.items():
            now = replace(window, added=dict(window.added))  # the window itself goes on filling
            for index in self.account.terms_of(key):
                term = self.agreement.terms[index]
                if term.settled in kinds and self.agreement.is_payment(term):
                    dues += self._settle(index, now, period)
        dues.sort(key=lambda each: each.index)
        for each in dues:
            term = self.agreement.terms[each.index]
            dates = each.date, each.date + self.wait
            entries += entries_of(each.flows, term, each.period, "settlement", *dates)
        return entries, dues

    def _pence(self, index: int, window: OpenWindow) -> Flows:
        term = self.agreement.terms[index]
        if not self.agreement.is_payment(term):
            return {}
        moved = window.entitle(self.agreement)[index]
        divided = is_divided(term, term.is_pooled(self.agreement.pooled))
        signatories, replaced = self.agreement.signatories, self._replaced(index, window)
        return flows_of(term, moved, divided, signatories, replaced)

    def _replaced(self, index: int, window: OpenWindow) -> Replaced | None:
        """Return what a term stands instead of in a window; None where it replaces nothing."""
        terms, keys = self.agreement.terms, self.agreement.terms[index].instead_of
        if keys is None:
            return None
        gone = [
            other
            for other, term in enumerate(terms[:index])
            if self.agreement.is_payment(term) and ("payments" in keys or term.key in keys)
        ]
        accounts = self.agreement.signatories.accounts
        pounds = window.entitle(self.agreement)[gone].sum(axis=0)
        flows = [self._pence(other, window) for other in gone]
        rows = [received_by(each, accounts) for each in flows]
        return Replaced(pounds, [sum(row[place] for row in rows) for place in range(len(accounts))])

    def _pay_on_account(self, month: Month) -> list[Entry]:
        signatories = self.agreement.signatories
        shape = len(signatories.providers), len(signatories.services)
        empty = Statement(dict.fromkeys(COLUMNS, np.zeros(shape)), month.years)
        last = month.last_day
        entries: list[Entry] = []
        for index, moved in enumerate(self.account.on_account(month, empty)):
            term = self.agreement.terms[index]
            payment = term.on_account is not None and self.agreement.is_payment(term)
            if term.on_account is None or not payment or not holds(term, month):
                continue
            self.pounds[index] += moved
            divided = is_divided(term, term.on_account.is_pooled(self.agreement.pooled))
            whole = flows_of(term, self.pounds[index], divided, signatories)
            paid = added(whole, self.on_account[index], -1)
            self.on_account[index] = whole
            name = period_name(month, "month")
            entries += entries_of(paid, term, name, "on account", last, last)
        return entries

    def _settle(self, index: int, window: OpenWindow, period: Month) -> list[Due]:
        """Return what a term comes to; nothing where it never held, or ended and is settled."""
        closed = self.closed[index]
        is_over = window.statement is None
        if is_over and index not in self.last:
            return []
        if is_over:  # what its last window came to is shown as the one that is settled
            window = self.last[index]
            closed = added(closed, self._pence(index, window), -1)
        so_far = self._pence(index, window)
        before = added(self.on_account[index], self.settled[index])
        due = added(added(closed, so_far), before, -1)
        if is_over and not any(due.values()):
            return []
        accounts = self.agreement.signatories.accounts
        replaced = self._replaced(index, window)
        each = Due(
            index,
            period_name(period, self.grain),
            period.last_day,
            window,
            closed=received_by(closed, accounts),
            so_far=received_by(so_far, accounts),
            replaced=[0] * len(accounts) if replaced is None else list(replaced.pence),
            on_account=received_by(self.on_account[index], accounts),
            settled=received_by(self.settled[index], accounts),
            due=received_by(due, accounts),
            flows=due,
        )
        self.settled[index] = added(self.settled[index], due)
        return [each]


def is_divided(term: Term, is_pooled: bool) -> bool:
    """Tell whether a term divides one amount for all between the providers."""
    return is_pooled and term.split not in (None, "each")
