"""`alliance settle`: prepare, approve and lock the settlement of a live contract."""

from __future__ import annotations

import datetime
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from simulator._errors import CheckFailed, Problem, RunError, ScenarioError, UsageError
from simulator.cli.desk import Desk, kind_of, print_json
from simulator.cli.endings import check_ending
from simulator.cli.people import name_of, reason_of, same_person
from simulator.contract.live.actuals import COLUMNS_OF_ACTUALS, template
from simulator.contract.live.doubts import Doubt
from simulator.contract.live.facts import Actual
from simulator.contract.live.period_names import day_in_words, period_dates, period_name
from simulator.contract.live.statements import Figures
from simulator.contract.periods import Month
from simulator.report.settlement_text import (
    settlement_document,
    settlement_text,
)
from simulator.report.tabular import Column, Table, csv_text
from simulator.study.folder import write_file
from simulator.study.settlements import Record

__all__ = ["Preparing", "prepare", "settle", "write_template"]


_MOST_WARNINGS = 20  # on standard error


@dataclass(frozen=True)
class Preparing:
    """How a settlement is asked for.

    Attributes:
        actuals: file of actuals.
        basis: what its rows mean that do not say their own.
        draft: whether provisional figures are let in.
        prepared_by: who prepares it; empty where it is only shown.
        why: what a correction corrects.
        approve: who approves what is prepared.
        lock: whether it is locked then.
        dated: today.
    """

    actuals: Path | None
    basis: str
    draft: bool
    prepared_by: str
    why: str
    approve: str
    lock: bool
    dated: datetime.date


def settle(
    file: Path,
    contract: str | None,
    period: str,
    asked: Preparing,
    xlsx: Path | None,
    as_json: bool,
) -> None:
    """Prepare, approve or lock the settlement of a period."""
    desk = Desk(file, contract)
    desk.refuse_to_replace(xlsx, read=asked.actuals)
    check_ending("--xlsx", xlsx, ".xlsx")
    live = desk.live
    until = live.period(period)
    last_day = until.end - datetime.timedelta(days=1)
    name = period_name(until, kind_of(period))
    if last_day < desk.settled_until:
        latest = desk.chain[-1].period
        raise UsageError(
            f"--period: {latest} is settled already; corrections of earlier periods are settled "
            f"with it: --period {latest}"
        )
    if asked.approve or asked.lock:
        record = _approve(desk, name, until, asked)
    else:
        record = prepare(desk, name, until, asked)
    _say_what_is_left_out(desk.left_out)
    before = desk.chain[-1].figures if desk.chain else {}
    warnings = live.doubts(record.figures, before, record.entries)
    _warn(warnings)
    if as_json:
        more = _notes_document(desk.left_out, warnings)
        print_json(settlement_document(live, record) | more)
    else:
        _say(desk, record, until)
    if xlsx is not None:  # last: what is locked is told, whatever becomes of the workbook
        _write_book(desk, record, until, xlsx)


def _say_what_is_left_out(rows: Sequence[Actual]) -> None:
    """Tell on standard error of the rows that this settlement does not use, the earliest first."""
    if rows:
        first = rows[0].period
        told = f"{len(rows):,} rows of later periods, from {first}, were left out.\n"
        if len(rows) == 1:
            told = f"1 row of a later period, {first}, was left out.\n"
        sys.stderr.write(told)


def _warn(warnings: Sequence[Doubt]) -> None:
    """Tell on standard error of the figures that are likely mistakes."""
    for each in warnings[:_MOST_WARNINGS]:
        sys.stderr.write(f"Warning: {each}\n")
    if len(warnings) > _MOST_WARNINGS:
        sys.stderr.write(
            f"Warning: {len(warnings) - _MOST_WARNINGS:,} more figures; --json lists them all.\n"
        )


def _notes_document(left_out: Sequence[Actual], warnings: Sequence[Doubt]) -> dict[str, Any]:
    """Return for JSON what is told beside a settlement; it is no part of what is kept."""
    return {
        "left_out": {"rows": len(left_out), "from": left_out[0].period} if left_out else None,
        "warnings": [
            {
                "source": each.source,
                "period": each.period,
                "measure": each.fact.measure,
                "party": each.fact.party,
                "service": each.fact.service,
                "what": each.said,
            }
            for each in warnings
        ],
    }


def _say(desk: Desk, record: Record, until: Month) -> None:
    live = desk.live
    text = settlement_text(live, record, until)
    if desk.chain and desk.chain[-1].fingerprint != live.fingerprint:
        text += (
            "\nThe contract has changed since it was last settled; corrections may follow from it."
        )
    if record.status == "locked":
        text += f"\nKeep this outside the folder, in the minutes say: {record.digest}"
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _write_book(desk: Desk, record: Record, until: Month, xlsx: Path) -> None:
    from simulator.report.settlement_book import settlement_book
    from simulator.report.words import MADE_UP
    from simulator.report.workbook import Cover

    live = desk.live
    facts = {
        "Contract": live.signed.title_of(live.key),
        "Period": f"{record.period}, {period_dates(until)}",
        "Version": f"{record.version}, {record.status}",
        "Prepared by": record.prepared_by or "nobody",
        "Approved by": record.approved_by or "nobody",
        "Digest": record.digest,
    }
    cover = Cover(live.signed.title, MADE_UP if live.signed.illustrative else "", facts)
    settlement = live.settle(record.figures, until)
    write_file(xlsx, settlement_book(live, settlement, record.figures, desk.place(), cover))


