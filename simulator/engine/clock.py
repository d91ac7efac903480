"""The engine's clock: whole ticks, so that two engines agree to the last event."""

from __future__ import annotations

import datetime

__all__ = ["TICKS_A_DAY", "to_days", "to_ticks"]

TICKS_A_DAY = 2**39
"""A tick is about 0.16 microseconds; 4,096 days fit in 51 bits, beside 12 bits for a slot."""


def to_ticks(days: float) -> int:
    """Return days in whole ticks, rounded down."""
    return int(days * TICKS_A_DAY)


def to_days(ticks: int) -> float:
    """Return ticks in days."""
    return ticks / TICKS_A_DAY


def date_ticks(day: datetime.date, start: datetime.date) -> int:
    """Return the first tick of a day, counted from the first tick of ``start``."""
    return (day - start).days * TICKS_A_DAY
