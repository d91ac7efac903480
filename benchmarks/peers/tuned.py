"""The people on SimPy's calendar, tuned by hand: as far as SimPy goes before it is given up.

Only `simpy.Environment` is left: its calendar, its clock and its loop. There are no processes,
resources or conditions, which cost more than the model itself. What takes their work:

- a person is the event that is due next for them, put back in the calendar each time;
- chances that are drawn together are laid on one unit interval, so that a referral and a
  completion take one draw each, and what came of them is one more in a tally;
- patience is no event: it matters only when a place is offered, so whoever ran out of it is found
  at the head of the line, and the rest are found at the end. A reading midway is the same sweep.

Draws come from one generator, in blocks, in the order of the events. So whatever changes an event
changes the luck of everyone after it.
"""

from __future__ import annotations

import itertools
import math
from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate
from typing import Any

import numpy as np
import numpy.typing as npt
import simpy

from benchmarks.common import COUNTED, Counts, Places
from benchmarks.peers.idiomatic import refuse_what_varies
from simulator.engine.clock import to_days
from simulator.engine.network import Network, ServiceNode

__all__ = ["run"]

Draw = Callable[[], float]
Callbacks = tuple[Callable[[Any], None], ...]

_BLOCK = 4096  # draws made at a time
_NORMAL = 1  # SimPy's priority for an ordinary event


class _Source:
    """The next referral from outside to one service, as an event of SimPy."""

    __slots__ = ("callbacks", "door", "mean_gap")
    _ok = True

    def __init__(self, door: _Door, mean_gap: float) -> None:
        self.door = door
        self.mean_gap = mean_gap
        self.callbacks: Callbacks | None = None


class _Person:
    """A person, and at the same time the event that is due next for them."""

    __slots__ = ("callbacks", "cell", "door", "leaves")
    _ok = True

    callbacks: Callbacks | None
    cell: _Cell
    door: _Door
    leaves: float


class _Team:
    """One provider in one service."""

    __slots__ = ("dropped_out", "free", "lines", "patience", "places", "stay")

    def __init__(self, places: int, priorities: int, patience: float, stay: Draw) -> None:
        self.places = places
        self.free = places
        self.lines: tuple[deque[_Person], ...] = tuple(deque() for _ in range(priorities))
        self.patience = patience  # mean, days
        self.stay = stay  # of mean 1
        self.dropped_out = 0


class _Cell:
    """People of one need in one team: where they wait, how long they stay, what comes after."""

    __slots__ = ("after", "edges", "line", "mean_stay", "tally", "team", "where")

    def __init__(self, where: tuple[int, int], team: _Team, rank: int, mean_stay: float) -> None:
        self.where = where
        self.team = team
        self.line = team.lines[rank]
        self.mean_stay = mean_stay
        self.after: tuple[_After, ...] = ()
        self.edges: list[float] = []
        self.tally: list[int] = []


class _After:
    """One thing that can come after a stay: what it counts as, and where it leads."""

    __slots__ = ("counts", "door", "mean_away")

    def __init__(
        self, counts: tuple[str, ...], door: _Door | None = None, mean_away: float = 0.0
    ) -> None:
        self.counts = counts
        self.door = door
        self.mean_away = mean_away


class _Door:
    """A way into a service: who can come of it, and how often each did."""

    __slots__ = ("accepted", "came_back", "edges", "tally", "where")

    def __init__(
        self, cells: Sequence[tuple[float, _Cell]], take_up: float, came_back: bool
    ) -> None:
        chances = [
            each for chance, _ in cells for each in (chance * take_up, chance * (1 - take_up))
        ]
        self.edges = _edges(chances)
        self.accepted = [each for _, cell in cells for each in (cell, None)]
        self.where = [cell.where for _, cell in cells for _ in range(2)]
        self.tally = [0] * len(chances)
        self.came_back = came_back


def run(network: Network, places: Places, seed: int) -> Counts:
    """Live one future to the end of the term and return what came of it.

    All draws come from one sequential stream of the seed, in the order of the events.
    """
    refuse_what_varies(network)
    rng = np.random.default_rng(seed)
    layout = _Layout(network, places, rng)
    end = to_days(network.end)
    _live(layout, rng, end)
    return layout.counts(end)


