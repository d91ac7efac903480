"""The people in Ciw, a library made for queueing networks, as its documentation shows.

Each provider in each service is a node with a server for each place; being on the way, and being
away before coming back, are nodes without a limit. A customer class is a need in a service, since
Ciw gives a class one priority in all nodes. Three things need more than its parameters:

- take-up is Ciw's baulking, which only those from outside can do, so the router decides for others;
- a person's provider, outcome and next service are the router's to draw and to count;
- Ciw loses track of people whose priority changed on the way, so a node of our own puts it right.

Ciw draws from Python's global generator: a run seeds it.
"""

from __future__ import annotations

import importlib.util
import math
import random
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.common import COUNTED, Counts, Places
from benchmarks.peers.idiomatic import refuse_what_varies
from simulator.engine.clock import to_days
from simulator.engine.network import NeedGroup, Network, ServiceNode

if TYPE_CHECKING:
    import ciw

__all__ = ["available", "run"]

_AS_COUNTED = {
    "service": ("referred", "started", "completed"),
    "baulk": ("referred", "declined"),
    "renege": ("referred", "dropped_out"),
    "in line": ("referred", "waiting"),
    "in service": ("referred", "started", "in_service"),
}
"""What a record of Ciw counts as; the last two are of those still there at the end."""


def available() -> bool:
    """Return whether Ciw is installed."""
    return importlib.util.find_spec("ciw") is not None


def run(network: Network, places: Places, seed: int) -> Counts:
    """Live one future to the end of the term and return what came of it."""
    import ciw

    refuse_what_varies(network)
    ciw.seed(seed)
    layout = _Layout(network)
    counted = {name: np.zeros((network.providers, len(network.services))) for name in COUNTED}
    simulation = ciw.Simulation(
        _queues(layout, places, counted),
        node_class=[_team_node()] * len(layout.teams) + [ciw.Node] * len(layout.aways),
    )
    simulation.simulate_until_max_time(to_days(network.end))
    for record in simulation.get_all_records(include_incomplete=True):
        if record.node > len(layout.teams):
            continue  # away
        team = layout.teams[record.node - 1]
        if record.record_type == "incomplete":
            waits = record.service_start_date is None
            kind = "in line" if waits else "in service"
        else:
            kind = record.record_type
        for name in _AS_COUNTED[kind]:
            counted[name][team] += 1
    return counted


class _Layout:
    """What the network's parts are called in Ciw: nodes count from 1, teams first.

    Attributes:
        teams: provider and service of each node with servers.
        aways: sender, receiver and mean days of each node without a limit.
        classes: need and service of each customer class.
    """

    def __init__(self, network: Network) -> None:
        self.network = network
        self.teams = [
            (provider, service)
            for service, node in enumerate(network.services)
            for provider in range(network.providers)
            if node.delivers[provider]
        ]
        aways: list[tuple[int, int, float]] = []
        for service, node in enumerate(network.services):
            for path in node.handovers:
                aways.append((service, path.receiver, path.mean_on_the_way))
                aways.append((service, service, path.mean_until_return))
            if any(node.relapse):
                aways.append((service, service, node.mean_until_relapse))
        self.aways = list(dict.fromkeys(aways))
        names = dict.fromkeys(need.name for node in network.services for need in node.needs)
        self.classes = {
            f"{service} {name}": (name, service)
            for service in range(len(network.services))
            for name in names
        }

    def team(self, provider: int, service: int) -> int:
        """Return the node of a provider in a service."""
        return self.teams.index((provider, service)) + 1

    def away(self, sender: int, receiver: int, mean: float) -> int:
        """Return the node of those between two visits."""
        return len(self.teams) + self.aways.index((sender, receiver, mean)) + 1

    def group(self, customer_class: str, service: int) -> NeedGroup:
        """Return how a service sees the people of a class."""
        name, _ = self.classes[customer_class]
        needs = self.network.services[service].needs
        return next((need for need in needs if need.name == name), needs[0])


def _queues(layout: _Layout, places: Places, counted: dict[str, Any]) -> ciw.network.Network:
    """Describe the network to Ciw."""
    import ciw

    services = layout.network.services
    teams, aways = layout.teams, layout.aways
    ranks = sorted({need.priority for node in services for need in node.needs})
    forever = [None] * len(aways)
    routers = [_after_stay(layout, *team, counted) for team in teams]
    routers += [_on_arrival(layout, receiver, sender, counted) for sender, receiver, _ in aways]
    routing = ciw.routing.NetworkRouting(routers=routers)

    def declines(chance: float) -> Any:
        return lambda number, Q=None, next_ind=None, next_node=None: chance  # noqa: N803

    baulking = [declines(1.0 - services[service].take_up) for _, service in teams]
    patience = [
        ciw.dists.Exponential(services[service].drop_out) if services[service].drop_out else None
        for _, service in teams
    ]
    time_away = [
        ciw.dists.Exponential(1.0 / mean) if mean > 0 else ciw.dists.Deterministic(0.0)
        for _, _, mean in aways
    ]
    return ciw.create_network(
        number_of_servers=[int(places[team]) for team in teams] + [float("inf")] * len(aways),
        arrival_distributions={
            each: [_gaps(layout, each, *team) for team in teams] + forever
            for each in layout.classes
        },
        service_distributions={
            each: [
                _stays(services[service], layout.group(each, service).mean_stay)
                for _, service in teams
            ]
            + time_away
            for each in layout.classes
        },
        baulking_functions=dict.fromkeys(layout.classes, baulking + forever),
        reneging_time_distributions=dict.fromkeys(layout.classes, patience + forever),
        priority_classes={
            each: ranks.index(layout.group(each, service).priority)
            for each, (_, service) in layout.classes.items()
        },
        class_change_matrices=[{} for _ in teams]
        + [_change(layout, sender, receiver) for sender, receiver, _ in aways],
        routing=dict.fromkeys(layout.classes, routing),
    )


