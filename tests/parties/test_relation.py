"""The shadow of the future, and trust that answers to what others do."""

from __future__ import annotations

import math

import numpy as np
import pytest

from simulator.parties.relation import Relation, held_up, in_mind
from simulator.parties.review import began, review, settled
from tests.parties.small import game_of, plan_of, relation_of, stakes_of

TEAM = {"name": "Pool", "measure": "total(completed)", "bands": [{"rate": "£1"}], "split": "equal"}


@pytest.mark.parametrize(("notice", "part"), [(0.05, 0.32), (0.1, 0.55), (0.2, 0.87), (0.3, 1.0)])
def test_what_is_noticed_more_is_held_up_more(notice: float, part: float) -> None:
    relation = relation_of(1, notice, discount=0.9914)
    assert held_up(relation, 20)[0] == pytest.approx(part, abs=0.005)


@pytest.mark.parametrize(
    ("renewal", "parts"),
    [(0.0, [0.93, 0.74, 0.45, 0.0]), (0.5, [1.0, 0.93, 0.84, 0.73])],
)
def test_the_end_of_the_term_unravels_as_much_as_renewal_lets_it(
    renewal: float, parts: list[float]
) -> None:
    relation = relation_of(1, 0.3, renewal=renewal)
    found = [float(held_up(relation, left)[0]) for left in (3, 2, 1, 0)]
    assert found == pytest.approx(parts, abs=0.011)


def test_an_endless_term_has_the_closed_form() -> None:
    for discount, notice in ((0.4, 1.0), (0.7, 0.3), (0.3, 0.5)):
        relation = Relation(np.array([notice]), discount, 0.0, 0.0, memory=math.inf)
        k = discount * notice / (1 - discount)
        assert held_up(relation, None)[0] == pytest.approx(min(1.0, 2 * k / (1 + k)))


def test_a_long_term_nears_the_endless_one() -> None:
    relation = Relation(np.array([0.3]), 0.8, 0.01, 0.5, memory=math.inf)
    assert held_up(relation, 400)[0] == pytest.approx(held_up(relation, None)[0], abs=1e-12)


def test_without_notice_nobody_goes_beyond_own_advantage() -> None:
    stakes = stakes_of(2, 1)
    game = game_of([TEAM], plan_of(2, 1), stakes, relation_of(1, 0.0))
    rest = settled(game, began(stakes, np.ones((3, 3))))
    np.testing.assert_array_equal(rest.taken, rest.own)


def test_trust_and_notice_lead_towards_what_is_best_for_all() -> None:
    stakes = stakes_of(2, 1)
    game = game_of([TEAM], plan_of(2, 1), stakes, relation_of(1, 1e9))
    for trust in (0.0, 0.25, 1.0):
        rest = settled(game, began(stakes, np.full((3, 3), trust)))
        assert rest.taken[1, 0] == pytest.approx(0.5 + trust * 0.5)


def test_who_does_not_return_goodwill_keeps_to_own_advantage() -> None:
    stakes = stakes_of(3, 1, reciprocity=np.array([0.0, 1.0, 1.0, 0.0]))
    game = game_of([TEAM], plan_of(3, 1), stakes, relation_of(1, 1e9))
    rest = settled(game, began(stakes, np.full((4, 4), 0.8)))
    assert rest.taken[3, 0] == pytest.approx(1 / 3)
    assert rest.taken[1, 0] > 0.5
    for _ in range(6):
        rest = review(game, rest, 20)
    assert rest.trust[1, 2] > rest.trust[1, 3], "trust tells the two apart"


def test_trust_does_not_move_where_nothing_of_others_matters() -> None:
    own = {"name": "Price", "measure": "completed", "bands": [{"rate": "£0.5"}]}
    stakes = stakes_of(2, 1)
    game = game_of([own], plan_of(2, 1), stakes, relation_of(1, 0.2))
    standing = settled(game, began(stakes, np.full((3, 3), 0.6)))
    after = review(game, standing, 8).trust
    np.testing.assert_array_equal(after[1:], standing.trust[1:])
    assert (after[0, 1:] < 0.6).all(), "but the payer gains by what the providers do"


def test_credit_reads_what_the_contract_brings_about_as_goodwill() -> None:
    """All keep to own advantage, above the norm: without credit that earns no trust."""
    stakes = stakes_of(2, 1)
    after = {}
    for credit in (0.0, 0.5):
        game = game_of([TEAM], plan_of(2, 1), stakes, relation_of(1, 0.0, credit=credit))
        standing = settled(game, began(stakes, np.full((3, 3), 0.2)))
        after[credit] = review(game, standing, 8).trust[1, 2]
    assert after[0.0] < 0.2 < after[0.5]


def test_weights_leave_out_what_hardly_matters() -> None:
    worth = np.zeros((3, 3, 1))
    worth[0, 1, 0], worth[0, 2, 0] = 1.0, 0.005
    worth[1, 0, 0] = -1.0
    weights = in_mind(worth)
    assert weights[0, :, 0].tolist() == [0.0, 1.0, 0.0]
    assert not weights[1].any()
    assert not weights[2].any()
