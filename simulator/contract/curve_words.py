"""Curves in words: bands, points, steps, dead bands and limits."""

from __future__ import annotations

import ast
import math

from simulator.contract.agreement import Agreement
from simulator.contract.curve import Band, Curve, DeadBand
from simulator.contract.distance import distance_of, place_words, slope_words
from simulator.contract.expression import Expression
from simulator.contract.parameter import is_in_money
from simulator.contract.phrases import (
    amount_words,
    is_multiple,
    money_words,
    share_words,
    unit_words,
    value_words,
    words,
    words_of,
)
from simulator.quantities import Figure, is_a_year

__all__ = ["curve_words", "limits_words", "scale_words", "tail_words"]

_Plain = list[tuple[float, float, Figure]]


def curve_words(curve: Curve, measure: Expression, agreement: Agreement, edges_of: str = "") -> str:
    """Return what a curve makes of a measure, without its limits.

    Args:
        curve: the curve.
        measure: what it is applied to.
        agreement: whose names are used.
        edges_of: what the ends of its bands are shares of, as in ' of the target'.
    """
    said = _shape_words(curve, measure, agreement, edges_of)
    if curve.dead_band is not None:
        said += f"; {_dead_band_words(curve.dead_band, agreement, edges_of)}"
    return said


def _shape_words(curve: Curve, measure: Expression, agreement: Agreement, edges_of: str) -> str:
    if curve.points or curve.steps:
        return _scale_words(curve, measure, agreement)
    if not curve.bands:
        return words(measure, agreement)
    plain = _plain_edges(curve)
    if plain is not None:
        special = _shortfall(plain, measure, agreement) or _score(curve, plain, measure, agreement)
        if special:
            return special
        is_difference = isinstance(measure.tree, ast.BinOp) and isinstance(measure.tree.op, ast.Sub)
        if edges_of and is_difference and not curve.in_money:
            assert isinstance(measure.tree, ast.BinOp)
            return _both_sides(plain, measure.tree, agreement, edges_of)
    unit, per_year = unit_words(measure.tree, agreement)
    unit = unit or f"unit of {_bracketed(measure, agreement)}"
    if len(curve.bands) == 1:
        rate = _rate_words(curve.bands[0], agreement)
        if curve.in_money:
            above = _above_and_below(measure.tree, agreement)
            if above:
                return f"{rate} for each {above}"
            return f"{rate} for each {unit}"
        return f"{rate} {_of(curve.bands[0])} {_bracketed(measure, agreement)}"
    layer = _one_layer(curve.bands)
    if layer is not None and not curve.in_money:
        start, band = layer
        end = "" if band.up_to is None else _edge(band.up_to, per_year, agreement) + edges_of
        said = f"{_rate_words(band, agreement)} {_of(band)} "
        if start is None:
            return f"{said}{_bracketed(measure, agreement)} up to {end}"
        said += f"what {_bracketed(measure, agreement)} is beyond "
        said += _edge(start, per_year, agreement) + edges_of
        return f"{said}, up to {end}" if end else said
    pieces = []
    before = ""
    for band in curve.bands:
        if band.up_to is None:
            ends = [each.up_to for each in curve.bands[:-1]]
            last = "that" if len(ends) == 1 and isinstance(ends[0], Expression) else before
            pieces.append(f"{_rate_words(band, agreement)} beyond {last}")
        else:
            before = _edge(band.up_to, per_year, agreement) + edges_of
            pieces.append(f"{_rate_words(band, agreement)} up to {before}")
    base = f"for each {unit}" if curve.in_money else f"of {_bracketed(measure, agreement)}"
    return f"{', '.join(pieces)}, {base}"


def _plain_edges(curve: Curve) -> _Plain | None:
    """Return each band as (low, high, rate), or None where one of them is a measure."""
    edges = [
        (float(low), float(high), rate)
        for low, high, rate in curve.edges
        if isinstance(low, Figure) and isinstance(high, Figure) and isinstance(rate, Figure)
    ]
    return edges if len(edges) == len(curve.bands) else None


