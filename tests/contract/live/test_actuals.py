"""The CSV of actuals, as people and spreadsheets write it.

What is refused has its whole message in ``tests/broken_actuals``; here stands what is read, and
what may never be read as something else.
"""

from __future__ import annotations

import csv
import io
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator._errors import ScenarioError
from simulator.contract.live.actuals import (
    COLUMNS_OF_ACTUALS,
    Actual,
    Fact,
    decode,
    read_actuals,
    template,
)
from simulator.contract.live.csv_cells import NotANumber, read_number, rows_of
from simulator.contract.live.needs import needs_of
from simulator.scenario.build import build_signed
from simulator.scenario.yaml_text import read_yaml
from simulator.study.live import LiveContract

CONTRACT = """\
title: Town
starts: 2026-04-01
years: 2
council: {name: Council}
providers:
  north: {name: North & Café Ltd}
  south: {name: South Side}
services: [one_to_one, advice]
contracts:
  quarterly:
    data:
      quality: {what: quality score, over_time: latest, highest: 1}
      audits: {what: audits, of: each provider}
      visits: {what: visits, of: each service}
      disaster: {what: adjustment, unit: $, lowest: null, highest: 0}
    terms:
      - {name: Advice, measure: completed.advice, bands: [{rate: £100}], settled: quarterly}
      - {name: Cost, measure: cost, settled: quarterly}
      - {name: Audits, measure: audits, bands: [{rate: £50}], settled: quarterly}
      - {name: Visits, measure: visits.advice, bands: [{rate: £50}], settled: quarterly}
      - {name: Quality, measure: quality + disaster, bands: [{rate: £1000}], split: equal,
         settled: quarterly}
"""
LIVE = LiveContract.of(build_signed(read_yaml(CONTRACT, "contract.yaml")), None)
ROW = "2026Q1,north,cost,{}"
HEADINGS = "period,party,measure,value"


def read(text: str, basis: str = "period") -> list[Actual]:
    agreement, timetable = LIVE.agreement, LIVE.signed.timetable
    return read_actuals(text, "a.csv", agreement, timetable, LIVE.needs, basis)


def one(row: str, headings: str = HEADINGS) -> Actual:
    (actual,) = read(f"{headings}\n{row}\n")
    return actual


def refused(text: str) -> str:
    with pytest.raises(ScenarioError) as caught:
        read(text)
    return str(caught.value)


# Bytes


TEXT = f"{HEADINGS}\r\n2026Q1,north & café ltd,cost,£12.50\r\n"


@pytest.mark.parametrize(
    "data",
    [
        TEXT.encode("utf-8"),
        TEXT.encode("utf-8-sig"),
        TEXT.encode("utf-16"),  # with its mark, as "Unicode text" is saved
        b"\xff\xfe" + TEXT.encode("utf-16-le"),
        b"\xfe\xff" + TEXT.encode("utf-16-be"),
        TEXT.encode("cp1252"),
        TEXT.replace("\r\n", "\r").encode(),
        TEXT.replace("\r\n", "\n").encode(),
        TEXT.rstrip().encode(),
        TEXT.replace("é", "e\u0301").encode(),  # as file names of a Mac hold accents
    ],
    ids=["utf-8", "mark", "utf-16", "le", "be", "cp1252", "cr", "lf", "no end", "accent"],
)
def test_encodings_and_line_ends(data: bytes) -> None:
    (actual,) = read(decode(data, "a.csv"))
    assert (actual.fact, actual.value) == (Fact("cost", "north", ""), 12.5)


@pytest.mark.parametrize(
    "data",
    [
        b"PK\x03\x04\x00\x00",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\x00\x00",
        b"%PDF-1.4",
        TEXT.encode("utf-16-le"),  # without its mark
        TEXT.encode("utf-32"),
        b"\xff\xfea",
    ],
    ids=["xlsx", "xls", "pdf", "no mark", "utf-32", "odd"],
)
def test_what_is_no_text(data: bytes) -> None:
    with pytest.raises(ScenarioError, match="not text; actuals are a CSV file; save the sheet"):
        decode(data, "a.csv")


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    told = ""
    try:
        read(decode(data, "a.csv"))
    except ScenarioError as error:
        told = str(error)
    assert told.replace("\n", "").isprintable()


@given(st.lists(st.lists(st.text(max_size=12), max_size=6), max_size=6), st.sampled_from(",;\t"))
def test_any_cells_are_read_or_refused(rows: list[list[str]], separator: str) -> None:
    page = io.StringIO()
    writer = csv.writer(page, delimiter=separator)
    writer.writerows([HEADINGS.split(","), *rows])
    filled = [row for row in rows if len(row) > 3 and row[3].strip()]
    actuals, problems = [], ()
    try:
        actuals = read(page.getvalue())
    except ScenarioError as error:
        problems = error.problems
    assert len(actuals) <= len(filled)
    assert all(f"row {problem.line}" in str(problem) for problem in problems)


