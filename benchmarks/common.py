"""The network that every engine is timed on, and what every engine reports of it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt

from simulator.engine.caseload import Caseload, Engine
from simulator.engine.network import Network, build_network
from simulator.engine.streams import Stream
from simulator.parties.levers import at_norm
from simulator.scenario.scenario import Scenario
from simulator.scenario.world import places
from simulator.study.files import load

__all__ = [
    "COUNTED",
    "EVENTS",
    "Counts",
    "Places",
    "events",
    "network_of",
    "our_counts",
    "places_of",
    "the_network",
]

Counts = Mapping[str, npt.NDArray[np.float64]]
"""For each of COUNTED an array of shape (providers, services)."""
Places = npt.NDArray[np.int64]
"""Places of each provider in each service, open from the first instant."""

COUNTED = (
    "referred",
    "declined",
    "started",
    "completed",
    "good_outcomes",
    "dropped_out",
    "returned",
    "handovers_due",
    "handovers_made",
    "waiting",
    "in_service",
)
EVENTS = ("referred", "declined", "started", "completed", "dropped_out")
"""What counts as an event, the same for every engine, however many its calendar has."""


def the_network() -> tuple[Network, Places]:
    """Return the network of network.yaml with its places."""
    scenario = load(Path(__file__).parent / "network.yaml")
    return network_of(scenario), places_of(scenario)


def network_of(scenario: Scenario) -> Network:
    """Return a scenario's services for the engines, every provider at the norm."""
    practice = at_norm(provider.quality for provider in scenario.providers.values())
    return build_network(scenario, practice)


def places_of(scenario: Scenario) -> Places:
    """Return the places of each provider in each service, shape ``(providers, services)``."""
    return np.array(
        [
            [
                places(float(service.workers.get(name, 0.0)), service.caseload)
                for service in scenario.services.values()
            ]
            for name in scenario.providers
        ]
    )


def lived(
    engine: Engine, network: Network, held: Places, seed: int, replications: range
) -> Caseload:
    """Live futures to the end of the term by one of our engines, in one stretch."""
    caseload = engine(network, [Stream(seed, replication) for replication in replications])
    for provider, row in enumerate(held):
        for service, count in enumerate(row):
            caseload.hold(provider, service, np.full(len(replications), count))
    caseload.advance(network.end)
    return caseload


def our_counts(
    engine: Engine, network: Network, held: Places, seed: int, replications: range
) -> list[Counts]:
    """Return what came of each future by one of our engines."""
    reading = lived(engine, network, held, seed, replications).read()
    by_name = {**reading.counts, "waiting": reading.waiting, "in_service": reading.in_service}
    return [
        {name: by_name[name][future] for name in COUNTED} for future in range(len(replications))
    ]


def events(counts: Counts) -> float:
    """Return how many person events a future had."""
    return float(sum(counts[name].sum() for name in EVENTS))
