"""Sweeps as a finance team reads them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

from simulator.report.sweep_tables import (
    NO_SWITCH,
    TOO_CLOSE,
    notes_of,
    shown_like,
    side,
)
from simulator.report.tables import paragraph, table
from simulator.report.tabular import Table
from simulator.report.words import MADE_UP, in_percent, money, money_in_words, number
from simulator.scenario.ranges import plain_number
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
        return in_percent(value) if not error or error >= 0.01 else f"{100 * value:.1f}%"
    return f"{value:,.1f}" if measure.unit == "days" else number(value)


def in_words(measure: Measure, value: float, currency: str) -> str:
    """Return what a measure comes to, for a sentence: money rounded and in words."""
    if measure.unit == "money":
        return money_in_words(value, currency)
    return measured(measure, value, currency)


def _heading(scenario: Scenario) -> Iterator[str]:
    yield scenario.title
    if scenario.illustrative:
        yield MADE_UP


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
        return measured(measure, each.value, currency, found.base.error)

    clear = [bar for bar in found.bars if bar.is_clear]
    error = found.base.error
    few = error is not None and not found.base.can_claim
    shown = [bar for bar in found.bars if bar.swing][:_MOST_BARS] if few else clear[:_MOST_BARS]
    heading = measure.in_words(scenario)
    yield heading
    yield "-" * len(heading)
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
                    f"{say(bar.swing)}{'*' if _peaks_between(bar, found.base) else ''}",
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
        if any(_peaks_between(bar, found.base) for bar in shown):
            yield paragraph("* The central value gives the largest or the smallest result.")
        if few:
            yield paragraph(
                "Too few futures to claim anything of such a figure, so no rank is told; 200 are "
                "enough for any."
            )
        if len(clear) > len(shown):
            yield paragraph(f"{len(clear) - len(shown)} smaller ones are in tornado.csv.")
    yield from _not_told_apart(found)
    if shown:
        yield ""
        yield "Who says so, for the largest:"
        for bar in shown[:_WHO_SAYS_SO]:
            grade = f"grade {bar.input.grade}" if bar.input.grade else "no grade"
            source = bar.input.source or "no source"
            yield paragraph(f"{bar.input.path} ({grade}): {source}", "  ")


def _peaks_between(bar: Bar, base: Estimate) -> bool:
    """Tell whether the central value is the largest or the smallest of the three."""
    if isinstance(bar.low, Refused) or isinstance(bar.high, Refused):
        return False
    ends = sorted((bar.low.value, bar.high.value))
    return not ends[0] <= base.value <= ends[1]


def _folded(path: str) -> str:
    """Break a path at its dots into lines that leave space for the figures."""
    lines = [""]
    for step in path.split("."):
        if lines[-1] and len(lines[-1]) + len(step) > _PATH_WIDTH:
            lines.append("  ")
        lines[-1] += f"{step}."
    return "\n".join(lines)[:-1]


def _not_told_apart(found: Tornado) -> Iterator[str]:
    nothing = [bar.input.path for bar in found.bars if bar.swing and bar.swing.value == 0.0]
    noise = [
        bar.input.path
        for bar in found.bars
        if bar.swing and bar.swing.value != 0.0 and not bar.is_clear
    ]
    if noise and found.base.can_claim:
        yield paragraph(f"Not distinguishable from nought: {', '.join(noise)}.")
    if nothing:
        yield paragraph(f"No effect at all on this: {', '.join(nothing)}.")
    if found.base.error is None:
        yield "One future tells no error, so nothing is called distinguishable."


def _rank(bar: Bar) -> str:
    if bar.ranks is None:
        return "not told"
    best, worst = bar.ranks
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
    passes: Table | None,
) -> str:
    """Return a map for each measure, and where it passes the bound if that is told."""
    lines = list(_heading(scenario))
    for place, measure in enumerate(measures):
        lines += ["", *_map(scenario, measure, place, grid, answers, bound)]
        if passes is not None:
            lines += ["", *_break_even(scenario, measure, grid, passes, bound)]
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
    scenario: Scenario, measure: Measure, grid: Grid, passes: Table, bound: float
) -> Iterator[str]:
    found = [row for row in passes.rows if row[0] == str(measure)]
    yield f"Break-even, where it is {measured(measure, bound, scenario.currency)}:"
    if not found:
        yield paragraph("The measure does not pass it along any row.", "  ")
        return
    rows = [
        (*((str(y),) if grid.down else ()), str(x), str(error), f"{beyond} it to the right")
        for _, _, y, _, x, error, beyond in found
    ]
    yield ""
    header = (*((grid.down.path,) if grid.down else ()), grid.across.path, "Error", "Measure")
    yield table(header, rows, texts=1 if grid.down else 0)


def switching_text(
    scenario: Scenario,
    measure: Measure,
    bound: float,
    switches: Sequence[Switch],
    rows: Table,
    futures: int,
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
    found = sorted((each for each in switches if each.at is not None), key=_distance)
    lines.append("")
    if found:
        shown_rows = []
        for switch in found:
            each = switch.input
            at = shown_like(each.value, switch.at or 0.0, switch.error)
            if switch.error is None:
                at = f"{shown_like(each.value, (switch.at or 0.0) - 1)} to {at}"
            error = shown_like(each.value, switch.error) if switch.error is not None else ""
            shown_rows.append(
                (
                    f"{_folded(each.path)}\n  {each.low} to {each.high}",
                    each.value,
                    at,
                    error or "none",
                    f"{_move(switch):+.1%}".replace("-", "\N{MINUS SIGN}"),
                    "above" if switch.rises else "below",
                )
            )
        header = ("Number and range", "Now", "Switches at", "Error", "Move", "Beyond")
        lines.append(table(header, shown_rows))
        lines.append("")
        lines.append(
            paragraph(
                "The nearest stand first. Error is the Monte Carlo error of the measure there over "
                "its slope. Move is the way from the present value, as a share of it. Beyond: "
                f"whether the measure is above or below {shown} at higher values."
            )
        )
    others = [switch for switch in switches if switch.at is None]
    close = [each.input.path for each in others if each.is_close and not _refused(each)]
    if close:
        lines.append(paragraph(f"{TOO_CLOSE.capitalize()}: {', '.join(close)}."))
    told = [each.input.path for each in others if not each.is_close and not _refused(each)]
    if told:
        lines.append(paragraph(f"{NO_SWITCH.capitalize()}: {', '.join(told)}."))
    lines += _problems(rows)
    return "\n".join(lines)


def _move(switch: Switch) -> float:
    """Return how far a switching value is from the present one, as a share of it."""
    now = plain_number(switch.input.value)
    return ((switch.at or 0.0) - now) / abs(now) if now else math.inf


def _distance(switch: Switch) -> float:
    low, high = switch.input.ends
    return abs((switch.at or 0.0) - plain_number(switch.input.value)) / (high - low)


def _refused(switch: Switch) -> bool:
    return bool(switch.problem) or any(
        isinstance(each, Refused) for each in (switch.low, switch.high)
    )
