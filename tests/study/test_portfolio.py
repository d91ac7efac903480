"""Many settlements at once are what each is alone; nothing missing counts as nought."""

from __future__ import annotations

import math

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


EACH: dict[str, list[float]] = {
    f"completed.{provider}.{service}": [1]
    for provider in ("north", "south")
    for service in ("support", "advice")
}


@pytest.fixture(scope="module")
def signed() -> ContractFile:
    found = build_signed(read_yaml(TEXT, "two.yaml"))
    assert isinstance(found, ContractFile)
    return found


def test_each_row_is_settled_under_its_own_contract(signed: ContractFile) -> None:
    rows: dict[str, list[float]] = {
        "completed.north.advice": [1, 2, 3],
        "completed.south.advice": [10, 20, 30],
        "completed.north.support": [0, 0, 1],
        "completed.south.support": [0, 5, 0],
        "quality": [0.5, 1.0, 0.0],
    }
    paid = settle(signed, rows, ["Low price", "high", "low"])
    assert paid.parties == ("council", "north", "south")
    np.testing.assert_array_equal(paid.of("north"), [10, 60, 40])
    np.testing.assert_array_equal(paid.of("south"), [100, 600, 300])
    np.testing.assert_array_equal(paid.received.sum(axis=1), 0)
    np.testing.assert_array_equal(paid.by_term["low"]["Work"][:, 1], [10, 40])


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
        (
            {"completed.north": [1], "completed.south.advice": [1]},
            "low",
            r"no column 'completed\.south\.support'",
        ),
        (
            {"completed.north": [1], "completed.south": [1], "quality": [1]},
            "high",
            r"one for each service; write completed\.north\.support",
        ),
        (
            {"completed.north.advice": [1], "completed.south.advice": [1], "quality": [1]},
            "high",
            r"no column 'completed\.north\.support'",
        ),
        (EACH, "high", "no column 'quality'"),
        (
            EACH | {"completed.north": [1]},
            "low",
            r"'completed\.north\.support' and 'completed\.north', which give the same figure twice",
        ),
        (EACH | {"completed.advice.north": [1]}, "low", "the same figure twice"),
        (EACH | {"completed.north.south": [1]}, "low", "found 'south'"),
    ],
)
def test_what_does_not_fit_is_told(
    signed: ContractFile, rows: dict[str, list[int]], contract: str | None, told: str
) -> None:
    with pytest.raises(UsageError, match=told):
        settle(signed, rows, contract)


@pytest.mark.parametrize(
    ("column", "value", "told"),
    [
        ("completed.south", math.nan, "missing is never nought"),
        ("completed.south", None, "missing is never nought"),
        ("completed.south", math.inf, "a finite number"),
        ("completed.south", -1, "'completed' is at least 0"),
        ("completed.south", "lots", "a finite number"),
        ("quality", 1.5, "'quality' is from 0 to 1"),
        ("quality", -0.5, "'quality' is from 0 to 1"),
    ],
)
def test_figures_outside_their_limits_are_refused(
    signed: ContractFile, column: str, value: object, told: str
) -> None:
    """The row is told as it stands in the whole table, whichever contract it is under."""
    name = f"{column}.advice" if column.startswith("completed") else column
    rows = {key: [1, 1, 1] for key in (*EACH, "quality")} | {name: [1, 1, value]}
    with pytest.raises(UsageError, match=f"found {value} in the column '{name}', row 3; .*{told}"):
        settle(signed, rows, ["low", "high", "high"])


def test_what_another_contract_counts_may_be_left_empty(signed: ContractFile) -> None:
    rows: dict[str, list[float]] = {key: [1, 1] for key in EACH}
    rows |= {"quality": [math.nan, 1]}
    np.testing.assert_array_equal(settle(signed, rows, ["low", "high"]).of("north"), [20, 30])


def test_terms_of_one_name_are_all_kept() -> None:
    """Forms that are used twice bring the same names."""
    grant = "{form: grant, amount: £100 a year, split: equal}"
    text = f"{TEXT}  grants:\n    terms: [{grant}, {grant.replace('100', '300')}]\n"
    twice = build_signed(read_yaml(text, "two.yaml"))
    paid = settle(twice, {"completed.north": [1], "completed.south": [1]}, "grants")
    first, second = paid.by_term["grants"]
    assert second == f"{first} (2)"
    assert [each[0, 1] for each in paid.by_term["grants"].values()] == [50, 150]
    np.testing.assert_array_equal(paid.of("north"), [200])
