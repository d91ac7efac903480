"""The levers a party can move, as data, and how chances follow from their levels.

A level of 0 is observed practice, +1 the best a named peer achieves; effects are linear in the
log or the logit, so that half a level is half the way. With ``behaviour: none`` every lever stays
at the norm of 0; a scenario may give a provider another standing quality of casework.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from simulator.contract.contract import LeverName
from simulator.contract.statement import Array

__all__ = [
    "LEVERS",
    "PLACE",
    "Lever",
    "Practice",
    "Side",
    "at_norm",
    "hardness",
    "level_of",
    "moved_chance",
    "reach_of",
    "shifted",
    "turned_away",
]


Side = Literal["providers", "commissioners"]
"""Who decides about a lever."""


@dataclass(frozen=True)
class Lever:
    """One thing a party decides about.

    Attributes:
        name: identifier.
        title: what to call it in results.
        moves: what a higher level does, and where in the model it acts.
        low: lowest level allowed.
        high: highest level allowed.
        by: who decides about it; of several commissioners the first, who leads.
    """

    name: LeverName
    title: str
    moves: str
    low: float = -2.0
    high: float = 2.0
    by: Side = "providers"


LEVERS: tuple[Lever, ...] = (
    Lever(
        "quality",
        "quality of casework",
        "raises the chance that a stay ends well, and lasts",
    ),
    Lever("hand_over", "care over hand-overs", "raises the success of hand-overs"),
    Lever("cost", "cost control", "lowers what work costs"),
    Lever(
        "prevention",
        "prevention",
        "lowers referrals from outside, after a lag",
    ),
    Lever("selection", "case selection", "turns people away by need before they start", 0.0),
    Lever("staffing", "staffing", "changes the caseworkers in post"),
    Lever("padding", "padding of claims", "raises claimed cost above the true cost", 0.0),
    Lever(
        "enforcement",
        "enforcement",
        "raises the chance that deductions are taken and notices given",
        by="commissioners",
    ),
    Lever("audit", "audit", "finds padded claims", 0.0, by="commissioners"),
)
"""Every lever of the model."""

PLACE = {lever.name: place for place, lever in enumerate(LEVERS)}
"""Where each lever stands on the last axis of a profile."""


@dataclass(frozen=True)
class Practice:
    """The standing levels of one provider's levers that act in the engine; selection has none."""

    quality: float = 0.0
    handover: float = 0.0


def at_norm(qualities: Iterable[float]) -> tuple[Practice, ...]:
    """Return the practice of each provider at the professional norm.

    Args:
        qualities: each provider's standing quality of casework.
    """
    return tuple(Practice(quality=float(quality)) for quality in qualities)


def level_of(profiles: Array, lever: LeverName) -> Array:
    """Return the levels of one lever, without the last axis of profiles."""
    return profiles[..., PLACE[lever]]


def moved_chance(observed: float, best: float | None, level: float) -> float:
    """Return a chance at a level of practice: linear in the log-odds between observed and best.

    Without a known best practice, and for chances of 0 and 1, the level has no effect.
    """
    reach = reach_of(observed, best)
    if reach == 0.0 or level == 0.0:
        return observed
    return 1 / (1 + math.exp(-(math.log(observed / (1 - observed)) + level * reach)))


def reach_of(observed: float, best: float | None) -> float:
    """Return the log-odds between a chance as observed and at best practice.

    Nought without a known best practice, and where a chance is 0 or 1.
    """
    if best is None or observed in (0.0, 1.0) or best in (0.0, 1.0):
        return 0.0
    return math.log(best / (1 - best)) - math.log(observed / (1 - observed))


def hardness(chances: Sequence[float]) -> tuple[float, ...]:
    """Return how hard each group of need is to help: 1 for the hardest, 0 for the easiest.

    In between it is linear in the log-odds of a good outcome. Where all are equal, all are 0.

    Args:
        chances: of a good outcome, one for each group.
    """
    lowest, highest = min(chances), max(chances)
    if lowest == highest:
        return (0.0,) * len(chances)
    ends = {highest: 0.0, lowest: 1.0}
    whole = reach_of(lowest, highest)
    # a chance of 0% or 100% lies infinitely far from those between, which then stand together
    together = 0.5 * ((highest == 1.0) + (lowest > 0.0))
    return tuple(
        ends[chance] if chance in ends else reach_of(chance, highest) / whole if whole else together
        for chance in chances
    )


def turned_away(screened: Array, level: Array) -> Array:
    """Return the chance of being turned away at a level of selection; nought at the norm and below.

    Args:
        screened: the chance at level +1.
        level: of selection; shapes that broadcast.
    """
    return np.minimum(1.0, np.maximum(0.0, level) * screened)


def shifted(chance: Array, log_odds: Array) -> Array:
    """Return chances moved by log-odds; those that are not moved stay as they are, to the bit."""
    with np.errstate(divide="ignore", over="ignore"):  # no chance has infinite odds against it
        moved = 1.0 / (1.0 + (1.0 - chance) / chance * np.exp(-log_odds))
    return np.where(log_odds == 0.0, chance, moved)
