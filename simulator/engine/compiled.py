"""The people by the compiled kernel, behind the interface of every caseload.

The kernel works on arrays; here they are made from the network, enlarged when they are full, and
read. Needs Numba, and imports it: import this module where it is used.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from simulator._errors import RunError
from simulator.contract.statement import Array
from simulator.engine import kernel, records
from simulator.engine.caseload import COUNTS, WAIT_UNITS_A_DAY, Alarm, Places, Reading, Trigger
from simulator.engine.network import Network, ServiceNode
from simulator.engine.people import Visit
from simulator.engine.streams import Stream
from simulator.parties.levers import shifted, turned_away

__all__ = ["CompiledPeople"]

_FIRST_POOL = 64  # records of people a future starts with; doubled whenever they are used up
_COLUMNS = {"wait_days": "waited", "service_days": "stayed"}  # counted in units of waits


class CompiledPeople:
    """The people of several futures.

    Args:
        network: the services.
        streams: the luck of each future.
        diary: whether each step of each person is noted.
    """

    def __init__(self, network: Network, streams: Sequence[Stream], diary: bool = False) -> None:
        self.network = network
        self.services = len(network.services)
        self.futures = len(streams)
        self._tables = tables_of(network)
        self._capacity = np.zeros(network.providers * self.services, dtype=np.int64)
        self._state = _new_state(self._tables, network.providers, streams)
        self._lay_out_places(self._capacity)
        self._add_people(_FIRST_POOL)
        if diary:
            self._add_steps()
        kernel.start(self._tables, self._state)

    def advance(self, until: int, future: int | None = None) -> Sequence[Alarm]:
        """Let everything happen that happens before the tick ``until``, or before an alarm."""
        some = slice(None) if future is None else slice(future, future + 1)
        first, last, _ = some.indices(self.futures)
        while True:
            kernel.advance(self._tables, self._state, until, first, last)
            status = self._state.future["status"][some]
            if (status == records.POOL_EMPTY).any():
                self._add_people(self._state.person.shape[1])
            elif (status == records.STEPS_FULL).any():
                self._add_steps()
            else:
                break
        if (status == records.TOO_FAST).any():
            raise RunError(
                "more referrals came than the potential people the services were planned with; "
                "this is a mistake, please report it"
            )
        if (status == records.REFERRALS_UNCOUNTED).any():
            raise RunError(
                "more potential people came than the engine numbers; this is a mistake, please "
                "report it"
            )
        return self._alarms(first, last) if (status == records.ALARM).any() else []

    def resize(self, future: int, provider: int, service: int, places: int) -> None:
        """Change how many people a provider can hold in a service, from now."""
        held = self._state.team["places"][:, provider * self.services + service].copy()
        held[future] = places
        self.hold(provider, service, held)

    def hold(self, provider: int, service: int, places: Places) -> None:
        """Change how many people a provider can hold in a service, in every future, from now."""
        team, most = provider * self.services + service, int(places.max())
        if most > self._capacity[team]:
            wanted = self._capacity.copy()
            leaves = (1 << records.LEAF_BITS) - self.services - 1
            wanted[team] = max(most, 2 * int(wanted[team]))
            if wanted.sum() > leaves:  # without slack: what any future holds or has ever opened
                used = np.maximum(self._state.team["places"], self._state.team["opened"])
                wanted = used.max(axis=0)
                wanted[team] = max(most, int(wanted[team]))
            self._lay_out_places(wanted)
        self._make_space_for_steps()
        kernel.resize(self._tables, self._state, team, places)

    def scale_demand(self, future: int, service: int, factor: float) -> None:
        """Multiply the referrals from outside by a factor, from now."""
        self._state.source[future, service]["demand"] = factor

    def practise(self, quality: Array, handover: Array, selection: Array) -> None:
        """Change how providers work, from now."""
        tables, state = self._tables, self._state
        moves = quality[:, None, None, :] * tables.good_reach[..., None]
        state.good[:] = shifted(np.broadcast_to(tables.good, moves.shape), moves)
        moves = handover[:, None, None, :] * tables.success_reach[..., None]
        state.success[:] = shifted(np.broadcast_to(tables.success, moves.shape), moves)
        moves = quality[:, None, :] * tables.relapse_reach[:, None]
        state.relapse[:] = shifted(np.broadcast_to(tables.relapse, moves.shape), moves)
        state.turned[:] = turned_away(tables.screened[..., None], selection[:, None, None, :])
        state.future["screens"] = state.turned.any(axis=(1, 2, 3))

    def watch(self, trigger: Trigger, provider: int, service: int, level: int) -> None:
        """Let a trigger go off in every future when its number reaches a level."""
        team = provider * self.services + service
        self._state.team[f"{trigger.name.lower()}_level"][:, team] = level

    def read(self) -> Reading:
        """Return the counts now."""
        self._make_space_for_steps()
        kernel.settle(self._state)
        counts = {
            name: self._gather(_COLUMNS[name]) / WAIT_UNITS_A_DAY
            if name in _COLUMNS
            else self._gather(name)
            for name in COUNTS
        }
        travellers = self._state.future["travellers"].astype(np.float64)
        return Reading(counts, self._gather("waiting"), self._gather("held"), travellers)

    def diary(self, future: int) -> list[Visit]:
        """Return the steps of each person so far, in the order they were noticed."""
        steps = self._state.step[future, : self._state.future[future]["steps"]]
        return [(tick, records.WHAT[what], *rest) for tick, what, *rest in steps.tolist()]

    def _gather(self, field: str) -> Array:
        shape = (self.futures, self.network.providers, self.services)
        numbers: Array = self._state.team[field].reshape(shape).astype(np.float64)
        return numbers

    def _alarms(self, first: int, last: int) -> list[Alarm]:
        """Return the alarms that went off in these futures, and let the futures go on."""
        alarms = []
        for trigger in Trigger:
            went_off = self._state.team[f"{trigger.name.lower()}_alarm"][first:last]
            for future, team in np.argwhere(went_off >= 0).tolist():
                provider, service = divmod(team, self.services)
                tick = int(went_off[future, team])
                alarms.append(Alarm(tick, first + future, trigger, provider, service))
            went_off[:] = -1
        self._state.future["alarms"][first:last] = 0
        return sorted(alarms)

    # -- enlarging arrays: none of this changes what happens ---------------------------------------

    def _add_people(self, more: int) -> None:
        """Give every future more records of people, first in its list of spare ones."""
        state = self._state
        size = state.person.shape[1]
        person = np.zeros((self.futures, size + more), dtype=records.PERSON)
        person[:, :size] = state.person
        person["next"][:, size:-1] = np.arange(size + 1, size + more)
        person["next"][:, -1] = state.future["spare"]
        state.future["spare"] = size
        traveller = np.zeros(person.shape, dtype=records.TRAVELLER)
        traveller[:, :size] = state.traveller
        self._state = state._replace(person=person, traveller=traveller)

    def _add_steps(self) -> None:
        """Double the list of steps, and more where one event may note more than that."""
        state = self._state
        size = state.step.shape[1]
        longer = 2 * max(size, state.person.shape[1] + records.SPARE_STEPS)
        step = np.zeros((self.futures, longer), dtype=records.STEP)
        step[:, :size] = state.step
        self._state = state._replace(step=step)

    def _make_space_for_steps(self) -> None:
        size = self._state.step.shape[1]
        needed = self._state.person.shape[1] + records.SPARE_STEPS
        if size and (self._state.future["steps"] + needed > size).any():
            self._add_steps()

    def _lay_out_places(self, capacity: npt.NDArray[np.int64]) -> None:
        """Give each team this many places, and move what is held and due into them."""
        old = self._state
        first = self.services + 1 + np.concatenate([[0], np.cumsum(capacity)])
        leaves = 1 << int(first[-1] - 1).bit_length()
        if leaves > 1 << records.LEAF_BITS:
            raise RunError(
                f"the services have more than {1 << records.LEAF_BITS:,} places at once, which the "
                "engine does not count; split the scenario"
            )
        half = old.tree.shape[1] // 2
        due = np.full((self.futures, leaves), records.NEVER, dtype=np.int64)
        holder = np.zeros((self.futures, leaves), dtype=np.int64)
        given_back = np.zeros((self.futures, leaves), dtype=np.int64)
        team_of = np.zeros(leaves, dtype=np.int64)
        shared = self.services + 1
        moves = [(0, 0, min(shared, half))]
        for team, size in enumerate(np.minimum(self._capacity, capacity).tolist()):
            moves.append((int(first[team]), int(old.first_leaf[team]), size))
            team_of[first[team] : first[team + 1]] = team
        for new, was, size in moves:
            due[:, new : new + size] = old.tree[:, half + was : half + was + size] >> (
                records.LEAF_BITS
            )
            holder[:, new : new + size] = old.holder[:, was : was + size]
            given_back[:, new : new + size] = old.given_back[:, was : was + size]
        tree = np.zeros((self.futures, 2 * leaves), dtype=np.int64)
        tree[:, leaves:] = due << records.LEAF_BITS | np.arange(leaves)
        level = leaves
        while level > 1:
            tree[:, level // 2 : level] = np.minimum(
                tree[:, level : 2 * level : 2], tree[:, level + 1 : 2 * level : 2]
            )
            level //= 2
        self._capacity = capacity
        self._state = old._replace(
            tree=tree, holder=holder, given_back=given_back, first_leaf=first, team_of=team_of
        )


def tables_of(network: Network) -> records.Tables:
    """Return a network as arrays."""
    nodes, providers = network.services, network.providers
    names = sorted({need.name for node in nodes for need in node.needs})
    most_paths = max(1, *(len(node.handovers) for node in nodes))
    service = np.zeros(len(nodes), dtype=records.SERVICE)
    path = np.zeros((len(nodes), most_paths), dtype=records.PATH)
    success = np.zeros((len(nodes), most_paths, providers))
    need_edge = np.full((len(nodes), len(names)), 2.0)  # above every uniform: never looked beyond
    need = np.zeros((len(nodes), len(names)), dtype=np.int64)
    mean_stay = np.zeros((len(nodes), len(names)))
    line = np.zeros((len(nodes), len(names)), dtype=np.int64)
    good = np.zeros((len(nodes), len(names), providers))
    good_reach = np.zeros((len(nodes), len(names)))
    screened = np.zeros((len(nodes), len(names)))
    success_reach = np.zeros((len(nodes), most_paths))
    provider_edge = np.full((len(nodes), providers), 2.0)
    provider = np.zeros((len(nodes), providers), dtype=np.int64)
    elsewhere_edge = np.full((len(nodes), providers, providers), 2.0)
    elsewhere = np.full((len(nodes), providers, providers), -1, dtype=np.int64)
    for index, node in enumerate(nodes):
        service[index] = _service(node)
        own = [group.name for group in node.needs]
        priorities = sorted({group.priority for group in node.needs})
        for place, name in enumerate(names):
            group = node.needs[own.index(name) if name in own else 0]
            mean_stay[index, place] = group.mean_stay
            line[index, place] = priorities.index(group.priority)
            good[index, place] = group.good_outcome
            good_reach[index, place] = group.reach
            screened[index, place] = group.screened
        need_edge[index, : len(node.need_edges)] = node.need_edges
        order = [names.index(own[which]) for which in node.need_order]
        need[index, : len(order)] = order  # without the needs that nobody has
        provider_edge[index, : len(node.provider_edges)] = node.provider_edges
        provider[index, : len(node.provider_order)] = node.provider_order
        for first, others in enumerate(node.elsewhere_order):
            elsewhere_edge[index, first, : len(others)] = node.elsewhere_edges[first]
            elsewhere[index, first, : len(others)] = others
        for at, (edge, each) in enumerate(zip(node.handover_edges, node.handovers, strict=True)):
            path[index, at] = (
                edge,
                each.receiver,
                each.mean_on_the_way,
                each.returns,
                each.mean_until_return,
            )
            success[index, at] = each.success
            success_reach[index, at] = each.reach
    return records.Tables(
        service=service,
        season=np.array([node.season for node in nodes]),
        need_edge=need_edge,
        need=need,
        mean_stay=mean_stay,
        line=line,
        good=good,
        good_reach=good_reach,
        screened=screened,
        provider_edge=provider_edge,
        provider=provider,
        elsewhere_edge=elsewhere_edge,
        elsewhere=elsewhere,
        delivers=np.array([node.delivers for node in nodes], dtype=np.int64),
        path=path,
        success=success,
        success_reach=success_reach,
        relapse=np.array([node.relapse for node in nodes]),
        relapse_reach=np.array([node.relapse_reach for node in nodes]),
        month_starts=np.array([*network.month_starts, records.NEVER], dtype=np.int64),
        first_month=network.first_month,
    )


def _service(node: ServiceNode) -> tuple[float, ...]:
    return (
        node.key,
        node.potential_a_day,
        node.referrals_a_day,
        node.growth_a_day,
        node.take_up,
        node.drop_out,
        node.drop_out_rise,
        records.SHAPES.index(node.shape),
        node.log_spread,
        node.log_wait_harm,
        node.mean_until_relapse,
        len(node.handovers),
    )


def _new_state(tables: records.Tables, providers: int, streams: Sequence[Stream]) -> records.State:
    """Return the state of futures that have not begun, without places and people."""
    futures, services = len(streams), len(tables.service)
    future = np.zeros(futures, dtype=records.FUTURE)
    future["seed"] = [stream.key[0] for stream in streams]
    future["replication"] = [stream.key[1] for stream in streams]
    future["spare"] = -1
    source = np.zeros((futures, services), dtype=records.SOURCE)
    source["demand"] = 1.0
    team = np.zeros((futures, providers * services), dtype=records.TEAM)
    for trigger in Trigger:
        team[f"{trigger.name.lower()}_level"] = records.NEVER
        team[f"{trigger.name.lower()}_alarm"] = -1
    line = np.full((*team.shape, int(tables.line.max()) + 1), -1, dtype=records.LINE)
    nothing = np.zeros((futures, 0), dtype=np.int64)
    return records.State(
        future=future,
        source=source,
        team=team,
        line=line,
        tree=nothing,
        holder=nothing,
        given_back=nothing,
        person=np.zeros((futures, 0), dtype=records.PERSON),
        luck=np.zeros((futures, records.VISIT_DRAWS)),
        ahead=np.zeros((futures, services, 2, records.AHEAD)),
        traveller=np.zeros((futures, 0), dtype=records.TRAVELLER),
        good=np.repeat(tables.good[None], futures, axis=0),
        success=np.repeat(tables.success[None], futures, axis=0),
        relapse=np.repeat(tables.relapse[None], futures, axis=0),
        turned=np.zeros((futures, *tables.good.shape)),
        step=np.zeros((futures, 0), dtype=records.STEP),
        first_leaf=np.zeros(team.shape[1] + 1, dtype=np.int64),
        team_of=np.zeros(0, dtype=np.int64),
    )
