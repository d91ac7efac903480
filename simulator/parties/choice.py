"""Why a party does what it does: what one level more of a lever is worth to it, part by part."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from simulator.parties.conduct import Decided
from simulator.parties.relation import held_up

__all__ = ["Choice", "choices"]


@dataclass(frozen=True)
class Choice:
    """What a party decided about one lever at a review, in one future.

    Money is pounds over the months planned ahead, for one level more of the lever.

    Attributes:
        lever: its place among the levers.
        by_term: what each term of the contract would pay it, by name.
        own_cost: what it would spend, below nought a cost.
        mission: what it feels of the outcomes.
        risk: what the change of its risk weighs.
        solvency: what the change of its fear of running short weighs.
        notice: what the change of its chance of losing its part by notices weighs.
        effort: what private effort already weighs against more, where it stands.
        together: what all parties gain, outcomes counted at their worth.
        before: the level acted on before the review.
        own: the level it heads for by its own advantage, after the review.
        joint: the level that is best for all, after the review.
        carried: how far trust and the relationship carry it from the one to the other.
        after: the level acted on.
    """

    lever: int
    by_term: Mapping[str, float]
    own_cost: float
    mission: float
    risk: float
    solvency: float
    notice: float
    effort: float
    together: float
    before: float
    own: float
    joint: float
    carried: float
    after: float

    @property
    def money(self) -> float:
        """What one level more leaves it with in money."""
        return sum(self.by_term.values()) + self.own_cost

    @property
    def effective_share(self) -> float | None:
        """Its share of what all parties gain by one level more; None where they gain nothing."""
        return self.money / self.together if self.together > 0 else None


def choices(decided: Decided, party: int, future: int = 0) -> list[Choice]:
    """Return why a party decided as it did, for each lever it can move.

    Args:
        decided: the review.
        party: its place, the commissioners first.
        future: its place among those side by side.
    """
    game, before, after = decided.game, decided.before, decided.after
    stakes = game.stakes
    found = game.incentives(before.own)
    parts = found.by_part
    movers, levers = stakes.moves
    effort = stakes.effort[party] @ (before.own[future, party] - stakes.norm[party])
    aversion = stakes.risk_aversion[party]
    holds = held_up(game.relation, decided.reviews_left)
    names = [term.name for term in game.agreement.terms]
    result = []
    for move in np.flatnonzero(movers == party).tolist():
        lever = int(levers[move])
        own, joint = (float(each[future, party, lever]) for each in (after.own, after.joint))
        taken = float(after.taken[future, party, lever])
        carried = (taken - own) / (joint - own) if abs(joint - own) > 1e-9 else holds[lever]
        paid = parts.payments[future, move, :, party]
        result.append(
            Choice(
                lever=lever,
                by_term={
                    name: float(amount) for name, amount in zip(names, paid, strict=True) if amount
                },
                own_cost=-float(parts.costs[future, move, party]),
                mission=float(stakes.value * stakes.mission[party] * parts.outcomes[future, move]),
                risk=-float(0.5 * aversion * parts.variance[future, move, party]),
                solvency=-float(stakes.fear[party] * parts.shortfall[future, move, party]),
                notice=-float(parts.notice[future, move, party]),
                effort=-float(effort[lever]),
                together=float(found.joint[future, party, lever]),
                before=float(before.taken[future, party, lever]),
                own=own,
                joint=joint,
                carried=float(carried),
                after=taken,
            )
        )
    return result
