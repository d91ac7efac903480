"""Pounds to whole pence, with a rule for the penny that is left over.

An amount of each provider is rounded by itself. An amount that is one for all is rounded first and
then divided: every part is rounded down, and the pennies left over go one each to the parts that
lost most by it, the first of the contract first where they lost alike. What a provider receives is
divided between the commissioners likewise, each penny going to who has lost most so far. Half a
penny rounds away from nought. What stands instead of other payments is rounded together with them,
so that all of it comes to the pence of the new amount.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from simulator._errors import SettlementError
from simulator.contract.signatories import Signatories
from simulator.contract.statement import Array
from simulator.contract.term import Term

__all__ = [
    "NOISE",
    "REMAINDER_DIGITS",
    "Flows",
    "Replaced",
    "added",
    "apportion",
    "flows_of",
    "received_by",
    "share_out",
    "to_pence",
]

REMAINDER_DIGITS = 6
"""Decimals of a penny that remainders are compared by: beyond, only arithmetic's noise is left."""
NOISE = 1e-6
"""Pence by which half a penny may be missed: floats hold any amount settled so exactly."""
_LARGEST = 1e12  # pence


def to_pence(pounds: float) -> int:
    """Return an amount in whole pence, half a penny away from nought.

    >>> to_pence(2.675), to_pence(-2.675), to_pence(0.004)
    (268, -268, 0)
    """
    if not abs(pounds) * 100 < _LARGEST:
        raise SettlementError(
            "the contract moves more than ten thousand million pounds, which settlement does not "
            "count; check the units of its amounts"
        )
    pence = math.floor(abs(pounds) * 100 + 0.5 + NOISE)
    return pence if pounds >= 0 else -pence


def apportion(total: int, parts: Sequence[float]) -> list[int]:
    """Divide whole pence in proportion to parts that add up to about as much.

    Args:
        total: pence.
        parts: pounds; they add up to the total but for rounding.

    >>> apportion(10000, [100 / 3] * 3)
    [3334, 3333, 3333]
    """
    pence = [round(part * 100, REMAINDER_DIGITS) for part in parts]
    whole = [math.floor(part) for part in pence]
    left = total - sum(whole)
    lost = [round(part - floor, REMAINDER_DIGITS) for part, floor in zip(pence, whole, strict=True)]
    order = sorted(range(len(parts)), key=lambda index: (-lost[index], index))
    each, more = divmod(left, len(parts))
    for rank, index in enumerate(order):
        whole[index] += each + (1 if rank < more else 0)
    return whole


Flows = dict[tuple[str, str], int]
"""Whole pence by payer and payee; below nought the payee pays."""


@dataclass(frozen=True)
class Replaced:
    """What a term replaces: pounds and whole pence received by account."""

    pounds: Array
    pence: Sequence[int]


def flows_of(
    term: Term,
    moved: Array,
    divided: bool,
    signatories: Signatories,
    replaced: Replaced | None = None,
) -> Flows:
    """Return who pays whom how much by one term, in whole pence.

    Each provider settles with the other side of the term, never with another provider, unless the
    term itself is between providers.

    Args:
        term: whose sides they are.
        moved: pounds received by account, shape ``(accounts,)``.
        divided: whether one amount for all was divided between the providers.
        signatories: the parties.
        replaced: what the term stands instead of, and therefore takes back.
    """
    accounts = signatories.accounts
    gone = replaced or Replaced(np.zeros(len(accounts)), [0] * len(accounts))
    received = dict(zip(accounts, map(float, moved + gone.pounds), strict=True))
    taken_back = dict(zip(accounts, gone.pence, strict=True))
    if "providers" in (term.payer, term.payee):
        other = term.payer if term.payee == "providers" else term.payee
        sign = 1.0 if term.payee == "providers" else -1.0
        parties = [party for party in signatories.providers if party != other]
    elif term.payee == "commissioners":
        other, sign = term.payer, 1.0
        parties = [party for party in signatories.commissioners if party != other]
        divided = True
    else:
        other, sign = term.payee, -1.0
        payers = signatories.commissioners if term.payer == "commissioners" else (term.payer,)
        parties = [party for party in payers if party != other]
        divided = True
    if not parties:  # a party alone on both sides pays nobody
        return {}
    pounds = [sign * received[party] for party in parties]
    whole = apportion(to_pence(math.fsum(pounds)), pounds) if divided else map(to_pence, pounds)
    pence = [
        each - (1 if sign > 0 else -1) * taken_back[party]
        for party, each in zip(parties, whole, strict=True)
    ]
    shares = {other: 1.0}
    if other == "commissioners":
        shares = {party: share for party, share in signatories.funding.items() if share}
    flows: Flows = {}
    for party, row in zip(parties, share_out(pence, list(shares.values())), strict=True):
        for payer, part in zip(shares, row, strict=True):
            flows[(payer, party) if sign > 0 else (party, payer)] = part
    return flows


def share_out(amounts: Sequence[int], shares: Sequence[float]) -> list[list[int]]:
    """Divide whole pence by shares, one amount after the other.

    Every part is rounded down. The pennies left over go to those who have lost most by it so far,
    so that over several amounts nobody is more than a penny or so from the exact share.

    >>> share_out([3333, 3333], [0.5, 0.5])
    [[1667, 1666], [1666, 1667]]
    """
    lost = [0.0] * len(shares)
    rows = []
    for amount in amounts:
        exact = [round(amount * share, REMAINDER_DIGITS) for share in shares]
        row = [math.floor(part) for part in exact]
        lost = [
            round(before + part - floor, REMAINDER_DIGITS)
            for before, part, floor in zip(lost, exact, row, strict=True)
        ]
        order = sorted(range(len(shares)), key=lambda index: (-lost[index], index))
        for index in order[: amount - sum(row)]:
            row[index] += 1
            lost[index] = round(lost[index] - 1, REMAINDER_DIGITS)
        rows.append(row)
    return rows


def received_by(flows: Flows, accounts: Sequence[str]) -> list[int]:
    """Return what each account receives in all, pence; they sum to nought."""
    received = dict.fromkeys(accounts, 0)
    for (payer, payee), pence in flows.items():
        received[payer] -= pence
        received[payee] += pence
    return list(received.values())


def added(flows: Flows, other: Flows, sign: int = 1) -> Flows:
    """Return two flows together, or the difference of them."""
    total = dict(flows)
    for pair, pence in other.items():
        total[pair] = total.get(pair, 0) + sign * pence
    return total
