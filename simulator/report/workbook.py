"""One workbook of a run or sweep, the same to the byte each time. Needs the extra 'report'.

Every cell is written by its kind: a text never becomes a formula, a link or a number.
"""

from __future__ import annotations

import datetime
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from simulator.report.draw import needs_report
from simulator.report.tabular import NO_DATA, Cell, Column, Table

__all__ = ["Cover", "Page", "book_of", "workbook"]

_MADE = datetime.datetime(2000, 1, 1)
"""When every workbook says it was made: a clock would make each another file."""
_LONGEST = 32_767  # characters a cell holds, by the file format
_WIDEST = 60
_SHEETS = {
    "parties": "Results",
    "exposure": "Percentiles",
    "cash": "Cash flow",
    "tornado": "Sensitivity",
}
_FORMATS = {
    "money": "#,##0.00;[Red]\N{MINUS SIGN}#,##0.00",
    "number": "#,##0.00####",
    "count": "#,##0",
    "whole": "0",
    "share": "0.0####%",
}


@dataclass(frozen=True)
class Cover:
    """What the first sheet says.

    Attributes:
        title: of the scenario.
        warning: in large letters, and at the head of every printed page; empty for none.
        facts: what it was made from and with.
    """

    title: str
    warning: str
    facts: Mapping[str, str]


@dataclass(frozen=True)
class Page:
    """One sheet after the cover.

    Attributes:
        name: of the sheet.
        write: writes it, given the worksheet and the styles by the kind of cell.
    """

    name: str
    write: Callable[[Any, Mapping[str, Any]], None]


def workbook(cover: Cover, tables: Sequence[Table], absent: Mapping[str, str]) -> bytes:
    """Return a workbook: cover, contents, one sheet for each table.

    Args:
        cover: the first sheet.
        tables: the others, in order.
        absent: what a reader may look for and does not find, and how to get it.

    Raises:
        RunError: the library is missing.
    """
    sheets = [(_SHEETS.get(table.name) or _sheet_name(table.name), table) for table in tables]
    pages = [Page("Contents", lambda sheet, styles: _write_contents(sheet, styles, sheets, absent))]
    pages += [Page(name, partial(_write_table, table=table)) for name, table in sheets]
    return book_of(cover, pages)


def book_of(cover: Cover, pages: Sequence[Page], last: int = 0) -> bytes:
    """Return a workbook of a cover and pages that write themselves, the same bytes each time.

    Args:
        cover: the first sheet.
        pages: the others, in order.
        last: how many of the first pages are written last, because they point to the others.

    Raises:
        RunError: the library is missing.
    """
    try:
        import xlsxwriter
    except ImportError as error:
        raise needs_report("A workbook", error) from None
    content = io.BytesIO()
    book = xlsxwriter.Workbook(
        content,
        {
            "in_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
        },
    )
    book.set_properties({"title": cover.title, "created": _MADE})
    styles = {name: book.add_format({"num_format": text}) for name, text in _FORMATS.items()}
    styles["text"] = book.add_format({"text_wrap": True, "valign": "top"})
    styles["bold"] = book.add_format({"bold": True, "text_wrap": True, "valign": "top"})
    styles["title"] = book.add_format({"bold": True, "font_size": 16})
    styles["warning"] = book.add_format({"bold": True, "font_size": 14, "font_color": "#801650"})
    styles["heading"] = book.add_format({"bold": True, "font_size": 12})
    _write_cover(book.add_worksheet("Cover"), styles, cover)
    sheets = [(page, book.add_worksheet(page.name)) for page in pages]
    for page, sheet in (*sheets[last:], *sheets[:last]):
        page.write(sheet, styles)
    for sheet in book.worksheets():
        sheet.set_landscape()
        sheet.set_paper(9)  # A4
        sheet.fit_to_pages(1, 0)
        if cover.warning:
            sheet.set_header(f"&C{cover.warning.replace('&', '&&')}")
    book.close()
    return content.getvalue()


def _sheet_name(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _put(sheet: Any, row: int, column: int, cell: Cell, style: Any) -> None:
    """Write a cell as what it is."""
    if isinstance(cell, str | None):
        sheet.write_string(row, column, (NO_DATA if cell is None else cell)[:_LONGEST], style)
    else:
        sheet.write_number(row, column, cell, style)


def _write_cover(sheet: Any, styles: Mapping[str, Any], cover: Cover) -> None:
    sheet.set_column(0, 0, 24)
    sheet.set_column(1, 1, 80)
    _put(sheet, 0, 0, cover.title, styles["title"])
    if cover.warning:
        _put(sheet, 1, 0, cover.warning, styles["warning"])
    for row, (name, value) in enumerate(cover.facts.items(), 3):
        _put(sheet, row, 0, name, styles["bold"])
        _put(sheet, row, 1, value, styles["text"])


def _write_contents(
    sheet: Any,
    styles: Mapping[str, Any],
    sheets: Sequence[tuple[str, Table]],
    absent: Mapping[str, str],
) -> None:
    sheet.set_column(0, 1, 22)
    sheet.set_column(2, 2, 80)
    header = ("Sheet", "Column", "What it holds")
    rows = [header]
    for name, table in sheets:
        rows.append((name, "all", table.title))
        rows += [
            (name, column.name, column.meaning or column.name.replace("_", " "))
            for column in table.columns
        ]
    rows += [(name, "not here", how) for name, how in absent.items()]
    for row, cells in enumerate(rows):
        for column, cell in enumerate(cells):
            _put(sheet, row, column, cell, styles["bold" if row == 0 else "text"])
    sheet.freeze_panes(1, 0)


def _write_table(sheet: Any, styles: Mapping[str, Any], table: Table) -> None:
    for place, column in enumerate(table.columns):
        sheet.set_column(place, place, _width(column, [row[place] for row in table.rows]))
        _put(sheet, 0, place, column.name, styles["bold"])
    for number, row in enumerate(table.rows, 1):
        for place, (column, cell) in enumerate(zip(table.columns, row, strict=True)):
            _put(sheet, number, place, cell, styles[column.kind])
    sheet.freeze_panes(1, 0)
    if table.rows:
        sheet.autofilter(0, 0, len(table.rows), len(table.columns) - 1)


def _width(column: Column, cells: Sequence[Cell]) -> int:
    longest = max((len(str(cell)) for cell in cells if isinstance(cell, str)), default=0)
    shown = longest if column.kind == "text" else 14
    return min(_WIDEST, max(shown, len(column.name)) + 2)
