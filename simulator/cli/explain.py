"""`alliance explain` and `ledger`: how a figure came about, and everything that was paid."""

from __future__ import annotations

import datetime
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from simulator._errors import CheckFailed, UsageError
from simulator.cli.desk import Desk, print_json
from simulator.cli.endings import check_ending
from simulator.cli.settle import Preparing, prepare
from simulator.contract.live.ledger import Entry, balances, outstanding
from simulator.report.explanation import explain as explained
from simulator.report.ledger_text import ledger_document, ledger_table, ledger_text
from simulator.report.settlement_text import (
    explanation_document,
    explanation_text,
)
from simulator.report.tabular import csv_text
from simulator.study.folder import write_file
from simulator.study.live import what_if
from simulator.study.settlements import ledger_of

__all__ = ["explain", "ledger"]


def explain(
    file: Path,
    contract: str | None,
    period: str,
    version: int | None,
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
    name = live.names_until(until)[-1]
    if actuals is not None:
        if version is not None:
            raise UsageError("explain: --version names what is locked; leave out --actuals")
        asked = Preparing(actuals, basis, True, "", "", "", False, dated)
        shown = prepare(desk, name, until, asked)
        shown = replace(shown, record=replace(shown.record, status="shown"))
    else:
        kept = desk.kept(until, version)
        if kept is None:
            raise UsageError(
                f"explain: {name} is not settled; settle it first, or add --actuals FILE.csv"
            )
        shown = kept
    record, settlement, figures = shown.record, shown.settlement, shown.record.figures
    entries: Sequence[Entry] = record.entries
    tried = None
    if changes:
        figures, told = what_if(figures, changes, live, until)
        settlement = live.settle(figures, until)
        day = record.prepared_on or dated
        entries = desk.entries_after(settlement, shown, day)
        tried = ", ".join(told), balances(record.entries), balances(entries)
    result = explained(live, settlement, entries, shown.settled_until, figures, party, desk.place())
    if as_json:
        document = explanation_document(live, record, result)
        if tried:
            document |= {"what_if": tried[0], "received_pence_without": tried[1]}
        print_json(document)
        return
    text = explanation_text(
        live, record, shown.until, result, shown.changed, shown.entered_by, tried
    )
    sys.stdout.write(text + "\n")


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
        write_file(csv, csv_text(ledger_table(desk.live, desk.chain)).encode("utf-8"))
    if as_json:
        print_json(ledger_document(desk.live, desk.chain, difference))
    else:
        sys.stdout.write(ledger_text(desk.live, desk.chain, difference) + "\n")
    if difference:
        raise CheckFailed(
            "The ledger does not say what the contract comes to on the figures of the last "
            "settlement; the contract's file has changed. Restore it, or enter the difference as a "
            f"correction: settle --period {desk.chain[-1].period} --actuals FILE.csv --prepared-by "
            "NAME --why TEXT, where the file repeats one figure."
        )
