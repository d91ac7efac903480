"""Actuals: the CSV that says what happened, read with every mistake told by its row.

One row a figure: ``period, party, service, measure, value, unit, basis, status``. Only period,
measure and value are needed in every file; party and service where a figure is not one for all.
Missing is never nought: a figure that the contract needs and nobody gave is a mistake.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from simulator._errors import Problem, ScenarioError, did_you_mean
from simulator.contract.agreement import Agreement
from simulator.contract.needs import Need
from simulator.contract.period_names import ALLOWED, find_period, period_name, read_period
from simulator.contract.periods import Timetable

__all__ = ["COLUMNS_OF_ACTUALS", "Actual", "Fact", "decode", "read_actuals", "template"]

COLUMNS_OF_ACTUALS: Mapping[str, str] = {
    "period": "when: 2026-04 (month), 2026Q1 (April to June 2026) or 2026-27 (financial year)",
    "party": "the provider, by its identifier or name; empty where the figure is one for all",
    "service": "the service; empty where the figure is one for all services",
    "measure": "what is counted: a column of the statement, or data the contract declares",
    "value": "the figure; an empty one is missing, never nought",
    "unit": "its unit, for readers; pounds are whole pounds, never thousands",
    "basis": "'period' for the period alone, 'ytd' for the financial year so far",
    "status": "'final' or 'provisional'; provisional figures settle a draft only",
    "note": "anything, for readers",
}
"""Each column of the CSV and what stands in it."""

_NEEDED = ("period", "measure", "value")
_MOST_ROWS = 200_000
_LARGEST = 1e12  # pounds or people; beyond any contract
_NUMBER = re.compile(r"[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?|[0-9]+(?:\.[0-9]*)?|\.[0-9]+")
_THOUSANDS = re.compile(r"(?:[£€$]\s*)?(?:k|m|bn|0?00s?|000,000s?|thousands?|millions?)", re.I)
_BLANK = "\u00a0\u202f\u2009 "


@dataclass(frozen=True)
class Fact:
    """What a figure is of.

    Attributes:
        measure: a column, or data the contract declares.
        party: the provider, or empty.
        service: the service, or empty.
    """

    measure: str
    party: str
    service: str


@dataclass(frozen=True)
class Actual:
    """One figure as it was read.

    Attributes:
        kind: month, quarter or year.
        period: its name.
        fact: what it is of.
        value: the figure.
        to_date: whether it is for the financial year so far.
        provisional: whether it may still change.
        source: the file and row it stands in.
        row: number of the row, from 1 for the header.
    """

    kind: str
    period: str
    fact: Fact
    value: float
    to_date: bool
    provisional: bool
    source: str
    row: int


def decode(data: bytes, file: str) -> str:
    """Return the text of a CSV file: UTF-8, UTF-16 with its mark, or the Windows code page.

    Raises:
        ScenarioError: it is none of these.
    """
    for mark, encoding in ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if data.startswith(mark):
            try:
                return data.decode(encoding)
            except UnicodeDecodeError:
                raise _whole(
                    file, "found a file that is not text", "save it as CSV UTF-8"
                ) from None
    if b"\x00" in data:
        raise _whole(file, "found a file that is not text", "save the sheet as CSV UTF-8")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")  # what Excel writes as plain "CSV"


def _whole(file: str, found: str, mend: str) -> ScenarioError:
    return ScenarioError([Problem(file, 0, 0, "", found, "actuals are a CSV file", mend)])


def read_actuals(
    text: str,
    file: str,
    agreement: Agreement,
    timetable: Timetable,
    needs: Sequence[Need],
    basis: str = "period",
) -> list[Actual]:
    """Read the text of a CSV of actuals.

    Args:
        text: the whole file.
        file: its name, for messages.
        agreement: the contract it is for.
        timetable: the contract's term.
        needs: what the contract needs.
        basis: what a row means that does not say its own: 'period' or 'ytd'.

    Raises:
        ScenarioError: every mistake, with the number of its row.
    """
    return _Reader(text, file, agreement, timetable, needs, basis).read()


class _Refused(Exception):
    """A mistake in one cell."""

    def __init__(self, column: str, found: str, allowed: str = "", mend: str = "") -> None:
        self.told = column, found, allowed, mend


class _Reader:
    def __init__(
        self,
        text: str,
        file: str,
        agreement: Agreement,
        timetable: Timetable,
        needs: Sequence[Need],
        basis: str,
    ) -> None:
        self.text, self.file, self.basis = text, file, basis
        self.agreement, self.timetable, self.needs = agreement, timetable, needs
        signatories = agreement.signatories
        self.parties = {party.lower(): party for party in signatories.providers}
        self.parties |= {signatories.name(p).lower(): p for p in signatories.providers}
        self.services = {service.lower(): service for service in signatories.services}
        self.services |= {name.replace("_", " "): key for name, key in self.services.items()}
        self.units = {need.measure: need.unit for need in needs}
        self.problems: list[Problem] = []

    def read(self) -> list[Actual]:
        rows = self._rows()
        if not rows:
            raise _whole(self.file, "the file is empty", "write a template: settle --template")
        header, first_row = rows[0][1], rows[0][0]
        names = self._header(header, first_row)
        actuals: list[Actual] = []
        seen: dict[tuple[str, str, Fact], int] = {}
        for number, cells in rows[1:]:
            if not any(cell.strip(_BLANK) for cell in cells):
                continue
            if len(cells) > len(header) and any(c.strip(_BLANK) for c in cells[len(header) :]):
                self._tell(
                    number,
                    "",
                    f"found {len(cells)} cells under {len(header)} headings",
                    "every cell has a heading",
                    "put numbers and texts with commas in quotes",
                )
                continue
            row = dict(zip(names, (cell.strip(_BLANK + "\t") for cell in cells), strict=False))
            try:
                actual = self._actual(row, number)
            except _Refused as refused:
                self._tell(number, *refused.told)
                continue
            if actual is None:
                continue
            place = actual.kind, actual.period, actual.fact
            if place in seen:
                self._tell(
                    number,
                    "measure",
                    f"found {_name(actual.fact)} for {actual.period} again; it stands in row "
                    f"{seen[place]}",
                    "every figure stands once",
                    "remove one of the two rows",
                )
            seen.setdefault(place, number)
            actuals.append(actual)
        if self.problems:
            raise ScenarioError(self.problems)
        return actuals

    def _tell(self, row: int, column: str, found: str, allowed: str = "", mend: str = "") -> None:
        where = f"row {row}" + (f", {column}" if column else "")
        self.problems.append(Problem(self.file, row, 1, where, found, allowed, mend))

    def _rows(self) -> list[tuple[int, list[str]]]:
        text = self.text
        first, _, rest = text.partition("\n")
        separator = ","
        skipped = 0
        if first.strip().lower().startswith("sep=") and len(first.strip()) == 5:
            separator, text, skipped = first.strip()[4], rest, 1
        else:
            counts = {mark: first.count(mark) for mark in ",;\t"}
            separator = max(counts, key=lambda mark: counts[mark])
        rows: list[tuple[int, list[str]]] = []
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
        try:
            for cells in reader:
                rows.append((reader.line_num + skipped, cells))
                if len(rows) > _MOST_ROWS:
                    raise _whole(
                        self.file,
                        f"found more than {_MOST_ROWS:,} rows",
                        "check that this is the file you meant",
                    )
        except csv.Error as error:
            found = f"found row {reader.line_num + skipped}, which does not read as CSV: {error}"
            raise _whole(self.file, found, "save the sheet again as CSV UTF-8") from None
        while rows and not any(cell.strip(_BLANK) for cell in rows[0][1]):
            rows.pop(0)
        return rows

    def _header(self, header: list[str], row: int) -> list[str]:
        names = [cell.strip(_BLANK).lower() for cell in header]
        names = ["note" if name == "notes" else name for name in names]
        for name in sorted({name for name in names if names.count(name) > 1 and name}):
            self._tell(row, name, f"found the heading '{name}' twice", "", "remove one")
        for name in names:
            if name and name not in COLUMNS_OF_ACTUALS:
                self._tell(
                    row,
                    "",
                    f"found the heading '{name}'",
                    f"the headings are {', '.join(COLUMNS_OF_ACTUALS)}",
                    did_you_mean(name, COLUMNS_OF_ACTUALS) or "remove it",
                )
        missing = [name for name in _NEEDED if name not in names]
        if missing:
            self._tell(
                row,
                "",
                f"found no heading {', '.join(map(repr, missing))}",
                f"the first row names the columns: {', '.join(COLUMNS_OF_ACTUALS)}",
                "add it; settle --template writes an empty file",
            )
        if self.problems:
            raise ScenarioError(self.problems)
        return names

    def _actual(self, row: dict[str, str], number: int) -> Actual | None:
        if not row.get("value"):
            return None  # missing, and told as such if the contract needs it
        kind, period = self._period(row.get("period", ""))
        measure = self._measure(row.get("measure", ""))
        fact = Fact(measure, self._party(row, measure), self._service(row, measure))
        value = self._value(row["value"], measure, row.get("unit", ""))
        to_date = self._word(row, "basis", ("period", "ytd"), self.basis) == "ytd"
        provisional = self._word(row, "status", ("final", "provisional"), "final") != "final"
        if to_date and measure in self.agreement.levels:
            to_date = False  # the latest value holds, on either basis
        source = f"{self.file}, row {number}"
        return Actual(kind, period, fact, value, to_date, provisional, source, number)

    def _period(self, written: str) -> tuple[str, str]:
        read = read_period(written)
        if read is None:
            raise _Refused("period", f"found {_shown(written)}", ALLOWED, "write it so")
        period = find_period(self.timetable, *read)
        if period is None:
            raise _Refused(
                "period",
                f"found {_shown(written)}",
                f"the contract runs from {self.timetable.starts} to before {self.timetable.ends}",
                "remove the row, or correct the year",
            )
        return read[0], period_name(period, read[0])

    def _measure(self, written: str) -> str:
        name = "_".join(written.lower().replace("-", "_").split())
        needed = list(dict.fromkeys(need.measure for need in self.needs))
        known = [*needed, *(name for name in self.agreement.known_columns if name not in needed)]
        if name not in known:
            raise _Refused(
                "measure",
                f"found {_shown(written)}",
                f"this contract counts {', '.join(needed) or 'nothing'}",
                did_you_mean(name, known) or "correct it, or remove the row",
            )
        return name

    def _party(self, row: dict[str, str], measure: str) -> str:
        written = row.get("party", "")
        datum = self.agreement.data.get(measure)
        if datum is not None and datum.of == "all":
            if written.lower() in ("", "all"):
                return ""
            raise _Refused(
                "party", f"found {_shown(written)}", f"'{measure}' is one for all", "leave it empty"
            )
        if written.lower() in self.parties:
            return self.parties[written.lower()]
        providers = self.agreement.signatories.providers
        raise _Refused(
            "party",
            f"found {_shown(written)}" if written else "found no party",
            f"the providers are {', '.join(providers)}",
            did_you_mean(written.lower(), self.parties) or "name one of them",
        )

    def _service(self, row: dict[str, str], measure: str) -> str:
        written = row.get("service", "")
        datum = self.agreement.data.get(measure)
        by_service = [need for need in self.needs if need.measure == measure and need.service]
        if written.lower() in ("", "all") and not by_service:
            return ""
        if datum is not None and datum.of != "each service":
            raise _Refused(
                "service",
                f"found {_shown(written)}",
                f"'{measure}' is one for all services",
                "leave it empty",
            )
        if written.lower() in self.services:
            return self.services[written.lower()]
        raise _Refused(
            "service",
            f"found {_shown(written)}" if written else "found no service",
            f"the services are {', '.join(self.agreement.signatories.services)}",
            did_you_mean(written.lower(), self.services) or "name one of them",
        )

    def _word(self, row: dict[str, str], column: str, words: Sequence[str], default: str) -> str:
        written = row.get(column, "").lower().replace("year to date", "ytd")
        if not written:
            return default
        if written not in words:
            raise _Refused(
                column,
                f"found {_shown(row[column])}",
                f"allowed is {' or '.join(words)}",
                did_you_mean(written, words) or "choose one",
            )
        return written

    def _value(self, written: str, measure: str, unit: str) -> float:
        value = _number(written)
        if _THOUSANDS.fullmatch(unit.strip()):
            raise _Refused(
                "unit",
                f"found {_shown(unit)}",
                "amounts are whole units, never thousands or millions",
                "multiply the value and write the unit alone",
            )
        datum = self.agreement.data.get(measure)
        low, high = (0.0, float("inf")) if datum is None else datum.bounds
        if not low <= value <= high:
            ends = f"from {low:g}" + (f" to {high:g}" if high < float("inf") else "")
            if low == -float("inf"):
                ends = f"at most {high:g}"
            raise _Refused(
                "value",
                f"found {_shown(written)}",
                f"'{measure}' is {ends}",
                "write 0.9 or 90% for a share" if high == 1 else "correct it",
            )
        return value


def _number(written: str) -> float:
    """Return the number that a cell holds, as people and spreadsheets write it."""
    text = written.replace("\N{MINUS SIGN}", "-").strip(_BLANK)
    for blank in _BLANK:
        text = text.replace(blank, "")
    negative = text.startswith("(") and text.endswith(")")
    text = text[1:-1] if negative else text
    if text.startswith("-"):
        negative, text = not negative, text[1:]
    text = text.removeprefix("+").lstrip("£€$")
    if text.startswith("-"):
        negative, text = not negative, text[1:]
    percent = text.endswith("%")
    text = text.removesuffix("%")
    if re.fullmatch(r"[0-9.]+e[+-]?[0-9]+", text, re.I):
        raise _Refused(
            "value",
            f"found {_shown(written)}, which a spreadsheet has shortened",
            "a figure is written out",
            "format the column as a number with two decimals, and save again",
        )
    if not _NUMBER.fullmatch(text):
        mend = "write for example 1234.50, 1,234.50 or (1,234.50)"
        if re.fullmatch(r"[0-9]{1,3}(?:\.[0-9]{3})*,[0-9]{1,2}", text):
            mend = "write the decimals after a point"
        raise _Refused("value", f"found {_shown(written)}", "a number stands here", mend)
    value = float(text.replace(",", ""))
    if value > _LARGEST:
        raise _Refused(
            "value", f"found {_shown(written)}", "at most 1,000,000,000,000", "correct it"
        )
    value = value / 100 if percent else value
    return -value if negative and value else value


def _shown(written: str) -> str:
    return f"'{written if len(written) <= 60 else written[:57] + '...'}'"


def _name(fact: Fact) -> str:
    of = " ".join(part for part in (fact.party, fact.service) if part)
    return f"'{fact.measure}'" + (f" of {of}" if of else "")


def template(needs: Sequence[Need], periods: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """Return the rows of an empty CSV for a contract, without the header."""
    for period in periods:
        for need in needs:
            yield (
                period,
                need.party,
                need.service,
                need.measure,
                "",
                need.unit,
                "period",
                "final",
                need.what,
            )
