"""The finance team's commands: assumptions, sweep, grid, switching, export."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from tests.cli.test_commands import SMALLEST, alliance, alliance_here
from tests.conftest import FULL, ROOT
from tests.study.worlds import LINEAR, NOISY, WORLD

FLAGSHIP = ROOT / "scenarios" / "staying-well.yaml"
SHORT = NOISY.replace("years: 5", "years: 2")  # for what hangs on no figure
posix_only = pytest.mark.skipif(os.name == "nt", reason="signals are sent the POSIX way here")


def files_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def rows_of(file: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(file.read_text(encoding="utf-8-sig"), newline="")))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a noisy and a linear scenario, and a run and a tornado of the latter."""
    made = tmp_path_factory.mktemp("finance")
    (made / "noisy.yaml").write_text(SHORT, encoding="utf-8")
    (made / "linear.yaml").write_text(LINEAR, encoding="utf-8")
    tornado = ("sweep", "linear.yaml", "--tornado", "--replications", 4)
    for command in (
        ("run", "linear.yaml", "--replications", 4, "--out", "run"),
        (*tornado, "--out", "tornado"),
    ):
        done = alliance(*command, cwd=made)
        assert done.returncode == 0, done.stderr
    return made


# -- assumptions -------------------------------------------------------------------------------


