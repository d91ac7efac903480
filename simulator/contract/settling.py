"""Settling a contract live: its account from the first period on, in whole pence."""

from __future__ import annotations

import datetime
import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from simulator.contract.account import Account, OpenWindow, holds, settled_at
from simulator.contract.agreement import Agreement
from simulator.contract.ledger import Entry, entries_of
from simulator.contract.pence import in_pence
from simulator.contract.period_names import period_name
from simulator.contract.periods import Month, Timetable
from simulator.contract.statement import COLUMNS, Statement

__all__ = ["Due", "Settlement", "settle_live"]

Pence = list[int]


@dataclass(frozen=True)
class Due:
    """What one term comes to when it is settled, pence by account.

    Attributes:
        index: of the term.
        window: the window it was worked out on.
        closed: what its earlier windows came to.
        so_far: what this window comes to so far.
        on_account: paid on account until now.
        settled: settled before.
        due: what is left to pay: the first two less the others.
    """

    index: int
    window: OpenWindow
    closed: Pence
    so_far: Pence
    on_account: Pence
    settled: Pence
    due: Pence


@dataclass
class Settlement:
    """A contract settled from its start through one period.

    Attributes:
        agreement: what was signed.
        period: the last period settled.
        entries: every payment from the start, in order.
        dues: how the terms settled at the end of the period came out.
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
        paid_within: days from a settlement to its payment.

    Raises:
        SettlementError: a payment is not a finite number.
    """
    book = _Book(agreement, timetable, grain, datetime.timedelta(math.ceil(paid_within)))
    periods = timetable.periods(grain)[: len(statements)]
    settlement = Settlement(agreement, periods[-1])
    for period, statement in zip(periods, statements, strict=True):
        entries, settlement.dues = book.take(period, statement)
        settlement.entries += entries
    return settlement


class _Book:
    """The running account of a contract in whole pence."""

    def __init__(
        self, agreement: Agreement, timetable: Timetable, grain: str, wait: datetime.timedelta
    ) -> None:
        self.agreement, self.timetable, self.grain, self.wait = agreement, timetable, grain, wait
        self.account = Account(agreement)
        self.pooled = [term.is_pooled(agreement.pooled) for term in agreement.terms]
        self.balancing = [agreement.balancing_account(term) for term in agreement.terms]
        shape = len(agreement.terms), len(agreement.signatories.accounts)
        self.closed = np.zeros(shape, dtype=np.int64)
        self.on_account = np.zeros(shape, dtype=np.int64)
        self.settled = np.zeros(shape, dtype=np.int64)
        self.live = [agreement.is_payment(term) for term in agreement.terms]

    def take(self, period: Month, statement: Statement) -> tuple[list[Entry], list[Due]]:
        """Take in a period; return what is paid for it and how that came about."""
        for key, window in self.account.open.items():
            if window.complete:
                for index in self.account.terms_of(key):
                    self.closed[index] += self._pence(index, window)
        self.account.add(period, statement)
        entries = []
        for month in self.timetable.months:
            if period.first <= month.first and month.end <= period.end:
                entries += self._pay_on_account(month)
        due = settled_at(period)
        dues = []
        for key, window in self.account.open.items():
            for index in self.account.terms_of(key):
                term = self.agreement.terms[index]
                if term.settled in due and window.statement is not None and self.live[index]:
                    dues.append(self._settle(index, window))
        dues.sort(key=lambda each: each.index)
        last = period.end - datetime.timedelta(days=1)
        name = period_name(period, self.grain)
        for each in dues:
            term = self.agreement.terms[each.index]
            entries += entries_of(
                each.due,
                self.agreement.signatories.accounts,
                term,
                name,
                "settlement",
                last,
                last + self.wait,
            )
        return entries, dues

    def _pence(self, index: int, window: OpenWindow) -> Pence:
        moved = window.entitle(self.agreement)[index]
        signatories = self.agreement.signatories
        return in_pence(moved, self.pooled[index], self.balancing[index], signatories)

    def _pay_on_account(self, month: Month) -> list[Entry]:
        signatories = self.agreement.signatories
        shape = len(signatories.providers), len(signatories.services)
        empty = Statement(dict.fromkeys(COLUMNS, np.zeros(shape)), month.years)
        last = month.end - datetime.timedelta(days=1)
        entries: list[Entry] = []
        for index, moved in enumerate(self.account.on_account(month, empty)):
            term = self.agreement.terms[index]
            if term.on_account is None or not self.live[index] or not holds(term, month):
                continue
            divided = term.split is not None and term.split != "each"
            paid = in_pence(moved, divided, self.balancing[index], signatories)
            self.on_account[index] += paid
            entries += entries_of(
                paid,
                signatories.accounts,
                term,
                period_name(month, "month"),
                "on account",
                last,
                last,
            )
        return entries

    def _settle(self, index: int, window: OpenWindow) -> Due:
        so_far = np.array(self._pence(index, window))
        before = self.on_account[index] + self.settled[index]
        due = self.closed[index] + so_far - before
        each = Due(
            index,
            window,
            self.closed[index].tolist(),
            so_far.tolist(),
            self.on_account[index].tolist(),
            self.settled[index].tolist(),
            due.tolist(),
        )
        self.settled[index] += due
        return each
