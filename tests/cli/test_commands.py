"""The command as people use it: output, exit codes, and nothing half-written."""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from simulator.cli import main
from simulator.study.files import load
from tests.conftest import ROOT

SMALLEST = ROOT / "simulator" / "scenario" / "templates" / "smallest.yaml"


def alliance(
    *arguments: object, cwd: Path, encoding: str = "utf-8", **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run the command in a folder and return what it wrote."""
    return subprocess.run(
        [sys.executable, "-m", "simulator.cli", *map(str, arguments)],
        cwd=cwd,
        capture_output=True,
        encoding=encoding,
        env=os.environ | environment,
        check=False,
        timeout=120,
    )


def alliance_here(*arguments: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Do the same in this process: most of a short command is the second or two it takes to start.

    For what a command says and writes; not where processes, their memory, signals, streams or the
    same bytes from another process are under test.
    """
    words = ["alliance", *map(str, arguments)]
    out, errors = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", newline="") for _ in range(2))
    code: object = 0
    with (
        contextlib.chdir(cwd),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(errors),
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setattr(sys, "argv", words)
        try:
            main()
        except SystemExit as leaving:
            code = leaving.code
    texts = []
    for stream in (out, errors):
        stream.flush()
        texts.append(stream.buffer.getvalue().decode("utf-8"))  # type: ignore[attr-defined]
    assert isinstance(code, int | None)
    return subprocess.CompletedProcess(words, code or 0, *texts)


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, object]]:
    folder = tmp_path_factory.mktemp("run")
    done = alliance("run", SMALLEST, "--replications", 6, "--json", "--out", "one", cwd=folder)
    assert (done.returncode, done.stderr) == (0, "")
    return folder, json.loads(done.stdout)


def test_the_document_has_what_other_programs_rely_on(ran: tuple[Path, dict[str, object]]) -> None:
    doc = ran[1]
    assert doc["schema"] == "alliance-run/1"
    assert tuple(doc[key] for key in ("scenario", "seed", "replications", "baseline")) == (
        "Social prescribing in our town",
        1,
        6,
        "output",
    )
    contracts = doc["contracts"]
    assert isinstance(contracts, dict)
    assert {"output", "alliance"} == set(contracts)
    for contract in contracts.values():
        assert {"council", "north", "south"} == set(contract["parties"])
        for party in contract["parties"].values():
            assert {"mean", "p05", "p50", "p95", "mc_error"} == set(party["net_position"])
        assert 0 <= contract["parties"]["north"]["p_cash_below_zero"] <= 1
        people = contract["people"]
        for key in ("good_outcomes", "still_in_service", "mean_wait_days"):
            assert people[key] > 0
        assert people["referred"] == pytest.approx(
            people["turned_away"]
            + people["declined"]
            + people["dropped_out"]
            + people["started"]
            + people["still_waiting"]
        )
        assert contract["payments_sum"] == 0.0
    comparison = doc["comparison"]
    assert isinstance(comparison, dict)
    assert {"alliance"} == set(comparison)
    saving = comparison["alliance"]["net_position"]["mean"]
    parties = [
        contracts[name]["parties"]["council"]["net_position"]["mean"]
        for name in ("alliance", "output")
    ]
    assert saving == pytest.approx(parties[0] - parties[1])
    assert 0 <= comparison["alliance"]["p_costs_less"] <= 1


def test_a_run_folder_is_whole_and_the_same_again(ran: tuple[Path, dict[str, object]]) -> None:
    folder = ran[0]
    files = {path.name for path in (folder / "one").iterdir()}
    assert {
        "run.json",
        "run.txt",
        "scenario.yaml",
        "parties.csv",
        "people.csv",
        "comparison.csv",
        "exposure.csv",
        "budget.csv",
        "reserves.csv",
        "cash.csv",
        "assumptions.csv",
        "manifest.json",
    } == files
    done = alliance("run", SMALLEST, "--replications", 6, "--out", "two", cwd=folder)
    assert done.returncode == 0
    for name in files:
        assert (folder / "one" / name).read_bytes() == (folder / "two" / name).read_bytes()
    assert {"one", "two"} == {path.name for path in folder.iterdir()}


def test_the_merged_scenario_runs_to_the_same_figures(ran: tuple[Path, dict[str, object]]) -> None:
    folder, doc = ran
    done = alliance(
        "run", "one/scenario.yaml", "--replications", 6, "--json", "--out", "three", cwd=folder
    )
    again = json.loads(done.stdout)
    assert doc["contracts"] == again["contracts"]
    assert doc["run_id"] == again["run_id"]


def test_a_folder_with_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "note.txt").write_text("mine", encoding="utf-8")
    done = alliance("run", SMALLEST, "--replications", 1, "--out", "kept", cwd=tmp_path)
    assert done.returncode == 4
    assert (
        done.stderr
        == "kept already holds something else, or is in use; give another folder with --out\n"
    )
    assert [path.name for path in (tmp_path / "kept").iterdir()] == ["note.txt"]
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]


def test_the_default_folder_is_named_after_the_run(tmp_path: Path) -> None:
    done = alliance("run", SMALLEST, "--replications", 1, cwd=tmp_path)
    (folder,) = (tmp_path / "results").iterdir()
    assert f"Run {folder.name}, seed 1." in done.stdout
    changed = alliance("run", SMALLEST, "--replications", 1, "--seed", 2, cwd=tmp_path)
    assert changed.returncode == 0
    assert len(list((tmp_path / "results").iterdir())) == 2


