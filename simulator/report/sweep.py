"""A sweep from what was asked to what is shown: points lived, tables, text and charts."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from functools import partial
from pathlib import Path
from typing import Any, Literal

from simulator._errors import RunError, ScenarioError, UsageError
from simulator._kinds import read_any, take_apart
from simulator.report.charts import grid_chart, tornado_chart
from simulator.report.draw import made_from
from simulator.report.register import register
from simulator.report.sweep_tables import (
    break_even_table,
    grid_table,
    switching_table,
    tornado_table,
)
from simulator.report.sweep_text import grid_text, in_words, switching_text, tornado_text
from simulator.report.tabular import Table, csv_text, records
from simulator.scenario.build import build
from simulator.scenario.layers import set_values
from simulator.scenario.plain import plain_yaml
from simulator.scenario.ranges import Range, axis, check_path, ranges_in, vary, written_like
from simulator.scenario.scenario import Scenario
from simulator.scenario.yaml_text import Document
from simulator.study.folder import software_identity
from simulator.study.grid import Grid, grid_points
from simulator.study.measures import Measure, default_measures, read_measures
from simulator.study.points import Answer, Points, PointStore, Recipe, Refused, Settings
from simulator.study.replicator import Listener
from simulator.study.switching import switching_points, switching_values
from simulator.study.tornado import tornado, tornado_points

__all__ = ["Asked", "Made", "make_sweep"]

SCHEMA = "alliance-sweep/1"
_MOST_POINTS = 100_000


@dataclass(frozen=True)
class Asked:
    """What a sweep was asked for; its manifest records it.

    Attributes:
        kind: of sweep.
        measures: as they were written; none takes the saving of every other contract.
        vary: numbers to move, each perhaps with its own range; none takes all that carry one.
        x: the first axis of a grid.
        y: its second axis; empty for a single row.
        break_even: whether a grid tells where it passes its bound.
        bound: what the measure is held against, as it is written.
    """

    kind: Literal["tornado", "grid", "switching"]
    measures: tuple[str, ...] = ()
    vary: tuple[str, ...] = ()
    x: str = ""
    y: str = ""
    break_even: bool = False
    bound: str = "0"

    @property
    def amount(self) -> float:
        """The bound as a number.

        Raises:
            ValueError: it is none.
        """
        return _amount(self.bound)

    def command(self) -> dict[str, Any]:
        """Return it as plain values."""
        return json.loads(json.dumps(asdict(self)))  # type: ignore[no-any-return]

    @classmethod
    def of(cls, command: Mapping[str, Any]) -> Asked:
        """Return what a manifest records.

        Raises:
            ValueError: it is not such a record.
        """
        if not isinstance(command, Mapping) or set(command) != {each.name for each in fields(cls)}:
            raise ValueError("it is not what a sweep writes")
        if command["kind"] not in ("tornado", "grid", "switching"):
            raise ValueError("there is no such kind of sweep")
        lists = [command["measures"], command["vary"]]
        texts = [command["x"], command["y"]]
        if not all(isinstance(each, list) for each in lists):
            raise ValueError("'measures' and 'vary' are lists")
        if not all(isinstance(each, str) for each in (*texts, *lists[0], *lists[1])):
            raise ValueError("measures, paths and axes are texts")
        if not isinstance(command["bound"], str) or type(command["break_even"]) is not bool:
            raise ValueError("'bound' is an amount as it is written, 'break_even' true or false")
        written = {name: tuple(command[name]) for name in ("measures", "vary")}
        _amount(command["bound"])
        return cls(**{**command, **written})


def _amount(text: str) -> float:
    """Return a bound as a number.

    Raises:
        ValueError: it is none.
    """
    parts = take_apart(text)
    value = read_any(parts) if parts is not None else None
    if value is None or not math.isfinite(value):
        raise ValueError(f"'{text}' is no amount")
    return value


@dataclass(frozen=True)
class Made:
    """A sweep that is done.

    Attributes:
        scenario: what was swept.
        measures: what was looked at.
        tables: what came of it.
        files: what its folder holds beside the manifest.
        engine: what carried the people.
        store: where its points are kept until it is written.
    """

    scenario: Scenario
    measures: Sequence[Measure]
    tables: Sequence[Table]
    files: dict[str, str]
    engine: str
    store: PointStore | None

    def charts(self, asked: Asked) -> list[dict[str, Any]]:
        """Return a chart for each measure; switching values have none."""
        charts = []
        doc = json.loads(self.files["sweep.json"])
        note = made_from(self.scenario, doc["replications"], doc["seed"], doc["run_id"])
        for measure in self.measures:
            say = partial(in_words, measure, currency=self.scenario.currency)
            words = measure.in_words(self.scenario)
            if asked.kind == "tornado":
                charts.append(tornado_chart(self.tables[0], str(measure), words, say, note))
            elif asked.kind == "grid":
                found = grid_chart(self.tables[0], str(measure), words, asked.amount, say, note)
                charts.append(found)
        return charts


def make_sweep(
    read: Document,
    asked: Asked,
    replications: int,
    seed: int,
    workers: int | None,
    identity: str,
    listener: Listener,
    beside: Path | None = None,
    resume: bool = False,
) -> Made:
    """Live the points of a sweep and return what comes of it.

    Args:
        read: the scenario.
        asked: what for.
        replications: futures of each point.
        seed: makes them.
        workers: processes.
        identity: of the sweep.
        listener: hears how far it is.
        beside: where unfinished work is kept; None keeps nothing.
        resume: whether something must be kept already.
    """
    scenario = build(read)
    measures = _measures(scenario, asked)
    recipe = Recipe(read, tuple(measures), replications, seed)
    store = None if beside is None else PointStore(beside, recipe, scenario.engine)
    makers = {"tornado": _tornado, "grid": _grid, "switching": _switching}
    with Points(recipe, workers, store, listener, resume) as points:
        text, tables = makers[asked.kind](read, scenario, asked, points)
    doc = {
        "schema": SCHEMA,
        "run_id": identity,
        "software": software_identity(),
        "scenario": scenario.title,
        "illustrative": scenario.illustrative,
        "seed": seed,
        "replications": replications,
        "command": asked.command(),
        "measures": [
            {"measure": str(each), "unit": each.unit, "words": each.in_words(scenario)}
            for each in measures
        ],
        "tables": {table.name: records(table) for table in tables},
    }
    written = {
        "sweep.json": json.dumps(doc, indent=2, ensure_ascii=False, allow_nan=False) + "\n",
        "sweep.txt": f"{text}\n\nRun {identity}, seed {seed}.\n",
        "scenario.yaml": plain_yaml(read.tree),
        **{f"{table.name}.csv": csv_text(table) for table in [*tables, register(read, scenario)]},
    }
    return Made(scenario, measures, tables, written, points.engine, store)


def _measures(scenario: Scenario, asked: Asked) -> list[Measure]:
    found = [each for text in asked.measures for each in read_measures(text, scenario)]
    measures = list(dict.fromkeys(found)) or default_measures(scenario)
    for measure in measures:
        _check_bound(asked, measure, scenario.currency)
    if asked.kind == "switching" and len(measures) > 1:
        raise UsageError(
            f"--until: '{', '.join(asked.measures)}' is told for several contracts; name one: "
            f"{', '.join(map(str, measures))}"
        )
    return measures


def _check_bound(asked: Asked, measure: Measure, currency: str) -> None:
    """Refuse a bound in other units than its measure's."""
    parts = take_apart(asked.bound)
    assert parts is not None
    allowed = {
        "money": parts.currency in ("", currency)
        and not (parts.percent or parts.unit or parts.per),
        "share": not (parts.currency or parts.unit or parts.per),
        "days": not (parts.currency or parts.percent or parts.per),
        "people": parts.bare,
    }
    if not allowed[measure.unit]:
        units = {"money": f"money in {currency}", "share": "a share", "days": "a length of time"}
        raise UsageError(
            f"found the bound '{asked.bound}' for {measure}, which is "
            f"{units.get(measure.unit, 'a number of people')}"
        )


