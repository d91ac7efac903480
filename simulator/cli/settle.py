"""`alliance settle`, `explain` and `ledger`: a live contract, to the penny."""

from __future__ import annotations

import datetime
import json
import math
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from simulator._errors import CheckFailed, Problem, RunError, ScenarioError, UsageError
from simulator.cli.people import name_of, reason_of, same_person
from simulator.contract.actuals import COLUMNS_OF_ACTUALS, decode, read_actuals, template
from simulator.contract.ledger import Entry, outstanding
from simulator.contract.period_names import period_dates, period_name, read_period
from simulator.contract.periods import Month
from simulator.contract.settling import Settlement
from simulator.contract.statements import Figures, missing_figures
from simulator.report.explanation import explain as explained
from simulator.report.ledger_text import ledger_document, ledger_table, ledger_text
from simulator.report.settlement_text import (
    explanation_document,
    explanation_text,
    settlement_document,
    settlement_text,
)
from simulator.report.tabular import Column, Table, csv_text
from simulator.scenario.build import build_signed
from simulator.scenario.yaml_text import Document
from simulator.study.files import read_documents
from simulator.study.folder import write_file
from simulator.study.live import LiveContract, what_if
from simulator.study.settlements import Record, SettlementStore, ledger_of

__all__ = ["Preparing", "explain", "ledger", "settle"]

_MOST_BYTES = 50_000_000


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


class _Desk:
    """What one command needs of a live contract: its file, its store and its chain."""

    def __init__(self, file: Path, contract: str | None) -> None:
        self.file = file
        self.document: Document = read_documents(file)
        self.live = LiveContract.of(build_signed(self.document), contract)
        self.store = SettlementStore(file, self.live.key)
        self.chain = self.store.chain()
        self._refuse_settlements_of_another()

    def _refuse_settlements_of_another(self) -> None:
        """Refuse to go on with what a contract of the same name in another file has settled."""
        signatories = self.live.agreement.signatories
        ledger = ledger_of(self.chain)
        paid = dict.fromkeys(party for each in ledger for party in (each.payer, each.payee))
        others = [party for party in paid if party not in signatories.accounts]
        early = any(each.until < self.live.signed.timetable.starts for each in self.chain)
        if others or early:
            found = f"payments of {', '.join(others)}" if others else "periods before it starts"
            raise CheckFailed(
                f"{self.store.folder} holds {found}, so it is of another contract than "
                f"'{self.live.key}' of {self.live.signed.title}. Keep the file of each contract in "
                "a folder of its own, with its settlements."
            )

    @property
    def settled_until(self) -> datetime.date:
        """The last day that is settled for good."""
        return self.chain[-1].until if self.chain else datetime.date.min

    def settled(self, figures: Figures, until: Month) -> Settlement | None:
        """Return the settlement on figures that are kept, if the contract as it is can use them."""
        live = self.live
        if missing_figures(figures, live.needs, live.names_until(until), ""):
            return None
        return live.settle(figures, until)

    def read(self, file: Path, basis: str, until: Month, before: Figures) -> Figures:
        """Return what is known through a period after reading a file of actuals."""
        live = self.live
        text = decode(_bytes(file), str(file))
        name = "".join(char if char.isprintable() else "?" for char in file.name)
        actuals = read_actuals(text, name, live.agreement, live.signed.timetable, live.needs, basis)
        return live.figures(actuals, before, until, str(file))

    def entries(
        self, settlement: Settlement, chain: Sequence[Record], today: datetime.date
    ) -> list[Entry]:
        """Return what a settlement adds to the ledger of a chain."""
        until = chain[-1].until if chain else datetime.date.min
        pay_by = today + datetime.timedelta(math.ceil(self.live.contract.paid_within))
        return outstanding(settlement.entries, ledger_of(chain), until, today, pay_by)

    def refuse_to_replace(self, *out: Path | None) -> None:
        """Refuse to write over the contract or in the folder of its settlements."""
        kept = self.store.folder.parent.resolve()
        for each in out:
            place = None if each is None else each.resolve()
            if place is not None and (place == self.file.resolve() or kept in place.parents):
                raise RunError(f"{each} is kept for good and never written over; name another file")

    def place(self) -> Callable[[str], str]:
        """Return what tells where an amount stands in the contract's file."""
        top = ("contracts", self.live.key)
        count = len(self.live.contract.terms)

        def where(name: str) -> str:
            paths: list[tuple[str | int, ...]] = [(*top, "amounts", name), (*top, name)]
            paths += [(*top, "terms", index, name) for index in range(count)]
            for path in paths:
                if path in self.document.values:
                    file, line, _ = self.document.values[path]
                    return f"{Path(file).name}, line {line}"
            return "from the contract"

        return where


