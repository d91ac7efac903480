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
_EMPTY = "no data"  # what stands in an empty cell


def fits(header: Sequence[str], rows: Sequence[Sequence[str]], texts: int = 1) -> bool:
    """Tell whether a table fits the page with its figures and headings whole."""
    return _whole([least for least, _ in _limits(header, rows, texts, 0)]) <= WIDTH


def _whole(widths: Sequence[int]) -> int:
    """Return the width of a table with columns of these widths."""
    return sum(widths) + _BETWEEN * (len(widths) - 1)


def _limits(
    header: Sequence[str], rows: Sequence[Sequence[str]], texts: int, prose: int
) -> list[tuple[int, int]]:
    """Return the least and the most width each column needs.

    A figure is shown whole, with the words of its heading; names and prose may wrap.
    """
    limits = []
    for index, title in enumerate(header):
        cells = (title, *(row[index] or _EMPTY for row in rows))
        widest = max(len(line) for cell in cells for line in cell.split("\n"))
        is_figure = texts <= index < len(header) - prose
        limits.append((widest if is_figure else min(widest, _NARROWEST), widest))
    return limits


def _widths(limits: Sequence[tuple[int, int]]) -> list[int]:
    """Return the width of each column: the widest texts give way until the page holds them."""
    widths = [most for _, most in limits]
    while _whole(widths) > WIDTH:
        spare = [index for index, (least, _) in enumerate(limits) if widths[index] > least]
        if not spare:
            break  # the figures alone need more than the page
        widths[max(spare, key=lambda index: (widths[index], index))] -= 1
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
    # given widths: left to itself the library narrows figures, too, and then cuts them
    widths = _widths(_limits(header, rows, texts, prose))
    for index, (title, width) in enumerate(zip(header, widths, strict=True)):
        is_figure = texts <= index < len(header) - prose
        drawn.add_column(
            title, justify="right" if is_figure else "left", width=width, overflow="fold"
        )
    for row in rows:
        drawn.add_row(*(cell or _EMPTY for cell in row))
    page = io.StringIO()
    wide = max(WIDTH, _whole(widths))
    Console(file=page, width=wide, color_system=None, markup=False, highlight=False).print(drawn)
    return "\n".join(line.rstrip() for line in page.getvalue().rstrip().splitlines())


def paragraph(text: str, indent: str = "") -> str:
    """Return a paragraph wrapped to the page."""
    return textwrap.fill(text, WIDTH, initial_indent=indent, subsequent_indent=indent)
