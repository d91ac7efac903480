"""The parts of a choice add up to what a party goes by."""

from __future__ import annotations

import numpy as np
import pytest

from simulator.parties.choice import choices
from simulator.parties.conduct import Decided
from simulator.parties.review import Standing, began, review
from tests.parties.small import COLUMNS, game_of, plan_of, relation_of, stakes_of

PRICE = {
    "name": "Price",
    "measure": "completed",
    "bands": [{"rate": "£0.5"}],
    "assessed": "year",
}
BONUS = {
    "name": "Bonus",
    "measure": "total(good_outcomes)",
    "bands": [{"rate": "£0.5"}],
    "split": "equal",
    "assessed": "year",
}


def decided(notice: float = 0.3, trust: float = 0.5) -> Decided:
    stakes = stakes_of(
        2, 2, 1.2, mission=np.array([1.0, 0.1, 0.2]), risk_aversion=np.array([0.0, 0.2, 0.1])
    )
    game = game_of([PRICE, BONUS], plan_of(2, 2, 0.5), stakes, relation_of(2, notice))
    start = began(stakes, trust * (1 - np.eye(3)))
    before = Standing(*(np.asarray(each)[None] for each in vars(start).values()))
    return Decided(game, before, review(game, before, 5), 5)


def test_the_parts_add_up_to_the_slope_it_follows() -> None:
    found = decided()
    slope = found.game.incentives(found.before.own).own
    for party in (1, 2):
        for choice in choices(found, party):
            parts = choice.money + choice.mission + choice.risk + choice.solvency
            assert parts == pytest.approx(float(slope[0, party, choice.lever]), abs=1e-9)


def test_the_effective_share_is_what_it_keeps_of_what_all_gain() -> None:
    quality = choices(decided(), 1)[COLUMNS.index("good_outcomes")]
    assert quality.by_term == pytest.approx({"Bonus": 0.25}), "half of the pool"
    assert quality.together == pytest.approx(1.2)
    assert quality.effective_share == pytest.approx(0.25 / 1.2)


def test_trust_carries_it_from_its_own_best_to_the_best_for_all() -> None:
    for trust in (0.0, 0.5, 1.0):
        found = decided(trust=trust)
        for choice in choices(found, 2):
            between = choice.own + choice.carried * (choice.joint - choice.own)
            assert choice.after == pytest.approx(between)
            assert (choice.carried > 0) == (trust > 0)
