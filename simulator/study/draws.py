"""One value for every number that carries a range, drawn for a simulated future.

The draw follows from the path of the number, the seed and the future alone, so all contracts share
it and no other number changes it. It is triangular: likeliest at the central value, impossible
beyond the ends. A value is put into the scenario as it would be written, like any setting, so
every bound and check of the scenario holds for it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from simulator._errors import RunError, ScenarioError
from simulator._kinds import take_apart
from simulator.engine.streams import Purpose, Stream, name_key
from simulator.scenario.build import build
from simulator.scenario.evidence import numbers_with_evidence
from simulator.scenario.layers import dotted
from simulator.scenario.ranges import Range, plain_number, ranges_in, value_at, written_like
from simulator.scenario.scenario import Scenario
from simulator.scenario.yaml_text import Document, Path

__all__ = ["Draws", "follow", "triangular"]

_WHOLE = ("whole", "years")
"""Kinds of numbers that may only be whole."""
_SHARED = {
    "commissioners": "funds",
    "funding": "",
    "indicators": "weight",
    "needs": "share",
    "outcomes": "weight",
    "referred_to": "",
    "split": "",
}
"""Groups whose shares sum to 100%, with the key of the share in each member; empty where the member
is the share itself."""

_IN_ORDER = (
    ("good_outcome", "best_outcome", 1.0),
    ("success", "best_success", 1.0),
    ("chance", "best", -1.0),
    ("observed", "best", 1.0),
    ("good_outcome", "good_anyway", -1.0),
)
"""A number, and one beside it that is never below it (1) or never above (-1): best practice is no
worse than what is observed, and no more comes anyway than with the service."""

Texts = Mapping[str, str]
"""Written values by the path of the number."""


def triangular(uniform: float, low: float, mode: float, high: float) -> float:
    """Return the triangular variate of a uniform, by inversion.

    Args:
        uniform: between 0 and 1.
        low: the low end.
        mode: the likeliest value, from ``low`` to ``high``.
        high: the high end; where it is ``low``, that is returned.
    """
    width = high - low
    if width <= 0.0:
        return low
    if uniform * width < mode - low:
        return low + math.sqrt(uniform * width * (mode - low))
    return high - math.sqrt((1.0 - uniform) * width * (high - mode))


def follow(written: Texts, drawn: Texts) -> dict[str, str]:
    """Return shares of a group that sums to 100% once some of them are drawn.

    The others follow in proportion to what they are. Where all are drawn, all are scaled.

    Args:
        written: every share of the group as the scenario has it.
        drawn: those that are drawn; other paths do not matter.
    """
    ours = {path: plain_number(drawn[path]) for path in written if path in drawn}
    others = {path: plain_number(text) for path, text in written.items() if path not in drawn}
    moved, left = others, max(0.0, 1.0 - sum(ours.values()))
    if not sum(others.values()):
        moved, left = ours, 1.0
    whole = sum(moved.values())
    if not ours or not whole:
        return {}
    return {path: written_like(written[path], left * each / whole) for path, each in moved.items()}


@dataclass(frozen=True)
class _Input:
    """A number that is drawn."""

    range: Range
    whole: bool

    def text(self, seed: int, future: int) -> str:
        """Return its value in a future, as it is written."""
        key = name_key(self.range.path)
        uniform = Stream(seed, future).uniform(0, key, 0, Purpose.INPUT)
        low, high = self.range.ends
        value = triangular(uniform, low, plain_number(self.range.value), high)
        if self.whole:
            value = min(max(float(math.floor(value + 0.5)), math.ceil(low)), math.floor(high))
        return written_like(self.range.value, value)


class Draws:
    """Every number of a scenario that carries a range, and the scenario of each future.

    Args:
        document: the scenario as it is read.
        scenario: the same, checked.
    """

    def __init__(self, document: Document, scenario: Scenario) -> None:
        found = numbers_with_evidence(scenario)
        whole = {each.path for each in found if each.kind in _WHOLE}
        ranges = [each for each in ranges_in(document) if each.ends[0] < each.ends[1]]
        self._document = document
        self._scenario = scenario
        self._inputs = [_Input(each, each.path in whole) for each in ranges]
        drawn = {each.path for each in ranges}
        self._groups = [
            group for group in _groups(document, document.tree, ()) if drawn & group.keys()
        ]

    @property
    def inputs(self) -> int:
        """How many numbers are drawn."""
        return len(self._inputs)

    def texts(self, seed: int, future: int) -> dict[str, str]:
        """Return what is drawn in a future, by path, as it would be written."""
        drawn = {each.range.path: each.text(seed, future) for each in self._inputs}
        for group in self._groups:
            drawn |= follow(group, drawn)
        return drawn | self._in_order(drawn)

    def _in_order(self, drawn: Texts) -> dict[str, str]:
        """Return the numbers that would be drawn on the wrong side of another, at that other."""
        held = {}
        for path in drawn:
            group, _, last = path.rpartition(".")
            for number, beside, sign in _IN_ORDER:
                if last not in (number, beside):
                    continue
                paths = f"{group}.{number}", f"{group}.{beside}"
                texts = [drawn.get(each) or value_at(self._document, each) for each in paths]
                if texts[0] is None or texts[1] is None:
                    continue
                if sign * (plain_number(texts[1]) - plain_number(texts[0])) < 0.0:
                    held[paths[1]] = texts[0]  # both are shares
        return held | self._below_every_need({**drawn, **held})

    def _below_every_need(self, drawn: Texts) -> dict[str, str]:
        """Return what comes anyway in a service, held at the outcome of its hardest need."""
        held = {}
        for name, service in self._scenario.services.items():
            path = f"services.{name}.good_anyway"
            anyway = drawn.get(path) or value_at(self._document, path)
            needs = [f"services.{name}.needs.{need}.good_outcome" for need in service.needs]
            texts = [drawn.get(each) or value_at(self._document, each) for each in needs]
            least = min((text for text in texts if text), key=plain_number, default=None)
            if anyway and least and plain_number(least) < plain_number(anyway):
                held[path] = least
        return held

    def scenario(self, seed: int, future: int) -> Scenario:
        """Return the scenario of a future.

        Raises:
            RunError: what is drawn does not fit together; names the number, its value, the check.
        """
        drawn = self.texts(seed, future)
        if not drawn:
            return self._scenario
        tree = self._document.tree
        for path, text in drawn.items():
            tree = _with(tree, path.split("."), text)
        document = Document(tree, self._document.values, self._document.keys)
        try:
            return build(document)
        except ScenarioError as error:
            first = error.problems[0]
            named = _nearest(first.path, drawn)
            elsewhere = "" if named == first.path else f"{first.path}: "
            raise RunError(
                f"With inputs drawn, simulated future {future + 1:,} cannot be: "
                f"{named} was drawn as {drawn[named]}; {elsewhere}{first.found}; "
                f"{first.allowed}. Narrow the range, or leave inputs as they are with --drawn 0"
            ) from None


def _with(tree: Any, steps: Sequence[str], text: str) -> Any:
    """Return a tree with another number at a path; what is not on the way is shared."""
    if not steps:
        # drawn, it carries no range any more
        kept = {key: each for key, each in tree.items() if key != "range"} if _has(tree) else None
        return text if kept is None else {**kept, "value": text}
    changed = tree.copy()
    step = int(steps[0]) if isinstance(tree, list) else steps[0]
    changed[step] = _with(tree[step], steps[1:], text)
    return changed


def _has(entry: object) -> bool:
    return isinstance(entry, dict) and "value" in entry


def _groups(document: Document, tree: Any, path: Path) -> Iterator[dict[str, str]]:
    """Yield the shares of every group that sums to 100%, by path, as they are written."""
    if not isinstance(tree, dict | list):
        return
    pairs = tree.items() if isinstance(tree, dict) else enumerate(tree)
    for part, inner in pairs:
        here = (*path, part)
        yield from _groups(document, inner, here)
        if part in _SHARED and isinstance(inner, dict):
            ends = [_SHARED[str(part)]] if _SHARED[str(part)] else []
            paths = [dotted((*here, member, *ends)) for member in inner]
            texts = {each: value_at(document, each) for each in paths}
            known = {each: text for each, text in texts.items() if text is not None}
            # 'rest' and '{by: measure}' need nobody to follow
            if len(known) == len(texts) and all(map(_is_share, known.values())):
                yield known


def _is_share(text: str) -> bool:
    parts = take_apart(text)
    return parts is not None and (parts.percent or parts.bare)


def _nearest(path: str, drawn: Texts) -> str:
    """Return the drawn number whose path has most in common with another path."""
    steps = path.split(".")

    def shared(other: str) -> int:
        pairs = zip(steps, other.split("."), strict=False)
        return next((at for at, (a, b) in enumerate(pairs) if a != b), len(steps))

    return max(drawn, key=shared)
