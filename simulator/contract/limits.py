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
        keys: of the terms whose payments together it is; none once something is taken off it.
        providers: least and greatest receipt of each provider, ``(providers, 2)``.
        funded: share of each commissioner in what the providers receive, ``(commissioners,)``.
        whole: bounds of what all providers receive, where they are closer than the sum.
        beside: receipts that do not come from or go to providers, ``(commissioners, 2)``.
        reimburses: whether it pays each provider its cost.
        is_payment: whether it is between those who signed.
        kept: what later terms in proportion to it leave of it.
    """

    keys: frozenset[str]
    providers: Array
    funded: Array
    whole: Interval | None
    beside: Array
    reimburses: bool
    is_payment: bool
    kept: Interval = (1.0, 1.0)

    def commissioners(self) -> Array:
        """Return the least and greatest receipt of each commissioner."""
        low, high = self.whole if self.whole is not None else self.providers.sum(axis=0)
        paid = [[-share * high, -share * low] if share else [0.0, 0.0] for share in self.funded]
        receipts: Array = self.beside + np.array(paid)
        return receipts

    def times(self, factor: Interval, is_one_for_all: bool) -> _Part:
        """Return the part with a share of it added or taken off.

        Args:
            factor: what is left of each provider's receipts.
            is_one_for_all: whether it is the same for every provider.
        """
        whole = None
        if self.whole is not None and (is_one_for_all or self.is_one_way):
            whole = product(self.whole, factor)
        return replace(
            self,
            keys=frozenset(),
            providers=_products(self.providers, factor),
            whole=whole,
            kept=product(self.kept, factor),
        )

    @property
    def is_one_way(self) -> bool:
        """Whether no provider can pay while another receives."""
        return bool((self.providers >= 0).all() or (self.providers <= 0).all())

    def is_funded_like(self, other: _Part) -> bool:
        """Tell whether commissioners bear it in the same shares, and nothing else."""
        among = not self.funded.any() and bool(self.beside.any() or not other.funded.any())
        return not among and np.allclose(self.funded, other.funded)


@dataclass
class _Year:
    """What the terms so far can move in a year.

    Attributes:
        parts: of all that is moved.
        moved: what each term with a key moves to each provider, ``(providers, 2)``.
    """

    parts: list[_Part]
    moved: dict[str, Array]

    def paid_by(self, keys: frozenset[str], providers: int) -> tuple[list[_Part] | None, Array]:
        """Return the parts that are what the terms of some keys pay, and their receipts together.

        Where something was taken off them there are no such parts, and None is returned for them.
        """
        if "payments" in keys:
            return [part for part in self.parts if part.is_payment], self.payments(providers)
        parts = [part for part in self.parts if part.is_payment and part.keys and part.keys <= keys]
        if frozenset().union(*(part.keys for part in parts)) == keys:
            return parts, _total([part.providers for part in parts], providers)
        return None, _total([self.moved[key] for key in sorted(keys)], providers)

    def payments(self, providers: int) -> Array:
        """Return what each provider can receive from those who signed, ``(providers, 2)``."""
        return _total([part.providers for part in self.parts if part.is_payment], providers)


def is_cost_reimbursement(term: Term) -> bool:
    """Tell whether a term pays each provider exactly its cost."""
    whole = term.measure.text == "cost" and term.times.text == "1" and term.instead_of is None
    return term.is_plain and whole and (term.payer, term.payee) == ("commissioners", "providers")


def yearly_limits(agreement: Agreement) -> list[Limits]:
    """Return the limits of every commissioner and provider for a full first year."""
    signatories = agreement.signatories
    year = _Year([], {})
    for term in agreement.terms:
        _take_in(year, agreement, term)
    limits = []
    reimbursing = next((part for part in year.parts if part.reimburses), None)
    for index, party in enumerate(signatories.providers):
        least, most = _sum([part.providers[index] for part in year.parts])
        others = [part.providers[index] for part in year.parts if part is not reimbursing]
        worst, best = _sum(others)
        if reimbursing is None:
            worst = -np.inf
        else:  # a part of the cost itself is taken off or added, however large it is
            worst = -np.inf if reimbursing.kept[0] < 1 else worst
            best = np.inf if reimbursing.kept[1] > 1 else best
        limits.append(Limits(party, least, most, reimbursing is not None, worst, best))
    payers = []
    for index, party in enumerate(signatories.commissioners):
        least, most = _sum([part.commissioners()[index] for part in year.parts])
        payers.append(Limits(party, least, most, reimbursing is not None, least, most))
    return payers + limits


def _take_in(year: _Year, agreement: Agreement, term: Term) -> None:
    """Add what a term can move to what those above it can."""
    windows, count = WINDOWS_A_YEAR[term.assessed], len(agreement.signatories.providers)
    working = _working(agreement, term, year)
    bounds = term.payment_bounds(working, _measured(year, agreement, term, windows))
    if term.factor_on_payments:
        received = _products(year.payments(count), bounds)
        like = _part(agreement, term, bounds)
        if all(part.is_funded_like(like) for part in year.parts if part.is_payment):
            keep = 1.0 + bounds[0], 1.0 + bounds[1]
            parts = (term.measure, *term.expressions())
            same = all(each.is_pooled(agreement.pooled) for each in parts)
            year.parts = [
                part.times(keep, same) if part.is_payment else part for part in year.parts
            ]
        else:
            whole = float(received[:, 0].min()), float(received[:, 1].max())
            year.parts.append(_part(agreement, term, whole))
        year.moved[term.key] = received
        return
    bounds = _times(bounds[0], windows), _times(bounds[1], windows)
    if term.instead_of is not None:
        _replace(year, agreement, term, bounds)
        return
    part = _part(agreement, term, bounds)
    year.parts.append(part)
    year.moved[term.key] = part.providers


def _measured(year: _Year, agreement: Agreement, term: Term, windows: int) -> Interval | None:
    """Return the bounds of a measure that is what the term replaces, closer than by its parts."""
    if term.instead_of is None:
        return None
    paid = " + ".join(term.replaced)
    count = len(agreement.signatories.providers)
    rows = year.paid_by(frozenset(term.instead_of), count)[1] / windows
    if term.measure.text == paid:
        return float(rows[:, 0].min()), float(rows[:, 1].max())
    if term.measure.text == f"total({paid})":
        low, high = rows.sum(axis=0)
        return float(low), float(high)
    return None


def _times(bound: float, count: float) -> float:
    return bound * count if bound else 0.0


def _sum(rows: list[Array]) -> Interval:
    low, high = np.sum(rows, axis=0) if rows else (0.0, 0.0)
    return float(low), float(high)


def _products(rows: Array, factor: Interval) -> Array:
    """Return the least and greatest product of each row's receipts with a factor."""
    found = [product((float(low), float(high)), factor) for low, high in rows]
    return np.array(found).reshape(-1, 2)


