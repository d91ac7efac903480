"""Long runs: to a tolerance, stopped from the keyboard, killed, continued."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli.test_commands import SMALLEST, alliance, alliance_here
from tests.cli.test_drawn_runs import RANGED
from tests.conftest import ROOT

FLAGSHIP = ROOT / "tests" / "data" / "nobody-decides.yaml"
posix_only = pytest.mark.skipif(os.name == "nt", reason="signals are sent the POSIX way here")


def started(folder: Path, scenario: object, *more: object) -> subprocess.Popen[str]:
    """Start a run that takes minutes, and wait until some of it is done."""
    command = [sys.executable, "-m", "simulator.cli", "run", scenario]
    count = () if "--replications" in more else ("--replications", 20_000)
    process = subprocess.Popen(
        [str(part) for part in (*command, *count, *more)],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        start_new_session=True,
    )
    deadline = time.monotonic() + 60
    kept = "*-drawn" if "--drawn" in more else "*"
    while len(list(folder.glob(f"results/.unfinished/{kept}/*.chunk"))) < 3:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return process


def files_of(run: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(run.iterdir())}


@posix_only
@pytest.mark.parametrize("workers", [1, 2])
def test_an_interrupted_run_keeps_what_is_done_and_goes_on(tmp_path: Path, workers: int) -> None:
    short = ("--set", "years=2")
    process = started(tmp_path, FLAGSHIP, *short, "--workers", workers)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: every process hears it
    output, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    assert "Traceback" not in errors
    assert "Interrupted: this is over the " in errors
    assert "The same command goes on from there." in errors
    assert "Net cost" in output
    (run,) = (path for path in (tmp_path / "results").iterdir() if path.name != ".unfinished")
    count = json.loads((run / "run.json").read_text(encoding="utf-8"))["replications"]
    assert f"{count:,} simulated futures" in output
    assert 150 <= count < 20_000

    # the part is a run like any other; and what goes on from it is, too
    command = ("run", FLAGSHIP, *short, "--replications", count, "--drawn", 0)
    alone = alliance_here(*command, "--out", "alone", cwd=tmp_path)
    assert alone.returncode == 0
    assert files_of(tmp_path / "alone") == files_of(run)
    # two futures with inputs drawn, as the first run had none yet: it goes on to them, too
    longer = ("run", FLAGSHIP, *short, "--replications", count + 75, "--drawn", 2, "--json")
    went_on = alliance(*longer, cwd=tmp_path)
    from_scratch = alliance_here(*longer, "--out", tmp_path / "elsewhere" / "run", cwd=tmp_path)
    assert went_on.returncode == 0
    assert went_on.stdout == from_scratch.stdout
    kept = list((tmp_path / "results" / ".unfinished").glob("*/*.chunk"))
    assert len(kept) > count / 50, "the long run is not done yet"


@posix_only
def test_interrupted_with_inputs_drawn_it_keeps_them_and_goes_on(tmp_path: Path) -> None:
    (tmp_path / "town.yaml").write_text(RANGED, encoding="utf-8")
    command = ("town.yaml", "--replications", 20, "--drawn")
    process = started(tmp_path, *command, 5_000)
    os.killpg(process.pid, signal.SIGINT)
    output, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    (run,) = (path for path in (tmp_path / "results").iterdir() if path.name != ".unfinished")
    doc = json.loads((run / "run.json").read_text(encoding="utf-8"))
    count = doc["drawn"]["replications"]
    assert doc["replications"] == 20
    assert 6 <= count < 5_000
    assert f"Interrupted: this is over the 20 simulated futures and {count} with inputs" in errors
    assert f"of {count} futures (luck alone: " in " ".join(output.split())

    alone = alliance_here("run", *command, count, "--out", "alone", cwd=tmp_path)
    assert alone.returncode == 0, alone.stderr
    assert files_of(tmp_path / "alone") == files_of(run)
    kept = list((tmp_path / "results" / ".unfinished").glob("*-drawn/*.chunk"))
    assert len(kept) >= count / 2, "the long run is not done yet"
    longer = ("run", *command, count + 3, "--json")
    went_on = alliance(*longer, cwd=tmp_path)
    scratch = alliance_here(*longer, "--out", "other/run", cwd=tmp_path)
    assert went_on.stdout == scratch.stdout


@posix_only
def test_an_interrupted_run_leaves_the_folder_asked_for_to_the_whole(tmp_path: Path) -> None:
    process = started(tmp_path, SMALLEST, "--out", "results/mine")
    os.killpg(process.pid, signal.SIGINT)
    output, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    (part,) = tmp_path.glob("results/mine-first-*")
    assert not (tmp_path / "results" / "mine").exists()
    assert part.name in output.replace("\n", "")
    count = int(part.name.split("-")[2]) + 10
    command = ("run", SMALLEST, "--replications", count, "--out", "results/mine")
    assert alliance_here(*command, cwd=tmp_path).returncode == 0
    assert (tmp_path / "results" / "mine" / "run.json").is_file()


@posix_only
def test_a_killed_run_loses_only_what_was_under_way(tmp_path: Path) -> None:
    process = started(tmp_path, SMALLEST, "--workers", 2)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate(timeout=60)
    assert [path.name for path in (tmp_path / "results").iterdir()] == [".unfinished"]
    chunks = len(list(tmp_path.glob("results/.unfinished/*/*.chunk")))
    assert chunks >= 3
    command = ("run", SMALLEST, "--replications", 200, "--json")
    went_on = alliance(*command, cwd=tmp_path)
    from_scratch = alliance_here(*command, "--out", "other/run", cwd=tmp_path)
    assert went_on.returncode == 0, went_on.stderr
    assert went_on.stdout == from_scratch.stdout


def test_a_changed_scenario_uses_nothing_of_another(tmp_path: Path) -> None:
    first = alliance_here("run", SMALLEST, "--replications", 60, "--json", cwd=tmp_path)
    setting = ("--set", "services.support.referrals=1,300 a year")
    second = alliance_here("run", SMALLEST, "--replications", 60, "--json", *setting, cwd=tmp_path)
    assert json.loads(first.stdout)["contracts"] != json.loads(second.stdout)["contracts"]


def test_a_tolerance_takes_as_many_futures_as_it_needs(tmp_path: Path) -> None:
    done = alliance("run", SMALLEST, "--tolerance", "£2,000", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    count = json.loads(done.stdout)["replications"]
    lines = done.stderr.splitlines()
    counts = [200 * 2**step for step in range(len(lines))]
    assert count == counts[-1] > 200
    for line, futures in zip(lines, counts, strict=True):
        assert line.startswith(f"After {futures:,} simulated futures the mean difference is known")
    assert lines[0].endswith("either way (95%); going on to 400.")
    assert lines[-1].endswith("either way (95%).")
    # the same run as that of the number it came to
    plain = alliance_here("run", SMALLEST, "--replications", count, "--json", cwd=tmp_path)
    assert plain.stdout == done.stdout


def test_a_tolerance_that_is_not_reached_is_said(tmp_path: Path) -> None:
    done = alliance_here(
        "run", SMALLEST, "--tolerance", "1", "--replications", 250, "--json", cwd=tmp_path
    )
    assert done.returncode == 0
    assert json.loads(done.stdout)["replications"] == 250
    assert done.stderr.splitlines()[-1].endswith(
        "not the £1 asked for; --replications allows more."
    )


def test_a_finished_run_keeps_nothing_twice(tmp_path: Path) -> None:
    assert alliance_here("run", SMALLEST, "--replications", 60, cwd=tmp_path).returncode == 0
    assert not (tmp_path / "results" / ".unfinished").exists()


def test_no_spread_is_not_called_knowledge(tmp_path: Path) -> None:
    """Two contracts that differ in nothing so far: what is rare may still tell them apart."""
    file = tmp_path / "same.yaml"
    world, _, _ = SMALLEST.read_text(encoding="utf-8").partition("contracts:")
    block = "{form: block, amount: £470,000 a year}"
    contracts = f"contracts:\n  one: {block}\n  two: {block}\nbaseline: one\n"
    file.write_text(world + contracts, encoding="utf-8")
    done = alliance_here("run", file, "--tolerance", "£10", cwd=tmp_path)
    assert done.returncode == 0
    assert done.stderr.strip() == (
        "After 200 simulated futures the mean difference has no spread: it was the same in all; "
        "what comes in fewer than one future in 67 may be missed (95%)."
    )


def test_one_future_says_nothing_about_others(tmp_path: Path) -> None:
    done = alliance_here("run", SMALLEST, "--tolerance", "5", "--replications", 1, cwd=tmp_path)
    assert done.returncode == 0
    assert "After 1 simulated future the mean difference is not known within any amount" in (
        done.stderr
    )


@posix_only
def test_the_other_processes_end_with_the_first(tmp_path: Path) -> None:
    process = started(tmp_path, SMALLEST, "--workers", 3)
    children = children_of(process.pid)
    assert len(children) >= 2
    process.kill()
    process.communicate(timeout=60)
    deadline = time.monotonic() + 20
    while any(is_running(child) for child in children):
        assert time.monotonic() < deadline, "left behind"
        time.sleep(0.1)


def children_of(pid: int) -> list[int]:
    """Return the processes that a process has started."""
    done = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False
    )
    if done.returncode not in (0, 1):
        pytest.skip("there is no ps that knows --ppid")
    return [int(line) for line in done.stdout.split()]


def is_running(pid: int) -> bool:
    """Tell whether a process is there and no zombie."""
    done = subprocess.run(
        ["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return done.stdout.strip() not in ("", "Z")


@posix_only
def test_an_interruption_is_heard_while_processes_are_started(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "simulator.cli", "run", SMALLEST, "--workers", 3]
    process = subprocess.Popen(
        [str(part) for part in (*command, "--replications", 20_000)],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        start_new_session=True,
    )
    while not children_of(process.pid):
        assert process.poll() is None
    os.kill(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    assert "Traceback" not in errors


@pytest.mark.parametrize("amount", ["0", "-5", "much", "inf", "nan", "", "1,5", "1_000", "5%"])
def test_a_tolerance_is_an_amount(tmp_path: Path, amount: str) -> None:
    done = alliance_here("run", SMALLEST, f"--tolerance={amount}", cwd=tmp_path)
    assert done.returncode == 2
    assert "an amount above nought is allowed" in done.stderr


def test_a_folder_that_cannot_be_written_is_refused_before_any_work(tmp_path: Path) -> None:
    (tmp_path / "results").write_text("a file where the folder should be", encoding="utf-8")
    done = alliance_here("run", SMALLEST, "--replications", 6, cwd=tmp_path)
    assert done.returncode == 4
    assert "results" in done.stderr
    assert "Traceback" not in done.stderr
