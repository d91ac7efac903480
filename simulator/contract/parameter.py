"""Parameters of a curve: a number as people write it, or a measure that gives the number."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import numpy as np
from pydantic import PlainSerializer, PlainValidator, TypeAdapter, ValidationInfo, WithJsonSchema
from typing_extensions import TypeAliasType

from simulator._kinds import plain, take_apart
from simulator._refuse import refuse
from simulator.contract.expression import Expression, Interval, parse
from simulator.contract.statement import Array
from simulator.quantities import AnyAmount, Figure, is_money

__all__ = ["Bounds", "Lookup", "Parameter", "is_in_money", "parameter_bounds", "value_of"]

Lookup = Callable[[str], Array]
"""Gives the array of a name, shape ``(..., providers)`` or ``(..., 1)``."""
Bounds = Callable[[str], Interval]
"""Gives the least and greatest value of a name."""

_AMOUNT: TypeAdapter[Figure] = TypeAdapter(AnyAmount)
_ALLOWED = (
    "a number, a percentage, an amount of money, a duration or a rate; or a measure in its place"
)


def _read(found: object, info: ValidationInfo) -> Figure | Expression:
    if isinstance(found, Expression):
        return found
    if isinstance(found, str) and take_apart(found) is None:
        if not any(char.isalpha() for char in found):
            raise refuse(f"found {plain(found)}", _ALLOWED, "write for example '-10%' or '£480'")
        return parse(found)
    return _AMOUNT.validate_python(found, context=info.context)


def _written(value: Figure | Expression) -> str:
    return value.text if isinstance(value, Expression) else value.written


def _schema() -> Any:
    amount = _AMOUNT.json_schema()
    shapes = amount.get("anyOf") or next(iter(amount["$defs"].values()))["anyOf"]
    return {
        "anyOf": [{"type": "string", "description": _ALLOWED, "examples": ["-10%", "0.1 * target"]}]
        + [shape for shape in shapes if shape.get("type") != "string"]
    }


Parameter = TypeAliasType(
    "Parameter",
    Annotated[
        Figure | Expression,
        PlainValidator(_read),
        PlainSerializer(_written, return_type=str),
        WithJsonSchema(_schema()),
    ],
)
"""A :class:`Figure`, or an :class:`Expression` that is worked out for each window."""


def value_of(parameter: Figure | Expression, lookup: Lookup, level: float = 1.0) -> Array:
    """Return a parameter's value: shape ``()``, ``(..., 1)`` or ``(..., providers)``.

    Where there is nothing to measure (0/0) it is nought, as everywhere in a curve.

    Args:
        parameter: the number, or the measure in its place.
        lookup: gives the names of a measure.
        level: the price level that the curve's value is multiplied by later; a measure has risen
            with prices itself, and is taken back to those at signing.
    """
    if isinstance(parameter, Expression):
        value = parameter.evaluate(lookup)
        value = np.where(np.isnan(value), 0.0, value)
        return value if level == 1.0 else value / level
    return np.asarray(float(parameter))


def parameter_bounds(
    parameter: Figure | Expression | None, lookup: Bounds, none: float = 0.0
) -> Interval:
    """Return the least and greatest value; ``none`` twice where there is no parameter."""
    if isinstance(parameter, Expression):
        low, high = parameter.bounds(lookup)
        return (np.minimum(low, 0.0), np.maximum(high, 0.0)) if parameter.divides else (low, high)
    value = np.array([none if parameter is None else float(parameter)])
    return value, value


def is_in_money(parameter: Figure | Expression) -> bool:
    """Tell whether a parameter is a number written with a currency sign."""
    return isinstance(parameter, Figure) and is_money(parameter)