def _total(rows: list[Array], providers: int) -> Array:
    total: Array = np.sum(rows, axis=0) if rows else np.zeros((providers, 2))
    return total


def _working(agreement: Agreement, term: Term, year: _Year) -> Working:
    """Return a working sheet that knows what the terms above can pay in the window of a term."""
    signatories, windows = agreement.signatories, WINDOWS_A_YEAR[term.assessed]
    empty = np.zeros((len(signatories.providers), len(signatories.services)))
    working = agreement.working(Statement(dict.fromkeys(COLUMNS, empty), 1.0 / windows))

    def hull(rows: Array) -> Interval:
        return float(rows[:, 0].min()) / windows, float(rows[:, 1].max()) / windows

    working.payment_bounds = hull(year.payments(len(empty)))
    for key, rows in year.moved.items():
        working.payment_bounds_by[key] = hull(rows)
    return working


def _part(agreement: Agreement, term: Term, bounds: Interval) -> _Part:
    """Return what a term can move in a year, given the bounds of its amount."""
    signatories = agreement.signatories
    providers, payers = len(signatories.providers), len(signatories.commissioners)
    pooled = term.is_pooled(agreement.pooled)
    divided = pooled and isinstance(term.split, DividedBy)
    amounts = np.ones(1 if pooled else providers)
    if divided:
        amounts = np.full(providers, 1 / providers)
    elif pooled and term.split is not None:
        amounts = fixed_shares(term.split, signatories)
    received, paid = term.sides(amounts, signatories)
    weight = received - paid
    own = weight[signatories.provider_slice]
    rows = _ends(own, bounds)
    if divided and "providers" in (term.payer, term.payee):  # a share from nothing to the whole
        sign = 1.0 if term.payee == "providers" else -1.0
        beside_it = own - sign * amounts  # what a single provider on the other side pays
        rows = _hull(_ends(beside_it, bounds), _ends(beside_it + sign, bounds))
    total = float(own.sum())
    among = abs(total) < 1e-12
    funded = np.zeros(payers) if among else -weight[:payers] / total
    beside = _ends(weight[:payers], bounds) if among else np.zeros((payers, 2))
    return _Part(
        frozenset({term.key}) - {""},
        rows,
        funded,
        _scaled(bounds, total) if pooled and not among else None,
        beside,
        is_cost_reimbursement(term),
        agreement.is_payment(term),
    )


