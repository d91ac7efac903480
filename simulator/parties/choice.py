"""Why a party does what it does: what one level more of a lever is worth to it, part by part."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from simulator.contract.statement import Array
from simulator.parties.conduct import Decided
from simulator.parties.policies import Manner
from simulator.parties.relation import held_up
from simulator.parties.review import Standing

__all__ = ["Choice", "choices"]

_MOST_SHARE = 5.0
"""Beyond 500% of the joint gain, either way, a share tells only that this gain is near nought."""
_NO_WAY = 1e-9
"""Levels no further from each other are the same."""


@dataclass(frozen=True)
class Choice:
    """What a party decided about one lever at a review, in one future.

    Money is pounds over the months planned ahead, for one level more of the lever.

    Attributes:
        lever: its place among the levers.
        months: how many are planned ahead.
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
        carried: how far it goes from the one to the other; by trust it is ``trust * holds``.
        after: the level acted on.
        manner: by what it goes from the one to the other.
        trust: its trust in the others together, 0 to 1; nought where it does not reciprocate.
        holds: how far the relationship would hold it to its word at full trust.
    """

    lever: int
    months: int
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
    manner: Manner = "by trust"
    trust: float = 0.0
    holds: float = 0.0

    @property
    def money(self) -> float:
        """What one level more leaves it with in money."""
        return sum(self.by_term.values()) + self.own_cost

    @property
    def effective_share(self) -> float | None:
        """Its share of what all parties gain by one level more.

        None where they gain nothing, or so little that the share would say nothing.
        """
        if self.together <= 0 or abs(self.money) > _MOST_SHARE * self.together:
            return None
        return self.money / self.together


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
    manner = game.manners[party] if game.manners else "by trust"
    trust = _trust(after, party, future, float(stakes.reciprocity[party]), holds)
    names = [term.name for term in game.agreement.terms]
    result = []
    for move in np.flatnonzero(movers == party).tolist():
        lever = int(levers[move])
        own, joint = (float(each[future, party, lever]) for each in (after.own, after.joint))
        taken = float(after.taken[future, party, lever])
        carried = (
            (taken - own) / (joint - own) if abs(joint - own) > _NO_WAY else trust * holds[lever]
        )
        paid = parts.payments[future, move, :, party]
        result.append(
            Choice(
                lever=lever,
                months=decided.months,
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
                manner=manner,
                trust=trust,
                holds=float(holds[lever]),
            )
        )
    return result


def _trust(after: Standing, party: int, future: int, reciprocity: float, holds: Array) -> float:
    """Return a party's trust in the others together, as the levels that it acts on show it.

    It is the same for all levers, so the one on which it shows most tells it. Where none shows it,
    it is the mean of its trust in each of the others.

    Args:
        after: the review.
        party: its place.
        future: its place among those side by side.
        reciprocity: how far it answers to trust at all.
        holds: how far the relationship holds it to its word, by lever.
    """
    own, joint, taken = (each[future, party] for each in (after.own, after.joint, after.taken))
    way = (joint - own) * holds
    lever = int(np.abs(way).argmax())
    if abs(way[lever]) > _NO_WAY:
        return float(np.clip((taken - own)[lever] / way[lever], 0.0, 1.0))
    return float(reciprocity * np.delete(after.trust[future, party], party).mean())
