"""Sweeps as a finance team reads them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from simulator.report.sweep_tables import (
    NO_SWITCH,
    break_even_table,
    notes_of,
    shown_like,
    side,
    switching_table,
)
from simulator.report.tables import paragraph, table
from simulator.report.tabular import Table
from simulator.report.words import money, money_in_words, number
from simulator.scenario.scenario import Scenario
from simulator.study.estimate import Estimate
from simulator.study.grid import Grid, grid_row
from simulator.study.measures import Measure
from simulator.study.points import Answer, Refused, Settings
from simulator.study.switching import Switch
from simulator.study.tornado import Bar, Tornado

__all__ = ["grid_text", "in_words", "measured", "switching_text", "tornado_text"]

_MOST_BARS = 15
_WHO_SAYS_SO = 3
_PATH_WIDTH = 38
_SYMBOLS = {"above": "+", "below": "-", "too close": ".", "cannot run": "x"}


def measured(measure: Measure, value: float, currency: str, error: float | None = None) -> str:
    """Return what a measure comes to, in its unit."""
    if measure.unit == "money":
        return money(value, currency, error)
    if measure.unit == "share":
        return f"{100 * value:.0f}%" if not error or error >= 0.01 else f"{100 * value:.1f}%"
    return f"{value:,.1f}" if measure.unit == "days" else number(value)


def in_words(measure: Measure, value: float, currency: str) -> str:
    """Return what a measure comes to, for a sentence: money rounded and in words."""
    if measure.unit == "money":
        return money_in_words(value, currency)
    return measured(measure, value, currency)


def _heading(scenario: Scenario) -> Iterator[str]:
    yield scenario.title
    if scenario.illustrative:
        yield "Made-up inputs: do not use for decisions."


def tornado_text(
    scenario: Scenario,
    measures: Sequence[Measure],
    tornadoes: Sequence[Tornado],
    rows: Table,
    futures: int,
) -> str:
    """Return a tornado for a terminal: the largest swings of each measure, and who says so."""
    lines = [*_heading(scenario), ""]
    lines.append(
        paragraph(
            "Each number with a range is put to its low and its high end, all else at its central "
            f"value, over the same {number(futures)} simulated futures. The swing is the largest "
            "less the smallest result."
        )
    )
    for measure, found in zip(measures, tornadoes, strict=True):
        lines += ["", *_bars(scenario, measure, found)]
    lines += _problems(rows)
    return "\n".join(lines)


def _bars(scenario: Scenario, measure: Measure, found: Tornado) -> Iterator[str]:
    currency = scenario.currency

    def say(each: Estimate | Refused | None) -> str:
        if not isinstance(each, Estimate):
            return "cannot run"
        return measured(measure, each.value, currency, each.error)

    clear = [bar for bar in found.bars if bar.is_clear]
    shown = clear[:_MOST_BARS]
    heading = measure.in_words(scenario)
    yield heading
    yield "-" * len(heading)
    error = found.base.error
    known = f" (Monte Carlo error {measured(measure, error, currency)})" if error else ""
    yield f"At the central values: {say(found.base)}{known}."
    yield ""
    if not shown:
        yield "No range moves it clearly."
    else:
        yield table(
            ("Number and range", "At low", "At high", "Swing", "Error", "Rank"),
            [
                (
                    f"{_folded(bar.input.path)}\n  {bar.input.low} to {bar.input.high}",
                    say(bar.low),
                    say(bar.high),
                    say(bar.swing),
                    measured(measure, bar.swing.error or 0.0, currency) if bar.swing else "",
                    _rank(bar),
                )
                for bar in shown
            ],
        )
        yield ""
        yield paragraph(
            "Error is the Monte Carlo error of the swing. A rank such as '2 to 4' says that the "
            "futures cannot tell these apart (95%, all pairs together)."
        )
        if len(clear) > len(shown):
            yield paragraph(f"{len(clear) - len(shown)} smaller ones are in tornado.csv.")
    yield from _not_told_apart(found, futures_known=error is not None)
    if shown:
        yield ""
        yield "Who says so, for the largest:"
        for bar in shown[:_WHO_SAYS_SO]:
            grade = f"grade {bar.input.grade}" if bar.input.grade else "no grade"
            source = bar.input.source or "no source"
            yield paragraph(f"{bar.input.path} ({grade}): {source}", "  ")


def _folded(path: str) -> str:
    """Break a path at its dots into lines that leave space for the figures."""
    lines = [""]
    for step in path.split("."):
        if lines[-1] and len(lines[-1]) + len(step) > _PATH_WIDTH:
            lines.append("  ")
        lines[-1] += f"{step}."
    return "\n".join(lines)[:-1]


def _not_told_apart(found: Tornado, futures_known: bool) -> Iterator[str]:
    nothing = [bar.input.path for bar in found.bars if bar.swing and bar.swing.value == 0.0]
    noise = [
        bar.input.path
        for bar in found.bars
        if bar.swing and bar.swing.value != 0.0 and not bar.is_clear
    ]
    if noise:
        yield paragraph(f"Not distinguishable from nought: {', '.join(noise)}.")
    if nothing:
        yield paragraph(f"No effect at all on this: {', '.join(nothing)}.")
    if not futures_known:
        yield "One future tells no error, so nothing is called distinguishable."


def _rank(bar: Bar) -> str:
    best, worst = bar.ranks or (0, 0)
    return str(best) if best == worst else f"{best} to {worst}"


def _problems(rows: Table) -> list[str]:
    problems = list(dict.fromkeys(notes_of(rows)))
    if not problems:
        return []
    return ["", "Points that cannot be run:", *(paragraph(each, "  ") for each in problems)]


def grid_text(
    scenario: Scenario,
    measures: Sequence[Measure],
    grid: Grid,
    answers: Mapping[Settings, Answer],
    rows: Table,
    bound: float,
    break_even: bool,
) -> str:
    """Return a map for each measure, and where it passes the bound."""
    lines = list(_heading(scenario))
    for place, measure in enumerate(measures):
        lines += ["", *_map(scenario, measure, place, grid, answers, bound)]
        if break_even:
            lines += ["", *_break_even(scenario, measure, place, grid, answers, bound)]
    lines += _problems(rows)
    return "\n".join(lines)


def _map(
    scenario: Scenario,
    measure: Measure,
    place: int,
    grid: Grid,
    answers: Mapping[Settings, Answer],
    bound: float,
) -> Iterator[str]:
    heading = measure.in_words(scenario)
    yield heading
    yield "-" * len(heading)
    shown = measured(measure, bound, scenario.currency)
    yield paragraph(f"+ above {shown}, - below it, . too close to tell, x cannot be run")
    yield ""
    across, down = grid.across, grid.down
    margin = max((len(text) for text in down.texts), default=0) if down else 0
    if down:
        yield f"{down.path} (top to bottom), {across.path} (left to right)"
    else:
        yield f"{across.path} (left to right)"
    for text, points in grid.rows():
        row = grid_row(answers, points, place)
        symbols = " ".join(_SYMBOLS[side(each, bound, grid.size)] for each in row)
        yield f"  {text.rjust(margin)} | {symbols}" if down else f"  {symbols}"
    first, last = across.texts[0], across.texts[-1]
    start = margin + 5 if down else 2
    width = 2 * len(across.texts) - 1
    yield " " * start + first + last.rjust(max(width - len(first), len(last) + 1))


def _break_even(
    scenario: Scenario,
    measure: Measure,
    place: int,
    grid: Grid,
    answers: Mapping[Settings, Answer],
    bound: float,
) -> Iterator[str]:
    only = {point: _only(answer, place) for point, answer in answers.items()}
    found = break_even_table([measure], grid, only, bound)
    yield f"Break-even, where it is {measured(measure, bound, scenario.currency)}:"
    if not found.rows:
        yield paragraph("The measure does not pass it along any row.", "  ")
        return
    rows = [
        (*((str(y),) if grid.down else ()), str(x), str(error), f"{beyond} it to the right")
        for _, _, y, _, x, error, beyond in found.rows
    ]
    yield ""
    header = (*((grid.down.path,) if grid.down else ()), grid.across.path, "Error", "Measure")
    yield table(header, rows, texts=1 if grid.down else 0)


def _only(answer: Answer, place: int) -> Answer:
    return answer if isinstance(answer, Refused) else (answer[place],)


def switching_text(
    scenario: Scenario, measure: Measure, bound: float, switches: Sequence[Switch], futures: int
) -> str:
    """Return the switching values for a terminal."""
    lines = [*_heading(scenario), ""]
    shown = measured(measure, bound, scenario.currency)
    lines.append(
        paragraph(
            f"{measure.in_words(scenario)}. How far must one number move, all else at its central "
            f"value, before this is {shown}? Over {number(futures)} simulated futures, the same "
            "at every trial."
        )
    )
    found = [switch for switch in switches if switch.at is not None]
    lines.append("")
    if found:
        rows = []
        for switch in found:
            each = switch.input
            at = shown_like(each.value, switch.at or 0.0, switch.error)
            error = shown_like(each.value, switch.error) if switch.error is not None else ""
            rows.append(
                (
                    f"{_folded(each.path)}\n  {each.low} to {each.high}",
                    each.value,
                    at,
                    error or "whole numbers",
                    "above" if switch.rises else "below",
                )
            )
        header = ("Number and range", "Now", "Switches at", "Error", "Beyond")
        lines.append(table(header, rows))
        lines.append("")
        lines.append(
            paragraph(
                "Error is the Monte Carlo error of the measure there over its slope. Beyond: "
                f"whether the measure is above or below {shown} at higher values."
            )
        )
    others = [switch for switch in switches if switch.at is None]
    told = [switch.input.path for switch in others if not _refused(switch)]
    if told:
        lines.append(paragraph(f"{NO_SWITCH.capitalize()}: {', '.join(told)}."))
    lines += _problems(switching_table(measure, bound, switches))
    return "\n".join(lines)


def _refused(switch: Switch) -> bool:
    return bool(switch.problem) or any(
        isinstance(each, Refused) for each in (switch.low, switch.high)
    )
