"""Ready-made forms of contract: each is a short list of terms that can also be written out.

A form holds what people negotiate (a price, a target, a share) and composes the terms that say
it. Nothing else in the project knows which form a contract had.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import Field, model_validator

from simulator._kinds import CURRENCIES
from simulator._refuse import refuse
from simulator.contract.curve import Band, Frozen, check_bands
from simulator.contract.expression import Expression, Measure, parse
from simulator.contract.term import Identifier, Split, Term
from simulator.contract.working import NamedMeasure
from simulator.quantities import AnyAmount, Figure, Money, MoneyAYear, Portion, Share, Volume

__all__ = [
    "Alliance",
    "Block",
    "Composition",
    "Indicator",
    "KpiDeductions",
    "Outcome",
    "OutcomePool",
    "ShareBand",
    "UnitPrice",
    "VolumeBand",
]

_CASEWORKERS = "assumption: in proportion to planned caseworkers, the usual first offer 'by budget'"


@dataclass(frozen=True)
class Composition:
    """What a form comes to: terms, and the names they use."""

    terms: tuple[Term, ...]
    amounts: Mapping[str, Figure] = field(default_factory=dict)
    measures: Mapping[str, NamedMeasure] = field(default_factory=dict)


def provenance(text: str) -> dict[str, Any]:
    """Mark a field's default with where it comes from; the run lists it."""
    return {"provenance": text}


class Block(Frozen):
    """A fixed sum a year, whatever happens, paid in monthly parts."""

    form: Literal["block"]
    amount: MoneyAYear
    """The sum a year, for all providers together."""
    split: Split = Field(default="by caseworkers", json_schema_extra=provenance(_CASEWORKERS))
    """How it is divided between the providers."""

    def compose(self, suffix: str = "") -> Composition:
        """Return the terms of this form; ``suffix`` tells its names from those of another."""
        term = _term(
            name="Block sum",
            measure=f"block{suffix}",
            split=self.split,
            settled="annually",
            on_account=f"block{suffix}",
        )
        return Composition((term,), {f"block{suffix}": self.amount})


class VolumeBand(Frozen):
    """A band of yearly volume and the part of the price paid inside it."""

    up_to: Volume | None = None
    """Yearly volume of one provider where the band ends; left out in the last band."""
    pays: Share
    """Share of the price paid for each unit inside the band (the marginal rate)."""


class UnitPrice(Frozen):
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
        check_bands([band.up_to for band in self.bands])
        return self

    def compose(self, suffix: str = "") -> Composition:
        """Return the terms of this form; ``suffix`` tells its names from those of another."""
        if not self.bands:
            measure, times = self.per.text, "1"
            bands: tuple[Band, ...] = (Band(rate=self.price),)
        else:
            measure, times = f"({self.per.text}) / years", "years"
            bands = tuple(
                Band(up_to=band.up_to, rate=_part(self.price, band.pays)) for band in self.bands
            )
        keys: dict[str, Any] = {"measure": measure, "times": times, "bands": bands}
        amounts: dict[str, Figure] = {}
        if self.on_account is not None:
            name = f"advance{suffix}"
            amounts[name] = self.on_account
            keys |= {"on_account": name, "split": self.split, "settled": "quarterly"}
        return Composition((_term(name="Unit price", **keys),), amounts)


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
            text = f"{float(self.at_least)!r} - {_bracket(self.measure.text)}"
        else:
            assert self.at_most is not None
            text = f"{_bracket(self.measure.text)} - {float(self.at_most)!r}"
        slope = Figure(self.deduct / self.for_each)
        bands = (Band(up_to=Figure(0.0), rate=Figure(0.0)), Band(rate=slope))
        return _named(text, bands=bands, at_most=self.up_to)


class KpiDeductions(Frozen):
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
        term = _term(
            name="KPI deductions",
            measure=" + ".join(measures),
            at_most=self.cap,
            times="-payments",
            assessed=self.assessed,
            settled={"month": "monthly", "quarter": "quarterly", "year": "annually"}[self.assessed],
        )
        return Composition((term,), {}, measures)


class ShareBand(Frozen):
    """A band of under- or overspend and the providers' share inside it."""

    up_to: Portion | None = None
    """Where the band ends, as a share of the target: '-10%' is an overspend of a tenth."""
    providers: Share
    """The providers' share of each pound inside the band; the commissioners bear the rest."""


