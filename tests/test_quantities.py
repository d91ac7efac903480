"""Quantities as people write them: what is written is read, and no kind takes another's text."""

from __future__ import annotations

import copy
import math
import pickle
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from simulator.quantities import (
    DAYS_A_YEAR,
    AnyAmount,
    ChanceAYear,
    Change,
    Count,
    Duration,
    Figure,
    Growth,
    Hazard,
    Level,
    Money,
    MoneyAYear,
    MoneyMaybeAYear,
    Portion,
    Rate,
    Share,
    Volume,
    Whole,
    Years,
    is_a_year,
    is_money,
)

KINDS: dict[str, Any] = {
    "share": Share,
    "change": Change,
    "money": Money,
    "money a year": MoneyAYear,
    "amount": MoneyMaybeAYear,
    "duration": Duration,
    "rate": Rate,
    "growth": Growth,
    "chance a year": ChanceAYear,
    "hazard": Hazard,
    "level": Level,
    "count": Count,
    "whole": Whole,
    "years": Years,
    "portion": Portion,
    "volume": Volume,
    "number": AnyAmount,
}
ADAPTERS = {name: TypeAdapter(kind) for name, kind in KINDS.items()}

DAYS = {
    "hour": 1 / 24,
    "day": 1.0,
    "week": 7.0,
    "month": DAYS_A_YEAR / 12,
    "quarter": DAYS_A_YEAR / 4,
    "year": DAYS_A_YEAR,
}
PERIODS = st.sampled_from(sorted(DAYS))
ARTICLES = st.sampled_from(["a", "per", "each", "every", "an"])
AMOUNTS = st.decimals(0, 10_000_000, places=2)
SPACES = st.sampled_from(["", " "])


def read(kind: str, found: object, currency: str = "£", lenient: bool = False) -> Figure:
    """Read a quantity as a scenario does."""
    context = {"currency": currency, "lenient": lenient}
    figure: Figure = ADAPTERS[kind].validate_python(found, context=context)
    return figure


def refusal(kind: str, found: object, currency: str = "£") -> dict[str, Any]:
    """Return what was found, what is allowed and how to mend it."""
    with pytest.raises(ValidationError) as caught:
        read(kind, found, currency)
    (error,) = caught.value.errors()
    return error["ctx"]


# written and read


@given(AMOUNTS, st.sampled_from("£€$"), st.booleans())
def test_money(amount: Any, sign: str, grouped: bool) -> None:
    written = f"{sign}{amount:,}" if grouped else f"{sign}{amount}"
    figure = read("money", written, currency=sign)
    assert float(amount) == figure
    assert written == figure.written
    assert is_money(figure)
    assert not is_a_year(figure)


@given(st.decimals(0, 100, places=3), SPACES)
def test_a_share_is_a_percentage_or_a_number(percentage: Any, space: str) -> None:
    assert read("share", f"{percentage}{space}%") == pytest.approx(float(percentage) / 100)
    assert read("share", float(percentage) / 100) == float(percentage) / 100
    assert read("share", str(percentage / 100)) == float(percentage / 100)


@given(st.decimals(0, 100, places=2), PERIODS, st.sampled_from(["", "s"]), SPACES)
def test_a_duration(number: Any, unit: str, plural: str, space: str) -> None:
    days = float(number) * DAYS[unit]
    written = f"{number}{space}{unit}{plural}"
    if days <= 50 * DAYS_A_YEAR:
        assert read("duration", written) == pytest.approx(days)
    else:
        assert "out of range" in refusal("duration", written)["found"]


@given(AMOUNTS, ARTICLES, PERIODS)
def test_a_rate_counts_a_year(number: Any, article: str, period: str) -> None:
    figure = read("rate", f"{number:,} {article} {period}")
    assert figure == pytest.approx(float(number) * DAYS_A_YEAR / DAYS[period])
    assert is_a_year(figure)


