"""The closed forms of behaviour, by the review that parties decide by."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from typer.testing import CliRunner

from simulator._errors import CheckFailed
from simulator.cli.app import app
from simulator.study.closed_forms import Check, all_checks, alliance_lead, chi_star
from tests.conftest import ROOT


@pytest.fixture(scope="module")
def checks() -> list[Check]:
    """Return every closed form: it takes seconds, which collecting tests should not."""
    return list(all_checks())


def test_theory_comes_out(checks: list[Check]) -> None:
    wrong = [
        f"{check.subject}: {check.what} is {check.obtained}, by theory {check.expected}"
        for check in checks
        if check.obtained != pytest.approx(check.expected, abs=check.within)
    ]
    assert checks
    assert wrong == []


@pytest.mark.parametrize(
    ("providers", "noise", "closed", "printed"),
    [
        (2, (0.5, 0.5), (0.0, 0.0), 0.06),
        (2, (0.5, 0.5), (0.5, 0.5), 0.11),
        (2, (0.5, 0.5), (0.0, 0.5), -0.16),
        (3, (0.5, 0.5), (0.0, 0.0), 0.30),
        (3, (0.5, 0.5), (0.25, 0.25), 0.13),
        (3, (0.5, 0.5), (0.0, 0.5), -0.19),
        (3, (2.0, 2.0), (0.25, 0.25), 0.11),
        (3, (2.0, 2.0), (0.5, 0.5), 0.80),
        (3, (2.0, 2.0), (0.0, 0.5), -0.37),
    ],
)
def test_the_boundary_of_the_map(
    providers: int, noise: tuple[float, float], closed: tuple[float, float], printed: float
) -> None:
    edge = chi_star(providers, noise, closed)
    assert edge == pytest.approx(printed, abs=0.006)
    if edge > 0.02:
        assert alliance_lead(edge - 0.02, providers, noise, closed) < 0
        assert alliance_lead(edge, providers, noise, closed) == pytest.approx(0, abs=1e-9)
        assert alliance_lead(edge + 0.02, providers, noise, closed) > 0
    else:
        assert alliance_lead(0.02, providers, noise, closed) > 0


@pytest.mark.parametrize("closed", [(0.0, 0.0), (0.3, 0.1), (0.5, 0.5)])
@pytest.mark.parametrize("providers", [2, 4])
def test_the_map_holds_away_from_its_printed_rows(
    providers: int, closed: tuple[float, float]
) -> None:
    noise = (1.3, 0.7)
    edge = chi_star(providers, noise, closed)
    if edge > 0:
        assert alliance_lead(edge, providers, noise, closed) == pytest.approx(0, abs=1e-9)


def test_the_command_says_what_agrees_and_writes_the_page(
    checks: list[Check], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = tmp_path / "validation.md"
    found = CliRunner().invoke(app, ["selfcheck", "--page", str(page)])
    assert found.exit_code == 0
    assert f"{len(checks)} of {len(checks)} figures agree." in found.stdout
    written = (ROOT / "docs" / "validation.md").read_text(encoding="utf-8")
    assert page.read_text(encoding="utf-8") == written, "run alliance selfcheck --page"
    monkeypatch.setattr("simulator.cli.selfcheck.all_checks", lambda: iter(checks))
    document = json.loads(CliRunner().invoke(app, ["selfcheck", "--json"]).stdout)
    assert document["holds"]
    assert len(document["checks"]) == len(checks)


@pytest.mark.parametrize("obtained", [1.0 + 2e-6, math.nan])
def test_the_command_fails_where_theory_does_not_come_out(
    obtained: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = Check("Subject", "figure", 1.0, obtained)
    monkeypatch.setattr("simulator.cli.selfcheck.all_checks", lambda: iter([wrong]))
    found = CliRunner().invoke(app, ["selfcheck"])
    assert isinstance(found.exception, CheckFailed)
    assert "1 figure does not agree with theory, the first: figure" in str(found.exception)