def _live(layout: _Layout, rng: np.random.Generator, end: float) -> None:
    """Let everything happen that happens before the end.

    The handlers are closures: what they share is bound once, not looked up at each event.
    """
    env = simpy.Environment()
    schedule: Callable[..., None] = env.schedule
    uniform = _in_blocks(rng.random)
    exponential = _in_blocks(rng.standard_exponential)

    def join(person: _Person, cell: _Cell) -> None:
        team = cell.team
        person.cell = cell
        if team.free:
            team.free -= 1
            person.callbacks = stay_ends
            schedule(person, _NORMAL, cell.mean_stay * team.stay())
        else:
            person.leaves = env.now + team.patience * exponential()
            cell.line.append(person)

    def on_referral(source: _Source) -> None:
        door = source.door
        source.callbacks = referral
        schedule(source, _NORMAL, source.mean_gap * exponential())
        place = bisect_right(door.edges, uniform())
        door.tally[place] += 1
        cell = door.accepted[place]
        if cell is not None:
            join(_Person(), cell)

    def on_arrival(person: _Person) -> None:
        door = person.door
        place = bisect_right(door.edges, uniform())
        door.tally[place] += 1
        cell = door.accepted[place]
        if cell is not None:
            join(person, cell)

    def on_stay_end(person: _Person) -> None:
        cell = person.cell
        place = bisect_right(cell.edges, uniform())
        cell.tally[place] += 1
        after = cell.after[place]
        if after.door is not None:
            person.door = after.door
            person.callbacks = arrival
            schedule(person, _NORMAL, after.mean_away * exponential())
        team = cell.team
        now = env.now
        for line in team.lines:
            while line:
                first = line.popleft()
                if first.leaves > now:
                    first.callbacks = stay_ends
                    schedule(first, _NORMAL, first.cell.mean_stay * team.stay())
                    return
                team.dropped_out += 1
        team.free += 1

    referral: Callbacks = (on_referral,)
    arrival: Callbacks = (on_arrival,)
    stay_ends: Callbacks = (on_stay_end,)
    for source in layout.sources:
        source.callbacks = referral
        schedule(source, _NORMAL, source.mean_gap * exponential())
    env.run(until=end)


