"""`alliance explain` and `ledger`: how a figure came about, and everything that was paid."""

from __future__ import annotations

import datetime
import sys
from dataclasses import replace
from pathlib import Path

from simulator._errors import CheckFailed, UsageError
from simulator.cli.desk import Desk, kind_of, print_json
from simulator.cli.endings import check_ending
from simulator.cli.settle import Preparing, prepare
from simulator.contract.live.ledger import Entry, outstanding
from simulator.contract.live.period_names import period_name
from simulator.contract.periods import Month
from simulator.report.explanation import explain as explained
from simulator.report.ledger_text import ledger_document, ledger_table, ledger_text
from simulator.report.settlement_text import (
    explanation_document,
    explanation_text,
)
from simulator.report.tabular import csv_text
from simulator.study.folder import write_file
from simulator.study.live import what_if
from simulator.study.settlements import Record, ledger_of

__all__ = ["explain", "ledger"]


def explain(
    file: Path,
    contract: str | None,
    period: str,
    party: str,
    actuals: Path | None,
    basis: str,
    changes: list[str],
    dated: datetime.date,
    as_json: bool,
) -> None:
    """Explain, line by line, what a party receives for a period."""
    desk = Desk(file, contract)
    live = desk.live
    until = live.period(period)
    party = live.party(party)
    name = period_name(until, kind_of(period))
    record, chain = _to_explain(desk, name, until, actuals, basis, dated)
    figures, said = record.figures, ""
    today = record.prepared_on or dated
    settlement = desk.settled(figures, until)
    entries = [] if settlement is None else desk.entries(settlement, chain, today)
    if settlement is None or tuple(entries) != record.entries:
        raise CheckFailed(
            f"The contract has changed since {name} was settled, so its figures cannot be "
            "explained by it; explain it with the file as it was."
        )
    if changes:
        figures, told = what_if(figures, changes, live, until)
        said = ", ".join(told)
        settlement = live.settle(figures, until)
        entries = desk.entries(settlement, chain, today)
    result = explained(live, settlement, entries, figures, party, desk.place())
    if as_json:
        print_json(explanation_document(live, record, result) | ({"what_if": said} if said else {}))
    else:
        sys.stdout.write(explanation_text(live, record, until, result, said) + "\n")


def _to_explain(
    desk: Desk,
    name: str,
    until: Month,
    actuals: Path | None,
    basis: str,
    dated: datetime.date,
) -> tuple[Record, list[Record]]:
    """Return the settlement that is explained, and the chain before it."""
    if actuals is not None:
        shown = Preparing(actuals, basis, True, "", "", "", False, dated)
        record = prepare(desk, name, until, shown)
        return replace(record, status="shown"), desk.chain
    prepared = desk.store.prepared(name)
    if prepared is not None and prepared.number == len(desk.chain) + 1:
        return prepared, desk.chain
    locked = [record for record in desk.chain if record.period == name]
    if not locked:
        raise UsageError(
            f"explain: {name} is not settled; settle it first, or add --actuals FILE.csv"
        )
    return locked[-1], desk.chain[: locked[-1].number - 1]


def ledger(file: Path, contract: str | None, csv: Path | None, as_json: bool) -> None:
    """Print the ledger of a live contract, and check that it reconciles."""
    desk = Desk(file, contract)
    desk.refuse_to_replace(csv)
    check_ending("--csv", csv, ".csv")
    entries = ledger_of(desk.chain)
    difference: list[Entry] | None = None
    if desk.chain:
        last = desk.chain[-1]
        end = last.until + datetime.timedelta(days=1)
        periods = desk.live.signed.timetable.periods(desk.live.grain)
        until = next((each for each in periods if each.end == end), None)
        settlement = desk.settled(last.figures, until) if until else None
        difference = entries  # nothing of it follows from a contract that asks for other figures
        if settlement is not None:
            due = settlement.entries
            difference = outstanding(due, entries, last.until, last.until, last.until)
    if csv is not None:
        write_file(csv, csv_text(ledger_table(desk.live, entries)).encode("utf-8"))
    if as_json:
        print_json(ledger_document(desk.live, desk.chain, difference))
    else:
        sys.stdout.write(ledger_text(desk.live, desk.chain, difference) + "\n")
    if difference:
        raise CheckFailed(
            "The ledger does not say what the contract comes to on the figures of the last "
            "settlement; the contract's file has changed. Settle the last period again."
        )
