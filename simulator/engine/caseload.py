"""The interface between the life of a contract and the people it serves.

The life of the contract asks the people to live on until an instant, changes capacity and demand
at instants, and reads counts at instants. Person events before an instant have happened when
``advance`` returns; those at the instant itself come after what the contract does then.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from simulator.contract.statement import Array

__all__ = ["COUNTS", "Caseload", "Reading"]

COUNTS = (
    "referred",
    "declined",
    "started",
    "completed",
    "good_outcomes",
    "dropped_out",
    "returned",
    "wait_days",
    "service_days",
    "handovers_due",
    "handovers_made",
)
"""What a caseload counts; the people's columns of a statement."""


@dataclass(frozen=True)
class Reading:
    """Counts at an instant.

    Attributes:
        counts: for each of :data:`COUNTS`, the total since the start, shape
            ``(providers, services)``.
        waiting: people waiting now, same shape.
        in_service: people with a caseworker now, same shape.
        on_the_way: people between two services, or who will come back, now.
    """

    counts: Mapping[str, Array]
    waiting: Array
    in_service: Array
    on_the_way: int


class Caseload(Protocol):
    """People in services, by any engine."""

    def advance(self, until: int) -> None:
        """Let everything happen that happens before the tick ``until``."""

    def resize(self, provider: int, service: int, places: int) -> None:
        """Change how many people a provider can hold in a service, from now.

        Fewer places than people: nobody is sent away, places close as people finish. More: those
        who wait start at once, so that a reading at the same instant sees them.
        """

    def scale_demand(self, service: int, factor: float) -> None:
        """Multiply the referrals from outside by a factor, from now, instead of the last factor."""

    def read(self) -> Reading:
        """Return the counts now."""