def _one_layer(bands: tuple[Band, ...]) -> tuple[Figure | Expression | None, Band] | None:
    """Return where the only band that pays begins, and that band; None if several do."""
    paying = [index for index, band in enumerate(bands) if band.rate != 0.0]
    if len(paying) != 1:
        return None
    start = bands[paying[0] - 1].up_to if paying[0] else None
    return start, bands[paying[0]]


def _of(band: Band) -> str:
    """Return how a rate goes with what it is applied to: '50% of', '12.5 times'."""
    return "times" if isinstance(band.rate, Figure) and is_multiple(band.rate) else "of"


def _rate_words(band: Band, agreement: Agreement) -> str:
    if isinstance(band.rate, Figure):
        return amount_words(band.rate) if is_in_money(band.rate) else share_words(band.rate)
    return value_words(band.rate, agreement)


def _scale_words(curve: Curve, measure: Expression, agreement: Agreement) -> str:
    """Say a sliding scale by its points, or a stepped one by its steps."""
    watched, shift = words(measure, agreement), 0.0
    plain = all(isinstance(point.at, Figure) for point in curve.points)
    match measure.tree:  # said by the values of what is watched, not by their distance from one
        case ast.BinOp(left=left, op=ast.Sub(), right=ast.Constant(value=value)) if (
            curve.points and plain
        ):
            watched, shift = words_of(left, agreement), float(value)  # type: ignore[arg-type]
    verb = "slides with" if curve.points else "depends on"
    return f"what {verb} {scale_words(watched, curve, agreement, shift)}"


def scale_words(watched: str, curve: Curve, agreement: Agreement, shift: float = 0.0) -> str:
    """Return the points or steps of a scale after the name of what it is read at.

    Args:
        watched: the name.
        curve: with points or steps.
        agreement: whose names are used.
        shift: what is added to the place of each point.
    """
    if curve.points:
        pairs = ", ".join(
            f"{value_words(point.value, agreement)} at {_moved(point.at, shift, agreement)}"
            for point in curve.points
        )
        return f"{watched}: {pairs}"
    pieces = [
        f"{value_words(step.value, agreement)} below {value_words(step.below, agreement)}"
        for step in curve.steps
        if step.below is not None
    ]
    last = value_words(curve.steps[-1].value, agreement)
    return f"{watched}: {', '.join(pieces)}, else {last}"


def _moved(place: Figure | Expression, shift: float, agreement: Agreement) -> str:
    if shift and isinstance(place, Figure):
        return f"{place + shift:.6g}".replace("-", "\N{MINUS SIGN}")
    return value_words(place, agreement)


def _above_and_below(tree: ast.expr, agreement: Agreement) -> str:
    """Say a count less a planned one: paid above it, taken back below."""
    if not (isinstance(tree, ast.BinOp) and isinstance(tree.op, ast.Sub)):
        return ""
    unit, per_year = unit_words(tree.left, agreement)
    if not unit or per_year or unit_words(tree.right, agreement)[0]:
        return ""
    plan = words_of(tree.right, agreement)
    return f"{unit} above {plan}, and takes back as much for each one below"


def _dead_band_words(dead: DeadBand, agreement: Agreement, edges_of: str) -> str:
    low = "" if dead.down_to is None else value_words(dead.down_to, agreement) + edges_of
    high = "" if dead.up_to is None else value_words(dead.up_to, agreement) + edges_of
    where = (
        f"from {low} to {high}" if low and high else f"up to {high}" if high else f"down to {low}"
    )
    side = "at" if dead.edge == "counts" else "beyond"
    what = "all of it counts" if dead.counts == "from the first" else "only what is beyond counts"
    return f"nothing counts {where}; {side} the end {what}"


