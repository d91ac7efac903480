"""Actuals: the CSV that says what happened, read with every mistake told by its row.

One row a figure: ``period, party, service, measure, value, unit, basis, status``. Only period,
measure and value are needed in every file; party and service where a figure is not one for all.
Missing is never nought: a figure that the contract needs and nobody gave is a mistake.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator, Mapping, Sequence

from simulator._errors import Problem, ScenarioError, did_you_mean
from simulator.contract.agreement import Agreement
from simulator.contract.live.csv_cells import BLANK, NotANumber, decode, read_number, rows_of, shown
from simulator.contract.live.facts import Actual, Fact, outside
from simulator.contract.live.names import meant_by, name_key, ways_of_parties, ways_of_services
from simulator.contract.live.needs import Need
from simulator.contract.live.period_names import ALLOWED, find_period, period_name, read_period
from simulator.contract.periods import Timetable

__all__ = ["COLUMNS_OF_ACTUALS", "Actual", "Fact", "decode", "outside", "read_actuals", "template"]

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
_OTHER_WORDS = {
    **dict.fromkeys(("amount", "figure", "number"), "value"),
    **dict.fromkeys(("date", "month", "quarter"), "period"),
    **dict.fromkeys(("kpi", "indicator"), "measure"),
    "provider": "party",
}
"""Headings that people choose for a column, and its own: too unlike to be told by their letters."""
_MOST_PROBLEMS = 1_000  # who has more mends these first
_THOUSANDS = re.compile(
    r"[(]?(?:[£€$]|gbp|eur|usd|pounds?)?[ \u00a0]?"
    r"(?:k|mn?|bn|['’]?0?00(?:['’]?s)?|0?00,000s?|thousands?|millions?)[)]?",
    re.I,
)


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
        self.agreement, self.timetable = agreement, timetable
        signatories = agreement.signatories
        self.parties = ways_of_parties(signatories, signatories.providers)
        self.services = ways_of_services(signatories)
        self.needed = list(dict.fromkeys(need.measure for need in needs))
        self.units = {need.measure: need.unit for need in needs}
        self.by_service = {need.measure for need in needs if need.service}
        self.facts = {need.fact for need in needs}
        others = [name for name in agreement.known_columns if name not in self.units]
        self.known = dict.fromkeys([*self.needed, *others])
        self.problems: list[Problem] = []

    def read(self) -> list[Actual]:
        (first_row, header), *rows = rows_of(self.text, self.file)
        names = self._header(header, first_row)
        actuals: list[Actual] = []
        seen: dict[tuple[str, str, Fact], int] = {}
        for number, cells in rows:
            if len(self.problems) >= _MOST_PROBLEMS:
                break
            if not self._is_whole(cells, names, number):
                continue
            row = dict(zip(names, (cell.strip(BLANK) for cell in cells), strict=False))
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
                    "",
                    f"found {actual.fact.named} for {actual.period} again; it stands in row "
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
        self.problems.append(Problem(self.file, row, 0, column, found, allowed, mend))

    def _header(self, header: list[str], row: int) -> list[str]:
        names = [cell.strip(BLANK).lower() for cell in header]
        names = ["note" if name == "notes" else name for name in names]
        for name in sorted({name for name in names if names.count(name) > 1 and name}):
            found = f"found the heading {shown(name)} twice"
            self._tell(row, "", found, "every heading stands once", "remove one")
        missing = [name for name in _NEEDED if name not in names]
        no_heading = len(missing) == len(_NEEDED) and not any(map(_OTHER_WORDS.get, names))
        if no_heading or any(map(read_period, names)):
            self._tell(
                row,
                "",
                f"found no headings; the row begins with {shown(header[0].strip(BLANK))}",
                f"the first row names the columns: {', '.join(COLUMNS_OF_ACTUALS)}",
                "add the row; settle --template FILE.csv writes an empty file",
            )
            raise ScenarioError(self.problems)
        free = [name for name in COLUMNS_OF_ACTUALS if name not in names]
        missing = [name for name in missing if name not in map(_OTHER_WORDS.get, names)]
        for name in names:
            if name and name not in COLUMNS_OF_ACTUALS:
                meant = _OTHER_WORDS.get(name, name)
                self._tell(
                    row,
                    "",
                    f"found the heading {shown(name)}",
                    f"the headings are {', '.join(COLUMNS_OF_ACTUALS)}",
                    did_you_mean(meant, free) or "remove it, or call it note",
                )
        if missing:
            self._tell(
                row,
                "",
                f"found no heading {' and no heading '.join(map(repr, missing))}",
                f"every file has {', '.join(_NEEDED)}",
                "add it; settle --template FILE.csv writes an empty file",
            )
        if self.problems:
            raise ScenarioError(self.problems)
        return names

    def _is_whole(self, cells: list[str], names: list[str], number: int) -> bool:
        """Tell of a row whose cells do not stand under the headings."""
        filled = [index for index, cell in enumerate(cells) if cell.strip(BLANK)]
        beyond = [index for index in filled if index >= len(names) or not names[index]]
        if beyond:
            self._tell(
                number,
                "",
                f"found {shown(cells[beyond[0]].strip(BLANK))} under no heading",
                f"the {len(names)} headings are {', '.join(filter(None, names))}",
                "give it a heading or remove it; a number or text with commas stands in quotes",
            )
        elif len(cells) == 1:  # its separator is another one, or it is a remark
            self._tell(
                number,
                "",
                f"found {shown(cells[0].strip(BLANK))} and no other cell",
                f"every row has {', '.join(_NEEDED)}",
                "separate the cells as the headings are, or remove the row",
            )
        return not beyond and len(cells) > 1

    def _actual(self, row: dict[str, str], number: int) -> Actual | None:
        if not row.get("value"):
            return None  # missing, and told as such if the contract needs it
        kind, period = self._period(row.get("period", ""))
        measure = self._measure(row.get("measure", ""))
        fact = Fact(measure, self._party(row, measure), self._service(row, measure))
        if measure in self.units and fact not in self.facts:
            of = f"{fact.party} does not deliver {fact.service or 'any service'}"
            raise _Refused("", f"found {fact.named}", of, "correct the row, or remove it")
        to_date = self._word(row, "basis", ("period", "ytd"), self.basis) == "ytd"
        if measure in self.agreement.levels:
            to_date = False  # the latest value holds, on either basis
        value = self._value(row["value"], measure, row.get("unit", ""), to_date)
        provisional = self._word(row, "status", ("final", "provisional"), "final") != "final"
        source = f"{self.file}, row {number}"
        return Actual(kind, period, fact, value, to_date, provisional, source, number)

    def _period(self, written: str) -> tuple[str, str]:
        read = read_period(written)
        if read is None:
            found = f"found {shown(written)}" if written else "found no period"
            raise _Refused("period", found, ALLOWED, "write it in one of these ways")
        period = find_period(self.timetable, *read)
        if period is None:
            last = self.timetable.ends - datetime.timedelta(days=1)
            raise _Refused(
                "period",
                f"found {shown(written)}",
                f"the contract runs from {self.timetable.starts} to {last}",
                "remove the row, or correct the year",
            )
        return read[0], period_name(period, read[0])

    def _measure(self, written: str) -> str:
        name = "_".join(written.lower().replace("-", "_").split())
        if name not in self.known:
            raise _Refused(
                "measure",
                f"found {shown(written)}" if written else "found no measure",
                f"this contract counts {', '.join(self.needed) or 'nothing'}",
                did_you_mean(name, self.known) or "correct it, or remove the row",
            )
        return name

    def _party(self, row: dict[str, str], measure: str) -> str:
        written = row.get("party", "")
        datum = self.agreement.data.get(measure)
        if datum is not None and datum.of == "all":
            if written.lower() in ("", "all"):
                return ""
            raise _Refused(
                "party",
                f"found {shown(written)}",
                f"'{measure}' is one figure for all providers",
                "leave the party empty",
            )
        providers = ", ".join(self.agreement.signatories.providers)
        meant = meant_by(written, self.parties)
        if len(meant) > 1:
            raise _Refused(
                "party",
                f"found {shown(written)}, which means {' or '.join(meant)}",
                "a name stands for one provider",
                "write the identifier",
            )
        if meant:
            return meant[0]
        raise _Refused(
            "party",
            f"found {shown(written)}" if written else "found no party",
            f"the providers are {providers}",
            did_you_mean(name_key(written), self.parties) or "name one of them",
        )

    def _service(self, row: dict[str, str], measure: str) -> str:
        written = row.get("service", "")
        if written.lower() in ("", "all") and measure not in self.by_service:
            return ""
        datum = self.agreement.data.get(measure)
        if datum is not None and datum.of != "each service":
            raise _Refused(
                "service",
                f"found {shown(written)}",
                f"'{measure}' is one figure for all services",
                "leave the service empty",
            )
        meant = meant_by(written, self.services)
        services = self.agreement.signatories.services
        if not meant:
            raise _Refused(
                "service",
                f"found {shown(written)}" if written else "found no service",
                f"the services are {', '.join(services)}",
                did_you_mean(name_key(written), self.services) or "name one of them",
            )
        if measure in self.by_service or measure not in self.units:
            return meant[0]
        if len(services) > 1:
            raise _Refused(
                "service",
                f"found {shown(written)}",
                f"this contract counts '{measure}' for all services together",
                "write one row with what they add up to, and leave the service empty",
            )
        return ""

    def _word(self, row: dict[str, str], column: str, words: Sequence[str], default: str) -> str:
        written = row.get(column, "").lower().replace("year to date", "ytd")
        if not written:
            return default
        if written not in words:
            raise _Refused(
                column,
                f"found {shown(row[column])}",
                f"allowed is {' or '.join(words)}",
                did_you_mean(written, words) or "choose one, or leave it empty",
            )
        return written

    def _value(self, written: str, measure: str, unit: str, to_date: bool) -> float:
        if _THOUSANDS.fullmatch(unit):
            raise _Refused(
                "unit",
                f"found {shown(unit)}",
                "amounts are whole units, never thousands or millions",
                "multiply the value and write the unit alone",
            )
        if re.fullmatch(r"[0-9][0-9.,]*\)?", unit):
            raise _Refused(
                "unit",
                f"found {shown(unit)} after the value {shown(written)}",
                "a unit is a word or a sign",
                "put a value with commas in quotes, or write it without commas",
            )
        try:
            value, currency, percent = read_number(written)
        except NotANumber as error:
            raise _Refused("value", *error.args) from None
        self._check_signs(written, measure, unit, currency, percent)
        told = outside(self.agreement, measure, value)
        if told and not to_date:  # what a year has come to so far is checked period by period
            raise _Refused("value", f"found {shown(written)}", *told)
        return value

    def _check_signs(
        self, written: str, measure: str, unit: str, currency: str, percent: bool
    ) -> None:
        """Refuse a sign that says that the figure is of something else."""
        own = self.units.get(measure)
        standard = measure not in self.agreement.data
        signs = "".join(set(own or "") & set("£€$"))
        if currency and own is not None and currency not in signs and (standard or signs):
            says = f"'{measure}' is in {signs}" if signs else f"'{measure}' is no amount of money"
            mend = "check that the value stands in its own row, or remove the sign"
            raise _Refused("value", f"found {shown(written)}", says, mend)
        if percent and standard:
            mend = "write the figure itself"
            raise _Refused("value", f"found {shown(written)}", f"'{measure}' is no share", mend)
        if not percent and unit.lower() in ("%", "percent", "per cent"):
            raise _Refused(
                "value",
                f"found {shown(written)} with the unit {shown(unit)}",
                "90% is written 90% or 0.9",
                "add the sign to the value, or remove the unit where the figure is no share",
            )


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
