"""What moves the parties of a scenario: effort, trust, and how each of them decides.

Nothing here knows of a form of contract. What a contract pays, and what its clauses let others see,
is all that differs between forms.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, model_validator

from simulator._refuse import refuse
from simulator.contract.curve import Frozen
from simulator.contract.forms.compose import provenance
from simulator.quantities import Duration, Figure, MoneyAYear, Share, Whole

__all__ = [
    "BEHAVIOUR",
    "DISCRETION",
    "AuditLever",
    "CostLever",
    "EnforcementLever",
    "HandOverLever",
    "Levers",
    "PaddingLever",
    "PolicyName",
    "PreventionLever",
    "QualityLever",
    "Relationship",
    "SelectionLever",
    "StaffingLever",
    "for_behaviour",
]

PolicyName = Literal[
    "none",
    "theory",
    "full",
    "steady",
    "profit-first",
    "mission-first",
    "tit-for-tat",
    "cautious",
    "copy-last",
]
"""How a party decides; ``simulator/parties/policies.py`` says what each means."""

BEHAVIOUR = "of behaviour"
"""Marks a default that matters only where somebody changes what they do."""

DISCRETION = "of discretion"
"""Marks a default that matters only where a contract leaves something to the commissioners."""


def for_behaviour(written: str, value: float, why: str) -> Any:
    """Return a field whose default is listed only where somebody changes what they do."""
    return Field(
        default=Figure(value, written), json_schema_extra=provenance(why) | {BEHAVIOUR: True}
    )


class Relationship(Frozen):
    """What makes parties hold to what is best for all; the same under every contract."""

    notice: Share = for_behaviour(
        "10%", 0.10, "assumption: without any clause one departure in ten is noticed, grade E"
    )
    """Chance that others notice in a quarter when a party departs from what was agreed."""
    breaks: Share = for_behaviour(
        "1%", 0.01, "assumption: one relationship in a hundred ends in a quarter, grade E"
    )
    """Chance that the relationship ends between two quarters."""
    renewal: Share = for_behaviour(
        "50%", 0.50, "assumption: as likely renewed after the term as not, grade E"
    )
    """Chance that the parties go on together after the term."""
    memory: Whole = for_behaviour("4", 4.0, "assumption: a broken word is remembered for a year")
    """Quarters for which a broken word is remembered; at most 40."""
    trust: Share = for_behaviour("50%", 0.5, "assumption: neither trust nor distrust, grade E")
    """Trust between each two parties at the start."""
    answers: Share = for_behaviour(
        "90%",
        0.90,
        "people match 80% to 100% of what others contribute (Fischbacher and Gächter 2010)",
    )
    """How much of what others do is returned in kind."""
    grows: Share = for_behaviour(
        "40%", 0.40, "assumption between 20% and 50% a quarter; contested, grade E"
    )
    """Share of the way that trust rises in a quarter when others do more than was trusted."""
    falls: Share = for_behaviour(
        "40%", 0.40, "assumption: trust falls as fast as it rises; contested, grade E"
    )
    """Share of the way that trust falls in a quarter when others do less."""
    credit: Share = for_behaviour(
        "50%", 0.50, "assumption: half of what a contract itself brings about counts as goodwill"
    )
    """Share of what others do because the contract pays it that is read as goodwill."""


_EFFORT = (
    "Private effort, a share of the provider's planned cost: a level a away from the norm weighs "
    "half of it, times a squared, a year; it never goes through the books."
)


class Effort(Frozen):
    """What it takes to move a lever: private effort, and money that goes through the books."""

    cash: MoneyAYear = for_behaviour("£0 a year", 0.0, "working better costs no cash unless stated")
    """What the first level costs in cash: the lead commissioner for its levers, else all providers
    together, shared by planned cost."""
    cash_rise: MoneyAYear = for_behaviour(
        "£0 a year", 0.0, "each further level costs as much cash as the first unless stated"
    )
    """How much more each further level costs: ``a`` levels cost ``cash a + cash_rise a^2 / 2``."""


def _effort(share: float) -> Any:
    """Return the field of private effort with the default of one lever."""
    return Field(
        default=Figure(share, f"{100 * share:g}%"),
        json_schema_extra=provenance("assumption, grade E") | {BEHAVIOUR: True},
        description=_EFFORT,
    )


class QualityLever(Effort):
    """Quality of casework. What it does: ``best_outcome`` and the ``best`` of ``relapse``."""

    effort: Share = _effort(0.05)


class HandOverLever(Effort):
    """Care taken over hand-overs. What it does: ``best_success`` of each hand-over."""

    effort: Share = _effort(0.04)


class CostLever(Effort):
    """Keeping costs low."""

    effort: Share = _effort(0.06)
    saves: Share
    """Share of a provider's cost that best practice saves; at most 50%."""


