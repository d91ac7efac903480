"""`alliance run` where parties decide, and `alliance explain` of what one of them chose."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.test_commands import SMALLEST, alliance, alliance_here

BEHAVIOUR = """
extends: {parent}
behaviour: full
outcome_value: £2,000
services: {{support: {{best_outcome: 60%}}}}
levers: {{cost: {{saves: 5%}}, padding: {{claims: 5%}}}}
years: 2
"""
ASKED = ("--future", 2, "--party", "south", "--quarter", "2027Q2", "--contract", "alliance")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("choices")
    parent = Path(SMALLEST).as_posix()
    (folder / "town.yaml").write_text(BEHAVIOUR.format(parent=parent), encoding="utf-8")
    done = alliance("run", "town.yaml", "--replications", 6, "--out", "run", cwd=folder)
    assert done.returncode == 0, done.stderr
    (folder / "said.txt").write_text(done.stdout, encoding="utf-8")
    return folder


def test_the_headline_is_never_on_cash_alone(folder: Path) -> None:
    said = (folder / "said.txt").read_text(encoding="utf-8")
    head = said.partition("where the difference comes from")[0]
    for part in (
        "Good outcomes",
        "If collaboration has no effect it costs less in",
        "If everybody did under Alliance",
        "If everybody did under Alliance what they do under Output",
        "for each good outcome gained",
        "runs out of cash",
    ):
        assert part in " ".join(head.split()), part
    for row in ("Money", "Behaviour", "Check", "Interaction", "If collaboration has no effect"):
        assert row in said
    assert "Padding of claims" in said
    flat = " ".join(said.split())
    assert "would be if everybody did under Alliance what they do under Output" in flat
    assert "Whoever, and whatever, is not in the table does as observed." in flat
    assert "no number says that one form of contract is better" in " ".join(said.split())


def test_a_check_tells_how_likely_limits_decide_where_parties_rest(folder: Path) -> None:
    said = " ".join(alliance_here("check", "town.yaml", cwd=folder).stdout.split())
    assert "How likely a payment would lie beyond its most or its least there" in said
    told = json.loads(alliance_here("check", "town.yaml", "--json", cwd=folder).stdout)
    (limit,) = told["limits"]
    assert (limit["contract"], limit["provider"]) == ("alliance", None)
    for side in ("beyond_most", "below_least"):
        assert 0.0 <= limit[side] <= 1.0


def test_a_run_with_behaviour_is_verified(folder: Path) -> None:
    done = alliance("verify", "run", cwd=folder)
    assert done.returncode == 0, done.stderr


def test_a_choice_is_told_part_by_part(folder: Path) -> None:
    done = alliance_here("explain", "run", *ASKED, cwd=folder)
    assert done.returncode == 0, done.stderr
    said = " ".join(done.stdout.split())
    assert "what South does from 1 July 2027 to 30 September 2027" in said
    assert "Effective share" in said
    # three quarters of the two years are left
    assert "Quality of casework: over the 9 months ahead one level more is worth £" in said
    assert "private effort so far takes £" in said
    assert "mission adds £" in said
    told = json.loads(alliance_here("explain", "run", *ASKED, "--json", cwd=folder).stdout)
    levers = {each["lever"]: each for each in told["choices"]}
    assert set(levers) == {"quality", "cost", "padding"}
    run = json.loads((folder / "run" / "run.json").read_text(encoding="utf-8"))
    means = run["contracts"]["alliance"]["conduct"]["south"]["padding"]["by_quarter"]
    assert levers["padding"]["after"] == pytest.approx(means[5], abs=0.2), "future 2 is like others"


def test_the_baseline_is_named_where_several_contracts_could_be_meant(folder: Path) -> None:
    asked = ("--future", 2, "--party", "south", "--quarter", "2027Q2")
    done = alliance_here("explain", "run", *asked, cwd=folder)
    assert done.returncode == 2
    assert "add --contract, one of output, alliance" in done.stderr


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"--future": 7}, "found --future 7; the run has the futures 1 to 6"),
        ({"--party": "east"}, "found --party east; it is one of council (Council), north (North)"),
        ({"--party": "west"}, "found --party west; it is one of council (Council), north (North)"),
        ({"--party": "Suth"}, "did you mean 'South'?"),
        (
            {"--quarter": "2026-07"},
            "found --quarter 2026-07; a quarter of a financial year is written 2027Q3 (October to "
            "December 2027), and the run has the quarters 2026Q1 to 2027Q4",
        ),
        ({"--quarter": "2031Q1"}, "the run has the quarters 2026Q1 to 2027Q4"),
        ({"--quarter": "2026Q1"}, "in the first quarter everybody does as observed"),
        ({"--contract": "aliance"}, "did you mean 'alliance'?"),
        ({"--period": "2026Q1"}, "leave out --period"),
    ],
)
def test_what_cannot_be_asked(folder: Path, changes: dict[str, object], told: str) -> None:
    asked = dict(zip(ASKED[::2], ASKED[1::2], strict=True)) | changes
    done = alliance_here(
        "explain", "run", *(part for each in asked.items() for part in each), cwd=folder
    )
    assert done.returncode == 2, done.stderr
    assert told in " ".join(done.stderr.split())


def test_the_choices_of_the_lead_commissioner_are_told(folder: Path) -> None:
    asked = [part if part != "south" else "council" for part in ASKED]
    done = alliance_here("explain", "run", *asked, cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "Council has nothing to decide." in done.stdout
    told = json.loads(alliance_here("explain", "run", *asked, "--json", cwd=folder).stdout)
    assert told["choices"] == []


def test_a_page_names_the_policies_of_a_run(folder: Path) -> None:
    few = ("--replications", 2, "--drawn", 0, "--out", "other")
    done = alliance_here("run", "town.yaml", *few, "--policy", "South=cautious", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "South decides by the policy cautious." in " ".join(done.stdout.split())
    assert "by the policy" not in (folder / "said.txt").read_text(encoding="utf-8")
    done = alliance_here("run", "town.yaml", *few, "--policy", "south=careful", cwd=folder)
    assert done.returncode != 0
    assert done.stderr.startswith("--policy: providers.south.policy: found 'careful'")


def test_a_party_is_found_by_its_title(folder: Path) -> None:
    asked = [part if part != "south" else "SOUTH " for part in ASKED]
    by_key, by_title = (
        alliance_here("explain", "run", *each, cwd=folder) for each in (ASKED, asked)
    )
    assert by_title.returncode == 0, by_title.stderr
    assert by_key.stdout == by_title.stdout


def test_a_run_ends_with_a_command_that_asks_why(folder: Path) -> None:
    *_, before, command = (folder / "said.txt").read_text(encoding="utf-8").splitlines()
    assert before == "Why a provider did what it did, for example:"
    named = "explain run --future 1 --party north --quarter 2027Q1 --contract alliance"
    assert command == f"  alliance {named}"
    assert alliance_here(*named.split(), cwd=folder).returncode == 0


def test_half_a_question_is_told(folder: Path) -> None:
    done = alliance_here("explain", "run", "--party", "south", "--future", 2, cwd=folder)
    assert done.returncode == 2
    assert "needs both --future and --quarter" in done.stderr
    done = alliance_here("explain", "town.yaml", "--party", "south", cwd=folder)
    assert done.returncode == 2
    assert "add --period for a settlement, or --future and --quarter for a run" in done.stderr


def test_where_nobody_decides_there_is_nothing_to_explain(folder: Path) -> None:
    still = alliance_here("run", SMALLEST, "--replications", 3, "--out", "still", cwd=folder)
    assert still.returncode == 0
    assert "alliance explain" not in still.stdout
    done = alliance_here("explain", "still", *ASKED, cwd=folder)
    assert done.returncode == 2
    assert "nobody decides anything in this run" in done.stderr
