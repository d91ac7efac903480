"""Ready-made forms that pay for what came of the work: outcome tariff and rate card."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

from pydantic import Field, model_validator

from simulator._refuse import refuse
from simulator.contract.amounts import Amount
from simulator.contract.curve import Band, Frozen
from simulator.contract.expression import Measure
from simulator.contract.forms.compose import Composition, Form, bracket, composed, term
from simulator.contract.split import DividedBy
from simulator.contract.term import Identifier, Term
from simulator.quantities import Count, Figure, Money, MoneyMaybeAYear, is_a_year

__all__ = ["OutcomeTariff", "PaymentPoint", "RateCard"]


class PaymentPoint(Frozen):
    """Something that earns a price each time it is reached."""

    per: Measure
    """What is counted, for example 'good_outcomes'."""
    price: Money
    """Price for each one."""
    at_most: Count | None = None
    """How many are paid for each one of 'for_each', by provider; none means all."""
    for_each: Measure | None = None
    """What the number of paid ones is limited by, for example 'started'."""
    cap: MoneyMaybeAYear | None = None
    """The most it pays to all providers together, once for the whole term or each year."""

    @model_validator(mode="after")
    def _both_or_neither(self) -> PaymentPoint:
        if (self.at_most is None) != (self.for_each is None):
            raise refuse(
                "found 'at_most' without 'for_each'"
                if self.for_each is None
                else "found 'for_each' without 'at_most'",
                "a limit on claims is so many for each one of something counted",
                "write for example 'at_most: 1' and 'for_each: started', or remove both",
            )
        return self

    def claims(self) -> str:
        """Return the measure of what is paid for."""
        if self.at_most is None or self.for_each is None:
            return self.per.text
        limit = bracket(self.for_each.text)
        limit = limit if self.at_most == 1 else f"{float(self.at_most)!r} * {limit}"
        return f"min({self.per.text}, {limit})"


class OutcomeTariff(Form):
    """A price for each step of a person's way: attachment, job, sustainment."""

    form: Literal["outcome tariff"]
    points: dict[Identifier, PaymentPoint] = Field(min_length=1, max_length=20)
    """The payment points, in order."""
    cap: MoneyMaybeAYear | None = None
    """The most all points pay to all providers together, once for the whole term or each year."""

    @model_validator(mode="after")
    def _one_kind_of_cap(self) -> OutcomeTariff:
        _check_caps(self.points.values(), self.cap)
        return self

    def compose(self, suffix: str = "") -> Composition:
        """Return the terms of this form; ``suffix`` tells its names from those of another."""
        return _pay(self.points, self.cap, "tariff", suffix)


class RateCard(Form):
    """A price for each outcome and nothing for activity: a social outcomes contract or bond."""

    form: Literal["rate card"]
    outcomes: dict[Identifier, PaymentPoint] = Field(min_length=1, max_length=20)
    """The outcomes paid for, each as often as it is reached."""
    cap: MoneyMaybeAYear | None = None
    """The most all outcomes pay to all providers together, once for the whole term or each year."""

    @model_validator(mode="after")
    def _one_kind_of_cap(self) -> RateCard:
        _check_caps(self.outcomes.values(), self.cap)
        return self

    def compose(self, suffix: str = "") -> Composition:
        """Return the terms of this form; ``suffix`` tells its names from those of another."""
        return _pay(self.outcomes, self.cap, "rate_card", suffix)


def _caps(points: Iterable[PaymentPoint], whole: Figure | None) -> list[Figure]:
    return [cap for cap in (*(point.cap for point in points), whole) if cap is not None]


def _check_caps(points: Iterable[PaymentPoint], whole: Figure | None) -> None:
    """Refuse caps a year beside caps once: they hold for different periods."""
    caps = _caps(points, whole)
    if len({is_a_year(cap) for cap in caps}) > 1:
        raise refuse(
            f"found caps of {' and '.join(cap.written for cap in caps)}",
            "all caps hold for each year, or all for the whole term",
            "write 'a year' after every cap, or after none",
        )


def _pay(
    points: Mapping[str, PaymentPoint], whole: Figure | None, what: str, suffix: str
) -> Composition:
    """Return a term for each payment point, and one for each cap."""
    caps = _caps(points.values(), whole)
    once = bool(caps) and not is_a_year(caps[0])
    assessed = "term" if once else "year"
    terms: list[Term] = []
    amounts: dict[str, Amount] = {}

    def limit(cap: Figure, keys: list[str], of: str) -> None:
        name = f"cap_on_{of}{suffix}"
        amounts[name] = cap
        paid = " + ".join(f"payments.{key}" for key in keys)
        terms.append(
            term(
                name=f"Cap on {of.replace('_', ' ')}",
                key=name,
                measure=f"total({paid})",
                at_most=composed(name),
                instead_of=tuple(keys),
                split=DividedBy(by=composed(paid)),
                assessed=assessed,
            )
        )

    for name, point in points.items():
        key = f"{what}_{name}{suffix}"
        terms.append(
            term(
                name=name.replace("_", " ").capitalize(),
                key=key,
                measure=point.claims(),
                bands=[Band(rate=point.price)],
                assessed=assessed,
            )
        )
        if point.cap is not None:
            limit(point.cap, [key], name)
    if whole is not None:
        limit(whole, [each.key for each in terms], f"the_{what}")
    return Composition(tuple(terms), amounts)