class PreventionLever(Effort):
    """Work that keeps people from needing the service."""

    effort: Share = _effort(0.04)
    averts: Share
    """Share of a provider's referrals from outside that best practice averts, once it is at work;
    at most 50%."""
    after: Duration = for_behaviour(
        "9 months", 9 * 365.25 / 12, "assumption: nothing is averted sooner, grade E"
    )
    """Time until it begins to act; counted in whole quarters."""
    fades: Share = for_behaviour(
        "25%", 0.25, "assumption: a quarter of the effect wears off in each quarter, grade E"
    )
    """Share of the effect that wears off in a quarter, and comes in a quarter while it builds."""


class SelectionLever(Effort):
    """Turning hard cases away. What it does: ``screens`` of each service."""

    effort: Share = _effort(0.03)


class StaffingLever(Effort):
    """Caseworkers in post beside the plan; their pay is cash."""

    effort: Share = _effort(0.10)
    adds: Share
    """More caseworkers at one level up, fewer at one level down."""
    takes: Duration = for_behaviour(
        "6 months", 365.25 / 2, "assumption: hiring, and leaving by turnover, take half a year"
    )
    """Mean time in which posts follow a decision: hiring upwards, turnover downwards."""


class PaddingLever(Effort):
    """Claiming more than the true cost where a contract pays by cost."""

    effort: Share = _effort(0.04)
    claims: Share
    """By how much claims exceed the true cost at one level; found as often as departures from
    what was agreed are noticed."""


class EnforcementLever(Effort):
    """How often the lead commissioner insists on deductions and notices.

    Moves where deductions are 'at_discretion'; on 'remedies' it insists as observed.
    """

    effort: Share = _effort(0.01)
    observed: Share = Field(
        default=Figure(0.62, "62%"),
        json_schema_extra=provenance(
            "38% of contract managers did not always apply deductions (National Audit Office, 2008)"
        )
        | {DISCRETION: True},
    )
    """Chance in a quarter that it insists, as observed; also where nobody decides."""
    best: Share = for_behaviour(
        "90%", 0.90, "assumption: a commissioner with time for it insists nine times in ten"
    )
    """The same at best practice."""

    @model_validator(mode="after")
    def _best_is_no_less(self) -> EnforcementLever:
        if self.best < self.observed:
            raise refuse(
                f"found {self.best.written} at best practice, below the "
                f"{self.observed.written} observed",
                "who puts more into it insists more often",
                "raise 'best', or lower 'observed'",
                at="best",
            )
        return self


class AuditLever(Effort):
    """Looking into claims; moves where providers can pad them and a contract pays by cost."""

    effort: Share = _effort(0.01)
    finds: Share
    """Share of the padded claims that one level finds, of those nobody would notice without."""


class Levers(Frozen):
    """What the parties can do more or less of. A lever that has no effect anywhere stays put."""

    quality: QualityLever = QualityLever()
    """Quality of casework; moves where a service tells its ``best_outcome``, or the ``best`` of its
    ``relapse``."""
    hand_over: HandOverLever = HandOverLever()
    """Care taken over hand-overs; moves where a hand-over tells its ``best_success``."""
    cost: CostLever | None = None
    """Keeping costs low; none means that costs follow the plan."""
    prevention: PreventionLever | None = None
    """Keeping people from needing the service; none means that nothing averts referrals."""
    selection: SelectionLever = SelectionLever()
    """Turning hard cases away; moves where a service tells what it ``screens``."""
    staffing: StaffingLever | None = None
    """Caseworkers beside the plan; none means that posts stay as planned."""
    padding: PaddingLever | None = None
    """Claiming more than the true cost; none means that claims are true."""
    enforcement: EnforcementLever = EnforcementLever()
    """How often the commissioners insist on what they may."""
    audit: AuditLever | None = None
    """Looking into claims, by the commissioners; none means no more than clauses bring to light."""
    substitution: Share = for_behaviour(
        "0%", 0.0, "effort on one thing takes nothing from another unless stated"
    )
    """How far more effort on one lever makes effort on another dearer: 0% not at all, near 100%
    only the sum of both counts; at most 95%."""
