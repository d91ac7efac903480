"""Tables as data: one set of rows for the terminal, CSV, a workbook, Parquet and pages.

Texts stay texts and numbers stay numbers wherever a table goes. A text that a spreadsheet would
take for a formula is written with an apostrophe before it.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

__all__ = ["Cell", "Column", "Table", "csv_text", "read_csv", "records"]

Cell = str | int | float | None
Kind = Literal["text", "money", "number", "whole", "share"]

NO_DATA = "no data"
"""What a cell says that has nothing to tell; a table has no empty cells."""
_FORMULA = frozenset("=+-@\t\r\n＝＋－＠﹦﹢﹣﹫−")
"""How texts begin that a spreadsheet may run (OWASP, "CSV injection")."""
_BLANK = " \u00a0\u200b\u200e\u200f\ufeff"
"""What a spreadsheet may drop before that."""
_LONGEST = 10_000_000  # characters of a cell; a scenario has a tenth of that in all
_LARGEST = 1e18
_BYTE_ORDER_MARK = "\ufeff"  # without it Excel takes UTF-8 for its code page


@dataclass(frozen=True)
class Column:
    """One column.

    Attributes:
        name: its header.
        kind: 'money' is shown to the penny, 'share' is from 0 to 1.
        meaning: what it holds, with its unit.
    """

    name: str
    kind: Kind = "text"
    meaning: str = ""


@dataclass(frozen=True)
class Table:
    """Rows under a header.

    Attributes:
        name: of the file or sheet.
        title: says what is shown.
        columns: one for each cell of a row.
        rows: cells; None is told as 'no data'.
    """

    name: str
    title: str
    columns: tuple[Column, ...]
    rows: Sequence[tuple[Cell, ...]] = ()

    def filled(self, rows: Sequence[tuple[Cell, ...]]) -> Table:
        """Return the table with these rows: money to the penny, None for an empty text."""
        return replace(
            self,
            rows=[
                tuple(
                    round(cell, 2) + 0.0
                    if column.kind == "money" and isinstance(cell, float)
                    else (None if cell == "" else cell)
                    for column, cell in zip(self.columns, row, strict=True)
                )
                for row in rows
            ],
        )


def records(table: Table) -> list[dict[str, Cell]]:
    """Return the rows by column, for JSON."""
    names = [column.name for column in table.columns]
    return [dict(zip(names, row, strict=True)) for row in table.rows]


def csv_text(table: Table) -> str:
    """Return a table as CSV that a spreadsheet opens as it is: UTF-8 with its mark, CRLF."""
    page = io.StringIO()
    page.write(_BYTE_ORDER_MARK)
    # every text in quotes: none is cut by a spreadsheet that expects semicolons
    writer = csv.writer(page, lineterminator="\r\n", quoting=csv.QUOTE_NONNUMERIC)
    writer.writerow([column.name for column in table.columns])
    writer.writerows([_written(cell) for cell in row] for row in table.rows)
    return page.getvalue()


def _written(cell: Cell) -> str | int | float:
    if cell is None:
        return NO_DATA
    if cell == NO_DATA:
        return f"'{cell}"  # somebody's words, not ours
    if isinstance(cell, str) and (cell.startswith("'") or cell.lstrip(_BLANK)[:1] in _FORMULA):
        return f"'{cell}"
    return cell


def read_csv(shape: Table, text: str) -> Table:
    """Return the table that :func:`csv_text` wrote.

    Raises:
        ValueError: the text is not such a table.
    """
    csv.field_size_limit(_LONGEST)
    try:
        page = io.StringIO(text.removeprefix(_BYTE_ORDER_MARK), newline="")
        header, *rows = csv.reader(page)
    except csv.Error as error:
        raise ValueError(str(error)) from None
    if header != [column.name for column in shape.columns]:
        raise ValueError(f"the columns are {', '.join(header)}")
    return replace(
        shape,
        rows=[
            tuple(_read(column, cell) for column, cell in zip(shape.columns, row, strict=True))
            for row in rows
        ],
    )


def _read(column: Column, cell: str) -> Cell:
    if cell == NO_DATA:
        return None
    if column.kind == "text":
        return cell[1:] if cell.startswith("'") else cell
    number = int(cell[:20]) if column.kind == "whole" else float(cell)
    if not abs(number) < _LARGEST:
        raise ValueError(f"'{cell[:40]}' is no number that a run writes")
    return number
