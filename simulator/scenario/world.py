"""The world that every contract of a scenario shares: parties, services, people, risks, money."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import BeforeValidator, Field, StrictBool, model_validator

from simulator._refuse import refuse
from simulator.contract.curve import Frozen
from simulator.contract.days import Date
from simulator.contract.forms.compose import provenance
from simulator.contract.statement import Array
from simulator.contract.term import Identifier
from simulator.quantities import (
    ChanceAYear,
    Change,
    Count,
    Duration,
    Figure,
    Growth,
    Hazard,
    Level,
    Money,
    MoneyAYear,
    Posts,
    Rate,
    Share,
    Whole,
)
from simulator.scenario.behaviour import BEHAVIOUR, PolicyName, for_behaviour

__all__ = [
    "MONTHS",
    "Appraisal",
    "Budget",
    "Commissioner",
    "DropOut",
    "Handover",
    "Inflation",
    "Length",
    "Need",
    "Provider",
    "Relapse",
    "Risk",
    "Service",
]

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


def _default(written: str, value: float, why: str) -> Any:
    return Field(default=Figure(value, written), json_schema_extra=provenance(why))


def _one_key(key: str, written: Any) -> BeforeValidator:
    """Let a group be written as the value of its main key alone."""

    def spread(found: object) -> object:
        is_group = isinstance(found, dict) and "value" not in found
        return found if is_group or isinstance(found, Frozen) else {key: found}

    return BeforeValidator(spread, json_schema_input_type=written)


class Budget(Frozen):
    """What a commissioner has set aside for the contract."""

    amount: MoneyAYear
    """For a full financial year, in pounds of the first one."""
    rise: Growth = _default("0% a year", 0.0, "a cash-limited budget stays as it is unless stated")
    """Its rise on each 1 April."""


class Commissioner(Frozen):
    """A public body that pays for the services."""

    name: str = ""
    """What to call it."""
    funds: Share | None = None
    """Its share of what the commissioners pay; needed where there are several."""
    budget: Annotated[Budget, _one_key("amount", MoneyAYear | Budget)] | None = None
    """What it has set aside a year: an amount, or {amount, rise}; none means none is known."""
    risk_tolerance: Money | None = None
    """Pounds: how much risk it bears gladly; none means that risk does not trouble it."""
    policy: PolicyName | None = None
    """How it decides, where that differs from the scenario's 'behaviour'. Of several the first
    decides for all."""


class Provider(Frozen):
    """An organisation that delivers services."""

    name: str = ""
    """What to call it."""
    reserves: Money
    """Free reserves at the start of the term: the cash it can lose before it runs out."""
    overheads: Share = _default(
        "30%",
        0.30,
        "23/77: venue 13% and other 10% beside staff 77% of cost, children's centres and "
        "nurseries (2018), grade C; borrowed for other services, grade E",
    )
    """Running cost (venue, equipment, management) as a share of caseworkers' pay, before VAT."""
    fixed_cost: MoneyAYear = _default(
        "£0 a year", 0.0, "no fixed cost beside overheads unless stated"
    )
    """Purchases a year that do not depend on staff or activity, before VAT."""
    vat_recovery: Share = _default(
        "0%", 0.0, "charities mostly cannot recover VAT on purchases; councils can, grade D"
    )
    """Share of the VAT on its purchases that it recovers."""
    quality: Level = _default("0", 0.0, "observed practice: no provider is better unless stated")
    """Standing quality of its casework: 0 observed practice, +1 the best a named peer achieves."""
    policy: PolicyName | None = None
    """How it decides, where that differs from the scenario's 'behaviour'."""
    mission: Share = for_behaviour(
        "10%", 0.10, "between 0% and 50% (Besley and Ghatak 2005); 10% is an assumption, grade E"
    )
    """Share of what a good outcome is worth to the system that it feels as its own."""
    risk_tolerance: Share = for_behaviour(
        "16%", 0.16, "a sixth of equity (Howard's guideline), for charities of free reserves"
    )
    """How much risk it bears gladly, as a share of its reserves; never less than 1% of what its
    services are planned to cost a year."""
    keeps: Money = for_behaviour("£0", 0.0, "it fears running out of cash, not before")
    """Reserves it is afraid to fall below."""
    fear: Count = for_behaviour("1", 1.0, "assumption between 0 and 3, grade E")
    """Pounds that a pound below ``keeps`` weighs beyond itself."""
    reciprocates: StrictBool = Field(
        default=True,
        json_schema_extra=provenance("50% to 60% of people are conditional cooperators")
        | {BEHAVIOUR: True},
    )
    """Whether it returns goodwill; a free rider does not."""


