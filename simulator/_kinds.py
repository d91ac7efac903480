"""Taking apart quantities as people write them, and the kinds there are."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from simulator._refuse import refuse

__all__ = ["CURRENCIES", "DAYS", "DAYS_A_YEAR", "Kind", "Written", "plain", "take_apart"]

DAYS_A_YEAR = 365.25  # the mean Gregorian year to a hundredth of a day
DAYS = {
    "hour": 1 / 24,
    "day": 1.0,
    "week": 7.0,
    "month": DAYS_A_YEAR / 12,
    "quarter": DAYS_A_YEAR / 4,
    "year": DAYS_A_YEAR,
}
_SCALES = {"": 1.0, "k": 1e3, "m": 1e6, "bn": 1e9}
_SCALES |= {"thousand": 1e3, "million": 1e6, "billion": 1e9}
CURRENCIES = ("£", "€", "$")

_DIGITS = r"(?P<digits>[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?|[0-9]+(?:\.[0-9]+)?|\.[0-9]+)"
_NUMBER = rf"(?P<sign>[+\-−]?)(?P<currency>[£€$]?)\s?{_DIGITS}"
_PER = r"(?:(?:a|an|per|each|every)\s+(?P<per>hour|day|week|month|quarter|year)|(?P<pa>pa|p\.a\.))"
_WRITTEN = re.compile(
    rf"{_NUMBER}\s*(?P<scale>k|m|bn|thousand|million|billion)?"
    rf"\s*(?P<percent>%)?\s*(?P<unit>(?:hour|day|week|month|quarter|year)s?)?(?:\s*{_PER})?"
)


@dataclass(frozen=True)
class Written:
    """A quantity taken apart: its value and the units that stood beside it."""

    value: float
    currency: str = ""
    percent: bool = False
    unit: str = ""
    per: str = ""
    bare: bool = False


def take_apart(found: object) -> Written | None:
    """Return the parts of a written quantity, or None where it cannot be read as one."""
    if isinstance(found, bool):
        return None
    if isinstance(found, int | float):
        return Written(float(found), bare=True)
    match = (
        _WRITTEN.fullmatch(found.strip().lower())
        if isinstance(found, str) and len(found) < 80
        else None
    )
    if match is None:
        return None
    value = float(match["digits"].replace(",", "")) * _SCALES[match["scale"] or ""]
    if match["sign"] in ("-", "−"):
        value = -value
    per = match["per"] or ("year" if match["pa"] else "")
    return Written(
        value / 100 if match["percent"] else value,
        currency=match["currency"],
        percent=bool(match["percent"]),
        unit=(match["unit"] or "").removesuffix("s"),
        per=per,
        bare=not (match["currency"] or match["percent"] or match["unit"] or per),
    )


_LONGEST = 80  # characters of a written quantity
LARGEST = 1e11  # pounds, people or days: beyond any contract
Reader = Callable[[Written], float | None]


@dataclass(frozen=True)
class Kind:
    """A kind of quantity: how it is read, what is allowed and how to write it.

    ``read`` returns the value in the kind's unit, or None where the units do not fit. ``most`` is
    the upper end as people write it, where ``allowed`` does not tell it.
    """

    name: str
    allowed: str
    example: str
    read: Reader
    low: float = -LARGEST
    high: float = LARGEST
    whole: bool = False
    in_money: bool = False
    most: str = ""

    def written(self, found: object, currency: str) -> str:
        """Return how a value is written; money always with its sign."""
        parts = take_apart(found)
        is_bare_money = self.in_money and parts is not None and parts.bare
        return f"{currency}{found}" if is_bare_money else str(found)

    def parse(self, found: object, currency: str) -> float:
        """Return the value in this kind's unit.

        Raises:
            PydanticCustomError: what was found, what is allowed, how to mend it.
        """
        parts = take_apart(found)
        shown = plain(found)
        if parts is not None and not math.isfinite(parts.value):
            raise refuse(f"found {shown}, which is not a finite number", self.allowed, self.example)
        if parts is not None and parts.currency not in ("", currency):
            raise refuse(
                f"found {shown}, but this scenario counts in {currency}",
                f"'currency' may be one of {', '.join(CURRENCIES)}",
                f"write the amount in {currency} or set the scenario's 'currency'",
            )
        value = self.read(parts) if parts is not None else None
        if value is None:
            raise refuse(f"found {shown}", self.allowed, self.example)
        if not self.low <= value <= self.high or (self.whole and value != int(value)):
            mend = self.example
            if parts is not None and parts.bare and self.high == 1.0 and 1 < value <= 100:
                mend = f"write {value:g}% or {value / 100:g}"
            allowed = self.allowed
            if value > self.high and self.most:
                allowed += f", and at most {self.most}"
            raise refuse(f"found {shown}, which is out of range", allowed, mend)
        return value


def plain(found: object) -> str:
    """Return what was found, as a message shows it."""
    if isinstance(found, str):
        return f"'{found if len(found) <= 60 else found[:57] + '...'}'"
    if isinstance(found, bool):
        return "true" if found else "false"
    if found is None:
        return "nothing"
    if isinstance(found, Mapping):
        return "a group of keys"
    if isinstance(found, list | tuple):
        return "a list"
    return str(found)


def read_share(parts: Written) -> float | None:
    fits = (parts.percent or parts.bare) and not (parts.per or parts.unit or parts.currency)
    return parts.value if fits else None


def read_change(parts: Written) -> float | None:
    """A bare 10 may be meant as 10% or as tenfold: above 1 the sign is needed."""
    return None if parts.bare and abs(parts.value) > 1 else read_share(parts)


def read_money(parts: Written) -> float | None:
    fits = (parts.currency or parts.bare) and not (parts.per or parts.unit or parts.percent)
    return parts.value if fits else None


def read_money_a_year(parts: Written) -> float | None:
    if not (parts.currency and parts.per) or parts.unit or parts.percent:
        return None
    return parts.value * DAYS_A_YEAR / DAYS[parts.per]


def read_duration(parts: Written) -> float | None:
    fits = parts.unit and not (parts.per or parts.percent or parts.currency)
    return parts.value * DAYS[parts.unit] if fits else None


def read_rate(parts: Written) -> float | None:
    if not parts.per or parts.currency or parts.percent or parts.unit:
        return None
    return parts.value * DAYS_A_YEAR / DAYS[parts.per]


def read_growth(parts: Written) -> float | None:
    fits = parts.percent and parts.per == "year" and not (parts.currency or parts.unit)
    return parts.value if fits else None


def read_hazard(parts: Written) -> float | None:
    fits = parts.percent and parts.per and not (parts.currency or parts.unit)
    return parts.value / DAYS[parts.per] if fits else None


def read_count(parts: Written) -> float | None:
    return parts.value if parts.bare else None


def read_any(parts: Written) -> float | None:
    kinds = (parts.unit, parts.percent, parts.currency, parts.per and not parts.currency)
    if sum(map(bool, kinds)) > 1:
        return None
    if parts.unit:
        return parts.value * DAYS[parts.unit]
    return parts.value * DAYS_A_YEAR / DAYS[parts.per] if parts.per else parts.value