def _ranges(read: Document, asked: Asked) -> list[Range]:
    """Return the numbers to move."""
    if asked.vary:
        wanted = [vary("--vary", each, read) for each in dict.fromkeys(asked.vary)]
        paths = [each.path for each in wanted]
        twice = next((path for path in paths if paths.count(path) > 1), None)
        if twice is not None:
            raise UsageError(f"--vary {twice}: found two ranges for one number; keep one")
        return wanted
    found = ranges_in(read)
    if not found:
        raise UsageError(
            "the scenario has no number with a range; write for example "
            "'caseload: {value: 35, range: [30, 40]}', or name one with --vary path=low:high"
        )
    return found


def _tornado(
    read: Document, scenario: Scenario, asked: Asked, points: Points
) -> tuple[str, list[Table]]:
    ranges = _ranges(read, asked)
    every = list(tornado_points(ranges))
    points.expect(every)
    central = points.answer(())
    if isinstance(central, Refused):
        raise RunError(f"the scenario itself cannot be run: {central.problem}")
    answers = {(): central, **dict(points.answers(every[1:]))}
    measures = points.recipe.measures
    found = [tornado(ranges, answers, place) for place in range(len(measures))]
    rows = tornado_table(measures, found)
    return tornado_text(scenario, measures, found, rows, points.recipe.replications), [rows]


