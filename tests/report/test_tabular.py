"""Tables wherever they go: texts stay texts, numbers stay numbers."""

from __future__ import annotations

import csv
import io

import polars
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from simulator.report.parquet import parquet
from simulator.report.tabular import Cell, Column, Table, csv_text, read_csv, records
from simulator.report.workbook import Cover, workbook

HOSTILE = (
    "=cmd|' /C calc'!A0",
    '=HYPERLINK("http://example.org","click")',
    "@SUM(1+1)",
    "+1",
    "-1+2",
    "\t=1+1",
    "\r=1",
    "'=1+1",
    "＝1+1",
    "http://example.org",
    "12",
    "TRUE",
    'say "no", twice',
    "two\nlines",
    "x;=1",
    " =1+1",
    "\ufeff=1+1",
    "\u00a0@SUM(1)",
    "﹦1",
    "no data",
)
SHAPE = Table(
    "names",
    "Names & numbers",
    (
        Column("name"),
        Column("pounds", "money"),
        Column("count", "whole"),
        Column("part", "share"),
        Column("other", "number"),
    ),
)
ROWS: list[tuple[Cell, ...]] = [
    (name, 1234.5678 * place, place, place / 20, -place / 7) for place, name in enumerate(HOSTILE)
]
ROWS.append(("nothing", None, None, None, None))
COVER = Cover("=Title & more", "Made-up inputs: do not use for decisions.", {"Run": "+1"})


@pytest.fixture(scope="module")
def table() -> Table:
    return SHAPE.filled(ROWS)


def test_csv_has_no_cell_that_a_spreadsheet_would_run(table: Table) -> None:
    text = csv_text(table)
    assert text.startswith("\ufeff")
    assert "\r\n" in text
    header, *rows = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""))
    assert header == ["name", "pounds", "count", "part", "other"]
    for row, name in zip(rows, [*HOSTILE, "nothing"], strict=True):
        assert row[0] in (name, f"'{name}")
        assert not row[0].lstrip().startswith(("=", "+", "-", "@", "＝", "﹦"))
    assert '"x;=1"' in text, "whole, also where semicolons part the cells"
    assert rows[3][1] == "3703.7"
    assert rows[3][4] == str(-3 / 7), "a number below nought stays a number"
    assert rows[-1][1:] == ["no data"] * 4


def test_csv_comes_back_as_it_was(table: Table) -> None:
    assert read_csv(SHAPE, csv_text(table)) == table
    with pytest.raises(ValueError, match="the columns are"):
        read_csv(SHAPE, "a,b\r\n1,2\r\n")


@given(
    st.lists(
        st.tuples(
            st.none() | st.text(st.characters(codec="utf-8", exclude_characters="\x00")),
            st.none() | st.floats(-1e11, 1e11),
            st.none() | st.integers(-(10**6), 10**6),
            st.floats(0, 1),
            st.none() | st.floats(-1e17, 1e17),
        ),
        max_size=5,
    )
)
def test_any_table_comes_back_from_csv(rows: list[tuple[Cell, ...]]) -> None:
    table = SHAPE.filled(rows)
    assert read_csv(SHAPE, csv_text(table)) == table


@pytest.mark.parametrize("cell", ["nan", "1e999", "inf", "9" * 400, "x"])
def test_a_figure_that_no_run_writes_is_refused(cell: str) -> None:
    table = Table("one", "One", (Column("whole", "whole"), Column("number", "number")))
    for row in (f"{cell},1", f"1,{cell}"):
        with pytest.raises(ValueError, match=r"."):
            read_csv(table, f"whole,number\r\n{row}\r\n")


def test_a_workbook_shows_the_figures_of_the_csv(table: Table) -> None:
    book = load_workbook(io.BytesIO(workbook(COVER, [table], {"Cash flow": "run it"})))
    assert book.sheetnames == ["Cover", "Contents", "Names"]
    header, *rows = book["Names"].iter_rows(values_only=True)
    assert header == ("name", "pounds", "count", "part", "other")
    for found, expected in zip(rows, table.rows, strict=True):
        for cell, figure in zip(found[1:], expected[1:], strict=True):
            # 16 digits, as a spreadsheet holds them
            assert cell == ("no data" if figure is None else pytest.approx(figure, rel=1e-15))
    # and those of the file that a spreadsheet opens
    again = read_csv(SHAPE, csv_text(table))
    assert [row[1:] for row in again.rows] == [row[1:] for row in table.rows]


def test_no_text_of_a_workbook_is_a_formula_a_link_or_a_number(table: Table) -> None:
    book = load_workbook(io.BytesIO(workbook(COVER, [table], {})))
    for sheet in book:
        for row in sheet.iter_rows():
            for cell in row:
                assert cell.data_type in ("s", "n"), cell.value
                assert cell.hyperlink is None
    names = [row[0].value for row in book["Names"].iter_rows(min_row=2)]
    # XML has no carriage return of its own inside a text
    assert [str(name).replace("_x000D_", "\r") for name in names] == [*HOSTILE, "nothing"]
    cells = [cell for row in book["Names"].iter_rows() for cell in row]
    assert not any(cell.data_type == "f" for cell in cells)
    assert all(row[0].data_type == "s" for row in book["Names"].iter_rows(min_row=2))
    assert book["Cover"]["A1"].value == "=Title & more"


def test_a_workbook_is_the_same_to_the_byte(table: Table) -> None:
    import time

    first = workbook(COVER, [table], {})
    time.sleep(2.1)  # the clock of a ZIP file ticks every two seconds
    assert workbook(COVER, [table], {}) == first


def test_parquet_keeps_kinds(table: Table) -> None:
    content = parquet(table)
    frame = polars.read_parquet(io.BytesIO(content))
    assert frame.schema == {
        "name": polars.String,
        "pounds": polars.Float64,
        "count": polars.Int64,
        "part": polars.Float64,
        "other": polars.Float64,
    }
    assert frame.rows(named=True) == records(table)
    assert parquet(table) == content


def test_a_long_text_is_cut_to_what_a_cell_holds() -> None:
    table = Table("long", "Long", (Column("text"),)).filled([("x" * 40_000,)])
    book = load_workbook(io.BytesIO(workbook(COVER, [table], {})))
    assert len(str(book["Long"]["A2"].value)) == 32_767
