"""The engine's clock: whole ticks, so that two engines agree to the last event."""

from __future__ import annotations

import datetime

__all__ = ["LAST_TICK", "TICKS_A_DAY", "to_days", "to_ticks"]

TICKS_A_DAY = 2**33
"""A tick is about 10 microseconds."""

_LONGEST_DAYS = 4_096  # days the clock can count; the longest term is 4,018 days

LAST_TICK = _LONGEST_DAYS * TICKS_A_DAY - 1
"""The last tick the clock can tell, 45 bits; what is due later never happens."""


def to_ticks(days: float) -> int:
    """Return days in whole ticks, rounded down; what takes longer than the clock is cut there."""
    return int(min(days, _LONGEST_DAYS - 1.0) * TICKS_A_DAY)


def to_days(ticks: int) -> float:
    """Return ticks in days."""
    return ticks / TICKS_A_DAY


def date_ticks(day: datetime.date, start: datetime.date) -> int:
    """Return the first tick of a day, counted from the first tick of ``start``."""
    return (day - start).days * TICKS_A_DAY
