"""Settlement cases in YAML: a contract, figures, and what they must come to, to the penny."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pytest

from simulator._kinds import take_apart
from simulator.contract.live.actuals import COLUMNS_OF_ACTUALS, read_actuals
from simulator.contract.live.ledger import Entry, balances
from simulator.contract.live.pence import to_pence
from simulator.scenario.build import build_signed
from simulator.scenario.yaml_text import Document, read_yaml
from simulator.study.live import LiveContract
from tests.conftest import ROOT

CASES = sorted((ROOT / "tests" / "cases").glob("*.yaml"))
KEYS = {"case", "source", "contract", "actuals", "expected"}


def contract_of(document: Document) -> LiveContract:
    def inside(places: dict[Any, Any]) -> dict[Any, Any]:
        return {path[1:]: place for path, place in places.items() if path[:1] == ("contract",)}

    part = Document(document.tree["contract"], inside(document.values), inside(document.keys))
    return LiveContract.of(build_signed(part), None)


def as_csv(rows: list[dict[str, Any]]) -> str:
    page = io.StringIO()
    writer = csv.DictWriter(page, list(COLUMNS_OF_ACTUALS))
    writer.writeheader()
    writer.writerows(rows)
    return page.getvalue()


def pence(written: str) -> int:
    parts = take_apart(written)
    assert parts is not None, written
    return to_pence(parts.value)


@pytest.mark.parametrize("file", CASES, ids=lambda file: file.stem)
def test_a_case_comes_to_what_it_says(file: Path) -> None:
    document = read_yaml(file.read_text(encoding="utf-8"), file.name)
    case = document.tree
    assert set(case) == KEYS, f"{file.name} has the keys {sorted(case)}"
    assert case["expected"], f"{file.name} expects nothing"
    live = contract_of(document)
    text = as_csv(case["actuals"])
    timetable = live.signed.timetable
    actuals = read_actuals(text, "actuals", live.agreement, timetable, live.needs)
    settled: dict[str, list[Entry]] = {"all": []}
    told = dict.fromkeys(actual.period for actual in actuals)
    for name in told:
        until = live.period(name)
        figures = live.figures(actuals, {}, until, "actuals")
        entries = live.settle(figures, until).entries
        settled[name] = entries[len(settled["all"]) :]
        settled["all"] = entries
    parties = (*live.signed.commissioners, *live.signed.signatories.providers)
    for row in case["expected"]:
        expected = dict(row)
        found = settled[expected.pop("period")]
        term = expected.pop("term", None)
        if term is not None:
            assert term in {each.name for each in live.agreement.terms}, f"no term '{term}'"
            found = [entry for entry in found if entry.term == term]
        received = balances(found)
        assert sum(received.values()) == 0
        for party, amount in expected.items():
            assert party in parties, f"no party '{party}'"
            assert received.get(party, 0) == pence(amount), f"{row}: {party}"
