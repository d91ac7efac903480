"""What is allowed but worth a second look before a scenario is run."""

from __future__ import annotations

import math
from collections.abc import Iterator

from simulator.contract.limits import yearly_limits
from simulator.contract.statement import COLUMNS
from simulator.quantities import DAYS_A_YEAR
from simulator.report.words import money
from simulator.scenario.planned import planned_yearly_cost
from simulator.scenario.scenario import Scenario
from simulator.scenario.world import mean_stay, places, referral_shares

__all__ = ["warnings"]


def warnings(scenario: Scenario) -> Iterator[str]:
    """Yield each warning as a sentence."""
    yield from _losses(scenario)
    yield from _splits(scenario)
    yield from _loads(scenario)
    yield from _unused(scenario)
    for provider in scenario.providers:
        if not any(provider in service.workers for service in scenario.services.values()):
            name = scenario.signatories.name(provider)
            yield f"{name} has no caseworkers in any service; it still signs every contract."


def _unused(scenario: Scenario) -> Iterator[str]:
    """Tell which numbers of a service nothing depends on, because its needs have their own."""
    for name, service in scenario.services.items():
        needs = service.needs.values()
        evidence = service.lasts.mean.evidence
        has_range = evidence is not None and evidence.low is not None
        if has_range and needs and all(need.lasts is not None for need in needs):
            yield (
                f"The range of services.{name}.lasts has no effect: each need has a length of stay "
                "of its own. Give the ranges there."
            )


def _losses(scenario: Scenario) -> Iterator[str]:
    """Compare each provider's largest loss by rule with its reserves."""
    planned = planned_yearly_cost(scenario)
    for name, agreement in scenario.agreements().items():
        for limits in yearly_limits(agreement, scenario.timetable):
            if limits.party not in scenario.providers:
                continue
            reserves = float(scenario.providers[limits.party].reserves)
            party, title = scenario.signatories.name(limits.party), scenario.title_of(name)
            if limits.reimbursed:
                loss, how = -limits.worst, ""
            else:
                loss = planned[limits.party] - limits.least
                how = " if it is paid the least the rules allow, and spends as planned"
            if not math.isfinite(loss):
                yield (
                    f"No rule limits {party}'s loss under {title}; add 'pain_cap', or a first band "
                    "of 0% up to a negative share."
                )
            elif loss > reserves / 5:
                months = f"its reserves last {12 * reserves / loss:.0f} months of that"
                yield (
                    f"{party}'s largest loss under {title} is {money(loss, scenario.currency)} "
                    f"in the first year{how}; {months if reserves else 'it has no reserves'}."
                )


def _splits(scenario: Scenario) -> Iterator[str]:
    """Tell which providers work but are left out of a split."""
    working = [party for party, posts in scenario.signatories.caseworkers.items() if posts]
    for name, agreement in scenario.agreements().items():
        for term in agreement.terms:
            if not isinstance(term.split, dict):
                continue
            left_out = [party for party in working if party not in term.split]
            if left_out and not term.measure.names() & _by_service(scenario):
                names = ", ".join(scenario.signatories.name(party) for party in left_out)
                yield (
                    f"{names} has caseworkers but no share in '{term.name}' of "
                    f"{scenario.title_of(name)}; write a share of 0% if that is meant."
                )


def _by_service(scenario: Scenario) -> set[str]:
    """Return the columns of single services, which not every provider delivers."""
    return {f"{column}.{service}" for column in COLUMNS for service in scenario.services}


def _loads(scenario: Scenario) -> Iterator[str]:
    """Compare referrals with what the caseworkers can take at full strength."""
    for key, service in scenario.services.items():
        shares = referral_shares(service)
        for provider, posts in service.workers.items():
            coming = service.referrals * shares.get(provider, 0.0) * service.take_up
            holds = places(posts, service.caseload)
            can_take = holds * DAYS_A_YEAR / mean_stay(service)
            load = coming / can_take
            if load > 1.25:
                yield (
                    f"{scenario.signatories.name(provider)} gets {load:.2f} times the referrals "
                    f"it can take in {scenario.name_of_service(key)}: the line grows until "
                    "people leave it."
                )
