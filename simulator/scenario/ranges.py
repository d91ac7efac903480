"""Ranges of numbers: those that a scenario carries, and those asked for on the command line.

Ends are kept as texts, in the unit of their value, because a value is put into a scenario by its
text, like any setting: it is read, bounded and refused by the same rules.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from simulator._errors import UsageError, did_you_mean
from simulator._kinds import DAYS as _DAYS
from simulator._kinds import Written, take_apart
from simulator.scenario.layers import dotted
from simulator.scenario.yaml_text import Document, Path

__all__ = [
    "Axis",
    "Range",
    "axis",
    "check_path",
    "plain_number",
    "ranges_in",
    "value_at",
    "vary",
    "written_like",
]

MOST_STEPS = 1_000
"""Values of one axis; more is a mistake in the step."""


@dataclass(frozen=True)
class Range:
    """A number that may be anywhere between two ends.

    Attributes:
        path: where it stands, as ``--set`` takes it.
        low: the low end, in the unit of the value.
        value: the central value, as it is written.
        high: the high end, in the unit of the value.
        grade: of its evidence; empty where nobody gave one.
        source: who says so; empty where nobody gave one.
    """

    path: str
    low: str
    value: str
    high: str
    grade: str = ""
    source: str = ""

    @property
    def ends(self) -> tuple[float, float]:
        """Both ends as plain numbers in the unit they are written in."""
        return plain_number(self.low), plain_number(self.high)


@dataclass(frozen=True)
class Axis:
    """Values of one number, evenly spaced.

    Attributes:
        path: where the number stands.
        texts: each value as it is written.
    """

    path: str
    texts: tuple[str, ...]

    @property
    def values(self) -> tuple[float, ...]:
        """Each value as a plain number in the unit it is written in."""
        return tuple(map(plain_number, self.texts))


def ranges_in(document: Document) -> list[Range]:
    """Return every number of a scenario that carries a range, in file order."""
    return list(_ranges(document.tree, ()))


def _ranges(tree: Any, path: Path) -> Iterator[Range]:
    if isinstance(tree, dict) and "value" in tree:
        ends = tree.get("range")
        if isinstance(ends, list) and len(ends) == 2:
            value = _text(tree["value"])
            low, high = (_in_units_of(value, _text(each)) for each in ends)
            yield Range(dotted(path), low, value, high, *_evidence_of(tree))
    elif isinstance(tree, dict | list):
        pairs = tree.items() if isinstance(tree, dict) else enumerate(tree)
        for part, value in pairs:
            yield from _ranges(value, (*path, part))


def _evidence_of(entry: Any) -> tuple[str, str]:
    """Return the grade and the source beside a number; empty where nobody gave them."""
    beside = entry if isinstance(entry, dict) else {}
    return str(beside.get("evidence") or ""), str(beside.get("source") or "")


def value_at(document: Document, path: str) -> str | None:
    """Return the number at a path as it is written, or None where there is none."""
    entry = _entry(document, path)
    if isinstance(entry, dict):
        entry = entry.get("value")
    return _text(entry) if take_apart(entry) is not None else None


def _entry(document: Document, path: str) -> Any:
    """Return what stands at a path; None where nothing does."""
    tree: Any = document.tree
    for part in path.split("."):
        if isinstance(tree, list) and part.isdigit() and int(part) < len(tree):
            tree = tree[int(part)]
        elif isinstance(tree, dict) and part in tree:
            tree = tree[part]
        else:
            return None
    return tree


def written_like(sample: str, value: float) -> str:
    """Return a number written in the units of another.

    >>> written_like("£42,000 a year", 45000.0), written_like("5% a week", 0.025)
    ('£45,000 a year', '2.5% a week')
    """
    parts = _taken(sample)
    shown = 100 * value if parts.percent else value
    sign, digits = ("-" if shown < 0 else ""), _digits(abs(shown))
    unit = f" {parts.unit}s" if parts.unit else ""
    per = f" a{'n' if parts.per == 'hour' else ''} {parts.per}" if parts.per else ""
    return f"{sign}{parts.currency}{digits}{'%' if parts.percent else ''}{unit}{per}"


def axis(option: str, text: str) -> Axis:
    """Read ``path=low:high:step``.

    Raises:
        UsageError: it cannot be read, its units do not match, or it has too many steps.
    """
    path, equals, rest = text.partition("=")
    parts = rest.split(":")

    def refuse(found: str) -> UsageError:
        return UsageError(
            f"{option} {text}: {found}; write path=low:high:step, as in "
            f"{option} contracts.alliance.cap=0%:10%:2%"
        )

    if not equals or len(parts) != 3:
        raise refuse("found no 'path=low:high:step'")
    low, high, step = (take_apart(part.strip()) for part in parts)
    if low is None or high is None or step is None:
        wrong = next(part for part in parts if take_apart(part.strip()) is None)
        raise refuse(f"'{wrong}' is no number")
    if len({dataclasses.replace(each, value=0.0) for each in (low, high, step)}) != 1:
        raise refuse("low, high and step are not in the same units")
    if step.value <= 0 or high.value <= low.value:
        raise refuse("the step is above 0 and low is below high")
    count = (high.value - low.value) / step.value
    if count > MOST_STEPS:
        raise refuse(f"found {count:,.0f} steps; {MOST_STEPS:,} are allowed")
    whole = int(count + 1e-9)
    texts = (written_like(parts[0], low.value + place * step.value) for place in range(whole + 1))
    found = tuple(texts)
    if len(set(found)) < len(found):
        raise refuse("the step is too small to tell its values apart")
    return Axis(path.strip(), found)


def vary(option: str, text: str, document: Document) -> Range:
    """Read ``path`` of a number that carries a range, or ``path=low:high`` of any number.

    Raises:
        UsageError: it cannot be read, or the number carries no range.
    """
    path, equals, rest = text.partition("=")
    path = path.strip()
    value = check_path(option, path, document)
    found = {each.path: each for each in ranges_in(document)}.get(path)
    if not equals:
        if found is None:
            raise UsageError(
                f"{option} {path}: this number carries no range; write one, as in "
                f"{option} {path}=low:high"
            )
        return found
    ends = [part.strip() for part in rest.split(":")]
    readable = len(ends) == 2 and all(take_apart(part) is not None for part in ends)
    ends = [_in_units_of(value, part) for part in ends] if readable else ends
    if not readable or not _taken(ends[0]).value < _taken(ends[1]).value:
        raise UsageError(
            f"{option} {text}: found no low end below a high one; write {option} path=low:high, as "
            f"in {option} contracts.alliance.cap=0%:10%"
        )
    return Range(path, ends[0], value, ends[1], *_evidence_of(_entry(document, path)))


def check_path(option: str, path: str, document: Document) -> str:
    """Return the number at a path as it is written.

    Raises:
        UsageError: the scenario has no number there.
    """
    found = value_at(document, path)
    if found is None:
        known = [each.path for each in ranges_in(document)]
        near = did_you_mean(path, known)
        raise UsageError(
            f"{option} {path}: the scenario has no number there"
            + (f"; {near}" if near else "; a path is written as in services.support.caseload")
        )
    return found


def _in_units_of(sample: str, text: str) -> str:
    """Return a number in the units of another, as it is where they are the same or do not fit."""
    ours, theirs = _taken(sample), _taken(text)
    same = (ours.unit, ours.per, ours.percent) == (theirs.unit, theirs.per, theirs.percent)
    if same or (not ours.unit) != (not theirs.unit) or (not ours.per) != (not theirs.per):
        return text
    scale = _DAYS.get(theirs.unit, 1.0) / _DAYS.get(ours.unit, 1.0)
    scale *= _DAYS.get(ours.per, 1.0) / _DAYS.get(theirs.per, 1.0)
    return written_like(sample, theirs.value * scale)


def _text(found: Any) -> str:
    """Return a number as it is written, without an exponent."""
    return written_like("0", found) if isinstance(found, float) else str(found)


def _digits(value: float) -> str:
    digits = f"{value:,.12g}"
    return f"{value:,.12f}" if "e" in digits else digits


def plain_number(text: str) -> float:
    """Return a written number in the unit it is written in: 13 of '13 weeks', 0.05 of '5%'."""
    return _taken(text).value


def _taken(text: str) -> Written:
    parts = take_apart(text)
    if parts is None:  # a checked scenario's numbers can be read
        raise ValueError(f"'{text}' is no number")
    return parts
