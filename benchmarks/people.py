"""The people alone: our engines beside SimPy, Ciw and a loop in C, on one network."""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from benchmarks.common import COUNTED, Counts, Places, events, our_counts, the_network
from benchmarks.measuring import Limit, Section, interleaved, ratios, shown
from benchmarks.peers import ciw_peer, heap_loop, idiomatic, tuned
from simulator.engine.caseload import Engine
from simulator.engine.compiled import CompiledPeople
from simulator.engine.network import Network
from simulator.engine.people import ReferencePeople
from simulator.engine.streams import Stream

__all__ = ["people_alone"]

_SIDE_BY_SIDE = 20  # futures the fast engines live in a sample, which then lasts some 50 ms
_KERNEL, _C = "compiled kernel", "C, binary heap"
_ORACLE, _IDIOMATIC = "SimPy people (oracle)", "SimPy, idiomatic"
_TUNED, _CIW = "SimPy, hand-tuned", "Ciw"


def people_alone(rounds: int) -> Section:
    """Time every engine on the network, and check that they live the same people."""
    network, places = the_network()
    built, why_not = heap_loop.build()
    notes = [] if built else [f"No loop in C: {why_not}."]
    if not ciw_peer.available():
        notes.append("No Ciw: it is not installed.")
    equal = _equal(network, places, built)
    notes.append(f"The counts of {', '.join(equal)} are equal in every future looked at.")

    ours = our_counts(CompiledPeople, network, places, 1, range(400))
    mean_events = statistics.mean(events(counts) for counts in ours)
    independent: dict[str, Callable[[int], Counts]] = {
        _IDIOMATIC: lambda seed: idiomatic.run(network, places, seed),
        _TUNED: lambda seed: tuned.run(network, places, seed),
    }
    if ciw_peer.available():
        independent[_CIW] = lambda seed: ciw_peer.run(network, places, seed)
    kept: dict[str, list[Counts]] = {name: [] for name in independent}

    def timed(name: str) -> float:
        began = time.perf_counter()
        kept[name].append(independent[name](len(kept[name])))
        return time.perf_counter() - began

    tasks: dict[str, Callable[[], float]] = {
        _KERNEL: lambda: _advance(CompiledPeople, network, places, _SIDE_BY_SIDE),
        _ORACLE: lambda: _advance(ReferencePeople, network, places, 1),
    }
    if built:
        tasks[_C] = lambda: built.seconds(network, places, 1, range(_SIDE_BY_SIDE)) / _SIDE_BY_SIDE
    tasks |= {name: partial(timed, name) for name in independent}
    for task in tasks.values():
        task()
    seconds = interleaved(tasks, rounds)

    # timed futures are few; cheap peers live more of them for the comparison of counts
    for name, count in ((_TUNED, 14 * rounds), (_IDIOMATIC, 4 * rounds)):
        kept[name] += [independent[name](seed) for seed in range(len(kept[name]), count)]
    z = {name: _largest_z(ours, found) for name, found in kept.items()}
    told = ", ".join(f"{name} {value:.1f}" for name, value in z.items())
    notes.append(f"Largest standardised difference of a mean count from ours: {told}.")
    limits = [
        Limit("kernel over idiomatic SimPy", ratios(seconds[_IDIOMATIC], seconds[_KERNEL])[0], 100)
    ]
    if built:
        limits.append(Limit("kernel over C", ratios(seconds[_C], seconds[_KERNEL])[0], 1.5))
    limits += [Limit(f"{name}, difference from ours", v, 4.0, False) for name, v in z.items()]
    rows = []
    for name, found in sorted(seconds.items(), key=lambda item: statistics.median(item[1])):
        middle, least, most = ratios(seconds[_IDIOMATIC], found)
        rows.append(
            (
                name,
                shown(statistics.median(found) * 1e3),
                shown(mean_events / statistics.median(found) / 1e6),
                shown(middle),
                f"{shown(least)} to {shown(most)}",
                shown(ratios(seconds[_C], found)[0]) if built else "no data",
            )
        )
    return Section(
        "People alone",
        f"One network of two services and two providers, {mean_events:,.0f} person events a "
        "future. An event is a referral, a refusal, a start, a completion or a drop-out, the same "
        "for all, however many the calendar has. The kernel, the oracle and C draw the same "
        f"numbers. C is compiled with {heap_loop.FLAGS}. One processor.",
        (
            "Engine",
            "ms a future",
            "million events/s",
            "times idiomatic SimPy",
            "over rounds",
            "times C",
        ),
        rows,
        limits,
        notes,
    )


def _advance(engine: Engine, network: Network, places: Places, futures: int) -> float:
    """Return the seconds a future takes, from the first instant to the last."""
    caseload = engine(network, [Stream(1, replication) for replication in range(futures)])
    for provider, row in enumerate(places):
        for service, count in enumerate(row):
            caseload.hold(provider, service, np.full(futures, count))
    began = time.perf_counter()
    caseload.advance(network.end)
    return (time.perf_counter() - began) / futures


def _equal(network: Network, places: Places, built: heap_loop.HeapLoop | None) -> list[str]:
    """Check that engines with the same draws live the same people; return their names."""
    some = range(3)
    found = {
        _KERNEL: our_counts(CompiledPeople, network, places, 1, some),
        _ORACLE: our_counts(ReferencePeople, network, places, 1, some),
    }
    if built:
        found[_C] = built.run(network, places, 1, some)
    for name, futures in found.items():
        for ours, theirs in zip(found[_KERNEL], futures, strict=True):
            for counted in COUNTED:
                if not np.array_equal(ours[counted], theirs[counted]):
                    raise AssertionError(f"{name} counts other people: {counted}")
    return list(found)


def _largest_z(ours: Sequence[Counts], theirs: Sequence[Counts]) -> float:
    """Return the largest difference of two means in its standard errors, over all counts."""
    largest = 0.0
    for counted in COUNTED:
        a, b = (np.array([counts[counted] for counts in some]) for some in (ours, theirs))
        # pooled: a few futures of a peer may all be equal where a team is nearly always full
        spread = (len(a) - 1) * a.var(axis=0, ddof=1) + (len(b) - 1) * b.var(axis=0, ddof=1)
        error = np.sqrt(spread / (len(a) + len(b) - 2) * (1 / len(a) + 1 / len(b)))
        apart = np.abs(a.mean(axis=0) - b.mean(axis=0))
        known = error > 0
        if (apart[~known] > 0).any():
            return math.inf
        largest = max(largest, float((apart[known] / error[known]).max(initial=0.0)))
    return largest
