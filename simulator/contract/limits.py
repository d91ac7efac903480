"""What each party can gain and lose by the rules alone, without simulating anything."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from simulator.contract.agreement import Agreement
from simulator.contract.expression import product
from simulator.contract.split import DividedBy, fixed_shares
from simulator.contract.statement import COLUMNS, Array, Statement
from simulator.contract.term import Term
from simulator.contract.working import Working

__all__ = ["Limits", "is_cost_reimbursement", "yearly_limits"]

Interval = tuple[float, float]
WINDOWS_A_YEAR = {"month": 12, "quarter": 4, "year": 1, "term": 1}


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


@dataclass(frozen=True)
class _Part:
    """What one term can move in a full first year.

    Attributes:
        key: the term's.
        providers: least and greatest receipt of each provider, ``(providers, 2)``.
        funded: share of each commissioner in what the providers receive, ``(commissioners,)``.
        whole: bounds of what all providers receive, where they are closer than the sum.
        beside: receipts that do not come from or go to providers, ``(commissioners, 2)``.
        reimburses: whether it pays each provider its cost.
        is_payment: whether it is between those who signed.
    """

    key: str
    providers: Array
    funded: Array
    whole: Interval | None
    beside: Array
    reimburses: bool
    is_payment: bool

    def commissioners(self) -> Array:
        """Return the least and greatest receipt of each commissioner."""
        low, high = self.whole if self.whole is not None else self.providers.sum(axis=0)
        paid = [[-share * high, -share * low] if share else [0.0, 0.0] for share in self.funded]
        receipts: Array = self.beside + np.array(paid)
        return receipts

    def times(self, factor: Interval) -> _Part:
        """Return the part with a share of it added or taken off."""
        rows = [product((float(low), float(high)), factor) for low, high in self.providers]
        whole = None if self.whole is None else product(self.whole, factor)
        return replace(self, providers=np.array(rows), whole=whole)


def is_cost_reimbursement(term: Term) -> bool:
    """Tell whether a term pays each provider exactly its cost."""
    whole = term.measure.text == "cost" and term.times.text == "1" and term.instead_of is None
    return term.is_plain and whole and (term.payer, term.payee) == ("commissioners", "providers")


def yearly_limits(agreement: Agreement) -> list[Limits]:
    """Return the limits of every commissioner and provider for a full first year."""
    signatories = agreement.signatories
    parts: list[_Part] = []
    shares_of_cost = np.zeros(2)  # of cost reimbursed, added or taken off by deductions
    for term in agreement.terms:
        working = _working(agreement, term, parts)
        bounds = term.payment_bounds(working)
        if term.factor_on_payments:
            keep = 1.0 + bounds[0], 1.0 + bounds[1]
            parts = [part.times(keep) if part.is_payment else part for part in parts]
            if any(part.reimburses for part in parts):
                shares_of_cost += bounds
            continue
        windows = WINDOWS_A_YEAR[term.assessed]
        bounds = _times(bounds[0], windows), _times(bounds[1], windows)
        if term.instead_of is not None:
            parts = _replaced(parts, term, bounds, agreement)
        else:
            parts.append(_part(agreement, term, bounds))
    limits = []
    reimbursed = any(part.reimburses for part in parts)
    for index, party in enumerate(signatories.providers):
        rows = [(part, part.providers[index]) for part in parts]
        least, most = _sum([row for _, row in rows])
        worst, best = _sum([row for part, row in rows if not part.reimburses])
        if reimbursed:  # a part of the cost itself is taken off or added, however large it is
            worst = -np.inf if shares_of_cost[0] < 0 else worst
            best = np.inf if shares_of_cost[1] > 0 else best
        limits.append(
            Limits(party, least, most, reimbursed, worst if reimbursed else -np.inf, best)
        )
    payers = []
    for index, party in enumerate(signatories.commissioners):
        least, most = _sum([part.commissioners()[index] for part in parts])
        payers.append(Limits(party, least, most, reimbursed, least, most))
    return payers + limits


def _times(bound: float, count: float) -> float:
    return bound * count if bound else 0.0


def _sum(rows: list[Array]) -> Interval:
    low, high = np.sum(rows, axis=0) if rows else (0.0, 0.0)
    return float(low), float(high)


def _working(agreement: Agreement, term: Term, parts: list[_Part]) -> Working:
    """Return a working sheet that knows what the terms above can pay in the window of a term."""
    signatories, windows = agreement.signatories, WINDOWS_A_YEAR[term.assessed]
    empty = np.zeros((len(signatories.providers), len(signatories.services)))
    working = agreement.working(Statement(dict.fromkeys(COLUMNS, empty), 1.0 / windows))

    def hull(some: list[_Part]) -> Interval:
        rows = [_sum([part.providers[i] for part in some]) for i in range(len(empty))]
        return min(row[0] for row in rows) / windows, max(row[1] for row in rows) / windows

    working.payment_bounds = hull([part for part in parts if part.is_payment])
    for key in {part.key for part in parts} | {each.key for each in agreement.terms}:
        working.payment_bounds_by[key] = hull([part for part in parts if part.key == key])
    return working


def _part(agreement: Agreement, term: Term, bounds: Interval) -> _Part:
    """Return what a term can move in a year, given the bounds of its amount."""
    signatories = agreement.signatories
    providers, payers = len(signatories.providers), len(signatories.commissioners)
    pooled = term.is_pooled(agreement.pooled)
    whole = None
    if pooled and isinstance(term.split, DividedBy):
        each = [min(bounds[0], 0.0), max(bounds[1], 0.0)]
        rows, amounts = np.tile(each, (providers, 1)), np.full(providers, 1 / providers)
        whole = bounds
    else:
        amounts = np.ones(1 if pooled else providers)
        if pooled and term.split is not None:
            amounts = fixed_shares(term.split, signatories)
        rows = None
    received, paid = term.sides(amounts, signatories)
    weight = received - paid
    own = weight[signatories.provider_slice]
    if rows is None:
        rows = _ends(own, bounds)
    elif "providers" not in (term.payer, term.payee):
        rows, whole = _ends(own, bounds), None
    elif term.payer == "providers":
        rows, whole = -rows[:, ::-1], (-bounds[1], -bounds[0])
    total = float(own.sum())
    among = abs(total) < 1e-12
    funded = np.zeros(payers) if among else -weight[:payers] / total
    beside = _ends(weight[:payers], bounds) if among else np.zeros((payers, 2))
    return _Part(
        term.key,
        rows,
        funded,
        None if among else whole,
        beside,
        is_cost_reimbursement(term),
        agreement.is_payment(term),
    )


def _ends(weights: Array, bounds: Interval) -> Array:
    """Return the least and greatest of each weight times an amount within bounds."""
    rows = [[w * end if w else 0.0 for end in bounds] for w in weights]
    return np.sort(np.array(rows).reshape(-1, 2), axis=1)


def _replaced(
    parts: list[_Part], term: Term, bounds: Interval, agreement: Agreement
) -> list[_Part]:
    """Return the parts after a term whose amount stands instead of what others pay.

    ``bounds`` are those of the new amount itself.
    """
    keys = term.instead_of or ()
    gone = [part for part in parts if part.is_payment and {"payments", part.key} & set(keys)]
    left = [part for part in parts if not any(part is each for each in gone)]
    new = _part(agreement, term, bounds)
    if term.is_pooled(agreement.pooled):
        # together they receive the new amount; each receives its old one and a share of the change
        rows = np.array(
            [_sum([part.providers[i] for part in gone]) for i in range(len(new.providers))]
        )
        low, high = rows.sum(axis=0)
        change = _part(agreement, term, (bounds[0] - high, bounds[1] - low))
        new = replace(new, whole=bounds, providers=rows + change.providers)
        by = term.split.by.names() if isinstance(term.split, DividedBy) else frozenset()
        if by == set(term.replaced) and bounds[0] >= 0 and (rows >= 0).all():
            # cut in proportion to what it cuts: nobody pays in, and nobody receives more
            most = np.minimum(rows[:, 1], bounds[1])
            new = replace(new, providers=np.stack([np.zeros(len(most)), most], axis=1))
    return [*left, new]
