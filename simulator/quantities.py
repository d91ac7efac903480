"""Quantities as people write them, and the evidence a number can carry.

``£200,000``, ``45%``, ``13 weeks``, ``1,200 a year``, ``£42,000 a year`` are read into plain
floats in one unit a kind: pounds, shares of 1, days, counts a year. A number is a
:class:`Figure`: a float that remembers how it was written, what kind it is and, where the author
gave it, who says so.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Any

from pydantic import PlainSerializer, PlainValidator, ValidationInfo, WithJsonSchema
from pydantic_core import PydanticCustomError, core_schema
from typing_extensions import TypeAliasType

from simulator._kinds import (
    CURRENCIES,
    DAYS_A_YEAR,
    LARGEST,
    Kind,
    Written,
    plain,
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
    take_apart,
)
from simulator._refuse import refuse

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
    "Volume",
    "Whole",
    "Years",
    "is_a_year",
    "is_money",
]


@dataclass(frozen=True)
class Evidence:
    """Who says so: where a number comes from and how far it may be wrong.

    ``grade`` is A audited, B evaluated with a comparison, C before and after, D expert opinion,
    E assumption. ``low`` and ``high`` are in the unit of the number itself.
    """

    source: str = ""
    grade: str = ""
    low: float | None = None
    high: float | None = None
    unit: str = ""
    price_year: str = ""
    owner: str = ""
    review: str = ""
    note: str = ""


class Figure(float):
    """A float that remembers how it was written, its kind and its evidence."""

    written: str
    kind: str
    evidence: Evidence | None

    def __new__(
        cls, value: float, written: str = "", kind: str = "", evidence: Evidence | None = None
    ) -> Figure:
        """Make a float with its text, its kind's name and its evidence."""
        figure = super().__new__(cls, value)
        figure.written = written or str(value)
        figure.kind = kind
        figure.evidence = evidence
        return figure

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> core_schema.CoreSchema:
        """Let defaults be shown as they would be written."""
        return core_schema.is_instance_schema(
            cls, serialization=core_schema.plain_serializer_function_ser_schema(_as_written)
        )

    def __reduce__(self) -> tuple[type[Figure], tuple[float, str, str, Evidence | None]]:
        return Figure, (float(self), self.written, self.kind, self.evidence)


def _as_written(figure: Figure) -> str:
    return figure.written


GRADES = ("A", "B", "C", "D", "E")
_TEXT_KEYS = ("unit", "source", "owner", "review", "price_year", "note")
_EVIDENCE_KEYS = ("value", "range", "evidence", *_TEXT_KEYS)


def _with_evidence(found: Mapping[str, Any], kind: Kind, currency: str) -> Figure:
    """Read ``{value: ..., range: [low, high], source: ..., evidence: B, ...}``."""
    for key in found:
        if key not in _EVIDENCE_KEYS:
            raise refuse(
                f"found the key '{key}' beside a value",
                f"a number with evidence may have {', '.join(_EVIDENCE_KEYS)}",
                "remove it or correct its spelling",
                at=str(key),
                at_key=True,
            )
    if "value" not in found:
        raise refuse("found a group of keys without 'value'", kind.allowed, kind.example)
    unit = _text(found, "unit")

    def read(entry: object, at: str) -> float:
        try:
            return kind.parse(_with_unit(entry, unit, at), currency)
        except PydanticCustomError as error:
            context: Any = error.context
            raise refuse(
                context["found"], context["allowed"], context["mend"], context["at"] or at
            ) from None

    value = read(found["value"], "value")
    low = high = None
    if found.get("range") is not None:
        pair = found["range"]
        if not isinstance(pair, list | tuple) or len(pair) != 2:
            raise refuse(
                f"found {plain(pair)} as the range",
                "a range has two ends",
                "write [low, high], with a space after the comma",
                at="range",
            )
        low, high = read(pair[0], "range"), read(pair[1], "range")
        if not low <= value <= high:
            raise refuse(
                f"found the range {pair[0]} to {pair[1]} around {found['value']}",
                "low, value and high stand in this order",
                "put the value inside its range",
                at="range",
            )
    grade = found.get("evidence")
    if grade is not None and grade not in GRADES:
        raise refuse(
            f"found the evidence grade {plain(grade)}",
            "A audited, B evaluated with a comparison, C before and after, D expert, E assumption",
            "write one of A, B, C, D, E",
            at="evidence",
        )
    texts = {key: _text(found, key) for key in _TEXT_KEYS}
    evidence = Evidence(grade=grade or "", low=low, high=high, **texts)
    written = kind.written(_with_unit(found["value"], unit, "value"), currency)
    return Figure(value, written, kind.name, evidence)


