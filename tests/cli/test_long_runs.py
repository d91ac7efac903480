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

from tests.cli.test_commands import SMALLEST, alliance
from tests.conftest import ROOT

FLAGSHIP = ROOT / "scenarios" / "staying-well.yaml"
posix_only = pytest.mark.skipif(os.name == "nt", reason="signals are sent the POSIX way here")


def started(folder: Path, *more: object) -> subprocess.Popen[str]:
    """Start a run that takes minutes, and wait until some of it is done."""
    command = [sys.executable, "-m", "simulator.cli", "run", FLAGSHIP, "--replications", 20_000]
    process = subprocess.Popen(
        [str(part) for part in (*command, *more)],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        start_new_session=True,
    )
    deadline = time.monotonic() + 60
    while len(list(folder.glob("results/.unfinished/*/*.chunk"))) < 3:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return process


def files_of(run: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(run.iterdir())}


@posix_only
@pytest.mark.parametrize("workers", [1, 2])
def test_an_interrupted_run_keeps_what_is_done_and_goes_on(tmp_path: Path, workers: int) -> None:
    process = started(tmp_path, "--workers", workers)
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
    alone = alliance("run", FLAGSHIP, "--replications", count, "--out", "alone", cwd=tmp_path)
    assert alone.returncode == 0
    assert files_of(tmp_path / "alone") == files_of(run)
    longer = ("run", FLAGSHIP, "--replications", count + 75, "--json")
    went_on = alliance(*longer, cwd=tmp_path)
    from_scratch = alliance(*longer, "--out", tmp_path / "elsewhere" / "run", cwd=tmp_path)
    assert went_on.returncode == 0
    assert went_on.stdout == from_scratch.stdout
    assert not (tmp_path / "results" / ".unfinished").exists(), "what is done is not kept twice"


@posix_only
def test_an_interrupted_run_leaves_the_folder_asked_for_to_the_whole(tmp_path: Path) -> None:
    process = started(tmp_path, "--out", "results/mine")
    os.killpg(process.pid, signal.SIGINT)
    output, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    (part,) = tmp_path.glob("results/mine-first-*")
    assert not (tmp_path / "results" / "mine").exists()
    assert part.name in output.replace("\n", "")
    count = int(part.name.rpartition("-")[2]) + 10
    command = ("run", FLAGSHIP, "--replications", count, "--out", "results/mine")
    assert alliance(*command, cwd=tmp_path).returncode == 0
    assert (tmp_path / "results" / "mine" / "run.json").is_file()


@posix_only
def test_a_killed_run_loses_only_what_was_under_way(tmp_path: Path) -> None:
    process = started(tmp_path, "--workers", 2)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate(timeout=60)
    assert [path.name for path in (tmp_path / "results").iterdir()] == [".unfinished"]
    chunks = len(list(tmp_path.glob("results/.unfinished/*/*.chunk")))
    assert chunks >= 3
    went_on = alliance("run", FLAGSHIP, "--replications", 200, "--json", cwd=tmp_path)
    from_scratch = alliance(
        "run", FLAGSHIP, "--replications", 200, "--json", "--out", "other/run", cwd=tmp_path
    )
    assert went_on.returncode == 0, went_on.stderr
    assert went_on.stdout == from_scratch.stdout


def test_a_changed_scenario_uses_nothing_of_another(tmp_path: Path) -> None:
    first = alliance("run", SMALLEST, "--replications", 60, "--json", cwd=tmp_path)
    setting = ("--set", "services.support.referrals=1,300 a year")
    second = alliance("run", SMALLEST, "--replications", 60, "--json", *setting, cwd=tmp_path)
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
    plain = alliance("run", SMALLEST, "--replications", count, "--json", cwd=tmp_path)
    assert plain.stdout == done.stdout


def test_a_tolerance_that_is_not_reached_is_said(tmp_path: Path) -> None:
    done = alliance(
        "run", SMALLEST, "--tolerance", "1", "--replications", 250, "--json", cwd=tmp_path
    )
    assert done.returncode == 0
    assert json.loads(done.stdout)["replications"] == 250
    assert done.stderr.splitlines()[-1].endswith(
        "not the £1 asked for; --replications allows more."
    )


@pytest.mark.parametrize("amount", ["0", "-5", "much", "inf", "nan", ""])
def test_a_tolerance_is_an_amount(tmp_path: Path, amount: str) -> None:
    done = alliance("run", SMALLEST, f"--tolerance={amount}", cwd=tmp_path)
    assert done.returncode == 2
    assert "an amount above nought is allowed" in done.stderr


def test_a_folder_that_cannot_be_written_is_refused_before_any_work(tmp_path: Path) -> None:
    (tmp_path / "results").write_text("a file where the folder should be", encoding="utf-8")
    done = alliance("run", SMALLEST, "--replications", 6, cwd=tmp_path)
    assert done.returncode == 4
    assert "results" in done.stderr
    assert "Traceback" not in done.stderr
