"""The nodes of a plan: levels of demand, what is uncertain by itself, and how columns spread there.

Demand is uncertain through a plan. The first profile is thought through at five levels of it, and
lies between two of them at each node; what levers change is thought through at the middle one, and
taken along to the others as a ratio.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from types import ModuleType
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from simulator.contract.statement import Array
from simulator.parties.kernels import points_kernel
from simulator.parties.uncertainty import normal_nodes

__all__ = ["BY_ITSELF", "DEMAND", "LEVELS", "MIDDLE", "Nodes", "Own", "nodes_at", "over_nodes"]

DEMAND = np.array([-2.0, -1.0, 0.0, 1.0, 2.0])
"""Standard deviations of demand at which the services are thought through."""
LEVELS, MIDDLE = len(DEMAND), 2
BY_ITSELF = ("good_outcomes", "handovers_made", "cost")
"""What is uncertain by itself for each provider."""


@dataclass(frozen=True)
class Nodes:
    """What is uncertain, at each node; the same for all plans of so many providers.

    Attributes:
        low: the level of demand below each node, ``(nodes,)``.
        part: how far it is on the way from there to the next.
        by_themselves: what is uncertain by itself of each provider, in standard deviations, as in
            ``BY_ITSELF``, ``(3, nodes, providers)``.
        share: what each level of demand counts for in a mean over nodes, ``(levels,)``.
        share_of_noise: the same of outcomes times what is uncertain of them, ``(levels,
            providers)``.
    """

    low: npt.NDArray[np.intp]
    part: Array
    by_themselves: Array
    share: Array
    share_of_noise: Array


class Own(NamedTuple):
    """What is uncertain of a column by itself.

    Attributes:
        number: which of ``BY_ITSELF``.
        spread: standard deviation, a share of the column, ``(providers, ...)``.
    """

    number: int
    spread: Array


@cache
def nodes_at(count: int, by_name: tuple[int, ...]) -> Nodes:
    """Return so many nodes.

    Args:
        count: how many.
        by_name: the place of each provider in the order of their names: which nodes are whose must
            not depend on the order in which providers stand in a file.
    """
    drawn = normal_nodes(count, 1 + len(BY_ITSELF) * len(by_name))
    place = np.clip(drawn[:, 0] - DEMAND[0], 0.0, LEVELS - 1.0)
    low = np.minimum(place.astype(np.intp), LEVELS - 2)
    part = place - low
    by_themselves = drawn[:, 1:].reshape(count, len(BY_ITSELF), -1)[..., by_name].swapaxes(0, 1)
    shares = np.zeros((count, LEVELS))
    shares[np.arange(count), low] = 1.0 - part
    shares[np.arange(count), low + 1] = part
    of_outcomes = by_themselves[BY_ITSELF.index("good_outcomes")]
    noise = (shares[:, :, None] * of_outcomes[:, None]).mean(axis=0)
    by_themselves = np.ascontiguousarray(by_themselves)
    return Nodes(low, part, by_themselves, shares.mean(axis=0), noise)


def over_nodes(
    nodes: Nodes,
    values: Array,
    like: Sequence[int],
    own: Mapping[int, Own],
    told: int,
    compiled: bool,
) -> tuple[Array, Array]:
    """Return how columns spread over the nodes: as the first profile does, times a ratio.

    Args:
        nodes: of the plan.
        values: the columns, ``(columns, providers, services, rows, ...)``, laid out like that: the
            first profile at each level of demand, and then the others.
        like: for each column, by which of them the first profile is measured.
        own: what is uncertain of a column by itself, by its place.
        told: of how many columns it is told what they come to at nodes: the first ones.
        compiled: whether compiled code may do it.

    Returns:
        The ratio of each profile to the first, ``(columns, providers, services, profiles, ...)``,
        1 where the first comes to nothing; and what the first comes to, ``(told, nodes, providers,
        services, ...)``.
    """
    code = points_kernel() if compiled else None
    if code is not None:
        return _by_compiled(code, nodes, values, like, own, told)
    by = values[list(like)]
    base = _between(nodes, by[:told])
    for column, (number, spread) in own.items():
        drawn = nodes.by_themselves[number][:, :, *(spread.ndim - 1) * (None,)]
        base[column] *= (1.0 + spread * drawn)[:, :, None]
    middle = by[:, :, :, MIDDLE : MIDDLE + 1]
    tried = np.concatenate([values[:, :, :, MIDDLE : MIDDLE + 1], values[:, :, :, LEVELS:]], axis=3)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(middle > 0, tried / middle, 1.0), base


def _between(nodes: Nodes, values: Array) -> Array:
    """Return what the first profile comes to at the nodes, but for what is uncertain by itself."""
    levels = values[:, :, :, :LEVELS].swapaxes(2, 3).swapaxes(1, 2)
    part = nodes.part.reshape(-1, *(1,) * (levels.ndim - 2))
    base: Array = np.take(levels, nodes.low, axis=1) * (1.0 - part)
    base += np.take(levels, nodes.low + 1, axis=1) * part
    return base


def _by_compiled(
    code: ModuleType,
    nodes: Nodes,
    values: Array,
    like: Sequence[int],
    own: Mapping[int, Own],
    told: int,
) -> tuple[Array, Array]:
    """Do it by compiled code, with one axis of futures."""
    columns, providers, services, rows, *lead = values.shape
    futures = math.prod(lead)
    number, spread = np.full(told, -1, dtype=np.int64), np.zeros((told, providers, futures))
    for column, each in own.items():
        number[column] = each.number
        spread[column] = each.spread.reshape(providers, futures)
    ratio = np.empty((columns, providers, services, rows - LEVELS + 1, futures))
    base = np.empty((told, len(nodes.low), providers, services, futures))
    code.over_nodes(
        values.reshape(columns, providers, services, rows, futures),
        np.array(like, dtype=np.int64),
        MIDDLE,
        LEVELS,
        code.Nodes(nodes.low, nodes.part, nodes.by_themselves),
        number,
        spread,
        ratio,
        base,
    )
    return ratio.reshape(*ratio.shape[:-1], *lead), base.reshape(*base.shape[:-1], *lead)