def _gaps(
    layout: _Layout, customer_class: str, provider: int, service: int
) -> ciw.dists.Distribution | None:
    """Return the gaps between referrals of a class to a team, None where nobody is referred."""
    import ciw

    name, own = layout.classes[customer_class]
    if own != service:
        return None
    node = layout.network.services[service]
    needs = [need.name for need in node.needs]
    of_need = _share(node.need_edges, node.need_order, needs.index(name)) if name in needs else 0.0
    rate = (
        node.referrals_a_day * of_need * _share(node.provider_edges, node.provider_order, provider)
    )
    return ciw.dists.Exponential(rate) if rate > 0 else None


def _share(edges: Sequence[float], order: Sequence[int], which: int) -> float:
    lower = (0.0, *edges[:-1])
    return sum(
        upper - low for each, low, upper in zip(order, lower, edges, strict=True) if each == which
    )


def _stays(node: ServiceNode, mean: float) -> ciw.dists.Distribution:
    import ciw

    if node.shape == "fixed":
        return ciw.dists.Deterministic(mean)
    if node.shape == "exponential":
        return ciw.dists.Exponential(1.0 / mean)
    return ciw.dists.Lognormal(math.log(mean) - 0.5 * node.log_spread**2, node.log_spread)


def _change(layout: _Layout, sender: int, receiver: int) -> dict[str, dict[str, float]]:
    """Turn those of a need in one service into those of the same need in another."""
    if sender == receiver:
        return {}

    def rows() -> Iterator[tuple[str, dict[str, float]]]:
        for each, (name, service) in layout.classes.items():
            new = f"{receiver} {name}" if service == sender else each
            yield each, {other: float(other == new) for other in layout.classes}

    return dict(rows())


def _team_node() -> type[ciw.Node]:
    """Return a node that knows at which priority people came to it."""
    import ciw

    class TeamNode(ciw.Node):  # type: ignore[misc]
        def accept(self, next_individual: Any, completed: bool = False) -> None:
            # Ciw takes people out of the line they had before their last change of class
            next_individual.prev_priority_class = next_individual.priority_class
            super().accept(next_individual, completed)

    return TeamNode


def _after_stay(
    layout: _Layout, provider: int, service: int, counted: dict[str, Any]
) -> ciw.routing.NodeRouting:
    """Return the router that draws the outcome of a stay and what comes next."""
    import ciw

    node = layout.network.services[service]
    team = (provider, service)

    class AfterStay(ciw.routing.NodeRouting):  # type: ignore[misc]
        def next_node(self, ind: Any) -> Any:
            ind.provider = provider
            group = layout.group(ind.customer_class, service)
            good = random.random() < group.good_outcome[provider]
            counted["good_outcomes"][team] += good
            return self.simulation.nodes[self.draw(good)]

        def draw(self, good: bool) -> int:
            place = bisect_right(node.handover_edges, random.random())
            if place < len(node.handovers):
                path = node.handovers[place]
                counted["handovers_due"][team] += 1
                if random.random() < path.success[provider]:
                    counted["handovers_made"][team] += 1
                    return layout.away(service, path.receiver, path.mean_on_the_way)
                if random.random() < path.returns:
                    return layout.away(service, service, path.mean_until_return)
            elif good and random.random() < node.relapse[provider]:
                return layout.away(service, service, node.mean_until_relapse)
            return -1

    return AfterStay()


def _on_arrival(
    layout: _Layout, service: int, sender: int, counted: dict[str, Any]
) -> ciw.routing.NodeRouting:
    """Return the router that takes people who were away to a provider, if they accept."""
    import ciw

    node = layout.network.services[service]

    class OnArrival(ciw.routing.NodeRouting):  # type: ignore[misc]
        def next_node(self, ind: Any) -> Any:
            provider = ind.provider
            if not node.delivers[provider]:
                provider = node.provider_order[bisect_right(node.provider_edges, random.random())]
            team = (provider, service)
            counted["returned"][team] += service == sender
            if random.random() >= node.take_up:
                counted["referred"][team] += 1
                counted["declined"][team] += 1
                return self.simulation.nodes[-1]
            return self.simulation.nodes[layout.team(*team)]

    return OnArrival()
