"""`alliance sweep`, `grid` and `switching`: what matters, and where the answer changes."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from simulator._errors import UsageError
from simulator._kinds import read_any, take_apart
from simulator.cli.progress import told
from simulator.report.draw import check_chart, drawn
from simulator.report.sweep import Asked, make_sweep
from simulator.report.tables import paragraph
from simulator.study.files import read_documents
from simulator.study.folder import (
    MANIFEST,
    check_folder,
    manifest,
    run_identity,
    write_file,
    write_folder,
)

__all__ = ["Asked", "condition", "sweep"]

_RESULTS = Path("results")


def condition(text: str) -> tuple[str, str]:
    """Read ``measure = amount``; the amount is 0 where there is none.

    Raises:
        UsageError: the amount cannot be read.
    """
    measure, equals, amount = text.partition("=")
    bound = amount.strip() if equals else "0"
    parts = take_apart(bound)
    if parts is None or read_any(parts) is None or measure.strip().endswith(("<", ">")):
        raise UsageError(
            f"'{text}': found no 'measure = amount'; write for example 'council.saving = 0'"
        )
    return measure.strip(), bound


def sweep(
    files: list[Path],
    asked: Asked,
    replications: int,
    seed: int,
    workers: int | None,
    out: Path | None,
    settings: list[str],
    chart: Path | None,
    resume: bool,
    as_json: bool,
) -> None:
    """Sweep, write the folder, print the result."""
    read = read_documents(files, settings)
    command = asked.command()
    identity = run_identity(read.tree, replications, seed, command=command)
    folder = out or _RESULTS / identity
    check_folder(folder)
    beside = out.absolute().parent if out is not None else _RESULTS
    if chart is not None:
        check_chart(chart)
    with told("Points") as listener:
        made = make_sweep(
            read, asked, replications, seed, workers, identity, listener, beside, resume
        )
    written = made.files
    doc = json.loads(written["sweep.json"])
    recorded = json.dumps(manifest(doc, made.engine, written, command), indent=2) + "\n"
    write_folder(folder, written | {MANIFEST: recorded})
    if made.store is not None:
        made.store.clear()
    if chart is not None:
        write_file(chart, drawn(chart, made.charts(asked), made.tables))
    if as_json:
        sys.stdout.write(written["sweep.json"])
        return
    text, _, _ = written["sweep.txt"].rpartition("\n\n")
    closing = paragraph(
        f"Run {identity}, seed {seed}. Written to {folder}: sweep.txt is this page; the .csv files "
        f"open in a spreadsheet. 'alliance verify {folder}' makes it again and compares."
        + (f" The chart is {chart}." if chart else "")
    )
    sys.stdout.write(f"{text}\n\n{closing}\n")
