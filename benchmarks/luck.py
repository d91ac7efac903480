"""What keyed draws are worth: the variance of a paired difference."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from benchmarks.common import Counts, Places, our_counts, the_network
from benchmarks.measuring import Limit, Section, shown
from benchmarks.peers import tuned
from simulator.engine.compiled import CompiledPeople
from simulator.engine.network import Network

__all__ = ["paired_variance"]

_MEASURES = ("good_outcomes", "completed", "dropped_out")


def paired_variance(quick: bool) -> Section:
    """Compare a world with a slightly larger one by three kinds of luck."""
    network, places = the_network()
    more = places.copy()
    more[0, 0] = round(1.05 * more[0, 0])
    futures, slow_futures = (200, 20) if quick else (1_000, 100)
    keyed = _by_keys(network, places, range(futures)), _by_keys(network, more, range(futures))
    others = _by_keys(network, more, range(futures, 2 * futures))
    in_turn = (
        [tuned.run(network, places, seed) for seed in range(slow_futures)],
        [tuned.run(network, more, seed) for seed in range(slow_futures)],
    )
    rows, gains = [], []
    for measure in _MEASURES:
        independent = _variance(measure, keyed[0], others)
        by_key = independent / _variance(measure, *keyed)
        by_turn = independent / _variance(measure, *in_turn)
        gains.append(by_key)
        rows.append((measure.replace("_", " "), shown(by_key), shown(by_turn)))
    return Section(
        "What keyed draws are worth",
        "One provider gets 5% more places. How many times smaller is the variance of the "
        "difference between the two worlds than with independent luck? Keyed: a person has the "
        "same luck in both. In turn: one stream of numbers, used in the order of events from the "
        f"same seed, by the hand-tuned SimPy. {futures:,} and {slow_futures} pairs.",
        ("Difference in", "keyed, times smaller", "in turn, times smaller"),
        rows,
        [Limit("keyed draws, least gain", min(gains), 12.0)],
    )


def _by_keys(network: Network, places: Places, replications: range) -> list[Counts]:
    return our_counts(CompiledPeople, network, places, 1, replications)


def _variance(measure: str, before: list[Counts], after: list[Counts]) -> float:
    total: npt.NDArray[np.float64] = np.array(
        [b[measure].sum() - a[measure].sum() for a, b in zip(before, after, strict=True)]
    )
    return float(total.var(ddof=1))
