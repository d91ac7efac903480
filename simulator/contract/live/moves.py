"""What a settlement pays for each term and period: what is due now less what was entered."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass

from simulator.contract.agreement import Agreement
from simulator.contract.live.ledger import Entry, balances
from simulator.contract.live.settling import Due, Pence, Settlement
from simulator.contract.signatories import Signatories
from simulator.contract.term import Term

__all__ = ["Move", "is_side", "moves_of"]


@dataclass(frozen=True)
class Move:
    """What a settlement pays for one term and period, pence by account.

    Attributes:
        due: how the term comes out by the figures as known now.
        entered: what earlier settlements entered for it; nothing where it is settled first.
        paid: what this settlement adds, so that both together are what is due.
        sides: the parties that it moves money between.
        corrects: whether its period was settled before.
    """

    due: Due
    entered: Pence
    paid: Pence
    sides: frozenset[str]
    corrects: bool


def is_side(term: Term, party: str, signatories: Signatories) -> bool:
    """Tell whether a party pays or receives by a term, whatever it comes to."""
    sides = {term.payer, term.payee}
    if party in signatories.providers:
        return bool(sides & {party, "providers"})
    funds = "commissioners" in sides and signatories.funding[party] > 0
    return party in sides or funds


def moves_of(
    settlement: Settlement,
    entries: Sequence[Entry],
    settled_until: datetime.date,
    agreement: Agreement,
) -> tuple[list[Move], list[Entry]]:
    """Return what a settlement pays by term and period, and what of it has no term settled now.

    Args:
        settlement: by the figures as known now.
        entries: what it adds to the ledger.
        settled_until: the last day that earlier settlements cover.
        agreement: what was signed.

    Returns:
        A move for each term of each period that is settled first, also where nothing is due, and
        for each that is corrected; then the entries beside them: payments on account, and
        corrections of what the contract does not hold any more.
    """
    paid: dict[tuple[str, str], list[Entry]] = {}
    for entry in entries:
        if not entry.is_on_account:
            paid.setdefault((entry.period, entry.term), []).append(entry)
    moves = []
    accounts = agreement.signatories.accounts
    for due in settlement.dues:
        found = paid.pop((due.period, agreement.terms[due.index].name), [])
        if not found and due.date <= settled_until:
            continue
        net = balances(found)
        now = [net.get(account, 0) for account in accounts]
        entered = [all_ - part for all_, part in zip(due.due, now, strict=True)]
        parties = [party for each in found for party in (each.payer, each.payee)]
        sides = frozenset((*parties, *(party for pair in due.flows for party in pair)))
        moves.append(Move(due, entered, now, sides, due.date <= settled_until))
    covered = {(move.due.period, agreement.terms[move.due.index].name) for move in moves}
    beside = [
        entry
        for entry in entries
        if entry.is_on_account or (entry.period, entry.term) not in covered
    ]
    return moves, beside
