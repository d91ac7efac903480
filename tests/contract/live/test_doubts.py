"""Doubts about figures: likely mistakes are told with their row, ordinary figures are not."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.contract.live.doubts import Doubt, doubts
from simulator.contract.live.facts import Fact
from simulator.contract.live.needs import Need
from simulator.contract.live.statements import Figures, Known

QUARTERS = [f"{year}Q{quarter}" for year in (2026, 2027) for quarter in (1, 2, 3, 4)]
MONTHS = [f"2026-{month:02}" for month in range(4, 13)] + ["2027-01", "2027-02", "2027-03"]
COST = Need("cost", "north", "", "all costs", "£")
STARTED = Need("started", "north", "advice", "people who started", "")
SCORE = Need("score", "", "", "quality score", "")
PARTIES = ("north", "south")
GRANT = Need("grant", "", "", "grant received", "£")


def known(need: Need, values: Sequence[float], names: Sequence[str] = QUARTERS) -> Figures:
    fact = Fact(need.measure, need.party, need.service)
    return {
        name: {fact: Known(value, False, f"{name}.csv, row 2")}
        for name, value in zip(names, values, strict=False)
    }


def doubted(
    need: Need, values: Sequence[float], names: Sequence[str] = QUARTERS, grain: str = "quarter"
) -> list[str]:
    """Return the periods whose figure is doubted, all of them new."""
    return [each.period for each in doubts(known(need, values, names), {}, [need], grain)]


# Thousands


def test_money_in_thousands_is_doubted_with_its_row() -> None:
    (found,) = doubts(known(COST, [70_150.25, 71.5]), {}, [COST], "quarter")
    assert found.fact == Fact("cost", "north", "")
    assert str(found) == (
        "2026Q2.csv, row 2: found 71.50 for 'cost' of north in 2026Q2, where it was 70,150.25 in "
        "2026Q1; amounts are whole units, never thousands; correct the figure if it is written in "
        "thousands"
    )


@pytest.mark.parametrize(
    "values",
    [
        [70_000, 0],  # nought is said to be nought
        [0, 70],  # before anything was spent
        [150, 70_000],  # mobilisation
        [70_000, 150],  # all but wound down
        [70_000, 35_000, 140_000, 20_000],
    ],
)
def test_money_that_falls_and_rises_is_not_doubted(values: list[float]) -> None:
    assert doubted(COST, values) == []


def test_thousands_are_told_from_the_last_figure_that_is_any() -> None:
    assert doubted(COST, [70_000, 0, 75]) == ["2026Q3"]
    assert doubted(GRANT, [70_000, 75]) == ["2026Q2"], "data in pounds are money, too"
    assert doubted(SCORE, [70_000, 75]) == [], "a score may fall"


@given(st.floats(1_000, 1e9), st.floats(0.4, 1.9))
def test_the_same_party_in_thousands_is_always_doubted(first: float, change: float) -> None:
    assert doubted(COST, [first, first * change / 1_000]) == ["2026Q2"]


def test_a_first_quarter_in_thousands_is_told_from_what_is_paid_on_account() -> None:
    needs = [COST, Need("cost", "south", "", "all costs", "£")]
    facts = {Fact("cost", party, ""): Known(60.5, False, "q1.csv, row 2") for party in PARTIES}
    planned = {("2026Q1", "cost"): 120_000.0}

    def told(before: Figures, values: Figures, plan: dict[tuple[str, str], float]) -> list[Doubt]:
        return doubts(values, before, needs, "quarter", planned=plan)

    (found,) = told({}, {"2026Q1": facts}, planned)
    assert found.fact == Fact("cost", "", "")
    assert str(found).startswith(
        "q1.csv, row 2: found 121 for 'cost' of all providers in 2026Q1, where 120,000 is paid on "
        "account; amounts are whole units, never thousands"
    )
    assert told({"2026Q1": facts}, {"2026Q1": facts}, planned) == []
    assert told({}, {"2026Q1": facts}, {("2026Q1", "cost"): 50_000.0}) == []
    assert told({}, {"2026Q1": facts}, {("2026Q1", "vat_cost"): 120_000.0}) == []


# The year so far


def test_a_year_so_far_is_doubted_with_its_figures() -> None:
    (found,) = doubts(known(COST, [70_000, 141_000, 212_500]), {}, [COST], "quarter")
    assert str(found) == (
        "2026Q3.csv, row 2: found 70,000, 141,000, 212,500 for 'cost' of north in 2026Q1 to "
        "2026Q3, where the last looks like one of the year so far; figures are of the period alone "
        "unless their basis is ytd; write ytd under basis where they are not"
    )


def test_one_figure_of_the_year_so_far_among_others_is_doubted() -> None:
    assert doubted(COST, [70_000, 66_000, 205_000]) == ["2026Q3"]
    assert doubted(COST, [70_000, 66_000, 71_000, 280_000]) == ["2026Q4"]
    assert doubted(STARTED, [70, 66, 205]) == [], "a number of people may jump"


def test_each_financial_year_is_by_itself() -> None:
    years = [70, 140, 210, 280, 70, 140, 210, 280]
    assert doubted(STARTED, years) == ["2026Q3", "2026Q4", "2027Q3", "2027Q4"]
    from_december = [MONTHS[8:], [30.0, 60.0, 90.0, 120.0]]
    assert doubted(STARTED, from_december[1], from_december[0], "month") == []


@pytest.mark.parametrize(
    "values",
    [
        [35_000, 70_000],  # mobilisation, then a whole quarter
        [10_000, 60_000, 70_000, 72_000],
        [35_000, 70_000, 72_000, 71_000],
        [70_000, 71_000, 142_000, 70_000],  # costs double
        [0, 0, 70_000, 140_000],
        [0, 70_000, 140_000, 210_000],
        [70_000, 70_000, 70_000, 110_000],  # accruals of a year end
        [0, 0, 0, 0],
    ],
)
def test_ordinary_costs_are_not_doubted(values: list[float]) -> None:
    assert doubted(COST, values) == []
    assert doubted(COST, [60_000, *values], ["2025Q4", *QUARTERS]) == []


@pytest.mark.parametrize("values", [[1, 2, 3, 4], [10, 10, 30, 10], [40, 60, 60, 61]])
def test_ordinary_counts_are_not_doubted(values: list[float]) -> None:
    assert doubted(STARTED, values) == []


def test_levels_and_years_are_never_a_year_so_far() -> None:
    rising = known(SCORE, [100, 200, 300])
    assert [each.period for each in doubts(rising, {}, [SCORE], "quarter")] == ["2026Q3"]
    assert doubts(rising, {}, [SCORE], "quarter", levels={"score"}) == []
    assert doubted(COST, [100, 200, 300], ["2026-27", "2027-28", "2028-29"], "year") == []


def test_of_months_more_are_looked_at() -> None:
    steady = [30.0] * 12
    so_far = list(accumulate(steady))
    assert doubted(COST, so_far[:5], MONTHS, "month") == []
    assert doubted(COST, so_far[:6], MONTHS, "month") == ["2026-09"]
    assert doubted(COST, steady, MONTHS, "month") == []


@given(st.lists(st.floats(0.8, 1.2), min_size=8, max_size=8), st.floats(100, 1e7))
def test_an_even_flow_is_never_doubted(shares: list[float], size: float) -> None:
    assert doubted(COST, [share * size for share in shares]) == []


@given(st.lists(st.floats(0.9, 1.1), min_size=4, max_size=4), st.floats(100, 1e7))
def test_an_even_flow_summed_up_is_always_doubted(shares: list[float], size: float) -> None:
    so_far = list(accumulate(share * size for share in shares))
    assert doubted(COST, so_far) == ["2026Q3", "2026Q4"]


# Whole numbers


def test_parts_of_people_are_doubted() -> None:
    (found,) = doubts(known(STARTED, [12.5]), {}, [STARTED], "quarter")
    assert str(found) == (
        "2026Q1.csv, row 2: found 12.50 for 'started' of north advice in 2026Q1; 'started' counts "
        "people who started with a caseworker, in whole numbers; correct it, or check that the "
        "value stands in its own row"
    )
    assert doubted(STARTED, [12, 0]) == []


@pytest.mark.parametrize("measure", ["wait_days", "service_days", "cost", "score"])
def test_days_money_and_declared_data_need_not_be_whole(measure: str) -> None:
    assert doubted(Need(measure, "north", "", "", ""), [12.5]) == []


# What is new


def test_what_was_known_is_not_doubted_again() -> None:
    figures = known(COST, [70_000, 70, 71_000])
    assert [each.period for each in doubts(figures, {}, [COST], "quarter")] == ["2026Q2"]
    assert doubts(figures, known(COST, [70_000, 70]), [COST], "quarter") == []
    corrected = doubts(figures, known(COST, [70_000, 70_500]), [COST], "quarter")
    assert [each.period for each in corrected] == ["2026Q2"]


def test_a_correction_is_held_against_what_was_settled() -> None:
    """A first quarter corrected in thousands has no figure before it to be held against."""
    need = Need("cost", "north", "", "cost", "£")
    settled = {"2026Q1": {need.fact: Known(70_150.25, False, "q1.csv, row 2")}}
    for value, said in (
        (72.15, "where it was settled on 70,150.25; amounts are whole units, never thousands"),
        (70_150_250.0, "where it was settled on 70,150.25; amounts are whole units; correct the"),
    ):
        now = {"2026Q1": {need.fact: Known(value, False, "late.csv, row 2")}}
        (doubt,) = doubts(now, settled, [need], "quarter")
        assert said in str(doubt)


def test_one_provider_in_thousands_is_held_against_the_others() -> None:
    needs = [Need("cost", party, "", "cost", "£") for party in ("north", "south")]
    values = {"north": 70.15, "south": 43_000.0}
    now = {
        "2026Q1": {
            need.fact: Known(values[need.party], False, f"q1.csv, {need.party}") for need in needs
        }
    }
    (doubt,) = doubts(now, {}, needs, "quarter")
    assert "where another provider has 43,000" in str(doubt)
