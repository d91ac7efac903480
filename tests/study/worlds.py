"""Scenarios whose sweeps are known beforehand."""

from __future__ import annotations

from simulator.scenario.scenario import Scenario
from simulator.scenario.yaml_text import Document, read_yaml
from simulator.study.measures import Measure, default_measures
from simulator.study.points import Recipe
from tests.conftest import SMALLEST, scenario_from

WORLD, _, _ = SMALLEST.read_text(encoding="utf-8").partition("contracts:")

LINEAR = (
    WORLD
    + """
contracts:
  plain: {form: block, amount: {value: £500,000 a year, range: [£480,000 a year, £530,000 a year]}}
  other:
    form: block
    amount:
      value: £470,000 a year
      range: [£460,000 a year, £485,000 a year]
      source: us
      evidence: D
    mobilisation: {value: 0 days, range: [0 days, 30 days]}
baseline: plain
"""
)
"""The council saves five times the difference of two amounts; nothing else has an effect."""

NOISY = (
    WORLD.replace("45%", "{value: 45%, range: [44%, 46%]}")
    .replace("35", "{value: 35, range: [34, 36]}")
    .replace("13 weeks", "{value: 13 weeks, range: [12 weeks, 14 weeks]}")
    .replace("£42,000 a year", "{value: £42,000 a year, range: [£41,300 a year, £42,700 a year]}")
    .replace("1,200 a year", "{value: 1,200 a year, range: [1,150 a year, 1,250 a year]}")
    + """
contracts:
  output: {form: unit price, price: {value: £480, range: [£478, £482]}, per: completed}
  alliance:
    form: alliance
    target: {value: £480,000 a year, range: [£478,000 a year, £483,000 a year]}
    council_share: 50%
    cap: 5%
baseline: output
"""
)
"""Swings of many sizes, some close together; the number of futures decides what can be told."""


def read(text: str) -> tuple[Document, Scenario]:
    """Return a scenario as it is read, and built."""
    return read_yaml(text, "scenario.yaml"), scenario_from(text)


def recipe(text: str, replications: int, seed: int = 1, *measures: Measure) -> Recipe:
    """Return what the points of a scenario share."""
    document, scenario = read(text)
    return Recipe(document, measures or tuple(default_measures(scenario)), replications, seed)
