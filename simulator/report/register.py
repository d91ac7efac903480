"""The assumptions register: every number of a scenario, who says so, and what is missing."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby

from simulator.quantities import Figure, is_money
from simulator.report.tables import paragraph, table
from simulator.report.tabular import Cell, Column, Table
from simulator.report.words import number
from simulator.scenario.evidence import Sourced, defaults_taken, numbers_with_evidence
from simulator.scenario.ranges import Range, ranges_in, value_at
from simulator.scenario.scenario import Scenario
from simulator.scenario.yaml_text import Document

__all__ = ["REGISTER", "register", "register_text"]

GRADES = {
    "A": "audited",
    "B": "evaluated with a comparison",
    "C": "before and after",
    "D": "expert opinion",
    "E": "assumption",
}
_UNITS = {
    "money": "pounds",
    "money a year": "pounds a year",
    "amount": "pounds, once or a year",
    "share": "share of 1",
    "change": "share of 1",
    "portion": "share of 1",
    "duration": "days",
    "rate": "a year",
    "volume": "a year",
    "growth": "share of 1 a year",
    "chance a year": "share of 1 a year",
    "hazard": "share of 1 a day",
    "years": "years",
}
"""What numbers of each kind are counted in."""
_MISSING = ("source", "grade", "range", "price year", "owner", "review date")

REGISTER = Table(
    "assumptions",
    "Assumptions: every number of the scenario, and who says so",
    (
        Column("id", meaning="stays as long as the path does"),
        Column("path", meaning="where it stands in the scenario"),
        Column("value", meaning="as it is written"),
        Column("low", meaning="low end of its range"),
        Column("high", meaning="high end of its range"),
        Column("number", "number", "the value as a number, in the unit 'counted_in'"),
        Column("low_number", "number", "the low end as a number"),
        Column("high_number", "number", "the high end as a number"),
        Column("counted_in", meaning="unit of the three numbers before"),
        Column("unit", meaning="as it is told beside the value"),
        Column("price_year", meaning="year in whose prices an amount stands"),
        Column("source", meaning="who says so"),
        Column("grade", meaning=", ".join(f"{key} {value}" for key, value in GRADES.items())),
        Column("owner", meaning="who answers for it"),
        Column("review", meaning="when it is looked at again"),
        Column("note"),
        Column("taken", meaning="'written' in the scenario, or 'default'"),
        Column("missing", meaning="what a register should say and this one does not"),
    ),
)


def register(document: Document, scenario: Scenario) -> Table:
    """Return the register of a scenario: the numbers it wrote, then the defaults it took.

    Args:
        document: as it was read.
        scenario: built from it.
    """
    ranges = {each.path: each for each in ranges_in(document)}
    written = [
        _row(document, sourced, ranges, scenario) for sourced in numbers_with_evidence(scenario)
    ]
    defaults = [
        _default(_council(document, row.path), row.value, row.provenance)
        for row in defaults_taken(scenario)
    ]
    return REGISTER.filled(_identified([*written, *defaults]))


def _row(
    document: Document, sourced: Sourced, ranges: dict[str, Range], scenario: Scenario
) -> tuple[Cell, ...]:
    path = _as_read(document, sourced.path)
    found, evidence = ranges.get(path), sourced.evidence
    low, high = (found.low, found.high) if found else ("", "")
    ends = (evidence.low, evidence.high) if evidence else (None, None)
    texts = ("unit", "price_year", "source", "grade", "owner", "review", "note")
    told = {name: getattr(evidence, name) if evidence else "" for name in texts}
    if is_money(Figure(sourced.value, sourced.written)):
        told["price_year"] = told["price_year"] or scenario.appraisal.price_year
        unpriced = not told["price_year"]
    else:
        unpriced = False
    lacks = {
        "source": not told["source"],
        "grade": not told["grade"],
        "range": not found and told["grade"] != "A",
        "price year": unpriced,
        "owner": not told["owner"],
        "review date": not told["review"],
    }
    missing = ", ".join(name for name in _MISSING if lacks[name])
    counted = (sourced.value, *ends, _UNITS.get(sourced.kind, ""))
    return (path, sourced.written, low, high, *counted, *told.values(), "written", missing)


def _default(path: str, value: str, provenance: str) -> tuple[Cell, ...]:
    graded = re.search(r",? grade ([A-E])\b", provenance)
    grade = graded[1] if graded else ""
    nothing = (None, None, None, "")
    return (path, value, "", "", *nothing, "", "", provenance, grade, "", "", "", "default", "")


def _as_read(document: Document, path: str) -> str:
    """Return the path of a written number as ``--set`` takes it."""
    path = _council(document, path)
    group, _, _ = path.rpartition(".")
    short = value_at(document, path) is None and value_at(document, group) is not None
    return group if short else path  # 'lasts: 13 weeks' is short for 'lasts: {mean: 13 weeks}'


def _council(document: Document, path: str) -> str:
    """Return a path below 'council' where the only commissioner is written so."""
    if "council" in document.tree and path.startswith("commissioners.council"):
        return path.removeprefix("commissioners.")
    return path


def _identified(rows: Sequence[tuple[Cell, ...]]) -> list[tuple[Cell, ...]]:
    """Put an identifier before each row, made from its path alone; longer only if two are equal."""
    digests = [hashlib.sha256(str(row[0]).encode("utf-8")).hexdigest().upper() for row in rows]
    length = 8
    while len({digest[:length] for digest in digests}) < len(set(digests)):
        length += 1
    return [(f"A-{digest[:length]}", *row) for digest, row in zip(digests, rows, strict=True)]


def register_text(scenario: Scenario, rows: Table) -> str:
    """Return the register for a terminal: what is written, what is missing, defaults taken."""
    return "\n".join(_lines(scenario, rows))


def _group(path: str) -> str:
    """Return the party, service or contract that a number belongs to."""
    steps = path.split(".")
    return ".".join(steps[: min(2, len(steps) - 1)]) or "The whole"


def _range(entry: dict[str, str]) -> str:
    return f" ({entry['low']} to {entry['high']})" if entry["low"] else ""


def _lines(scenario: Scenario, rows: Table) -> Iterator[str]:
    names = [column.name for column in rows.columns]
    entries = [
        {name: "" if cell is None else str(cell) for name, cell in zip(names, row, strict=True)}
        for row in rows.rows
    ]
    written = [entry for entry in entries if entry["taken"] == "written"]
    defaults = [entry for entry in entries if entry["taken"] == "default"]
    yield f"{scenario.title}: assumptions"
    yield ""
    grades = Counter(entry["grade"] for entry in written)
    told = [
        f"{grades[grade]} {grade} ({meaning})" for grade, meaning in GRADES.items() if grades[grade]
    ]
    if grades[""]:
        told.append(f"{grades['']} without")
    yield paragraph(
        f"{number(len(written))} numbers written, {number(len(defaults))} defaults taken. Grades: "
        f"{', '.join(told)}."
    )
    lacking = Counter(name for entry in written for name in entry["missing"].split(", ") if name)
    if lacking:
        told = [f"{number(lacking[name])} {name}" for name in _MISSING if lacking[name]]
        yield paragraph(f"Numbers that lack something: {', '.join(told)}.")
    for group, inside in groupby(written, lambda entry: _group(entry["path"])):
        yield ""
        yield group
        yield ""
        yield table(
            ("ID", "Number, value, range", "Grade", "Source"),
            [
                (
                    entry["id"],
                    f"{entry['path'].removeprefix(f'{group}.')}: {entry['value']}{_range(entry)}",
                    entry["grade"] or "none",
                    entry["source"] or "none",
                )
                for entry in inside
            ],
            prose=3,
        )
    if defaults:
        yield ""
        yield "Defaults taken, because the scenario does not say otherwise"
        yield ""
        yield table(
            ("ID", "Number", "Value", "Where it comes from"),
            [(entry["id"], entry["path"], entry["value"], entry["source"]) for entry in defaults],
            texts=2,
            prose=2,
        )
