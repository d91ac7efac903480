"""Working together over time: what a relationship is worth, and trust between each two parties."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from simulator.contract.statement import Array

__all__ = ["Relation", "continuity", "goodwill", "held_up", "in_mind", "trust_after"]

_LEAST_WEIGHT = 0.01
"""A party whose move is worth less than this share of all is not looked at: an assumption."""


@dataclass(frozen=True)
class Relation:
    """What makes parties hold to what is best for all. The same in every form of contract.

    Attributes:
        notice: chance that a departure is noticed, by lever, ``(levers,)``; clauses raise it.
        discount: of one review to the next.
        break_off: chance that the relationship ends between two reviews.
        renewal: chance that it goes on after the term.
        memory: reviews that a broken word is remembered; infinite in pure theory.
        answer: how much of what others do is returned in kind (rho).
        up: share of the way that trust rises in a review (lambda).
        down: share of the way that it falls.
        credit: share of what the contract itself brings about that is read as goodwill.
    """

    notice: Array
    discount: float
    break_off: float
    renewal: float
    memory: float = 4
    answer: float = 0.9
    up: float = 0.4
    down: float = 0.4
    credit: float = 0.5


def continuity(relation: Relation, reviews_left: int | None) -> float:
    """Return the discounted number of later reviews in which a broken word would be remembered.

    Args:
        relation: its discount, chances and memory.
        reviews_left: reviews that follow in the term; none means that the term never ends.
    """
    onward = relation.discount * (1.0 - relation.break_off)
    if reviews_left is None:
        if math.isinf(relation.memory):
            return onward / (1.0 - onward)
        return sum(onward**later for later in range(1, int(relation.memory) + 1))
    horizon = reviews_left + 1_000 if math.isinf(relation.memory) else int(relation.memory)
    total, chance = 0.0, 1.0
    for later in range(1, horizon + 1):
        chance *= relation.discount * relation.renewal if later == reviews_left + 1 else onward
        total += chance
    return total


def held_up(relation: Relation, reviews_left: int | None) -> Array:
    """Return how far the relationship carries each lever towards what is best for all.

    ``min(1, 2k / (1 + k))`` with ``k`` the notice times the continuity: from the condition under
    which a grim trigger sustains a share of the way between two quadratic optima.
    """
    k = relation.notice * continuity(relation, reviews_left)
    share: Array = np.minimum(1.0, 2.0 * k / (1.0 + k))
    return share


def goodwill(relation: Relation, taken: Array, own: Array, joint: Array, norm: Array) -> Array:
    """Return how far each lever went from what is owed to what is best for all, 0 to 1.

    Where both are the same there is nothing to see, which is not a number.

    Args:
        relation: its credit.
        taken: levels that were chosen, ``(..., parties, levers)``.
        own: levels of each one's own advantage.
        joint: levels best for all.
        norm: levels of the professional norm.
    """
    credit = relation.credit
    owed = (1.0 - credit) * own + credit * np.minimum(own, norm)
    with np.errstate(divide="ignore", invalid="ignore"):
        seen = np.where(joint != owed, (taken - owed) / (joint - owed), np.nan)
    return np.clip(seen, 0.0, 1.0)


def in_mind(worth: Array) -> Array:
    """Return the weights with which a party looks at others: ``(..., of, others, levers)``.

    Args:
        worth: what each party gains where another moves a lever from its own advantage to what is
            best for all; nought or less has no weight, and what is under 1% of all is left out.
    """
    gain = np.maximum(worth, 0.0)
    every = gain.sum(axis=(-2, -1), keepdims=True)
    with np.errstate(invalid="ignore"):
        share = np.where(every > 0, gain / every, 0.0)
    share = np.where(share < _LEAST_WEIGHT, 0.0, share)
    left = share.sum(axis=(-2, -1), keepdims=True)
    with np.errstate(invalid="ignore"):
        weights: Array = np.where(left > 0, share / left, 0.0)
    return weights


def trust_after(relation: Relation, trust: Array, seen: Array, weights: Array) -> Array:
    """Return the trust of each party in each other after a review, ``(..., of, others)``.

    Args:
        relation: its answer and speeds.
        trust: before, same shape.
        seen: goodwill of the others, ``(..., others, levers)``; not a number where none shows.
        weights: of others and their levers, ``(..., of, others, levers)``.
    """
    shows = np.where(np.isnan(seen), 0.0, 1.0)[..., None, :, :]
    counted = weights * shows
    whole = counted.sum(axis=-1)
    met = (counted * np.nan_to_num(seen)[..., None, :, :]).sum(axis=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        kindness = np.where(whole > 0, met / whole, 0.0)
    change = relation.answer * kindness - trust
    speed = np.where(change > 0, relation.up, relation.down)
    return np.where(whole > 0, np.clip(trust + speed * change, 0.0, 1.0), trust)
