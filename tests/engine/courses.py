"""A network of services, and what a contract does with its people over time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from simulator.engine.caseload import Trigger
from simulator.engine.clock import TICKS_A_DAY
from simulator.engine.network import HandoverPath, NeedGroup, Network, ServiceNode
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
class Practise:
    """Change practice, in all futures alike."""

    tick: int
    quality: tuple[float, ...]
    handover: tuple[float, ...]
    selection: tuple[float, ...]


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


Deed = Resize | ScaleDemand | Practise | SetWatch | Read


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
    def watches(self) -> list[SetWatch]:
        """What is watched."""
        return [deed for deed in self.deeds if isinstance(deed, SetWatch)]

    @property
    def streams(self) -> list[Stream]:
        """The luck of each future."""
        return [Stream(self.seed, future) for future in range(self.futures)]


def plain_node(key: int = 1, stay: float = 1.0, providers: int = 1, **changes: Any) -> ServiceNode:
    """Return a service of one need and fixed stays, to whose first provider everybody goes.

    Everybody who might come does, at a rate of one a day; all accept, wait for ever, end well and
    go home.
    """
    plain: dict[str, Any] = {
        "key": key,
        "potential_a_day": 1.0,
        "referrals_a_day": 1.0,
        "growth_a_day": 0.0,
        "season": (1.0,) * 12,
        "needs": (NeedGroup("", (1.0,) * providers, stay, 1),),
        "need_edges": (1.0,),
        "need_order": (0,),
        "provider_edges": (1.0,),
        "provider_order": (0,),
        "elsewhere_edges": ((),) * providers,
        "elsewhere_order": ((),) * providers,
        "delivers": (True,) * providers,
        "take_up": 1.0,
        "drop_out": 0.0,
        "drop_out_rise": 0.0,
        "shape": "fixed",
        "log_spread": 0.0,
        "log_wait_harm": 0.0,
        "relapse": (0.0,) * providers,
        "relapse_reach": 0.0,
        "mean_until_relapse": 0.0,
        "handovers": (),
        "handover_edges": (),
    }
    return ServiceNode(**(plain | changes))


def all_go_on(receiver: int, mean_on_the_way: float = 0.0, providers: int = 1) -> dict[str, Any]:
    """Return what hands everybody over to a service."""
    path = HandoverPath(receiver, (1.0,) * providers, mean_on_the_way, 0.0, 0.0)
    return {"handovers": (path,), "handover_edges": (1.0,)}


def plain_network(*services: ServiceNode, providers: int = 1, days: int = 400) -> Network:
    """Return a network of services in one long month."""
    return Network(services, providers, (0,), 0, days * TICKS_A_DAY)
