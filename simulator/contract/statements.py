"""From figures to statements: one for each period that a contract is told by, nothing missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from simulator._errors import Problem, ScenarioError
from simulator.contract.actuals import Actual, Fact
from simulator.contract.agreement import Agreement
from simulator.contract.needs import Need
from simulator.contract.period_names import KINDS, period_name
from simulator.contract.periods import Month, Timetable
from simulator.contract.statement import COLUMNS, Statement

__all__ = ["Figures", "Known", "add_figures", "missing_figures", "statement_of"]


@dataclass(frozen=True)
class Known:
    """A figure of one period.

    Attributes:
        value: the figure.
        provisional: whether it may still change.
        source: the file and rows it comes from.
    """

    value: float
    provisional: bool
    source: str


Figures = Mapping[str, Mapping[Fact, Known]]
"""For the name of each period what is known of it."""


def add_figures(
    actuals: Sequence[Actual],
    agreement: Agreement,
    timetable: Timetable,
    grain: str,
    until: Month,
    before: Figures,
    file: str,
) -> Figures:
    """Return what is known of each period after reading a file.

    Args:
        actuals: the rows of the file.
        agreement: the contract.
        timetable: its term.
        grain: the period its figures are told by; rows of longer ones are refused.
        until: the last period wanted; rows of later ones are left out.
        before: what was known; the file has the last word.
        file: its name, for messages.

    Raises:
        ScenarioError: rows that overlap, are too coarse, or give a year so far without its past.
    """
    problems: list[Problem] = []
    known = {name: dict(facts) for name, facts in before.items()}
    by_fact: dict[Fact, dict[tuple[str, str], Actual]] = {}
    for actual in actuals:
        by_fact.setdefault(actual.fact, {})[actual.kind, actual.period] = actual
    for fact, rows in by_fact.items():
        is_level = fact.measure in agreement.levels
        used: set[tuple[str, str]] = set()
        in_year: tuple[int, float | None] = (-1, 0.0)
        for period in timetable.periods(grain):
            name = period_name(period, grain)
            year, so_far = in_year
            if year != period.financial_year:
                year, so_far = period.financial_year, 0.0
            found = _parts(rows, period, timetable, grain)
            used |= {(row.kind, row.period) for row in found}
            if found and period.end <= until.end:
                value = _value(found, is_level, so_far)
                if isinstance(value, str):
                    problems.append(_problem(file, found[-1], value))
                else:
                    rows_named = _rows_named(found)
                    provisional = any(row.provisional for row in found)
                    known.setdefault(name, {})[fact] = Known(value, provisional, rows_named)
            there = known.get(name, {}).get(fact)
            so_far = None if there is None or so_far is None else so_far + there.value
            in_year = year, so_far
        problems += [
            _problem(file, row, _misfit(row, grain))
            for key, row in rows.items()
            if key not in used and not row.to_date
        ]
    if problems:
        raise ScenarioError(problems)
    return known


def _parts(
    rows: Mapping[tuple[str, str], Actual], period: Month, timetable: Timetable, grain: str
) -> list[Actual]:
    """Return the rows that make up a period: its own, or all of its months or quarters."""
    own = rows.get((grain, period_name(period, grain)))
    if own is not None:
        return [own]
    for kind in KINDS[: KINDS.index(grain)]:
        inside = [
            each
            for each in timetable.periods(kind)
            if period.first <= each.first and each.end <= period.end
        ]
        last = rows.get((kind, period_name(inside[-1], kind)))
        if last is not None and last.to_date:
            return [last]
        found = [rows.get((kind, period_name(each, kind))) for each in inside]
        whole = [row for row in found if row is not None and not row.to_date]
        if len(whole) == len(inside):
            return whole
    return []


def _value(found: Sequence[Actual], is_level: bool, so_far: float | None) -> float | str:
    """Return the figure of a period, or what is wrong with its rows."""
    if is_level:
        return found[-1].value
    if not found[0].to_date:
        return sum(row.value for row in found)
    if so_far is None:
        return "found the year so far, but not what came before in this year"
    return found[0].value - so_far


def _misfit(row: Actual, grain: str) -> str:
    if KINDS.index(row.kind) > KINDS.index(grain):
        return f"found a figure of a {row.kind}; this contract is told by {grain}"
    return (
        f"found a figure of {row.period} without the others of its {grain}, or beside one of the "
        f"whole {grain}"
    )


def _problem(file: str, row: Actual, found: str) -> Problem:
    mend = "give every period of the year, or figures of each period alone"
    return Problem(file, row.row, 1, f"row {row.row}, period", found, "", mend)


def _rows_named(found: Sequence[Actual]) -> str:
    if len(found) == 1:
        return found[0].source
    numbers = [row.row for row in found]
    file = found[0].source.rpartition(", row")[0]
    if numbers == list(range(numbers[0], numbers[-1] + 1)):
        return f"{file}, rows {numbers[0]} to {numbers[-1]}"
    return f"{file}, rows {', '.join(map(str, numbers))}"


def missing_figures(
    known: Figures, needs: Sequence[Need], periods: Sequence[str], file: str
) -> list[Problem]:
    """Return a problem for each figure that a contract needs and nobody gave."""
    problems = []
    for need in needs:
        fact = Fact(need.measure, need.party, need.service)
        lacking = [name for name in periods if fact not in known.get(name, {})]
        if lacking:
            of = " ".join(part for part in (need.party, need.service) if part)
            shown = ", ".join(lacking[:6]) + (", ..." if len(lacking) > 6 else "")
            problems.append(
                Problem(
                    file,
                    0,
                    0,
                    "",
                    f"found no '{need.measure}'{f' of {of}' if of else ''} for {shown}",
                    "missing is never nought",
                    "add a row for it; nought is written 0",
                )
            )
    return problems


def statement_of(
    facts: Mapping[Fact, Known], period: Month, agreement: Agreement, needs: Sequence[Need]
) -> Statement:
    """Return the statement of a period from what is known of it."""
    signatories = agreement.signatories
    shape = len(signatories.providers), len(signatories.services)
    columns = {name: np.zeros(shape) for name in COLUMNS}
    for name in agreement.data_used:
        if name in agreement.data:
            sizes = {"all": (1, 1), "each provider": (shape[0], 1), "each service": shape}
            columns[name] = np.zeros(sizes[agreement.data[name].of])
    for need in needs:
        row = signatories.providers.index(need.party) if need.party else 0
        # a figure for all services together stands with the first: only their sum is asked for
        column = signatories.services.index(need.service) if need.service else 0
        value = facts[Fact(need.measure, need.party, need.service)].value
        columns[need.measure][row, column] = value
    return Statement(columns, period.years, agreement.levels)
