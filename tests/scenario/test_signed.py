"""Files of contracts without a world."""

from __future__ import annotations

import pytest

from simulator._errors import RunError, ScenarioError
from simulator.scenario.build import build_signed
from simulator.scenario.scenario import Scenario
from simulator.scenario.signed import ContractFile
from simulator.scenario.yaml_text import read_yaml
from simulator.study.replicator import replicate
from tests.conftest import scenario_from

TEXT = """\
title: No world
starts: 2026-04-01
years: 1
council: {name: Council}
providers: {north: {name: North}, south: {name: South}}
contracts:
  block: {form: block, amount: "£9,000 a year", split: equal}
"""


def test_a_file_without_services_is_a_contract_file(smallest_text: str) -> None:
    found = build_signed(read_yaml(TEXT, "bare.yaml"))
    assert isinstance(found, ContractFile)
    assert found.signatories.services == ("all",)
    assert found.signatories.name("north") == "North"
    assert isinstance(build_signed(read_yaml(smallest_text, "town.yaml")), Scenario)


def test_its_splits_need_no_caseworkers() -> None:
    text = TEXT.replace(", split: equal", "")
    with pytest.raises(ScenarioError, match="split by caseworkers, in a file that has none"):
        build_signed(read_yaml(text, "bare.yaml"))


def test_its_mistakes_have_lines() -> None:
    with pytest.raises(ScenarioError, match=r"bare\.yaml:7:56: .*found 'equall'"):
        build_signed(read_yaml(TEXT.replace("equal", "equall"), "bare.yaml"))


def test_what_only_actuals_give_is_not_simulated(smallest_text: str) -> None:
    form = "{form: unit price, price: £480, per: completed}"
    bonus = "{name: Bonus, measure: quality, bands: [{rate: £9}], split: equal}"
    contract = f"{{data: {{quality: {{highest: 1, over_time: latest}}}}, terms: [{bonus}]}}"
    text = smallest_text.replace(form, contract)
    with pytest.raises(RunError, match=r"counts quality.*add 'expected' to output\.data\.quality"):
        replicate(scenario_from(text), 1, seed=1)
    expected = text.replace("latest}", "latest, expected: 0.5}")
    outcomes = replicate(scenario_from(expected), 1, seed=1)
    assert outcomes is not None