def test_the_register_says_who_says_so_and_what_is_missing(tmp_path: Path) -> None:
    done = alliance_here("assumptions", FLAGSHIP, "--csv", "register.csv", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "208 numbers written, 20 defaults taken." in done.stdout
    assert "Numbers that lack something: 118 range, 208 owner, 208 review date." in done.stdout
    rows = {row["path"]: row for row in rows_of(tmp_path / "register.csv")}
    take_up = rows["services.wellbeing.take_up"]
    assert (take_up["value"], take_up["low"], take_up["high"]) == ("81%", "66%", "90%")
    assert take_up["grade"] == "C"
    assert "Gloucestershire" in take_up["source"]
    assert take_up["missing"] == "owner, review date"
    assert (float(take_up["number"]), float(take_up["high_number"])) == (0.81, 0.9)
    drop_out = rows["services.groups.drop_out"]  # written in short: where --set finds it
    assert (drop_out["low"], drop_out["high"]) == ("1% a week", "6% a week")
    stay = rows["services.wellbeing.needs.self_referred.lasts"]
    assert (float(stay["number"]), stay["counted_in"]) == (77.0, "days")
    assert rows["services.wellbeing.worker_cost"]["price_year"] == "2026-27"
    assert rows["services.groups.relapse.after"]["taken"] == "default"
    assert len({row["id"] for row in rows.values()}) == len(rows)
    found = json.loads(alliance_here("assumptions", FLAGSHIP, "--json", cwd=tmp_path).stdout)
    assert found["schema"] == "alliance-assumptions/1"
    assert [row["path"] for row in found["assumptions"]] == list(rows)


def test_an_identifier_stays_when_other_numbers_come(tmp_path: Path) -> None:
    before = json.loads(alliance_here("assumptions", SMALLEST, "--json", cwd=tmp_path).stdout)
    setting = ("--set", "council.budget=£500,000 a year")
    after = json.loads(
        alliance_here("assumptions", SMALLEST, *setting, "--json", cwd=tmp_path).stdout
    )
    ids = {row["path"]: row["id"] for row in after["assumptions"]}
    assert "council.budget" in ids, "a path is told as --set takes it"
    assert all(ids[row["path"]] == row["id"] for row in before["assumptions"])


# -- tornado, grid, switching --------------------------------------------------------------------


def test_a_tornado_of_a_linear_scenario_is_told(folder: Path) -> None:
    first, second, third = rows_of(folder / "tornado" / "tornado.csv")
    assert (first["path"], float(first["swing"])) == ("contracts.plain.amount", 250_000.0)
    assert (second["path"], float(second["swing"])) == ("contracts.other.amount", 125_000.0)
    assert (first["best_rank"], first["worst_rank"]) == ("1", "1")
    assert (third["distinguishable"], third["best_rank"]) == ("no", "no data")
    text = (folder / "tornado" / "sweep.txt").read_text(encoding="utf-8")
    assert "At the central values: £150,000" in text
    assert "contracts.other.amount (grade D): us" in text
    assert "No effect at all on this: contracts.other.mobilisation." in text


def test_a_tornado_names_its_points_and_its_time_first(folder: Path, tmp_path: Path) -> None:
    command = ("sweep", folder / "noisy.yaml", "--tornado", "--replications", 10)
    done = alliance(*command, "--workers", 1, cwd=tmp_path)
    first, second = done.stderr.splitlines()
    assert first == "15 points of 10 simulated futures each, 150 in all."
    assert second.startswith("That takes about ")
    assert not (tmp_path / "results" / ".unfinished").exists()


def test_a_point_that_cannot_be_run_is_told_and_the_rest_is_there(tmp_path: Path) -> None:
    text = LINEAR.replace("range: [0 days, 30 days]", "range: [0 days, 9 years]")
    (tmp_path / "s.yaml").write_text(text, encoding="utf-8")
    done = alliance_here("sweep", "s.yaml", "--tornado", "--replications", 3, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "Points that cannot be run:" in done.stdout
    assert "contracts.other.mobilisation: 3,287.25 days: " in done.stdout
    assert "£250,000" in done.stdout


def test_a_grid_is_drawn_and_breaks_even_where_it_must(folder: Path, tmp_path: Path) -> None:
    done = alliance_here(
        *("grid", folder / "linear.yaml", "--replications", 2, "--break-even"),
        *("-x", "contracts.other.amount=£470,000 a year:£530,000 a year:£20,000 a year"),
        *("-y", "contracts.plain.amount=£490,000 a year:£510,000 a year:£10,000 a year"),
        *("--out", "grid", "--chart", "grid.html"),
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    assert "  £490,000 a year | + . - -" in done.stdout
    numbers = [row["x_number"] for row in rows_of(tmp_path / "grid" / "grid.csv")[:2]]
    assert numbers == ["470000.0", "490000.0"]
    assert "  £500,000 a year | + + - -" in done.stdout
    crossings = {row["y"]: row["x"] for row in rows_of(tmp_path / "grid" / "break_even.csv")}
    assert crossings == {f"£{each},000 a year": f"£{each},000 a year" for each in (490, 500, 510)}
    assert len(rows_of(tmp_path / "grid" / "grid.csv")) == 12
    assert "<caption>A measure over the values" in (tmp_path / "grid.html").read_text(
        encoding="utf-8"
    )


def test_a_grid_holds_any_measure_against_any_bound(folder: Path, tmp_path: Path) -> None:
    done = alliance_here(
        *("grid", folder / "linear.yaml", "--replications", 2),
        *("-x", "contracts.other.amount=£470,000 a year:£490,000 a year:£10,000 a year"),
        *("--measure", "other.council.net_cost = £2,400,000"),
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    assert "Other: net cost, Council" in done.stdout
    assert "+ above £2,400,000, - below it" in done.stdout
    assert "\n  - . +\n" in done.stdout


def test_a_switching_value_is_told_with_what_has_none(folder: Path, tmp_path: Path) -> None:
    done = alliance_here(
        *("switching", folder / "linear.yaml", "--replications", 2, "--out", "found"),
        *("--until", "council.saving = £100,000"),
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    rows = {row["path"]: row for row in rows_of(tmp_path / "found" / "switching.csv")}
    assert rows["contracts.other.amount"]["switches_at"].startswith("£480")
    assert rows["contracts.other.amount"]["beyond"] == "below"
    none = rows["contracts.other.mobilisation"]
    assert none["switches_at"] == "no switching value in range"
    assert "No switching value in range: contracts.other.mobilisation." in done.stdout


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (("sweep", SMALLEST), "found no kind of sweep; add --tornado"),
        (("sweep", SMALLEST, "--tornado"), "the scenario has no number with a range"),
        (("sweep", SMALLEST, "--tornado", "--vary", "a.b"), "the scenario has no number there"),
        (
            ("sweep", SMALLEST, "--tornado", "--vary", "contracts.output.price"),
            "this number carries no range",
        ),
        (
            ("sweep", SMALLEST, "--tornado", "--vary", "contracts.output.price=£500:£400"),
            "found no low end below a high one",
        ),
        (("grid", SMALLEST, "-x", "contracts.output.price=1"), "found no 'path=low:high:step'"),
        (("grid", SMALLEST, "-x", "contracts.output.prise=1:2:1"), "has no number there"),
        (
            ("grid", SMALLEST, "-x", "years=1:3:1", "-y", "years=1:3:1"),
            "-x and -y are both years",
        ),
        (
            ("switching", SMALLEST, "--until", "saving = soon"),
            "found no 'measure = amount'",
        ),
        (("switching", SMALLEST, "--until", "council.saving >= 0"), "found no 'measure = amount'"),
        (
            ("switching", SMALLEST, "--until", "council.saving = 5 weeks"),
            "found the bound '5 weeks' for alliance.council.saving, which is money in £",
        ),
        (("switching", SMALLEST, "--until", "council.saving = $5"), "which is money in £"),
        (
            ("grid", SMALLEST, "-x", "years=1:3:1", "--measure", "saving", "--measure", "saving=1"),
            "one grid has one bound",
        ),
        (("grid", SMALLEST, "-x", ""), "found no 'path=low:high:step'"),
        (
            (
                *("sweep", SMALLEST, "--tornado", "--vary", "services.support.caseload=30:40"),
                *("--vary", "services.support.caseload=30:41"),
            ),
            "found two ranges for one number",
        ),
        (("switching", SMALLEST, "--until", "saving"), "has no number with a range"),
        (
            ("switching", FLAGSHIP, "--until", "commissioners.saving = 0"),
            "name one: block.commissioners.saving, alliance.commissioners.saving",
        ),
        (
            ("sweep", SMALLEST, "--tornado", "--vary", "years=1:3", "--resume"),
            "--resume: nothing is kept of this",
        ),
        (
            ("sweep", SMALLEST, "--tornado", "--vary", "years=1:3", "--chart", "a.pdf"),
            ".svg, .png, .html are allowed",
        ),
        (("export", "."), "found no format; add --xlsx, --csv or --parquet"),
    ],
)
def test_what_cannot_be_understood_is_told(
    tmp_path: Path, command: tuple[object, ...], said: str
) -> None:
    done = alliance_here(*command, cwd=tmp_path)
    assert done.returncode == 2, done.stderr
    assert said in " ".join(done.stderr.split())
    assert list(tmp_path.rglob("*.csv")) == []


# -- reproducible, resumable ---------------------------------------------------------------------


@pytest.fixture(scope="module")
def noisy_tornado(folder: Path) -> dict[str, bytes]:
    """Return the files of a tornado made in one go by one process."""
    command = ("sweep", "noisy.yaml", "--tornado", "--replications", 20, "--workers", 1)
    done = alliance(*command, "--out", "noisy", cwd=folder)
    assert done.returncode == 0, done.stderr
    return files_of(folder / "noisy")


@pytest.mark.parametrize("workers", [2, 3])
def test_any_number_of_processes_gives_the_same_bytes(
    folder: Path, noisy_tornado: dict[str, bytes], tmp_path: Path, workers: int
) -> None:
    command = ("sweep", folder / "noisy.yaml", "--tornado", "--replications", 20)
    done = alliance(*command, "--workers", workers, "--out", "again", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert files_of(tmp_path / "again") == noisy_tornado


def started(folder: Path, *more: object) -> subprocess.Popen[str]:
    """Start a tornado that takes a while, and wait until some points are done."""
    command = [sys.executable, "-m", "simulator.cli", "sweep", "noisy.yaml", "--tornado"]
    process = subprocess.Popen(
        [str(part) for part in (*command, "--replications", 200, *more)],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        start_new_session=True,
    )
    deadline = time.monotonic() + 60
    while len(list(folder.glob("results/.unfinished/*/*.point"))) < 3:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return process


@pytest.fixture(scope="module")
def unstopped(folder: Path) -> dict[str, bytes]:
    """Return the files of the tornado that is stopped below, made in one go."""
    command = ("sweep", "noisy.yaml", "--tornado", "--replications", 200, "--out", "whole/found")
    done = alliance(*command, cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "kept from before" not in done.stderr
    return files_of(folder / "whole" / "found")


@posix_only
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_a_stopped_tornado_is_resumed_to_the_same_bytes(
    tmp_path: Path, unstopped: dict[str, bytes], how: signal.Signals
) -> None:
    (tmp_path / "noisy.yaml").write_text(SHORT, encoding="utf-8")
    process = started(tmp_path, "--workers", 2, "--out", "results/found")
    os.killpg(process.pid, how)
    _, errors = process.communicate(timeout=60)
    kept = len(list(tmp_path.glob("results/.unfinished/*/*.point")))
    assert 3 <= kept < 15
    assert not (tmp_path / "results" / "found").exists()
    if how == signal.SIGINT:
        assert process.returncode == 130, errors
        assert f"Interrupted: {kept} of 15 points are done and kept." in errors
        assert "Traceback" not in errors
    command = ("sweep", "noisy.yaml", "--tornado", "--replications", 200)
    resumed = alliance(*command, "--resume", "--out", "results/found", cwd=tmp_path)
    assert resumed.returncode == 0, resumed.stderr
    assert f"{kept} of them are kept from before and are not lived again." in resumed.stderr
    assert files_of(tmp_path / "results" / "found") == unstopped
    assert not (tmp_path / "results" / ".unfinished").exists()


@posix_only
def test_a_changed_scenario_takes_nothing_of_another(tmp_path: Path) -> None:
    scenario = tmp_path / "noisy.yaml"
    scenario.write_text(SHORT, encoding="utf-8")
    process = started(tmp_path)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate(timeout=60)
    scenario.write_text(SHORT.replace("£200,000", "£210,000"), encoding="utf-8")
    command = ("sweep", "noisy.yaml", "--tornado", "--replications", 200, "--resume")
    refused = alliance(*command, cwd=tmp_path)
    assert refused.returncode == 2
    assert "nothing is kept of this" in refused.stderr
    # a damaged point is lived again
    scenario.write_text(SHORT, encoding="utf-8")
    for file in tmp_path.glob("results/.unfinished/*/*.point"):
        file.write_bytes(file.read_bytes()[:-1] + b"!")
    assert alliance(*command, cwd=tmp_path).returncode == 2


def test_a_sweep_is_verified_like_a_run(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder / "tornado", tmp_path / "tornado")
    done = alliance_here("verify", "tornado", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "a tornado of 4 simulated futures a point made again, all 5 files" in done.stdout
    file = tmp_path / "tornado" / "tornado.csv"
    file.write_bytes(file.read_bytes().replace(b"250000.0", b"250001.0"))
    done = alliance_here("verify", "tornado", cwd=tmp_path)
    assert done.returncode == 6
    assert "tornado.csv:2: found '" in done.stderr
    manifest = tmp_path / "tornado" / "manifest.json"
    text = manifest.read_text(encoding="utf-8")
    whole = json.loads(text)["command"]
    changes: list[Any] = [7, {"kind": "dance"}, whole | {"z": 1}, whole | {"kind": "dance"}]
    changes += [whole | {"bound": bound} for bound in (5, None, "abc", [1])]
    changes += [whole | {"x": 5}, whole | {"measures": "abc"}, whole | {"break_even": "no"}]
    for command in changes:
        manifest.write_text(json.dumps(json.loads(text) | {"command": command}), encoding="utf-8")
        done = alliance_here("verify", "tornado", cwd=tmp_path)
        assert done.returncode == 3, done.stderr
        assert "its command cannot be understood" in done.stderr
    for change in ({"vary": ["zzz"]}, {"measures": ["zzz"]}, {"kind": "grid"}):
        doc = json.loads(text) | {"command": whole | change}
        manifest.write_text(json.dumps(doc), encoding="utf-8")
        done = alliance_here("verify", "tornado", cwd=tmp_path)
        assert done.returncode == 3, done.stderr
        assert "its command cannot be done" in done.stderr


# -- export --------------------------------------------------------------------------------------


def test_a_workbook_has_the_figures_of_the_run_and_of_its_sweep(
    folder: Path, tmp_path: Path
) -> None:
    command = ("export", folder / "run", folder / "tornado", "--xlsx", "--csv", "--parquet")
    done = alliance_here(*command, "--out", ".", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    (file,) = tmp_path.glob("*.xlsx")
    book = load_workbook(file)
    assert book.sheetnames == [
        *("Cover", "Contents", "Assumptions", "Results", "Comparison", "People", "Percentiles"),
        *("Budget", "Reserves", "Sensitivity", "Cash flow", "Manifest"),
    ]
    names = {"Results": "run/parties", "Sensitivity": "tornado/tornado", "Cash flow": "run/cash"}
    for sheet, table in names.items():
        header, *rows = book[sheet].iter_rows(values_only=True)
        texts = rows_of(folder / f"{table}.csv")
        assert list(header) == list(texts[0])
        assert len(rows) == len(texts)
        for found, row in zip(rows, texts, strict=True):
            for cell, text in zip(found, row.values(), strict=True):
                if isinstance(cell, str):
                    assert cell == text.removeprefix("'")
                else:
                    assert cell == pytest.approx(float(text), rel=1e-14)
    figures = [
        cell for row in book["Results"].iter_rows(min_row=2, values_only=True) for cell in row
    ]
    assert sum(isinstance(cell, float | int) for cell in figures) > 20, "numbers stay numbers"
    assert book["Cover"]["A1"].value == "Social prescribing in our town"
    assert book["Cover"]["A2"].value == "Made-up inputs: do not use for decisions."
    facts = {row[0]: row[1] for row in book["Cover"].iter_rows(min_row=4, values_only=True)}
    assert "4 simulated futures, seed 1" in facts["Run"]
    assert "4 simulated futures a point, seed 1" in facts["Tornado"]
    assert len(json.loads(done.stdout)["files"]) == 1 + 2 * 10
    assert len(list(tmp_path.glob("*-parquet/*.parquet"))) == 10
    first = file.read_bytes()
    assert alliance(*command, "--out", ".", cwd=tmp_path).returncode == 0
    assert file.read_bytes() == first, "the same to the byte, from another process too"


def test_a_workbook_says_what_is_not_in_it(folder: Path, tmp_path: Path) -> None:
    for name, absent in (("run", "Sensitivity"), ("tornado", "Cash flow")):
        done = alliance_here("export", folder / name, "--xlsx", "--out", name, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        (file,) = (tmp_path / name).glob("*.xlsx")
        contents = load_workbook(file)["Contents"].iter_rows(values_only=True)
        assert any(row[0] == absent and row[1] == "not here" for row in contents)


HOSTILE = ("=cmd|' /C calc'!A0", "@SUM(1+1)", "+1", "-1+1", "\\t=1")


def test_hostile_names_come_out_as_text(tmp_path: Path) -> None:
    text = WORLD.replace("35", f'{{value: 35, range: [30, 40], source: "{HOSTILE[0]}"}}')
    text = text.replace("45%", f'{{value: 45%, source: "{HOSTILE[1]}", owner: "{HOSTILE[4]}"}}')
    text += f"""
contracts:
  one: {{form: block, amount: £470,000 a year, title: "{HOSTILE[2]}"}}
  two: {{form: block, amount: £480,000 a year, title: "{HOSTILE[3]}"}}
baseline: one
"""
    (tmp_path / "s.yaml").write_text(
        text.replace("Social prescribing in our town", f'"{HOSTILE[0]}"'), encoding="utf-8"
    )
    assert (
        alliance_here("run", "s.yaml", "--replications", 2, "--out", "run", cwd=tmp_path).returncode
        == 0
    )
    command = ("export", "run", "--xlsx", "--csv", "--out", ".")
    done = alliance_here(*command, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    (file,) = tmp_path.glob("*.xlsx")
    for sheet in load_workbook(file):
        for row in sheet.iter_rows():
            assert all(cell.data_type in ("s", "n") for cell in row)
    for table in tmp_path.glob("*-csv/*.csv"):
        for row in csv.reader(io.StringIO(table.read_text(encoding="utf-8-sig"), newline="")):
            for cell in row:
                plain = cell.lstrip("-").replace(".", "").replace("e", "").replace("-", "")
                assert not cell.startswith(("=", "+", "@", "\t", "\r")), cell
                assert not cell.startswith("-") or plain.isdigit(), cell


def test_a_changed_run_is_not_exported(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder / "run", tmp_path / "run")
    file = tmp_path / "run" / "parties.csv"
    file.write_bytes(file.read_bytes().replace(b"council", b"counsel", 1))
    done = alliance_here("export", "run", "--csv", cwd=tmp_path)
    assert done.returncode == 6
    assert "parties.csv was changed after the run wrote it" in done.stderr.replace("\n", " ")
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_an_export_leaves_nothing_of_an_earlier_one(folder: Path, tmp_path: Path) -> None:
    both = ("export", folder / "run", folder / "tornado", "--csv", "--out", ".")
    assert alliance_here(*both, cwd=tmp_path).returncode == 0
    alone = ("export", folder / "run", "--csv", "--out", ".")
    assert alliance_here(*alone, cwd=tmp_path).returncode == 0
    (made,) = tmp_path.glob("*-csv")
    assert "tornado.csv" not in [file.name for file in made.iterdir()]


@pytest.mark.parametrize("place", ["file.txt/x.csv", "x" * 300 + ".csv"])
def test_a_place_that_cannot_be_written_is_told(tmp_path: Path, place: str) -> None:
    (tmp_path / "file.txt").write_text("here", encoding="utf-8")
    done = alliance_here("assumptions", SMALLEST, "--csv", place, cwd=tmp_path)
    assert done.returncode == 4, done.stderr
    assert "cannot be written" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["file.txt"]


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("register.xlsx", "found the ending '.xlsx'; the file ends in .csv"),
        (
            "register",
            "found no ending; the file ends in .csv; write for example --csv register.csv",
        ),
        (".", "found no ending"),
        ("", "found no ending"),
    ],
)
def test_a_register_of_another_ending_is_refused(tmp_path: Path, place: str, said: str) -> None:
    done = alliance_here("assumptions", SMALLEST, "--csv", place, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_line_breaks_in_names_do_not_break_a_chart(tmp_path: Path) -> None:
    text = LINEAR.replace("  other:\n", '  other:\n    title: "c\\nt"\n')
    (tmp_path / "s.yaml").write_text(text, encoding="utf-8")
    command = ("sweep", "s.yaml", "--tornado", "--replications", 3, "--chart", "t.svg")
    done = alliance_here(*command, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "t.svg").read_bytes().startswith(b"<svg")


def test_runs_of_different_scenarios_are_not_mixed(folder: Path, tmp_path: Path) -> None:
    other = alliance_here("run", SMALLEST, "--replications", 2, "--out", "other", cwd=tmp_path)
    assert other.returncode == 0
    done = alliance_here("export", folder / "run", "other", "--csv", "--out", ".", cwd=tmp_path)
    assert done.returncode == 2
    assert "different scenarios" in done.stderr


@pytest.mark.parametrize(
    ("library", "command"),
    [
        ("xlsxwriter", ("export", "run", "--xlsx")),
        ("polars", ("export", "run", "--parquet")),
        ("vl_convert", ("run", "linear.yaml", "--chart", "a.svg", "--replications", "2")),
    ],
)
def test_a_library_that_is_missing_is_told_with_how_to_get_it(
    folder: Path, tmp_path: Path, library: str, command: tuple[str, ...]
) -> None:
    for name in ("run", "linear.yaml"):
        source = folder / name
        if source.is_dir():
            shutil.copytree(source, tmp_path / name)
        else:
            shutil.copy(source, tmp_path / name)
    code = (
        f"import sys; sys.modules[{library!r}] = None\n"
        "from simulator.cli import main\n"
        f"sys.argv = ['alliance', *{command!r}]\nmain()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 4
    assert f"needs the library {library}, which comes with the extra 'report'" in done.stderr


# -- many points -----------------------------------------------------------------------------------

MEASURE_MEMORY = """
import sys, tracemalloc
from simulator.report.sweep import Asked, make_sweep
from simulator.study.files import read_documents
read = read_documents(sys.argv[1], ["years=1"])
class Quiet:
    def done(self, count, total): pass
    def say(self, text): pass
def points(count):
    last = 480_000 + 100 * (count // 10 - 1)
    down = f"contracts.alliance.target=£480,000 a year:£{last} a year:£100 a year"
    asked = Asked("grid", x="contracts.output.price=£400:£490:£10", y=down)
    return len(make_sweep(read, asked, 5, 1, 1, "x", Quiet()).tables[0].rows)
points(20)  # what is loaded for the first points is kept, whatever their number
tracemalloc.start()
for count in map(int, sys.argv[2:]):
    tracemalloc.reset_peak()
    assert points(count) == count
    print(tracemalloc.get_traced_memory()[1])
"""


def test_memory_stays_flat_over_many_points() -> None:
    """Of each further point only its row is kept: a few kilobytes at most."""
    # far enough apart that it does not matter when garbage is collected
    few, many = (1_000, 10_000) if FULL else (100, 200)
    done = subprocess.run(
        [sys.executable, "-c", MEASURE_MEMORY, str(SMALLEST), str(few), str(many)],
        capture_output=True,
        encoding="utf-8",
        check=True,
        cwd=ROOT,
    )
    at_few, at_many = map(int, done.stdout.split())
    assert (at_many - at_few) / (many - few) < 6_000


def test_sweeps_print_one_document(folder: Path, tmp_path: Path) -> None:
    command = ("sweep", folder / "linear.yaml", "--tornado", "--replications", 4, "--json")
    done = alliance_here(*command, cwd=tmp_path)
    found: dict[str, Any] = json.loads(done.stdout)
    assert found["schema"] == "alliance-sweep/1"
    assert found["measures"] == [
        {
            "measure": "other.commissioners.saving",
            "unit": "money",
            "words": "Other against Plain: saving, all commissioners",
        }
    ]
    assert found["tables"]["tornado"][0]["swing"] == 250_000.0
    # the same as in the folder of the module
    assert done.stdout.encode("utf-8") == (folder / "tornado" / "sweep.json").read_bytes()
