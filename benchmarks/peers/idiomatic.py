"""The people in SimPy as its documentation teaches it: what most modellers would write first.

A process for each person, a resource for each team, and a request raced against patience. Nothing
is slowed on purpose and nothing is tuned: this is the price of the plain way.
"""

from __future__ import annotations

import math
import random
from bisect import bisect_right
from collections.abc import Generator
from typing import Any

import numpy as np
import simpy

from benchmarks.common import COUNTED, Counts, Places
from simulator.engine.clock import to_days
from simulator.engine.network import NeedGroup, Network, ServiceNode

__all__ = ["refuse_what_varies", "run"]

Process = Generator[simpy.Event, Any, None]


def run(network: Network, places: Places, seed: int) -> Counts:
    """Live one future to the end of the term and return what came of it."""
    refuse_what_varies(network)
    people = _People(network, places, random.Random(seed))
    people.env.run(until=to_days(network.end))
    return people.counts()


def refuse_what_varies(network: Network) -> None:
    """Raise ValueError for what the peers leave out, so that no timing rests on another model."""
    for node in network.services:
        left_out = {
            "growth": node.growth_a_day != 0.0,
            "season": any(factor != 1.0 for factor in node.season),
            "wait_harm": node.log_wait_harm != 0.0,
            "drop_out that rises": node.drop_out_rise != 0.0,
        }
        for what, there in left_out.items():
            if there:
                raise ValueError(f"the peers have no {what}")


class _People:
    """One future: its environment, its teams, and what they count."""

    def __init__(self, network: Network, places: Places, rng: random.Random) -> None:
        self.network = network
        self.rng = rng
        self.env = simpy.Environment()
        self.teams = {
            (provider, service): simpy.PriorityResource(
                self.env, capacity=int(places[provider, service])
            )
            for service, node in enumerate(network.services)
            for provider in range(network.providers)
            if node.delivers[provider]
        }
        shape = (network.providers, len(network.services))
        self.counted = {name: np.zeros(shape) for name in COUNTED}
        for service, node in enumerate(network.services):
            if node.referrals_a_day > 0:
                self.env.process(self.referrals(service, node))

    def counts(self) -> Counts:
        """Return the counts now, those who wait and those in service included."""
        for team, resource in self.teams.items():
            self.counted["waiting"][team] = len(resource.queue)
            self.counted["in_service"][team] = resource.count
        return self.counted

    def referrals(self, service: int, node: ServiceNode) -> Process:
        """Refer people from outside, one after another."""
        while True:
            yield self.env.timeout(self.rng.expovariate(node.referrals_a_day))
            self.env.process(self.person(service))

    def person(self, service: int) -> Process:
        """Live from the first referral to the last departure."""
        env, rng, counted = self.env, self.rng, self.counted
        node = self.network.services[service]
        need = node.needs[node.need_order[bisect_right(node.need_edges, rng.random())]].name
        provider = self.choose_provider(node)
        came_back = False
        while True:
            node = self.network.services[service]
            group = next((each for each in node.needs if each.name == need), node.needs[0])
            team = (provider, service)
            counted["referred"][team] += 1
            if came_back:
                counted["returned"][team] += 1
            if rng.random() >= node.take_up:
                counted["declined"][team] += 1
                return

            with self.teams[team].request(priority=group.priority) as request:
                if node.drop_out > 0:
                    patience = rng.expovariate(node.drop_out)
                    first = yield request | env.timeout(patience)
                    if request not in first:
                        counted["dropped_out"][team] += 1
                        return
                else:
                    yield request
                counted["started"][team] += 1
                yield env.timeout(self.stay(node, group))
            counted["completed"][team] += 1

            good = rng.random() < group.good_outcome[provider]
            if good:
                counted["good_outcomes"][team] += 1
            following = self.what_next(team, good)
            if following is None:
                return
            next_service, mean_away = following
            yield env.timeout(rng.expovariate(1.0 / mean_away) if mean_away > 0 else 0.0)
            came_back = next_service == service
            service = next_service
            if not self.network.services[service].delivers[provider]:
                provider = self.choose_provider(self.network.services[service])

    def choose_provider(self, node: ServiceNode) -> int:
        """Draw a provider by its share of referrals."""
        return node.provider_order[bisect_right(node.provider_edges, self.rng.random())]

    def stay(self, node: ServiceNode, group: NeedGroup) -> float:
        """Draw a length of stay, days."""
        if node.shape == "fixed":
            return group.mean_stay
        if node.shape == "exponential":
            return self.rng.expovariate(1.0 / group.mean_stay)
        spread = node.log_spread
        return self.rng.lognormvariate(math.log(group.mean_stay) - 0.5 * spread**2, spread)

    def what_next(self, team: tuple[int, int], good: bool) -> tuple[int, float] | None:
        """Draw the next service and the mean days until then; None is the end."""
        provider, service = team
        node = self.network.services[service]
        place = bisect_right(node.handover_edges, self.rng.random())
        if place < len(node.handovers):
            path = node.handovers[place]
            self.counted["handovers_due"][team] += 1
            if self.rng.random() < path.success[provider]:
                self.counted["handovers_made"][team] += 1
                return path.receiver, path.mean_on_the_way
            if self.rng.random() < path.returns:
                return service, path.mean_until_return
            return None
        if good and self.rng.random() < node.relapse[provider]:
            return service, node.mean_until_relapse
        return None
