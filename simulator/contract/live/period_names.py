"""Periods as people write them: a month, a quarter of a financial year, a financial year."""

from __future__ import annotations

import datetime
import re

from simulator.contract.periods import Month, Timetable

__all__ = [
    "ALLOWED",
    "KINDS",
    "day_in_words",
    "find_period",
    "period_dates",
    "period_name",
    "read_period",
]

KINDS = ("month", "quarter", "year")
ALLOWED = (
    "a month is written 2026-04, a quarter 2026Q1 (April to June 2026), a financial year 2026-27"
)
_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            ("jan", "january"),
            ("feb", "february"),
            ("mar", "march"),
            ("apr", "april"),
            ("may",),
            ("jun", "june"),
            ("jul", "july"),
            ("aug", "august"),
            ("sep", "sept", "september"),
            ("oct", "october"),
            ("nov", "november"),
            ("dec", "december"),
        ),
        1,
    )
    for name in names
}
_ISO = re.compile(r"(\d{4})-(\d{1,2})(?:-(\d{1,2}))?")
_DAY_FIRST = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")
_NAMED = re.compile(r"([a-z]+)[ \-]?'?(\d{2}|\d{4})")
_QUARTER = re.compile(
    r"(\d{4})(?:[-/](\d{2}))?[ \-]?q([1-4])|q([1-4])[ \-]?(\d{4})(?:[-/](\d{2}))?"
)
_YEAR = re.compile(r"(\d{4})[-/](\d{2}|\d{4})")


def period_name(period: Month, kind: str) -> str:
    """Return the name of a period: 2026-04, 2026Q1 or 2026-27."""
    year = period.financial_year
    if kind == "month":
        return f"{period.first.year}-{period.first.month:02}"
    if kind == "quarter":
        return f"{year}Q{(period.first.month - 4) % 12 // 3 + 1}"
    return f"{year}-{(year + 1) % 100:02}"


def period_dates(period: Month) -> str:
    """Return the first and the last day of a period in words."""
    return f"{day_in_words(period.first)} to {day_in_words(period.last_day)}"


def day_in_words(day: datetime.date) -> str:
    """Return a day as it stands in a sentence: 30 June 2026."""
    return f"{day.day} {day:%B} {day.year}"


def read_period(text: str) -> tuple[str, datetime.date] | None:
    """Return the kind of a written period and the first day of it, or None where it is none.

    What spreadsheets make of a month is read, too: Apr-26, 01/04/2026, April 2026.
    """
    try:
        return _read(" ".join(text.strip().lower().split()))
    except ValueError:  # the year nought
        return None


def _read(written: str) -> tuple[str, datetime.date] | None:
    if match := _QUARTER.fullmatch(written):
        year, quarter = int(match[1] or match[5]), int(match[3] or match[4])
        if int(match[2] or match[6] or (year + 1) % 100) != (year + 1) % 100:
            return None
        month = 4 + 3 * (quarter - 1)
        return "quarter", datetime.date(year + (month > 12), (month - 1) % 12 + 1, 1)
    match = _ISO.fullmatch(written)
    if match and 1 <= int(match[2]) <= 12 and int(match[3] or 1) == 1:
        return "month", datetime.date(int(match[1]), int(match[2]), 1)
    match = _YEAR.fullmatch(written)
    if match and int(match[2]) in (int(match[1]) + 1, (int(match[1]) + 1) % 100):
        return "year", datetime.date(int(match[1]), 4, 1)
    match = _DAY_FIRST.fullmatch(written)
    if match and int(match[1]) == 1 and 1 <= int(match[2]) <= 12:
        return "month", datetime.date(int(match[3]), int(match[2]), 1)
    if (match := _NAMED.fullmatch(written)) and match[1] in _MONTHS:
        year = int(match[2]) + (2000 if len(match[2]) == 2 else 0)
        return "month", datetime.date(year, _MONTHS[match[1]], 1)
    return None


def find_period(timetable: Timetable, kind: str, first: datetime.date) -> Month | None:
    """Return the period of a term that a written one means, or None where it lies outside."""
    for period in timetable.periods(kind):
        if _begins(period, kind) == first:
            return period
    return None


def _begins(period: Month, kind: str) -> datetime.date:
    """Return the first day of the whole period that a part of it lies in."""
    first = period.first.replace(day=1)
    if kind == "month":
        return first
    if kind == "quarter":
        return first.replace(month=(first.month - 1) // 3 * 3 + 1)
    return datetime.date(period.financial_year, 4, 1)