@given(AMOUNTS, ARTICLES, PERIODS)
def test_money_a_year(amount: Any, article: str, period: str) -> None:
    written = f"£{amount} {article} {period}"
    expected = pytest.approx(float(amount) * DAYS_A_YEAR / DAYS[period])
    for kind in ("money a year", "amount", "number"):
        figure = read(kind, written)
        assert expected == figure
        assert is_money(figure)
        assert is_a_year(figure)


@given(st.decimals(0, 100, places=2), PERIODS)
def test_a_hazard_counts_a_day(percentage: Any, period: str) -> None:
    expected = float(percentage) / 100 / DAYS[period]
    assert read("hazard", f"{percentage}% a {period}") == pytest.approx(expected)


@given(st.decimals(-50, 100, places=2))
def test_growth_and_chance_count_a_year(percentage: Any) -> None:
    written = f"{percentage}% a year"
    assert read("growth", written) == pytest.approx(float(percentage) / 100)
    if percentage >= 0:
        assert read("chance a year", written) == pytest.approx(float(percentage) / 100)


@given(st.integers(1, 1_000_000))
def test_a_whole_number(number: int) -> None:
    for written in (number, str(number), f"{number:,}", float(number)):
        assert read("whole", written) == number


@pytest.mark.parametrize(
    ("expected", "written"),
    [
        (1_500, "£1.5k"),
        (1_500_000, "£1.5m"),
        (1_500_000, "£1.5 million"),
        (2e9, "£2bn"),
        (2e9, "£2 billion"),
        (3_000, "£3 thousand"),
        (500, "£.5k"),
        (0, "£0"),
        (200_000, " £200,000 "),
        (200_000, 200_000),
    ],
)
def test_words_of_scale(expected: float, written: object) -> None:
    assert read("money", written) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("expected", "kind", "written"),
    [
        (-0.2, "change", "−20%"),  # a minus sign as word processors write it
        (-0.2, "change", "-20%"),
        (0.15, "change", "+15%"),
        (-0.1, "number", "−10%"),
        (-1.5, "level", "−1.5"),
        (-0.02, "growth", "−2% a year"),
        (480_000, "amount", "£480k a year"),
        (12 * 365.25 * 24, "rate", "12 an hour"),
        (4 * 1_000, "rate", "1,000 each quarter"),
        (91.3125, "duration", "3 months"),
        (28, "number", "28 days"),
        (0.03, "number", "3%"),
    ],
)
def test_other_ways_to_write(expected: float, kind: str, written: str) -> None:
    assert read(kind, written) == pytest.approx(expected)


# refused

