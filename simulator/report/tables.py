"""Plain tables and paragraphs for the terminal, the same on paper, screen and pipe."""

from __future__ import annotations

import io
import textwrap
from collections.abc import Sequence

__all__ = ["WIDTH", "paragraph", "table"]

WIDTH = 100
"""Characters a line; what a laptop's terminal and an A4 page both hold."""


_NARROWEST = 12  # characters a name keeps before it wraps


def table(
    header: Sequence[str], rows: Sequence[Sequence[str]], texts: int = 1, prose: int = 0
) -> str:
    """Return a table with one header row, no empty cells and figures to the right.

    Args:
        header: one text a column.
        rows: cells as text.
        texts: how many of the first columns are names, to the left.
        prose: how many of the last columns are prose, to the left and wrapped.
    """
    from rich import box
    from rich.console import Console
    from rich.table import Table

    drawn = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for index, title in enumerate(header):
        left = index < texts or index >= len(header) - prose
        # names and prose may wrap; a figure is shown whole or not at all
        figure = not left
        widest = max((len(row[index]) for row in rows), default=0)
        drawn.add_column(
            title,
            justify="right" if figure else "left",
            min_width=widest if figure else min(widest, _NARROWEST),
            overflow="fold",
        )
    for row in rows:
        drawn.add_row(*(cell or "no data" for cell in row))
    page = io.StringIO()
    Console(file=page, width=WIDTH, color_system=None, markup=False, highlight=False).print(drawn)
    return "\n".join(line.rstrip() for line in page.getvalue().rstrip().splitlines())


def paragraph(text: str, indent: str = "") -> str:
    """Return a paragraph wrapped to the page."""
    return textwrap.fill(text, WIDTH, initial_indent=indent, subsequent_indent=indent)
