"""Quantities as people write them, and the evidence a number can carry.

``£200,000``, ``45%``, ``13 weeks``, ``1,200 a year``, ``£42,000 a year`` are read into plain
floats in one unit a kind: pounds, shares of 1, days, counts a year. A number is a
:class:`Figure`: a float that remembers how it was written, what kind it is and, where the author
gave it, who says so.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import PlainSerializer, PlainValidator, ValidationInfo, WithJsonSchema
from pydantic_core import PydanticCustomError
from typing_extensions import TypeAliasType

from simulator._figure import (
    EVIDENCE_TEXTS,
    GRADES,
    Evidence,
    Figure,
    as_written,
    is_a_year,
    is_money,
    with_evidence,
)
from simulator._kinds import (
    DAYS_A_YEAR,
    LARGEST,
    Kind,
    Written,
    read_any,
    read_change,
    read_count,
    read_duration,
    read_growth,
    read_hazard,
    read_money,
    read_money_a_year,
    read_rate,
    read_share,
)

__all__ = [
    "DAYS_A_YEAR",
    "AnyAmount",
    "ChanceAYear",
    "Change",
    "Count",
    "Duration",
    "Evidence",
    "Figure",
    "Growth",
    "Hazard",
    "Level",
    "Money",
    "MoneyAYear",
    "MoneyMaybeAYear",
    "Portion",
    "Posts",
    "Rate",
    "Share",
    "Size",
    "Volume",
    "Whole",
    "Years",
    "is_a_year",
    "is_money",
]


def _quantity(kind: Kind) -> Any:
    """Return the pydantic type that reads this kind of quantity into a :class:`Figure`."""

    def validate(found: object, info: ValidationInfo) -> Figure:
        context = info.context or {}
        currency = context.get("currency", "£")
        try:
            if isinstance(found, Figure):
                return found
            if isinstance(found, Mapping):
                return with_evidence(found, kind, currency)
            return Figure(kind.parse(found, currency), kind.written(found, currency), kind.name)
        except PydanticCustomError:
            # A second, lenient look lets the cross-checks run although this number is wrong;
            # NaN fails no comparison of theirs, so they say nothing about it.
            if context.get("lenient"):
                return Figure(math.nan, "", kind.name)
            raise

    plain: list[dict[str, Any]] = [
        {"type": "string", "description": kind.allowed, "examples": [kind.example.split("'")[1]]}
    ]
    if kind.read(Written(1.0, bare=True)) is not None:
        bounds: dict[str, Any] = {"type": "integer" if kind.whole else "number"}
        bounds |= {"minimum": kind.low} if kind.low > -LARGEST else {}
        bounds |= {"maximum": kind.high} if kind.high < LARGEST else {}
        plain.insert(0, bounds)
    evidenced = {
        "type": "object",
        "required": ["value"],
        "additionalProperties": False,
        "properties": {
            "value": {"anyOf": plain},
            "range": {"type": "array", "items": {"anyOf": plain}, "minItems": 2, "maxItems": 2},
            "evidence": {"enum": list(GRADES)},
        }
        | {key: {"type": ["string", "number"]} for key in EVIDENCE_TEXTS},
    }
    # a named alias becomes one definition in the JSON Schema instead of a copy at each field
    name = "".join(word.capitalize() for word in kind.name.split())
    meaning = Annotated[
        Figure,
        PlainValidator(validate),
        PlainSerializer(as_written, return_type=str),
        WithJsonSchema({"anyOf": [*plain, evidenced]}),
    ]
    return TypeAliasType(name, meaning)


_SHARE = "a share is a percentage or a number from 0 to 1"
_WRITE_PER = "write for example "
_CHANGE = "a change is a percentage from -100% to 1,000%, or a number from -1 to 1"

Share = _quantity(Kind("share", _SHARE, "write for example '45%' or 0.45", read_share, 0.0, 1.0))
"""A share of 1, between 0 and 1."""
Change = _quantity(Kind("change", _CHANGE, "write for example '+15%'", read_change, -1.0, 10.0))
"""A relative change: -0.2 is a fall by a fifth."""
Money = _quantity(
    Kind(
        "money",
        "an amount of money, 0 or more",
        _WRITE_PER + "'£200,000'",
        read_money,
        0.0,
        in_money=True,
        most="100 billion",
    )
)
"""Pounds, not below 0."""
MoneyAYear = _quantity(
    Kind(
        "money a year",
        "an amount of money for each year, 0 or more",
        _WRITE_PER + "'£42,000 a year'",
        read_money_a_year,
        0.0,
        most="100 billion a year",
    )
)
"""Pounds a year, not below 0."""
MoneyMaybeAYear = _quantity(
    Kind(
        "amount",
        "an amount of money, once or for each year, 0 or more",
        _WRITE_PER + "'£480,000 a year' or '£20,000'",
        lambda parts: read_money_a_year(parts) if parts.per else read_money(parts),
        0.0,
        in_money=True,
        most="100 billion",
    )
)
"""Pounds, once or a year: :func:`is_a_year` tells which."""
Size = _quantity(
    Kind(
        "size",
        "an amount of money, once or for each year, or a number a year; 0 or more",
        _WRITE_PER + "'£480,000 a year', '£20,000' or '1,200 a year'",
        lambda parts: (
            (read_money_a_year(parts) if parts.currency else read_rate(parts))
            if parts.per
            else read_money(parts)
        ),
        0.0,
        in_money=True,
        most="100 billion",
    )
)
"""Pounds once, pounds a year, or a count a year."""
Duration = _quantity(
    Kind(
        "duration",
        "a length of time with its unit: hours, days, weeks, months, quarters or years",
        _WRITE_PER + "'13 weeks'",
        read_duration,
        0.0,
        50 * DAYS_A_YEAR,
        most="50 years",
    )
)
"""Days, not below 0."""
Rate = _quantity(
    Kind(
        "rate",
        "a number for each unit of time, 0 or more",
        _WRITE_PER + "'1,200 a year' or '25 a week'",
        read_rate,
        0.0,
        most="100 billion a year",
    )
)
"""A count a year, not below 0."""
Growth = _quantity(
    Kind(
        "growth",
        "a yearly change from -50% to 100% a year",
        _WRITE_PER + "'2% a year'",
        read_growth,
        -0.5,
        1.0,
    )
)
"""A yearly relative change: 0.02 is 2% a year."""
ChanceAYear = _quantity(
    Kind(
        "chance a year",
        "a chance from 0% to 100% a year",
        _WRITE_PER + "'20% a year'",
        read_growth,
        0.0,
        1.0,
    )
)
"""The chance that something happens in a year."""
Level = _quantity(
    Kind(
        "level",
        "a level of practice from -2 to 2: 0 is observed practice, 1 a named peer's best",
        _WRITE_PER + "'0.5' or 0.5",
        read_count,
        -2.0,
        2.0,
    )
)
"""A lever's level: 0 observed practice, +1 best practice; theory's clip is [-2, 2]."""
Hazard = _quantity(
    Kind(
        "hazard",
        "a percentage for each unit of time, 0% or more",
        _WRITE_PER + "'3% a week'",
        read_hazard,
        0.0,
    )
)
"""A continuous rate a day: '3% a week' is 0.03 / 7."""
Count = _quantity(
    Kind(
        "count",
        "a number, 0 or more",
        "write for example '4.5' or 4.5",
        read_count,
        0.0,
        1e9,
        most="1,000,000,000",
    )
)
"""A number without a unit, not below 0."""
Years = _quantity(
    Kind(
        "years",
        "a whole number of years from 1 to 11; other terms give 'ends' instead",
        "write for example '5'",
        read_count,
        1,
        11,
        True,
    )
)
"""Length of a term in years; the engine's clock counts 4,096 days."""
Portion = _quantity(
    Kind(
        "portion",
        "a share of the whole, of either sign: a percentage, or a number from -1 to 1",
        _WRITE_PER + "'-10%'",
        read_change,
        -10.0,
        10.0,
        most="1,000%",
    )
)
"""A share of 1 of either sign."""
Volume = _quantity(
    Kind(
        "volume",
        "a number, or a number a year, 0 or more",
        _WRITE_PER + "'500' or '500 a year'",
        lambda parts: read_rate(parts) if parts.per else read_count(parts),
        0.0,
        most="100 billion",
    )
)
"""A count a year, with or without saying so."""
Posts = _quantity(
    Kind("posts", "a number from 0 to 10,000", "write for example '4.5'", read_count, 0, 10_000)
)
"""Posts, full-time or in part."""
Whole = _quantity(
    Kind(
        "whole",
        "a whole number, 1 or more",
        "write for example '5'",
        read_count,
        1,
        1e6,
        True,
        most="1,000,000",
    )
)
"""A whole number from 1."""
AnyAmount = _quantity(
    Kind(
        "number",
        "a number, a percentage, an amount of money, a duration or a rate",
        _WRITE_PER + "'-10%', '£480', '28 days' or '1,000 a year'",
        read_any,
        most="100 billion",
    )
)
"""Any number with or without a unit: days for durations, a year for rates."""
