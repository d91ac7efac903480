"""What the parties care about: money, risk, mission, solvency and the effort it takes."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt

from simulator.contract.statement import Array

__all__ = ["Stakes"]


@dataclass(frozen=True)
class Stakes:
    """What the parties care about. The first axis has the commissioners, then the providers.

    Attributes:
        value: what one more good outcome is worth to the system, pounds.
        mission: share of that value that each party feels as its own, ``(parties,)``.
        risk_aversion: per pound: one over the risk tolerance, ``(parties,)``.
        reserves: free reserves, pounds, ``(..., parties)``; leading axes are futures.
        floor: what of them a party wants to keep, pounds, ``(parties,)``.
        fear: pounds that a pound below the floor weighs beyond itself, ``(parties,)``.
        effort: private cost of levers away from the norm, pounds: ``1/2 (a - norm)' G (a - norm)``,
            shape ``(parties, levers, levers)``.
        norm: the level each party keeps to without any incentive, ``(parties, levers)``.
        reciprocity: 1 for who returns goodwill, 0 for who does not, ``(parties,)``.
        low: lowest level, ``(parties, levers)``; as high as the highest where a party cannot move.
        high: highest level, ``(parties, levers)``.
        at_stake: what the end of its part in the contract would take from a party, times the chance
            that the notices it takes lead to that, pounds, ``(..., parties)``.
        breaches_left: quarters in breach that it takes from here, ``(..., parties)``.
    """

    value: float
    mission: Array
    risk_aversion: Array
    reserves: Array
    floor: Array
    fear: Array
    effort: Array
    norm: Array
    reciprocity: Array
    low: Array
    high: Array
    at_stake: Array = field(default_factory=lambda: np.zeros(1))
    breaches_left: Array = field(default_factory=lambda: np.ones(1))

    @cached_property
    def moves(self) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
        """The levers that can be moved: their parties and their places."""
        party, lever = np.nonzero(self.low < self.high)
        return party, lever

    @cached_property
    def can_move(self) -> npt.NDArray[np.bool_]:
        """Whether each party can move each lever."""
        return self.low < self.high

    def private_cost(self, profiles: Array) -> Array:
        """Return each party's private cost of its levers, shape ``(profiles..., parties)``."""
        away = profiles - self.norm
        cost: Array = 0.5 * np.einsum("...pl,plm,...pm->...p", away, self.effort, away)
        return cost
