"""What a contract does about a provider that falls short: notice, support, and its replacement.

Any form of contract can have it. Payments do not follow from it: deductions are terms.
"""

from __future__ import annotations

from pydantic import Field, model_validator

from simulator._refuse import refuse
from simulator.contract.curve import Frozen
from simulator.contract.expression import Measure
from simulator.contract.forms.compose import check_one_standard, provenance
from simulator.contract.statement import Array
from simulator.contract.term import Identifier
from simulator.quantities import AnyAmount, Duration, Figure, Money, Share, Whole, is_a_year

__all__ = ["Remedies", "Standard"]


class Standard(Frozen):
    """What a provider has to keep to, quarter by quarter."""

    measure: Measure
    """What is watched, for example 'wait_days / started'."""
    at_least: AnyAmount | None = None
    """The standard, where more is better."""
    at_most: AnyAmount | None = None
    """The standard, where less is better (durations count in days)."""

    @model_validator(mode="after")
    def _one_standard(self) -> Standard:
        allowed = "a standard is either 'at_least' or 'at_most'"
        check_one_standard(self.at_least, self.at_most, allowed)
        for key in ("at_least", "at_most"):
            value = getattr(self, key)
            if value is not None and is_a_year(value):
                raise refuse(
                    f"found {value.written}",
                    "standards are looked at quarter by quarter",
                    "write what a quarter may come to",
                    at=key,
                )
        return self

    def missed_by(self, value: Array) -> Array:
        """Return how far a value of its measure misses it; nought or less where it is kept."""
        if self.at_least is not None:
            return float(self.at_least) - value
        assert self.at_most is not None
        return value - float(self.at_most)


class Remedies(Frozen):
    """The ladder that a provider climbs which keeps missing a standard."""

    standards: dict[Identifier, Standard] = Field(min_length=1, max_length=20)
    """What it has to keep to; to miss one is a breach, where the commissioners insist on it."""
    after: Whole = Field(
        default=Figure(2.0, "2"),
        json_schema_extra=provenance("assumption: notice after two quarters in breach"),
    )
    """Quarters in breach, with none between in which all is kept, until notice is given."""
    within: Whole = Field(
        default=Figure(4.0, "4"),
        json_schema_extra=provenance("assumption: a notice counts for a year"),
    )
    """Quarters after a notice in which a second one can end the provider's part."""
    support: Money = Field(
        default=Figure(0.0, "£0"),
        json_schema_extra=provenance("assumption: a support plan costs nothing unless stated"),
    )
    """What the plan that comes with a notice costs the lead commissioner."""
    termination: Share = Field(
        default=Figure(0.20, "20%"),
        json_schema_extra=provenance(
            "assumption: one second notice in five ends the provider's part, grade E"
        ),
    )
    """Chance that a second notice ends the provider's part."""
    gap: Duration = Field(
        default=Figure(228.0, "7.5 months"),
        json_schema_extra=provenance("assumption: to tender again takes 6 to 9 months, grade E"),
    )
    """How long the lead commissioner steps in, until a successor is found."""
    step_in: Money = Field(
        default=Figure(0.0, "£0"),
        json_schema_extra=provenance("assumption: stepping in costs no more than the service"),
    )
    """What stepping in and tendering again cost the lead commissioner beside the service itself."""

    @model_validator(mode="after")
    def _second_in_time(self) -> Remedies:
        if self.after > self.within:
            raise refuse(
                f"found a notice after {self.after.written} quarters, and a second one that counts "
                f"within {self.within.written}",
                "a second notice can come in time",
                "lower 'after', or raise 'within'",
                at="within",
            )
        return self