def test_the_output_reads_as_a_commissioner_would_want(tmp_path: Path) -> None:
    done = alliance_here("run", SMALLEST, "--replications", 5, cwd=tmp_path)
    text = done.stdout
    assert done.stderr == ""
    for said in (
        "Made-up inputs: do not use for decisions.",
        "Two providers, 5 years, 5 simulated futures.",
        "Alliance costs less than Output in all 5 paired futures",
        "Only money moves between the contracts.",
        "Runs out of cash",
        "Defaults taken, because the scenario does not say otherwise",
        "providers.*.overheads",
    ):
        assert said in " ".join(text.split())
    assert max(len(line) for line in text.splitlines()) <= 100
    assert "…" not in text, "no cell is cut off"


def test_settings_change_the_run(tmp_path: Path) -> None:
    done = alliance_here(
        "run", SMALLEST, "--replications", 2, "--json", "--set", "contracts.output.price=£100",
        "--set", "providers.south.name=South Side", cwd=tmp_path,
    )  # fmt: skip
    doc = json.loads(done.stdout)
    assert doc["contracts"]["output"]["parties"]["south"]["name"] == "South Side"
    assert doc["comparison"]["alliance"]["p_costs_less"] == 0.0


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("run",), 2, "Missing argument"),
        (("run", "x.yaml", "--replications", "0"), 2, "replications"),
        (("run", "x.yaml", "--seed", "-1"), 2, "seed"),
        (("frobnicate",), 2, "No such command"),
        (("run", "x.yaml"), 3, "x.yaml: there is no such file"),
        (("check", str(SMALLEST), "--set", "nonsense"), 2, "path=value"),
        (("check", str(SMALLEST), "--set", "years=0"), 3, "--set years"),
        (("new", "x.yaml", "--template", "smalest"), 2, "did you mean 'smallest'?"),
    ],
)
def test_exit_codes(arguments: tuple[str, ...], code: int, said: str, tmp_path: Path) -> None:
    done = alliance(*arguments, cwd=tmp_path)
    assert (code, "") == (done.returncode, done.stdout)
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_new_writes_once(tmp_path: Path) -> None:
    for template in ("smallest", "several-services"):
        assert (
            alliance("new", f"{template}.yaml", "--template", template, cwd=tmp_path).returncode
            == 0
        )
        assert load(tmp_path / f"{template}.yaml").title
    again = alliance("new", "smallest.yaml", cwd=tmp_path)
    assert (
        again.returncode,
        again.stderr,
    ) == (4, "smallest.yaml exists already; give another name or move it away\n")


def test_an_old_console_gets_pounds_and_minus_signs(tmp_path: Path) -> None:
    done = alliance(
        "run",
        SMALLEST,
        "--replications",
        2,
        cwd=tmp_path,
        PYTHONIOENCODING="cp1252",
        PYTHONUTF8="0",
    )
    assert done.returncode == 0
    assert "£" in done.stdout
    assert "\N{MINUS SIGN}£" in done.stdout


def test_check_as_json(tmp_path: Path) -> None:
    done = alliance_here("check", SMALLEST, "--json", cwd=tmp_path)
    doc = json.loads(done.stdout)
    assert (doc["schema"], doc["valid"]) == ("alliance-check/1", True)
    assert any(row["path"] == "vat_rate" for row in doc["defaults"])


def test_check_warns_of_thin_reserves(tmp_path: Path) -> None:
    done = alliance_here(
        "check", SMALLEST, "--set", "providers.south.reserves=£6,000", cwd=tmp_path
    )
    assert "South's largest loss under Alliance is £9,000 in the first year" in done.stdout
    assert "8 months" in done.stdout


def test_show_says_the_contract_in_words(tmp_path: Path) -> None:
    text = " ".join(alliance_here("show", SMALLEST, cwd=tmp_path).stdout.split())
    assert "Council pays each provider £480 for each person who completes." in text
    assert (
        "Council pays the providers 50% of what all providers' cost is below the target of "
        "£480,000 a year, and takes back 50% of what it is above, divided by planned caseworkers: "
        "62.5% North, 37.5% South. Never below −5% of the "
        "target, never above 5% of the target." in text
    )
    assert "Council −£24,000 no limit −£24,000 £24,000" in text
    assert "North −£15,000 no limit £285,600 −£15,000 £15,000" in text
    assert "Payment Of Beyond the most Below the least" in text
    assert "Share of under- and overspend all 0% 0%" in text


def test_an_interrupt_leaves_nothing_behind(tmp_path: Path) -> None:
    code = (
        "import sys, simulator.study.replicate as r\n"
        "def stop(*a): raise KeyboardInterrupt\n"
        "r.live_plan = stop\n"
        f"sys.argv = ['alliance', 'run', {str(SMALLEST)!r}]\n"
        "from simulator.cli import main; main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (130, "Interrupted; nothing was written.\n")
    assert list(tmp_path.iterdir()) == []


def test_something_unforeseen_is_said_plainly(tmp_path: Path) -> None:
    code = (
        "import sys, simulator.study.replicate as r\n"
        "def fail(*a): raise ZeroDivisionError('by hand')\n"
        "r.live_plan = fail\n"
        f"sys.argv = ['alliance', 'run', {str(SMALLEST)!r}]\n"
        "from simulator.cli import main; main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "ZeroDivisionError: by hand" in done.stderr
    assert "Traceback" not in done.stderr