FITS = {
    "45%": {"share", "change", "portion", "number"},
    "0.45": {"share", "change", "portion", "money", "amount", "level", "count", "volume", "number"},
    "1": set(KINDS) - {"money a year", "duration", "rate", "growth", "chance a year", "hazard"},
    "£200,000": {"money", "amount", "number"},
    "£42,000 a year": {"money a year", "amount", "number"},
    "13 weeks": {"duration", "number"},
    "1,200 a year": {"rate", "volume", "number"},
    "2% a year": {"growth", "chance a year", "hazard"},
    "2% a week": {"hazard"},
    "-1.5": {"level", "number"},
    "35": {"money", "amount", "count", "whole", "volume", "number"},
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("written", FITS)
def test_a_kind_takes_its_own_text_and_refuses_the_others(written: str, kind: str) -> None:
    if kind in FITS[written]:
        assert read(kind, written).kind == kind
    else:
        told = refusal(kind, written)
        assert f"found '{written}'" in told["found"]
        assert told["allowed"]
        assert told["mend"].startswith("write")


NO_QUANTITIES = (
    *(True, False, None, [], [1], math.nan, math.inf, -math.inf),
    *("", " ", "no", "x", "£", "%", "week", "per year", "½", "5 a", "5%%", "£€5", "--5"),
    *("1e3", "1,20", "1.2.3", "5 fortnights", "12-14 weeks", "5 weeks 3 days", "5 weeks\n£5"),
    "9" * 400,
)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("found", NO_QUANTITIES, ids=lambda found: repr(found)[:20])
def test_no_kind_takes_what_is_no_quantity(kind: str, found: object) -> None:
    assert refusal(kind, found)["found"].startswith("found ")


@pytest.mark.parametrize(
    ("kind", "written"),
    [
        ("share", "£5%"),
        ("share", "5% a year"),
        ("money", "£5%"),
        ("money", "£5 weeks"),
        ("rate", "5 weeks a year"),
        ("money a year", "£5% a year"),
        ("duration", "5 weeks a year"),
        ("count", "5%"),
        ("duration", "5% weeks"),
        ("duration", "£5 weeks"),
        ("growth", "£5% a year"),
        ("growth", "5% weeks a year"),
        ("chance a year", "£5% a year"),
        ("hazard", "£5% a week"),
        ("hazard", "5% days a week"),
        ("number", "£5 weeks"),
        ("number", "£5% a year"),
        ("number", "13 weeks a year"),
        ("number", "5% a year"),
    ],
)
def test_two_units_at_once(kind: str, written: str) -> None:
    assert f"found '{written}'" in refusal(kind, written)["found"]


@pytest.mark.parametrize(
    ("expected", "found"), [("write 50% or 0.5", 50), ("write 50% or 0.5", "50"), ("45%", 101)]
)
def test_a_bare_percentage(expected: str, found: object) -> None:
    told = refusal("share", found)
    assert "out of range" in told["found"]
    assert expected in told["mend"]


@pytest.mark.parametrize(
    ("kind", "written"),
    [
        ("share", "100.001%"),
        ("share", "-1%"),
        ("money", "-£1"),
        ("whole", "0"),
        ("whole", "1.5"),
        ("level", "2.1"),
        ("years", "12"),
        ("portion", "-1001%"),
        ("volume", "-1 a year"),
        ("growth", "101% a year"),
        ("chance a year", "-1% a year"),
        ("change", "-101%"),
        ("duration", "51 years"),
    ],
)
def test_out_of_range(kind: str, written: str) -> None:
    assert refusal(kind, written)["found"] == f"found '{written}', which is out of range"


@pytest.mark.parametrize(("sign", "currency"), [("€", "£"), ("£", "$"), ("$", "€")])
def test_a_foreign_currency(sign: str, currency: str) -> None:
    for kind, rest in (("money", ""), ("money a year", " a year"), ("number", "")):
        told = refusal(kind, f"{sign}5{rest}", currency)
        assert f"this scenario counts in {currency}" in told["found"]


def test_a_lenient_look_reads_what_is_wrong_as_not_a_number() -> None:
    assert math.isnan(read("money", "plenty", lenient=True))
    assert math.isnan(read("share", {"value": 50}, lenient=True))
    assert read("money", "£5", lenient=True) == 5


# evidence


@pytest.mark.parametrize(
    ("expected", "kind", "value", "unit"),
    [
        (91, "duration", 13, "weeks"),
        (91, "duration", "13", "weeks"),
        (91, "duration", "13 weeks", "weeks"),
        (0.45, "share", 45, "%"),
        (0.02, "growth", 2, "% a year"),
        (1_200, "rate", "1,200", "a year"),
        (42_000, "money a year", 42_000, "£ a year"),
        (42_000, "money a year", 42, "£k a year"),
        (1_000, "money", 1_000, "£"),
        (35, "count", 35, "people"),  # a unit that is only for readers
        (35, "whole", 35, None),
    ],
)
def test_evidence_can_name_the_unit(
    expected: float, kind: str, value: object, unit: str | None
) -> None:
    figure = read(kind, {"value": value, "unit": unit, "source": "our records"})
    assert figure == pytest.approx(expected)
    assert figure.evidence is not None
    assert figure.evidence.unit == (unit or "")


def test_all_that_evidence_can_say() -> None:
    found = {
        "value": "13 weeks",
        "range": ["10 weeks", "3 months"],
        "source": "our records",
        "evidence": "C",
        "owner": "commissioning",
        "review": "2027-04-01",
        "price_year": "2026-27",
        "note": 2026,
    }
    figure = read("duration", found)
    evidence = figure.evidence
    assert evidence is not None
    assert (figure, figure.written) == (91, "13 weeks")
    assert (evidence.low, evidence.high) == (70, pytest.approx(91.3125))
    assert (evidence.source, evidence.grade) == ("our records", "C")
    assert (evidence.owner, evidence.review) == ("commissioning", "2027-04-01")
    assert (evidence.price_year, evidence.note) == ("2026-27", "2026")


def test_a_range_takes_the_unit_too() -> None:
    figure = read("duration", {"value": 13, "range": [10, "3 months"], "unit": "weeks"})
    assert figure.written == "13 weeks"
    assert figure.evidence is not None
    assert (figure.evidence.low, figure.evidence.high) == (70, pytest.approx(91.3125))


@given(st.lists(st.integers(0, 100), min_size=3, max_size=3))
def test_a_range_holds_its_value(ends: list[int]) -> None:
    low, value, high = ends
    found = {"value": f"{value}%", "range": [f"{low}%", f"{high}%"]}
    if low <= value <= high:
        assert read("share", found).evidence is not None
    else:
        assert f"around {value}%" in refusal("share", found)["found"]


@pytest.mark.parametrize(
    ("expected", "found"),
    [
        ("found a group of keys without 'value'", {}),
        ("found a group of keys without 'value'", {"source": "our records"}),
        ("found the key 'sauce' beside a value", {"value": "5%", "sauce": "our records"}),
        ("found '5%' as the range", {"value": "5%", "range": "5%"}),
        ("found a list as the range", {"value": "5%", "range": ["5%"]}),
        ("found 'x'", {"value": "5%", "range": ["x", "6%"]}),
        ("found 7 weeks", {"value": "5%", "range": ["1%", "7 weeks"]}),
        ("found nothing", {"value": None}),
        ("found a group of keys", {"value": {"value": "5%"}}),
        ("found the evidence grade 'F'", {"value": "5%", "evidence": "F"}),
        ("found the evidence grade 'c'", {"value": "5%", "evidence": "c"}),
        ("found 50, which is out of range", {"value": 50}),
    ],
)
def test_what_evidence_cannot_say(expected: str, found: object) -> None:
    assert expected.replace("'", "") in refusal("share", found)["found"].replace("'", "")


@pytest.mark.parametrize("grade", ["AB", "ABCDE", False, 0, []])
def test_a_grade_is_one_letter(grade: object) -> None:
    assert "the evidence grade" in refusal("share", {"value": "5%", "evidence": grade})["found"]


@pytest.mark.parametrize("source", [["a", "b"], {"a": 1}])
def test_a_source_is_text(source: object) -> None:
    told = refusal("share", {"value": "5%", "source": source})
    assert (told["allowed"], told["at"]) == ("text stands here", "source")


def test_a_unit_does_not_contradict_its_value() -> None:
    told = refusal("duration", {"value": "13 weeks", "unit": "days"})
    assert told["found"] == "found the unit 'days' beside '13 weeks'"


# figures


def test_a_figure_survives_copying_and_pickling() -> None:
    figure = read("share", {"value": "45%", "source": "our records", "evidence": "C"})
    for other in (copy.copy(figure), copy.deepcopy(figure), pickle.loads(pickle.dumps(figure))):
        assert isinstance(other, Figure)
        assert figure == other
        assert (figure.written, figure.kind) == (other.written, other.kind)
        assert figure.evidence == other.evidence


def test_a_figure_is_taken_as_it_is() -> None:
    figure = Figure(5.0, "£5", "money")
    assert read("money", figure) is figure
