"""What `alliance show` says of limits: what each can gain or lose beyond the cost reimbursed."""

from __future__ import annotations

import pytest

from simulator.report.show_text import show_text
from simulator.scenario.build import build_signed
from simulator.scenario.yaml_text import read_yaml
from tests.docs.test_docs import scenario_with

SIGNED = """
title: Hubs
starts: 2026-04-01
years: 3
commissioners:
  council: {name: Council, funds: 60%}
  nhs: {name: NHS, funds: 40%}
providers:
  north: {name: North}
  south: {name: South}
contracts:
"""
ALLIANCE = """
  alliance:
    form: alliance
    target: £400,000 a year
    council_share: 50%
    cap: 5%
    fee: 1%
    split: {north: 75%, south: 25%}
"""


def shown(contracts: str, with_world: bool) -> str:
    scenario = (
        scenario_with(f"contracts:\n{contracts}baseline: alliance\n")
        if with_world
        else build_signed(read_yaml(SIGNED + contracts, "hubs.yaml"))
    )
    return " ".join(show_text(scenario).split())


@pytest.mark.parametrize(
    ("with_world", "row"),
    [
        # the fee of 4,000, and 5% of 400,000 more or less: by hand, -16,000 to 24,000
        (False, "Council −£9,600 no limit −£9,600 £14,400"),
        (False, "NHS −£6,400 no limit −£6,400 £9,600"),
        (False, "North −£12,000 no limit −£12,000 £18,000"),
        (True, "Council −£16,000 no limit −£16,000 £24,000"),
    ],
)
def test_limits_beyond_the_cost_reimbursed_are_said_of_every_party(
    with_world: bool, row: str
) -> None:
    text = shown(ALLIANCE, with_world)
    assert "Pays at least Pays at most Beyond cost, at least Beyond cost, at most" in text
    assert row in text
    assert "At worst and at best: its largest loss and gain by rule." in text


@pytest.mark.parametrize("with_world", [False, True])
def test_without_a_cost_reimbursed_there_is_nothing_beyond_it(with_world: bool) -> None:
    text = shown("  alliance: {form: block, amount: £9 a year, split: equal}\n", with_world)
    assert "Beyond cost" not in text
    assert ("At worst" in text) == with_world
