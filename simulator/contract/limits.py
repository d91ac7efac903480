"""What each party can gain and lose by the rules alone, without simulating anything."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from simulator.contract.account import holds
from simulator.contract.agreement import Agreement
from simulator.contract.expression import Interval, product
from simulator.contract.live.needs import smallest_period
from simulator.contract.periods import Timetable
from simulator.contract.signatories import Signatories
from simulator.contract.split import DividedBy, fixed_shares
from simulator.contract.statement import COLUMNS, Array, Statement
from simulator.contract.term import Term
from simulator.contract.working import Working

__all__ = ["Limits", "holds_all_year", "is_cost_reimbursement", "yearly_limits"]

WINDOWS_A_YEAR = {"month": 12, "quarter": 4, "year": 1, "term": 1}


@dataclass(frozen=True)
class Limits:
    """A party's limits in a full first year, pounds.

    Attributes:
        party: identifier.
        least: least it can receive in all (below 0: most it can pay).
        most: most it can receive.
        reimbursed: whether the providers' whole cost is reimbursed.
        worst: of a provider, the least of its payments less its own cost: -inf where it bears its
            cost. Of a commissioner, the least it can receive beside the cost it reimburses.
        best: the greatest of the same; inf where it grows without limit.
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
        whole: least and greatest of what all providers receive, ``(2,)``; none where they are
            those of the sum.
        beside: receipts that do not come from or go to providers, ``(commissioners, 2)``.
        reimburses: whether it pays each provider its cost.
        is_payment: whether it is between those who signed.
        kept: what later terms in proportion to it leave of it, ``(providers, 2)``.
    """

    keys: frozenset[str]
    providers: Array
    funded: Array
    whole: Array | None
    beside: Array
    reimburses: bool
    is_payment: bool
    kept: Array

    def commissioners(self) -> Array:
        """Return the least and greatest receipt of each commissioner."""
        low, high = self.providers.sum(axis=0)
        if self.whole is not None:
            low, high = max(low, self.whole[0]), min(high, self.whole[1])
        receipts: Array = self.beside + _moved(-self.funded[None], np.array([[low, high]]))
        return receipts

    def times(self, factor: Array, is_one_for_all: bool) -> _Part:
        """Return the part with a share of it added or taken off.

        Args:
            factor: least and greatest of what is left of each provider's receipts.
            is_one_for_all: whether it is the same for every provider.
        """
        whole = None
        if self.whole is not None and (is_one_for_all or self.is_one_way):
            whole = _products(self.whole[None], _hull(factor)[None])[0]
        return replace(
            self,
            keys=frozenset(),
            providers=_products(self.providers, factor),
            whole=whole,
            kept=_products(self.kept, factor),
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


_NOUGHT_OR_MORE = np.array([[0.0, np.inf]])


def is_cost_reimbursement(term: Term) -> bool:
    """Tell whether a term pays each provider exactly its cost."""
    whole = term.measure.text == "cost" and term.times.text == "1" and term.instead_of is None
    return term.is_plain and whole and (term.payer, term.payee) == ("commissioners", "providers")


def yearly_limits(agreement: Agreement, timetable: Timetable | None = None) -> list[Limits]:
    """Return the limits of every commissioner and provider for a full first year.

    Args:
        agreement: the contract, without its adjustments.
        timetable: its term, which tells the terms that hold in the first year and for how long;
            without it all hold all year.
    """
    signatories = agreement.signatories
    year = _Year([], {})
    for term in agreement.terms:
        _take_in(year, agreement, term, _windows(term, timetable))
    reimbursing = next((part for part in year.parts if part.reimburses), None)
    others = [part for part in year.parts if part is not reimbursing]
    in_all, beside = _receipts(year.parts, signatories), _receipts(others, signatories)
    payers = len(signatories.commissioners)
    if reimbursing is None:
        beside[payers:, 0] = -np.inf
    else:  # a part of the cost itself is taken off or added, however large it is
        more_or_less = reimbursing.kept - 1.0
        grows = replace(reimbursing, providers=_products(more_or_less, _NOUGHT_OR_MORE), whole=None)
        beside = beside + _receipts([grows], signatories)
    rows = zip(signatories.accounts, in_all.tolist(), beside.tolist(), strict=False)
    return [
        Limits(party, least, most, reimbursing is not None, worst, best)
        for party, (least, most), (worst, best) in rows
    ]


def _receipts(parts: Sequence[_Part], signatories: Signatories) -> Array:
    """Return the least and greatest of what commissioners and providers receive together."""
    parties = len(signatories.commissioners) + len(signatories.providers)
    rows = [np.concatenate([part.commissioners(), part.providers]) for part in parts]
    return _total(rows, parties)


def holds_all_year(term: Term, timetable: Timetable) -> bool:
    """Tell whether a term holds in every month of the first year."""
    return all(holds(term, month) for month in timetable.months[:12])


def _windows(term: Term, timetable: Timetable | None) -> dict[int, int]:
    """Return how many windows of how many months a term has in a first year."""
    windows = WINDOWS_A_YEAR[term.assessed]
    if timetable is None or holds_all_year(term, timetable):
        return {12 // windows: windows}
    lengths, held = [], 0
    for month in timetable.months[:12]:
        held += holds(term, month)
        if term.assessed == "month" or (term.assessed == "quarter" and month.quarter_end):
            lengths.append(held)
            held = 0
    return dict(Counter(length for length in (*lengths, held) if length))


def _take_in(year: _Year, agreement: Agreement, term: Term, windows: Mapping[int, int]) -> None:
    """Add what a term can move in its windows to what those above it can.

    ``windows`` has how many there are by their length in months.
    """
    count, several = len(agreement.signatories.providers), sum(windows.values())
    if not several:
        year.moved[term.key] = np.zeros((count, 2))
        return
    each = []
    for months in windows:
        working = _working(agreement, year, windows, months)
        measured = _measured(year, agreement, term, windows)
        each.append(np.stack(term.payment_bounds(working, measured), axis=1))
    bounds = _hull(np.stack(each))
    sign, key = term.factor_on
    if sign:
        like = _part(agreement, term, bounds)
        changed, paid = year.paid_by(frozenset({key}), len(like.providers))
        received = _products(paid, bounds)
        if changed is not None and all(part.is_funded_like(like) for part in changed):
            parts = (term.measure, *term.expressions())
            same = all(each.is_pooled(agreement.pooled) for each in parts)
            left = [part.times(1.0 + bounds, same) for part in changed]
            year.parts = [*_without(year.parts, changed), *left]
        else:
            year.parts.append(_part(agreement, term, received))
        year.moved[term.key] = received
        return
    pairs = zip(windows.values(), each, strict=True)
    bounds = np.sum([how_many * rows for how_many, rows in pairs], axis=0)
    if term.instead_of is not None:
        _replace(year, agreement, term, bounds)
        return
    part = _part(agreement, term, bounds)
    year.parts.append(part)
    year.moved[term.key] = part.providers


def _measured(
    year: _Year, agreement: Agreement, term: Term, windows: Mapping[int, int]
) -> Interval | None:
    """Return the bounds of a measure that is what the term replaces, closer than by its parts."""
    if term.instead_of is None:
        return None
    paid = " + ".join(term.replaced)
    count = len(agreement.signatories.providers)
    low, high = _in_a_window(year.paid_by(frozenset(term.instead_of), count)[1], windows).T
    if term.measure.text == paid:
        return low, high
    if term.measure.text == f"total({paid})":
        return low.sum(keepdims=True), high.sum(keepdims=True)
    return None


def _in_a_window(rows: Array, windows: Mapping[int, int]) -> Array:
    """Return what can be moved in one window of what can in all, ``(providers, 2)``.

    Of windows of several lengths one can have next to nothing, or next to all of it.
    """
    if len(windows) == 1:
        return rows / sum(windows.values())
    return np.stack([np.minimum(rows[:, 0], 0.0), np.maximum(rows[:, 1], 0.0)], axis=1)


def _working(agreement: Agreement, year: _Year, windows: Mapping[int, int], months: int) -> Working:
    """Return a working sheet that knows what the terms above can pay in a window.

    Args:
        agreement: the contract.
        year: what they can move in it.
        windows: how many windows they have, by length.
        months: length of this one.
    """
    signatories = agreement.signatories
    empty = np.zeros((len(signatories.providers), len(signatories.services)))
    working = agreement.working(Statement(dict.fromkeys(COLUMNS, empty), months / 12))
    working.told = 1.0 / WINDOWS_A_YEAR[smallest_period(agreement)]
    paid = {"payments": year.payments(len(empty))}
    paid |= {f"payments.{key}": rows for key, rows in year.moved.items()}
    for name, rows in paid.items():
        low, high = _in_a_window(rows, windows).T
        working.payment_bounds[name] = low, high
    return working


def _part(agreement: Agreement, term: Term, bounds: Array) -> _Part:
    """Return what a term can move in a year, given the bounds of its amounts.

    ``bounds`` has shape ``(providers, 2)``, or ``(1, 2)`` for an amount that is one for all.
    """
    signatories = agreement.signatories
    providers, payers = len(signatories.providers), len(signatories.commissioners)
    pooled = term.is_pooled(agreement.pooled)
    divided = pooled and isinstance(term.split, DividedBy)
    if not pooled:
        amounts, bounds = np.eye(providers), np.broadcast_to(bounds, (providers, 2))
    elif divided:
        amounts = np.full((1, providers), 1 / providers)
    else:
        amounts = np.ones((1, 1)) if term.split is None else fixed_shares(term.split, signatories)
    received, paid = term.sides(np.atleast_2d(amounts), signatories)
    weights = received - paid  # of each amount in what each account receives
    own, of_payers = weights[:, signatories.provider_slice], weights[:, :payers]
    rows = _moved(own, bounds)
    if divided and "providers" in (term.payer, term.payee):  # a share from nothing to the whole
        sign = 1.0 if term.payee == "providers" else -1.0
        beside_it = own - sign * amounts  # what a single provider on the other side pays
        rows = _hull(np.stack([_moved(beside_it, bounds), _moved(beside_it + sign, bounds)]))
    total = float(own.sum())
    among = abs(total) < 1e-12
    return _Part(
        frozenset({term.key}) - {""},
        rows,
        np.zeros(payers) if among else -of_payers.sum(axis=0) / total,
        _moved(own.sum(axis=1, keepdims=True), bounds)[0] if pooled and not among else None,
        _moved(of_payers, bounds) if among else np.zeros((payers, 2)),
        is_cost_reimbursement(term),
        agreement.is_payment(term),
        np.ones((providers, 2)),
    )


def _total(rows: Sequence[Array], parties: int) -> Array:
    total: Array = np.sum(rows, axis=0) if rows else np.zeros((parties, 2))
    return total


def _products(rows: Array, factors: Array) -> Array:
    """Return the least and greatest products of what lies in rows and in factors."""
    return np.stack(product((rows[:, 0], rows[:, 1]), (factors[:, 0], factors[:, 1])), axis=1)


def _hull(rows: Array) -> Array:
    """Return the least and greatest over the first axis, ``(several, ..., 2)`` to ``(..., 2)``."""
    return np.stack([rows[..., 0].min(axis=0), rows[..., 1].max(axis=0)], axis=-1)


def _moved(weights: Array, bounds: Array) -> Array:
    """Return the least and greatest sum of amounts within bounds, by their weights.

    Args:
        weights: of each amount in each sum, ``(amounts, sums)``.
        bounds: of each amount, ``(amounts, 2)``.

    Returns:
        Shape ``(sums, 2)``.
    """
    low, high = product((weights, weights), (bounds[:, :1], bounds[:, 1:]))
    return np.stack([low.sum(axis=0), high.sum(axis=0)], axis=1)


def _replace(year: _Year, agreement: Agreement, term: Term, bounds: Array) -> None:
    """Take in a term whose amount stands instead of what others pay.

    ``bounds`` are those of the new amount itself.
    """
    new = _part(agreement, term, bounds)
    count = len(new.providers)
    gone, replaced = year.paid_by(frozenset(term.instead_of or ()), count)
    pooled = term.is_pooled(agreement.pooled)
    old = replaced.sum(axis=0, keepdims=True) if pooled else replaced
    if term.payer == "providers":
        old = -old[:, ::-1]
    change = _part(agreement, term, bounds - old[:, ::-1])
    year.moved[term.key] = change.providers
    if gone is None or not all(part.is_funded_like(new) for part in gone):
        year.parts.append(replace(change, keys=frozenset()))
        return
    if pooled:
        # together they receive the new amount; each receives its old one and a share of the change
        new = replace(new, providers=replaced + change.providers)
        by = term.split.by.names() if isinstance(term.split, DividedBy) else frozenset()
        if term.is_limit_alone and by == set(term.replaced) and (replaced >= 0).all():
            # cut in proportion to what it cuts: nobody pays in, and nobody receives more
            most = np.minimum(replaced[:, 1], bounds[:, 1])
            rows = np.stack([np.minimum(most, 0.0), most], axis=1)
            new = replace(new, providers=rows)
    keys = frozenset({term.key}).union(*(part.keys for part in gone)) if term.key else frozenset()
    if "payments" in (term.instead_of or ()):
        keys = frozenset()
    year.parts = [*_without(year.parts, gone), replace(new, keys=keys, reimburses=False)]


def _without(parts: Sequence[_Part], gone: Sequence[_Part]) -> list[_Part]:
    return [part for part in parts if not any(part is each for each in gone)]
