"""Figures in words."""

from __future__ import annotations

import pytest

from simulator.report.tables import fits, table
from simulator.report.words import (
    decimal,
    in_percent,
    likelihood,
    money,
    money_in_words,
    money_range,
    percent,
)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (2_345_678, "£2.35 million"),
        (-2_345_678, "−£2.35 million"),
        (999_600, "£1.00 million"),
        (184_321, "£184,000"),
        (-8_432, "−£8,400"),
        (84.4, "£84"),
        (-0.2, "£0"),
        (0, "£0"),
    ],
)
def test_money_in_sentences(value: float, said: str) -> None:
    assert said == money_in_words(value)


@pytest.mark.parametrize(
    ("value", "error", "said"),
    [
        (-1_234_567, None, "−£1,234,567"),
        (-1_234_567, 0.0, "−£1,234,567"),
        (1_234_567, 340.0, "£1,234,600"),
        (1_234_567, 7_400.0, "£1,235,000"),
        (-0.3, 0.1, "£0"),
    ],
)
def test_money_has_no_more_digits_than_the_futures_support(
    value: float, error: float | None, said: str
) -> None:
    assert said == money(value, "£", error)


def test_ranges_share_their_unit() -> None:
    assert money_range(2_540_000, 2_590_000) == "£2.54 to £2.59 million"
    assert money_range(-84_000, 1_200_000) == "−£84,000 to £1.20 million"


@pytest.mark.parametrize(
    ("share", "said"),
    [
        (0.52, ""),
        (0.30, "unlikely"),
        (0.45, "a realistic possibility"),
        (0.61, "likely"),
        (0.85, "highly likely"),
        (0.97, "almost certain"),
        (1.0, "almost certain"),
        (0.0, ""),
    ],
)
def test_likelihood_words_stand_in_their_bands(share: float, said: str) -> None:
    assert said == likelihood(share)


def test_shares_of_futures_claim_no_certainty() -> None:
    assert [percent(share, 200) for share in (0.0, 0.005, 0.4, 0.999, 1.0)] == [
        "0 of 200",
        "0.5% of 200",
        "40% of 200",
        "99.9% of 200",
        "all 200",
    ]


def test_a_share_is_rounded_alike_in_prose_and_tables() -> None:
    shares = (0.0, 0.005, 0.025, 0.145, 0.5, 0.996, 1.0)
    assert [in_percent(share) for share in shares] == [
        "0%",
        "0.5%",
        "3%",
        "15%",
        "50%",
        "99.6%",
        "100%",
    ]
    assert all(percent(share, 200).startswith(in_percent(share)) for share in shares[1:-1])


def test_tables_have_no_empty_cells_and_keep_to_the_page() -> None:
    drawn = table(("Key", "Why"), [("a", "word " * 60), ("b", "")], prose=1)
    assert "no data" in drawn
    assert max(len(line) for line in drawn.splitlines()) <= 100
    assert "…" not in drawn


def test_no_figure_is_cut_however_many_there_are() -> None:
    header = ("Term", *(f"Party {number}" for number in range(12)))
    row = ("Fee", *(f"−£{number},123,456.78" for number in range(12)))
    assert not fits(header, [row])
    drawn = table(header, [row])
    assert all(cell in drawn for cell in row)
    assert "…" not in drawn
    assert fits(header[:5], [row[:5]])


def test_a_cell_of_several_lines_is_as_wide_as_its_longest() -> None:
    drawn = table(("Number", "At low"), [("services.support.lasts\n  12 weeks to 15 weeks", "£1")])
    assert drawn.splitlines()[0] == "Number                   At low"


def test_names_wrap_before_a_figure_or_heading_is_cut() -> None:
    header = ("Party", "Contract", "Mean", "5th percentile", "95th percentile", "Runs out of cash")
    money = ("−£2,327,000", "−£2,384,000", "−£2,285,000")
    rows = [
        ("Eastmere Council", "Output contracts", *money, "does not apply"),
        ("Good Neighbours", "Output contracts", *money, "0 of 200"),
    ]
    drawn = table(header, rows, texts=2)
    lines = drawn.splitlines()
    assert lines[0].endswith("Runs out of cash")
    assert any(line.endswith("does not apply") for line in lines)
    assert any(line.endswith("0 of 200") for line in lines)
    assert max(map(len, lines)) <= 100
    assert "Eastmere Council" not in drawn
    assert "Eastmere" in drawn


@pytest.mark.parametrize(
    ("value", "plus", "said"),
    [
        (0.346, False, "0.35"),
        (0.346, True, "+0.35"),
        (-0.346, True, "\N{MINUS SIGN}0.35"),
        (-0.004, True, "0.00"),
        (0.004, True, "0.00"),
        (-1_234.5, False, "\N{MINUS SIGN}1,234.50"),
    ],
)
def test_numbers_of_either_sign(value: float, plus: bool, said: str) -> None:
    assert decimal(value, plus=plus) == said
