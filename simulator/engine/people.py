"""The people in plain SimPy: the readable engine, and the oracle for every faster one.

A person is a process: referred, perhaps declining, waiting with limited patience, staying with a
caseworker, leaving with an outcome, then perhaps handed over, or back after a relapse.
"""

from __future__ import annotations

import heapq
import math
from bisect import bisect_right
from collections.abc import Generator
from typing import Any

import numpy as np
import simpy

from simulator._errors import RunError
from simulator.engine.caseload import COUNTS, Reading
from simulator.engine.clock import to_days, to_ticks
from simulator.engine.network import (
    HandoverPath,
    Network,
    ServiceNode,
    patience_ticks,
    stay_ticks,
)
from simulator.engine.streams import Purpose, Stream, inverse_normal

__all__ = ["People"]

Process = Generator[simpy.Event, Any, None]

_BLOCK = 256  # potential people drawn at a time; has no effect on what is drawn
_FIRST_VISIT = (
    Purpose.ACCEPTED,
    Purpose.NEED,
    Purpose.PROVIDER,
    Purpose.TAKE_UP,
    Purpose.PATIENCE,
    Purpose.LENGTH_OF_STAY,
    Purpose.OUTCOME,
)


class _Place:
    """A person's claim to a place: wanted, then granted or given up."""

    __slots__ = ("asked", "given_up", "granted", "granted_at")

    def __init__(self, granted: simpy.Event, asked: int) -> None:
        self.granted = granted
        self.asked = asked
        self.granted_at = asked
        self.given_up = False


class _Team:
    """The caseworkers of one provider in one service: places, a line, and what they count."""

    def __init__(self, env: simpy.Environment) -> None:
        self.env = env
        self.places = 0
        self.held = 0
        self.waiting = 0
        self.line: list[tuple[int, int, int, _Place]] = []
        self._turn = 0
        self.referred = self.declined = self.started = self.completed = 0
        self.good_outcomes = self.dropped_out = self.returned = 0
        self.handovers_due = self.handovers_made = 0
        self.wait_days = self.service_days = 0.0

    def ask(self, priority: int) -> _Place:
        """Ask for a place: granted at once where one is free, else in line by priority."""
        place = _Place(self.env.event(), int(self.env.now))
        self._turn += 1
        heapq.heappush(self.line, (priority, place.asked, self._turn, place))
        self.waiting += 1
        self.fill()
        return place

    def fill(self) -> None:
        """Start those first in line while there are places."""
        while self.held < self.places and self.line:
            place = heapq.heappop(self.line)[-1]
            if not place.given_up:
                place.granted_at = int(self.env.now)
                self.waiting -= 1
                self.held += 1
                self.started += 1
                self.wait_days += to_days(place.granted_at - place.asked)
                place.granted.succeed()

    def give_up(self, place: _Place) -> None:
        """Leave the line."""
        place.given_up = True
        self.waiting -= 1
        self.dropped_out += 1

    def finish(self, place: _Place) -> None:
        """End a stay and start the next in line."""
        self.held -= 1
        self.completed += 1
        self.service_days += to_days(int(self.env.now) - place.granted_at)
        self.fill()


class _Luck:
    """The draws of one person: those of the first visit made in blocks, the rest when needed."""

    __slots__ = ("first", "origin", "stream", "visit", "who")

    def __init__(self, stream: Stream, who: int, origin: int, first: dict[Purpose, float]) -> None:
        self.stream = stream
        self.who = who
        self.origin = origin
        self.first = first
        self.visit = 0

    def draw(self, purpose: Purpose) -> float:
        if self.visit == 0 and purpose in self.first:
            return self.first[purpose]
        return self.stream.uniform(self.who, self.origin, self.visit, purpose)


