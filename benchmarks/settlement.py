"""How long 1,030 published settlements take, in one call and one by one."""

from __future__ import annotations

import csv
import statistics
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.measuring import Limit, Section, interleaved, ratios, shown
from simulator.study.files import load_signed
from simulator.study.portfolio import settle

__all__ = ["published_settlements"]

ROOT = Path(__file__).parent.parent
DATA = ROOT / "tests" / "data" / "mssp-settlements-2018-2022.csv"
CONTRACTS = ROOT / "scenarios" / "shared-savings.yaml"
FIGURES = {
    "year": "year",
    "lives": "n",
    "benchmark": "bench",
    "spend": "exp",
    "elected_msr": "msr",
    "quality": "q",
    "standard_met": "met_qps",
    "alternative_met": "met_alt",
    "disaster": "dis",
}
_WHOLE = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
from benchmarks.settlement import all_at_once, rows
all_at_once(rows())
"""


def rows() -> list[dict[str, str]]:
    """Return the rows of the published settlements."""
    with DATA.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def all_at_once(found: list[dict[str, str]]) -> float:
    """Read the contracts and settle all rows in one call; return the seconds it took."""
    began = time.perf_counter()
    signed = load_signed(CONTRACTS)
    columns = {name: [float(row[column]) for row in found] for name, column in FIGURES.items()}
    settle(signed, columns, [row["track"] for row in found])
    return time.perf_counter() - began


def one_by_one(found: list[dict[str, str]]) -> float:
    """Settle every row in a call of its own; return the seconds it took."""
    began = time.perf_counter()
    signed = load_signed(CONTRACTS)
    for row in found:
        columns = {name: [float(row[column])] for name, column in FIGURES.items()}
        settle(signed, columns, row["track"])
    return time.perf_counter() - began


def whole_process() -> float:
    """Do it in a new process, start and imports included; return the seconds it took."""
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", _WHOLE], check=True)
    return time.perf_counter() - began


def published_settlements(rounds: int) -> Section:
    """Measure the settlements in one call, one by one, and in a process of their own."""
    found = rows()
    all_at_once(found)
    times = interleaved(
        {
            "one call": lambda: all_at_once(found),
            "a call each": lambda: one_by_one(found),
            "one call in a new process": whole_process,
        },
        rounds,
    )
    over, _, _ = ratios(times["a call each"], times["one call"])
    medians = {name: statistics.median(each) for name, each in times.items()}
    process = medians["one call in a new process"]
    table = [(name, shown(1000 * seconds)) for name, seconds in medians.items()]
    return Section(
        title="1,030 published settlements",
        about="Shared savings of 2018 and 2022 under ten contracts of "
        "scenarios/shared-savings.yaml, reading the contracts included.",
        header=("How", "ms"),
        rows=table,
        limits=(
            Limit("seconds for all in a new process", process, 2.0, at_least=False),
            Limit("a call each over one call", over, 3.0),
        ),
    )
