"""Distances from a standard in words: '1% for each 7 days by which the mean wait is above 28'."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from simulator.contract.expression import Expression
from simulator.contract.parameter import is_in_money
from simulator.contract.phrases import money_words
from simulator.contract.statement import COLUMNS, COSTS
from simulator.quantities import Figure

__all__ = ["Distance", "distance_of", "place_words", "slope_words"]

_TIMES = {"wait_days", "service_days"}
_POINT, _DAY = "percentage point", "day"


@dataclass(frozen=True)
class Distance:
    """A measure that is ``x - c`` or ``c - x``.

    Attributes:
        watched: x.
        standard: the number c.
        sign: 1.0 where the measure grows with x, else -1.0.
    """

    watched: ast.expr
    standard: float
    sign: float

    @property
    def unit(self) -> str:
        """What one of x is called where clauses name it: a day, a percentage point; else ''."""
        match self.watched:
            case ast.BinOp(left=left, op=ast.Div(), right=right):
                counted, base = _names(left), _names(right)
            case _:
                counted, base = _names(self.watched), set()
        if counted & _TIMES and not base & _TIMES:
            return _DAY
        if base:  # parts of a whole: people of people, or pounds of pounds
            is_share = "years" not in base and counted <= set(COLUMNS) and base <= set(COLUMNS)
            is_share = is_share and bool(counted & set(COSTS)) == bool(base & set(COSTS))
            return _POINT if is_share and 0 <= self.standard <= 1 else ""
        is_share = not counted & set(COLUMNS) and 0 < self.standard < 1
        return _POINT if is_share else ""

    @property
    def is_in_pounds(self) -> bool:
        """Whether x is an amount of money, for each of something or in all."""
        match self.watched:
            case ast.BinOp(left=left, op=ast.Div(), right=right):
                return bool(_names(left) & set(COSTS)) and not _names(right) & set(COSTS)
        return bool(_names(self.watched) & set(COSTS))

    def place(self, end: Figure) -> float:
        """Return x where the measure has a value."""
        return self.standard + self.sign * float(end)


def distance_of(measure: Expression) -> Distance | None:
    """Return the distance that a measure is, or None if it is not one."""
    match measure.tree:
        case ast.BinOp(left=left, op=ast.Sub(), right=ast.Constant(value=int() | float() as c)):
            return Distance(left, float(c), 1.0)
        case ast.BinOp(left=ast.Constant(value=int() | float() as c), op=ast.Sub(), right=right):
            return Distance(right, float(c), -1.0)
    return None


def place_words(place: float, unit: str) -> str:
    """Return a value of what is watched, with its unit."""
    if unit == _POINT:
        return f"{100 * place:.6g}%"
    many = "" if place == 1 else "s"
    return f"{place:,.10g} {unit}{many}" if unit else f"{place:,.10g}"


def slope_words(rate: Figure, unit: str) -> str:
    """Return the size of a rate as clauses say it: '0.5% for each percentage point'.

    Args:
        rate: money or a share for each 1 of what is watched; its sign is not said.
        unit: of what is watched, '' if it has none.
    """
    size = abs(float(rate)) * (0.01 if unit == _POINT else 1.0)
    size = size if is_in_money(rate) else 100 * size
    # of 1% for each 7 days one day is 0.142857%: said for as many days as make it whole
    tries = [(1, 2), *((count, 0) for count in range(2, 101))]
    count = next((count for count, digits in tries if _is_round(count * size, digits)), 1)
    said = money_words(count * size, rate) if is_in_money(rate) else f"{count * size:.4g}%"
    if count == 1:
        return f"{said} for each {unit or 'one'}"
    return f"{said} for each {count} {unit}s" if unit else f"{said} for each {count}"


def _is_round(value: float, digits: int) -> bool:
    return value > 0.09 and abs(value - round(value, digits)) < 2e-6 * value


def _names(node: ast.expr) -> set[str]:
    return {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}
