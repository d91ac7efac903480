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
        here: the appraisal of the profile itself.
        by_part: the slope of each part of an appraisal, for each move; of ``payments`` the shape is
            ``(..., moves, terms, parties)``.
        own: slope of the utility of the party whose lever it is, ``(..., parties, levers)``.
        own_bend: its second difference; nought at a bound, where the slope is one-sided.
        joint: slope of what all parties together gain, same shape.
        joint_bend: its second difference.
        worth: slope of each party's utility, ``(..., moves, parties)``.
    """

    here: Appraisal
    by_part: Appraisal
    own: Array
    own_bend: Array
    joint: Array
    joint_bend: Array
    worth: Array


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
    move = np.arange(count)
    # at a bound there is nothing to try on its other side
    every = tuple(range(here.ndim - 1))
    ups, downs = (np.flatnonzero((each > 0).any(axis=every)) for each in (up, down))
    profiles = np.repeat(profile[..., None, :, :], 1 + len(ups) + len(downs), axis=-3)
    row = np.zeros(1 + 2 * count, dtype=np.intp)
    row[1 + ups] = 1 + np.arange(len(ups))
    row[1 + count + downs] = 1 + len(ups) + np.arange(len(downs))
    profiles[..., row[1 + ups], party[ups], lever[ups]] += up[..., ups]
    profiles[..., row[1 + count + downs], party[downs], lever[downs]] -= down[..., downs]
    found = appraise(plan(profiles), agreement, stakes).of_profiles(row)
    utility, joint = found.utility(stakes), found.joint(stakes)

    def slope(values: Array, axes: int) -> Array:
        """Return differences of a part whose moves stand before some more axes."""
        rows = np.moveaxis(values, values.ndim - axes - 1, 0)
        above, below = (np.moveaxis(each, 0, -1 - axes) for each in np.split(rows[1:], 2))
        width = (up + down).reshape(*up.shape, *(1,) * axes)
        with np.errstate(invalid="ignore"):
            found: Array = np.where(width > 0, (above - below) / width, 0.0)
        return found

    def bend(above: Array, level: Array, below: Array) -> Array:
        both = (up > 0) & (down > 0)
        found: Array = np.where(both, (above - 2 * level + below) / step**2, 0.0)
        return found

    def placed(values: Array) -> Array:
        """Return values of moves at their parties and levers."""
        table = np.zeros((*values.shape[:-1], *stakes.low.shape))
        table[..., party, lever] = values
        return table

    worth = slope(utility, 1)
    mine = utility[..., party]  # (..., profiles, moves): of the party that moves
    own_bend = bend(mine[..., 1 + move, move], mine[..., 0, :], mine[..., 1 + count + move, move])
    joint_bend = bend(joint[..., 1 : 1 + count], joint[..., :1], joint[..., 1 + count :])
    return Incentives(
        here=Appraisal(
            found.payments[..., 0, :, :],
            found.costs[..., 0, :],
            found.outcomes[..., 0],
            found.variance[..., 0, :],
            found.shortfall[..., 0, :],
            found.notice[..., 0, :],
        ),
        by_part=Appraisal(
            slope(found.payments, 2),
            slope(found.costs, 1),
            slope(found.outcomes, 0),
            slope(found.variance, 1),
            slope(found.shortfall, 1),
            slope(found.notice, 1),
        ),
        own=placed(worth[..., move, party]),
        own_bend=placed(own_bend),
        joint=placed(slope(joint, 0)),
        joint_bend=placed(joint_bend),
        worth=worth,
    )