def _scaled(bounds: Interval, weight: float) -> Interval:
    low, high = sorted(weight * end for end in bounds)
    return low, high


def _hull(a: Array, b: Array) -> Array:
    low, high = np.minimum(a[:, 0], b[:, 0]), np.maximum(a[:, 1], b[:, 1])
    return np.stack([low, high], axis=1)


def _ends(weights: Array, bounds: Interval) -> Array:
    """Return the least and greatest of each weight times an amount within bounds."""
    rows = [[w * end if w else 0.0 for end in bounds] for w in weights]
    return np.sort(np.array(rows).reshape(-1, 2), axis=1)


def _replace(year: _Year, agreement: Agreement, term: Term, bounds: Interval) -> None:
    """Take in a term whose amount stands instead of what others pay.

    ``bounds`` are those of the new amount itself.
    """
    new = _part(agreement, term, bounds)
    count = len(new.providers)
    gone, replaced = year.paid_by(frozenset(term.instead_of or ()), count)
    sign = -1.0 if term.payer == "providers" else 1.0
    if term.is_pooled(agreement.pooled):
        low, high = replaced.sum(axis=0)
    else:
        low, high = replaced[:, 0].min(), replaced[:, 1].max()
    low, high = sorted((sign * low, sign * high))
    change = _part(agreement, term, (float(bounds[0] - high), float(bounds[1] - low)))
    year.moved[term.key] = change.providers
    if gone is None or not all(part.is_funded_like(new) for part in gone):
        year.parts.append(replace(change, keys=frozenset()))
        return
    if term.is_pooled(agreement.pooled):
        # together they receive the new amount; each receives its old one and a share of the change
        new = replace(new, providers=replaced + change.providers)
        by = term.split.by.names() if isinstance(term.split, DividedBy) else frozenset()
        if term.is_limit_alone and by == set(term.replaced) and (replaced >= 0).all():
            # cut in proportion to what it cuts: nobody pays in, and nobody receives more
            most = np.minimum(replaced[:, 1], bounds[1])
            rows = np.stack([np.minimum(most, 0.0), most], axis=1)
            new = replace(new, providers=rows)
    left = [part for part in year.parts if not any(part is each for each in gone)]
    keys = frozenset({term.key}).union(*(part.keys for part in gone)) if term.key else frozenset()
    if "payments" in (term.instead_of or ()):
        keys = frozenset()
    year.parts = [*left, replace(new, keys=keys, reimburses=False)]
