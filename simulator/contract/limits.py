"""What each party can gain and lose by the rules alone, without simulating anything."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simulator.contract.agreement import Agreement
from simulator.contract.expression import product
from simulator.contract.statement import Array
from simulator.contract.term import Term

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
    # What passes between commissioners and providers, by provider; then costs paid outside.
    between = np.zeros((len(signatories.providers), 2))
    beside_cost = np.zeros_like(between)
    outside = np.zeros((len(accounts), 2))
    reimbursed = False
    each = zip(agreement.terms, agreement.yearly_bounds(), agreement.between_parties, strict=True)
    for term, bounds, is_between in each:
        if term.factor_on_payments:
            between = _scaled(between, bounds)
            beside_cost = _scaled(beside_cost, bounds)
            if reimbursed:  # a part of the cost itself is taken off or added, however large it is
                beside_cost += np.select([bounds < 0, bounds > 0], [-np.inf, np.inf], 0.0)
        elif is_between:
            moves = _moves(agreement, term, bounds)[signatories.provider_slice]
            between = between + moves
            if is_cost_reimbursement(term):
                reimbursed = True
            else:
                beside_cost = beside_cost + moves
        else:
            outside = outside + _moves(agreement, term, bounds)
    paid = -between.sum(axis=0)[::-1]  # the most the providers receive is the most that is paid
    limits = []
    for index, party in enumerate(accounts[: signatories.provider_slice.stop]):
        if party in signatories.providers:
            provider = index - signatories.provider_slice.start
            least, most = between[provider] + outside[index]
            worst, best = beside_cost[provider] + outside[index]
            if not reimbursed:
                worst = -np.inf
        else:
            funded = signatories.funding[party]
            least, most = np.where(funded > 0, paid * max(funded, 1e-300), 0.0) + outside[index]
            worst, best = least, most
        limits.append(
            Limits(party, float(least), float(most), reimbursed, float(worst), float(best))
        )
    return limits


def _scaled(payments: Array, factor: Array) -> Array:
    """Return the bounds of payments with a part of them added or taken off."""
    keep = (1.0 + float(factor[0]), 1.0 + float(factor[1]))
    return np.array([product((float(low), float(high)), keep) for low, high in payments])


def _moves(agreement: Agreement, term: Term, bounds: Array) -> Array:
    """Return the least and greatest receipt of each account from one term, ``(accounts, 2)``."""
    signatories = agreement.signatories
    count = 1 if term.is_pooled(agreement.pooled) else len(signatories.providers)
    weight = term.move(np.ones(count), signatories)
    ends = [[w * end if w else 0.0 for end in bounds] for w in weight]
    return np.sort(np.array(ends), axis=1)