def _text(found: Mapping[str, Any], key: str) -> str:
    """Return what is said under a key of the evidence."""
    said = found.get(key)
    if said is None:
        return ""
    if not isinstance(said, str | int | float) or isinstance(said, bool):
        raise refuse(f"found {plain(said)}", "text stands here", "put it in quotes", at=key)
    return str(said)


def _with_unit(entry: object, unit: str, at: str) -> object:
    """Return a value with the unit that stands beside it; they must not contradict each other."""
    parts = take_apart(entry)
    if parts is None or not unit:
        return entry
    symbol = next((symbol for symbol in CURRENCIES if unit.startswith(symbol)), "")
    rest = unit.removeprefix(symbol).strip()

    def joined(number: object) -> str:
        return f"{symbol}{number}{'' if rest.startswith('%') else ' '}{rest}".strip()

    meant = take_apart(joined(1))
    if meant is None:  # a word for readers, such as 'people'
        return entry
    if parts.bare:
        return joined(entry)
    if at == "value" and (parts.currency, parts.percent, parts.unit, parts.per) != (
        meant.currency,
        meant.percent,
        meant.unit,
        meant.per,
    ):
        raise refuse(
            f"found the unit '{unit}' beside '{entry}'",
            "the unit beside a value does not contradict it",
            "remove one of the two",
            at="unit",
        )
    return entry


def _quantity(kind: Kind) -> Any:
    """Return the pydantic type that reads this kind of quantity into a :class:`Figure`."""

    def validate(found: object, info: ValidationInfo) -> Figure:
        context = info.context or {}
        currency = context.get("currency", "£")
        try:
            if isinstance(found, Figure):
                return found
            if isinstance(found, Mapping):
                return _with_evidence(found, kind, currency)
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
        | {key: {"type": ["string", "number"]} for key in _TEXT_KEYS},
    }
    # a named alias becomes one definition in the JSON Schema instead of a copy at each field
    name = "".join(word.capitalize() for word in kind.name.split())
    meaning = Annotated[
        Figure,
        PlainValidator(validate),
        PlainSerializer(_as_written, return_type=str),
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
    )
)
"""Pounds, once or a year: :func:`is_a_year` tells which."""
Duration = _quantity(
    Kind(
        "duration",
        "a length of time with its unit: hours, days, weeks, months, quarters or years",
        _WRITE_PER + "'13 weeks'",
        read_duration,
        0.0,
        50 * DAYS_A_YEAR,
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
    Kind("count", "a number, 0 or more", "write for example '4.5' or 4.5", read_count, 0.0, 1e9)
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
    )
)
"""A count a year, with or without saying so."""
Posts = _quantity(
    Kind("posts", "a number from 0 to 10,000", "write for example '4.5'", read_count, 0, 10_000)
)
"""Posts, full-time or in part."""
Whole = _quantity(
    Kind("whole", "a whole number, 1 or more", "write for example '5'", read_count, 1, 1e6, True)
)
"""A whole number from 1."""
AnyAmount = _quantity(
    Kind(
        "number",
        "a number, a percentage, an amount of money, a duration or a rate",
        _WRITE_PER + "'-10%', '£480', '28 days' or '1,000 a year'",
        read_any,
    )
)
"""Any number with or without a unit: days for durations, a year for rates."""


@lru_cache(maxsize=4096)
def _parts_of(written: str) -> Written | None:
    return take_apart(written)


def is_a_year(figure: Figure) -> bool:
    """Tell whether an amount was written for each year (or month, week...) and not once."""
    parts = _parts_of(figure.written)
    return parts is not None and bool(parts.per)


def is_money(figure: Figure) -> bool:
    """Tell whether an amount was written with a currency sign."""
    parts = _parts_of(figure.written)
    return parts is not None and bool(parts.currency)
