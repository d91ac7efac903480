"""Plain tables and paragraphs for the terminal, the same on paper, screen and pipe."""

from __future__ import annotations

import io
import textwrap
from collections.abc import Sequence

__all__ = ["WIDTH", "fits", "paragraph", "table"]

WIDTH = 100
"""Characters a line; what a laptop's terminal and an A4 page both hold."""


_BETWEEN = 3  # characters between columns
_NARROWEST = 12  # characters a name keeps before it wraps


def fits(header: Sequence[str], rows: Sequence[Sequence[str]], texts: int = 1) -> bool:
    """Tell whether a table fits the page with its figures and headings whole."""
    return sum(_least_widths(header, rows, texts, 0)) + _BETWEEN * len(header) <= WIDTH


def _least_widths(
    header: Sequence[str], rows: Sequence[Sequence[str]], texts: int, prose: int
) -> list[int]:
    """Return the width each column needs: a figure is shown whole, names and prose may wrap."""
    widths = []
    for index, title in enumerate(header):
        widest = max([len(title), *(len(row[index]) for row in rows)])
        is_figure = texts <= index < len(header) - prose
        widths.append(widest if is_figure else min(widest, _NARROWEST))
    return widths


def table(
    header: Sequence[str], rows: Sequence[Sequence[str]], texts: int = 1, prose: int = 0
) -> str:
    """Return a table with one header row, no empty cells and figures to the right.

    A table whose figures need more than the page is wider than it: no figure is ever cut.

    Args:
        header: one text a column.
        rows: cells as text; an empty one reads 'no data'.
        texts: how many of the first columns are names, to the left.
        prose: how many of the last columns are prose, to the left and wrapped.
    """
    from rich import box
    from rich.console import Console
    from rich.table import Table

    drawn = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    widths = _least_widths(header, rows, texts, prose)
    for index, (title, width) in enumerate(zip(header, widths, strict=True)):
        is_figure = texts <= index < len(header) - prose
        drawn.add_column(
            title,
            justify="right" if is_figure else "left",
            min_width=width,
            overflow="fold",
        )
    for row in rows:
        drawn.add_row(*(cell or "no data" for cell in row))
    page = io.StringIO()
    wide = max(WIDTH, sum(widths) + _BETWEEN * len(widths))
    Console(file=page, width=wide, color_system=None, markup=False, highlight=False).print(drawn)
    return "\n".join(line.rstrip() for line in page.getvalue().rstrip().splitlines())


def paragraph(text: str, indent: str = "") -> str:
    """Return a paragraph wrapped to the page."""
    return textwrap.fill(text, WIDTH, initial_indent=indent, subsequent_indent=indent)
