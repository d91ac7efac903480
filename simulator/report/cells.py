"""Cells of a workbook's sheet: where they are, and how they are written."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from simulator.report.tabular import Cell

__all__ = ["HEAD", "INFINITE", "CellSheet", "address", "style_of"]

HEAD = 3
"""Rows above the lines of a sheet: a title, an empty one, the names of the columns."""


INFINITE = 1e300
"""Stands for a number divided by nought, which only a limit can bring back."""


def address(row: int, column: int, fixed: bool = False) -> str:
    """Return the name of a cell; ``fixed`` keeps it where a formula is copied."""
    letters = ""
    number = column + 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return f"${letters}${row + 1}" if fixed else f"{letters}{row + 1}"


def style_of(unit: str, values: Sequence[float]) -> str:
    """Return the style of figures: a count without decimals where all of them are whole."""
    if unit == "number" and all(float(value).is_integer() for value in values):
        return "count"
    return unit


class CellSheet:
    """One worksheet being written."""

    def __init__(self, sheet: Any, styles: Mapping[str, Any]) -> None:
        self.sheet, self.styles = sheet, styles

    def head(self, title: str, names: Sequence[str], widths: Sequence[int]) -> None:
        """Write a title and the names of the columns, and set the widths."""
        self.text(0, 0, title, "heading")
        for column, (name, width) in enumerate(zip(names, widths, strict=True)):
            self.sheet.set_column(column, column, width)
            self.text(HEAD - 1, column, name, "bold")
        self.sheet.freeze_panes(HEAD, 2)

    def text(self, row: int, column: int, text: str, style: str = "text") -> None:
        """Write a text."""
        self.sheet.write_string(row, column, text, self.styles[style])

    def number(self, row: int, column: int, value: float, style: str) -> None:
        """Write a number."""
        self.sheet.write_number(row, column, value, self.styles[style])

    def formula(self, row: int, column: int, formula: str, value: Cell, style: str) -> None:
        """Write a formula with the value it has."""
        if isinstance(value, float) and math.isinf(value):
            value = math.copysign(INFINITE, value)  # a file of this format has no other
        self.sheet.write_formula(row, column, f"={formula}", self.styles[style], value)

    def group(self, *rows: int) -> None:
        """Put rows into a group that a reader can fold away."""
        for row in rows:
            self.sheet.set_row(row, None, None, {"level": 1})
