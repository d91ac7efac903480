"""Ready-made forms that pay by activity or a fixed sum: block, unit price and what lies between.

A form holds what people negotiate (a price, a volume, a standard) and composes the terms that say
it, each of which can also be written out. Nothing else in the project knows which form it was.
"""

from __future__ import annotations

from abc import ABC
from typing import Literal

from pydantic import Field, model_validator

from simulator._refuse import refuse
from simulator.contract.amounts import Amount, YearlyVolume
from simulator.contract.curve import Band, Frozen, check_ends
from simulator.contract.expression import Measure
from simulator.contract.forms.compose import (
    CASEWORKERS,
    Composition,
    Form,
    bracket,
    composed,
    part,
    provenance,
    term,
)
from simulator.contract.term import Split, Term
from simulator.quantities import Figure, Money, MoneyAYear, Share, Volume

__all__ = ["Blended", "Block", "CostAndVolume", "UnitPrice", "VolumeBand"]


class Block(Form):
    """A fixed sum a year, whatever happens, paid in monthly parts."""

    form: Literal["block"]
    amount: MoneyAYear
    """The sum a year, for all providers together."""
    split: Split = Field(default="by caseworkers", json_schema_extra=provenance(CASEWORKERS))
    """How it is divided between the providers."""

    def compose(self, suffix: str = "") -> Composition:
        """Return the terms of this form; ``suffix`` tells its names from those of another."""
        only = term(
            name="Block sum",
            key=f"block_sum{suffix}",
            measure=f"block{suffix}",
            split=self.split,
            settled="annually",
            on_account=f"block{suffix}",
        )
        return Composition((only,), {f"block{suffix}": self.amount})


class VolumeBand(Frozen):
    """A band of yearly volume and the part of the price paid inside it."""

    up_to: Volume | None = None
    """Yearly volume of one provider where the band ends; left out in the last band."""
    pays: Share
    """Share of the price paid for each unit inside the band (the marginal rate)."""


class _PaidByUnit(Form, ABC):
    """What forms with a price for each unit have in common: payments on account."""

    price: Money
    """Price for one unit."""
    per: Measure
    """What is counted, for example 'completed' or 'completed.support'."""
    on_account: MoneyAYear | None = None
    """Paid in monthly parts and set off against what was earned at each quarter; without it each
    month's earnings are paid after the month."""
    split: Split | None = None
    """How the payment on account is divided between the providers."""

    @model_validator(mode="after")
    def _both_or_neither(self) -> _PaidByUnit:
        if (self.on_account is None) != (self.split is None):
            raise refuse(
                "found 'on_account' without 'split'"
                if self.split is None
                else "found 'split' without 'on_account'",
                "a payment on account is divided between the providers",
                "add for example 'split: by caseworkers', or remove both",
            )
        return self

    def earnings(self, suffix: str, **keys: object) -> tuple[Term, dict[str, Amount]]:
        """Return the term that pays what was earned, and the amounts it uses."""
        if self.on_account is None:
            return term(**keys), {}
        name = f"advance{suffix}"
        advance = {"on_account": name, "split": self.split, "settled": "quarterly"}
        return term(**keys, **advance), {name: self.on_account}


class UnitPrice(_PaidByUnit):
    """A price for each unit counted, in bands of yearly volume if wished."""

    form: Literal["unit price"]
    bands: tuple[VolumeBand, ...] = ()
    """Marginal rates by yearly volume of each provider; none means the full price throughout."""

    @model_validator(mode="after")
    def _bands_in_order(self) -> UnitPrice:
        check_ends([band.up_to for band in self.bands], "bands", "up_to")
        return self

    def compose(self, suffix: str = "") -> Composition:
        """Return the terms of this form; ``suffix`` tells its names from those of another."""
        bands = [
            Band(up_to=band.up_to, rate=part(self.price, band.pays)) for band in self.bands
        ] or [Band(rate=self.price)]
        only, amounts = self.earnings(
            suffix,
            name="Unit price",
            key=f"unit_price{suffix}",
            measure=f"{bracket(self.per.text)} / years" if self.bands else self.per.text,
            bands=bands,
            times="years" if self.bands else "1",
        )
        return Composition((only,), amounts)


class CostAndVolume(_PaidByUnit):
    """A price for each unit up to a planned volume, and a part of it for each unit beyond."""

    form: Literal["cost and volume"]
    plan: YearlyVolume
    """Planned volume a year: one number for each of the providers alike, or a group."""
    marginal_rate: Share = Field(
        default=Figure(0.7, "70%"),
        json_schema_extra=provenance(
            "evidence: earlier NHS marginal rates 70%, before that 30%, of the full price"
        ),
    )
    """Share of the price paid for each unit beyond the plan."""

    def compose(self, suffix: str = "") -> Composition:
        """Return the terms of this form; ``suffix`` tells its names from those of another."""
        plan = f"planned_volume{suffix}"
        beyond = part(self.price, self.marginal_rate)
        only, amounts = self.earnings(
            suffix,
            name="Price by volume",
            key=f"price_by_volume{suffix}",
            measure=self.per.text,
            bands=[Band(up_to=composed(plan), rate=self.price), Band(rate=beyond)],
        )
        return Composition((only,), {plan: self.plan, **amounts})


class Blended(Form):
    """A fixed sum a year, and a part that moves with activity above and below a plan."""

    form: Literal["blended"]
    amount: MoneyAYear
    """The fixed sum a year, for all providers together."""
    price: Money
    """Full price of one unit."""
    per: Measure
    """What is counted, for example 'completed'."""
    plan: YearlyVolume
    """Planned volume a year: one number for each of the providers alike, or a group."""
    variable_share: Share = Field(
        default=Figure(0.2, "20%"),
        json_schema_extra=provenance(
            "evidence: blended payments in the NHS, a fixed sum and 20% of the price either way"
        ),
    )
    """Share of the price paid for each unit above the plan, and taken back for each below."""
    split: Split = Field(default="by caseworkers", json_schema_extra=provenance(CASEWORKERS))
    """How the fixed sum is divided between the providers."""

    def compose(self, suffix: str = "") -> Composition:
        """Return the terms of this form; ``suffix`` tells its names from those of another."""
        fixed, plan = f"fixed_sum{suffix}", f"planned_volume{suffix}"
        terms = (
            term(
                name="Fixed sum",
                key=fixed,
                measure=fixed,
                split=self.split,
                settled="annually",
                on_account=fixed,
            ),
            term(
                name="Variable part",
                key=f"variable_part{suffix}",
                measure=f"{bracket(self.per.text)} - {plan}",
                bands=[Band(rate=part(self.price, self.variable_share))],
                settled="quarterly",
            ),
        )
        return Composition(terms, {fixed: self.amount, plan: self.plan})