class Length(Frozen):
    """How long people stay with a service."""

    mean: Duration
    """Mean length."""
    shape: Literal["lognormal", "exponential", "fixed"] = Field(
        default="lognormal",
        json_schema_extra=provenance("assumption: few short stays and a long tail, grade E"),
    )
    """Distribution of lengths."""
    variation: Count = _default("0.5", 0.5, "assumption: standard deviation half the mean, grade E")
    """Standard deviation over mean, for the lognormal shape."""


class DropOut(Frozen):
    """Leaving while waiting: at hazard ``at_first exp(rise x wait)``."""

    at_first: Hazard
    """Hazard on the first day of waiting."""
    rise: Hazard = _default("0% a week", 0.0, "a constant hazard unless a rise is stated")
    """Growth of the hazard for each week waited, continuously compounded."""


class Relapse(Frozen):
    """Coming back after a good outcome."""

    chance: Share
    """Share of the good outcomes that do not last."""
    after: Duration = _default("26 weeks", 182.0, "assumption: half a year on average, grade E")
    """Mean time until the person is referred again (exponential)."""
    best: Share | None = None
    """The chance at best practice (quality +1); without it quality has no effect on relapse."""

    @model_validator(mode="after")
    def _falls_with_quality(self) -> Relapse:
        if self.best is not None and self.best > self.chance:
            raise refuse(
                f"found {self.best.written} at best practice, above the {self.chance.written} "
                "as observed",
                "at best practice no more of the good outcomes fail to last",
                "lower 'best', or raise 'chance'",
                at="best",
            )
        return self


class Need(Frozen):
    """A group of people with its own prospects."""

    share: Share
    """Share of the referrals."""
    good_outcome: Share | None = None
    """Chance of a good outcome, where it differs from the service's."""
    good_anyway: Share | None = None
    """Chance that it would have come without the service, where it differs from the service's."""
    lasts: Duration | None = None
    """Mean stay, where it differs from the service's."""
    priority: Whole = _default("1", 1.0, "all needs wait in one line unless priorities are stated")
    """1 is seen first; equal priorities wait in one line."""


