"""The people in plain SimPy: the readable engine, and the oracle for every faster one.

A person is a process: referred, perhaps turned away to another provider, perhaps declining,
waiting with limited patience, staying with a caseworker, leaving with an outcome, then perhaps
handed over, or back after a relapse. Everything that takes time ends in a :class:`_Due`, whose rank
puts what is due at the same tick in the order that the interface lays down.
"""

from __future__ import annotations

import heapq
import math
from bisect import bisect_right
from collections.abc import Callable, Generator, Sequence
from functools import partial
from typing import Any

import numpy as np
import simpy

from simulator._errors import RunError
from simulator.contract.statement import Array
from simulator.engine.caseload import COUNTS, WAIT_UNITS_A_DAY, Alarm, Places, Reading, Trigger
from simulator.engine.clock import TICKS_A_DAY, to_days, to_ticks
from simulator.engine.network import (
    HandoverPath,
    Network,
    ServiceNode,
    patience_ticks,
    stay_ticks,
)
from simulator.engine.streams import Purpose, Stream, inverse_normal
from simulator.parties.levers import shifted, turned_away

__all__ = ["People", "ReferencePeople", "Visit"]

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


Visit = tuple[int, str, int, int, int, int, int]
"""A step of somebody: tick, what, service first referred to, number there, visit, provider,
service. What: 'referred', 'turned_away', 'declined', 'dropped_out', 'started', 'completed' or
'good_outcome'."""

# Within a tick SimPy takes events in the order of their priority. Those that SimPy schedules
# itself have priority 0 or 1 and carry on what an event began; these ranks come after them.
_GROUP = 2**48  # a rank is (2 + group) * _GROUP + place in the group


class _Due(simpy.Event):
    """Something due after a delay, in its order among what is due at the same tick."""

    def __init__(self, env: simpy.Environment, delay: int, group: int, within: int = 0) -> None:
        super().__init__(env)
        self._ok = True
        self._value = None
        env.schedule(self, (2 + group) * _GROUP + within, delay)  # type: ignore[arg-type]


class _Place:
    """A person's claim to a place: wanted, then granted or given up."""

    __slots__ = ("asked", "given_up", "granted", "granted_at", "number")

    def __init__(self, granted: simpy.Event, asked: int) -> None:
        self.granted = granted
        self.asked = asked
        self.granted_at = asked
        self.given_up = False
        self.number = -1


