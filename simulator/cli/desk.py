"""What the commands of a live contract share: the contract, its store and its chain."""

from __future__ import annotations

import datetime
import json
import math
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from simulator._errors import CheckFailed, Problem, ScenarioError, UsageError
from simulator.contract.live.actuals import decode, read_actuals
from simulator.contract.live.facts import Actual
from simulator.contract.live.ledger import Entry, outstanding
from simulator.contract.live.period_names import KINDS, period_name, read_period
from simulator.contract.live.settling import Settlement
from simulator.contract.live.statements import (
    Changed,
    Figures,
    changed_figures,
    missing_figures,
)
from simulator.contract.periods import Month, Timetable
from simulator.scenario.build import build_signed
from simulator.scenario.yaml_text import Document
from simulator.study.files import read_documents
from simulator.study.live import LiveContract
from simulator.study.settlements import Record, SettlementStore, ledger_of

__all__ = ["Desk", "Shown", "kind_of", "print_json"]

_MOST_BYTES = 50_000_000
_KEPT = "settlements"


@dataclass(frozen=True)
class Shown:
    """A settlement as it is shown, written or explained.

    Attributes:
        record: what is kept, or would be.
        settlement: what the contract comes to on its figures.
        until: its last period, or the longer one that is asked for.
        settled_until: the last day that earlier settlements cover.
        changed: the figures that were settled otherwise before.
        entered_by: of what several settlements entered, their numbers and reasons.
    """

    record: Record
    settlement: Settlement
    until: Month
    settled_until: datetime.date
    changed: Sequence[Changed] = ()
    entered_by: Sequence[tuple[int, str]] = ()

    @classmethod
    def of(
        cls, record: Record, before: Sequence[Record], settlement: Settlement, until: Month
    ) -> Shown:
        """Return one settlement after those before it."""
        if not before:
            return cls(record, settlement, until, datetime.date.min)
        changed = changed_figures(before[-1].figures, record.figures)
        return cls(record, settlement, until, before[-1].until, changed)


