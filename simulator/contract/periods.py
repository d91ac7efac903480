"""Accounting periods: the months of a term, where its quarters and financial years end."""

from __future__ import annotations

import calendar
import datetime
from dataclasses import dataclass, replace
from functools import cached_property

__all__ = ["Month", "Timetable", "aprils"]


@dataclass(frozen=True)
class Month:
    """One calendar month of the term, or the part of it that lies in the term.

    A quarter or a financial year can stand in its place where nothing is told by month.

    Attributes:
        first: its first day.
        end: the day after its last day.
        years: its length in years; a whole month is 1/12, a part month in proportion to days.
        aprils: how many 1 Aprils have passed since the term began (prices step on that day).
        quarter_end: whether a quarter of the financial year (or the term) ends with it.
        year_end: whether the financial year, April to March, (or the term) ends with it.
        last: whether the term ends with it.
    """

    first: datetime.date
    end: datetime.date
    years: float
    aprils: int
    quarter_end: bool
    year_end: bool
    last: bool

    @property
    def last_day(self) -> datetime.date:
        """Its last day."""
        return self.end - datetime.timedelta(days=1)

    @property
    def financial_year(self) -> int:
        """The calendar year in which its financial year began."""
        return self.first.year if self.first.month >= 4 else self.first.year - 1


@dataclass(frozen=True)
class Timetable:
    """The term of a contract: from ``starts`` up to, not including, ``ends``."""

    starts: datetime.date
    ends: datetime.date

    @cached_property
    def months(self) -> tuple[Month, ...]:
        """The months of the term, in order."""
        months = []
        first = self.starts
        while first < self.ends:
            length = calendar.monthrange(first.year, first.month)[1]
            end = min(first + datetime.timedelta(length - first.day + 1), self.ends)
            last = end == self.ends
            months.append(
                Month(
                    first,
                    end,
                    years=(end - first).days / length / 12,
                    aprils=aprils(self.starts, first),
                    quarter_end=last or (end.day == 1 and end.month in (1, 4, 7, 10)),
                    year_end=last or (end.day == 1 and end.month == 4),
                    last=last,
                )
            )
            first = end
        return tuple(months)

    def periods(self, kind: str) -> tuple[Month, ...]:
        """Return the months, quarters or financial years of the term, each as one period."""
        if kind == "month":
            return self.months
        joined: list[Month] = []
        open_since: Month | None = None
        years = 0.0
        for month in self.months:
            open_since = open_since or month
            years += month.years
            if month.quarter_end if kind == "quarter" else month.year_end:
                joined.append(
                    replace(month, first=open_since.first, years=years, aprils=open_since.aprils)
                )
                open_since, years = None, 0.0
        return tuple(joined)

    @property
    def days(self) -> int:
        """Length of the term in days."""
        return (self.ends - self.starts).days


def aprils(start: datetime.date, day: datetime.date) -> int:
    """Count the 1 Aprils after ``start``, up to and including ``day``."""
    before = start.year - (1 if (start.month, start.day) < (4, 1) else 0)
    now = day.year - (1 if (day.month, day.day) < (4, 1) else 0)
    return now - before
