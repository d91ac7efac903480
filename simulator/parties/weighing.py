"""What a party's surplus comes to over the nodes of a plan, by compiled code where that can be.

NumPy walks through memory for every step, compiled code once. Both come to the same figures.
"""

from __future__ import annotations

import math
from types import ModuleType

import numpy as np
import numpy.typing as npt

from simulator.contract.statement import Array
from simulator.parties.kernels import points_kernel
from simulator.parties.layout import as_given, laid_out
from simulator.parties.uncertainty import mean_over

__all__ = ["weighed"]


def weighed(
    received: Array,
    tells: npt.NDArray[np.intp] | None,
    cost: Array,
    lacking: Array,
    compiled: bool,
) -> tuple[Array, Array, Array]:
    """Return what a party's work costs, what it is expected to lack, and its surplus' variance.

    Money is pounds; the variance is pounds squared.

    Args:
        received: at every node, ``(..., rows, nodes)``; what is the same at all has no axes.
        tells: for each profile, which of these rows tells of it; none where each has its own.
        cost: of the party's own work, ``(..., profiles, nodes)``, or with one node.
        lacking: what it lacks to its floor before the surplus, ``(...,)``.
        compiled: whether compiled code may do it.

    Returns:
        All ``(..., profiles)``.
    """
    code = points_kernel() if compiled else None
    if code is not None:
        return _weighed(code, received, tells, cost, lacking)
    if tells is not None and received.ndim:
        received = np.take(received, tells, axis=-2)
    surplus = received - cost
    lack = lacking[..., None, None] - surplus
    shortfall = mean_over(np.maximum(0.0, lack, out=lack), -1)
    surplus -= mean_over(surplus, -1)[..., None]
    return mean_over(cost, -1), shortfall, mean_over(np.square(surplus, out=surplus), -1)


def _weighed(
    code: ModuleType,
    received: Array,
    tells: npt.NDArray[np.intp] | None,
    cost: Array,
    lacking: Array,
) -> tuple[Array, Array, Array]:
    """Do it by compiled code, with one axis of futures."""
    *lead, profiles, _ = cost.shape
    futures = math.prod(lead)
    if not received.ndim:
        received, tells = received[None, None], np.zeros(profiles, dtype=np.intp)
    nodes = max(received.shape[-1], cost.shape[-1])
    received = np.broadcast_to(received, (*lead, received.shape[-2], nodes))
    cost = np.broadcast_to(cost, (*lead, profiles, nodes))
    given, spent = (laid_out(each, own=1).reshape(nodes, -1, futures) for each in (received, cost))
    rows = np.arange(profiles) if tells is None else tells
    lacks = np.ascontiguousarray(np.broadcast_to(lacking, lead)).reshape(futures)
    found = np.empty((3, profiles, futures))
    code.weigh(given, rows, spent, lacks, *found, np.empty((nodes, futures)))
    expected, shortfall, variance = (as_given(each.reshape(profiles, *lead), 0) for each in found)
    return expected, shortfall, variance
