"""What is allowed but worth a second look before a scenario is run."""

from __future__ import annotations

import math
from collections.abc import Iterator

from simulator.contract.limits import yearly_limits
from simulator.report.words import money
from simulator.scenario.scenario import Scenario

__all__ = ["warnings"]


def warnings(scenario: Scenario) -> Iterator[str]:
    """Yield each warning as a sentence."""
    yield from _losses(scenario)
    yield from _loads(scenario)
    for provider in scenario.providers:
        if not any(provider in service.workers for service in scenario.services.values()):
            name = scenario.signatories.name(provider)
            yield f"{name} has no caseworkers in any service; it still signs every contract."


def _losses(scenario: Scenario) -> Iterator[str]:
    """Compare each provider's largest loss by rule with its reserves."""
    for name, agreement in scenario.agreements().items():
        for limits in yearly_limits(agreement):
            if limits.party not in scenario.providers or not math.isfinite(limits.worst):
                continue
            reserves = float(scenario.providers[limits.party].reserves)
            loss = -limits.worst
            if loss <= 0:
                continue
            party, title = scenario.signatories.name(limits.party), scenario.title_of(name)
            if reserves == 0:
                yield f"{party} has no reserves; its largest loss under {title} is " + (
                    f"{money(loss, scenario.currency)} a year."
                )
            elif loss > reserves / 5:
                months = 12 * reserves / loss
                yield (
                    f"{party}'s largest loss under {title} is {money(loss, scenario.currency)} "
                    f"a year; its reserves last {months:.0f} months of that."
                )


def _loads(scenario: Scenario) -> Iterator[str]:
    """Compare referrals with what the caseworkers can take at full strength."""
    for key, service in scenario.services.items():
        total = sum(service.workers.values())
        for provider, posts in service.workers.items():
            share = (
                float(service.referred_to.get(provider, 0.0))
                if service.referred_to is not None
                else posts / total
            )
            coming = service.referrals * share * service.take_up
            holds = math.floor(posts * service.caseload + 1e-9)
            can_take = holds * 365.25 / service.lasts.mean
            load = coming / can_take
            if load > 1.25:
                yield (
                    f"{scenario.signatories.name(provider)} gets {load:.2f} times the referrals "
                    f"it can take in {scenario.name_of_service(key)}: the line grows until "
                    "people leave it."
                )
