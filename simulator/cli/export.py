"""`alliance export`: the tables of runs and sweeps as a workbook, CSV or Parquet."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from simulator._errors import CheckFailed, Problem, ScenarioError, UsageError
from simulator.report.parquet import parquet
from simulator.report.run_tables import RUN_TABLES
from simulator.report.sweep_tables import SWEEP_TABLES
from simulator.report.tables import paragraph
from simulator.report.tabular import Cell, Column, Table, csv_text, read_csv
from simulator.report.words import MADE_UP
from simulator.report.workbook import Cover, workbook
from simulator.study.folder import digest, write_file
from simulator.study.verify import Recorded, read_run

__all__ = ["export"]

_MANIFEST = Table(
    "manifest",
    "What the figures were made from and with",
    (Column("run"), Column("what"), Column("value")),
)
_SHAPES = {table.name: table for table in (*RUN_TABLES, *SWEEP_TABLES)}
_ORDER = ("assumptions", *(name for name in _SHAPES if name not in ("assumptions", "cash")), "cash")
_ABSENT = {
    "Sensitivity": "no sweep was given; make one with 'alliance sweep FILE --tornado' and name its "
    "folder beside this run's",
    "Cash flow": "no run was given; make one with 'alliance run FILE' and name its folder beside "
    "this sweep's",
}


def export(
    folders: list[Path],
    as_xlsx: bool,
    as_csv: bool,
    as_parquet: bool,
    out: Path | None,
    as_json: bool,
) -> None:
    """Write the tables of runs and sweeps of one scenario."""
    if not (as_xlsx or as_csv or as_parquet):
        raise UsageError("export: found no format; add --xlsx, --csv or --parquet")
    folders = list(dict.fromkeys(folders))
    runs = [_read(folder) for folder in folders]
    first = runs[0]
    scenarios = {run.hashes["scenario.yaml"] for run in runs}
    if len(scenarios) > 1:
        raise UsageError(
            "the folders are of different scenarios; one workbook is about one scenario"
        )
    tables = _tables(folders, runs)
    name = str(first.manifest["run_id"])
    where = out or folders[0].absolute().parent
    files: dict[Path, bytes] = {}
    if as_xlsx:
        present = {table.name for table in tables}
        absent = {
            sheet: how
            for sheet, how in _ABSENT.items()
            if not present & ({"cash"} if sheet == "Cash flow" else {t.name for t in SWEEP_TABLES})
        }
        files[where / f"{name}.xlsx"] = workbook(_cover(folders, runs), tables, absent)
    if as_csv:
        for table in tables:
            files[where / f"{name}-csv" / f"{table.name}.csv"] = csv_text(table).encode("utf-8")
    if as_parquet:
        for table in tables:
            files[where / f"{name}-parquet" / f"{table.name}.parquet"] = parquet(table)
    for file, content in files.items():
        write_file(file, content)
    for folder in {file.parent for file in files if file.suffix != ".xlsx"}:
        for name in _SHAPES:  # tables of an earlier export that this one does not have
            for stale in (folder / f"{name}.csv", folder / f"{name}.parquet"):
                if stale not in files:
                    stale.unlink(missing_ok=True)
    if as_json:
        document = {"schema": "alliance-export/1", "run_id": name, "files": [str(f) for f in files]}
        sys.stdout.write(json.dumps(document, indent=2) + "\n")
        return
    told = sorted({str(file if file.suffix == ".xlsx" else file.parent) for file in files})
    sys.stdout.write(paragraph(f"Run {name}: written {', '.join(told)}.") + "\n")


def _read(folder: Path) -> Recorded:
    """Read a folder, and refuse one that was changed.

    Raises:
        CheckFailed: a file is not as the run wrote it.
    """
    recorded = read_run(folder)
    for name, data in recorded.files.items():
        if data is None or digest(data) != recorded.hashes[name]:
            what = "is missing from the folder" if data is None else "was changed"
            raise CheckFailed(
                f"{folder / name} {what} after the run wrote it; 'alliance verify {folder}' tells "
                "more, and running again makes it new"
            )
    return recorded


def _tables(folders: Sequence[Path], runs: Sequence[Recorded]) -> list[Table]:
    """Return the tables of all runs, one of each name, and what they were made with."""
    found: dict[str, Table] = {}
    for folder, run in zip(folders, runs, strict=True):
        for name, shape in _SHAPES.items():
            data = run.files.get(f"{name}.csv")
            if data is None:
                continue
            try:
                table = read_csv(shape, data.decode("utf-8"))
            except ValueError as error:
                file = str(folder / f"{name}.csv")
                told = f"it is not the table that this version writes: {error}"
                mend = "run again with this version"
                raise ScenarioError([Problem(file, 0, 0, "", told, "", mend)]) from None
            if name in found and found[name] != table:
                raise UsageError(f"two of the folders have a table '{name}'; export them apart")
            found[name] = table
    rows: list[tuple[Cell, ...]] = [
        (str(run.manifest["run_id"]), what, value)
        for run in runs
        for what, value in _facts(run.manifest)
    ]
    return [*(found[name] for name in _ORDER if name in found), _MANIFEST.filled(rows)]


def _facts(manifest: Any, above: str = "") -> list[tuple[str, str]]:
    """Return a manifest as pairs of path and value."""
    if isinstance(manifest, dict):
        pairs = [
            _facts(value, f"{above}.{key}" if above else key) for key, value in manifest.items()
        ]
        return [fact for facts in pairs for fact in facts]
    if isinstance(manifest, list):
        return [(above, ", ".join(map(str, manifest)) or "none")]
    return [(above, str(manifest).encode("utf-8", "backslashreplace").decode("utf-8"))]


def _what(run: Recorded) -> str:
    """Return what a folder holds, for the cover."""
    command = run.manifest.get("command")
    kind = command.get("kind") if isinstance(command, dict) else None
    return str(kind).capitalize() if kind else "Run"


def _document(folder: Path, run: Recorded) -> dict[str, Any]:
    """Return the document of a run or sweep.

    Raises:
        ScenarioError: it is not one.
    """
    name = "run.json" if "run.json" in run.files else "sweep.json"
    try:
        doc = json.loads(run.files.get(name) or b"")
        str(doc["scenario"]).encode("utf-8")
    except (ValueError, TypeError, KeyError, RecursionError):
        found, mend = "it is not the document of a run", "run again"
        raise ScenarioError([Problem(str(folder / name), 0, 0, "", found, "", mend)]) from None
    return dict(doc)


def _cover(folders: Sequence[Path], runs: Sequence[Recorded]) -> Cover:
    doc = _document(folders[0], runs[0])
    facts = {
        _what(run): f"{run.manifest['run_id']}: {run.manifest['replications']:,} simulated futures"
        f"{'' if 'run.json' in run.files else ' a point'}, seed {run.manifest['seed']}, version "
        f"{run.manifest['software']}, engine {run.manifest['engine']}"
        for run in runs
    }
    facts |= {
        "Scenario": f"SHA-256 {runs[0].manifest['inputs']['scenario.yaml']}",
        "Amounts": "nominal pounds unless a column says otherwise. A net position or cash is "
        "positive where it is received; a cost, a budget and a reserve are positive amounts",
        "Checked": "every table was compared with the digest in the run's manifest",
    }
    warning = MADE_UP if doc.get("illustrative", True) else ""
    return Cover(str(doc.get("scenario", "")), warning, facts)
