"""Named amounts of a contract: one for all or one for each provider, and how events change them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from pydantic import Discriminator, Field, Tag, model_validator

from simulator._refuse import refuse
from simulator.contract.curve import Frozen
from simulator.contract.days import Date
from simulator.contract.periods import Month, aprils
from simulator.contract.statement import Array
from simulator.quantities import Figure, MoneyAYear, Rate, Size, is_a_year, is_money

__all__ = [
    "Adjustment",
    "Amount",
    "Identifier",
    "WrittenAmount",
    "YearlyAmount",
    "YearlyVolume",
    "amount_is_a_year",
    "amount_is_money",
    "figures_of",
    "level_of",
]

Identifier = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=40)]
"""A name used in paths and measures: small letters, digits and underscores."""

Amount = Figure | Mapping[str, Figure]
"""One amount for all, or one for each provider."""


def _which(found: Any) -> str:
    return "by provider" if isinstance(found, Mapping) and "value" not in found else "one"


_NO_VALUE = Field(json_schema_extra={"not": {"required": ["value"]}})

WrittenAmount = Annotated[
    Annotated[Size, Tag("one")] | Annotated[dict[Identifier, Size], _NO_VALUE, Tag("by provider")],
    Discriminator(_which),
]
"""An amount of money, once or a year, or a volume a year; or one for each provider."""

YearlyAmount = Annotated[
    Annotated[MoneyAYear, Tag("one")]
    | Annotated[dict[Identifier, MoneyAYear], _NO_VALUE, Tag("by provider")],
    Discriminator(_which),
]
"""An amount of money a year, or one for each provider."""

YearlyVolume = Annotated[
    Annotated[Rate, Tag("one")] | Annotated[dict[Identifier, Rate], _NO_VALUE, Tag("by provider")],
    Discriminator(_which),
]
"""A number a year, or one for each provider."""


def figures_of(amount: Amount) -> tuple[Figure, ...]:
    """Return the figures an amount is made of."""
    return (amount,) if isinstance(amount, Figure) else tuple(amount.values())


def amount_is_a_year(amount: Amount) -> bool:
    """Tell whether an amount counts for each year and not once."""
    return any(is_a_year(figure) for figure in figures_of(amount))


def amount_is_money(amount: Amount) -> bool:
    """Tell whether an amount is one of money and not a volume."""
    return any(is_money(figure) for figure in figures_of(amount))


def level_of(amount: Amount, price_level: float) -> float:
    """Return what an amount a year is multiplied by; prices rise, volumes do not."""
    return price_level if amount_is_money(amount) else 1.0


def array_of(amount: Amount, providers: Sequence[str]) -> Array:
    """Return an amount as written, shape ``(1,)`` or ``(providers,)``."""
    if isinstance(amount, Figure):
        return np.array([float(amount)])
    return np.array([float(amount[party]) for party in providers])


class Adjustment(Frozen):
    """A dated change of a named amount: a compensation event, or a rebasing."""

    amount: Identifier
    """The name of the amount that changes."""
    on: Date
    """The day from which the change holds; a change a year begins on the first of a month."""
    by: WrittenAmount | None = None
    """What is added: once, in the period that holds the day, or a year from then on."""
    to: WrittenAmount | None = None
    """What the amount is from then on, at the prices of that day."""
    why: str = ""
    """What happened, for readers."""
    clause: str = ""
    """The clause it rests on."""

    @model_validator(mode="after")
    def _one_way(self) -> Adjustment:
        if (self.by is None) == (self.to is None):
            raise refuse(
                "found neither 'by' nor 'to'" if self.by is None else "found both 'by' and 'to'",
                "an adjustment adds to an amount, or says what it is from then on",
                "keep one of the two",
            )
        return self


@dataclass(frozen=True)
class Change:
    """What adjustments make of a contract's amounts in one month, pounds.

    Attributes:
        a_month: added to the amounts a year in this month.
        from_now: added to the amounts once, in every window that holds this month or a later one.
    """

    a_month: Mapping[str, Array]
    from_now: Mapping[str, Array]


def changes_in(
    month: Month,
    adjustments: Sequence[Adjustment],
    amounts: Mapping[str, Amount],
    providers: Sequence[str],
    uplift: float,
) -> Change:
    """Return what the adjustments so far make of the amounts in a month."""
    a_month: dict[str, Array] = {}
    from_now: dict[str, Array] = {}
    for name, amount in amounts.items():
        base = array_of(amount, providers)
        held = [each for each in adjustments if each.amount == name and each.on < month.end]
        if not held:
            continue
        if not amount_is_a_year(amount):
            from_now[name] = _once(base, held, providers) - base
            continue
        rise = uplift if amount_is_money(amount) else 0.0
        level = (1.0 + rise) ** month.aprils
        yearly, once = base * level, np.zeros(1)
        for each in sorted(held, key=lambda change: change.on):
            since = (1.0 + rise) ** max(0, aprils(each.on, month.first))
            if each.to is not None:
                yearly = array_of(each.to, providers) * since
            elif each.by is not None and amount_is_a_year(each.by):
                yearly = yearly + array_of(each.by, providers) * since
            elif each.by is not None and each.on >= month.first:
                once = once + array_of(each.by, providers)
        a_month[name] = (yearly - base * level) * month.years + once
    return Change(a_month, from_now)


def _once(base: Array, held: Sequence[Adjustment], providers: Sequence[str]) -> Array:
    value = base
    for each in sorted(held, key=lambda change: change.on):
        if each.to is not None:
            value = array_of(each.to, providers)
        elif each.by is not None:
            value = value + array_of(each.by, providers)
    return value


def shapes_differ(adjustment: Adjustment, amount: Amount) -> bool:
    """Tell whether an adjustment is by provider where its amount is not, or the other way round."""
    new: Iterator[Amount] = (each for each in (adjustment.by, adjustment.to) if each is not None)
    return any(isinstance(each, Figure) != isinstance(amount, Figure) for each in new)
