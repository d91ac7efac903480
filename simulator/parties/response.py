"""One damped Newton step towards what is best for each party, given what the others do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from simulator.contract.statement import Array
from simulator.parties.stakes import Stakes

__all__ = ["THEORY", "Pace", "best", "cross_response", "is_stable", "response"]


@dataclass(frozen=True)
class Pace:
    """How fast parties move.

    Attributes:
        share: of the way to the best response that is gone in a review.
        longest: the longest step of a lever in a review.
        step: of the differences that incentives are found by.
    """

    share: float = 0.6
    longest: float = 0.5
    step: float = 0.1


THEORY = Pace(share=1.0, longest=np.inf)
"""The whole way at once, as the closed forms have it."""


def best(stakes: Stakes, profile: Array, slope: Array, bend: Array) -> Array:
    """Return how far each party would move its levers: ``(..., parties, levers)``.

    ``(G + diag(max(0, -H)))^-1 (g - G (a - norm))``, over the levers that can move. A lever at a
    bound that would leave it stays, so that it does not pull others along.

    Args:
        stakes: what the parties care about.
        profile: where they are.
        slope: of what each maximises, but for its private effort.
        bend: its second difference.
    """
    # only the parties and levers that anybody can move: the fewer there are, the less is solved
    party, lever = (np.flatnonzero(stakes.can_move.any(axis=axis)) for axis in (1, 0))
    some: tuple[Any, ...] = (..., party[:, None], lever)
    effort, can_move = stakes.effort[np.ix_(party, lever, lever)], stakes.can_move[some]
    here, norm = profile[some], stakes.norm[some]
    wish = slope[some] - np.einsum("plm,...pm->...pl", effort, here - norm)
    free = can_move & ~((here >= stakes.high[some]) & (wish > 0))
    free = free & ~((here <= stakes.low[some]) & (wish < 0))
    curvature = np.where(free[..., :, None] & free[..., None, :], effort, 0.0)
    each = np.arange(len(lever))
    curvature[..., each, each] += np.where(free, np.maximum(0.0, -bend[some]), 1.0)
    found = np.zeros(np.broadcast_shapes(profile.shape, slope.shape))
    step = np.linalg.solve(curvature, np.where(free, wish, 0.0)[..., None])
    found[some] = step[..., 0]
    return found


def response(stakes: Stakes, profile: Array, slope: Array, bend: Array, pace: Pace) -> Array:
    """Return the profile after a review in which each party moves towards what is best for it."""
    wished = np.clip(best(stakes, profile, slope, bend), -pace.longest, pace.longest)
    return np.clip(profile + pace.share * wished, stakes.low, stakes.high)


def cross_response(
    answer: Callable[[Array], Array], stakes: Stakes, profile: Array, step: float = 1e-3
) -> Array:
    """Return how best responses move with the profile, by differences: ``(moves, moves)``.

    Args:
        answer: from profiles ``(several, parties, levers)`` to the profiles that answer them best.
        stakes: what the parties care about.
        profile: around which, ``(parties, levers)``.
        step: of the differences.
    """
    party, lever = stakes.moves
    count = len(party)
    profiles = np.repeat(profile[None], 2 * count, axis=0)
    move = np.arange(count)
    profiles[move, party, lever] += step
    profiles[count + move, party, lever] -= step
    answers = answer(profiles)[:, party, lever]
    matrix: Array = ((answers[:count] - answers[count:]) / (2 * step)).T
    return matrix


def is_stable(matrix: Array, share: float) -> bool:
    """Tell whether repeated reviews settle: ``|1 - share + share mu| < 1`` for every eigenvalue.

    Args:
        matrix: from :func:`cross_response`.
        share: of the way that is gone in a review.
    """
    values = np.linalg.eigvals(matrix)
    return bool((np.abs(1.0 - share + share * values) < 1.0).all())
