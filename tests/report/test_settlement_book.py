"""Explanations add up to the penny, and the workbook's formulas come to the same pennies."""

from __future__ import annotations

import io
import random
import warnings
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.contract.live.facts import Fact
from simulator.contract.live.ledger import balances
from simulator.contract.live.statements import Figures, Known
from simulator.report.explanation import explain
from simulator.report.settlement_book import settlement_book
from simulator.report.workbook import Cover
from simulator.scenario.signed import ContractFile
from simulator.study.live import LiveContract
from tests.contract.live.test_sheet import WRITTEN_OUT
from tests.contract.live_contracts import SEEDS

QUARTERLY = {
    "form": "alliance",
    "target": "£480,000 a year",
    "council_share": "50%",
    "cap": "5%",
    "split": "equal",
}


def live_contract(contract: dict[str, Any], payers: int = 1) -> LiveContract:
    funds = [{"funds": f"{100 / payers}%"} for _ in range(payers)] if payers > 1 else [{}]
    names = ["payer", "other"][:payers]
    signed = ContractFile.model_validate(
        {
            "title": "A contract",
            "starts": "2026-04-01",
            "years": 2,
            "commissioners": dict(zip(names, funds, strict=True)),
            "providers": {"a": {"name": "Able"}, "b": {"name": "Best"}},
            "services": ["x", "y"],
            "contracts": {"one": contract},
        }
    )
    return LiveContract.of(signed, None)


def figures_for(live: LiveContract, periods: list[str], seed: int) -> Figures:
    made = random.Random(seed)
    return {
        name: {
            Fact(need.measure, need.party, need.service): Known(
                round(made.random(), 3)
                if need.measure in live.agreement.data
                else float(made.randrange(0, 60_000)) / 3,
                False,
                f"made.csv, row {row + 2}",
            )
            for row, need in enumerate(live.needs)
        }
        for name in periods
    }


EVERYTHING = live_contract(WRITTEN_OUT, payers=2)
TERMS = {term.name for term in EVERYTHING.agreement.terms}


@given(SEEDS, st.integers(1, 13), st.integers(0, 3), st.sampled_from(["a", "b", "payer", "other"]))
@settings(max_examples=25)
def test_an_explanation_adds_up_to_the_figure(
    seed: int, months: int, more: int, party: str
) -> None:
    until = EVERYTHING.signed.timetable.months[months - 1]
    since = EVERYTHING.signed.timetable.months[max(0, months - 1 - more)].first
    names = EVERYTHING.names_until(until)
    figures = figures_for(EVERYTHING, names, seed)
    settlement = EVERYTHING.settle(figures, until)
    earlier = len([entry for entry in settlement.entries if entry.date < since])
    entries = settlement.entries[earlier:]
    found = explain(EVERYTHING, settlement, entries, figures, party, lambda name: "line 1")
    assert found.pence == balances(entries).get(party, 0)
    assert found.pence == sum(section.pence for section in found.sections)
    numbers = [line.number for section in found.sections for line in section.lines]
    assert numbers == list(range(1, len(numbers) + 1))
    assert found.check.endswith("together £0.00.")
    for section in found.sections:
        if section.title.split(":")[0] in TERMS:
            assert section.lines[-1].pence == section.pence


def recalculated(content: bytes, file: Path) -> dict[str, Any]:
    """Return the value of every formula of a workbook, worked out by another program."""
    with warnings.catch_warnings(action="ignore"):
        import formulas

        file.write_bytes(content)
        solution = formulas.ExcelModel().loads(str(file)).finish().calculate()
    values = {}
    for key, found in solution.items():
        cells = getattr(found, "value", None)
        if cells is not None and cells.shape == (1, 1):
            values[key.replace("'", "").rpartition("]")[2]] = cells[0, 0]
    return values


@pytest.mark.parametrize(
    ("contract", "payers"), [(WRITTEN_OUT, 2), (WRITTEN_OUT, 1), (QUARTERLY, 2)]
)
def test_the_formulas_come_to_the_same_pennies(
    contract: dict[str, Any], payers: int, tmp_path: Path
) -> None:
    if payers == 1:
        terms = [each for each in contract["terms"] if each["name"] != "Between"]
        contract = contract | {"terms": terms}
    live = live_contract(contract, payers)
    until = live.signed.timetable.periods(live.grain)[3]
    figures = figures_for(live, live.names_until(until), seed=7)
    settlement = live.settle(figures, until)
    cover = Cover("A contract", "Made-up inputs", {"Period": "2026Q4"})
    content = settlement_book(live, settlement, figures, lambda name: "line 1", cover)
    again = settlement_book(live, settlement, figures, lambda name: "line 1", cover)
    assert content == again, "the same bytes each time"
    values = recalculated(content, tmp_path / "book.xlsx")
    live_book = openpyxl.load_workbook(io.BytesIO(content))
    cached = openpyxl.load_workbook(io.BytesIO(content), data_only=True)
    count = agrees = 0
    for sheet in live_book.worksheets:
        for row in sheet.iter_rows():
            for cell in row:
                if not isinstance(cell.value, str) or not cell.value.startswith("="):
                    continue
                count += 1
                found = values[f"{sheet.title.upper()}!{cell.coordinate}"]
                expected = cached[sheet.title][cell.coordinate].value
                if isinstance(expected, str):
                    assert str(found) == expected == "yes", f"{sheet.title} {cell.coordinate}"
                    agrees += 1
                else:
                    assert float(found) == pytest.approx(expected, rel=1e-9, abs=1e-7), cell.value
    assert count > 30
    parties = len(live.agreement.signatories.providers) + payers
    assert agrees == len(settlement.dues) * parties
