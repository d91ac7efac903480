"""The tables of sweeps: tornado, grid and switching values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from simulator.report.tabular import Cell, Column, Table
from simulator.scenario.ranges import plain_number, written_like
from simulator.study.estimate import Estimate
from simulator.study.grid import Grid, crossings, grid_row
from simulator.study.measures import Measure
from simulator.study.points import Answer, Refused, Settings
from simulator.study.switching import Switch
from simulator.study.tornado import Tornado

__all__ = [
    "BREAK_EVEN",
    "GRID",
    "NONE",
    "NO_SWITCH",
    "SWEEP_TABLES",
    "SWITCHING",
    "TOO_CLOSE",
    "TORNADO",
    "break_even_table",
    "grid_table",
    "notes_of",
    "shown_like",
    "side",
    "switching_table",
    "tornado_table",
]

_MEASURE = Column("measure", meaning="contract, party or service, quantity and statistic")
_INPUT = (
    Column("path", meaning="where the number stands in the scenario"),
    Column("low", meaning="low end of its range"),
    Column("value", meaning="its central value"),
    Column("high", meaning="high end of its range"),
    Column("grade", meaning="of its evidence, A to E"),
    Column("source", meaning="who says so"),
)
_PROBLEM = Column("problem", meaning="why a point cannot be run; 'none' where it can")

TORNADO = Table(
    "tornado",
    "What moves the answer: each ranged number low and high, all else at its central value",
    (
        _MEASURE,
        *_INPUT,
        Column("at_low", "number", "the measure at the low end"),
        Column("at_value", "number", "the measure at the central values"),
        Column("at_high", "number", "the measure at the high end"),
        Column("swing", "number", "largest less smallest of the three"),
        Column("mc_error", "number", "Monte Carlo error of the swing"),
        Column(
            "distinguishable", meaning="whether the swing is told from nought (95%, all of them)"
        ),
        Column("best_rank", "whole", "1 is the largest swing"),
        Column("worst_rank", "whole", "between the two lies its place (95%, all pairs)"),
        _PROBLEM,
    ),
)
GRID = Table(
    "grid",
    "A measure over the values of one or two numbers",
    (
        _MEASURE,
        Column("x_path", meaning="the number that changes from left to right"),
        Column("x", meaning="its value"),
        Column("x_number", "number", "the same as a number, in the unit it is written in"),
        Column("y_path", meaning="the number that changes from top to bottom"),
        Column("y", meaning="its value"),
        Column("y_number", "number", "the same as a number, in the unit it is written in"),
        Column("measured", "number", "what the measure comes to"),
        Column("mc_error", "number", "its Monte Carlo error"),
        Column("side", meaning="'above' or 'below' the bound, 'too close' or 'cannot run'"),
        _PROBLEM,
    ),
)
BREAK_EVEN = Table(
    "break_even",
    "Where a row of the grid passes the break-even, by a straight line between neighbours",
    (
        _MEASURE,
        Column("y_path"),
        Column("y"),
        Column("x_path"),
        Column("x", meaning="where the measure meets the bound"),
        Column("mc_error", meaning="how far that may be off, one Monte Carlo error"),
        Column("beyond", meaning="whether the measure is above or below the bound to the right"),
    ),
)
SWITCHING = Table(
    "switching",
    "How far one number must move before a measure meets a bound, all else at its central value",
    (
        _MEASURE,
        Column("bound", "number"),
        *_INPUT,
        Column("at_low", "number", "the measure at the low end"),
        Column("at_high", "number", "the measure at the high end"),
        Column("switches_at", meaning="'no switching value in range' where there is none"),
        Column("switches_at_number", "number", "the same in the unit the value is written in"),
        Column("mc_error", meaning="how far that may be off, one Monte Carlo error"),
        Column("beyond", meaning="whether the measure is above or below the bound beyond it"),
        _PROBLEM,
    ),
)
SWEEP_TABLES = (TORNADO, GRID, BREAK_EVEN, SWITCHING)
NONE = "none"
NO_SWITCH = "no switching value in range"
TOO_CLOSE = "too close to tell"


def _value(found: Estimate | Refused | None) -> float | None:
    return found.value if isinstance(found, Estimate) else None


def _problems(found: Mapping[str, Estimate | Refused]) -> str:
    told = [f"{at}: {each.problem}" for at, each in found.items() if isinstance(each, Refused)]
    return "; ".join(told) or NONE


def tornado_table(measures: Sequence[Measure], tornadoes: Sequence[Tornado]) -> Table:
    """Return the bars of each measure, the largest swing first."""
    rows: list[tuple[Cell, ...]] = []
    for measure, found in zip(measures, tornadoes, strict=True):
        for bar in found.bars:
            each = bar.input
            best, worst = bar.ranks or (None, None)
            rows.append(
                (
                    str(measure),
                    *(each.path, each.low, each.value, each.high, each.grade, each.source),
                    _value(bar.low),
                    found.base.value,
                    _value(bar.high),
                    _value(bar.swing),
                    None if bar.swing is None else bar.swing.error,
                    "yes" if bar.is_clear else "no",
                    best,
                    worst,
                    _problems({each.low: bar.low, each.high: bar.high}),
                )
            )
    return TORNADO.filled(rows)


def grid_table(
    measures: Sequence[Measure], grid: Grid, answers: Mapping[Settings, Answer], bound: float
) -> Table:
    """Return every point of a grid, row by row, each held against a bound."""
    rows: list[tuple[Cell, ...]] = []
    down = grid.down.path if grid.down else NONE
    for place, measure in enumerate(measures):
        for text, points in grid.rows():
            found = grid_row(answers, points, place)
            number = None if grid.down is None else plain_number(text)
            for x, each in zip(grid.across.texts, found, strict=True):
                error = each.error if isinstance(each, Estimate) else None
                problem = each.problem if isinstance(each, Refused) else NONE
                where = (grid.across.path, x, plain_number(x), down, text or NONE, number)
                beside = side(each, bound, grid.size)
                rows.append((str(measure), *where, _value(each), error, beside, problem))
    return GRID.filled(rows)


def side(found: Estimate | Refused, bound: float, among: int) -> str:
    """Tell on which side of a bound a point is, where that is clear among so many points."""
    if isinstance(found, Refused):
        return "cannot run"
    if not found.is_apart_from(bound, among):
        return "too close"
    return "above" if found.value > bound else "below"


def break_even_table(
    measures: Sequence[Measure], grid: Grid, answers: Mapping[Settings, Answer], bound: float
) -> Table:
    """Return where each row of a grid passes a bound."""
    rows: list[tuple[Cell, ...]] = []
    down = grid.down.path if grid.down else NONE
    sample = grid.across.texts[0]
    for place, measure in enumerate(measures):
        for text, points in grid.rows():
            for each in crossings(grid.across, grid_row(answers, points, place), bound):
                rows.append(
                    (
                        str(measure),
                        down,
                        text or NONE,
                        grid.across.path,
                        shown_like(sample, each.x, each.error),
                        "no data" if each.error is None else shown_like(sample, each.error),
                        "above" if each.rises else "below",
                    )
                )
    return BREAK_EVEN.filled(rows)


def switching_table(measure: Measure, bound: float, switches: Sequence[Switch]) -> Table:
    """Return the switching value of each number."""
    return SWITCHING.filled([_switch(measure, bound, each) for each in switches])


def _switch(measure: Measure, bound: float, switch: Switch) -> tuple[Cell, ...]:
    each = switch.input
    at = TOO_CLOSE if switch.is_close else NO_SWITCH
    if switch.at is not None:
        at = shown_like(each.value, switch.at, switch.error)
    error = NONE if switch.error is None else shown_like(each.value, switch.error)
    if switch.at is not None and switch.error is None:
        error = "whole numbers"
    beyond = NONE if switch.at is None else ("above" if switch.rises else "below")
    return (
        str(measure),
        bound,
        *(each.path, each.low, each.value, each.high, each.grade, each.source),
        _value(switch.low),
        _value(switch.high),
        at,
        switch.at,
        error,
        beyond,
        switch.problem or _problems({each.low: switch.low, each.high: switch.high}),
    )


def shown_like(sample: str, value: float, error: float | None = None) -> str:
    """Return a number in the units of another, with no more digits than its error supports."""
    scale = abs(error) if error else abs(value) / 100 or 1.0
    step = 10.0 ** max(-12, _exponent(scale))
    return written_like(sample, round(value / step) * step)


def _exponent(value: float) -> int:
    return int(f"{value:e}".partition("e")[2])


def notes_of(table: Table) -> Iterator[str]:
    """Yield each point of a sweep that could not be run, with the reason."""
    names = [column.name for column in table.columns]
    for row in table.rows:
        problem = str(row[names.index("problem")])
        if problem != NONE:
            at = [str(row[names.index(name)]) for name in ("path", "x_path") if name in names]
            yield f"{at[0]}: {problem}"
