"""Settlements kept beside the contract: prepared, approved by another person, locked for good.

Every locked settlement is a file of its own, numbered, and holds the digest of the one before. So
a change to any of them, or one that is taken out of the middle, shows. This is evidence of
tampering and not access control: who can write the folder can make a new chain, and the digest of
the last settlement, kept elsewhere, tells that chain from the true one.
"""

from __future__ import annotations

import datetime
import hashlib
import json
import os
import re
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from simulator._errors import CheckFailed, RunError
from simulator._version import __version__
from simulator.contract.live.facts import Fact
from simulator.contract.live.ledger import Entry
from simulator.contract.live.statements import Figures, Known

__all__ = ["FORMAT", "Record", "SettlementStore", "ledger_of"]

FORMAT = "alliance-settlement/1"
_PATIENCE = 10.0  # seconds to wait for another process; locking takes a fraction of one
_LOCKED = re.compile(r"(\d{4})-([0-9Q-]+)-v(\d+)\.json")


@dataclass(frozen=True)
class Record:
    """One version of one period's settlement.

    Attributes:
        contract: identifier.
        period: its name.
        until: the last day it covers.
        version: 1 for the first settlement of the period, then 2, 3 for corrections.
        number: place in the chain, from 1.
        status: draft (may hold provisional figures), prepared or locked; what is not kept is
            shown, and several locked ones are shown together.
        figures: what is known of every period from the start.
        entries: what this version adds to the ledger.
        fingerprint: digest of what was signed.
        previous: digest of the settlement before in the chain; empty for the first.
        prepared_by: who prepared it.
        prepared_on: the day; also of one that is only shown.
        approved_by: who approved it; another person.
        approved_on: the day.
        why: what a correction corrects.
        software: the version that made it.
    """

    contract: str
    period: str
    until: datetime.date
    version: int
    number: int
    status: str
    figures: Figures
    entries: tuple[Entry, ...]
    fingerprint: str
    previous: str
    prepared_by: str = ""
    prepared_on: datetime.date | None = None
    approved_by: str = ""
    approved_on: datetime.date | None = None
    why: str = ""
    software: str = field(default=__version__)

    @cached_property
    def text(self) -> str:
        """It as its file holds it, but for the digest."""
        return _text(self)

    @cached_property
    def digest(self) -> str:
        """The digest of all that stands in it."""
        return hashlib.sha256(self.text.encode("utf-8")).hexdigest()

    @property
    def provisional(self) -> int:
        """How many of its figures may still change."""
        return sum(each.provisional for facts in self.figures.values() for each in facts.values())


def _text(record: Record) -> str:
    """Return a record as its file holds it, but for the digest."""
    content: dict[str, Any] = {"schema": FORMAT}
    for name, value in asdict(replace(record, figures={}, entries=())).items():
        content[name] = value.isoformat() if isinstance(value, datetime.date) else value
    content["figures"] = {
        period: [
            {**asdict(fact), "value": known.value, "provisional": known.provisional}
            | {"source": known.source}
            for fact, known in facts.items()
        ]
        for period, facts in record.figures.items()
    }
    content["entries"] = [
        asdict(entry) | {"date": entry.date.isoformat(), "pay_by": entry.pay_by.isoformat()}
        for entry in record.entries
    ]
    return json.dumps(content, indent=1, ensure_ascii=False)


def _page(record: Record) -> str:
    """Return a record as its file holds it."""
    text = record.text
    assert text.endswith("\n}")
    return f'{text[:-2]},\n "digest": "{record.digest}"\n}}\n'


def _read(text: str) -> Record:
    """Return the record that a file holds.

    Raises:
        ValueError: it is none, or not to the letter what was written.
    """
    try:
        found = json.loads(text)
    except RecursionError:
        raise ValueError("it is nested too deep for a settlement") from None
    if not isinstance(found, dict) or found.pop("schema", None) != FORMAT:
        raise ValueError(f"it is not a settlement of the format {FORMAT}")
    digest = found.pop("digest", "")
    try:
        figures = {
            period: {
                Fact(each["measure"], each["party"], each["service"]): Known(
                    float(each["value"]), bool(each["provisional"]), str(each["source"])
                )
                for each in facts
            }
            for period, facts in found.pop("figures").items()
        }
        entries = tuple(
            Entry(
                **each | {key: datetime.date.fromisoformat(each[key]) for key in ("date", "pay_by")}
            )
            for each in found.pop("entries")
        )
        days = {
            key: datetime.date.fromisoformat(found[key]) if found[key] else None
            for key in ("until", "prepared_on", "approved_on")
        }
        record = Record(**found | days, figures=figures, entries=entries)
        if record.until is None or not all(map(str.isprintable, _words(record))):
            raise ValueError("a day is missing, or a name cannot be printed")
        page = _page(record)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise ValueError(f"it does not read as a settlement ({error})") from None
    # a key given twice, or one letter more, would show a reader what is not settled
    if record.digest != digest or page != text:
        raise ValueError("what it holds is not what was written")
    return record


def _words(record: Record) -> tuple[str, ...]:
    return record.prepared_by, record.approved_by, record.why, record.period, record.contract