class People:
    """All people of one simulated future, behind the interface of every caseload."""

    def __init__(self, network: Network, stream: Stream) -> None:
        self.network = network
        self.stream = stream
        self.env = simpy.Environment()
        self.teams = [[_Team(self.env) for _ in network.services] for _ in range(network.providers)]
        self.demand = [1.0] * len(network.services)
        self.on_the_way = 0
        for index, node in enumerate(network.services):
            if node.potential_a_day > 0:
                self.env.process(self._referrals(index, node))

    def advance(self, until: int) -> None:
        """Let everything happen that happens before the tick ``until``."""
        if until > self.env.now:
            self.env.run(until)

    def resize(self, provider: int, service: int, places: int) -> None:
        """Change how many people a provider can hold in a service, from now."""
        team = self.teams[provider][service]
        team.places = places
        team.fill()

    def scale_demand(self, service: int, factor: float) -> None:
        """Multiply the referrals from outside by a factor, from now."""
        self.demand[service] = factor

    def read(self) -> Reading:
        """Return the counts now."""

        def gather(name: str) -> Any:
            return np.array(
                [[getattr(team, name) for team in row] for row in self.teams], dtype=np.float64
            )

        return Reading(
            {name: gather(name) for name in COUNTS},
            gather("waiting"),
            gather("held"),
            self.on_the_way,
        )

    def _rate(self, service: int, node: ServiceNode) -> float:
        """Return the referrals a day at this instant."""
        now = int(self.env.now)
        month = bisect_right(self.network.month_starts, now) - 1 + self.network.first_month
        growth = math.exp(node.growth_a_day * to_days(now))
        return node.referrals_a_day * growth * node.season[month % 12] * self.demand[service]

    def _referrals(self, service: int, node: ServiceNode) -> Process:
        """Let potential people come at the bounding rate; each is referred by their own draw."""
        purposes = (
            *_FIRST_VISIT,
            *((Purpose.HANDOVER,) if node.handovers else ()),
            *((Purpose.RELAPSE,) if node.relapse > 0 else ()),
        )
        first = 0
        while True:
            block = range(first, first + _BLOCK)
            gaps = self.stream.uniforms(block, node.key, 0, Purpose.ARRIVAL_GAP)
            draws = {
                purpose: self.stream.uniforms(block, node.key, 0, purpose).tolist()
                for purpose in purposes
            }
            for place, gap in enumerate(gaps.tolist()):
                yield self.env.timeout(to_ticks(-math.log(gap) / node.potential_a_day))
                rate = self._rate(service, node)
                if rate > node.potential_a_day:
                    raise RunError(
                        f"referrals of {rate:.4g} a day exceed the {node.potential_a_day:g} a day "
                        "of potential people; this is a mistake, please report it"
                    )
                if draws[Purpose.ACCEPTED][place] * node.potential_a_day < rate:
                    mine = {purpose: values[place] for purpose, values in draws.items()}
                    luck = _Luck(self.stream, first + place, node.key, mine)
                    self.env.process(self._person(service, luck))
            first += _BLOCK

    def _person(self, service: int, luck: _Luck) -> Process:
        node = self.network.services[service]
        need = node.needs[_pick(node.need_edges, node.need_order, luck.draw(Purpose.NEED))].name
        provider = self._choose_provider(node, luck)
        came_back = False
        while True:
            team = self.teams[provider][service]
            node = self.network.services[service]
            group = next((g for g in node.needs if g.name == need), node.needs[0])
            team.referred += 1
            team.returned += came_back
            if luck.draw(Purpose.TAKE_UP) >= node.take_up:
                team.declined += 1
                return
            place = team.ask(group.priority)
            if not place.granted.triggered:
                patience = patience_ticks(node, luck.draw(Purpose.PATIENCE))
                if patience is None:
                    yield place.granted
                else:
                    yield place.granted | self.env.timeout(patience)
                if not place.granted.triggered:
                    team.give_up(place)
                    return
            uniform = luck.draw(Purpose.LENGTH_OF_STAY)
            normal = inverse_normal(uniform) if node.shape == "lognormal" else 0.0
            stay = stay_ticks(node, group.mean_stay, uniform, normal)
            yield self.env.timeout(place.granted_at + stay - int(self.env.now))
            team.finish(place)

            waited = to_days(place.granted_at - place.asked)
            chance = after_wait(group.good_outcome[provider], node.log_wait_harm, waited)
            good = luck.draw(Purpose.OUTCOME) < chance
            team.good_outcomes += good
            next_service, mean_away = self._what_next(service, provider, good, luck, team)
            if next_service is None:
                return
            away = to_ticks(-math.log(luck.draw(Purpose.TIME_AWAY)) * mean_away)
            self.on_the_way += 1
            yield self.env.timeout(away)
            self.on_the_way -= 1
            luck.visit += 1
            came_back = next_service == service
            service = next_service
            node = self.network.services[service]
            if not node.delivers[provider]:
                provider = self._choose_provider(node, luck)

    def _choose_provider(self, node: ServiceNode, luck: _Luck) -> int:
        return _pick(node.provider_edges, node.provider_order, luck.draw(Purpose.PROVIDER))

    def _what_next(
        self, service: int, provider: int, good: bool, luck: _Luck, team: _Team
    ) -> tuple[int | None, float]:
        """Return the next service and the mean days until then, or None for the end."""
        node = self.network.services[service]
        path = _path(node, luck)
        if path is not None:
            team.handovers_due += 1
            if luck.draw(Purpose.HANDOVER_SUCCESS) < path.success[provider]:
                team.handovers_made += 1
                return path.receiver, path.mean_on_the_way
            if luck.draw(Purpose.HANDOVER_RETURN) < path.returns:
                return service, path.mean_until_return
            return None, 0.0
        if good and node.relapse > 0 and luck.draw(Purpose.RELAPSE) < node.relapse:
            return service, node.mean_until_relapse
        return None, 0.0


def _path(node: ServiceNode, luck: _Luck) -> HandoverPath | None:
    if not node.handovers:
        return None
    place = bisect_right(node.handover_edges, luck.draw(Purpose.HANDOVER))
    return node.handovers[place] if place < len(node.handovers) else None


def _pick(edges: tuple[float, ...], order: tuple[int, ...], uniform: float) -> int:
    return order[bisect_right(edges, uniform)]


def after_wait(chance: float, log_harm: float, waited: float) -> float:
    """Return a chance of a good outcome after a wait: its odds fall by the harm for each day."""
    if log_harm == 0.0 or waited == 0.0 or chance in (0.0, 1.0):
        return chance
    if math.isinf(log_harm):
        return 0.0
    odds = chance / (1 - chance) * math.exp(-log_harm * waited)
    return odds / (1 + odds)
