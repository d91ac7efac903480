"""Explanations add up to the penny, and the workbook's formulas come to the same pennies."""

from __future__ import annotations

import datetime
import io
import json
import random
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.contract.live.facts import Fact
from simulator.contract.live.ledger import Entry, balances, outstanding
from simulator.contract.live.settling import Settlement
from simulator.contract.live.statements import Changed, Figures, Known, changed_figures
from simulator.report.cells import INFINITE
from simulator.report.explanation import explain
from simulator.report.pounds import in_pounds
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


CAPPED = {
    "amounts": {"most": "£164,000 a year"},
    "terms": [
        {
            "name": name,
            "key": name,
            "measure": measure,
            "bands": [{"rate": rate}],
            "settled": "quarterly",
            "assessed": "year",
        }
        for name, measure, rate in (
            ("start", "started", "£161.335"),
            ("outcome", "good_outcomes", "£402.115"),
        )
    ]
    + [
        {
            "name": "Cap",
            "measure": "total(payments.start + payments.outcome)",
            "at_most": "most",
            "instead_of": ["start", "outcome"],
            "split": {"by": "payments.start + payments.outcome"},
            "settled": "quarterly",
            "assessed": "year",
        }
    ],
}


def live_contract(contract: dict[str, Any], payers: int = 1, currency: str = "£") -> LiveContract:
    funds = [{"funds": f"{100 / payers}%"} for _ in range(payers)] if payers > 1 else [{}]
    names = ["payer", "other"][:payers]
    signed = ContractFile.model_validate(
        {
            "title": "A contract",
            "starts": "2026-04-01",
            "years": 2,
            "currency": currency,
            "commissioners": dict(zip(names, funds, strict=True)),
            "providers": {"a": {"name": "Able"}, "b": {"name": "Best"}},
            "services": ["x", "y"],
            "contracts": {"one": contract},
        },
        context={"currency": currency},
    )
    return LiveContract.of(signed, None)


