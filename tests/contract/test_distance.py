"""Payments for a distance from a standard read as clauses of contracts do."""

from __future__ import annotations

import pytest

from simulator.contract.contract import Contract
from simulator.contract.wording import sentence
from tests.contract.test_agreement import TWO

GOOD, WAIT = "good_outcomes / completed", "wait_days / started"


@pytest.mark.parametrize(
    ("measure", "below", "above", "expected"),
    [
        (f"0.9 - {GOOD}", 0, 0.5, "0.5% for each percentage point by which {good} is below 90%"),
        (f"{GOOD} - 0.9", 0.5, 0, "minus 0.5% for each percentage point by which {good} is below"),
        (f"1.0 - {GOOD}", 0, 0.2, "0.2% for each percentage point by which {good} is below 100%"),
        (f"0.9 - {GOOD}", 0, 100 / 7, "100% for each 7 percentage points by which {good} is"),
        (f"0.9 - {GOOD}", 0, "1428.57%", "100% for each 7 percentage points by which {good} is"),
        (f"0.9 - {GOOD}", 0, "£1,000", "£10 for each percentage point by which {good} is below"),
        (f"{WAIT} - 28", 0, "£10", "£10 for each day by which {wait} is above 28 days"),
        (f"{WAIT} - 28", 0, 0.01 / 7, "1% for each 7 days by which {wait} is above 28 days"),
        (f"{WAIT} - 1", 0, 0.0123, "1.23% for each day by which {wait} is above 1 day"),
        (f"{WAIT} - 28", 0, 0.01 / 700, "0.001429% for each day by which {wait} is above 28"),
        ("dropped_out - 7", 0, 0.02, "2% for each one by which people who drop out is above 7"),
        ("turned_away / referred - 0.05", 0, 0.5, "0.5% for each percentage point by which {away}"),
        ("500 - completed", 0, "£480", "£480 for each person who completes below 500"),
        ("completed / years - 500", 0, "£9", "£9 for each person who completes above 500 a year"),
        ("cost - 480000", 0, "50%", "50% of what cost is above 480,000"),
        (f"0.9 - {GOOD}", 0, "£1,234.56", "£12.3456 for each percentage point by which {good}"),
        (f"{WAIT} - 28", 0, "£0.001", "£0.001 for each day by which {wait} is above 28 days"),
        ("cost / completed - 1000", 0, "50%", "50% of what {unit_cost} is above 1,000"),
        ("completed - 0.5", 0, "£10", "£10 for each person who completes above 0.5"),
        ("cost / completed - 1", 0, "£2", "£2 for each one by which {unit_cost} is above 1"),
        (GOOD, 12.5, 0, "12.5 times ({good}) up to 0"),
    ],
)
def test_a_distance_from_a_standard_is_said_as_clauses_say_it(
    measure: str, below: object, above: object, expected: str
) -> None:
    bands = [{"up_to": 0, "rate": below}, {"rate": above}]
    term = {"name": "Standard", "measure": measure, "bands": bands}
    agreement = Contract.model_validate({"terms": [term]}).agree("said", TWO)
    said = sentence(agreement.terms[0], agreement)
    names = {
        "good": "good outcomes per person who completes",
        "wait": "days waited per person who starts",
        "unit_cost": "cost per person who completes",
        "away": "people turned away per person referred",
    }
    assert expected.format(**names) in said
