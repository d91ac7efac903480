"""Every ready-made form is read, and whatever stands in the place of a value is read or refused."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import jsonschema
import pytest

from simulator._errors import AllianceError
from simulator.contract.contract import FORMS
from simulator.scenario.build import build
from simulator.scenario.json_schema import schema_text
from simulator.scenario.yaml_text import Document, read_yaml
from tests.scenario.test_build import VALUES, paths, put

DOCUMENT = read_yaml(
    (Path(__file__).parent / "every_form.yaml").read_text(encoding="utf-8"), "every_form.yaml"
)


def test_no_mistake_in_every_form() -> None:
    scenario = build(DOCUMENT)
    forms = {
        getattr(term, "form", "")
        for contract in scenario.contracts.values()
        for term in contract.terms
    }
    jsonschema.validate(DOCUMENT.tree, json.loads(schema_text()))
    assert set(FORMS) - forms == {"block", "unit price", "kpi deductions", "alliance"}


@pytest.mark.parametrize("name", DOCUMENT.tree["contracts"])
def test_any_value_in_any_place_of_a_form_is_read_or_refused(name: str) -> None:
    alone = copy.deepcopy(DOCUMENT.tree)
    alone |= {"contracts": {name: alone["contracts"][name]}, "baseline": name}
    unforeseen = []
    for path in paths(alone["contracts"]):
        for value in VALUES:
            tree = copy.deepcopy(alone)
            put(tree["contracts"], path, copy.deepcopy(value))
            try:
                build(Document(tree, DOCUMENT.values, DOCUMENT.keys))
            except AllianceError:
                pass
            except Exception as error:  # what this test is about
                what = f"{type(error).__name__}: {error}"
                unforeseen.append(f"{'.'.join(map(str, path))}: {value!r:.20}: {what}")
    assert unforeseen == []