# Separators, and rows by the number that a spreadsheet shows


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
@pytest.mark.parametrize("announced", ["", "sep={}\n", "SEP={}\r\n", '"sep={}"\n'])
@pytest.mark.parametrize("quoted", [False, True])
def test_separators(mark: str, announced: str, quoted: bool) -> None:
    page = io.StringIO()
    quoting = csv.QUOTE_ALL if quoted else csv.QUOTE_MINIMAL
    writer = csv.writer(page, delimiter=mark, quoting=quoting)
    writer.writerows([HEADINGS.split(","), ["2026Q1", "north", "cost", "1,234.50"]])
    (actual,) = read(announced.format(mark) + page.getvalue())
    assert (actual.value, actual.row, actual.source) == (1234.5, 2, "a.csv, row 2")


def test_blank_rows_and_columns_are_passed_over_and_counted() -> None:
    text = f"\n;;;;;\n  \n{HEADINGS.replace(',', ';')};;\n;;;\n2026Q1;north;cost;5;;;;\n;;;;\n\n"
    (actual,) = read(text)
    assert (actual.value, actual.row) == (5, 6)


def test_a_cell_of_several_lines_is_one_row() -> None:
    text = f'note,{HEADINGS}\n"one\ntwo\n\nthree",2026Q1,north,cost,1\n,2026Q1,south,cost,2\n'
    assert [actual.row for actual in read(text)] == [2, 3]


def test_a_quotation_mark_that_stays_open_swallows_no_row() -> None:
    text = f'{HEADINGS},note\n2026Q1,north,cost,1,"late\n2026Q1,south,cost,2,\n'
    assert "row 2: found a quotation mark that does not pair" in refused(text)
    assert one('2026Q1,north,cost,1,5" tube', f"{HEADINGS},note").value == 1


def test_a_value_cut_by_its_comma_is_no_value() -> None:
    for headings in (HEADINGS, f"{HEADINGS},unit", f"{HEADINGS},basis", f"{HEADINGS},status"):
        refused(f"{headings}\n2026Q1,north,cost,1,200\n")
    refused("period,party,value,measure\n2026Q1,north,1,200,cost\n")


@pytest.mark.parametrize("row", ["2026Q1;north;cost;5", "Total", "# a remark"])
def test_a_row_of_one_cell_is_told(row: str) -> None:
    assert "and no other cell" in refused(f"{HEADINGS}\n{row}\n")


def test_short_rows_miss_their_value() -> None:
    assert read(f"{HEADINGS}\n2026Q1,north,cost\n2026Q1,north\n") == []


def test_headings_in_any_order_and_case() -> None:
    assert one(
        " 7 ,cost,,North & Café Ltd,2026Q1", "\ufeff VALUE,Measure,Notes,Party ,PERIOD"
    ).value


# Numbers


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("0", 0),
        ("12", 12),
        ("12.", 12),
        (".5", 0.5),
        ("007", 7),
        ("1234.50", 1234.5),
        ("1,234.50", 1234.5),
        ("1,234,567", 1234567),
        ("1 234 567.5", 1234567.5),
        ("1\u00a0234", 1234),
        ("1\u202f234", 1234),
        ("£1,234", 1234),
        ("£ 1,234", 1234),
        ("\u00a0£12\u00a0", 12),
        ("+5", 5),
        ("-5", -5),
        ("\N{MINUS SIGN}5", -5),
        ("\N{EN DASH}5", -5),
        ("\N{MINUS SIGN}£5", -5),
        ("£-5", -5),
        ("- £ 5", -5),
        ("(5)", -5),
        ("(£5.00)", -5),
        ("£(5.00)", -5),
        ("( 1,234 )", -1234),
        ("90%", 0.9),
        ("90 %", 0.9),
        ("(5%)", -0.05),
        ("-0", 0),
        ("1000000000000", 1e12),
    ],
)
def test_numbers(written: str, value: float) -> None:
    found = read_number(written)[0]
    assert found == value
    assert math.copysign(1, found) == math.copysign(1, value)


