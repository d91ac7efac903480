"""`alliance settle`: prepare, approve and lock the settlement of a live contract."""

from __future__ import annotations

import datetime
import sys
from dataclasses import dataclass, replace
from pathlib import Path

from simulator._errors import CheckFailed, Problem, RunError, ScenarioError, UsageError
from simulator.cli.desk import Desk, Shown, kind_of, print_json
from simulator.cli.endings import check_ending
from simulator.cli.notes import Notes
from simulator.cli.people import name_of, reason_of, same_person
from simulator.contract.live.actuals import COLUMNS_OF_ACTUALS, template
from simulator.contract.live.period_names import day_in_words, period_dates, period_name
from simulator.contract.live.settling import Settlement
from simulator.contract.live.statements import Figures
from simulator.contract.periods import Month
from simulator.report.settlement_text import changed_words, settlement_document, settlement_text
from simulator.report.tabular import Column, Table, csv_text
from simulator.study.folder import write_file
from simulator.study.live import LiveContract
from simulator.study.settlements import Record

__all__ = ["Preparing", "prepare", "settle", "write_template"]

_A_DAY = datetime.timedelta(days=1)
_MOST_TOLD = 5  # changed figures that a refusal names


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

    @property
    def does_something(self) -> bool:
        """Whether more is asked for than to see what is kept."""
        given = self.actuals, self.draft, self.prepared_by, self.why, self.approve, self.lock
        return any(given)


def settle(
    file: Path,
    contract: str | None,
    period: str,
    version: int | None,
    asked: Preparing,
    xlsx: Path | None,
    as_json: bool,
) -> None:
    """Prepare, approve or lock the settlement of a period, or show what is kept of it."""
    desk = Desk(file, contract)
    desk.refuse_to_replace(xlsx, read=asked.actuals)
    check_ending("--xlsx", xlsx, ".xlsx")
    live = desk.live
    until = live.period(period)
    name = live.names_until(until)[-1]  # a year is settled with its last period
    if version is not None and asked.does_something:
        raise UsageError("settle: --version shows what is locked; leave the other options out")
    kept = None if asked.does_something else desk.kept(until, version)
    if kept is not None:
        shown = kept
    elif asked.approve or asked.lock:
        # prepared when the contract was told by other periods, it stands under their name
        other = period_name(until, kind_of(period))
        shown = _approve(desk, name, other, until, asked)
    else:
        shown = prepare(desk, name, until, asked)
    if xlsx is not None and shown.entered_by:
        raise UsageError(
            f"--xlsx: {period} was entered by the settlements number "
            f"{', '.join(str(number) for number, _ in shown.entered_by)}; write the workbook of "
            "each, by the name of its last period"
        )
    notes = Notes.of(desk, shown)
    notes.say()
    if as_json:
        print_json(settlement_document(live, shown.record, shown.changed) | notes.document())
    else:
        _say(desk, shown)
    if xlsx is not None:  # last: what is locked is told, whatever becomes of the workbook
        _write_book(desk, shown, xlsx)


def _say(desk: Desk, shown: Shown) -> None:
    live, record = desk.live, shown.record
    settles = live.periods_after(shown.settled_until, shown.until)
    text = settlement_text(live, record, shown.until, shown.changed, shown.entered_by, settles)
    if desk.chain and desk.chain[-1].fingerprint != live.fingerprint:
        text += (
            "\nThe contract has changed since it was last settled; corrections may follow from it."
        )
    if record.status == "locked":
        text += f"\nKeep its digest outside the folder, for example in the minutes: {record.digest}"
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _write_book(desk: Desk, shown: Shown, xlsx: Path) -> None:
    from simulator.report.settlement_book import settlement_book
    from simulator.report.words import MADE_UP
    from simulator.report.workbook import Cover

    live, record = desk.live, shown.record
    facts = {
        "Contract": live.signed.title_of(live.key),
        "Period": f"{record.period}, {period_dates(shown.until)}",
        "Version": f"{record.version}, {record.status}",
        "Why": record.why,
        "Prepared by": _by(record.prepared_by, record.prepared_on),
        "Approved by": _by(record.approved_by, record.approved_on),
        "Digest": record.digest,
    }
    cover = Cover(
        live.signed.title,
        MADE_UP if live.signed.illustrative else "",
        {name: fact for name, fact in facts.items() if fact},
    )
    book = settlement_book(
        live,
        shown.settlement,
        record.entries,
        shown.settled_until,
        record.figures,
        shown.changed,
        desk.place(),
        cover,
        record.approved_on or record.prepared_on or datetime.date.min,
    )
    write_file(xlsx, book)
    sys.stdout.write(f"Written {xlsx}.\n")


