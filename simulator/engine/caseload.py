"""The interface between the life of a contract and the people it serves.

A caseload carries the people of several futures side by side. The life of the contract asks them
to live on until an instant, changes capacity and demand at instants, and reads counts at instants.

Order at equal times, the same for every engine:

1. what the contract does: person events before an instant have happened when ``advance`` returns,
   those at the instant itself come after it;
2. potential referrals, by service;
3. people on the way who arrive, by the service of their first referral and by their number in it;
4. stays that end, by provider, by service, and by the number of the place;
5. people in line whose patience ends: whoever is granted a place at that tick has started.

Whoever a provider turns away comes to the other one within the same event, before anything else.
A place given back last is taken first; a place never used before is taken when none was given back.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from simulator.contract.statement import COUNTS, Array
from simulator.engine.network import Network
from simulator.engine.streams import Stream

__all__ = [
    "COUNTS",
    "WAIT_UNITS_A_DAY",
    "Alarm",
    "Caseload",
    "Engine",
    "Places",
    "Reading",
    "Trigger",
]

Places = npt.NDArray[np.int64]
"""How many people can be held, a number for each future."""

WAIT_UNITS_A_DAY = 2**20
"""Waits and stays are added up in whole units of a twelfth of a second: exact in any order."""


class Trigger(enum.IntEnum):
    """What can make the people stop for the contract; a closed list."""

    WAITING = 0
    """So many people are in line, those who have left it not counted."""
    STARTED = 1
    """So many people have started since the beginning."""


@dataclass(frozen=True, order=True)
class Alarm:
    """A trigger that went off.

    Attributes:
        tick: when.
        future: in which of the futures side by side.
        trigger: which.
        provider: index of the provider.
        service: index of the service.
    """

    tick: int
    future: int
    trigger: Trigger
    provider: int
    service: int


@dataclass(frozen=True)
class Reading:
    """Counts at an instant.

    Attributes:
        counts: for each of :data:`COUNTS`, the total since the start, shape
            ``(futures, providers, services)``.
        waiting: people waiting now, same shape.
        in_service: people with a caseworker now, same shape.
        on_the_way: people between two services, or who will come back, now, shape ``(futures,)``.
    """

    counts: Mapping[str, Array]
    waiting: Array
    in_service: Array
    on_the_way: Array


class Caseload(Protocol):
    """People in services, in several futures side by side, by any engine."""

    def advance(self, until: int, future: int | None = None) -> Sequence[Alarm]:
        """Let everything happen that happens before the tick ``until``, in one future or in all.

        A future in which a trigger goes off stops right after the event that set it off; its
        alarm is returned, and it goes on when asked again. A trigger goes off once.
        """

    def resize(self, future: int, provider: int, service: int, places: int) -> None:
        """Change how many people a provider can hold in a service, from now.

        Fewer places than people: nobody is sent away, places close as people finish. More: those
        who wait start at once, so that a reading at the same instant sees them.
        """

    def hold(self, provider: int, service: int, places: Places) -> None:
        """Change how many people a provider can hold in a service in every future, from now.

        As :meth:`resize` does in one.

        Args:
            provider: its place.
            service: its place.
            places: one number for each future.
        """

    def scale_demand(self, future: int, service: int, factor: float) -> None:
        """Multiply the referrals from outside by a factor, from now, instead of the last factor."""

    def practise(self, quality: Array, handover: Array, selection: Array) -> None:
        """Change how providers work, from now, instead of what was last said.

        Whoever completes from now on has the chances of the new practice, and whoever comes may
        be turned away by it.

        Args:
            quality: levels above each provider's standing practice, ``(futures, providers)``.
            handover: the same of hand-over effort.
            selection: levels, same shape; there is no standing selection.
        """

    def watch(self, trigger: Trigger, provider: int, service: int, level: int) -> None:
        """Let a trigger go off in every future when its number reaches a level.

        A level that is reached already goes off at the next event that raises the number.
        """

    def read(self) -> Reading:
        """Return the counts now."""


class Engine(Protocol):
    """Makes the people of several futures."""

    def __call__(self, network: Network, streams: Sequence[Stream]) -> Caseload:
        """Return a caseload of one future for each stream, at the start of the term."""
