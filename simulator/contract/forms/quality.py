"""Ready-made forms that hang on standards: deductions for missed ones, an incentive to earn."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from simulator._refuse import refuse
from simulator.contract.curve import Band, Frozen, Point
from simulator.contract.data import Datum
from simulator.contract.expression import Measure
from simulator.contract.forms.compose import (
    Composition,
    Form,
    bracket,
    check_one_standard,
    check_weights,
    named,
    provenance,
    term,
    weighted,
)
from simulator.contract.term import Identifier
from simulator.contract.working import NamedMeasure
from simulator.quantities import AnyAmount, Figure, Share

__all__ = ["Incentive", "Indicator", "KpiDeductions", "ScoredIndicator"]

_INSISTED = Datum(
    what="months in which the commissioners insist on deductions",
    unit="month",
    of="each provider",
    follows="enforcement",
)
_SETTLED = {"month": "monthly", "quarter": "quarterly", "year": "annually"}


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
        allowed = "an indicator has either 'at_least' or 'at_most'"
        check_one_standard(self.at_least, self.at_most, allowed)
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
    at_discretion: bool = Field(
        default=False,
        json_schema_extra=provenance("assumption: what may be taken off is taken off"),
    )
    """Whether the commissioners decide if they insist on the deductions. A simulation draws it once
    a quarter, by 'levers.enforcement'; actuals tell the months."""

    def compose(self, suffix: str = "") -> Composition:
        """Return the terms of this form; ``suffix`` tells its names from those of another."""
        measures = {f"missed_{name}{suffix}": kpi.shortfall() for name, kpi in self.kpis.items()}
        missed = " + ".join(measures)
        data = {}
        if self.at_discretion:
            # the cap is on what may be taken off, not on what is
            measures[f"to_take_off{suffix}"] = named(missed, at_most=self.cap)
            months = f"insisted{suffix} / (12 * years)"
            measures[f"part_insisted_on{suffix}"] = named(months, at_most=Figure(1.0, "100%"))
            missed = f"to_take_off{suffix} * part_insisted_on{suffix}"
            data[f"insisted{suffix}"] = _INSISTED
        only = term(
            name="KPI deductions",
            key=f"kpi_deductions{suffix}",
            measure=missed,
            at_most=None if self.at_discretion else self.cap,
            times="-payments",
            assessed=self.assessed,
            settled=_SETTLED[self.assessed],
        )
        return Composition((only,), {}, measures, data)


class ScoredIndicator(Frozen):
    """An indicator that earns its part of an incentive, on a scale between two values."""

    measure: Measure
    """What is watched, for example 'good_outcomes / completed'."""
    nothing_at: AnyAmount
    """The value at which nothing is earned; beyond it too."""
    all_at: AnyAmount
    """The value at which all is earned; below 'nothing_at' where less is better."""
    weight: Share
    """Its part of the incentive; the weights sum to 100%."""

    @model_validator(mode="after")
    def _two_values(self) -> ScoredIndicator:
        if self.nothing_at == self.all_at:
            raise refuse(
                f"found {self.all_at.written} for both ends of the scale",
                "between 'nothing_at' and 'all_at' the incentive slides",
                "set them apart",
                at="all_at",
            )
        return self

    def earned(self) -> NamedMeasure:
        """Return the measure: the share that is earned; all of it where nothing is measured."""
        none = Point(at=Figure(self.nothing_at - self.all_at), value=Figure(0.0, "0%"))
        whole = Point(at=Figure(0.0), value=Figure(1.0, "100%"))
        rising = self.all_at > self.nothing_at
        text = f"{bracket(self.measure.text)} - {float(self.all_at)!r}"
        return named(text, points=(none, whole) if rising else (whole, none))


class Incentive(Form):
    """A share of what the earlier terms pay that is earned by scores of indicators."""

    form: Literal["incentive"]
    share: Share
    """The share of the payments above that hangs on the indicators."""
    indicators: dict[Identifier, ScoredIndicator] = Field(min_length=1)
    """The indicators, with weights that sum to 100%."""
    on_top: bool = Field(
        default=False,
        json_schema_extra=provenance("assumption: the payments above include the incentive"),
    )
    """Whether what is earned is added; else what is not earned is taken off."""
    assessed: Literal["month", "quarter", "year"] = Field(
        default="year",
        json_schema_extra=provenance("assumption: indicators are scored over the year"),
    )
    """The period over which the indicators are scored."""

    @model_validator(mode="after")
    def _weights_sum(self) -> Incentive:
        check_weights(
            [each.weight for each in self.indicators.values()], "indicators", "indicators"
        )
        return self

    def compose(self, suffix: str = "") -> Composition:
        """Return the terms of this form; ``suffix`` tells its names from those of another."""
        earned = {f"earned_{name}{suffix}": each for name, each in self.indicators.items()}
        measures = {name: each.earned() for name, each in earned.items()}
        score = weighted({name: each.weight for name, each in earned.items()})
        counted = f"earned{suffix}" if self.on_top else f"not_earned{suffix}"
        measures[counted] = named(score if self.on_top else f"1 - ({score})")
        only = term(
            name="Incentive",
            key=f"incentive{suffix}",
            measure=counted,
            bands=[Band(rate=self.share)],
            times="payments" if self.on_top else "-payments",
            assessed=self.assessed,
            settled=_SETTLED[self.assessed],
        )
        return Composition((only,), {}, measures)
