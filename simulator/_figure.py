"""Numbers that remember how they were written and who says so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from pydantic_core import PydanticCustomError, core_schema

from simulator._kinds import CURRENCIES, Kind, Written, plain, take_apart
from simulator._refuse import refuse

__all__ = [
    "EVIDENCE_TEXTS",
    "GRADES",
    "Evidence",
    "Figure",
    "as_written",
    "is_a_year",
    "is_money",
    "with_evidence",
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

    @property
    def ends(self) -> tuple[float, float]:
        """The least and the most it can be: the ends of its range, or itself where it has none."""
        if self.evidence is None or self.evidence.low is None or self.evidence.high is None:
            return float(self), float(self)
        return self.evidence.low, self.evidence.high

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> core_schema.CoreSchema:
        """Let defaults be shown as they would be written."""
        return core_schema.is_instance_schema(
            cls, serialization=core_schema.plain_serializer_function_ser_schema(as_written)
        )

    def __reduce__(self) -> tuple[type[Figure], tuple[float, str, str, Evidence | None]]:
        return Figure, (float(self), self.written, self.kind, self.evidence)


def as_written(figure: Figure) -> str:
    """Return the text of a figure."""
    return figure.written


GRADES = ("A", "B", "C", "D", "E")
EVIDENCE_TEXTS = ("unit", "source", "owner", "review", "price_year", "note")
_EVIDENCE_KEYS = ("value", "range", "evidence", *EVIDENCE_TEXTS)


def with_evidence(found: Mapping[str, Any], kind: Kind, currency: str) -> Figure:
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
    texts = {key: _text(found, key) for key in EVIDENCE_TEXTS}
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