@pytest.mark.parametrize(
    "written",
    [
        "1.2E+05",
        "1e5",
        "nan",
        "inf",
        "Infinity",
        "0x10",
        "1_000",
        "1,23",
        "1,2345",
        "12,34,567",
        "1,234 567",
        "1.234.567",
        "1.234,50",
        "10 20",
        "1  234",
        "(-5)",
        "--5",
        "-(5)",
        "+-5",
        "-£-5",
        "((5))",
        "(5",
        "5)",
        "5-",
        "££5",
        "£",
        "-",
        "%",
        "90%%",
        "5k",
        "£1.2m",
        "١٢",
        "½",
        "1/2",
        "1\n2",
        "#N/A",
        "TRUE",
        "01/04/2026",
        "1000000000000.1",
        "9" * 5000,
    ],
)
def test_what_is_no_number(written: str) -> None:
    with pytest.raises(NotANumber) as caught:
        read_number(written)
    assert len(caught.value.args) == 3
    assert all(caught.value.args)


@given(st.floats(-1e11, 1e11).map(lambda value: round(value, 2) + 0.0))
def test_every_way_to_write_an_amount_means_the_same(value: float) -> None:
    size = abs(value)
    ways = [f"{value:.2f}", f"{value:,.2f}", f"£{value:,.2f}", f"{value:,.2f}".replace(",", " ")]
    ways += [f"({size:,.2f})", f"({size:.2f})"] if value < 0 else [f"+{value:.2f}"]
    for way in ways:
        assert read_number(way)[0] == value
        assert read_number(way.replace("-", "\N{MINUS SIGN}").replace(" ", "\u00a0"))[0] == value


def test_signs_are_of_the_measure() -> None:
    assert one(ROW.format("£5")).value == 5
    assert "'cost' is in £" in refused(f"{HEADINGS}\n{ROW.format('$5')}\n")
    assert "no share" in refused(f"{HEADINGS}\n{ROW.format('5%')}\n")
    assert one("2026Q1,,disaster,$ (5)").value == -5
    assert "'disaster' is in $" in refused(f"{HEADINGS}\n2026Q1,,disaster,-£5\n")
    assert one("2026Q1,,quality,90%").value == 0.9


@pytest.mark.parametrize(
    "unit",
    ["£000", "£000s", "£'000", "£’000s", "000", "k", "£k", "£m", "£ million", "thousands", "GBP k"],
)
def test_thousands_are_refused(unit: str) -> None:
    assert "never thousands" in refused(f"{HEADINGS},unit\n{ROW.format(120)},{unit}\n")


@pytest.mark.parametrize("unit", ["£", "", "GBP", "pounds", "people", "km", "months", "£ a head"])
def test_other_units_are_for_readers(unit: str) -> None:
    assert one(f"{ROW.format(120)},{unit}", f"{HEADINGS},unit").value == 120


@pytest.mark.parametrize(
    ("row", "allowed"),
    [
        ("2026Q1,north,cost,-1", "'cost' is at least 0"),
        ("2026Q1,,quality,1.01", "'quality' is from 0 to 1"),
        ("2026Q1,,quality,-0.01", "'quality' is from 0 to 1"),
        ("2026Q1,,disaster,1", "'disaster' is at most 0"),
    ],
)
def test_figures_out_of_their_limits(row: str, allowed: str) -> None:
    assert allowed in refused(f"{HEADINGS}\n{row}\n")


# What a figure is of


@pytest.mark.parametrize(
    "party", ["north", "North", "NORTH & CAFÉ LTD", "north &  café ltd", "North & Cafe\u0301 Ltd"]
)
def test_parties_by_identifier_or_name(party: str) -> None:
    assert one(f"2026Q1,{party},cost,1").fact.party == "north"


@pytest.mark.parametrize("service", ["one_to_one", "One to One", "ONE_TO_ONE"])
def test_services_by_identifier_or_words(service: str) -> None:
    headings = f"{HEADINGS},service"
    assert one(f"2026Q1,north,completed,1,{service}", headings).fact.service == "one_to_one"
    assert one(f"2026Q1,north,visits,1,{service}", headings).fact.service == "one_to_one"


@pytest.mark.parametrize("measure", ["staff_cost", "Staff Cost", "STAFF-COST", " staff  cost "])
def test_measures_in_words(measure: str) -> None:
    assert one(f"2026Q1,north,{measure},1").fact.measure == "staff_cost"


def test_a_name_of_two_providers_is_no_name() -> None:
    text = CONTRACT.replace("South Side", "north").replace("North & Café Ltd", "Care")
    text = text.replace("south: {name: north}", "south: {name: North}, west: {name: Care}")
    text = text.replace(
        "  south: {name: North}, west: {name: Care}", "  south: {name: North}\n  west: {name: Care}"
    )
    live = LiveContract.of(build_signed(read_yaml(text, "contract.yaml")), None)

    def party(written: str) -> str:
        page = f"{HEADINGS}\n2026Q1,{written},cost,1\n"
        timetable = live.signed.timetable
        return read_actuals(page, "a", live.agreement, timetable, live.needs)[0].fact.party

    assert party("north") == "north", "an identifier is one, to the letter"
    for written in ("North", "NORTH", "Care"):
        with pytest.raises(ScenarioError, match=r"which means .*; write the identifier"):
            party(written)


