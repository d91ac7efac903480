"""Kinks and cliffs: where the next unit begins to pay differently, and where a payment jumps."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from simulator.contract.agreement import Agreement
from simulator.contract.curve import Curve
from simulator.contract.distance import distance_of, place_words, slope_words
from simulator.contract.expression import Expression
from simulator.contract.parameter import is_in_money
from simulator.contract.phrases import amount_words, share_words, value_words, words, words_of
from simulator.contract.working import used_names
from simulator.quantities import Figure, is_a_year

__all__ = ["Turn", "turns"]


@dataclass(frozen=True)
class Turn:
    """A place where what is paid turns or jumps.

    Attributes:
        kind: a kink, where the next unit begins to pay differently; or a cliff, where the payment
            jumps, so that a little more or less of the measure is worth a lot.
        where: the term, or the named measure.
        what: what happens there, as a sentence without its end.
    """

    kind: Literal["kink", "cliff"]
    where: str
    what: str


def turns(agreement: Agreement) -> list[Turn]:
    """Return every kink and cliff that the rules hold, without simulating anything."""
    found: list[Turn] = []
    used: set[str] = set()
    for term in agreement.live_terms:
        found += _of_curve(term, term.measure, term.name, agreement)
        for expression in term.all_expressions():
            found += _of_expression(expression, term.name, agreement)
        used |= used_names(term.all_expressions(), agreement.definitions)
    for name, measure in agreement.measures.items():
        if name in used:
            said = f"'{name.replace('_', ' ')}'"
            found += _of_curve(measure, measure.measure, said, agreement)
            for expression in (measure.measure, *measure.expressions()):
                found += _of_expression(expression, said, agreement)
    return list(dict.fromkeys(found))


def _of_curve(
    curve: Curve, measure: Expression, where: str, agreement: Agreement
) -> Iterator[Turn]:
    away = distance_of(measure)
    unit = "" if away is None else away.unit
    watched = words(measure, agreement) if away is None else words_of(away.watched, agreement)

    def said(value: Figure | Expression) -> str:
        if isinstance(value, Figure) and is_in_money(value) and not is_a_year(value):
            return amount_words(value)
        return value_words(value, agreement)

    def moved(end: Figure | Expression) -> str:
        if away is not None and isinstance(end, Figure):
            return place_words(away.place(end), unit)
        return said(end)

    def rate(value: Figure | Expression) -> str:
        if isinstance(value, Figure) and not is_in_money(value):
            return share_words(value)
        return said(value)

    def slopes(before: Figure | Expression, after: Figure | Expression) -> str:
        """Say the rates on both sides of a kink; at a distance from a standard as clauses do."""
        said_by_size = unit or (away is not None and curve.in_money)
        if not (said_by_size and isinstance(before, Figure) and isinstance(after, Figure)):
            return f"from {rate(before)} to {rate(after)} for the next unit"
        both = (
            f"{'minus ' if slope < 0 else ''}{slope_words(slope, unit)}" if slope else "nothing"
            for slope in (before, after)
        )
        return "from " + " to ".join(both)

    dead = curve.dead_band
    if dead is not None:
        kind: Literal["kink", "cliff"] = "cliff" if dead.counts == "from the first" else "kink"
        verb = "all of it counts at once" if kind == "cliff" else "what is beyond begins to count"
        for end in (dead.down_to, dead.up_to):
            if end is not None:
                yield Turn(kind, where, f"where {watched} is {moved(end)}: {verb}")
    for before, after in itertools.pairwise(curve.bands):
        assert before.up_to is not None
        if before.rate != after.rate:
            yield Turn(
                "kink",
                where,
                f"where {watched} is {moved(before.up_to)}: {slopes(before.rate, after.rate)}",
            )
    for point in curve.points:
        yield Turn("kink", where, f"where {watched} is {moved(point.at)}: the scale turns")
    for lower, upper in itertools.pairwise(curve.steps):
        assert lower.below is not None
        yield Turn(
            "cliff",
            where,
            f"where {watched} is {moved(lower.below)}: from {rate(lower.value)} to "
            f"{rate(upper.value)}",
        )
    for word, limit in (("below", curve.at_least), ("above", curve.at_most)):
        if limit is not None:
            yield Turn("kink", where, f"nothing changes any more {word} {said(limit)}")


def _of_expression(expression: Expression, where: str, agreement: Agreement) -> Iterator[Turn]:
    for node in ast.walk(expression.tree):
        match node:
            case ast.IfExp(test=ast.Compare(left=left, comparators=[right])):
                what = f"where {words_of(left, agreement)} passes {words_of(right, agreement)}"
                yield Turn("cliff", where, what)
            case ast.Call(func=ast.Name(id="min" | "max"), args=args):
                parts = " and ".join(words_of(part, agreement) for part in args)
                yield Turn("kink", where, f"where {parts} are equal")
