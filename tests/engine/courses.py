"""A network of services, and what a contract does with its people over time."""

from __future__ import annotations

from dataclasses import dataclass

from simulator.engine.caseload import Trigger
from simulator.engine.network import Network
from simulator.engine.streams import Stream


@dataclass(frozen=True)
class Resize:
    """Change places; no future is all of them."""

    tick: int
    future: int | None
    provider: int
    service: int
    places: int


@dataclass(frozen=True)
class ScaleDemand:
    """Change demand; no future is all of them."""

    tick: int
    future: int | None
    service: int
    factor: float


@dataclass(frozen=True)
class SetWatch:
    """Watch a number."""

    tick: int
    trigger: Trigger
    provider: int
    service: int
    level: int


@dataclass(frozen=True)
class Read:
    """Read all counts."""

    tick: int


Deed = Resize | ScaleDemand | SetWatch | Read


@dataclass(frozen=True)
class Course:
    """A network and what a contract does with its people.

    Attributes:
        network: the services; its end is when the last reading is made.
        deeds: in order of time.
        futures: how many live side by side.
        seed: of their luck.
        relief: how many places a team has from the alarm of its line on; None changes nothing.
    """

    network: Network
    deeds: tuple[Deed, ...]
    futures: int = 1
    seed: int = 0
    relief: int | None = None

    @property
    def streams(self) -> list[Stream]:
        """The luck of each future."""
        return [Stream(self.seed, future) for future in range(self.futures)]
