"""Incentives follow from what the contract pays, whatever it is called."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from simulator.parties.response import Pace, cross_response, is_stable
from simulator.parties.review import began, review, settled
from simulator.parties.uncertainty import normal_nodes
from tests.conftest import FULL
from tests.parties.small import game_of, plan_of, relation_of, stakes_of

SHARE = {
    "name": "Share",
    "measure": "completed",
    "bands": [{"up_to": 0, "rate": "£0.30"}, {"rate": "£0.50"}],
    "at_least": "-£0.45",
    "at_most": "£0.50",
}
"""Half of a saving, counted up to 1; 30% of an overspend, counted down to -1.5."""


@pytest.mark.parametrize(("count", "dimensions"), [(2, 1), (64, 1), (8, 4), (64, 4), (32, 7)])
def test_nodes_are_centred_and_white(count: int, dimensions: int) -> None:
    nodes = normal_nodes(count, dimensions)
    assert nodes.shape == (count, dimensions)
    np.testing.assert_array_equal(nodes[: count // 2], -nodes[count // 2 :])
    np.testing.assert_allclose(nodes.T @ nodes / count, np.eye(dimensions), atol=1e-13)


def test_nodes_come_in_pairs_enough() -> None:
    for count, dimensions in ((7, 1), (4, 3)):
        with pytest.raises(ValueError, match="even pairs"):
            normal_nodes(count, dimensions)


@pytest.mark.parametrize("nodes", [2, 16, 64])
@pytest.mark.parametrize("noise", [0.3, 5.0])
def test_linear_contracts_are_exact_with_any_nodes(nodes: int, noise: float) -> None:
    price = {"name": "Price", "measure": "completed", "bands": [{"rate": "£0.7"}]}
    stakes = stakes_of(1, 1, risk_aversion=np.array([0.0, 2.0]))
    found = game_of([price], plan_of(1, 1, noise, nodes), stakes).incentives(np.zeros((2, 1)))
    assert found.own[1, 0] == pytest.approx(0.7, abs=1e-12)
    assert found.here.variance[1] == pytest.approx((0.7 * noise) ** 2, rel=1e-12)


@pytest.mark.parametrize(
    ("saving", "share"),
    [(-2, 0.0964), (-1, 0.2278), (0, 0.3006), (0.5, 0.2772), (1, 0.2164), (2, 0.0747)],
)
def test_at_a_kink_the_slope_is_the_effective_share(saving: float, share: float) -> None:
    """The share of each band times the chance of ending in it, by the normal distribution."""
    gain, pain = (
        norm.cdf(1 - saving) - norm.cdf(-saving),
        norm.cdf(-saving) - norm.cdf(-1.5 - saving),
    )
    assert 0.5 * gain + 0.3 * pain == pytest.approx(share, abs=1e-4)
    wide = stakes_of(1, 1, low=np.array([[0.0], [-5.0]]), high=np.array([[0.0], [5.0]]))
    game = game_of([SHARE], plan_of(1, 1, 1.0), wide)
    found = game.incentives(np.array([[0.0], [saving]], dtype=float))
    assert found.own[1, 0] == pytest.approx(0.5 * gain + 0.3 * pain, abs=0.005), "64 nodes, h 0.1"


def test_who_has_reached_the_cap_or_has_no_hope_stops_trying() -> None:
    game = game_of([SHARE], plan_of(1, 1, 0.2), stakes_of(1, 1))
    rest = settled(game, began(game.stakes, np.zeros((2, 2))))
    assert rest.own[1, 0] == pytest.approx(0.5, abs=0.02)
    slopes = [game.incentives(np.array([[0.0], [at]])).own[1, 0] for at in (-1.9, -1.0, 0.5, 1.9)]
    assert slopes[0] == pytest.approx(0.0, abs=0.02)
    assert slopes[1] == pytest.approx(0.3, abs=0.02)
    assert slopes[2] == pytest.approx(0.5, abs=0.02)
    assert slopes[3] == pytest.approx(0.0, abs=0.02)


def test_slopes_by_term_add_up_to_the_slope() -> None:
    terms: list[dict[str, Any]] = [
        {"name": "Price", "measure": "completed", "bands": [{"rate": "£0.7"}]},
        {
            "name": "Pool",
            "measure": "total(good_outcomes)",
            "bands": [{"rate": "£0.4"}],
            "split": "equal",
        },
    ]
    stakes = stakes_of(2, 2, risk_aversion=np.array([0.0, 0.5, 1.0]))
    found = game_of(terms, plan_of(2, 2, 0.5), stakes).incentives(np.zeros((3, 2)))
    party, lever = stakes.moves
    for move, (who, what) in enumerate(zip(party, lever, strict=True)):
        parts = found.by_part
        slope = parts.payments[move, :, who].sum() - parts.costs[move, who]
        slope -= 0.5 * stakes.risk_aversion[who] * parts.variance[move, who]
        assert found.own[who, what] == pytest.approx(slope)
    assert found.by_part.payments[0, :, 1].tolist() == pytest.approx([0.7, 0.0])
    assert found.by_part.payments[1, :, 1].tolist() == pytest.approx([0.0, 0.2])


def test_renaming_a_contract_changes_nothing() -> None:
    plan, stakes = plan_of(2, 2, 0.5), stakes_of(2, 2)
    terms = [{"name": "Price", "measure": "completed", "bands": [{"rate": "£0.7"}]}]
    called = [
        game_of(terms, plan, stakes, relation_of(2, 0.2), name=name)
        for name in ("alliance", "output")
    ]
    rests = [review(game, began(stakes, np.full((3, 3), 0.5)), 8) for game in called]
    np.testing.assert_array_equal(rests[0].taken, rests[1].taken)
    np.testing.assert_array_equal(rests[0].trust, rests[1].trust)


def test_two_forms_that_pay_the_same_give_the_same_behaviour() -> None:
    plan, stakes = plan_of(2, 1, 0.5), stakes_of(2, 1)
    form = {"form": "unit price", "price": "£0.70", "per": "completed"}
    term = {"name": "Other", "measure": "completed", "bands": [{"rate": "£0.70"}]}
    rests = [
        settled(
            game_of([each], plan, stakes, relation_of(1, 0.2)), began(stakes, np.full((3, 3), 0.5))
        )
        for each in (form, term)
    ]
    np.testing.assert_allclose(rests[0].taken, rests[1].taken, rtol=0, atol=1e-12)


@settings(max_examples=600 if FULL else 20)
@given(st.floats(0.05, 1.0), st.floats(0.05, 1.0))
def test_the_damped_step_comes_to_rest_where_effort_costs_what_it_brings(
    rate: float, share: float
) -> None:
    terms = [{"name": "Price", "measure": "completed", "bands": [{"rate": f"£{rate:.6f}"}]}]
    stakes = stakes_of(1, 1)
    game = game_of(terms, plan_of(1, 1), stakes, pace=Pace(share, 0.5))
    rest = settled(game, began(stakes, np.zeros((2, 2))), reviews=2_000)
    assert rest.own[1, 0] == pytest.approx(rate, abs=1e-5)


def test_effort_moves_to_the_task_that_is_paid() -> None:
    effort = np.array([np.eye(2), [[1.0, 0.6], [0.6, 1.0]]])
    stakes = stakes_of(1, 2, effort=effort)
    terms = [{"name": "Price", "measure": "completed", "bands": [{"rate": "£1"}]}]
    rest = settled(game_of(terms, plan_of(1, 2), stakes), began(stakes, np.zeros((2, 2))))
    assert rest.own[1, 0] > 1.0
    assert rest.own[1, 1] < 0.0, "below the norm"


def test_a_lever_at_its_bound_does_not_pull_the_others_along() -> None:
    effort = np.array([np.eye(2), [[1.0, 0.6], [0.6, 1.0]]])
    stakes = stakes_of(1, 2, effort=effort)
    terms = [{"name": "Price", "measure": "completed", "bands": [{"rate": "£9"}]}]
    rest = settled(game_of(terms, plan_of(1, 2), stakes), began(stakes, np.zeros((2, 2))))
    # at the bound of 2, the other task answers to that level: 0 - 0.6 x 2 - a = 0
    assert rest.own[1].tolist() == pytest.approx([2.0, -1.2])


def test_a_response_that_swings_wider_each_time_is_told() -> None:
    """The answer of each is so many times the other's level, the other way round."""
    for own, stable in ((0.5, True), (1.5, False)):
        matrix = np.array([[0.0, -own], [-own, 0.0]])
        assert is_stable(matrix, share=1.0) is stable
    assert is_stable(np.array([[0.0, -1.5], [-1.5, 0.0]]), share=0.6) is False
    assert is_stable(np.array([[-1.5, 0.0], [0.0, -1.5]]), share=0.6) is True


def test_cross_responses_are_found_by_differences() -> None:
    stakes = stakes_of(2, 1)

    def answer(profiles: Any) -> Any:
        answers = profiles.copy()
        answers[:, 1, 0] = 0.3 * profiles[:, 2, 0]
        answers[:, 2, 0] = -0.8 * profiles[:, 1, 0]
        return answers

    matrix = cross_response(answer, stakes, np.zeros((3, 1)))
    np.testing.assert_allclose(matrix, [[0.0, 0.3], [-0.8, 0.0]], atol=1e-12)
