"""Kinks and cliffs are told where payments turn and jump."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.contract.contract import Contract
from simulator.contract.shape import turns
from tests.contract.test_agreement import TWO


def told(*terms: dict[str, Any], **keys: Any) -> list[str]:
    contract = Contract.model_validate({"terms": list(terms), **keys})
    return [f"{turn.kind}: {turn.where}: {turn.what}" for turn in turns(contract.agree("c", TWO))]


WORK = {"name": "Work", "measure": "completed"}


@pytest.mark.parametrize(
    ("curve", "expected"),
    [
        ({"bands": [{"rate": "£480"}]}, []),
        (
            {"bands": [{"up_to": 500, "rate": "£480"}, {"rate": "£336"}]},
            ["kink: Work: where people who complete is 500: from £480 to £336 for the next unit"],
        ),
        (
            {"steps": [{"below": 10, "value": "£0"}, {"value": "£900"}]},
            ["cliff: Work: where people who complete is 10: from £0 to £900"],
        ),
        (
            {"dead_band": {"up_to": 20, "counts": "from the first"}},
            ["cliff: Work: where people who complete is 20: all of it counts at once"],
        ),
        (
            {"dead_band": {"up_to": 20, "counts": "only beyond"}},
            ["kink: Work: where people who complete is 20: what is beyond begins to count"],
        ),
        (
            {
                "measure": "0.9 - good_outcomes / completed",
                "bands": [{"up_to": 0, "rate": 0}, {"rate": 0.5}],
            },
            [
                "kink: Work: where good outcomes per person who completes is 90%: from nothing to "
                "0.5% for each percentage point"
            ],
        ),
        (
            {
                "measure": "wait_days / started - 28",
                "bands": [{"up_to": 0, "rate": "-£10"}, {"rate": 0}],
            },
            [
                "kink: Work: where days waited per person who starts is 28 days: from minus £10 "
                "for each day to nothing"
            ],
        ),
        (
            {"measure": "cost - 5000", "bands": [{"up_to": 0, "rate": 0}, {"rate": "50%"}]},
            ["kink: Work: where cost is 5,000: from 0% to 50% for the next unit"],
        ),
        ({"at_most": 70}, ["kink: Work: nothing changes any more above 70"]),
        (
            {"times": "2 if good_outcomes >= 5 else 1"},
            ["cliff: Work: where good outcomes passes 5"],
        ),
        ({"times": "min(started, 9)"}, ["kink: Work: where people who start and 9 are equal"]),
    ],
)
def test_each_shape_has_its_turns(curve: dict[str, Any], expected: list[str]) -> None:
    assert told(WORK | curve) == expected


def test_measures_that_no_payment_uses_have_none() -> None:
    measures = {
        "idle": {"measure": "cost", "at_most": 5},
        "used": {"measure": "cost", "at_most": 7},
    }
    found = told({"name": "Work", "measure": "used"}, measures=measures)
    assert found == ["kink: 'used': nothing changes any more above 7"]
