"""What each party can gain and lose by the rules alone, without simulating anything."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simulator.contract.agreement import Agreement
from simulator.contract.term import Term, shares

__all__ = ["Limits", "is_cost_reimbursement", "yearly_limits"]


@dataclass(frozen=True)
class Limits:
    """A party's limits in a full first year, pounds.

    Attributes:
        party: identifier.
        least: least it can receive in all (below 0: most it can pay).
        most: most it can receive.
        reimbursed: whether its whole cost is reimbursed.
        worst: least surplus by rule: its payments less its own cost; -inf where it bears its cost.
        best: greatest surplus by rule; inf where payments grow without limit.
    """

    party: str
    least: float
    most: float
    reimbursed: bool
    worst: float
    best: float


def is_cost_reimbursement(term: Term) -> bool:
    """Tell whether a term pays each provider exactly its cost."""
    plain = not term.bands and term.at_least is None and term.at_most is None
    whole = term.measure.text == "cost" and term.times.text == "1"
    return plain and whole and (term.payer, term.payee) == ("commissioners", "providers")


def yearly_limits(agreement: Agreement) -> list[Limits]:
    """Return the limits of every commissioner and provider for a full first year."""
    signatories = agreement.signatories
    accounts = signatories.accounts
    bounds = agreement.yearly_bounds()
    least, most = np.zeros(len(accounts)), np.zeros(len(accounts))
    other_least, other_most = np.zeros(len(accounts)), np.zeros(len(accounts))
    reimbursed = False
    for term, (low, high) in zip(agreement.terms, bounds, strict=True):
        moves = _party_bounds(agreement, term, low, high)
        least, most = least + moves[:, 0], most + moves[:, 1]
        if is_cost_reimbursement(term):
            reimbursed = True
        else:
            other_least, other_most = other_least + moves[:, 0], other_most + moves[:, 1]
    limits = []
    for index, party in enumerate(accounts):
        if party in signatories.providers:
            worst, best = other_least[index], other_most[index]
            if not reimbursed:
                worst = -np.inf
        elif party in signatories.commissioners:
            worst, best = least[index], most[index]
        else:
            continue
        limits.append(
            Limits(party, least[index], most[index], reimbursed, float(worst), float(best))
        )
    return limits


def _party_bounds(agreement: Agreement, term: Term, low: float, high: float) -> np.ndarray:
    """Return the least and greatest receipt of each account from one term, ``(accounts, 2)``."""
    signatories = agreement.signatories
    accounts = signatories.accounts
    if term.is_pooled(agreement.pooled):
        each = shares(term.split, signatories) if term.split is not None else None
        total = 1.0 if each is None else float(each.sum())
    else:
        each, total = np.ones(len(signatories.providers)), float(len(signatories.providers))
    weight = np.zeros(len(accounts))
    for side, sign in ((term.payee, 1.0), (term.payer, -1.0)):
        if side == "providers":
            weight[signatories.provider_slice] += sign * (0.0 if each is None else each)
        elif side == "commissioners":
            for index, party in enumerate(signatories.commissioners):
                weight[index] += sign * total * signatories.funding[party]
        else:
            weight[accounts.index(side)] += sign * total
    ends = np.array([[w * low if w else 0.0, w * high if w else 0.0] for w in weight])
    return np.sort(ends, axis=1)
