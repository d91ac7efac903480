"""Money to the penny, as a settlement shows it."""

from __future__ import annotations

__all__ = ["in_pounds"]


def in_pounds(pence: int, currency: str) -> str:
    """Return whole pence in pounds: ``−£1,200.05``."""
    sign = "\N{MINUS SIGN}" if pence < 0 else ""
    pounds, rest = divmod(abs(pence), 100)
    return f"{sign}{currency}{pounds:,}.{rest:02}"
