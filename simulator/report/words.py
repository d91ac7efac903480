"""Figures as readers want them: money in words, no more digits than the futures support."""

from __future__ import annotations

import math

__all__ = [
    "MADE_UP",
    "decimal",
    "financial_year",
    "in_percent",
    "likelihood",
    "money",
    "money_in_words",
    "money_range",
    "number",
    "percent",
    "rounded",
]

MADE_UP = "Made-up inputs: do not use for decisions."
"""Stands on everything that shows figures of an illustrative scenario."""
_MINUS = "\N{MINUS SIGN}"

_LIKELIHOODS = (
    (0.25, 0.35, "unlikely"),
    (0.40, 0.50, "a realistic possibility"),
    (0.55, 0.75, "likely"),
    (0.80, 0.90, "highly likely"),
    (0.95, 1.00, "almost certain"),
)
"""Words of the UK government's uncertainty yardstick, used only beside their number."""


def rounded(value: float, error: float | None) -> float:
    """Round to the digits that the Monte Carlo error supports; whole units without an error."""
    if not error or error < 1.0:
        return float(round(value))
    step = 10.0 ** math.floor(math.log10(error))
    return round(value / step) * step


def money(value: float, currency: str = "£", error: float | None = None) -> str:
    """Return whole pounds: ``−£1,200``."""
    shown = rounded(value, error)
    return f"{_MINUS if shown < 0 else ''}{currency}{abs(shown):,.0f}"


def money_in_words(value: float, currency: str = "£") -> str:
    """Return money for a sentence: ``£2.31 million``, ``£184,000``, ``£8,400``, ``£950``."""
    sign = _MINUS if value < 0 else ""
    size = abs(value)
    if size >= 999_500:
        return f"{sign}{currency}{size / 1e6:,.2f} million"
    step = 1_000 if size >= 99_500 else 100 if size >= 995 else 1
    return f"{sign if round(size / step) else ''}{currency}{round(size / step) * step:,.0f}"


def money_range(low: float, high: float, currency: str = "£") -> str:
    """Return a range: ``£2.54 to £2.59 million``, ``£84,000 to £1.20 million``; or one figure."""
    first, second = money_in_words(low, currency), money_in_words(high, currency)
    if first == second:
        return first
    if first.endswith(" million") and second.endswith(" million"):
        first = first.removesuffix(" million")
    return f"{first} to {second}"


def number(value: float) -> str:
    """Return a count with thousands separators."""
    return f"{value:,.0f}"


def decimal(value: float, digits: int = 2, plus: bool = False) -> str:
    """Return a number of either sign: ``−0.35``; nought has none, and is never below nought.

    Args:
        value: the number.
        digits: after the point.
        plus: whether a number above nought carries its sign, too.
    """
    shown = f"{abs(value):,.{digits}f}"
    if not float(shown.replace(",", "")):
        return shown
    return f"{_MINUS if value < 0 else '+' if plus else ''}{shown}"


def percent(share: float, count: int) -> str:
    """Return a share of futures, and of how many; none and all of them are counted instead."""
    if share == 0.0:
        return f"0 of {count:,}"
    if share == 1.0:
        return f"all {count:,}"
    return f"{in_percent(share)} of {count:,}"


def in_percent(share: float) -> str:
    """Return a share alone: ``3%``; near nought and near all with one digit more, as ``0.5%``."""
    shown = 100 * share
    if share in (0.0, 1.0) or 1 <= shown <= 99:
        return f"{math.floor(round(shown, 9) + 0.5)}%"  # a half is rounded up, as people do
    return f"{shown:.1f}%"


def financial_year(begins: int) -> str:
    """Return the name of a financial year: ``2026 to 2027``."""
    return f"{begins} to {begins + 1}"


def likelihood(share: float) -> str:
    """Return the word for a likelihood, or nothing where the yardstick has none."""
    for low, high, word in _LIKELIHOODS:
        if low <= round(share, 2) <= high:
            return word
    return ""
