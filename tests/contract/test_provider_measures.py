"""What the language of contracts can say beside bands: one provider, volumes, several terms."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from simulator.contract.contract import Contract
from simulator.contract.expression import parse
from tests.contract.forms.test_forms_settled import agreed, happened, paid


def test_only_counts_one_provider() -> None:
    measure = parse("only(south, completed) * 2 - only(north, completed)")
    assert measure.is_pooled({})
    assert measure.names() == {"only.south", "only.north", "completed"}
    values = {"completed": [5.0, 3.0], "only.north": [1.0, 0.0], "only.south": [0.0, 1.0]}
    assert measure.evaluate(lambda name: np.array(values[name])) == pytest.approx([1.0])


def test_nothing_to_measure_elsewhere_does_not_spoil_one_provider() -> None:
    contract = {
        "terms": [
            {
                "name": "Reward",
                "measure": "only(north, good_outcomes / completed)",
                "bands": [{"rate": "£100"}],
                "to": "north",
            }
        ]
    }
    assert paid(contract, completed=(10, 0), good_outcomes=(5, 0))[2:] == [50, 0]


def test_only_adds_up_over_time_and_has_bounds() -> None:
    measure = parse("only(south, completed)")
    assert measure.is_linear(lambda name: name == "completed")
    ends = {
        "only.south": (np.array([0.0, 1.0]), np.array([0.0, 1.0])),
        "completed": (np.array([0.0, 2.0]), np.array([9.0, 7.0])),
    }
    assert measure.bounds(ends.__getitem__) == (2.0, 7.0)


@pytest.mark.parametrize("text", ["only(completed)", "only(2, completed)", "only('a', completed)"])
def test_only_needs_the_name_of_a_provider(text: str) -> None:
    with pytest.raises(Exception, match="found"):
        parse(text)


CAPPED: dict[str, Any] = {
    "amounts": {"most": "£100 a year"},
    "terms": [
        {"name": "Starts", "key": "starts", "measure": "started", "bands": [{"rate": "£10"}]},
        {"name": "Ends", "key": "ends", "measure": "completed", "bands": [{"rate": "£10"}]},
        {"name": "Apart", "key": "apart", "measure": "referred", "bands": [{"rate": "£1"}]},
        {
            "name": "Cap",
            "measure": "total(payments.starts + payments.ends)",
            "at_most": "most",
            "instead_of": ["starts", "ends"],
            "split": {"by": "payments.starts + payments.ends"},
        },
    ],
}


def test_several_terms_are_replaced_at_once() -> None:
    columns = {"started": (12, 0), "completed": (0, 8), "referred": (7, 7)}
    assert paid(CAPPED, **columns)[2:] == [60 + 7, 40 + 7]
    assert paid(CAPPED, started=(6, 0), completed=(0, 4))[2:] == [60, 40]
    assert paid(CAPPED, started=(5, 0), completed=(0, 4))[2:] == [50, 40]


def test_nothing_replaces_no_term() -> None:
    terms = [*CAPPED["terms"][:3], CAPPED["terms"][3] | {"instead_of": []}]
    with pytest.raises(ValidationError):
        Contract.model_validate(CAPPED | {"terms": terms})


def test_a_volume_counts_for_the_window_and_does_not_rise() -> None:
    contract = {
        "amounts": {"planned": {"north": "120 a year", "south": "10 a month"}},
        "terms": [
            {
                "name": "Beyond the plan",
                "measure": "max(completed - planned, 0)",
                "bands": [{"rate": "£10"}],
            }
        ],
        "uplift": "5% a year",
    }
    agreement = agreed(contract)
    quarter = agreement.settle(happened(0.25, completed=(31, 30)))
    assert quarter[0, 2:4] == pytest.approx([10, 0])
    working = agreement.working(happened(0.25))
    assert working.look_up("planned") == pytest.approx([30, 30])