class SettlementStore:
    """The folder ``settlements/CONTRACT`` beside the file of the contract."""

    def __init__(self, file: Path, contract: str) -> None:
        # beside the file itself, whatever link leads to it: one contract has one chain
        self.folder = file.resolve().parent / "settlements" / contract
        self.contract = contract

    def chain(self) -> list[Record]:
        """Return the locked settlements in order.

        Raises:
            CheckFailed: one was changed, renamed or taken out after it was locked.
        """
        records: list[Record] = []
        previous = ""
        for name in sorted(self._names()):
            match = _LOCKED.fullmatch(name)
            if match is None:
                continue
            file = self.folder / name
            record = self._load(file)
            expected = (len(records) + 1, previous, self.contract, "locked")
            found = (record.number, record.previous, record.contract, record.status)
            if found != expected or name != _name(record):
                raise CheckFailed(
                    f"{file}: this settlement does not follow the one before it: number "
                    f"{len(records) + 1} was expected; one was changed, renamed or taken out after "
                    "it was locked. Restore the folder from a copy."
                )
            records.append(record)
            previous = record.digest
        return records

    def prepared(self, period: str) -> Record | None:
        """Return what is prepared for a period and not locked, if anything."""
        file = self._draft(period)
        if not file.exists():
            return None
        record = self._load(file)
        if (record.period, record.contract) != (period, self.contract):
            raise CheckFailed(
                f"{file}: this is the settlement of {record.period} of '{record.contract}'; it was "
                "renamed. Remove it and prepare the settlement again."
            )
        return record

    def save(self, record: Record, instead_of: Record | None = None) -> Path:
        """Keep what is prepared for a period, in the place of what was prepared before.

        Args:
            record: what is prepared.
            instead_of: what was read and may not have changed since; none replaces anything.

        Raises:
            RunError: it cannot be written, or another was prepared in the meantime.
        """
        file = self._draft(record.period)
        with self._alone():
            self._check_unchanged(instead_of)
            draft = self._write_beside(file, record)
            try:
                os.replace(draft, file)
            except OSError as error:
                with suppress(OSError):
                    draft.unlink()
                raise self._refused(error) from None
        return file

    def _check_unchanged(self, read: Record | None) -> None:
        if read is not None and self.prepared(read.period) != read:
            raise RunError(
                f"what is prepared for {read.period} has changed in the meantime; look at it again"
            )

    def lock(self, record: Record, instead_of: Record | None = None) -> Path:
        """Add a settlement to the chain for good, and take away what was prepared for it.

        Args:
            record: what is locked.
            instead_of: what was read as prepared and may not have changed since.

        Raises:
            RunError: it cannot be written, or another has been locked in the meantime.
        """
        file = self.folder / _name(record)
        with self._alone():
            self._check_unchanged(instead_of)
            chain = self.chain()
            head = chain[-1].digest if chain else ""
            if (record.number, record.previous) != (len(chain) + 1, head):
                raise RunError(
                    f"another settlement was locked in the meantime as number {len(chain)}; "
                    f"prepare that of {record.period} again"
                )
            draft = self._write_beside(file, record)
            try:
                self._put(draft, file)
            except OSError as error:
                raise self._refused(error) from None
            finally:
                with suppress(OSError):
                    draft.unlink()
            with suppress(OSError):
                self._draft(record.period).unlink()
        return file

    def _put(self, draft: Path, file: Path) -> None:
        """Give a whole file its name, never in the place of another."""
        try:
            os.link(draft, file)  # unlike a move, this takes no other file's place
        except FileExistsError:
            raise RunError(f"{file} exists already; prepare the settlement again") from None
        except OSError:  # a file system without links
            if file.exists():
                raise RunError(f"{file} exists already; prepare the settlement again") from None
            os.replace(draft, file)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep other processes from locking at the same time.

        A database's own lock serves on every system, and ends with the process however that ends.
        """
        import sqlite3  # only needed here

        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise self._refused(error) from None
        guard = None
        try:
            guard = sqlite3.connect(self.folder / ".lock", timeout=_PATIENCE, isolation_level=None)
            guard.execute("BEGIN EXCLUSIVE")
        except sqlite3.Error as error:
            if guard is not None:
                guard.close()
            raise RunError(
                f"{self.folder} cannot be locked: {error}; wait until nobody else settles, and "
                "check that the folder can be written"
            ) from None
        try:
            yield
        finally:
            guard.close()

    def _names(self) -> list[str]:
        try:
            return os.listdir(self.folder)
        except FileNotFoundError:
            return []
        except OSError as error:
            raise self._refused(error) from None

    def _draft(self, period: str) -> Path:
        return self.folder / f"prepared-{period}.json"

    def _load(self, file: Path) -> Record:
        try:
            if file.exists() and not file.is_file():
                raise CheckFailed(f"{file}: this is not a file. Restore it from a copy.")
            return _read(file.read_text(encoding="utf-8"))
        except OSError as error:
            raise RunError(f"{file} cannot be read: {error.strerror}") from None
        except ValueError as error:  # JSON and Unicode mistakes are among them
            raise CheckFailed(
                f"{file}: {error}: it was changed after it was written. Restore it from a copy."
            ) from None

    def _write_beside(self, file: Path, record: Record) -> Path:
        """Write a record beside its place, whole."""
        page = _page(record)
        draft = file.with_name(f".{file.name}-{uuid.uuid4().hex}")
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with draft.open("w", encoding="utf-8", newline="\n") as stream:
                stream.write(page)
                stream.flush()
                os.fsync(stream.fileno())
        except OSError as error:
            with suppress(OSError):
                draft.unlink()
            raise self._refused(error) from None
        return draft

    def _refused(self, error: OSError) -> RunError:
        return RunError(f"{self.folder} cannot be written: {error.strerror}")


def _name(record: Record) -> str:
    return f"{record.number:04}-{record.period}-v{record.version}.json"


def ledger_of(records: Sequence[Record]) -> list[Entry]:
    """Return every entry of the settlements, in order."""
    return [entry for record in records for entry in record.entries]
