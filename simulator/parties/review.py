"""A review: each party looks at what others did, at what pays, and decides anew."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from simulator.contract.agreement import Agreement
from simulator.contract.statement import Array
from simulator.parties.incentives import Incentives, incentives
from simulator.parties.outlook import Plan
from simulator.parties.policies import Manner
from simulator.parties.relation import Relation, goodwill, held_up, in_mind, trust_after
from simulator.parties.response import Pace, response
from simulator.parties.stakes import Stakes

__all__ = ["Game", "Standing", "began", "review", "settled"]


@dataclass(frozen=True)
class Game:
    """What the parties face: a plan, a contract, their stakes and their relationship.

    Attributes:
        plan: what levers are expected to lead to.
        agreement: the contract.
        stakes: what the parties care about.
        relation: what makes them hold to what is best for all.
        pace: how fast they move.
        manners: how far each party goes towards what is best for all; none named is by trust.
    """

    plan: Plan
    agreement: Agreement
    stakes: Stakes
    relation: Relation
    pace: Pace
    manners: tuple[Manner, ...] = ()

    def incentives(self, profile: Array) -> Incentives:
        """Return the marginal incentives at a profile."""
        return incentives(self.plan, self.agreement, self.stakes, profile, self.pace.step)


@dataclass(frozen=True)
class Standing:
    """Where the parties stand; leading axes are futures, all that plan and stakes have.

    Attributes:
        own: levels of each one's own advantage, ``(..., parties, levers)``.
        joint: levels that are best for all.
        taken: levels that are acted on.
        trust: of each party in each other, ``(..., of, others)``; nought in itself.
    """

    own: Array
    joint: Array
    taken: Array
    trust: Array


def began(stakes: Stakes, trust: Array) -> Standing:
    """Return where parties stand before the first review: at the norm, with some trust."""
    return Standing(stakes.norm, stakes.norm, stakes.norm, trust)


def review(game: Game, standing: Standing, reviews_left: int | None) -> Standing:
    """Return where the parties stand after a review.

    Args:
        game: what they face.
        standing: before.
        reviews_left: reviews that follow in the term; none means that it never ends.
    """
    stakes, relation = game.stakes, game.relation
    after, worth = _step(game, standing)
    weights = _weights(stakes, worth, standing)
    seen = goodwill(relation, standing.taken, standing.own, standing.joint, stakes.norm)
    trust = trust_after(relation, standing.trust, seen, weights)
    after = _taken(replace(after, trust=trust), weights, game, reviews_left)
    return _in_other_manners(after, standing, seen, game)


def _step(game: Game, standing: Standing) -> tuple[Standing, Array]:
    """Return own advantage and what is best for all a step on, each from its own profile.

    With them comes what moves are worth to each party, ``(..., moves, parties)``, at the profile of
    own advantage before the step.
    """
    # both are thought through at once: much of that takes as long for one as for two
    profiles = np.stack([standing.own, standing.joint])
    alike = np.array_equal(standing.own, standing.joint)  # as they are before the first review
    tried = profiles[:1] if alike else profiles
    # nothing of a party's fear of notices enters what all gain: it need not be worked out
    afraid = np.arange(len(tried)).reshape(-1, *(1,) * (tried.ndim - 2)) == 0
    stakes = replace(game.stakes, at_stake=game.stakes.at_stake * afraid)
    found = replace(game, stakes=stakes).incentives(tried)
    slope = np.stack([found.own[0], found.joint[-1]])
    bend = np.stack([found.own_bend[0], found.joint_bend[-1]])
    own, joint = response(stakes, profiles, slope, bend, game.pace)
    return replace(standing, own=own, joint=joint), found.worth[0]


def _taken(standing: Standing, weights: Array, game: Game, reviews_left: int | None) -> Standing:
    """Return the levels that are acted on: as far towards what is best for all as trust carries."""
    trusting = game.stakes.reciprocity * _trusting(standing.trust, weights.sum(axis=-1))
    carried = trusting[..., None] * held_up(game.relation, reviews_left)
    taken = standing.own + carried * (standing.joint - standing.own)
    return replace(standing, taken=taken)


def _in_other_manners(after: Standing, before: Standing, seen: Array, game: Game) -> Standing:
    """Return what is done, with the parties that go by something else than trust.

    Args:
        after: the review, as if all went by trust.
        before: it.
        seen: goodwill of each party by lever before the review; not a number where none shows.
        game: what the parties face.
    """
    taken = after.taken
    for place, manner in enumerate(game.manners):
        if manner == "by trust":
            continue
        own, joint = after.own[..., place, :], after.joint[..., place, :]
        if manner == "never":
            done = own
        elif manner == "always":
            done = joint
        elif manner == "in kind":
            kind = _last_goodwill(np.delete(seen, place, axis=-2))
            done = own + kind[..., None] * (joint - own)
        else:
            done = _done_by_others(game.stakes, before.taken, place)
        taken = taken.copy()
        taken[..., place, :] = done
    return replace(after, taken=taken)


def _last_goodwill(seen: Array) -> Array:
    """Return the mean goodwill of some parties; all of it where none shows."""
    shows = ~np.isnan(seen)
    count = shows.sum(axis=(-2, -1))
    total = np.where(shows, seen, 0.0).sum(axis=(-2, -1))
    kind: Array = np.where(count > 0, total / np.maximum(count, 1), 1.0)
    return kind


def _done_by_others(stakes: Stakes, taken: Array, place: int) -> Array:
    """Return the mean level of the others who can move each lever, within a party's bounds."""
    others = stakes.can_move.copy()
    others[place] = False
    count = others.sum(axis=0)
    mean = np.where(others, taken, 0.0).sum(axis=-2) / np.maximum(count, 1)
    copied = np.where(count > 0, mean, taken[..., place, :])
    done: Array = np.clip(copied, stakes.low[place], stakes.high[place])
    return done


def _trusting(trust: Array, weights: Array) -> Array:
    """Return each party's trust in the others together; alike in all where none is in its mind."""
    others = np.broadcast_to(1.0 - np.eye(trust.shape[-1]), weights.shape)
    counted = np.where(weights.sum(axis=-1, keepdims=True) > 0, weights, others)
    together: Array = (counted * trust).sum(axis=-1) / counted.sum(axis=-1)
    return together


def _weights(stakes: Stakes, worth: Array, standing: Standing) -> Array:
    """Return how each party weighs others and their levers, ``(..., of, others, levers)``.

    Args:
        stakes: what the parties care about.
        worth: of a move to each party, ``(..., moves, parties)``.
        standing: where they stand.
    """
    party, lever = stakes.moves
    parties, levers = stakes.low.shape
    moved = (standing.joint - standing.own)[..., party, lever]
    gain = np.zeros((*standing.own.shape[:-2], parties, parties, levers))
    gain[..., :, party, lever] = np.moveaxis(worth * moved[..., None], -1, -2)
    gain[..., np.arange(parties), np.arange(parties), :] = 0.0
    return in_mind(gain)


def settled(game: Game, standing: Standing, reviews: int = 60, near: float = 1e-12) -> Standing:
    """Return where own advantage and what is best for all come to rest, with trust as it is.

    Args:
        game: what the parties face.
        standing: where they begin.
        reviews: after so many it stops, at rest or not.
        near: a review that moves no lever further is rest.
    """
    for _ in range(reviews):
        before, (standing, _) = standing, _step(game, standing)
        moved = np.abs([standing.own - before.own, standing.joint - before.joint]).max()
        if moved <= near:
            break
    weights = _weights(game.stakes, game.incentives(standing.own).worth, standing)
    return _taken(standing, weights, game, None)
