"""From rows to the figures of each period: nothing missing, nothing twice, nothing made up."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator._errors import ScenarioError
from simulator.contract.live.actuals import read_actuals
from simulator.contract.live.facts import Fact
from simulator.contract.live.statements import Figures, Known
from simulator.scenario.build import build_signed
from simulator.scenario.yaml_text import read_yaml
from simulator.study.live import LiveContract

COST = Fact("cost", "north", "")
QUALITY = Fact("quality", "", "")
AUDITS = Fact("audits", "", "")


def live(
    settled: str, term: str = "starts: 2026-04-01\nyears: 2", measure: str = "cost"
) -> LiveContract:
    text = (
        f"title: Town\n{term}\ncouncil: {{name: Council}}\nproviders: {{north: {{name: North}}}}\n"
        "contracts:\n  prices:\n    data:\n"
        "      quality: {what: quality, over_time: latest, highest: 1}\n"
        "      audits: {what: audits, highest: 10}\n"
        f"    terms:\n      - {{name: Price, measure: {measure}, settled: {settled}, "
        "split: equal}\n"
    )
    if measure == "cost":  # which each provider has its own of
        text = text.replace(", split: equal", "")
    return LiveContract.of(build_signed(read_yaml(text, "contract.yaml")), None)


BY_MONTH, BY_QUARTER, BY_YEAR = live("monthly"), live("quarterly"), live("annually")
LEVEL = live("quarterly", measure="quality")


def figures(
    of: LiveContract,
    until: str,
    rows: Sequence[str],
    before: Figures | None = None,
    basis: str = "",
) -> Figures:
    """Return what is known after a file whose rows are 'PERIOD VALUE [BASIS [STATUS]]'."""
    (need,) = of.needs
    lines = ["period,party,measure,value,basis,status"]
    for row in rows:
        period, value, *rest = row.split()
        cells = [period, need.party, need.measure, value, *rest, "", ""]
        lines.append(",".join(cells[:6]))
    timetable = of.signed.timetable
    read = read_actuals(
        "\n".join(lines), "a.csv", of.agreement, timetable, of.needs, basis or "period"
    )
    return of.figures(read, before or {}, of.period(until), "a.csv")


def values(found: Figures, fact: Fact = COST) -> dict[str, float]:
    return {name: facts[fact].value for name, facts in found.items()}


def told(of: LiveContract, until: str, rows: Sequence[str], before: Figures | None = None) -> str:
    with pytest.raises(ScenarioError) as caught:
        figures(of, until, rows, before)
    return str(caught.value)


# What is missing


def test_a_missing_period_is_told_and_never_nought() -> None:
    assert told(BY_QUARTER, "2026Q3", ["2026Q2 5"]).splitlines() == [
        "a.csv: found no figures for 2026Q1; 2026Q1 is not settled yet; settle it first, or put "
        "its figures in the same file",
        "a.csv: found no figures for 2026Q3; the file holds 2026Q2; you asked for 2026Q3; put the "
        "figures in the file, or ask for a period that it holds",
    ]
    assert told(BY_QUARTER, "2026Q1", []) == (
        "a.csv: found no figures for 2026Q1; missing is never nought; fill in the values, or add "
        "rows for them; nought is written 0"
    )
    assert values(figures(BY_QUARTER, "2026Q2", ["2026Q1 0", "2026Q2 5"])) == {
        "2026Q1": 0.0,
        "2026Q2": 5.0,
    }


def test_many_missing_periods_are_shortened() -> None:
    listed = "2026-04, 2026-05, 2026-06, 2026-07, 2026-08, 2026-09, ..."
    assert f"found no figures for {listed}; {listed} are not settled yet; settle them" in told(
        BY_MONTH, "2027-03", []
    )


def test_a_period_that_is_partly_known_is_told_figure_by_figure() -> None:
    of = live("quarterly", measure="total(cost) + audits")
    before = {"2026Q1": {COST: Known(1, False, "q1.csv")}}
    with pytest.raises(ScenarioError) as caught:
        of.figures([], before, of.period("2026Q2"), "a.csv")
    assert str(caught.value).splitlines() == [
        "a.csv: found no 'audits' for 2026Q1; missing is never nought; fill in its value, or add a "
        "row for it; nought is written 0",
        "a.csv: found no figures for 2026Q2; missing is never nought; fill in the values, or add "
        "rows for them; nought is written 0",
    ]


def test_the_periods_of_a_file_are_told_in_order() -> None:
    rows = ["2026Q4 1", "2026-08 1", "2026-07 1", "2026-09 1"]
    before = figures(BY_QUARTER, "2026Q1", ["2026Q1 1"])
    assert "the file holds 2026-07, 2026-08, 2026-09, 2026Q4; you asked for 2026Q3" in told(
        BY_QUARTER, "2026Q3", rows, before
    )


def test_what_was_known_stays_and_the_file_has_the_last_word() -> None:
    before = figures(BY_QUARTER, "2026Q2", ["2026Q1 1", "2026Q2 2"])
    after = figures(BY_QUARTER, "2026Q3", ["2026Q3 3", "2026Q1 10"], before)
    assert values(after) == {"2026Q1": 10.0, "2026Q2": 2.0, "2026Q3": 3.0}
    assert values(before) == {"2026Q1": 1.0, "2026Q2": 2.0}, "what was known is not changed"
    assert after["2026Q1"][COST].source == "a.csv, row 3"


def test_later_rows_are_left_out() -> None:
    rows = ["2026Q1 1", "2026Q2 2", "2027Q4 9", "2026-10 4", "2026-11 5"]
    assert values(figures(BY_QUARTER, "2026Q1", rows)) == {"2026Q1": 1.0}
    later = ["2026-04 1 ytd", "2026-05 2 ytd", "2026-06 3 ytd", "2026-07 4 ytd"]
    assert values(figures(BY_QUARTER, "2026Q1", later)) == {"2026Q1": 3.0}
    page = "\n".join(["period,party,measure,value", *(f"{row[:-2]},north,cost,1" for row in rows)])
    read = read_actuals(page, "a.csv", BY_QUARTER.agreement, BY_QUARTER.signed.timetable, ())
    left_out = BY_QUARTER.later_rows(read, BY_QUARTER.period("2026Q1"))
    assert [(row.period, row.row) for row in left_out] == [
        ("2026Q2", 3),
        ("2026-10", 5),
        ("2026-11", 6),
        ("2027Q4", 4),
    ]


# Finer rows


def test_months_are_summed() -> None:
    found = figures(BY_QUARTER, "2026Q1", ["2026-04 0.1", "2026-05 0.1", "2026-06 0.1"])
    assert values(found) == {"2026Q1": 0.3}, "without the noise of arithmetic"
    assert found["2026Q1"][COST].source == "a.csv, rows 2 to 4"
    scattered = ["2026-06 1", "2026Q2 5", "2026-04 2", "2026-05 3 period provisional"]
    found = figures(BY_QUARTER, "2026Q2", scattered)
    assert values(found) == {"2026Q1": 6.0, "2026Q2": 5.0}
    assert found["2026Q1"][COST].source == "a.csv, rows 4, 5, 2"
    assert [facts[COST].provisional for facts in found.values()] == [True, False]


def test_a_year_of_quarters_and_one_of_months() -> None:
    rows = [f"2026Q{quarter} {quarter}" for quarter in (1, 2, 3, 4)]
    rows += [f"2027-{month:02} 1" for month in range(4, 13)] + [f"2028-0{m} 2" for m in (1, 2, 3)]
    assert values(figures(BY_YEAR, "2027-28", rows)) == {"2026-27": 10.0, "2027-28": 15.0}


@pytest.mark.parametrize(
    "rows",
    [
        ["2026Q1 5", "2026-04 1"],
        ["2026Q1 5", "2026-04 1", "2026-05 2", "2026-06 2"],
        ["2026Q1 5", "2026-06 5 ytd"],
        ["2026-04 1", "2026-06 1"],
        ["2026-04 1", "2026-05 1", "2026-06 3 ytd"],
        ["2026-04 1 ytd", "2026-05 1", "2026-06 1"],
        ["2026-05 2 ytd"],
    ],
)
def test_rows_that_overlap_or_leave_a_gap(rows: list[str]) -> None:
    before = figures(BY_QUARTER, "2026Q1", ["2026Q1 9"])
    assert "without the others of its quarter, or beside one of the whole" in told(
        BY_QUARTER, "2026Q1", rows, before
    )


@pytest.mark.parametrize(
    ("of", "rows", "said"),
    [
        (BY_MONTH, ["2026Q1 5"], "a whole quarter, 2026Q1; this contract is told by month"),
        (BY_MONTH, ["2026Q1 5 ytd"], "a whole quarter, 2026Q1; this contract is told by month"),
        (BY_QUARTER, ["2026-27 5"], "a whole year, 2026-27; this contract is told by quarter"),
        (BY_QUARTER, ["2026-27 5 ytd"], "write one row for each quarter"),
    ],
)
def test_rows_that_are_too_coarse(of: LiveContract, rows: list[str], said: str) -> None:
    assert said in told(of, "2026-04" if of is BY_MONTH else "2026Q1", rows)


@pytest.mark.parametrize("period", ["2025Q4", "2028Q1", "2026-03", "2028-04", "2025-26"])
def test_rows_outside_the_term(period: str) -> None:
    expected = f"found '{period}'; the contract runs from 2026-04-01 to 2028-03-31"
    assert expected in told(BY_QUARTER, "2026Q1", [f"{period} 1"])


# The year so far


def test_a_year_so_far_leaves_each_period() -> None:
    rows = ["2026Q1 100", "2026Q2 250", "2026Q3 250", "2026Q4 400", "2027Q1 30"]
    found = figures(BY_QUARTER, "2027Q1", rows, basis="ytd")
    assert list(values(found).values()) == [100.0, 150.0, 0.0, 150.0, 30.0]
    by_month = [f"2026-{month:02} {month} ytd" for month in range(4, 13)]
    assert list(values(figures(BY_MONTH, "2026-12", by_month)).values()) == [4.0] + [1.0] * 8


def test_a_year_so_far_may_follow_periods() -> None:
    rows = ["2026-04 10", "2026-05 20", "2026-06 45 ytd", "2026-07 5", "2026-08 60 ytd"]
    assert list(values(figures(BY_MONTH, "2026-08", rows)).values()) == [10, 20, 15, 5, 10]


def test_a_year_so_far_follows_what_is_corrected_with_it() -> None:
    before = figures(BY_QUARTER, "2026Q2", ["2026Q1 100", "2026Q2 100"])
    after = figures(BY_QUARTER, "2026Q3", ["2026Q1 90", "2026Q3 300 ytd"], before)
    assert list(values(after).values()) == [90.0, 100.0, 110.0]


def test_the_year_so_far_at_the_end_of_a_quarter_suffices() -> None:
    rows = ["2026-04 1 ytd", "2026-05 2 ytd", "2026-06 30 ytd", "2026-09 70 ytd"]
    assert values(figures(BY_QUARTER, "2026Q2", rows)) == {"2026Q1": 30.0, "2026Q2": 40.0}


def test_the_year_so_far_begins_with_the_term_and_each_april() -> None:
    odd = live("quarterly", "starts: 2027-02-15\nyears: 1")
    found = figures(odd, "2027Q2", ["2026Q4 5 ytd", "2027Q1 7 ytd", "2027Q2 9 ytd"])
    assert list(values(found).values()) == [5.0, 7.0, 2.0]


def test_a_year_so_far_without_its_past() -> None:
    expected = "found the year so far to 2026Q2, but not what came before in this year"
    assert expected in told(BY_QUARTER, "2026Q2", ["2026Q2 100 ytd"])
    # of another year nothing is asked
    assert "found no figures for 2026Q1" in told(BY_QUARTER, "2027Q1", ["2027Q1 1 ytd"])


def test_a_year_so_far_that_falls() -> None:
    before = figures(BY_QUARTER, "2026Q1", ["2026Q1 1234.5"])
    expected = (
        "found 1,000 for the year so far to 2026Q2, where it was 1,234.50 before; 'cost' is at "
        "least 0 in a period"
    )
    assert expected in told(BY_QUARTER, "2026Q2", ["2026Q2 1000 ytd"], before)


def test_limits_are_of_a_period_and_not_of_the_year_so_far() -> None:
    of = live("quarterly", measure="audits")
    found = figures(of, "2026Q3", ["2026Q1 8 ytd", "2026Q2 16 ytd", "2026Q3 26 ytd"])
    assert list(values(found, AUDITS).values()) == [8.0, 8.0, 10.0]
    assert "'audits' is from 0 to 10 in a period" in told(
        of, "2026Q2", ["2026Q1 5 ytd", "2026Q2 16 ytd"]
    )


@given(st.lists(st.integers(0, 10**9), min_size=24, max_size=24), st.data())
def test_both_bases_come_to_the_same(pence: list[int], data: st.DataObject) -> None:
    """Each month can be told on either basis; the figures are the same."""
    months = [f"{2026 + (m > 8) + (m > 20)}-{(m + 3) % 12 + 1:02}" for m in range(24)]
    so_far = [*accumulate(pence[:12]), *accumulate(pence[12:])]
    rows = [
        f"{name} {total / 100} ytd" if data.draw(st.booleans()) else f"{name} {own / 100}"
        for name, own, total in zip(months, pence, so_far, strict=True)
    ]
    found = values(figures(BY_MONTH, "2028-03", rows))
    assert list(found) == months
    for value, own in zip(found.values(), pence, strict=True):
        assert value == pytest.approx(own / 100, abs=1e-8 + 1e-15 * max(pence))


# Levels


def test_of_levels_the_latest_holds() -> None:
    rows = ["2026-04 0.1", "2026-05 0.2", "2026-06 0.3", "2026Q2 0.4 ytd"]
    assert values(figures(LEVEL, "2026Q2", rows), QUALITY) == {"2026Q1": 0.3, "2026Q2": 0.4}


# Odd terms


@pytest.mark.parametrize(
    ("term", "name"),
    [
        ("starts: 2026-05-20\nends: 2026-06-10", "2026Q1"),
        ("starts: 2026-06-10\nends: 2026-06-20", "2026Q1"),
        ("starts: 2028-02-01\nends: 2028-02-29", "2027Q4"),
    ],
)
def test_a_term_of_a_month_or_less(term: str, name: str) -> None:
    of = live("quarterly", term)
    assert values(figures(of, name, [f"{name} 5"])) == {name: 5.0}
    months = of.signed.timetable.months
    rows = [f"{each.first.year}-{each.first.month:02} 2" for each in months]
    assert values(figures(of, name, rows)) == {name: 2.0 * len(months)}
