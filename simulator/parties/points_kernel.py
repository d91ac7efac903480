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

__all__ = ["LANES", "Figures", "play", "spread_out", "weigh"]

LANES = 512
"""Points side by side; has no effect on any figure."""

# as in contract.tape.Step; the tests hold the two together
_LOAD, _STORE, _ADD, _SUBTRACT, _MULTIPLY, _DIVIDE, _MINIMUM, _MAXIMUM = range(8)
_LESS, _LESS_EQUAL, _EQUAL, _IS_NAN, _OR, _AND, _CHOOSE, _AVERAGE = range(8, 16)


class Figures(NamedTuple):
    """What a statement is made of; see ``told.Told``."""

    leaves: npt.NDArray[np.int64]  # column, service (below nought: all), provider, is a cost
    ratio: Floats  # (columns, providers, services, futures, rows)
    base: Floats  # (nodes, columns, providers, services, futures)
    claimed: Floats  # (providers, futures, rows)
    before: Floats  # (columns, providers, services, futures)
    months: Floats  # of data that are insisted on, (data, providers, futures, rows)
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
    """Play a tape at all points.

    Args:
        code: steps, see ``contract.tape.Tape``.
        constants: of the tape.
        figures: of the statement; columns beyond those of ``ratio`` are of ``months``.
        registers: space, ``(registers, LANES)``.
        results: filled, ``(results, nodes, futures, rows)``.
        averages: to which is added at every node, ``(averages, futures, rows)``.
    """
    for place in range(len(constants)):
        for lane in range(LANES):
            registers[place, lane] = constants[place]
    nodes, futures, rows = results.shape[1:]
    strip = min(rows, LANES)  # rows that go side by side
    at_once = LANES // strip  # nodes, each with such a strip
    for future in range(futures):
        for row in range(0, rows, strip):
            width = min(strip, rows - row)
            for node in range(0, nodes, at_once):
                count = min(at_once, nodes - node)
                for step in range(len(code)):
                    what, to, a, b, c = code[step]
                    if what == _LOAD:
                        _load(figures, a, registers[to], future, row, width, node, count)
                    elif what == _STORE:
                        for each in range(count):
                            there = results[to, node + each, future, row : row + width]
                            here = registers[a, each * width : (each + 1) * width]
                            for lane in range(width):
                                there[lane] = here[lane]
                    elif what == _AVERAGE:
                        total = averages[to, future, row : row + width]
                        for each in range(count):
                            here = registers[a, each * width : (each + 1) * width]
                            for lane in range(width):
                                total[lane] += here[lane]
                    else:
                        here, other, third = registers[a], registers[b], registers[c]
                        _work(what, registers[to], here, other, third, count * width)


@jit
def _load(
    f: Figures, leaf: int, to: Floats, future: int, row: int, width: int, node: int, count: int
) -> None:
    """Load a figure of the statement: for some nodes a strip of rows each."""
    column, service, provider, cost = f.leaves[leaf]
    lanes = count * width
    columns, _, services = f.ratio.shape[:3]
    if column >= columns:
        months = f.months[column - columns, provider, future, row : row + width]
        for each in range(count):
            for lane in range(width):
                to[each * width + lane] = months[lane]
    else:
        begin, end = (0, services) if service < 0 else (service, service + 1)
        so_far = 0.0
        for place in range(begin, end):
            so_far += f.before[column, provider, place, future]
        own = f.ratio[column, provider, begin, future, row : row + width]
        other = f.ratio[column, provider, min(begin + 1, end - 1), future, row : row + width]
        for each in range(count):
            at_node = f.base[node + each, column, provider]
            there, base = to[each * width : (each + 1) * width], at_node[begin, future]
            if end - begin == 1:
                for lane in range(width):
                    there[lane] = own[lane] * base
            else:  # two at once: a walk less through the lanes
                more = at_node[begin + 1, future]
                for lane in range(width):
                    there[lane] = own[lane] * base + other[lane] * more
            for place in range(begin + 2, end):
                further = f.ratio[column, provider, place, future, row : row + width]
                more = at_node[place, future]
                for lane in range(width):
                    there[lane] += further[lane] * more
        if cost:
            claimed = f.claimed[provider, future, row : row + width]
            for each in range(count):
                for lane in range(width):
                    to[each * width + lane] *= claimed[lane]
        for lane in range(lanes):
            to[lane] += so_far
    if f.part != 1.0:
        for lane in range(lanes):
            to[lane] *= f.part


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
    else:
        for lane in range(lanes):
            to[lane] = b[lane] if a[lane] != 0.0 else c[lane]


@entry
def spread_out(ratio: Floats, base: Floats, whole: Floats, total: Floats) -> None:
    """Add a column of all services together at every point, as ``told.Spread.add_to`` does.

    Args:
        ratio: ``(providers, services, futures, rows)``.
        base: ``(nodes, providers, services, futures)``.
        whole: added to, ``(providers, nodes, futures, rows)``.
        total: space, ``(rows,)``.
    """
    providers, nodes, futures, rows = whole.shape
    services = ratio.shape[1]
    for provider in range(providers):
        for node in range(nodes):
            for future in range(futures):
                for service in range(services):
                    own, at_node = ratio[provider, service, future], base[node, provider, service]
                    for row in range(rows):
                        more = own[row] * at_node[future]
                        total[row] = more if service == 0 else total[row] + more
                there = whole[provider, node, future]
                for row in range(rows):
                    there[row] += total[row]


@entry
def weigh(
    received: Floats,
    tells: npt.NDArray[np.int64],
    cost: Floats,
    lacking: Floats,
    shortfall: Floats,
    variance: Floats,
    work: Floats,
) -> None:
    """Weigh a party's surplus over the nodes, as ``weighing.weighed`` does.

    Args:
        received: ``(nodes, futures, rows)``.
        tells: for each profile, which of these rows tells of it.
        cost: ``(nodes, futures, profiles)``.
        lacking: what it lacks to its floor before the surplus, ``(futures,)``.
        shortfall: filled with the mean of what it lacks, ``(futures, profiles)``.
        variance: filled with that of the surplus, same shape.
        work: space, ``(nodes + 1, profiles)``.
    """
    nodes, futures, profiles = cost.shape
    surplus, mean = work[:nodes], work[nodes]
    for future in range(futures):
        lack, spread = shortfall[future], variance[future]
        for place in range(profiles):
            mean[place], lack[place], spread[place] = 0.0, 0.0, 0.0
        for node in range(nodes):
            here, spent, own = received[node, future], cost[node, future], surplus[node]
            for place in range(profiles):
                own[place] = here[tells[place]] - spent[place]
            for place in range(profiles):
                mean[place] += own[place]
                short = lacking[future] - own[place]
                lack[place] += short if short > 0.0 else 0.0
        for place in range(profiles):
            mean[place] /= nodes
            lack[place] /= nodes
        for node in range(nodes):
            own = surplus[node]
            for place in range(profiles):
                away = own[place] - mean[place]
                spread[place] += away * away
        for place in range(profiles):
            spread[place] /= nodes
