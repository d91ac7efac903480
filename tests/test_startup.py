"""Starting is quick, and nothing heavy is loaded before it is needed."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest

from tests.conftest import ROOT

SMALLEST = ROOT / "simulator" / "scenario" / "templates" / "smallest.yaml"
HEAVY = ("scipy.stats", "scipy", "polars", "altair", "numba", "simpy", "rich")
SLACK = 5  # a loaded machine; benchmarks/startup.py holds the limit itself


def seconds(*arguments: str) -> float:
    """Return the fastest of a few runs: the least disturbed one."""
    times = []
    for _ in range(3):
        begun = time.perf_counter()
        subprocess.run([sys.executable, *arguments], check=True, capture_output=True)
        times.append(time.perf_counter() - begun)
    return min(times)


def test_help_is_not_much_slower_than_its_library() -> None:
    library = seconds("-c", "import typer")
    assert seconds("-m", "simulator.cli", "--help") < 3 * library * SLACK


@pytest.mark.parametrize(
    ("arguments", "allowed"),
    [
        (["--help"], ()),
        (["check", str(SMALLEST)], ("rich",)),
        (["schema"], ()),
        (["show", str(SMALLEST)], ("scipy", "rich")),
    ],
)
def test_heavy_libraries_stay_out(arguments: list[str], allowed: tuple[str, ...]) -> None:
    code = (
        "import sys\n"
        f"sys.argv = ['alliance', *{arguments!r}]\n"
        "from simulator.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        f"print([m for m in {HEAVY!r} if m in sys.modules], file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = done.stderr.strip().splitlines()[-1]
    assert str([m for m in HEAVY if m in allowed]) == loaded


def test_the_parties_load_numba_when_they_plan_and_not_before() -> None:
    code = (
        "import sys, importlib, pkgutil, simulator.parties as parties\n"
        "for each in pkgutil.iter_modules(parties.__path__, 'simulator.parties.'):\n"
        "    if 'kernel' not in each.name and 'compiled_plan' not in each.name:\n"
        "        importlib.import_module(each.name)\n"
        "print('numba' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