def figures_for(live: LiveContract, periods: list[str], seed: int) -> Figures:
    made = random.Random(seed)
    return {
        name: {
            need.fact: Known(
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
    settled_until = since - datetime.timedelta(days=1)
    entries = [entry for entry in settlement.entries if entry.date > settled_until]
    found = explain(
        EVERYTHING, settlement, entries, settled_until, figures, party, lambda name: "line 1"
    )
    assert found.pence == balances(entries).get(party, 0)
    assert found.pence == sum(section.pence for section in found.sections)
    numbers = [line.number for section in found.sections for line in section.lines]
    assert numbers == list(range(1, len(numbers) + 1))
    assert found.check.endswith("together £0.00.")
    for section in found.sections:
        if section.title.split(":")[0] in TERMS:
            assert section.lines[-1].pence == section.pence


@pytest.mark.parametrize("party", ["a", "payer", "other"])
def test_an_explanation_is_in_the_currency_of_the_contract(party: str) -> None:
    written = json.loads(json.dumps(WRITTEN_OUT, ensure_ascii=False).replace("£", "€"))
    live = live_contract(written, payers=2, currency="€")
    until = live.signed.timetable.months[11]
    figures = figures_for(live, live.names_until(until), 1)
    settlement = live.settle(figures, until)
    settled_until = live.signed.timetable.months[0].first - datetime.timedelta(days=1)
    found = explain(
        live, settlement, settlement.entries, settled_until, figures, party, lambda _: "line 1"
    )
    shown = [found.check]
    for section in found.sections:
        shown += [f"{line.label} {line.how} {line.shown}" for line in section.lines]
    assert any("€" in each for each in shown[1:])
    assert not [each for each in shown if "£" in each]


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


@given(SEEDS, SEEDS, st.integers(1, 8), st.integers(0, 5), st.sampled_from(["a", "payer"]))
@settings(max_examples=25)
def test_an_explained_correction_adds_up_to_what_was_entered_and_what_is_due(
    seed: int, other: int, months: int, more: int, party: str
) -> None:
    ends = EVERYTHING.signed.timetable.months
    first, last = ends[months - 1], ends[months - 1 + more]
    before = EVERYTHING.settle(figures_for(EVERYTHING, EVERYTHING.names_until(first), seed), first)
    figures = figures_for(EVERYTHING, EVERYTHING.names_until(last), other)
    settlement = EVERYTHING.settle(figures, last)
    settled_until = first.end - datetime.timedelta(days=1)
    today = last.end
    entries = outstanding(settlement.entries, before.entries, settled_until, today, today)
    found = explain(EVERYTHING, settlement, entries, settled_until, figures, party, lambda _: "")
    assert found.pence == balances(entries).get(party, 0)
    for section in found.sections:
        if ", correction of " in section.title:
            due, entered, correction = section.lines[-3:]
            assert due.pence is not None
            assert correction.pence == section.pence
            now = in_pounds(due.pence - section.pence, EVERYTHING.signed.currency)
            assert entered.shown == now
    all_ = [*before.entries, *entries]
    assert balances(all_) == balances(settlement.entries), "what was entered and what is added"


def book_and_values(
    live: LiveContract,
    settlement: Settlement,
    entries: Sequence[Entry],
    settled_until: datetime.date,
    figures: Figures,
    changed: Sequence[Changed],
    file: Path,
) -> tuple[bytes, dict[str, Any]]:
    """Return a workbook and its values, after checking each formula against what it shows."""
    cover = Cover("A contract", "Made-up inputs", {"Period": "2026Q4"})

    def written() -> bytes:
        return settlement_book(
            live,
            settlement,
            entries,
            settled_until,
            figures,
            changed,
            lambda _: "line 1",
            cover,
            datetime.date(2027, 4, 1),
        )

    content = written()
    assert content == written(), "the same bytes each time"
    values = recalculated(content, file)
    live_book = openpyxl.load_workbook(io.BytesIO(content))
    cached = openpyxl.load_workbook(io.BytesIO(content), data_only=True)
    count = 0
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
                elif abs(expected) >= INFINITE:
                    assert abs(float(found)) >= INFINITE, "only a limit brings it back"
                else:
                    assert float(found) == pytest.approx(expected, rel=1e-9, abs=1e-7), cell.value
    assert count > 10
    return content, values


def page_of(content: bytes, name: str) -> list[list[Any]]:
    """Return the values of a sheet by row."""
    book = openpyxl.load_workbook(io.BytesIO(content), data_only=True)
    return [[cell.value for cell in row] for row in book[name].iter_rows()]


@pytest.mark.parametrize(
    ("contract", "payers"),
    [(WRITTEN_OUT, 2), (WRITTEN_OUT, 1), (QUARTERLY, 2), (CAPPED, 1), (CAPPED, 2)],
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
    since = until.first - datetime.timedelta(days=1)
    entries = [entry for entry in settlement.entries if entry.date > since]
    content, _ = book_and_values(
        live, settlement, entries, since, figures, [], tmp_path / "book.xlsx"
    )
    parties = len(live.agreement.signatories.providers) + payers
    checks = [cell for row in rows_of_checks(content) for cell in row if cell == "yes"]
    now = [due for due in settlement.dues if due.date > since]
    assert len(checks) == (len(now) + 2) * parties


def rows_of_checks(content: bytes) -> list[list[Any]]:
    book = openpyxl.load_workbook(io.BytesIO(content), data_only=True)
    return [[cell.value for cell in row] for sheet in book.worksheets for row in sheet.iter_rows()]


def test_a_catch_up_shows_every_period_that_it_settles(tmp_path: Path) -> None:
    live = live_contract(QUARTERLY)
    until = live.signed.timetable.periods("quarter")[1]
    figures = figures_for(live, live.names_until(until), seed=3)
    settlement = live.settle(figures, until)
    content, _ = book_and_values(
        live,
        settlement,
        settlement.entries,
        datetime.date.min,
        figures,
        [],
        tmp_path / "book.xlsx",
    )
    names = openpyxl.load_workbook(io.BytesIO(content)).sheetnames
    assert names == ["Cover", "Payments", "Year to 2026Q1", "Year to 2026Q2"]
    rows = page_of(content, "Payments")
    said = [(row[0], row[2]) for row in rows if row[3] == "due now"]
    assert [period for _, period in said] == ["2026Q1", "2026Q2"]


def test_a_correction_shows_what_was_entered_and_what_is_corrected(tmp_path: Path) -> None:
    live = live_contract(QUARTERLY)
    second = live.signed.timetable.periods("quarter")[1]
    figures = figures_for(live, live.names_until(second), seed=3)
    before = live.settle(figures, second)
    fact = Fact("cost", "a", "")
    known = figures["2026Q1"][fact]
    late = Known(known.value + 1000.0, False, "late.csv, row 2")
    now = {**figures, "2026Q1": {**figures["2026Q1"], fact: late}}
    settlement = live.settle(now, second)
    until = second.end - datetime.timedelta(days=1)
    day = datetime.date(2026, 12, 1)
    entries = outstanding(settlement.entries, before.entries, until, day, day)
    content, _ = book_and_values(
        live, settlement, entries, until, now, changed_figures(figures, now), tmp_path / "b.xlsx"
    )
    rows = page_of(content, "Payments")
    received = next(row for row in rows if row[0] == "Due now")
    assert received[4:7] == [1000.0, 0.0, -1000.0], "far from the cap: only the cost changes"
    change = rows[-1]
    assert change[:3] == ["cost", "Able", "2026Q1"]
    assert change[3:6] == [known.value, known.value + 1000.0, "late.csv, row 2"]
    sheet = page_of(content, "Year to 2026Q1")
    entered = next(row for row in sheet if row[1] == "Entered for 2026Q1 before")
    assert any(entered[3:])


@given(SEEDS, st.integers(1, 3))
@settings(max_examples=30)
def test_what_is_capped_together_never_passes_the_cap_by_a_penny(seed: int, payers: int) -> None:
    live = live_contract(CAPPED, payers if payers < 3 else 1)
    until = live.signed.timetable.periods(live.grain)[seed % 5]
    figures = figures_for(live, live.names_until(until), seed)
    settlement = live.settle(figures, until)
    received = balances(settlement.entries)
    years = sum(period.years for period in live.periods_until(until))
    whole = sum(received[party] for party in ("a", "b"))
    assert whole <= round(16_400_000 * years)
    last = [due for due in settlement.dues if due.date == settlement.dues[-1].date]
    at_cap = round(
        16_400_000
        * sum(
            p.years for p in live.periods_until(until) if p.financial_year == until.financial_year
        )
    )
    together = sum(sum(due.so_far[live.agreement.signatories.provider_slice]) for due in last)
    assert together == at_cap, "many more came than the cap pays for"


def test_what_divides_by_nothing_is_a_whole_workbook(tmp_path: Path) -> None:
    bonus = {
        "name": "Bonus",
        "measure": "cost / completed",
        "bands": [{"rate": "£2"}],
        "at_most": "£500",
        "settled": "quarterly",
        "assessed": "quarter",
    }
    live = live_contract({"terms": [bonus]})
    until = live.signed.timetable.periods(live.grain)[0]
    figures = {
        "2026Q1": {
            need.fact: Known(0.0 if need.measure == "completed" else 9.0, False, "a.csv, row 2")
            for need in live.needs
        }
    }
    settlement = live.settle(figures, until)
    book_and_values(
        live, settlement, settlement.entries, datetime.date.min, figures, [], tmp_path / "b.xlsx"
    )
    found = explain(
        live, settlement, settlement.entries, datetime.date.min, figures, "a", lambda _: ""
    )
    assert "inf" not in "".join(line.shown for part in found.sections for line in part.lines)
