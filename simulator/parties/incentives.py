"""Marginal incentives: what a little more of each lever is worth to each party, by differences.

All changed profiles go through the plan and the contract's settlement in one array call.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simulator.contract.agreement import Agreement
from simulator.contract.statement import Array
from simulator.parties.appraisal import Appraisal, appraise
from simulator.parties.outlook import Plan
from simulator.parties.stakes import Stakes

__all__ = ["Incentives", "incentives"]


@dataclass(frozen=True)
class Incentives:
    """What a little more of each lever that can be moved changes, around a profile.

    Attributes:
        tried: the appraisal of the profile itself, then of each move up, then of each down.
        up: how far each move goes up, ``(..., moves)``; nought at a bound.
        down: how far down.
        own: slope of the utility of the party whose lever it is, ``(..., parties, levers)``.
        own_bend: its second difference; nought at a bound, where the slope is one-sided.
        joint: slope of what all parties together gain, same shape.
        joint_bend: its second difference.
        worth: slope of each party's utility, ``(..., moves, parties)``.
    """

    tried: Appraisal
    up: Array
    down: Array
    own: Array
    own_bend: Array
    joint: Array
    joint_bend: Array
    worth: Array

    @property
    def here(self) -> Appraisal:
        """The appraisal of the profile itself."""
        return self.tried.each(lambda part, axes: np.take(part, 0, axis=-1 - axes))

    @property
    def by_part(self) -> Appraisal:
        """The slope of each part of an appraisal, for each move.

        Of ``payments`` the shape is ``(..., moves, terms, parties)``.
        """
        return self.tried.each(lambda part, axes: _slope(part, self.up, self.down, axes))


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
    found = appraise(plan(profiles), agreement, stakes)
    tried = found.each(lambda part, axes: np.take(part, row, axis=-1 - axes))
    utility, joint = tried.worth(stakes)

    def bend(above: Array, level: Array, below: Array) -> Array:
        both = (up > 0) & (down > 0)
        found: Array = np.where(both, (above - 2 * level + below) / step**2, 0.0)
        return found

    def placed(values: Array) -> Array:
        """Return values of moves at their parties and levers."""
        table = np.zeros((*values.shape[:-1], *stakes.low.shape))
        table[..., party, lever] = values
        return table

    worth = _slope(utility, up, down, 1)
    move = np.arange(count)
    mine = utility[..., party]  # (..., profiles, moves): of the party that moves
    own_bend = bend(mine[..., 1 + move, move], mine[..., 0, :], mine[..., 1 + count + move, move])
    joint_bend = bend(joint[..., 1 : 1 + count], joint[..., :1], joint[..., 1 + count :])
    return Incentives(
        tried=tried,
        up=up,
        down=down,
        own=placed(worth[..., move, party]),
        own_bend=placed(own_bend),
        joint=placed(_slope(joint, up, down, 0)),
        joint_bend=placed(joint_bend),
        worth=worth,
    )


def _slope(values: Array, up: Array, down: Array, axes: int) -> Array:
    """Return differences of what profiles come to, as they are tried, before some more axes."""
    rows = np.moveaxis(values, values.ndim - axes - 1, 0)
    above, below = (np.moveaxis(each, 0, -1 - axes) for each in np.split(rows[1:], 2))
    width = (up + down).reshape(*up.shape, *(1,) * axes)
    with np.errstate(invalid="ignore"):
        found: Array = np.where(width > 0, (above - below) / width, 0.0)
    return found
