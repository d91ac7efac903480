"""A review: each standpoint goes a step from its own profile, by what is at stake there."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from simulator.contract.statement import Array
from simulator.parties import relation as trusting
from simulator.parties.conduct import Parties
from simulator.parties.response import response
from simulator.parties.review import Game, Standing, _weights, began, review
from simulator.parties.scenario_stakes import pace_of, relation_of
from simulator.study.files import load
from tests.conftest import ROOT
from tests.parties.test_service_plan import facing


@pytest.mark.parametrize("compiled", [True, False])
def test_a_review_is_what_two_looks_come_to(compiled: bool) -> None:
    """One from own advantage, with its fear of notices; one from what is best for all."""
    scenario = load(ROOT / "scenarios" / "staying-well.yaml")
    agreement = scenario.agreements()["unit_price"]
    plan, stakes = facing(Parties(scenario, compiled), agreement, (3,))
    relation, pace = relation_of(scenario, agreement), pace_of(scenario)
    game = Game(plan, agreement, stakes, relation, pace)
    random = np.random.default_rng(9)
    own, joint, taken = (
        random.uniform(0.1, 0.6, (3, *stakes.low.shape)) * stakes.can_move for _ in range(3)
    )
    trust = np.full((3, len(own[0]), len(own[0])), 0.4)
    before = replace(began(stakes, trust), own=own, joint=joint, taken=taken)
    after = review(game, before, 5)

    at_own = game.incentives(own)
    fearless = replace(game, stakes=replace(stakes, at_stake=np.zeros(1)))
    at_joint = fearless.incentives(joint)
    expected = response(stakes, own, at_own.own, at_own.own_bend, pace)
    np.testing.assert_array_equal(after.own, expected)
    without = fearless.incentives(own)
    unafraid = response(stakes, own, without.own, without.own_bend, pace)
    assert np.abs(unafraid - expected).max() > 1e-4
    expected = response(stakes, joint, at_joint.joint, at_joint.joint_bend, pace)
    np.testing.assert_array_equal(after.joint, expected)
    assert _trust(game, at_own.worth, before) == pytest.approx(after.trust, rel=1e-12)
    assert _trust(game, at_joint.worth, before) != pytest.approx(after.trust, rel=1e-6)


def _trust(game: Game, worth: Array, before: Standing) -> Array:
    """Return the trust after a review at which moves are worth so much to each party."""
    weights = _weights(game.stakes, worth, before)
    seen = trusting.goodwill(
        game.relation, before.taken, before.own, before.joint, game.stakes.norm
    )
    return trusting.trust_after(game.relation, before.trust, seen, weights)
