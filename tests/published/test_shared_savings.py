"""1,030 published settlements of shared savings, from contracts in YAML, in one call.

Source: public-use files of the Centers for Medicare & Medicaid Services for the performance years
2018 and 2022 (US government, public domain), in tests/data.
"""

from __future__ import annotations

import csv
from functools import cache

import numpy as np
import pytest

from benchmarks.settlement import FIGURES
from simulator.contract.statement import Array
from simulator.scenario.signed import ContractFile
from simulator.study.files import load_signed
from simulator.study.portfolio import Payments, settle
from tests.conftest import ROOT

UNKNOWN_REVENUE = ("2022", "A1070")  # its loss was limited by its revenue, which is not published


@cache
def published() -> list[dict[str, str]]:
    file = ROOT / "tests" / "data" / "mssp-settlements-2018-2022.csv"
    with file.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def settled(rows: list[dict[str, str]]) -> Payments:
    signed = load_signed(ROOT / "scenarios" / "shared-savings.yaml")
    assert isinstance(signed, ContractFile)
    columns = {name: [float(row[column]) for row in rows] for name, column in FIGURES.items()}
    return settle(signed, columns, [row["track"] for row in rows])


def test_all_settlements_but_one_are_those_published() -> None:
    rows = published()
    assert len(rows) == 1_030
    earned = np.array([float(row["earned"]) for row in rows])
    paid = settled(rows)
    far = np.abs(paid.of("group") - earned) > np.maximum(1.0, 0.001 * np.abs(earned))
    wrong = [(row["year"], row["aco"]) for row, is_far in zip(rows, far, strict=True) if is_far]
    assert wrong == [UNKNOWN_REVENUE]
    np.testing.assert_allclose(paid.received.sum(axis=1), 0.0, atol=1e-6)


def one(**changes: float | str) -> Array:
    """Settle a made-up group of track E with 10,000 lives and $100 million."""
    row = {
        "track": "E",
        "year": 2022,
        "n": 10_000,
        "bench": 100e6,
        "exp": 94e6,
        "msr": 0.02,
        "q": 0.9,
        "met_qps": 1,
        "met_alt": 0,
        "dis": 0,
    }
    return settled([{key: str(value) for key, value in (row | changes).items()}]).of("group")


@pytest.mark.parametrize(
    ("changes", "earned"),
    [
        ({}, 0.98 * 0.5 * 6e6),
        ({"exp": 98e6}, 0.98 * 0.5 * 2e6),  # exactly at the rate: from the first dollar
        ({"exp": 98e6 + 1}, 0.0),  # a dollar short of it
        ({"exp": 70e6}, 10e6),  # the cap comes after the 2%
        ({"met_qps": 0}, 0.0),
        ({"met_qps": 0, "met_alt": 1}, 0.98 * 0.5 * 0.9 * 6e6),
        ({"year": 2020}, 0.98 * 0.5 * 0.9 * 6e6),  # until 2020 the share slides with quality
        ({"exp": 103e6}, -0.3 * 3e6),
        ({"exp": 120e6}, -4e6),  # limit of 4% of the benchmark
        ({"exp": 120e6, "dis": -1e6}, -3e6),  # the adjustment comes after the limit
        ({"exp": 103e6, "dis": -5e6}, 0.0),  # and never turns a loss into a gain
        ({"track": "A", "exp": 120e6}, 0.0),  # one-sided
        ({"track": "A", "exp": 97e6}, 0.98 * 0.4 * 3e6),  # 10,000 lives: 3.0%
        ({"track": "A", "n": 9_999, "exp": 97.1e6}, 0.0),
        ({"track": "EN", "exp": 103e6}, -0.4 * 3e6),  # 1 - 0.75 x 0.9 is below the floor of 40%
        ({"track": "EN", "exp": 103e6, "q": 0.6}, -0.55 * 3e6),
        ({"track": "EN", "exp": 103e6, "met_qps": 0}, -0.75 * 3e6),
        ({"track": "EN", "exp": 130e6, "met_qps": 0}, -15e6),
    ],
)
def test_the_rules_at_their_turns(changes: dict[str, float | str], earned: float) -> None:
    assert one(**changes)[0] == pytest.approx(earned, abs=0.01)
