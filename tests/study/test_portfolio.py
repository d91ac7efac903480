"""Many settlements at once are what each is alone; nothing missing counts as nought."""

from __future__ import annotations

import numpy as np
import pytest

from simulator._errors import UsageError
from simulator.scenario.build import build_signed
from simulator.scenario.signed import ContractFile
from simulator.scenario.yaml_text import read_yaml
from simulator.study.portfolio import settle

TEXT = """\
title: Two prices
starts: 2026-04-01
years: 1
council: {name: Council}
providers: {north: {name: North}, south: {name: South}}
services: [support, advice]
contracts:
  low:
    title: Low price
    terms: [{name: Work, measure: completed, bands: [{rate: £10}]}]
  high:
    data: {quality: {over_time: latest, highest: 1}}
    terms:
      - {name: Work, measure: completed.advice, bands: [{rate: £30}], times: quality}
"""


@pytest.fixture(scope="module")
def signed() -> ContractFile:
    found = build_signed(read_yaml(TEXT, "two.yaml"))
    assert isinstance(found, ContractFile)
    return found


def test_each_row_is_settled_under_its_own_contract(signed: ContractFile) -> None:
    rows = {
        "completed.north.advice": [1, 2, 3],
        "completed.south.advice": [10, 20, 30],
        "quality": [0.5, 1.0, 0.0],
    }
    paid = settle(signed, rows, ["Low price", "high", "low"])
    assert paid.parties == ("council", "north", "south")
    np.testing.assert_array_equal(paid.of("north"), [10, 60, 30])
    np.testing.assert_array_equal(paid.of("south"), [100, 600, 300])
    np.testing.assert_array_equal(paid.received.sum(axis=1), 0)
    np.testing.assert_array_equal(paid.by_term["low"]["Work"][:, 1], [10, 30])


@pytest.mark.parametrize(
    ("rows", "contract", "told"),
    [
        ({"completed.north": [1], "completed.south": [1]}, None, "found 2 contracts"),
        ({"completed.north": [1], "completed.south": [1]}, "hihg", "did you mean 'high'"),
        ({"completed.north": [1]}, "low", "missing is never nought"),
        ({"completed": [1]}, "low", "write completed.north"),
        ({"completed.north": [1], "complete.south": [1]}, "low", "did you mean 'completed'"),
        ({"completed.north": [1], "completed.soth": [1]}, "low", "found 'soth'"),
        ({"completed.north": [1], "completed.south": [1, 2]}, "low", "columns of 1, 2 rows"),
        ({"completed.north": [1, 1], "completed.south": [1, 2]}, ["low"], "1 names"),
    ],
)
def test_what_does_not_fit_is_told(
    signed: ContractFile, rows: dict[str, list[int]], contract: str | None, told: str
) -> None:
    with pytest.raises(UsageError, match=told):
        settle(signed, rows, contract)
