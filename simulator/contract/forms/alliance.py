"""The alliance: cost reimbursed, a fee, shared under- and overspend, and what hangs on outcomes."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, model_validator

from simulator._refuse import refuse
from simulator.contract.curve import Band, Frozen
from simulator.contract.expression import Measure
from simulator.contract.forms.compose import (
    CASEWORKERS,
    Composition,
    bracket,
    check_weights,
    named,
    part,
    provenance,
    term,
    weighted,
)
from simulator.contract.forms.sharing import SharedDifference
from simulator.contract.term import Identifier, Split
from simulator.contract.working import NamedMeasure
from simulator.quantities import AnyAmount, Figure, MoneyAYear, Share

__all__ = ["Alliance", "Outcome", "OutcomePool"]


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
        expected, measure = float(self.expected), bracket(self.measure.text)
        rising = self.best > self.worst
        text = f"{measure} - {expected!r}" if rising else f"{expected!r} - {measure}"
        below = Figure(1 / abs(self.expected - self.worst))
        above = Figure(1 / abs(self.best - self.expected))
        bands = (Band(up_to=Figure(0.0), rate=below), Band(rate=above))
        return named(text, bands=bands, at_least=-1, at_most=1)


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
        check_weights([each.weight for each in self.outcomes.values()], "outcomes", "outcomes")
        return self


class Alliance(SharedDifference):
    """Cost reimbursed, a fee, and a share of under- and overspend against one target for all."""

    form: Literal["alliance"]
    target: MoneyAYear
    """Target cost of the whole alliance for a year."""
    fee: Share = Field(
        default=Figure(0.0, "0%"), json_schema_extra=provenance("no fee unless stated")
    )
    """Fixed yearly fee for overhead and surplus, as a share of the target."""
    cap: Share | None = None
    """The most the providers together can gain or lose, as a share of the target."""
    gain_cap: Share | None = None
    """The most they can gain, where it differs from what they can lose."""
    pain_cap: Share | None = None
    """The most they can lose."""
    split: Split = Field(default="by caseworkers", json_schema_extra=provenance(CASEWORKERS))
    """How gain, pain, fee and pool are divided between the providers."""
    outcomes: OutcomePool | None = None
    """What hangs on outcomes."""

    @model_validator(mode="after")
    def _one_cap(self) -> Alliance:
        if self.cap is not None and (self.gain_cap is not None or self.pain_cap is not None):
            raise refuse(
                "found 'cap' beside 'gain_cap' or 'pain_cap'",
                "one cap for both sides, or one for each",
                "remove 'cap' or the other two",
            )
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
        share = max(rate for _, rate in self.providers_shares())
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
        target, fee = f"target{suffix}", f"fee{suffix}"
        pool, score = f"outcome_pool{suffix}", f"outcome_score{suffix}"
        amounts: dict[str, Figure] = {target: self.target}
        keys: dict[str, Any] = {"split": self.split, "settled": "annually"}
        terms = [
            term(
                name="Reimbursed cost",
                key=f"reimbursed_cost{suffix}",
                measure="cost",
                split=self.split,
                settled="quarterly",
                on_account=target,
            )
        ]
        if self.fee > 0:
            amounts[fee] = part(self.target, self.fee, " a year")
            terms.append(term(name="Fee", key=fee, measure=fee, on_account=fee, **keys))
        shared, measures = self._shared(suffix)
        pain_cap = self.pain_cap if self.cap is None else self.cap
        terms.append(
            term(
                name="Share of under- and overspend",
                key=f"share{suffix}",
                measure=shared,
                at_least=None if pain_cap is None else Figure(-pain_cap, f"-{pain_cap.written}"),
                at_most=self.gain_cap if self.cap is None else self.cap,
                times=target,
                **keys,
            )
        )
        if self.outcomes is not None and self.outcomes.pool > 0:
            amounts[pool] = self.outcomes.pool
            terms.append(term(name="Outcome pool", key=pool, measure=score, times=pool, **keys))
        return Composition(tuple(terms), amounts, measures)

    def _shared(self, suffix: str) -> tuple[str, dict[str, NamedMeasure]]:
        """Return the measure of the providers' share, and the measures that lead to it."""
        target, shared = f"target{suffix}", f"shared{suffix}"
        measures = {shared: named(f"({target} - total(cost)) / {target}", bands=self.share_bands())}
        if self.outcomes is None:
            return shared, measures
        score = f"outcome_score{suffix}"
        scores = {f"score_{name}{suffix}": kra for name, kra in self.outcomes.outcomes.items()}
        measures |= {name: kra.score() for name, kra in scores.items()}
        measures[score] = named(weighted({name: kra.weight for name, kra in scores.items()}))
        gain, pain = float(self.outcomes.gain_modifier), float(self.outcomes.pain_modifier)
        if not (gain or pain):
            return shared, measures
        after = f"shared_after_outcomes{suffix}"
        up = f" * (1 + {gain!r} * {score})" if gain else ""
        down = f" * (1 - {pain!r} * {score})" if pain else ""
        measures[after] = named(f"max({shared}, 0){up} + min({shared}, 0){down}")
        return after, measures