class _Layout:
    """The network as tables of chances, one for each way in and one for each end of a stay."""

    def __init__(self, network: Network, places: Places, rng: np.random.Generator) -> None:
        self.network = network
        self.teams: dict[tuple[int, int], _Team] = {}
        self.cells: dict[tuple[int, int, str], _Cell] = {}
        self.doors: dict[tuple[int, int, str, bool], _Door] = {}
        self.sources: list[_Source] = []
        names = dict.fromkeys(need.name for node in network.services for need in node.needs)
        for service, node in enumerate(network.services):
            stay = _stays(node, rng)
            ranks = sorted({need.priority for need in node.needs})
            patience = 1.0 / node.drop_out if node.drop_out > 0 else math.inf
            for provider in range(network.providers):
                where = (provider, service)
                team = _Team(int(places[where]), len(ranks), patience, stay)
                self.teams[where] = team
                for name in names:
                    need = next((each for each in node.needs if each.name == name), node.needs[0])
                    self.cells[(*where, name)] = _Cell(
                        where, team, ranks.index(need.priority), need.mean_stay
                    )
        for (provider, service, name), cell in self.cells.items():
            self._lay_after(cell, provider, service, name)
        for service, node in enumerate(network.services):
            if node.referrals_a_day > 0:
                self.sources.append(_Source(self._entrance(service), 1.0 / node.referrals_a_day))

    def counts(self, end: float) -> Counts:
        """Return the counts at the end, those whose patience ran out in line included."""
        shape = (self.network.providers, len(self.network.services))
        counted = {name: np.zeros(shape) for name in COUNTED}
        for door in (*self.doors.values(), *(source.door for source in self.sources)):
            for where, cell, number in zip(door.where, door.accepted, door.tally, strict=True):
                counted["referred"][where] += number
                counted["declined"][where] += number if cell is None else 0
                counted["returned"][where] += number if door.came_back else 0
        for cell in self.cells.values():
            for after, number in zip(cell.after, cell.tally, strict=True):
                for name in ("completed", *after.counts):
                    counted[name][cell.where] += number
        for where, team in self.teams.items():
            in_line = [person.leaves for line in team.lines for person in line]
            waiting = sum(leaves >= end for leaves in in_line)
            counted["waiting"][where] = waiting
            counted["dropped_out"][where] = team.dropped_out + len(in_line) - waiting
            counted["in_service"][where] = team.places - team.free
        counted["started"] = counted["completed"] + counted["in_service"]
        return counted

    def _entrance(self, service: int) -> _Door:
        """Return the way in from outside."""
        node = self.network.services[service]
        cells = [
            (of_need * of_provider, self.cells[(provider, service, node.needs[need].name)])
            for need, of_need in _shares(node.need_edges, node.need_order)
            for provider, of_provider in _shares(node.provider_edges, node.provider_order)
        ]
        return _Door(cells, node.take_up, came_back=False)

    def _door(self, provider: int, sender: int, receiver: int, name: str) -> _Door:
        """Return the way in for somebody of a need who was with a provider."""
        node = self.network.services[receiver]
        came_back = sender == receiver
        key = (provider, receiver, name, came_back)
        if key not in self.doors:
            stays = [(provider, 1.0)] if node.delivers[provider] else None
            cells = [
                (chance, self.cells[(each, receiver, name)])
                for each, chance in stays or _shares(node.provider_edges, node.provider_order)
            ]
            self.doors[key] = _Door(cells, node.take_up, came_back)
        return self.doors[key]

    def _lay_after(self, cell: _Cell, provider: int, service: int, name: str) -> None:
        """Lay on one unit interval what can come after a stay."""
        node = self.network.services[service]
        need = next((each for each in node.needs if each.name == name), node.needs[0])
        back = self._door(provider, service, service, name)
        laid: list[tuple[float, _After]] = []
        good = need.good_outcome[provider]
        for outcome, counts in ((good, ("good_outcomes",)), (1.0 - good, ())):
            before = 0.0
            for edge, path in zip(node.handover_edges, node.handovers, strict=True):
                share = outcome * (edge - before)
                before = edge
                made, due = (*counts, "handovers_due", "handovers_made"), (*counts, "handovers_due")
                success = path.success[provider]
                there = self._door(provider, service, path.receiver, name)
                missed = share * (1.0 - success)
                laid += [
                    (share * success, _After(made, there, path.mean_on_the_way)),
                    (missed * path.returns, _After(due, back, path.mean_until_return)),
                    (missed * (1.0 - path.returns), _After(due)),
                ]
            rest = outcome * (1.0 - before)
            relapse = node.relapse[provider] if counts else 0.0
            laid += [
                (rest * relapse, _After(counts, back, node.mean_until_relapse)),
                (rest * (1.0 - relapse), _After(counts)),
            ]
        cell.after = tuple(after for _, after in laid)
        cell.edges = _edges([chance for chance, _ in laid])
        cell.tally = [0] * len(laid)


def _edges(chances: Sequence[float]) -> list[float]:
    """Return upper ends on the unit interval, no draw beyond the last that has a chance."""
    last = max(place for place, chance in enumerate(chances) if chance > 0)
    edges = list(accumulate(chances))
    edges[last:] = [1.0] * (len(edges) - last)
    return edges


def _shares(edges: Sequence[float], order: Sequence[int]) -> list[tuple[int, float]]:
    """Return what lies at each place of the unit interval, with its share."""
    lower = (0.0, *edges[:-1])
    return [(which, upper - low) for which, low, upper in zip(order, lower, edges, strict=True)]


def _stays(node: ServiceNode, rng: np.random.Generator) -> Draw:
    """Return a draw of stays of mean 1."""
    if node.shape == "fixed":
        return itertools.repeat(1.0).__next__
    if node.shape == "exponential":
        return _in_blocks(rng.standard_exponential)
    spread = node.log_spread
    return _in_blocks(lambda size: rng.lognormal(-0.5 * spread * spread, spread, size))


def _in_blocks(draw: Callable[[int], npt.NDArray[np.float64]]) -> Draw:
    """Return single draws that are made a block at a time."""

    def draws() -> Iterator[float]:
        while True:
            yield from draw(_BLOCK).tolist()

    return draws().__next__
