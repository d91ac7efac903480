"""Comparing pounds of different years: discounting, and taking nominal pounds to real ones.

Real amounts are discounted at a real rate; nominal ones never are.
"""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["GREEN_BOOK_2022", "discount_factor", "present_value", "rebase"]

Steps = Sequence[tuple[float, float]]

GREEN_BOOK_2022: Steps = ((30.0, 0.035), (75.0, 0.030), (125.0, 0.025))
"""HM Treasury, Green Book (2022), annex A6: real rate up to each year. Under review since 2025."""


def discount_factor(years: float, rate: float | Steps) -> float:
    """Return today's worth of a real pound some years ahead.

    Args:
        years: from the base date, not below 0.
        rate: one rate a year, or steps of (last year, rate) as in :data:`GREEN_BOOK_2022`.

    Raises:
        ValueError: beyond the last step, or before the base date.
    """
    steps: Steps = rate if isinstance(rate, Sequence) else ((float("inf"), rate),)
    if not 0 <= years <= steps[-1][0]:
        raise ValueError(f"{years} years lie outside the discount schedule")
    factor, begun = 1.0, 0.0
    for end, step in steps:
        spent = min(years, end) - begun
        factor /= (1.0 + step) ** spent
        begun = end
        if years <= end:
            break
    return factor


def present_value(amounts: Sequence[float], rate: float | Steps, mid_year: bool = False) -> float:
    """Return the worth today of one real amount a year, the first in year 1.

    Args:
        amounts: real pounds in years 1, 2, ...
        rate: see :func:`discount_factor`.
        mid_year: whether amounts fall in the middle of their year instead of at its end.
    """
    shift = 0.5 if mid_year else 0.0
    return sum(
        amount * discount_factor(year - shift, rate) for year, amount in enumerate(amounts, 1)
    )


def rebase(amount: float, index_then: float, index_base: float) -> float:
    """Return an amount in the prices of another year, by a price index (a GDP deflator)."""
    return amount * index_base / index_then
