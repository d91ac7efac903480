"""`alliance assumptions`: the register of a scenario's numbers."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from simulator.cli.endings import check_ending
from simulator.report.register import register, register_text
from simulator.report.tabular import csv_text, records
from simulator.scenario.build import build
from simulator.study.files import read_documents
from simulator.study.folder import write_file

__all__ = ["assumptions"]


def assumptions(files: list[Path], settings: list[str], csv: Path | None, as_json: bool) -> None:
    """Print the register, and write it as CSV where that is asked."""
    check_ending("--csv", csv, ".csv")
    read = read_documents(files, settings)
    scenario = build(read)
    rows = register(read, scenario)
    if csv is not None:
        write_file(csv, csv_text(rows).encode("utf-8"))
    if as_json:
        document = {
            "schema": "alliance-assumptions/1",
            "scenario": scenario.title,
            "assumptions": records(rows),
        }
        sys.stdout.write(json.dumps(document, indent=2, ensure_ascii=False) + "\n")
    else:
        sys.stdout.write(register_text(scenario, rows) + "\n")