@pytest.mark.parametrize("service", ["", "all", "ALL"])
def test_what_is_one_for_all(service: str) -> None:
    headings = f"{HEADINGS},service"
    assert one(f"2026Q1,north,cost,1,{service}", headings).fact == Fact("cost", "north", "")
    assert one(f"2026Q1,{service},quality,1,{service}", headings).fact == Fact("quality", "", "")


def test_a_figure_by_service_does_not_pass_for_one_of_all() -> None:
    text = f"{HEADINGS},service\n2026Q1,north,cost,1,advice\n"
    assert "for all services together" in refused(text)


def test_a_service_that_a_provider_does_not_deliver() -> None:
    agreement, timetable = LIVE.agreement, LIVE.signed.timetable
    needs = needs_of(agreement, "£", [("north", "advice"), ("north", "one_to_one")])
    needs += needs_of(agreement, "£", [("south", "advice")])

    def told(row: str) -> str:
        page = f"{HEADINGS},service\n2026Q1,{row}\n"
        with pytest.raises(ScenarioError) as caught:
            read_actuals(page, "a.csv", agreement, timetable, needs)
        return str(caught.value)

    assert (
        "row 2: found 'completed' of south one_to_one; south does not deliver one_to_one"
        in told("south,completed,5,one_to_one")
    )


# Basis, status, doubles


@pytest.mark.parametrize(
    ("written", "default", "to_date"),
    [
        ("", "period", False),
        ("", "ytd", True),
        ("period", "ytd", False),
        ("YTD", "period", True),
        ("Year to date", "period", True),
    ],
)
def test_basis_of_a_row_and_of_a_file(written: str, default: str, to_date: bool) -> None:
    (actual,) = read(f"{HEADINGS},basis\n{ROW.format(5)},{written}\n", default)
    assert actual.to_date is to_date


def test_a_level_is_the_latest_on_either_basis() -> None:
    (actual,) = read(f"{HEADINGS}\n2026Q1,,quality,0.5\n", "ytd")
    assert not actual.to_date


def test_status() -> None:
    headings = f"{HEADINGS},status"
    assert not one(f"{ROW.format(1)},", headings).provisional
    assert not one(f"{ROW.format(1)},Final", headings).provisional
    assert one(f"{ROW.format(1)},PROVISIONAL", headings).provisional


@pytest.mark.parametrize(
    "again",
    ["2026Q1,north,cost,5", "2026Q1,NORTH,Cost,6", "2026-27 q1,North & Café Ltd,cost,5"],
)
def test_a_figure_stands_once(again: str) -> None:
    told = refused(f"{HEADINGS}\n{ROW.format(5)}\n{again}\n")
    assert "row 3: found 'cost' of north for 2026Q1 again; it stands in row 2" in told


def test_an_empty_value_is_missing_and_never_nought() -> None:
    assert read(f"{HEADINGS}\n{ROW.format('')}\n{ROW.format(' ')}\n") == []
    assert one(ROW.format("0")).value == 0


def test_every_mistake_is_told_in_the_order_of_rows() -> None:
    rows = "\n".join(f"2026Q1,nobody {index},cost,1" for index in range(12))
    told = refused(f"{HEADINGS}\n{rows}\n").splitlines()
    assert [line.split(":")[0] for line in told] == [f"a.csv, row {2 + each}" for each in range(12)]


# Templates


def test_a_template_asks_for_everything_once_and_reads_back() -> None:
    page = io.StringIO()
    writer = csv.writer(page)
    writer.writerow(COLUMNS_OF_ACTUALS)
    writer.writerows(template(LIVE.needs, ["2026Q1", "2026Q2"]))
    assert read(page.getvalue()) == []
    rows = [cells for _, cells in rows_of(page.getvalue(), "a.csv")]
    place = rows[0].index("value")
    for row in rows[1:]:
        row[place] = "0"
    page = io.StringIO()
    csv.writer(page).writerows(rows)
    found = {(actual.period, actual.fact) for actual in read(page.getvalue())}
    needed = [need.fact for need in LIVE.needs]
    assert len(set(needed)) == len(needed)
    assert found == {(name, fact) for name in ("2026Q1", "2026Q2") for fact in needed}