def write_template(file: Path, contract: str | None, period: str, out: Path) -> None:
    """Write an empty CSV of actuals for the periods through one."""
    desk = Desk(file, contract)
    desk.refuse_to_replace(out)
    check_ending("--template", out, ".csv")
    live = desk.live
    until = live.period(period)
    year = [
        period_name(each, live.grain)
        for each in live.periods_until(until)
        if each.first >= until.first
    ]
    columns = tuple(Column(name, meaning=meaning) for name, meaning in COLUMNS_OF_ACTUALS.items())
    rows = list(template(live.needs, year))
    if out.exists():
        raise RunError(f"{out} exists already; give another name or move it away")
    page = csv_text(Table("actuals", "Actuals", columns, rows))
    write_file(out, page.encode("utf-8"))
    sys.stdout.write(
        f"Written {out}: {len(rows)} figures to fill in, for {', '.join(year)}.\n"
        "A cell left empty is missing, never nought.\n"
    )


def prepare(desk: Desk, name: str, until: Month, asked: Preparing) -> Record:
    """Return the settlement of a period, and keep it where somebody has prepared it."""
    live, chain = desk.live, desk.chain
    before: Figures = chain[-1].figures if chain else {}
    if asked.actuals is None:
        raise UsageError(
            "settle: found no actuals; add --actuals FILE.csv, or --template FILE.csv to write an "
            "empty one"
        )
    if asked.prepared_by and not asked.draft:
        _refuse_before_end(name, until, asked.dated, "add --draft to keep it as a first look")
    figures = desk.read(asked.actuals, asked.basis, until, before)
    settlement = live.settle(figures, until)
    last_day = until.end - datetime.timedelta(days=1)
    # a quarter and a year that end on the same day are settled together
    version = 1 + sum(record.until == last_day for record in chain)
    record = Record(
        contract=live.key,
        period=name,
        until=last_day,
        version=version,
        number=len(chain) + 1,
        status="draft" if asked.draft else "prepared" if asked.prepared_by else "shown",
        figures=figures,
        entries=tuple(desk.entries(settlement, chain, asked.dated)),
        fingerprint=live.fingerprint,
        previous=chain[-1].digest if chain else "",
        prepared_by=name_of(asked.prepared_by, "--prepared-by"),
        prepared_on=asked.dated,
        why=reason_of(asked.why),
    )
    if record.provisional and not asked.draft:
        raise ScenarioError(_provisional(record, asked.actuals))
    if version > 1 and asked.prepared_by and not record.why:
        raise UsageError(
            f"settle: {name} is settled already; a correction says why: --why 'late invoice'"
        )
    if asked.prepared_by:
        desk.refuse_earlier(asked.dated)
        desk.store.save(record)
    return record


def _refuse_before_end(name: str, until: Month, dated: datetime.date, mend: str) -> None:
    """Refuse to settle a period for good before its last day."""
    last_day = until.end - datetime.timedelta(days=1)
    if dated < last_day:
        raise UsageError(
            f"--dated: found {dated}; {name} ends on {day_in_words(last_day)}, and figures are "
            f"final only once the period has ended; {mend}"
        )


def _provisional(record: Record, file: Path) -> list[Problem]:
    return [
        Problem(
            str(file),
            0,
            0,
            "",
            f"found a provisional '{fact.measure}' for {period} ({known.source})",
            "provisional figures settle a draft only",
            "add --draft, or write 'final' when the figure will not change",
        )
        for period, facts in record.figures.items()
        for fact, known in facts.items()
        if known.provisional
    ]


def _approve(desk: Desk, name: str, until: Month, asked: Preparing) -> Record:
    if asked.actuals is not None or asked.prepared_by or asked.draft or asked.why:
        raise UsageError(
            "settle: --approve and --lock take what is prepared; leave out --actuals, --draft, "
            "--why and --prepared-by"
        )
    prepared = record = desk.store.prepared(name)
    if prepared is None or record is None:
        raise UsageError(
            f"settle: nothing is prepared for {name}; first settle it with --actuals and "
            "--prepared-by"
        )
    if record.status == "draft":
        raise CheckFailed(f"What is prepared for {name} is a draft; settle it without --draft.")
    _check_is_current(desk, record, until)
    assert record.prepared_on is not None, "checked"
    if asked.dated < record.prepared_on:
        raise UsageError(
            f"--dated: found {asked.dated}; the settlement of {name} was prepared on "
            f"{record.prepared_on}"
        )
    _refuse_before_end(name, until, asked.dated, "approve and lock it then")
    desk.refuse_earlier(asked.dated)
    if asked.approve:
        approver = name_of(asked.approve, "--approve")
        if same_person(approver, record.prepared_by):
            raise CheckFailed(
                f"{record.prepared_by} prepared the settlement of {name} and cannot approve it; "
                "another person does."
            )
        record = replace(record, approved_by=approver, approved_on=asked.dated)
    if not record.approved_by or same_person(record.approved_by, record.prepared_by):
        raise CheckFailed(f"The settlement of {name} is not approved; add --approve NAME.")
    if not asked.lock:
        desk.store.save(record, prepared)
        return record
    record = replace(record, status="locked")
    desk.store.lock(record, prepared)
    return record


def _check_is_current(desk: Desk, record: Record, until: Month) -> None:
    """Refuse what was prepared on another ledger or under another contract."""
    head = desk.chain[-1].digest if desk.chain else ""
    last_day = until.end - datetime.timedelta(days=1)
    known = record.previous, record.fingerprint, record.until, record.number
    same = known == (head, desk.live.fingerprint, last_day, len(desk.chain) + 1)
    settlement = desk.settled(record.figures, until) if same else None
    if settlement is None or record.prepared_on is None:
        same = False
    else:
        entries = desk.entries(settlement, desk.chain, record.prepared_on)
        same = tuple(entries) == record.entries
    if not same:
        raise CheckFailed(
            f"The contract or the ledger has changed since the settlement of {record.period} was "
            "prepared; prepare it again."
        )
