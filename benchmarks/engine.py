"""How fast the engine is, against what: one command, everything side by side.

    python benchmarks/engine.py            all of it, about ten minutes; writes docs/performance.md
    python benchmarks/engine.py --quick    fewer rounds, writes nothing

Run it on a machine that does nothing else. Ciw comes with the extra 'benchmark'; without it, or
without gcc, that peer is left out and said so. Exit code 6: a limit was missed.
"""

from __future__ import annotations

import argparse
import json
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.deciding import futures_that_decide  # noqa: E402
from benchmarks.futures import growth, memory, two_processes, whole_futures  # noqa: E402
from benchmarks.luck import paired_variance  # noqa: E402
from benchmarks.measuring import Section  # noqa: E402
from benchmarks.people import people_alone  # noqa: E402
from benchmarks.plan import months_of_a_plan  # noqa: E402
from benchmarks.settlement import published_settlements  # noqa: E402
from simulator.study.crew import processors  # noqa: E402

PAGE = ROOT / "docs" / "performance.md"
MISSED = 6


def main() -> int:
    """Measure, print, write the page; return the exit code."""
    sys.stdout.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    parser = argparse.ArgumentParser(description="How fast the engine is, and against what.")
    parser.add_argument("--quick", action="store_true", help="fewer rounds; writes no page")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there, too")
    options = parser.parse_args()
    quick: bool = options.quick
    parts: tuple[Callable[[], Section], ...] = (
        lambda: people_alone(3 if quick else 15),
        lambda: whole_futures(3 if quick else 10),
        lambda: growth(3 if quick else 10),
        lambda: months_of_a_plan(3 if quick else 10),
        lambda: futures_that_decide(2 if quick else 5),
        lambda: memory(quick),
        lambda: two_processes(quick),
        lambda: paired_variance(quick),
        lambda: published_settlements(3 if quick else 9),
    )
    print(f"Measured with {machine()}.\n", flush=True)
    sections = []
    for part in parts:
        section = part()
        sections.append(section)
        print(as_text(section), flush=True)
    if options.json:
        doc = {"machine": machine(), "sections": [asdict(section) for section in sections]}
        options.json.write_text(json.dumps(doc, indent=2) + "\n", encoding="utf-8")
    if not quick:
        PAGE.write_text(as_page(sections), encoding="utf-8", newline="\n")
        print(f"Written {PAGE.relative_to(ROOT).as_posix()}.")
    missed = [limit for section in sections for limit in section.limits if not limit.held]
    for limit in missed:
        print(limit, file=sys.stderr)
    return MISSED if missed else 0


def machine() -> str:
    """Return in general words what the figures were measured with."""
    libraries = ", ".join(f"{name} {_version(name)}" for name in ("numpy", "numba", "simpy", "ciw"))
    return (
        f"Python {platform.python_version()}, {libraries}, {_compiler()}, {platform.system()} on "
        f"{platform.machine()}, {processors()} processors"
    )


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


def _compiler() -> str:
    if shutil.which("gcc") is None:
        return "no gcc"
    done = subprocess.run(["gcc", "-dumpfullversion"], capture_output=True, text=True, check=False)
    return f"gcc {done.stdout.strip()}"


def as_text(section: Section) -> str:
    """Return a section for a terminal."""
    widths = [
        max(len(row[column]) for row in (section.header, *section.rows))
        for column in range(len(section.header))
    ]

    def line(row: Sequence[str]) -> str:
        first, *others = (
            cell.ljust(width) if column == 0 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        return "  ".join((first, *others)).rstrip()

    lines = [section.title, "", line(section.header), *(line(row) for row in section.rows), ""]
    lines += [*section.notes, *(str(limit) for limit in section.limits)]
    return "\n".join(lines) + "\n"


def as_page(sections: Sequence[Section]) -> str:
    """Return all sections as a document."""
    lines = [
        "# How fast the engine is",
        "",
        "This page is written by `python benchmarks/engine.py`. Whatever is compared was timed in",
        "turn within each round; a ratio is the median of the ratios within rounds.",
        "",
        f"Measured with {machine()}.",
        "Times differ from machine to machine, and between runs on one; ratios wander less.",
    ]
    for section in sections:
        lines += ["", f"## {section.title}", "", section.about, ""]
        lines.append(f"| {' | '.join(section.header)} |")
        lines.append("|---" + "|---:" * (len(section.header) - 1) + "|")
        lines += [f"| {' | '.join(row)} |" for row in section.rows]
        for note in section.notes:
            lines += ["", note]
        lines += ["", *(f"- {limit}" for limit in section.limits)]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
