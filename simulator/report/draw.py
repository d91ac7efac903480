"""Drawing charts: SVG, PNG, or a page with the chart and its table. Needs the extra 'report'."""

from __future__ import annotations

import html
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from simulator._errors import RunError, UsageError
from simulator.report.tabular import Cell, Column, Table
from simulator.report.words import MADE_UP
from simulator.scenario.scenario import Scenario

__all__ = ["check_chart", "drawn", "made_from", "needs_report"]

KINDS = (".svg", ".png", ".html")


def needs_report(what: str, error: ImportError) -> RunError:
    """Return the error that tells how to get what a report needs."""
    return RunError(
        f"{what} needs the library {error.name}, which comes with the extra 'report'; install it "
        "with: pip install --constraint constraints.txt --editable '.[report]'"
    )


def check_chart(file: Path) -> None:
    """Refuse a chart that cannot be drawn, before time is spent on what it shows.

    Raises:
        UsageError: the file's name tells no kind of picture.
        RunError: the library is missing.
    """
    if file.suffix.lower() not in KINDS:
        raise UsageError(
            f"--chart {file}: found the ending '{file.suffix}'; {', '.join(KINDS)} are allowed"
        )
    try:
        import vl_convert  # noqa: F401
    except ImportError as error:
        raise needs_report("A chart", error) from None


def made_from(scenario: Scenario, futures: int, seed: int, run_id: str) -> str:
    """Return what stands under the title of every chart."""
    warning = f"{MADE_UP} " if scenario.illustrative else ""
    return f"{warning}{futures:,} simulated futures, seed {seed}, run {run_id}."


def drawn(file: Path, specs: Sequence[dict[str, Any]], tables: Sequence[Table]) -> bytes:
    """Return the content of a picture or page.

    Args:
        file: its ending tells what it is.
        specs: charts, one below the other.
        tables: what they are made from; shown on a page, below the charts.
    """
    try:
        return _drawn(file, specs, tables)
    except ValueError as error:
        raise RunError(f"{file} cannot be drawn: {str(error).splitlines()[0]}") from error


def _drawn(file: Path, specs: Sequence[dict[str, Any]], tables: Sequence[Table]) -> bytes:
    import vl_convert

    whole = specs[0] if len(specs) == 1 else _below_each_other(specs)
    kind = file.suffix.lower()
    if kind == ".png":
        png: bytes = vl_convert.vegalite_to_png(json.dumps(whole), scale=2)
        return png
    pictures = [vl_convert.vegalite_to_svg(json.dumps(spec)) for spec in specs]
    if kind == ".svg" and len(specs) == 1:
        return str(pictures[0]).encode("utf-8")
    if kind == ".svg":
        return str(vl_convert.vegalite_to_svg(json.dumps(whole))).encode("utf-8")
    return _page(specs, pictures, tables).encode("utf-8")


def _below_each_other(specs: Sequence[dict[str, Any]]) -> dict[str, Any]:
    shared = ("$schema", "config", "padding")
    parts = [{key: value for key, value in spec.items() if key not in shared} for spec in specs]
    return {key: specs[0][key] for key in shared} | {"vconcat": parts, "spacing": 40}


_STYLE = """
body { font-family: Arial, Helvetica, sans-serif; color: #0b0c0c; margin: 2rem; line-height: 1.4; }
figure { margin: 0 0 2rem; max-width: 100%; overflow-x: auto; }
table { border-collapse: collapse; font-size: 0.9rem; }
caption { text-align: left; font-weight: bold; padding: 0.5rem 0; }
th, td { border-bottom: 1px solid #b1b4b6; padding: 0.3rem 0.8rem 0.3rem 0; vertical-align: top; }
th { text-align: left; }
td.figure, th.figure { text-align: right; }
""".strip()


def _page(specs: Sequence[dict[str, Any]], pictures: Sequence[str], tables: Sequence[Table]) -> str:
    titles = [" ".join(spec["title"]["text"]) for spec in specs]
    parts = [
        "<!DOCTYPE html>",
        '<html lang="en-GB">',
        f'<head><meta charset="utf-8"><title>{html.escape(titles[0])}</title>',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<style>\n{_STYLE}\n</style></head>",
        "<body><main>",
        f"<h1>{html.escape(titles[0])}</h1>",
    ]
    for title, picture in zip(titles, pictures, strict=True):
        labelled = picture.replace(
            "<svg ", f'<svg role="img" aria-label="{html.escape(title)}" ', 1
        )
        parts.append(f"<figure>\n{labelled}\n</figure>")
    parts += [_table(table) for table in tables]
    parts.append("</main></body></html>")
    return "\n".join(parts) + "\n"


def _table(table: Table) -> str:
    head = "".join(
        f'<th scope="col"{_kind(column)}>{html.escape(column.name.replace("_", " "))}</th>'
        for column in table.columns
    )
    body = "\n".join(
        "<tr>"
        + "".join(
            f"<td{_kind(column)}>{html.escape(_shown(cell))}</td>"
            for column, cell in zip(table.columns, row, strict=True)
        )
        + "</tr>"
        for row in table.rows
    )
    return (
        f"<table>\n<caption>{html.escape(table.title)}</caption>\n"
        f"<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>"
    )


def _kind(column: Column) -> str:
    return "" if column.kind == "text" else ' class="figure"'


def _shown(cell: Cell) -> str:
    if cell is None:
        return "no data"
    if isinstance(cell, float):
        return f"{cell:,.0f}" if abs(cell) >= 100 or abs(cell) < 1e-6 else f"{cell:.4g}"
    return str(cell)