class Service(Frozen):
    """A service: who comes, who works there, how long people stay, how it ends."""

    name: str = ""
    """What to call it."""
    referrals: Rate
    """Referrals a year from outside, at the start of the term."""
    growth: Growth = _default("0% a year", 0.0, "no growth of demand unless stated")
    """Growth of referrals a year, continuously compounded."""
    season: dict[Literal[MONTHS], Change] = {}  # type: ignore[valid-type]
    """Difference of a month from the yearly average, for example {dec: -20%}."""
    referred_to: dict[Identifier, Share] | None = Field(
        default=None,
        json_schema_extra=provenance("assumption: referrals follow planned caseworkers"),
    )
    """Share of the referrals that each provider receives."""
    needs: dict[Identifier, Need] = {}
    """Groups of people by need; none means one group."""
    screens: Share | None = None
    """Share of the hardest need that a provider turns away at selection +1; none means nobody."""
    take_up: Share = _default("100%", 1.0, "everyone referred accepts unless stated")
    """Share of those referred who accept the offer and wait."""
    workers: dict[Identifier, Posts] = Field(min_length=1)
    """Caseworkers in post at full strength, by provider (part-time staff count in part)."""
    caseload: Whole
    """People a caseworker holds at a time."""
    lasts: Annotated[Length, _one_key("mean", Duration | Length)]
    """How long people stay: a mean, or {mean, shape, variation}."""
    drop_out: Annotated[DropOut, _one_key("at_first", Hazard | DropOut)] = Field(
        default=DropOut(at_first=Figure(0.02 / 7, "2% a week")),
        json_schema_extra=provenance("assumption: 2% a week leave while they wait, grade E"),
    )
    """Leaving while waiting: a hazard, or {at_first, rise}."""
    good_outcome: Share | None = None
    """Chance that a completed stay ends well, without a wait and at observed practice."""
    best_outcome: Share | None = None
    """The same at best practice (quality +1); without it quality has no effect."""
    good_anyway: Share = for_behaviour(
        "0%", 0.0, "assumption: nobody would do well without the service unless stated, grade E"
    )
    """Chance that a good outcome would have come without the service, which is no gain of it."""
    wait_harm: Share = _default("0%", 0.0, "waiting does not harm outcomes unless stated")
    """Fall of the odds of a good outcome for each week waited."""
    relapse: Annotated[Relapse, _one_key("chance", Share | Relapse)] = Field(
        default=Relapse(chance=Figure(0.0, "0%")),
        json_schema_extra=provenance("nobody comes back unless stated"),
    )
    """Coming back after a good outcome: a share, or {chance, after, best}."""
    worker_cost: MoneyAYear
    """Pay of a caseworker a year with on-costs, at the prices of the start."""
    cost_per_start: Money = _default("£0", 0.0, "no cost for each person started unless stated")
    """Purchases for each person who starts, before VAT."""

    @model_validator(mode="after")
    def _has_outcomes(self) -> Service:
        everyone = self.needs and all(n.good_outcome is not None for n in self.needs.values())
        if self.best_outcome is not None and self.good_outcome is None:
            raise refuse(
                "found 'best_outcome' without 'good_outcome'",
                "best practice is told beside what the service observes as a whole",
                "add 'good_outcome', the mean over the needs",
                at="best_outcome",
            )
        best, observed = self.best_outcome, self.good_outcome
        if best is not None and observed is not None and best < observed:
            raise refuse(
                f"found {best.written} at best practice, below the {observed.written} observed",
                "best practice is no worse than what is observed",
                "raise 'best_outcome', or lower 'good_outcome'",
                at="best_outcome",
            )
        if self.good_outcome is None and not everyone:
            raise refuse(
                "found no 'good_outcome'",
                "a service has a chance of a good outcome, or each of its needs has",
                "add for example 'good_outcome: 45%'",
            )
        return self


A_HAIR = 1e-9
"""Places beyond those that caseworkers can hold, so that 0.1 x 30 holds 3 people, not 2.999..."""


def places(posts: float, caseload: float) -> int:
    """Return how many people caseworkers can hold: whole ones, rounded down."""
    return math.floor(posts * caseload + A_HAIR)


def places_at(posts: Array, caseload: Array | float) -> Array:
    """Return the same for many at once, whole numbers all the same; both broadcast."""
    held: Array = posts * caseload
    held += A_HAIR
    return np.floor(held, out=held)


def referral_shares(service: Service) -> dict[str, float]:
    """Return the share of the referrals that each provider receives."""
    if service.referred_to:
        return {name: float(share) for name, share in service.referred_to.items()}
    total = math.fsum(service.workers.values())  # the same in any order
    return {name: posts / total for name, posts in service.workers.items()}


def season_factors(service: Service) -> tuple[float, ...]:
    """Return a factor on referrals for each calendar month, January first.

    Months that are not named share what makes the year's mean 1.
    """
    named = {month: float(change) for month, change in service.season.items()}
    others = len(MONTHS) - len(named)
    rest = -sum(named.values()) / others if others else 0.0
    return tuple(1.0 + named.get(month, rest) for month in MONTHS)


def log_wait_harm(service: Service) -> float:
    """Return the fall of the log-odds of a good outcome for each day waited."""
    if service.wait_harm >= 1.0:
        return math.inf
    return -math.log1p(-service.wait_harm) / 7.0