def _both_sides(edges: _Plain, tree: ast.BinOp, agreement: Agreement, edges_of: str) -> str:
    """Say a share of ``a less b`` for both signs: what is received below, what is paid above."""
    base, cost = words_of(tree.left, agreement), words_of(tree.right, agreement)
    below: list[tuple[float, str]] = []
    above: list[tuple[float, str]] = []
    for low, high, rate in edges:
        for said, near, far in ((below, max(low, 0.0), high), (above, max(-high, 0.0), -low)):
            if far > near:
                end = "" if math.isinf(far) else f" up to {100 * far:.6g}%{edges_of}"
                start = f" beyond {100 * near:.6g}%{edges_of}" if near and not end else ""
                said.append((near, f"{share_words(rate)}{start}{end}"))
    got, paid = (
        ", then ".join(text for _, text in sorted(side, key=lambda each: each[0])) + _comma(side)
        for side in (below, above)
    )
    if paid == got and len(below) > 1:
        paid = "the same shares"
    return f"{got} of what {cost} is below {base}, and takes back {paid} of what it is above"


def _comma(parts: list[tuple[float, str]]) -> str:
    return "," if len(parts) > 1 else ""


def _shortfall(edges: _Plain, measure: Expression, agreement: Agreement) -> str:
    """Say ``r x max(0, a - c)`` or ``r x min(0, a - c)``: so much for each unit of the distance."""
    away = distance_of(measure)
    if away is None or len(edges) != 2 or edges[0][1] != 0:
        return ""
    paying = [index for index, (_, _, rate) in enumerate(edges) if rate]
    if len(paying) != 1:
        return ""
    rate, sign = edges[paying[0]][2], 1.0 if paying[0] else -1.0
    side = "above" if sign == away.sign else "below"
    minus = "" if sign * rate > 0 else "minus "
    watched = words_of(away.watched, agreement)
    counted, per_year = unit_words(away.watched, agreement)
    standard = place_words(away.standard, away.unit)
    if counted and is_in_money(rate):
        per = f"{counted} {side} {standard}{' a year' if per_year else ''}"
        return f"{minus}{money_words(abs(rate), rate)} for each {per}"
    if away.is_in_pounds and not is_in_money(rate):
        return f"{minus}{100 * abs(rate):.6g}% of what {watched} is {side} {standard}"
    return f"{minus}{slope_words(rate, away.unit)} by which {watched} is {side} {standard}"


def _score(curve: Curve, edges: _Plain, measure: Expression, agreement: Agreement) -> str:
    """Say a score from -100 over 0 to +100 by the three values that give it."""
    away = distance_of(measure)
    scored = len(edges) == 2 and edges[0][1] == 0 and edges[0][2] > 0 and edges[1][2] > 0
    if not scored or not _is_score(curve) or away is None:
        return ""
    worst = away.standard - away.sign / edges[0][2]
    best = away.standard + away.sign / edges[1][2]
    return (
        f"the score of {words_of(away.watched, agreement)}: −100% at {worst:.4g}, "
        f"0 at {away.standard:.4g}, +100% at {best:.4g}"
    )


def _is_score(curve: Curve) -> bool:
    low, high = curve.at_least, curve.at_most
    plain = isinstance(low, Figure) and isinstance(high, Figure)
    return plain and (float(low), float(high)) == (-1.0, 1.0)  # type: ignore[arg-type]


def _bracketed(measure: Expression, agreement: Agreement) -> str:
    said = words(measure, agreement)
    return f"({said})" if isinstance(measure.tree, ast.BinOp) and said[0] != "(" else said


def _edge(end: Figure | Expression, per_year: bool, agreement: Agreement) -> str:
    said = value_words(end, agreement)
    is_bare = isinstance(end, Figure) and not is_a_year(end)
    return f"{said} a year" if per_year and is_bare else said


def limits_words(curve: Curve, agreement: Agreement, base: str = "") -> str:
    """Return the floor and the cap as a sentence; ``base`` is what they are a share of."""
    parts = [
        f"never {word} {value_words(limit, agreement)}{f' of {base}' if base else ''}"
        for word, limit in (("below", curve.at_least), ("above", curve.at_most))
        if limit is not None
    ]
    said = ", ".join(parts)
    return f"{said[0].upper()}{said[1:]}" if said else ""


def tail_words(curve: Curve, agreement: Agreement) -> str:
    """Return the limits as they end the meaning of a named measure."""
    said = "" if _is_score(curve) else limits_words(curve, agreement)
    return f"; {said[0].lower()}{said[1:]}" if said else ""