def _grid(
    read: Document, scenario: Scenario, asked: Asked, points: Points
) -> tuple[str, list[Table]]:
    axes = [axis("-x", asked.x), *([axis("-y", asked.y)] if asked.y else [])]
    for option, each in zip(("-x", "-y"), axes, strict=False):
        check_path(option, each.path, read)
    if len(axes) > 1 and axes[0].path == axes[1].path:
        raise UsageError(f"-x and -y are both {axes[0].path}; name two numbers")
    grid = Grid(axes[0], axes[1] if len(axes) > 1 else None)
    if grid.size > _MOST_POINTS:
        raise UsageError(
            f"the grid has {grid.size:,} points; {_MOST_POINTS:,} are allowed: widen the steps"
        )
    every = list(grid_points(grid))
    points.expect(every)
    answers = dict(points.answers(every))
    measures = points.recipe.measures
    rows = grid_table(measures, grid, answers, asked.amount)
    passes = break_even_table(measures, grid, answers, asked.amount) if asked.break_even else None
    text = grid_text(scenario, measures, grid, answers, rows, asked.amount, passes)
    return text, [rows] if passes is None else [rows, passes]


def _switching(
    read: Document, scenario: Scenario, asked: Asked, points: Points
) -> tuple[str, list[Table]]:
    ranges = [each for each in _ranges(read, asked) if each.low != each.high]
    answers: dict[Settings, Answer] = {}

    def ask(asked_for: Sequence[Settings]) -> Mapping[Settings, Answer]:
        answers.update(points.answers([point for point in asked_for if point not in answers]))
        return answers

    points.expect(switching_points(ranges))
    (measure,) = points.recipe.measures
    whole = {each.path for each in ranges if _is_whole(read, each)}
    found = switching_values(ranges, asked.amount, ask, 0, whole)
    rows = switching_table(measure, asked.amount, found)
    futures = points.recipe.replications
    text = switching_text(scenario, measure, asked.amount, found, rows, futures)
    return text, [rows]


def _is_whole(read: Document, each: Range) -> bool:
    """Tell whether a number may only be whole: a value between two whole ones is refused."""
    low, high = each.ends
    if not (low.is_integer() and high.is_integer() and high > low):
        return False
    between = written_like(each.value, low + 0.5)
    try:
        build(set_values(read, [f"{each.path}={each.low}"]))
    except ScenarioError:
        return False  # refused for another reason
    try:
        build(set_values(read, [f"{each.path}={between}"]))
    except ScenarioError:
        return True
    return False
