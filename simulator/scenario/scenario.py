"""The whole scenario: one world and several named contracts over it."""

from __future__ import annotations

from functools import cached_property
from typing import Literal

from pydantic import Field

from simulator.contract.forms.compose import provenance
from simulator.contract.signatories import Signatories
from simulator.contract.term import Identifier
from simulator.quantities import Figure, Money, Share
from simulator.scenario.behaviour import Levers, PolicyName, Relationship
from simulator.scenario.signed import Signed, named
from simulator.scenario.world import (
    Appraisal,
    Handover,
    Inflation,
    Provider,
    Risk,
    Service,
)

__all__ = ["Scenario"]


class Scenario(Signed):
    """Everything one comparison needs, read from YAML and checked."""

    behaviour: Literal["none", "theory", "full"] = Field(
        default="none",
        json_schema_extra=provenance(
            "every party stays at the professional norm: only money moves between contracts"
        ),
    )
    """How parties respond to what a contract pays: 'none' keeps all at the norm, 'theory' has only
    money and effort count, 'full' adds mission, risk, solvency and trust."""
    outcome_value: Money | None = None
    """What one more good outcome is worth to the system; needed where somebody changes what they
    do."""
    observed_under: Identifier | None = None
    """The contract under which the world was observed: what providers do under it, all told, is
    their norm. None means that observed practice is what they would do without any incentive."""
    relationship: Relationship = Relationship()
    """What makes parties hold to what is best for all, the same under every contract."""
    levers: Levers = Levers()
    """What the parties can do more or less of, and what it takes."""
    engine: Literal["compiled", "reference"] = "compiled"
    """What carries the people: 'compiled', or 'reference' in plain SimPy; the figures are equal."""
    providers: dict[Identifier, Provider] = Field(min_length=1, max_length=50)
    """Organisations that deliver."""
    services: dict[Identifier, Service] = Field(min_length=1, max_length=50)
    """What is delivered."""
    handovers: tuple[Handover, ...] = ()
    """Paths of people between services."""
    risks: dict[Identifier, Risk] = {}
    """Shocks to demand."""
    inflation: Inflation = Inflation()
    """Rises of the providers' costs."""
    vat_rate: Share = Field(
        default=Figure(0.20, "20%"),
        json_schema_extra=provenance("standard rate of VAT in the United Kingdom since 2011"),
    )
    """VAT on the providers' purchases."""
    appraisal: Appraisal = Appraisal()
    """How pounds of different years are compared."""
    baseline: Identifier
    """The contract the others are compared with."""

    @cached_property
    def signatories(self) -> Signatories:
        """Who signs every contract of the scenario."""
        caseworkers = {
            key: sum(float(service.workers.get(key, 0.0)) for service in self.services.values())
            for key in self.providers
        }
        names = {
            key: named(party.name, key)
            for parties in (self.commissioners, self.providers)
            for key, party in parties.items()
        }
        return Signatories(
            tuple(self.commissioners),
            tuple(self.providers),
            self._funding(),
            caseworkers,
            tuple(self.services),
            names,
        )

    @property
    def policies(self) -> dict[str, PolicyName]:
        """How each party decides, the commissioners first."""
        given = [
            *((name, each.policy) for name, each in self.commissioners.items()),
            *((name, each.policy) for name, each in self.providers.items()),
        ]
        return {name: policy or self.behaviour for name, policy in given}

    @property
    def behaves(self) -> bool:
        """Whether anybody changes what they do."""
        deciding = [name for name, policy in self.policies.items() if policy != "none"]
        lead = next(iter(self.commissioners))
        return any(name in self.providers for name in deciding) or (
            lead in deciding and self.leaves_discretion
        )

    @cached_property
    def leaves_discretion(self) -> bool:
        """Whether a contract leaves the commissioners to insist on what they may, or not."""
        return any(each.is_at_discretion for each in self.agreements().values())

    @property
    def delivers(self) -> list[tuple[str, str]]:
        """Which provider delivers which service: those with caseworkers in it."""
        return [(party, name) for name, each in self.services.items() for party in each.workers]

    def name_of_service(self, service: str) -> str:
        """Return what to call a service in results."""
        return named(self.services[service].name, service)
