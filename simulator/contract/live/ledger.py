"""The ledger: every payment once, from one party to another, in whole pence, with its clause."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from simulator.contract.live.pence import Flows
from simulator.contract.term import Term

__all__ = ["Entry", "Kind", "Payment", "balances", "entries_of", "netted", "outstanding"]

Kind = Literal["on account", "settlement", "true-up", "true-up on account"]
"""A payment in the meantime, what a settlement leaves due, or a later correction of either."""


@dataclass(frozen=True)
class Entry:
    """One payment, entered on both sides.

    Attributes:
        date: the last day of the period it is for; of a correction, the day it was made.
        pay_by: the day by which it is paid.
        payer: who pays.
        payee: who receives.
        pence: how much, above nought.
        term: the name of the term it rests on.
        clause: the clause the term stands in.
        period: the name of the period.
        kind: why it is paid.
    """

    date: datetime.date
    pay_by: datetime.date
    payer: str
    payee: str
    pence: int
    term: str
    clause: str
    period: str
    kind: Kind

    @property
    def corrects(self) -> bool:
        """Whether it corrects what was entered before."""
        return self.kind in ("true-up", "true-up on account")

    @property
    def is_on_account(self) -> bool:
        """Whether it is a payment on account, or corrects one."""
        return self.kind in ("on account", "true-up on account")


Key = tuple[bool, str, str, str, str]
"""Whether on account, period, term, and two parties in the order of their names."""


def entries_of(
    flows: Flows,
    term: Term,
    period: str,
    kind: Kind,
    date: datetime.date,
    pay_by: datetime.date,
) -> Iterator[Entry]:
    """Return the payments of a term, one for each two parties.

    Args:
        flows: who pays whom, pence.
        term: the term that moves it.
        period: name of the period.
        kind: why it is paid.
        date: of the entry.
        pay_by: of the payment.
    """
    for (payer, payee), pence in flows.items():
        if pence:
            sides = (payer, payee) if pence > 0 else (payee, payer)
            yield Entry(date, pay_by, *sides, abs(pence), term.name, term.clause, period, kind)


def balances(entries: Iterable[Entry]) -> dict[str, int]:
    """Return what each party has received less what it has paid, pence; they sum to nought."""
    total: dict[str, int] = {}
    for entry in entries:
        total[entry.payer] = total.get(entry.payer, 0) - entry.pence
        total[entry.payee] = total.get(entry.payee, 0) + entry.pence
    return total


@dataclass(frozen=True)
class Payment:
    """What one party pays another by a day, all terms together.

    Attributes:
        day: by which it is paid.
        payer: who pays.
        payee: who receives.
        pence: how much, above nought.
        corrects: whether it corrects earlier settlements.
    """

    day: datetime.date
    payer: str
    payee: str
    pence: int
    corrects: bool


def netted(entries: Iterable[Entry]) -> list[Payment]:
    """Return the payments that entries come to, by day and party.

    Payments on account are left out: they were paid in the meantime.
    """
    owed: dict[tuple[datetime.date, str, str, bool], int] = {}
    for entry in entries:
        if entry.kind != "on account":
            first, second = sorted((entry.payer, entry.payee))
            sign = 1 if entry.payer == first else -1
            key = entry.pay_by, first, second, entry.corrects
            owed[key] = owed.get(key, 0) + sign * entry.pence
    return [
        Payment(day, *((first, second) if pence > 0 else (second, first)), abs(pence), corrects)
        for (day, first, second, corrects), pence in sorted(owed.items())
        if pence
    ]


def outstanding(
    due: Sequence[Entry],
    entered: Sequence[Entry],
    settled_until: datetime.date,
    today: datetime.date,
    pay_by: datetime.date,
) -> list[Entry]:
    """Return what still has to be entered so that the ledger says what is due.

    Args:
        due: every payment that the actuals as known now come to.
        entered: every payment in the ledger.
        settled_until: the last day that the ledger covers.
        today: the date of true-ups.
        pay_by: the day by which true-ups are paid.

    Returns:
        What differs in periods that were settled before, as true-ups; then the payments of later
        periods as they are.
    """
    missing = _amounts(entry for entry in due if entry.date <= settled_until)
    for key, pence in _amounts(entered).items():
        missing[key] = missing.get(key, 0) - pence
    clauses = {entry.term: entry.clause for entry in (*entered, *due)}
    corrections = []
    for (on_account, period, term, first, second), pence in missing.items():
        payer, payee = (first, second) if pence > 0 else (second, first)
        kind: Kind = "true-up on account" if on_account else "true-up"
        if pence:
            sides = payer, payee
            corrections.append(
                Entry(today, pay_by, *sides, abs(pence), term, clauses[term], period, kind)
            )
    return corrections + [entry for entry in due if entry.date > settled_until]


def _amounts(entries: Iterable[Entry]) -> dict[Key, int]:
    """Return the pence from the first to the second of each two parties, by period and term."""
    total: dict[Key, int] = {}
    for entry in entries:
        first, second = sorted((entry.payer, entry.payee))
        key = entry.is_on_account, entry.period, entry.term, first, second
        sign = 1 if entry.payer == first else -1
        total[key] = total.get(key, 0) + sign * entry.pence
    return total
