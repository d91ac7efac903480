"""Marginal incentives: what a little more of each lever is worth to each party, by differences.

All changed profiles go through the plan and the contract's settlement in one array call.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from simulator.contract.agreement import Agreement
from simulator.contract.statement import Array
from simulator.parties.appraisal import Appraisal, appraise
from simulator.parties.outlook import Plan
from simulator.parties.stakes import Stakes

__all__ = ["Incentives", "incentives"]


@dataclass(frozen=True)
class Incentives:
    """What a little more of each lever that can be moved changes, around a profile.

    Slopes stand where a table of parties and levers has the lever: ``(..., parties, levers)``.

    Attributes:
        tried: the appraisal of the profile itself, then of all moves that anybody can make.
        row: which of these is the profile, then each move up, then each move down; of a move that
            nobody can make the profile itself, ``(1 + 2 moves,)``.
        up: how far each move goes up, ``(..., moves)``; nought at a bound.
        down: how far down.
        stakes: what the parties care about.
    """

    tried: Appraisal
    row: npt.NDArray[np.intp]
    up: Array
    down: Array
    stakes: Stakes

    @property
    def here(self) -> Appraisal:
        """The appraisal of the profile itself."""
        return self.tried.each(lambda part, axes: np.take(part, 0, axis=-1 - axes))

    @property
    def by_part(self) -> Appraisal:
        """The slope of each part of an appraisal, for each move.

        Of ``payments`` the shape is ``(..., moves, terms, parties)``.
        """
        every = self.tried.each(lambda part, axes: np.take(part, self.row, axis=-1 - axes))
        return every.each(lambda part, axes: _slope(part, self.up, self.down, axes))

    @cached_property
    def worth(self) -> Array:
        """Slope of each party's utility, ``(..., moves, parties)``."""
        utility, _ = self._worth
        return _slope(utility, self.up, self.down, 1)

    @cached_property
    def own(self) -> Array:
        """Slope of the utility of the party whose lever it is."""
        party, _ = self.stakes.moves
        return self._placed(self.worth[..., np.arange(len(party)), party])

    @cached_property
    def own_bend(self) -> Array:
        """Its second difference; nought at a bound, where the slope is one-sided."""
        utility, _ = self._worth
        party, _ = self.stakes.moves
        move = np.arange(len(party))
        mine = utility[..., party]  # (..., profiles, moves): of the party that moves
        above, below = mine[..., 1 + move, move], mine[..., 1 + len(move) + move, move]
        return self._bend(above, mine[..., 0, :], below)

    @cached_property
    def joint(self) -> Array:
        """Slope of what all parties together gain."""
        _, joint = self._worth
        return self._placed(_slope(joint, self.up, self.down, 0))

    @cached_property
    def joint_bend(self) -> Array:
        """Its second difference."""
        _, joint = self._worth
        moves = self.up.shape[-1]
        return self._bend(joint[..., 1 : 1 + moves], joint[..., :1], joint[..., 1 + moves :])

    @cached_property
    def _worth(self) -> tuple[Array, Array]:
        utility, joint = self.tried.worth(self.stakes)
        return utility[..., self.row, :], joint[..., self.row]

    def _bend(self, above: Array, level: Array, below: Array) -> Array:
        both = (self.up > 0) & (self.down > 0)  # then they are alike
        step = np.where(both, self.up, 1.0)
        return self._placed(np.where(both, (above - 2 * level + below) / step**2, 0.0))

    def _placed(self, values: Array) -> Array:
        """Return values of moves at their parties and levers."""
        table = np.zeros((*values.shape[:-1], *self.stakes.low.shape))
        table[..., *self.stakes.moves] = values
        return table


def incentives(
    plan: Plan, agreement: Agreement, stakes: Stakes, profile: Array, step: float
) -> Incentives:
    """Return the marginal incentives at a profile of levers.

    Args:
        plan: what the levers are expected to lead to.
        agreement: the contract.
        stakes: what the parties care about.
        profile: levels, ``(..., parties, levers)``.
        step: of the differences; at a bound they are one-sided.
    """
    party, lever = stakes.moves
    count = len(party)
    here = profile[..., party, lever]
    up = np.where(here + step <= stakes.high[party, lever], step, 0.0)
    down = np.where(here - step >= stakes.low[party, lever], step, 0.0)
    # at a bound there is nothing to try on its other side
    every = tuple(range(here.ndim - 1))
    ups, downs = (np.flatnonzero((each > 0).any(axis=every)) for each in (up, down))
    profiles = np.repeat(profile[..., None, :, :], 1 + len(ups) + len(downs), axis=-3)
    row = np.zeros(1 + 2 * count, dtype=np.intp)
    row[1 + ups] = 1 + np.arange(len(ups))
    row[1 + count + downs] = 1 + len(ups) + np.arange(len(downs))
    profiles[..., row[1 + ups], party[ups], lever[ups]] += up[..., ups]
    profiles[..., row[1 + count + downs], party[downs], lever[downs]] -= down[..., downs]
    return Incentives(appraise(plan(profiles), agreement, stakes), row, up, down, stakes)


def _slope(values: Array, up: Array, down: Array, axes: int) -> Array:
    """Return differences of what profiles come to, as they are tried, before some more axes."""
    moves, after = up.shape[-1], (slice(None),) * axes
    ups: tuple[Any, ...] = (..., slice(1, 1 + moves), *after)
    downs: tuple[Any, ...] = (..., slice(1 + moves, None), *after)
    above, below = values[ups], values[downs]
    width = (up + down).reshape(*up.shape, *(1,) * axes)
    with np.errstate(invalid="ignore"):
        found: Array = np.where(width > 0, (above - below) / width, 0.0)
    return found
