"""`alliance run` with inputs drawn: text, JSON, run folder, and made again."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from simulator.report.words import percent
from tests.cli.test_commands import SMALLEST, alliance, alliance_here

WORLD = SMALLEST.read_text(encoding="utf-8")
RANGED = WORLD.replace("1,200 a year", "{value: 1,200 a year, range: [1,000 a year, 1,500 a year]}")
RANGED = RANGED.replace("price: £480", "price: {value: £440, range: [£420, £480]}")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("drawn")
    (folder / "town.yaml").write_text(RANGED, encoding="utf-8")
    done = alliance(
        "run", "town.yaml", "--replications", 12, "--drawn", 8, "--out", "run", cwd=folder
    )
    assert (done.returncode, done.stderr) == (0, "")
    return folder


def words(text: str) -> str:
    return " ".join(text.split())


def test_text_says_both_sides(made: Path) -> None:
    text = words((made / "run" / "run.txt").read_text(encoding="utf-8"))
    doc = json.loads((made / "run" / "run.json").read_text(encoding="utf-8"))
    drawn, alone = (each["comparison"]["alliance"]["p_costs_less"] for each in (doc["drawn"], doc))
    assert 0 < drawn < 1
    assert drawn != alone
    told = f"Alliance costs less in {percent(drawn, 8)} futures (luck alone: {percent(alone, 12)})."
    assert f"With 2 inputs drawn from their ranges {told} On average it then costs " in text
    assert "With 2 inputs drawn from their ranges: net cost, and futures in which" in text
    assert "not drawn" not in text
    assert "but where it says that they are drawn" in text


def test_json_has_what_was_drawn(made: Path) -> None:
    doc = json.loads((made / "run" / "run.json").read_text(encoding="utf-8"))
    drawn = doc["drawn"]
    assert (drawn["inputs"], drawn["replications"]) == (2, 8)
    assert list(drawn["contracts"]) == ["output", "alliance"]
    assert list(drawn["contracts"]["output"]["providers"]) == ["north", "south"]
    assert list(drawn["comparison"]) == ["alliance"]
    spread = [each["comparison"]["alliance"]["net_position"] for each in (drawn, doc)]
    wide, narrow = (each["p95"] - each["p05"] for each in spread)
    assert wide > 2 * narrow
    assert "value" not in drawn["comparison"]["alliance"], "nobody changes what they do"


def test_luck_alone_is_as_it_is_without(made: Path) -> None:
    command = ("run", "town.yaml", "--replications", 12, "--drawn", 0, "--json", "--out", "none")
    alone = json.loads(alliance_here(*command, cwd=made).stdout)
    beside = json.loads((made / "run" / "run.json").read_text(encoding="utf-8"))
    del beside["drawn"], beside["run_id"], alone["run_id"]
    assert alone == beside
    text = (made / "none" / "run.txt").read_text(encoding="utf-8")
    assert "2 of them carry a range, and --drawn draws from it." in words(text)
    assert "drawn" not in json.loads((made / "none" / "manifest.json").read_text(encoding="utf-8"))


def test_as_many_as_futures_by_default_and_none_without_ranges(made: Path) -> None:
    done = alliance_here("run", "town.yaml", "--replications", 3, "--json", cwd=made)
    assert json.loads(done.stdout)["drawn"]["replications"] == 3
    done = alliance_here("run", SMALLEST, "--replications", 3, "--drawn", 5, "--json", cwd=made)
    assert "drawn" not in json.loads(done.stdout)
    assert not list((made / "results").glob(".unfinished"))


def test_worth_is_told_where_behaviour_is_on(made: Path) -> None:
    behaves = ("--set", "behaviour=full", "--set", "outcome_value=£3,000")
    command = ("run", "town.yaml", "--replications", 2, *behaves, "--out", "behaves")
    done = alliance_here(*command, cwd=made)
    assert done.returncode == 0, done.stderr
    assert "futures (luck alone: " in words(done.stdout)
    assert "It is worth more in " in words(done.stdout)
    doc = json.loads((made / "behaves" / "run.json").read_text(encoding="utf-8"))
    found = doc["drawn"]["comparison"]["alliance"]
    assert found["value"]["mean"] == pytest.approx(
        found["net_position"]["mean"] + 3_000 * found["gained_outcomes"]["mean"]
    )


def test_a_run_with_inputs_drawn_is_verified(made: Path, tmp_path: Path) -> None:
    manifest = made / "run" / "manifest.json"
    assert json.loads(manifest.read_text(encoding="utf-8"))["drawn"] == 8
    done = alliance("verify", "run", "--workers", 2, cwd=made)
    assert done.returncode == 0, done.stderr
    assert "12 simulated futures and 8 with inputs drawn made again" in words(done.stdout)

    forged = shutil.copytree(made / "run", tmp_path / "run")
    text = manifest.read_text(encoding="utf-8")
    (forged / "manifest.json").write_text(text.replace('"drawn": 8', '"drawn": 9'), "utf-8")
    assert alliance_here("verify", "run", cwd=tmp_path).returncode == 6
    (forged / "manifest.json").write_text(text.replace('"drawn": 8', '"drawn": -1'), "utf-8")
    assert (
        "does not tell how the run was made" in alliance_here("verify", "run", cwd=tmp_path).stderr
    )


def test_what_does_not_fit_together_is_told(made: Path) -> None:
    late = "mobilisation: {value: 1,500 days, range: [0 days, 3,000 days]}"
    odd = WORLD.replace("per: completed", f"per: completed, {late}")
    (made / "odd.yaml").write_text(odd, "utf-8")
    done = alliance_here("run", "odd.yaml", "--replications", 30, cwd=made)
    assert (done.returncode, done.stdout) == (4, "")
    assert "contracts.output.mobilisation was drawn as " in done.stderr
    assert "Traceback" not in done.stderr
    done = alliance_here("run", "odd.yaml", "--replications", 30, "--drawn", 0, cwd=made)
    assert done.returncode == 0