class _Team:
    """The caseworkers of one provider in one service: places, a line, and what they count."""

    def __init__(self, env: simpy.Environment, alarm: Callable[[Trigger], None]) -> None:
        self.env = env
        self.alarm = alarm
        self.watched: dict[Trigger, int] = {}
        self.places = 0
        self._opened = 0
        self._given_back: list[int] = []
        self.held = 0
        self.waiting = 0
        self.line: list[tuple[int, int, int, _Place]] = []
        self._turn = 0
        self.referred = self.turned_away = self.declined = self.started = self.completed = 0
        self.good_outcomes = self.dropped_out = self.returned = 0
        self.handovers_due = self.handovers_made = 0
        self._waited = self._stayed = 0  # in the units of waits

    @property
    def wait_days(self) -> float:
        """Days waited by those who started."""
        return self._waited / WAIT_UNITS_A_DAY

    @property
    def service_days(self) -> float:
        """Days stayed by those who completed."""
        return self._stayed / WAIT_UNITS_A_DAY

    def ask(self, priority: int) -> _Place:
        """Ask for a place: granted at once where one is free, else in line by priority."""
        place = _Place(self.env.event(), int(self.env.now))
        self._turn += 1
        heapq.heappush(self.line, (priority, place.asked, self._turn, place))
        self.waiting += 1
        self.fill()
        if not place.granted.triggered:
            self._check(Trigger.WAITING, self.waiting)
        return place

    def fill(self) -> None:
        """Start those first in line while there are places."""
        while self.held < self.places and self.line:
            place = heapq.heappop(self.line)[-1]
            if not place.given_up:
                place.granted_at = int(self.env.now)
                place.number = self._next_number()
                self.waiting -= 1
                self.held += 1
                self.started += 1
                self._waited += _in_units(place.granted_at - place.asked)
                place.granted.succeed()
                self._check(Trigger.STARTED, self.started)

    def _next_number(self) -> int:
        if self._given_back:
            return self._given_back.pop()
        self._opened += 1
        return self._opened - 1

    def _check(self, trigger: Trigger, number: int) -> None:
        if number >= self.watched.get(trigger, number + 1):
            del self.watched[trigger]
            self.alarm(trigger)

    def give_up(self, place: _Place) -> None:
        """Leave the line."""
        place.given_up = True
        self.waiting -= 1
        self.dropped_out += 1

    def finish(self, place: _Place) -> None:
        """End a stay and start the next in line."""
        self.held -= 1
        self.completed += 1
        self._stayed += _in_units(int(self.env.now) - place.granted_at)
        self._given_back.append(place.number)
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
    """All people of one simulated future.

    Attributes:
        diary: where each step of each person is noted, in order; None keeps no diary.
    """

    def __init__(self, network: Network, stream: Stream, future: int = 0) -> None:
        self.network = network
        self.stream = stream
        self.env = simpy.Environment()
        self.alarms: list[Alarm] = []
        self.teams = [
            [
                _Team(self.env, partial(self._raise_alarm, future, provider, service))
                for service in range(len(network.services))
            ]
            for provider in range(network.providers)
        ]
        self.demand = [1.0] * len(network.services)
        self.quality: Sequence[float] = [0.0] * network.providers  # levels above standing practice
        self.handover: Sequence[float] = [0.0] * network.providers
        self.selection: Sequence[float] = [0.0] * network.providers
        self.on_the_way = 0
        self.diary: list[Visit] | None = None
        for index, node in enumerate(network.services):
            if node.potential_a_day > 0:
                self.env.process(self._referrals(index, node))

    def advance(self, until: int) -> Sequence[Alarm]:
        """Let everything happen that happens before the tick ``until``, or before an alarm."""
        while not self.alarms and self.env.peek() < until:
            self.env.step()
        if not self.alarms and until > self.env.now:
            self.env.run(until)  # nothing is left to happen; the clock moves on
        alarms, self.alarms = sorted(self.alarms), []
        return alarms

    def resize(self, provider: int, service: int, places: int) -> None:
        """Change how many people a provider can hold in a service, from now."""
        team = self.teams[provider][service]
        team.places = places
        team.fill()

    def scale_demand(self, service: int, factor: float) -> None:
        """Multiply the referrals from outside by a factor, from now."""
        self.demand[service] = factor

    def watch(self, trigger: Trigger, provider: int, service: int, level: int) -> None:
        """Let a trigger go off when its number reaches a level."""
        self.teams[provider][service].watched[trigger] = level

    def gather(self, name: str) -> Any:
        """Return a number of every team, shape ``(providers, services)``."""
        return np.array(
            [[getattr(team, name) for team in row] for row in self.teams], dtype=np.float64
        )

    def _raise_alarm(self, future: int, provider: int, service: int, trigger: Trigger) -> None:
        self.alarms.append(Alarm(int(self.env.now), future, trigger, provider, service))

    def _due(self, delay: int, group: int, within: int = 0) -> simpy.Event:
        return _Due(self.env, delay, group, within)

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
            *((Purpose.RELAPSE,) if any(node.relapse) else ()),
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
                yield self._due(to_ticks(-math.log(gap) / node.potential_a_day), service)
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
        origin = service
        travellers = len(self.network.services)  # groups of order: services, travellers, teams
        leavers = travellers + 1 + self.network.providers * travellers

        def note(what: str) -> None:
            if self.diary is not None:
                now = int(self.env.now)
                self.diary.append((now, what, origin, luck.who, luck.visit, provider, service))

        need = node.needs[_pick(node.need_edges, node.need_order, luck.draw(Purpose.NEED))].name
        provider = self._choose_provider(node, luck)
        came_back = False
        while True:
            team = self.teams[provider][service]
            node = self.network.services[service]
            mine = next((each for each in node.needs if each.name == need), node.needs[0])
            team.referred += 1
            team.returned += came_back
            note("referred")
            turned = _chance_turned_away(mine.screened, self.selection[provider])
            if turned > 0 and luck.draw(Purpose.TURNED_AWAY) < turned:
                team.turned_away += 1
                note("turned_away")
                others = node.elsewhere_order[provider]
                if not others:
                    return
                edges = node.elsewhere_edges[provider]
                provider = _pick(edges, others, luck.draw(Purpose.ELSEWHERE))
                team = self.teams[provider][service]
                team.referred += 1
                note("referred")
            if luck.draw(Purpose.TAKE_UP) >= node.take_up:
                team.declined += 1
                note("declined")
                return
            place = team.ask(mine.priority)
            if not place.granted.triggered:
                patience = patience_ticks(node, luck.draw(Purpose.PATIENCE))
                if patience is None:
                    yield place.granted
                else:
                    yield place.granted | self._due(patience, leavers)
                if not place.granted.triggered:
                    team.give_up(place)
                    note("dropped_out")
                    return
            note("started")
            uniform = luck.draw(Purpose.LENGTH_OF_STAY)
            normal = inverse_normal(uniform) if node.shape == "lognormal" else 0.0
            stay = stay_ticks(node, mine.mean_stay, uniform, normal)
            group = travellers + 1 + provider * travellers + service
            left = place.granted_at + stay - int(self.env.now)
            yield self._due(left, group, place.number)
            team.finish(place)
            note("completed")

            waited = to_days(place.granted_at - place.asked)
            chance = _at_level(mine.good_outcome[provider], mine.reach, self.quality[provider])
            chance = after_wait(chance, node.log_wait_harm, waited)
            good = luck.draw(Purpose.OUTCOME) < chance
            team.good_outcomes += good
            if good:
                note("good_outcome")
            next_service, mean_away = self._what_next(service, provider, good, luck, team)
            if next_service is None:
                return
            away = to_ticks(-math.log(luck.draw(Purpose.TIME_AWAY)) * mean_away)
            self.on_the_way += 1
            yield self._due(away, travellers, (origin << 32) + luck.who)
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
            level = self.handover[provider]
            success = _at_level(path.success[provider], path.reach, level)
            if luck.draw(Purpose.HANDOVER_SUCCESS) < success:
                team.handovers_made += 1
                return path.receiver, path.mean_on_the_way
            if luck.draw(Purpose.HANDOVER_RETURN) < path.returns:
                return service, path.mean_until_return
            return None, 0.0
        if good:
            level = self.quality[provider]
            relapse = _at_level(node.relapse[provider], node.relapse_reach, level)
            if relapse > 0 and luck.draw(Purpose.RELAPSE) < relapse:
                return service, node.mean_until_relapse
        return None, 0.0


