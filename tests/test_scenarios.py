"""The scenarios that are shipped: they load, they are sourced, and neutral ones are neutral."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
from jsonschema.validators import validator_for

from simulator.scenario.evidence import defaults_taken, numbers_with_evidence
from simulator.scenario.json_schema import schema_text
from simulator.study.files import load, load_signed, read_documents
from simulator.study.replicator import replicate
from simulator.study.summary import compare
from tests.conftest import FULL, ROOT

SCENARIOS = sorted((ROOT / "scenarios").glob("*.yaml"))
TEMPLATES = sorted((ROOT / "simulator" / "scenario" / "templates").glob("*.yaml"))


@pytest.fixture(scope="module")
def schema() -> Any:
    """Return what holds a tree against the schema; the schema is checked once: it takes longest."""
    text = json.loads(schema_text())
    kind = validator_for(text)
    kind.check_schema(text)
    return kind(text)


@pytest.mark.parametrize("path", [*SCENARIOS, *TEMPLATES], ids=lambda path: path.name)
def test_a_shipped_scenario_is_valid_and_fits_its_schema(schema: Any, path: Path) -> None:
    load_signed(path)
    schema.validate(read_documents(path).tree)


def test_the_schema_file_has_not_drifted() -> None:
    found = (ROOT / "scenarios" / "scenario.schema.json").read_text(encoding="utf-8")
    assert schema_text() == found, (
        "write it again: alliance schema > scenarios/scenario.schema.json"
    )


@pytest.mark.parametrize(
    "change",
    [
        {"yeers": 5},
        {"starts": 5},
        {
            "contracts": {
                "output": {"form": "unit price", "price": "£480", "per": "completed", "cap": 1}
            }
        },
        {"contracts": {"output": {"form": "unit price", "per": "completed"}}},
        {"council": None},
    ],
)
def test_the_schema_refuses_mistakes(schema: Any, change: dict[str, object]) -> None:
    tree = read_documents(TEMPLATES[-1]).tree | change
    with pytest.raises(jsonschema.ValidationError):
        schema.validate(tree)


def test_the_smallest_scenario_is_the_one_in_the_manual() -> None:
    manual = (ROOT / "docs" / "scenario-format.md").read_text(encoding="utf-8")
    text = (ROOT / "simulator" / "scenario" / "templates" / "smallest.yaml").read_text(
        encoding="utf-8"
    )
    assert text.strip() in manual


def test_every_number_of_staying_well_says_where_it_comes_from() -> None:
    numbers = numbers_with_evidence(load(ROOT / "scenarios" / "staying-well.yaml"))
    assert len(numbers) > 100
    assert [
        n.path
        for n in numbers
        if n.evidence is None or not n.evidence.source or not n.evidence.grade
    ] == []


def test_the_smallest_scenario_lists_its_defaults_with_their_provenance() -> None:
    rows = {row.path: row for row in defaults_taken(load(TEMPLATES[-1]))}
    assert rows["providers.north.overheads"].value == "30%"
    assert "grade" in rows["providers.north.overheads"].provenance
    assert rows["services.support.drop_out"].value == "2% a week"
    assert rows["contracts.alliance.split"].value == "by caseworkers"
    assert all(row.provenance for row in rows.values())


def test_contracts_that_say_the_same_pay_the_same() -> None:
    scenario = load(ROOT / "scenarios" / "neutral.yaml")
    study = replicate(scenario, 100 if FULL else 8, seed=1)
    base = study.outcomes[scenario.baseline]
    for name, outcomes in study.outcomes.items():
        np.testing.assert_array_equal(base.net, outcomes.net)
        np.testing.assert_array_equal(base.lowest_cash, outcomes.lowest_cash, err_msg=name)
    for comparison in compare(study).values():
        summary = comparison.net_position
        assert (
            summary.mean,
            summary.p05,
            summary.p50,
            summary.p95,
            summary.mc_error,
        ) == (0, 0, 0, 0, 0)
        assert (comparison.p_costs_less, comparison.p_costs_same) == (0, 1)