class Desk:
    """What one command needs of a live contract: its file, its store and its chain."""

    def __init__(self, file: Path, contract: str | None) -> None:
        self.file = file
        self.document: Document = read_documents(file)
        self.live = LiveContract.of(build_signed(self.document), contract)
        self.store = SettlementStore(file, self.live.key)
        self.chain = self.store.chain()
        self.left_out: list[Actual] = []  # rows of later periods in the file that was read
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

    def refuse_earlier(self, dated: datetime.date) -> None:
        """Refuse a day before the last settlement was locked."""
        locked = self.chain[-1].approved_on if self.chain else None
        if locked is not None and dated < locked:
            raise UsageError(f"--dated: found {dated}; the last settlement was locked on {locked}")

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
        self.left_out = live.later_rows(actuals, until)
        return live.figures(actuals, before, until, str(file))

    def entries(
        self, settlement: Settlement, chain: Sequence[Record], today: datetime.date
    ) -> list[Entry]:
        """Return what a settlement adds to the ledger of a chain."""
        until = chain[-1].until if chain else datetime.date.min
        pay_by = today + datetime.timedelta(math.ceil(self.live.contract.paid_within))
        return outstanding(settlement.entries, ledger_of(chain), until, today, pay_by)

    def entries_after(
        self, settlement: Settlement, shown: Shown, today: datetime.date
    ) -> list[Entry]:
        """Return what a settlement on other figures adds in the place of one that is shown."""
        if not shown.entered_by:
            return self.entries(settlement, self.before(shown.record), today)
        since = shown.settled_until
        return [entry for entry in settlement.entries if entry.date > since]

    def kept(self, until: Month, version: int | None) -> Shown | None:
        """Return what is kept of a period: prepared, or locked; the latest unless one is named.

        Of a longer period than the settlements' own, and of one that was settled along with a later
        one, it is all that was entered for it, whenever that was.

        Raises:
            UsageError: it has no such version.
            CheckFailed: what was locked does not follow from the contract as it is now.
        """
        name, last_day = self.live.names_until(until)[-1], until.last_day
        own = self.live.periods_until(until)[-1].first == until.first
        locked = [record for record in self.chain if record.until == last_day]
        if version is not None:
            found = [record for record in locked if own and record.version == version]
            if not found:
                told = ", ".join(str(record.version) for record in locked if own) or "none"
                raise UsageError(
                    f"--version: found {version}; the locked versions of this period are: {told}"
                )
            return self._one(found[-1], until)
        prepared = self.store.prepared(name)
        if prepared is not None and prepared.number == len(self.chain) + 1:
            return self._one(prepared, until)
        if own and locked:
            return self._one(locked[-1], until)
        return self._together(until) if self.settled_until >= last_day else None

    def before(self, record: Record) -> Sequence[Record]:
        """Return the locked settlements that one follows."""
        return self.chain[: record.number - 1]

    def _one(self, record: Record, until: Month) -> Shown:
        """Return one settlement, if it follows from the contract as it is now."""
        own = self.live.periods_until(until)[-1]
        settlement = self.settled(record.figures, own)
        if settlement is not None:
            day = record.prepared_on or record.until
            due = self.entries(settlement, self.before(record), day)
            if not outstanding(due, record.entries, datetime.date.max, day, day):
                return Shown.of(record, self.before(record), settlement, own)
        raise _changed(record.period)

    def _together(self, until: Month) -> Shown:
        """Return all that was entered for a period, by the figures of the last settlement."""
        timetable, last = self.live.signed.timetable, self.chain[-1]
        inside = {
            period_name(each, kind)
            for kind in KINDS
            for each in timetable.periods(kind)
            if until.first <= each.first and each.end <= until.end
        }
        found = [
            (record, [entry for entry in record.entries if entry.period in inside])
            for record in self.chain
        ]
        entries = tuple(entry for _, each in found for entry in each)
        record = replace(
            last,
            period=period_name(until, _kind_of(until, timetable)),
            entries=entries,
            status="together",
            why="",
            prepared_by="",
            approved_by="",
        )
        settlement = self.settled(last.figures, until)
        if settlement is not None:
            due = [entry for entry in settlement.entries if entry.period in inside]
            if not outstanding(due, entries, datetime.date.max, last.until, last.until):
                day_before = until.first - datetime.timedelta(days=1)
                numbers = [(each.number, each.why) for each, entered in found if entered]
                return Shown(record, settlement, until, day_before, entered_by=numbers)
        raise _changed(record.period)

    def refuse_to_replace(self, *out: Path | None, read: Path | None = None) -> None:
        """Refuse to write over the contract, over the actuals that are read, or on settlements."""
        places = (*self.document.values.values(), *self.document.keys.values())
        sources = {self.file, *(Path(file) for file, _, _ in places)}
        for each in out:
            if each is None:
                continue
            if any(_is_same(each, source) for source in sources):
                what = "the contract is read from it"
            elif read is not None and _is_same(each, read):
                what = "the actuals are read from it"
            elif any(folder.name.casefold() == _KEPT for folder in each.resolve().parents):
                what = f"what stands in a folder '{_KEPT}' is kept for good"
            else:
                continue
            raise UsageError(f"{each} is never written over: {what}; name another file")

    def place(self) -> Callable[[str], str]:
        """Return what tells where an amount stands in the contract's file."""
        top = ("contracts", self.live.key)
        count = len(self.live.contract.terms)

        parts = list(self.live.contract.parts())

        def where(name: str) -> str:
            paths: list[tuple[str | int, ...]] = [(*top, "amounts", name), (*top, name)]
            paths += [(*top, "terms", index, name) for index in range(count)]
            # an amount that a form names stands where the form does
            paths += [
                (*top, "terms", index) for index, part in enumerate(parts) if name in part.amounts
            ]
            for path in paths:
                if path in self.document.values:
                    file, line, _ = self.document.values[path]
                    return f"{Path(file).name}, line {line}"
            return "from the contract"

        return where


def _changed(period: str) -> CheckFailed:
    return CheckFailed(
        f"The contract has changed since {period} was settled, so its figures cannot be explained "
        "by it; use the file as it was."
    )


def _kind_of(period: Month, timetable: Timetable) -> str:
    """Return the kind of a period of the timetable: the shortest that it is."""
    return next(kind for kind in KINDS if period in timetable.periods(kind))


def kind_of(period: str) -> str:
    """Return the kind of a period that was read before: month, quarter or year."""
    read = read_period(period)
    assert read is not None, "read before"
    return read[0]


def _is_same(one: Path, other: Path) -> bool:
    """Tell whether two paths lead to one file, by whatever links."""
    try:
        return one.resolve() == other.resolve() or one.samefile(other)
    except OSError:  # one of them is not there
        return False


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


def print_json(document: object) -> None:
    """Print a document to standard output."""
    sys.stdout.write(json.dumps(document, indent=2, ensure_ascii=False) + "\n")