class ReferencePeople:
    """The people of several futures in plain SimPy, behind the interface of every caseload."""

    def __init__(self, network: Network, streams: Sequence[Stream]) -> None:
        self.futures = [People(network, stream, index) for index, stream in enumerate(streams)]

    def advance(self, until: int, future: int | None = None) -> Sequence[Alarm]:
        """Let everything happen that happens before the tick ``until``, or before an alarm."""
        some = self.futures if future is None else (self.futures[future],)
        return sorted(alarm for people in some for alarm in people.advance(until))

    def resize(self, future: int, provider: int, service: int, places: int) -> None:
        """Change how many people a provider can hold in a service, from now."""
        self.futures[future].resize(provider, service, places)

    def hold(self, provider: int, service: int, places: Places) -> None:
        """Change how many people a provider can hold in a service, in every future, from now."""
        for people, held in zip(self.futures, places.tolist(), strict=True):
            people.resize(provider, service, held)

    def practise(self, quality: Array, handover: Array, selection: Array) -> None:
        """Change how providers work, from now."""
        for people, *own in zip(self.futures, quality, handover, selection, strict=True):
            people.quality, people.handover, people.selection = own

    def scale_demand(self, future: int, service: int, factor: float) -> None:
        """Multiply the referrals from outside by a factor, from now."""
        self.futures[future].scale_demand(service, factor)

    def watch(self, trigger: Trigger, provider: int, service: int, level: int) -> None:
        """Let a trigger go off in every future when its number reaches a level."""
        for people in self.futures:
            people.watch(trigger, provider, service, level)

    def read(self) -> Reading:
        """Return the counts now."""

        def gather(name: str) -> Any:
            return np.array([people.gather(name) for people in self.futures])

        return Reading(
            {name: gather(name) for name in COUNTS},
            gather("waiting"),
            gather("held"),
            np.array([float(people.on_the_way) for people in self.futures]),
        )


def _in_units(ticks: int) -> int:
    return ticks // (TICKS_A_DAY // WAIT_UNITS_A_DAY)


def _path(node: ServiceNode, luck: _Luck) -> HandoverPath | None:
    if not node.handovers:
        return None
    place = bisect_right(node.handover_edges, luck.draw(Purpose.HANDOVER))
    return node.handovers[place] if place < len(node.handovers) else None


def _pick(edges: tuple[float, ...], order: tuple[int, ...], uniform: float) -> int:
    return order[bisect_right(edges, uniform)]


def _at_level(chance: float, reach: float, level: float) -> float:
    """Return a chance at so many levels above standing practice."""
    return float(shifted(np.array(chance), np.array(reach * level)))


def _chance_turned_away(screened: float, level: float) -> float:
    return float(turned_away(np.array(screened), np.array(level)))


def after_wait(chance: float, log_harm: float, waited: float) -> float:
    """Return a chance of a good outcome after a wait: its odds fall by the harm for each day."""
    if log_harm == 0.0 or waited == 0.0 or chance in (0.0, 1.0):
        return chance
    if math.isinf(log_harm):
        return 0.0
    odds = chance / (1 - chance) * math.exp(-log_harm * waited)
    return odds / (1 + odds)