class Outcome(Frozen):
    """A result area scored from -100 (worst) over 0 (expected) to +100 (best)."""

    measure: Measure
    """What is scored for the whole alliance: 'total(good_outcomes) / total(completed)'."""
    worst: AnyAmount
    """The value that scores -100."""
    expected: AnyAmount
    """The value that scores 0."""
    best: AnyAmount
    """The value that scores +100; below 'expected' where less is better."""
    weight: Share
    """Its weight in the overall score; the weights sum to 100%."""

    @model_validator(mode="after")
    def _in_order(self) -> Outcome:
        rising = self.worst < self.expected < self.best
        if not rising and not self.worst > self.expected > self.best:
            raise refuse(
                f"found worst {self.worst.written}, expected {self.expected.written}, "
                f"best {self.best.written}",
                "'expected' lies between 'worst' and 'best'",
                "put the three values in order",
            )
        return self

    def score(self) -> NamedMeasure:
        """Return the measure: the score between -1 and 1."""
        expected, measure = float(self.expected), _bracket(self.measure.text)
        rising = self.best > self.worst
        text = f"{measure} - {expected!r}" if rising else f"{expected!r} - {measure}"
        below = Figure(1 / abs(self.expected - self.worst))
        above = Figure(1 / abs(self.best - self.expected))
        bands = (Band(up_to=Figure(0.0), rate=below), Band(rate=above))
        return _named(text, bands=bands, at_least=-1, at_most=1)


class OutcomePool(Frozen):
    """Money and leverage that hang on outcomes for the people served."""

    outcomes: dict[Identifier, Outcome] = Field(min_length=1, max_length=6)
    """The result areas, six at most."""
    pool: MoneyAYear = Field(
        default=Figure(0.0, "£0 a year"),
        json_schema_extra=provenance("no outcome pool unless stated"),
    )
    """Paid in full at a score of +100 and owed in full at -100."""
    gain_modifier: Share = Field(
        default=Figure(0.0, "0%"),
        json_schema_extra=provenance("outcomes do not change the share of savings unless stated"),
    )
    """How far a score of +-100 raises or lowers the providers' share of an underspend."""
    pain_modifier: Share = Field(
        default=Figure(0.0, "0%"),
        json_schema_extra=provenance("outcomes do not change the share of losses unless stated"),
    )
    """How far a score of +-100 lowers or raises the providers' share of an overspend."""

    @model_validator(mode="after")
    def _weights_sum(self) -> OutcomePool:
        weights = [outcome.weight for outcome in self.outcomes.values()]
        if abs(sum(weights) - 1) > 1e-6:
            raise refuse(
                f"found weights of {' + '.join(weight.written for weight in weights)} = "
                f"{100 * sum(weights):.6g}%",
                "the weights of the outcomes sum to 100%",
                "correct the weights",
                at="outcomes",
            )
        return self