def settle(
    file: Path,
    contract: str | None,
    period: str,
    asked: Preparing,
    xlsx: Path | None,
    as_json: bool,
) -> None:
    """Prepare, approve or lock the settlement of a period."""
    desk = _Desk(file, contract)
    desk.refuse_to_replace(xlsx)
    live = desk.live
    until = live.period(period)
    last_day = until.end - datetime.timedelta(days=1)
    name = period_name(until, _kind(period))
    if last_day < desk.settled_until:
        latest = desk.chain[-1].period
        raise UsageError(
            f"--period: {latest} is settled already; corrections of earlier periods are settled "
            f"with it: --period {latest}"
        )
    if asked.approve or asked.lock:
        record = _approve(desk, name, until, asked)
    else:
        record = _prepare(desk, name, until, asked)
    if as_json:
        _print_json(settlement_document(live, record))
    else:
        _say(desk, record, until)
    if xlsx is not None:  # last: what is locked is told, whatever becomes of the workbook
        _write_book(desk, record, until, xlsx)


def _say(desk: _Desk, record: Record, until: Month) -> None:
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


def _write_book(desk: _Desk, record: Record, until: Month, xlsx: Path) -> None:
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
    desk = _Desk(file, contract)
    desk.refuse_to_replace(out)
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


def _kind(period: str) -> str:
    read = read_period(period)
    assert read is not None, "read before"
    return read[0]


def _prepare(desk: _Desk, name: str, until: Month, asked: Preparing) -> Record:
    live, chain = desk.live, desk.chain
    before: Figures = chain[-1].figures if chain else {}
    if asked.actuals is None:
        raise UsageError(
            "settle: found no actuals; add --actuals FILE.csv, or --template FILE.csv to write an "
            "empty one"
        )
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
        prepared_on=asked.dated if asked.prepared_by else None,
        why=reason_of(asked.why),
    )
    if record.provisional and not asked.draft:
        raise ScenarioError(_provisional(record, asked.actuals))
    if version > 1 and asked.prepared_by and not record.why:
        raise UsageError(
            f"settle: {name} is settled already; a correction says why: --why 'late invoice'"
        )
    if asked.prepared_by:
        desk.store.save(record)
    return record


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


def _approve(desk: _Desk, name: str, until: Month, asked: Preparing) -> Record:
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


def _check_is_current(desk: _Desk, record: Record, until: Month) -> None:
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


def _bytes(file: Path) -> bytes:
    try:
        with file.open("rb") as stream:
            data = stream.read(_MOST_BYTES + 1)
    except FileNotFoundError:
        found, mend = "there is no such file", "correct the name"
    except (OSError, ValueError) as error:
        found, mend = f"it cannot be read: {getattr(error, 'strerror', None) or error}", ""
        if file.is_dir():
            found, mend = "this is a directory", "name a CSV file inside it"
    else:
        if len(data) <= _MOST_BYTES:
            return data
        found, mend = "the file has more than 50 MB", "check that this is the file you meant"
    raise ScenarioError([Problem(str(file), 0, 0, "", found, "actuals are a CSV file", mend)])


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
    desk = _Desk(file, contract)
    live = desk.live
    until = live.period(period)
    signatories = live.agreement.signatories
    parties = (*signatories.commissioners, *signatories.providers)
    meant = {signatories.name(each).lower(): each for each in parties} | {p: p for p in parties}
    if party.lower() not in meant:
        raise UsageError(f"--party: found '{party}'; the parties are {', '.join(parties)}")
    if (
        party not in parties
        and [signatories.name(each).lower() for each in parties].count(party.lower()) > 1
    ):
        raise UsageError(f"--party: found '{party}', which several are called; write an identifier")
    name = period_name(until, _kind(period))
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
    result = explained(live, settlement, entries, figures, meant[party.lower()], desk.place())
    if as_json:
        _print_json(
            explanation_document(live, record, result) | ({"what_if": said} if said else {})
        )
    else:
        sys.stdout.write(explanation_text(live, record, until, result, said) + "\n")


def _to_explain(
    desk: _Desk,
    name: str,
    until: Month,
    actuals: Path | None,
    basis: str,
    dated: datetime.date,
) -> tuple[Record, list[Record]]:
    """Return the settlement that is explained, and the chain before it."""
    if actuals is not None:
        shown = Preparing(actuals, basis, True, "", "", "", False, dated)
        record = _prepare(desk, name, until, shown)
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
    desk = _Desk(file, contract)
    desk.refuse_to_replace(csv)
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
        _print_json(ledger_document(desk.live, desk.chain, difference))
    else:
        sys.stdout.write(ledger_text(desk.live, desk.chain, difference) + "\n")
    if difference:
        raise CheckFailed(
            "The ledger does not say what the contract comes to on the figures of the last "
            "settlement; the contract's file has changed. Settle the last period again."
        )


def _print_json(document: object) -> None:
    sys.stdout.write(json.dumps(document, indent=2, ensure_ascii=False) + "\n")