@dataclass(frozen=True)
class Group:
    """People of one need in a service, with what the service says where the need does not.

    Attributes:
        name: of the need; empty where the service has none.
        share: of the referrals.
        good_outcome: chance of a good outcome, without a wait and at observed practice.
        mean_stay: mean length of stay, days.
        priority: 1 is seen first.
        good_anyway: chance that a good outcome would have come without the service.
    """

    name: str
    share: float
    good_outcome: float
    mean_stay: float
    priority: int
    good_anyway: float = 0.0


def groups_of(service: Service) -> tuple[Group, ...]:
    """Return the groups of need of a service; one of all people where it has none."""
    chance, stay = float(service.good_outcome or 0.0), float(service.lasts.mean)
    anyway = float(service.good_anyway)
    if not service.needs:
        return (Group("", 1.0, chance, stay, 1, anyway),)
    return tuple(
        Group(
            name,
            float(need.share),
            chance if need.good_outcome is None else float(need.good_outcome),
            stay if need.lasts is None else float(need.lasts),
            int(need.priority),
            anyway if need.good_anyway is None else float(need.good_anyway),
        )
        for name, need in service.needs.items()
    )


def mean_stay(service: Service) -> float:
    """Return the mean stay over the needs of those referred, days."""
    return sum(group.share * group.mean_stay for group in groups_of(service))


def mean_outcome(service: Service) -> float:
    """Return the chance of a good outcome over the needs of those referred."""
    return sum(group.share * group.good_outcome for group in groups_of(service))


class Handover(Frozen):
    """People who complete one service and need another."""

    sender: Identifier = Field(alias="from")
    """The service they complete."""
    receiver: Identifier = Field(alias="to")
    """The service they need next."""
    share: Share
    """Share of the completions that need it."""
    success: Share
    """Share of these hand-overs that reach the other service, at observed practice."""
    best_success: Share | None = None
    """The same at best practice; the place where hand-over effort acts."""
    after: Duration = _default("0 days", 0.0, "hand-overs arrive at once unless stated")
    """Mean time on the way (exponential)."""
    returns: Share = _default("0%", 0.0, "failed hand-overs do not come back unless stated")
    """Share of the failed hand-overs who come back to the sending service."""
    returns_after: Duration = _default("13 weeks", 91.0, "assumption: a quarter, grade E")
    """Mean time until they come back (exponential)."""

    @model_validator(mode="after")
    def _best_is_no_worse(self) -> Handover:
        if self.best_success is not None and self.best_success < self.success:
            raise refuse(
                f"found {self.best_success.written} at best practice, below the "
                f"{self.success.written} observed",
                "best practice is no worse than what is observed",
                "raise 'best_success', or lower 'success'",
                at="best_success",
            )
        return self


class Risk(Frozen):
    """A shock to demand: dated, or by chance."""

    name: str = ""
    """What to call it."""
    chance: ChanceAYear | None = None
    """Chance that it comes in a year of the term, at a random day of that year."""
    on: Date | None = None
    """The day it comes for certain, instead of a chance."""
    demand: Change
    """Change of referrals while it lasts."""
    lasts: Duration
    """How long it lasts."""
    services: tuple[Identifier, ...] = ()
    """Services it reaches; none named means all."""

    @model_validator(mode="after")
    def _one_way(self) -> Risk:
        if (self.chance is None) == (self.on is None):
            raise refuse(
                "found both 'chance' and 'on'" if self.on else "found neither 'chance' nor 'on'",
                "a risk comes by chance or on a day",
                "keep one of the two",
            )
        return self


class Inflation(Frozen):
    """Rises of the providers' costs on each 1 April."""

    pay: Growth = _default("0% a year", 0.0, "pay stays at the level of the start unless stated")
    """Rise of pay."""
    prices: Growth = _default(
        "0% a year", 0.0, "prices stay at the level of the start unless stated"
    )
    """Rise of purchases; also takes nominal pounds to real ones in the appraisal."""


class Appraisal(Frozen):
    """How pounds of different years are compared."""

    discount_rate: Growth = _default(
        "3.5% a year",
        0.035,
        "HM Treasury Green Book, social time preference rate, real, years 0 to 30; under review "
        "since December 2025",
    )
    """Real discount rate."""
    price_year: str = ""
    """The year in whose prices the scenario's amounts stand, for readers."""