class Alliance(Frozen):
    """Cost reimbursed, a fee, and a share of under- and overspend against one target for all."""

    form: Literal["alliance"]
    target: MoneyAYear
    """Target cost of the whole alliance for a year."""
    fee: Share = Field(
        default=Figure(0.0, "0%"), json_schema_extra=provenance("no fee unless stated")
    )
    """Fixed yearly fee for overhead and surplus, as a share of the target."""
    council_share: Share | None = None
    """The commissioners' share of every pound of under- or overspend; or give 'bands'."""
    bands: tuple[ShareBand, ...] = ()
    """The providers' share by band of under- or overspend, as a share of the target."""
    cap: Share | None = None
    """The most the providers together can gain or lose, as a share of the target."""
    gain_cap: Share | None = None
    """The most they can gain, where it differs from what they can lose."""
    pain_cap: Share | None = None
    """The most they can lose."""
    split: Split = Field(default="by caseworkers", json_schema_extra=provenance(_CASEWORKERS))
    """How gain, pain, fee and pool are divided between the providers."""
    outcomes: OutcomePool | None = None
    """What hangs on outcomes."""

    @model_validator(mode="after")
    def _one_share(self) -> Alliance:
        if (self.council_share is None) == (not self.bands):
            raise refuse(
                f"found {'both' if self.bands else 'neither'} 'council_share' "
                f"{'and' if self.bands else 'nor'} 'bands'",
                "the share of under- and overspend is one number or a list of bands",
                "keep one of 'council_share' and 'bands'",
            )
        if self.cap is not None and (self.gain_cap is not None or self.pain_cap is not None):
            raise refuse(
                "found 'cap' beside 'gain_cap' or 'pain_cap'",
                "one cap for both sides, or one for each",
                "remove 'cap' or the other two",
            )
        check_bands([band.up_to for band in self.bands])
        if self.target <= 0:
            raise refuse(
                f"found a target of {self.target.written}",
                "shares of under- and overspend need a target above 0",
                "give the yearly cost the parties aim for",
                at="target",
            )
        self._check_modifiers()
        return self

    def _check_modifiers(self) -> None:
        """Refuse outcomes that raise the providers' share above all there is to share."""
        if self.outcomes is None:
            return
        share = max(float(band.rate) for band in self._share_bands())
        for key in ("gain_modifier", "pain_modifier"):
            modifier = getattr(self.outcomes, key)
            if share * (1 + modifier) > 1 + 1e-9:
                raise refuse(
                    f"found a providers' share of {100 * share:.4g}% that outcomes can raise by "
                    f"{modifier.written} of itself",
                    "the providers share at most 100% of what was saved or overspent",
                    f"lower '{key}' or the share",
                    at="outcomes",
                )

    def compose(self, suffix: str = "") -> Composition:
        """Return the terms of this form; ``suffix`` tells its names from those of another."""
        reimbursed = _term(
            name="Reimbursed cost",
            measure="cost",
            split=self.split,
            settled="quarterly",
            on_account="target",
        )
        amounts: dict[str, Figure] = {"target": self.target}
        terms = [reimbursed]
        if self.fee > 0:
            amounts["fee"] = _part(self.target, self.fee, " a year")
            terms.append(
                _term(
                    name="Fee",
                    measure="fee",
                    split=self.split,
                    settled="annually",
                    on_account="fee",
                )
            )
        measures: dict[str, NamedMeasure] = {}
        shared = "shared"
        measures["shared"] = _named("(target - total(cost)) / target", bands=self._share_bands())
        if self.outcomes is not None:
            scores = {f"score_{name}": kra for name, kra in self.outcomes.outcomes.items()}
            measures |= {name: kra.score() for name, kra in scores.items()}
            weighted = " + ".join(f"{float(kra.weight)!r} * {name}" for name, kra in scores.items())
            measures["outcome_score"] = _named(weighted)
            gain, pain = float(self.outcomes.gain_modifier), float(self.outcomes.pain_modifier)
            if gain or pain:
                formula = (
                    f"max(shared, 0) * (1 + {gain!r} * outcome_score)"
                    f" + min(shared, 0) * (1 - {pain!r} * outcome_score)"
                )
                shared = "shared_after_outcomes"
                measures[shared] = _named(formula)
        pain_cap = self.pain_cap if self.cap is None else self.cap
        gain_cap = self.gain_cap if self.cap is None else self.cap
        terms.append(
            _term(
                name="Share of under- and overspend",
                measure=shared,
                at_least=None if pain_cap is None else Figure(-pain_cap, f"-{pain_cap.written}"),
                at_most=gain_cap,
                times="target",
                split=self.split,
                settled="annually",
            )
        )
        if self.outcomes is not None and self.outcomes.pool > 0:
            amounts["outcome_pool"] = self.outcomes.pool
            terms.append(
                _term(
                    name="Outcome pool",
                    measure="outcome_score",
                    times="outcome_pool",
                    split=self.split,
                    settled="annually",
                )
            )
        return Composition(tuple(terms), amounts, measures)

    def _share_bands(self) -> tuple[Band, ...]:
        if self.council_share is not None:
            share = 1 - self.council_share
            return (Band(rate=Figure(share, f"{share:.10g}")),)
        return tuple(Band(up_to=band.up_to, rate=band.providers) for band in self.bands)


def _term(**keys: Any) -> Term:
    written = {"measure", "times", "on_account"} & keys.keys()
    return Term.model_validate(keys | {key: _composed(keys[key]) for key in written})


def _named(measure: str, **keys: Any) -> NamedMeasure:
    return NamedMeasure.model_validate({"measure": _composed(measure), **keys})


def _composed(text: str) -> Expression:
    """Read a measure made here, around one that was short enough when it was read."""
    return parse(text, longest=10_000)


def _bracket(text: str) -> str:
    return text if text.isidentifier() else f"({text})"


def _part(whole: Figure, share: Figure, ending: str = "") -> Figure:
    """Return a share of an amount of money, written in its currency."""
    symbol = next((sign for sign in CURRENCIES if sign in whole.written), CURRENCIES[0])
    return Figure(whole * share, f"{symbol}{whole * share!r}{ending}", "money")
