"""Who signed, and the accounts money moves between."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

__all__ = ["OUTSIDE", "Signatories"]

OUTSIDE = ("staff", "suppliers", "hmrc")
"""The accounts outside the contract: people paid, firms paid, and the tax authority."""


@dataclass(frozen=True)
class Signatories:
    """The parties of a contract and what its split rules need to know of them.

    Attributes:
        commissioners: identifiers, in the scenario's order.
        providers: identifiers, in the scenario's order; the provider axis of every statement.
        funding: the share of each commissioner in what the commissioners pay; sums to 1.
        caseworkers: planned caseworkers of each provider over all services.
        services: identifiers, in the scenario's order; the service axis of every statement.
        names: how to call each party in a sentence.
    """

    commissioners: tuple[str, ...]
    providers: tuple[str, ...]
    funding: Mapping[str, float]
    caseworkers: Mapping[str, float]
    services: tuple[str, ...]
    names: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def parties(self) -> tuple[str, ...]:
        """Everybody who signed, the commissioners first."""
        return (*self.commissioners, *self.providers)

    @cached_property
    def accounts(self) -> tuple[str, ...]:
        """Every account, in the order of the last axis of payments."""
        return (*self.parties, *OUTSIDE)

    @cached_property
    def provider_slice(self) -> slice:
        """Where the providers stand among the accounts."""
        first = len(self.commissioners)
        return slice(first, first + len(self.providers))

    def name(self, party: str) -> str:
        """Return the name to call a party by."""
        return self.names.get(party, party)
