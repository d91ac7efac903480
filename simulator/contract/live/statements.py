"""From figures to statements: one for each period that a contract is told by, nothing missing."""

from __future__ import annotations

import datetime
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from simulator._errors import Problem, ScenarioError
from simulator.contract.agreement import Agreement
from simulator.contract.live.facts import Actual, Fact, outside, plain_number
from simulator.contract.live.needs import Need
from simulator.contract.live.period_names import KINDS, period_name
from simulator.contract.periods import Month, Timetable
from simulator.contract.statement import COLUMNS, Statement

__all__ = [
    "Changed",
    "Figures",
    "Known",
    "add_figures",
    "changed_figures",
    "later_rows",
    "missing_figures",
    "periods_held",
    "statement_of",
]

_MOST_PERIODS = 6  # named in one message
_DIGITS = 9
"""Decimals of a sum or difference: beyond, only arithmetic's noise is left."""


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


@dataclass(frozen=True)
class Changed:
    """A figure that differs from what an earlier settlement took it for.

    Attributes:
        period: name of the period.
        fact: what it is of.
        before: the figure of the earlier settlement.
        now: the figure as known now.
    """

    period: str
    fact: Fact
    before: Known
    now: Known


def changed_figures(before: Figures, now: Figures) -> list[Changed]:
    """Return each figure that was known before and has another value now."""
    return [
        Changed(period, fact, known, now[period][fact])
        for period, facts in before.items()
        for fact, known in facts.items()
        if fact in now.get(period, {}) and now[period][fact].value != known.value
    ]


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
    later = {actual.row for actual in later_rows(actuals, timetable, grain, until)}
    by_fact: dict[Fact, dict[tuple[str, str], Actual]] = {}
    for actual in actuals:
        if actual.row not in later:
            by_fact.setdefault(actual.fact, {})[actual.kind, actual.period] = actual
    for fact, rows in by_fact.items():
        is_level = fact.measure in agreement.levels
        used: set[tuple[str, str]] = set()
        in_year: tuple[int, float | None] = (-1, 0.0)
        for period in timetable.periods(grain):
            if period.end > until.end:
                break
            name = period_name(period, grain)
            year, so_far = in_year
            if year != period.financial_year:
                year, so_far = period.financial_year, 0.0
            found, passed = _parts(rows, period, timetable, grain)
            used |= {(row.kind, row.period) for row in (*found, *passed)}
            if found:
                value = _value(found, is_level, so_far)
                told = _impossible(agreement, found, value, so_far)
                if told:
                    problems.append(_problem(file, found[-1], *told))
                else:
                    rows_named = _rows_named(found)
                    provisional = any(row.provisional for row in found)
                    known.setdefault(name, {})[fact] = Known(value, provisional, rows_named)
            there = known.get(name, {}).get(fact)
            so_far = None if there is None or so_far is None else so_far + there.value
            in_year = year, so_far
        problems += [
            _problem(file, row, *_misfit(row, grain))
            for key, row in rows.items()
            if key not in used
        ]
    if problems:
        raise ScenarioError(problems)
    return known


def later_rows(
    actuals: Sequence[Actual], timetable: Timetable, grain: str, until: Month
) -> list[Actual]:
    """Return the rows of periods after the last one wanted, the earliest period first.

    Rows of longer periods than a contract is told by are none of them: they are refused.
    """
    ends = _ends(timetable)
    later = [
        actual
        for actual in actuals
        if ends[actual.kind, actual.period] > until.end and not _is_coarse(actual, grain)
    ]
    return sorted(later, key=lambda actual: ends[actual.kind, actual.period])


def periods_held(actuals: Sequence[Actual], timetable: Timetable) -> list[str]:
    """Return the names of the periods that rows are of, in order."""
    ends = _ends(timetable)
    ordered = sorted(actuals, key=lambda actual: ends[actual.kind, actual.period])
    return list(dict.fromkeys(actual.period for actual in ordered))


def _ends(timetable: Timetable) -> dict[tuple[str, str], datetime.date]:
    """Return the day after the last of each period that can be written, by kind and name."""
    return {
        (kind, period_name(period, kind)): period.end
        for kind in KINDS
        for period in timetable.periods(kind)
    }


def _parts(
    rows: Mapping[tuple[str, str], Actual], period: Month, timetable: Timetable, grain: str
) -> tuple[list[Actual], list[Actual]]:
    """Return the rows that make up a period, and those that a later row takes in.

    They are its own row, or all of its months or quarters, or the year so far at its end.
    """
    own = rows.get((grain, period_name(period, grain)))
    if own is not None:
        return [own], []
    for kind in KINDS[: KINDS.index(grain)]:
        inside = [
            each
            for each in timetable.periods(kind)
            if period.first <= each.first and each.end <= period.end
        ]
        found = [rows.get((kind, period_name(each, kind))) for each in inside]
        if found[-1] is not None and found[-1].to_date:
            return [found[-1]], [row for row in found[:-1] if row is not None and row.to_date]
        whole = [row for row in found if row is not None and not row.to_date]
        if len(whole) == len(inside):
            return whole, []
    return [], []


def _value(found: Sequence[Actual], is_level: bool, so_far: float | None) -> float:
    """Return the figure of a period; not a number where its past is missing."""
    if is_level:
        return found[-1].value
    if not found[0].to_date:
        return round(math.fsum(row.value for row in found), _DIGITS)
    return math.nan if so_far is None else round(found[0].value - so_far, _DIGITS)


