"""Ready-made forms of output-based contract: block, unit price and deductions.

A form holds what people negotiate (a price, a volume, a standard) and composes the terms that say
it, each of which can also be written out. Nothing else in the project knows which form it was.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, model_validator

from simulator._refuse import refuse
from simulator.contract.compose import (
    CASEWORKERS,
    Composition,
    Form,
    bracket,
    named,
    part,
    provenance,
    term,
)
from simulator.contract.curve import Band, Frozen, check_ends
from simulator.contract.expression import Measure
from simulator.contract.term import Identifier, Split
from simulator.contract.working import NamedMeasure
from simulator.quantities import AnyAmount, Figure, Money, MoneyAYear, Share, Volume

__all__ = ["Block", "Indicator", "KpiDeductions", "UnitPrice", "VolumeBand"]


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


class UnitPrice(Form):
    """A price for each unit counted, in bands of yearly volume if wished."""

    form: Literal["unit price"]
    price: Money
    """Price for one unit."""
    per: Measure
    """What is counted, for example 'completed' or 'completed.support'."""
    bands: tuple[VolumeBand, ...] = ()
    """Marginal rates by yearly volume of each provider; none means the full price throughout."""
    on_account: MoneyAYear | None = None
    """Paid in monthly parts and set off against what was earned at each quarter; without it each
    month's earnings are paid after the month."""
    split: Split | None = None
    """How the payment on account is divided between the providers."""

    @model_validator(mode="after")
    def _both_or_neither(self) -> UnitPrice:
        if (self.on_account is None) != (self.split is None):
            raise refuse(
                "found 'on_account' without 'split'"
                if self.split is None
                else "found 'split' without 'on_account'",
                "a payment on account is divided between the providers",
                "add for example 'split: by caseworkers', or remove both",
            )
        check_ends([band.up_to for band in self.bands], "bands", "up_to")
        return self

    def compose(self, suffix: str = "") -> Composition:
        """Return the terms of this form; ``suffix`` tells its names from those of another."""
        if not self.bands:
            measure, times = self.per.text, "1"
            bands: tuple[Band, ...] = (Band(rate=self.price),)
        else:
            measure, times = f"({self.per.text}) / years", "years"
            bands = tuple(
                Band(up_to=band.up_to, rate=part(self.price, band.pays)) for band in self.bands
            )
        keys: dict[str, Any] = {"measure": measure, "times": times, "bands": bands}
        amounts: dict[str, Figure] = {}
        if self.on_account is not None:
            name = f"advance{suffix}"
            amounts[name] = self.on_account
            keys |= {"on_account": name, "split": self.split, "settled": "quarterly"}
        return Composition((term(name="Unit price", **keys),), amounts)


class Indicator(Frozen):
    """A key performance indicator with a standard and a sliding deduction for missing it."""

    measure: Measure
    """What is watched, for example 'wait_days / started'."""
    at_least: AnyAmount | None = None
    """The standard, where more is better."""
    at_most: AnyAmount | None = None
    """The standard, where less is better (durations count in days)."""
    deduct: Share
    """Share of the payments taken off for each step of shortfall."""
    for_each: AnyAmount
    """The size of a step; part steps count in proportion."""
    up_to: Share | None = None
    """The most this indicator alone can take off."""

    @model_validator(mode="after")
    def _one_standard(self) -> Indicator:
        if (self.at_least is None) == (self.at_most is None):
            raise refuse(
                f"found {'both standards' if self.at_least is not None else 'no standard'}",
                "an indicator has either 'at_least' or 'at_most'",
                "keep the one that says when the provider does well",
            )
        if self.for_each <= 0:
            raise refuse(
                f"found the step {self.for_each.written}", "a step is more than 0", "widen it"
            )
        return self

    def shortfall(self) -> NamedMeasure:
        """Return the measure: the share of the payments to take off."""
        if self.at_least is not None:
            text = f"{float(self.at_least)!r} - {bracket(self.measure.text)}"
        else:
            assert self.at_most is not None
            text = f"{bracket(self.measure.text)} - {float(self.at_most)!r}"
        slope = Figure(self.deduct / self.for_each)
        bands = (Band(up_to=Figure(0.0), rate=Figure(0.0)), Band(rate=slope))
        return named(text, bands=bands, at_most=self.up_to)


class KpiDeductions(Form):
    """Deductions from what the earlier terms pay, for missed standards, up to a cap."""

    form: Literal["kpi deductions"]
    kpis: dict[Identifier, Indicator] = Field(min_length=1)
    """The indicators."""
    cap: Share
    """The most all indicators together can take off, as a share of the payments."""
    assessed: Literal["month", "quarter", "year"] = Field(
        default="quarter",
        json_schema_extra=provenance("assumption: indicators are reviewed each quarter"),
    )
    """The period over which the standards are judged."""

    def compose(self, suffix: str = "") -> Composition:
        """Return the terms of this form; ``suffix`` tells its names from those of another."""
        measures = {f"missed_{name}": kpi.shortfall() for name, kpi in self.kpis.items()}
        only = term(
            name="KPI deductions",
            measure=" + ".join(measures),
            at_most=self.cap,
            times="-payments",
            assessed=self.assessed,
            settled={"month": "monthly", "quarter": "quarterly", "year": "annually"}[self.assessed],
        )
        return Composition((only,), {}, measures)
