"""Months, quarters and financial years."""

from __future__ import annotations

import datetime
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.contract.periods import Timetable

DATE = datetime.date


def test_a_financial_year_has_four_quarters() -> None:
    months = Timetable(DATE(2026, 4, 1), DATE(2027, 4, 1)).months
    assert [month.first.month for month in months if month.quarter_end] == [6, 9, 12, 3]
    assert [month.first.month for month in months if month.year_end] == [3]
    assert {2026} == {month.financial_year for month in months}
    assert [month.last for month in months if month.last] == [True]


def test_a_part_month_counts_in_proportion_to_its_days() -> None:
    months = Timetable(DATE(2026, 6, 16), DATE(2026, 9, 11)).months
    assert pytest.approx([0.5 / 12, 1 / 12, 1 / 12, 10 / 30 / 12]) == [m.years for m in months]
    assert [month.quarter_end for month in months] == [True, False, False, True]


def test_aprils_are_counted_after_the_start() -> None:
    months = Timetable(DATE(2026, 2, 10), DATE(2028, 5, 1)).months
    steps = [(month.first.isoformat(), month.aprils) for month in months if month.first.month == 4]
    assert steps == [("2026-04-01", 1), ("2027-04-01", 2), ("2028-04-01", 3)]
    assert Timetable(DATE(2026, 4, 1), DATE(2027, 4, 1)).months[-1].aprils == 0


@given(st.dates(DATE(2000, 1, 1), DATE(2060, 1, 1)), st.integers(1, 4_000))
def test_months_cover_the_term_without_gaps(start: datetime.date, days: int) -> None:
    timetable = Timetable(start, start + datetime.timedelta(days))
    months = timetable.months
    assert start == months[0].first
    assert timetable.ends == months[-1].end
    assert all(a.end == b.first for a, b in itertools.pairwise(months))
    assert pytest.approx(days / 365.25, abs=0.09) == sum(month.years for month in months)
