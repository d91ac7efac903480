"""`alliance run`: the main job."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from simulator.report.document import document
from simulator.report.run_text import run_text
from simulator.report.tables import paragraph
from simulator.scenario.build import build
from simulator.scenario.plain import plain_yaml
from simulator.study.files import read_documents
from simulator.study.folder import (
    check_folder,
    run_identity,
    run_tables,
    software_identity,
    write_folder,
)
from simulator.study.replicate import replicate

__all__ = ["run"]

_RESULTS = Path("results")


def run(
    files: list[Path],
    replications: int,
    seed: int,
    out: Path | None,
    settings: list[str],
    as_json: bool,
) -> None:
    """Run, write the run folder, print the result."""
    read = read_documents(files, settings)
    scenario = build(read)
    identity = run_identity(read.tree, replications, seed)
    folder = out if out is not None else _RESULTS / identity
    check_folder(folder)
    with _progress(replications) as advance:
        study = replicate(scenario, replications, seed, advance)
    doc = document(study, identity, software_identity())
    text = run_text(scenario, doc)
    as_text = json.dumps(doc, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    closing = paragraph(
        f"Run {identity}, seed {seed}. Written to {folder}: run.txt is this page; parties.csv, "
        "people.csv and comparison.csv open in a spreadsheet."
    )
    write_folder(
        folder,
        {
            "run.json": as_text,
            "run.txt": f"{text}\n\nRun {identity}, seed {seed}.\n",
            "scenario.yaml": plain_yaml(read.tree),
            **run_tables(doc),
        },
    )
    if as_json:
        sys.stdout.write(as_text)
    else:
        sys.stdout.write(f"{text}\n\n{closing}\n")


@contextmanager
def _progress(total: int) -> Iterator[Callable[[int], None]]:
    """Show a bar with the time left on stderr; nothing where stderr is not a terminal."""
    if not sys.stderr.isatty():
        yield lambda done: None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("Simulated futures"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("time left"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("futures", total=total)
        yield lambda done: bar.update(task, completed=done)
