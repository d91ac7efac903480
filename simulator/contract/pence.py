"""Pounds to whole pence, with a rule for the penny that is left over.

An amount of each provider is rounded by itself. An amount that is one for all is rounded first and
then divided: every part is rounded down, and the pennies left over go one each to the parts that
lost most by it, the first of the contract first where they lost alike. What the commissioners pay
is divided between them in the same way. Half a penny rounds away from nought.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from simulator._errors import SettlementError
from simulator.contract.signatories import Signatories
from simulator.contract.statement import Array

__all__ = ["REMAINDER_DIGITS", "apportion", "in_pence", "to_pence"]

REMAINDER_DIGITS = 6
"""Decimals of a penny that remainders are compared by: beyond, only arithmetic's noise is left."""
_NOISE = 1e-6  # pence; floats hold amounts up to ten thousand million pounds so exactly
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
    pence = math.floor(abs(pounds) * 100 + 0.5 + _NOISE)
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


def in_pence(moved: Array, pooled: bool, balancing: int, signatories: Signatories) -> list[int]:
    """Return what each account receives of one term in whole pence, summing to nought.

    Args:
        moved: pounds by account, shape ``(accounts,)``.
        pooled: whether the amount is one for all providers.
        balancing: the account that takes what rounding leaves where no commissioner is a side.
        signatories: the parties.
    """
    payers = len(signatories.commissioners)
    here = signatories.provider_slice
    providers = [float(amount) for amount in moved[here]]
    paid = [float(amount) for amount in moved[:payers]]
    if pooled:
        received = apportion(to_pence(math.fsum(providers)), providers)
    else:
        received = [to_pence(amount) for amount in providers]
    result = np.zeros(len(moved), dtype=np.int64)
    result[here] = received
    if any(paid):
        result[:payers] = apportion(-sum(received), paid)
    else:
        result[balancing] -= result.sum()
    return [int(pence) for pence in result]
