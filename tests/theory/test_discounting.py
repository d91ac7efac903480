"""Discounting, to the digits in which its tables are printed."""

from __future__ import annotations

import math

import pytest

from simulator.scenario.appraisal import (
    GREEN_BOOK_2022,
    discount_factor,
    present_value,
    rebase,
)

PRINTED = 1e-6
STANDARD = 0.035  # HM Treasury, Green Book: social time preference rate, years 0 to 30
HEALTH = 0.015  # the same without the wealth effect, for health outcomes


@pytest.mark.parametrize(
    ("years", "rate", "expected"),
    [
        (1, STANDARD, 0.966184),
        (5, STANDARD, 0.841973),
        (10, STANDARD, 0.708919),
        (5, HEALTH, 0.928260),
    ],
)
def test_a_pound_later_is_worth_less_today(years: int, rate: float, expected: float) -> None:
    assert pytest.approx(expected, abs=PRINTED) == discount_factor(years, rate)


def test_a_pound_a_year_for_five_years() -> None:
    assert pytest.approx(4.515052, abs=PRINTED) == present_value([1.0] * 5, STANDARD)


def test_a_pound_in_the_middle_of_each_of_five_years() -> None:
    assert pytest.approx(4.593386, abs=PRINTED) == present_value([1.0] * 5, STANDARD, mid_year=True)


@pytest.mark.parametrize("rate", [0.005, HEALTH, STANDARD, 0.08])
@pytest.mark.parametrize("years", [1, 7, 11])
def test_equal_amounts_are_an_annuity(years: int, rate: float) -> None:
    annuity = (1 - (1 + rate) ** -years) / rate
    assert pytest.approx(annuity, rel=1e-12) == present_value([1.0] * years, rate)
    assert pytest.approx(annuity * math.sqrt(1 + rate), rel=1e-12) == present_value(
        [1.0] * years, rate, mid_year=True
    )


def test_each_amount_counts_at_its_own_year() -> None:
    expected = 100 / 1.035 - 40 / 1.035**2 + 7 / 1.035**3
    assert pytest.approx(expected, rel=1e-12) == present_value([100.0, -40.0, 7.0], STANDARD)


def test_without_a_rate_a_pound_stays_a_pound() -> None:
    assert discount_factor(11.0, 0.0) == 1.0
    assert present_value([1.0, 2.0, 3.0], 0.0) == 6.0


def test_the_rate_falls_after_thirty_years() -> None:
    assert pytest.approx(0.345901, abs=PRINTED) == discount_factor(31, GREEN_BOOK_2022)


def test_a_lower_rate_holds_for_the_later_years_alone() -> None:
    expected = 1.035**-30 * 1.03**-45 * 1.025**-5
    assert pytest.approx(expected, rel=1e-12) == discount_factor(80, GREEN_BOOK_2022)


@pytest.mark.parametrize("years", [0, 0.5, 1, 10, 29.5, 30])
def test_the_first_step_is_the_single_rate(years: float) -> None:
    assert pytest.approx(discount_factor(years, STANDARD), rel=1e-12) == discount_factor(
        years, GREEN_BOOK_2022
    )


@pytest.mark.parametrize("step", [30.0, 75.0])
def test_nothing_jumps_where_the_rate_changes(step: float) -> None:
    just_before, just_after = (
        discount_factor(step + shift, GREEN_BOOK_2022) for shift in (-1e-9, 1e-9)
    )
    assert pytest.approx(just_before, rel=1e-9) == just_after
    assert just_after < just_before


def test_another_schedule_is_a_parameter() -> None:
    expected = 1 / (1.03**2 * 1.01**3)
    assert pytest.approx(expected, rel=1e-12) == discount_factor(5, ((2.0, 0.03), (10.0, 0.01)))


@pytest.mark.parametrize("years", [-0.001, 125.5])
def test_years_outside_the_schedule_are_refused(years: float) -> None:
    with pytest.raises(ValueError, match="outside the discount schedule"):
        discount_factor(years, GREEN_BOOK_2022)


def test_pounds_are_taken_to_the_prices_of_another_year() -> None:
    # HM Treasury's guide to the GDP deflators: 7.4 million of 1998-99 in the prices of 2003-04
    assert round(rebase(7.4, 91.031, 102.789), 2) == 8.36
    assert pytest.approx(7.4 * 102.789 / 91.031, rel=1e-12) == rebase(7.4, 91.031, 102.789)


def test_rebasing_there_and_back_changes_nothing() -> None:
    assert pytest.approx(7.4, rel=1e-12) == rebase(rebase(7.4, 91.031, 102.789), 102.789, 91.031)