def _impossible(
    agreement: Agreement, rows: Sequence[Actual], value: float, so_far: float | None
) -> tuple[str, str, str] | None:
    """Return what is wrong with the figure that rows make for a period that is told.

    Each row by itself is looked at when it is read.
    """
    row = rows[-1]
    if not row.to_date:
        told = outside(agreement, row.fact.measure, value) if len(rows) > 1 else None
        if told is None:
            return None
        return f"found {plain_number(value)} in all for the rows to {row.period}", *told
    if so_far is None:
        return (
            f"found the year so far to {row.period}, but not what came before in this year",
            "a year so far follows on the figures before it",
            "add the earlier periods of the year, or write the figure of this period alone",
        )
    told = outside(agreement, row.fact.measure, value)
    if told is None:
        return None
    found = (
        f"found {plain_number(row.value)} for the year so far to {row.period}, where it was "
        f"{plain_number(so_far)} before"
    )
    mend = "correct an earlier period by a row of its own, or leave 'ytd' out where it is not meant"
    return found, told[0], mend


def _is_coarse(row: Actual, grain: str) -> bool:
    return KINDS.index(row.kind) > KINDS.index(grain)


def _misfit(row: Actual, grain: str) -> tuple[str, str, str]:
    if _is_coarse(row, grain):
        return (
            f"found a figure of a whole {row.kind}, {row.period}",
            f"this contract is told by {grain}",
            f"write one row for each {grain}",
        )
    return (
        f"found a figure of {row.period} without the others of its {grain}, or beside one of the "
        f"whole {grain}",
        f"the {grain} is told by one row, or by all of its parts in the same way",
        "add the others, or remove what stands there twice",
    )


def _problem(file: str, row: Actual, found: str, allowed: str, mend: str) -> Problem:
    return Problem(file, row.row, 0, "period", found, allowed, mend)


def _rows_named(found: Sequence[Actual]) -> str:
    if len(found) == 1:
        return found[0].source
    numbers = [row.row for row in found]
    file = found[0].source.rpartition(", row")[0]
    if numbers == list(range(numbers[0], numbers[-1] + 1)):
        return f"{file}, rows {numbers[0]} to {numbers[-1]}"
    return f"{file}, rows {', '.join(map(str, numbers))}"


def missing_figures(
    known: Figures,
    needs: Sequence[Need],
    periods: Sequence[str],
    file: str,
    asked: Sequence[str] = (),
    held: Sequence[str] = (),
) -> list[Problem]:
    """Return what a contract needs and nobody gave: periods without any figure, then figures.

    Args:
        known: what is known of each period.
        needs: what the contract needs of each.
        periods: the periods that are settled, from the first on.
        file: name of the file of actuals, for messages.
        asked: those of the periods that were asked for; earlier ones come with them.
        held: the periods that the file has figures of.
    """
    empty = [name for name in periods if not known.get(name)] if needs else []
    problems = _empty_periods(empty, file, asked, held)
    for need in needs:
        fact = need.fact
        lacking = [name for name in periods if name not in empty and fact not in known[name]]
        if lacking:
            problems.append(
                Problem(
                    file,
                    0,
                    0,
                    "",
                    f"found no {fact.named} for {_named(lacking)}",
                    "missing is never nought",
                    "fill in its value, or add a row for it; nought is written 0",
                )
            )
    return problems


def _empty_periods(
    empty: Sequence[str], file: str, asked: Sequence[str], held: Sequence[str]
) -> list[Problem]:
    """Return a problem for the periods without any figure, each with what it likely comes from."""
    problems = []
    earlier = [name for name in empty if name not in asked]
    if earlier:
        are, them, their = ("are", "them", "their") if len(earlier) > 1 else ("is", "it", "its")
        allowed = f"{_named(earlier)} {are} not settled yet"
        mend = f"settle {them} first, or put {their} figures in the same file"
        problems.append(_empty(file, earlier, allowed, mend))
    now = [name for name in empty if name in asked]
    if now:
        allowed = "missing is never nought"
        mend = "fill in the values, or add rows for them; nought is written 0"
        if held:
            wanted = asked[0] if len(asked) == 1 else f"{asked[0]} to {asked[-1]}"
            allowed = f"the file holds {_named(held)}; you asked for {wanted}"
            mend = "put the figures in the file, or ask for a period that it holds"
        problems.append(_empty(file, now, allowed, mend))
    return problems


def _empty(file: str, periods: Sequence[str], allowed: str, mend: str) -> Problem:
    return Problem(file, 0, 0, "", f"found no figures for {_named(periods)}", allowed, mend)


def _named(periods: Sequence[str]) -> str:
    more = ", ..." if len(periods) > _MOST_PERIODS else ""
    return ", ".join(periods[:_MOST_PERIODS]) + more


def statement_of(
    facts: Mapping[Fact, Known], period: Month, agreement: Agreement, needs: Sequence[Need]
) -> Statement:
    """Return the statement of a period from what is known of it."""
    signatories = agreement.signatories
    shape = len(signatories.providers), len(signatories.services)
    columns = {name: np.zeros(shape) for name in COLUMNS}
    for name in agreement.data_used:
        if name in agreement.data:
            columns[name] = np.zeros(agreement.data[name].shape(*shape))
    for need in needs:
        row = signatories.providers.index(need.party) if need.party else 0
        # a figure for all services together stands with the first: only their sum is asked for
        column = signatories.services.index(need.service) if need.service else 0
        value = facts[need.fact].value
        columns[need.measure][row, column] = value
    return Statement(columns, period.years, agreement.levels)
