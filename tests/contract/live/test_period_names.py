"""Periods as people and spreadsheets write them."""

from __future__ import annotations

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.contract.live.period_names import (
    KINDS,
    find_period,
    period_dates,
    period_name,
    read_period,
)
from simulator.contract.periods import Timetable

APRIL = ("month", datetime.date(2026, 4, 1))


@pytest.mark.parametrize(
    "written",
    [
        "2026-04",
        "2026-4",
        "2026-04-01",
        "01/04/2026",
        "1/4/2026",
        "Apr-26",
        "APR 26",
        "apr26",
        "Apr-2026",
        "April 2026",
        "april  2026",
        " 2026-04 ",
        "Apr\u00a02026",
        "Apr '26",
    ],
)
def test_a_month(written: str) -> None:
    assert read_period(written) == APRIL


@pytest.mark.parametrize(
    ("written", "first"),
    [
        ("2026Q1", (2026, 4, 1)),
        ("2026 Q1", (2026, 4, 1)),
        ("2026-q2", (2026, 7, 1)),
        ("Q3 2026", (2026, 10, 1)),
        ("Q42026", (2027, 1, 1)),
        ("2026-27 Q4", (2027, 1, 1)),
        ("2026/27Q4", (2027, 1, 1)),
        ("Q4 2026/27", (2027, 1, 1)),
        ("1999-00 Q4", (2000, 1, 1)),
    ],
)
def test_a_quarter_of_a_financial_year(written: str, first: tuple[int, int, int]) -> None:
    assert read_period(written) == ("quarter", datetime.date(*first))


@pytest.mark.parametrize("written", ["2026-27", "2026/27", "2026/2027", "2026-2027"])
def test_a_financial_year(written: str) -> None:
    assert read_period(written) == ("year", datetime.date(2026, 4, 1))


@pytest.mark.parametrize(
    "written",
    [
        "",
        "2026",
        "Q1",
        "2026Q5",
        "2026Q0",
        "2026-00",
        "2026-13",
        "2026-28",
        "2026-28 Q1",
        "Q1 2026/28",
        "2026-04-02",
        "02/04/2026",
        "04/30/2026",
        "01/13/2026",
        "Smarch 2026",
        "April",
        "Apr-6",
        "0000-04",
        "0000Q1",
        "9999-12-32",
        "46113",  # a date that a spreadsheet shows as its number
        "2026-04; 2026-05",
        "9" * 10_000,
    ],
)
def test_what_is_no_period(written: str) -> None:
    assert read_period(written) is None


def test_names_and_dates() -> None:
    term = Timetable(datetime.date(2026, 4, 17), datetime.date(2028, 3, 1))
    names = [[period_name(each, kind) for each in term.periods(kind)] for kind in KINDS]
    assert names[0][:2] == ["2026-04", "2026-05"]
    assert names[0][-1] == "2028-02"
    assert names[1] == [f"{year}Q{quarter}" for year in (2026, 2027) for quarter in (1, 2, 3, 4)]
    assert names[2] == ["2026-27", "2027-28"]
    first, last = term.periods("year")
    assert period_dates(first) == "17 April 2026 to 31 March 2027"
    assert period_dates(last) == "1 April 2027 to 29 February 2028"


def test_the_last_month_of_the_year_belongs_to_the_year_before() -> None:
    term = Timetable(datetime.date(2026, 1, 1), datetime.date(2026, 7, 1))
    assert [period_name(each, "quarter") for each in term.periods("quarter")] == [
        "2025Q4",
        "2026Q1",
    ]
    assert [period_name(each, "year") for each in term.periods("year")] == ["2025-26", "2026-27"]


@given(
    st.dates(datetime.date(2012, 4, 1), datetime.date(2090, 1, 1)),
    st.integers(1, 1500),
    st.sampled_from(KINDS),
)
def test_every_name_reads_back_as_its_period(start: datetime.date, days: int, kind: str) -> None:
    term = Timetable(start, start + datetime.timedelta(days))
    for period in term.periods(kind):
        read = read_period(period_name(period, kind))
        assert read is not None
        assert read[0] == kind
        assert find_period(term, *read) == period


def test_a_period_outside_the_term_is_not_found() -> None:
    term = Timetable(datetime.date(2026, 4, 17), datetime.date(2027, 4, 1))
    for kind, first in (
        ("month", datetime.date(2026, 3, 1)),
        ("month", datetime.date(2027, 4, 1)),
        ("quarter", datetime.date(2026, 1, 1)),
        ("year", datetime.date(2025, 4, 1)),
    ):
        assert find_period(term, kind, first) is None
