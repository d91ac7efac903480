"""What is worked out at every point of a plan, compiled: its settlement, from a tape, and risk.

Points are profiles, futures and nodes. Of a tape, as many as there are lanes go through all steps
while their registers are in the cache; each step is a short straight loop over them, as in
``plan_kernel.py``.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from simulator.parties.plan_kernel import Floats, entry, jit

__all__ = ["LANES", "Figures", "Nodes", "over_nodes", "play", "spread_out", "weigh"]

LANES = 512
"""Points side by side; has no effect on any figure."""

# as in contract.tape.Step; the tests hold the two together
_LOAD, _STORE, _ADD, _SUBTRACT, _MULTIPLY, _DIVIDE, _MINIMUM, _MAXIMUM = range(8)
_LESS, _LESS_EQUAL, _EQUAL, _IS_NAN, _OR, _AND, _CHOOSE, _AVERAGE = range(8, 16)
_MULTIPLY_ADD, _LESS_PRODUCT, _ADD_ADD, _CHOOSE_IF_NAN = range(16, 20)


class Figures(NamedTuple):
    """What a statement is made of; see ``told.Told``."""

    leaves: npt.NDArray[np.int64]  # column, service (below nought: all), provider, is a cost
    ratio: Floats  # (columns, providers, services, profiles, futures)
    base: Floats  # (columns, nodes, providers, services, futures)
    claimed: Floats  # (providers, profiles, futures)
    before: Floats  # (columns, providers, services + 1, futures), all services last; or empty
    months: Floats  # of data that are insisted on, (data, providers, profiles, futures)
    part: float  # of all that


@entry
def play(
    code: npt.NDArray[np.int64],
    constants: Floats,
    figures: Figures,
    registers: Floats,
    results: Floats,
    averages: Floats,
) -> None:
    """Play a tape at all points: of each profile, every future, and that at every node.

    Args:
        code: steps, see ``contract.tape.Tape``.
        constants: of the tape.
        figures: of the statement; columns beyond those of ``ratio`` are of ``months``.
        registers: space, ``(registers, LANES)``.
        results: filled, ``(results, nodes, points)``.
        averages: to which is added at every node, ``(averages, points)``.
    """
    for place in range(len(constants)):
        for lane in range(LANES):
            registers[place, lane] = constants[place]
    nodes = results.shape[1]
    profiles, futures = figures.ratio.shape[3:]
    width = min(futures, LANES)  # futures of a profile that go side by side
    at_once = LANES // width  # profiles of which these go side by side
    for profile in range(0, profiles, at_once):
        count = min(at_once, profiles - profile)
        for future in range(0, futures, width):
            wide = min(width, futures - future)
            first, lanes = profile * futures + future, count * wide
            last = first + lanes
            for node in range(nodes):
                for step in range(len(code)):
                    what, to, a, b, c = code[step]
                    if what == _LOAD:
                        _load(figures, a, registers[to], node, profile, count, future, wide)
                    elif what == _STORE:
                        there, here = results[to, node, first:last], registers[a]
                        for lane in range(lanes):
                            there[lane] = here[lane]
                    elif what == _AVERAGE:
                        there, here = averages[to, first:last], registers[a]
                        for lane in range(lanes):
                            there[lane] += here[lane]
                    else:
                        here, other, third = registers[a], registers[b], registers[c]
                        _work(what, registers[to], here, other, third, lanes)


@jit
def _load(
    f: Figures, leaf: int, to: Floats, node: int, profile: int, count: int, future: int, width: int
) -> None:
    """Load a figure of the statement at a node: of some profiles, so many futures each."""
    column, service, provider, cost = f.leaves[leaf]
    columns, _, services = f.ratio.shape[:3]
    end = future + width
    if column >= columns:
        months = f.months[column - columns, provider]
        for place in range(count):
            here, there = months[profile + place, future:end], to[place * width :]
            for lane in range(width):
                there[lane] = here[lane]
    else:
        first = max(0, service)
        last = services - 1 if service < 0 else service
        ratio, base = f.ratio[column, provider], f.base[column, node, provider]
        at_node, more = base[first, future:end], base[min(first + 1, last), future:end]
        for place in range(count):
            here, there = ratio[first, profile + place, future:end], to[place * width :]
            if first == last:
                for lane in range(width):
                    there[lane] = here[lane] * at_node[lane]
            else:  # two at once: a walk less through the lanes
                other = ratio[first + 1, profile + place, future:end]
                for lane in range(width):
                    there[lane] = here[lane] * at_node[lane] + other[lane] * more[lane]
            for another in range(first + 2, last + 1):
                other = ratio[another, profile + place, future:end]
                further = base[another, future:end]
                for lane in range(width):
                    there[lane] += other[lane] * further[lane]
            if cost:
                claimed = f.claimed[provider, profile + place, future:end]
                for lane in range(width):
                    there[lane] *= claimed[lane]
            if len(f.before) > 0:  # the last is of all services
                so_far = f.before[column, provider, service, future:end]
                for lane in range(width):
                    there[lane] += so_far[lane]
    if f.part != 1.0:
        for lane in range(count * width):
            to[lane] *= f.part


@jit
def _multiply(to: Floats, a: Floats, b: Floats, lanes: int) -> None:
    for lane in range(lanes):
        to[lane] = a[lane] * b[lane]


@jit
def _multiply_more(to: Floats, a: Floats, b: Floats, lanes: int) -> None:
    for lane in range(lanes):
        to[lane] += a[lane] * b[lane]


@jit
def _work(what: int, to: Floats, a: Floats, b: Floats, c: Floats, lanes: int) -> None:
    if what == _ADD:
        for lane in range(lanes):
            to[lane] = a[lane] + b[lane]
    elif what == _SUBTRACT:
        for lane in range(lanes):
            to[lane] = a[lane] - b[lane]
    elif what == _MULTIPLY:
        for lane in range(lanes):
            to[lane] = a[lane] * b[lane]
    elif what == _DIVIDE:
        for lane in range(lanes):
            to[lane] = a[lane] / b[lane]
    elif what == _MINIMUM:
        for lane in range(lanes):
            x, y = a[lane], b[lane]
            to[lane] = x if (x < y) | (x != x) else y
    elif what == _MAXIMUM:
        for lane in range(lanes):
            x, y = a[lane], b[lane]
            to[lane] = x if (x > y) | (x != x) else y
    elif what == _LESS:
        for lane in range(lanes):
            to[lane] = 1.0 if a[lane] < b[lane] else 0.0
    elif what == _LESS_EQUAL:
        for lane in range(lanes):
            to[lane] = 1.0 if a[lane] <= b[lane] else 0.0
    elif what == _EQUAL:
        for lane in range(lanes):
            to[lane] = 1.0 if a[lane] == b[lane] else 0.0
    elif what == _IS_NAN:
        for lane in range(lanes):
            to[lane] = 1.0 if a[lane] != a[lane] else 0.0
    elif what == _OR:
        for lane in range(lanes):
            to[lane] = a[lane] if a[lane] > b[lane] else b[lane]
    elif what == _AND:
        for lane in range(lanes):
            to[lane] = a[lane] * b[lane]
    elif what == _MULTIPLY_ADD:
        for lane in range(lanes):
            to[lane] = a[lane] * b[lane] + c[lane]
    elif what == _LESS_PRODUCT:
        for lane in range(lanes):
            to[lane] = c[lane] - a[lane] * b[lane]
    elif what == _ADD_ADD:
        for lane in range(lanes):
            to[lane] = a[lane] + b[lane] + c[lane]
    elif what == _CHOOSE_IF_NAN:
        for lane in range(lanes):
            to[lane] = b[lane] if a[lane] != a[lane] else c[lane]
    else:
        for lane in range(lanes):
            to[lane] = b[lane] if a[lane] != 0.0 else c[lane]


class Nodes(NamedTuple):
    """As of ``nodes.Nodes``."""

    low: npt.NDArray[np.intp]
    part: Floats
    by_themselves: Floats


@entry
def over_nodes(
    values: Floats,
    like: npt.NDArray[np.int64],
    middle: int,
    levels: int,
    nodes: Nodes,
    number: npt.NDArray[np.int64],
    spread: Floats,
    ratio: Floats,
    base: Floats,
) -> None:
    """Say how columns spread over the nodes, as ``nodes.over_nodes`` does.

    Args:
        values: ``(columns, providers, services, rows, futures)``.
        like: by which of them each column is measured.
        middle: the row of the middle level of demand.
        levels: how many rows there are of levels of demand.
        nodes: of the plan.
        number: for each column told what is uncertain of it by itself; below nought nothing is.
        spread: standard deviation of that, ``(told, providers, futures)``.
        ratio: filled, ``(columns, providers, services, profiles, futures)``.
        base: filled, ``(told, nodes, providers, services, futures)``.
    """
    columns, providers, services, profiles, _ = ratio.shape
    for column in range(columns):
        for provider in range(providers):
            for service in range(services):
                own = values[column, provider, service]
                by = values[like[column], provider, service]
                for profile in range(profiles):
                    row = middle if profile == 0 else levels - 1 + profile
                    _divide(ratio[column, provider, service, profile], own[row], by[middle])
                for node in range(len(base[0]) if column < len(base) else 0):
                    low, part = nodes.low[node], nodes.part[node]
                    there = base[column, node, provider, service]
                    _between(there, by[low], by[low + 1], part)
                    if number[column] >= 0:
                        drawn = nodes.by_themselves[number[column], node, provider]
                        _vary(there, spread[column, provider], drawn)


@jit
def _divide(there: Floats, a: Floats, b: Floats) -> None:
    for future in range(len(there)):
        there[future] = a[future] / b[future] if b[future] > 0.0 else 1.0


@jit
def _between(there: Floats, a: Floats, b: Floats, part: float) -> None:
    before = 1.0 - part
    for future in range(len(there)):
        there[future] = a[future] * before + b[future] * part


@jit
def _vary(there: Floats, spread: Floats, drawn: float) -> None:
    for future in range(len(there)):
        there[future] *= 1.0 + spread[future] * drawn


@entry
def spread_out(ratio: Floats, base: Floats, whole: Floats, total: Floats, first: bool) -> None:
    """Add a column of all services together at every point, as ``told.Spread.add_to`` does.

    Args:
        ratio: ``(providers, services, profiles, futures)``.
        base: ``(nodes, providers, services, futures)``.
        whole: added to, ``(providers, nodes, profiles, futures)``.
        total: space, ``(futures,)``.
        first: nothing stands there yet.
    """
    providers, nodes, profiles, futures = whole.shape
    services = ratio.shape[1]
    for provider in range(providers):
        for node in range(nodes):
            for profile in range(profiles):
                _multiply(total, ratio[provider, 0, profile], base[node, provider, 0], futures)
                for service in range(1, services):
                    own, at_node = ratio[provider, service, profile], base[node, provider, service]
                    _multiply_more(total, own, at_node, futures)
                there = whole[provider, node, profile]
                for future in range(futures):
                    there[future] = total[future] if first else there[future] + total[future]


@entry
def weigh(
    received: Floats,
    tells: npt.NDArray[np.int64],
    cost: Floats,
    lacking: Floats,
    expected: Floats,
    shortfall: Floats,
    variance: Floats,
    work: Floats,
) -> None:
    """Weigh a party's surplus over the nodes, as ``weighing.weighed`` does.

    Args:
        received: ``(nodes, rows, futures)``.
        tells: for each profile, which of these rows tells of it.
        cost: ``(nodes, profiles, futures)``.
        lacking: what it lacks to its floor before the surplus, ``(futures,)``.
        expected: filled with the mean of the cost, ``(profiles, futures)``.
        shortfall: filled with the mean of what it lacks, same shape.
        variance: filled with that of the surplus, same shape.
        work: space, ``(nodes, futures)``.
    """
    nodes, profiles, futures = cost.shape
    for profile in range(profiles):
        due, lack, spread = expected[profile], shortfall[profile], variance[profile]
        mean = spread  # in whose place the variance will stand
        for future in range(futures):
            due[future], mean[future], lack[future] = 0.0, 0.0, 0.0
        for node in range(nodes):
            here, spent, own = received[node, tells[profile]], cost[node, profile], work[node]
            for future in range(futures):
                due[future] += spent[future]
                own[future] = here[future] - spent[future]
            for future in range(futures):
                mean[future] += own[future]
                short = lacking[future] - own[future]
                lack[future] += short if short > 0.0 else 0.0
        for future in range(futures):
            due[future] /= nodes
            lack[future] /= nodes
            mean[future] /= nodes
        for node in range(nodes):
            own = work[node]
            for future in range(futures):
                own[future] -= mean[future]
        for future in range(futures):
            spread[future] = 0.0
        for node in range(nodes):
            own = work[node]
            for future in range(futures):
                spread[future] += own[future] * own[future]
        for future in range(futures):
            spread[future] /= nodes