def _by(name: str, day: datetime.date | None) -> str:
    return f"{name}, {day}" if name else "nobody yet"


def write_template(file: Path, contract: str | None, period: str, out: Path) -> None:
    """Write an empty CSV of actuals for the periods through one."""
    desk = Desk(file, contract)
    desk.refuse_to_replace(out)
    check_ending("--template", out, ".csv")
    live = desk.live
    until = live.period(period)
    # with what is not settled yet before it
    year = live.periods_after(min(desk.settled_until, until.first - _A_DAY), until)
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


def prepare(desk: Desk, name: str, until: Month, asked: Preparing) -> Shown:
    """Return the settlement of a period, and keep it where somebody has prepared it."""
    live, chain = desk.live, desk.chain
    before: Figures = chain[-1].figures if chain else {}
    if asked.actuals is None:
        raise UsageError(
            "settle: found no actuals; add --actuals FILE.csv, or --template FILE.csv to write an "
            "empty one"
        )
    last_day = until.last_day
    if last_day < desk.settled_until:
        latest = chain[-1].period
        raise UsageError(
            f"--period: {latest} is settled already; corrections of earlier periods are settled "
            f"with it: --period {latest}"
        )
    if asked.prepared_by and not asked.draft:
        _refuse_before_end(name, until, asked.dated, "add --draft to keep it as a first look")
    figures = desk.read(asked.actuals, asked.basis, until, before)
    settlement = live.settle(figures, until)
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
    shown = Shown.of(record, chain, settlement, until)
    if asked.prepared_by:
        _refuse_silent_corrections(live, shown)
        desk.refuse_earlier(asked.dated)
        desk.store.save(record)
    return shown


def _refuse_silent_corrections(live: LiveContract, shown: Shown) -> None:
    """Refuse a correction that does not say why."""
    record, changed = shown.record, shown.changed
    if record.why:
        return
    mend = "a correction says why: --why 'late invoice'"
    if record.version > 1:
        raise UsageError(f"settle: {record.period} is settled already; {mend}")
    if changed:
        told = "; ".join(changed_words(live, each) for each in changed[:_MOST_TOLD])
        more = f"; and {len(changed) - _MOST_TOLD} more" if len(changed) > _MOST_TOLD else ""
        raise UsageError(f"settle: found figures that were settled before: {told}{more}; {mend}")
    corrected = dict.fromkeys(entry.term for entry in record.entries if entry.corrects)
    if corrected:
        raise UsageError(
            f"settle: the contract has changed, which corrects what was settled of "
            f"{', '.join(corrected)}; {mend}"
        )


def _refuse_before_end(name: str, until: Month, dated: datetime.date, mend: str) -> None:
    """Refuse to settle a period for good before its last day."""
    last_day = until.last_day
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


def _approve(desk: Desk, name: str, other: str, until: Month, asked: Preparing) -> Shown:
    if asked.actuals is not None or asked.prepared_by or asked.draft or asked.why:
        raise UsageError(
            "settle: --approve and --lock take what is prepared; leave out --actuals, --draft, "
            "--why and --prepared-by"
        )
    prepared = record = desk.store.prepared(name) or desk.store.prepared(other)
    if prepared is None or record is None:
        raise UsageError(
            f"settle: nothing is prepared for {name}; first settle it with --actuals and "
            "--prepared-by"
        )
    if record.status == "draft":
        raise CheckFailed(f"What is prepared for {name} is a draft; settle it without --draft.")
    settlement = _current(desk, record, until)
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
    if asked.lock:
        record = replace(record, status="locked")
        desk.store.lock(record, prepared)
    else:
        desk.store.save(record, prepared)
    return Shown.of(record, desk.chain, settlement, until)


def _current(desk: Desk, record: Record, until: Month) -> Settlement:
    """Return what is prepared as settled again; refuse it on another ledger or contract."""
    head = desk.chain[-1].digest if desk.chain else ""
    last_day = until.last_day
    known = record.previous, record.fingerprint, record.until, record.number
    same = known == (head, desk.live.fingerprint, last_day, len(desk.chain) + 1)
    settlement = desk.settled(record.figures, until) if same else None
    if settlement is not None and record.prepared_on is not None:
        entries = desk.entries(settlement, desk.chain, record.prepared_on)
        if tuple(entries) == record.entries:
            return settlement
    raise CheckFailed(
        f"The contract or the ledger has changed since the settlement of {record.period} was "
        "prepared; prepare it again."
    )
