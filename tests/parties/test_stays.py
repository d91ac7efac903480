"""Stays by stages: at any pace they are the stays of people who need more or less time."""

from __future__ import annotations

import numpy as np
import pytest

from simulator.parties.stays import STEP, Stays
from tests.conftest import scenario_from
from tests.parties.test_expectation import QUIET

SHAPES = ("shape: fixed", "shape: exponential", "variation: 0.6")


def stays_of(mean: str, shape: str) -> Stays:
    text = QUIET.replace("lasts: 9 weeks", f"lasts: {{mean: {mean}, {shape}}}")
    return Stays(list(scenario_from(text).services.values()))


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("weeks", [0.5, 8, 80])
def test_stays_at_a_pace_are_those_of_another_mean(weeks: float, shape: str) -> None:
    usual, longer = stays_of(f"{weeks} weeks", shape), stays_of(f"{1.25 * weeks:g} weeks", shape)
    served = np.random.default_rng(1).uniform(0, 5, (2, usual.most_stages))
    served[0, usual.stages[0] :] = served[1, usual.stages[1] :] = 0.0
    started = np.array([3.0, 4.0])
    slower = usual.at_pace(np.array([0.8, 1.0]))
    for found, expected in (
        (slower.ended(served), longer.ended(served)),
        (slower.after(served, started), longer.after(served, started)),
        (slower.at_once, longer.at_once),
    ):
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)
    inside = slower.after(served, started).sum(axis=-1) + slower.ended(served)
    came = served.sum(axis=-1) + started
    np.testing.assert_allclose(inside + started * slower.at_once, came, rtol=1e-12)
    assert (slower.after(served, started) >= 0).all()


def test_at_the_usual_pace_all_is_the_same_to_the_bit() -> None:
    stays = stays_of("9 weeks", "shape: fixed")
    served = np.random.default_rng(1).uniform(0, 5, (3, 2, stays.most_stages))
    started = np.ones((3, 2))
    same = stays.at_pace(np.where(np.eye(3, 2) > 0, 0.7, 1.0))
    usual = np.eye(3, 2) == 0
    np.testing.assert_array_equal(same.ended(served)[usual], stays.ended(served)[usual])
    np.testing.assert_array_equal(
        same.after(served, started)[usual], stays.after(served, started)[usual]
    )
    assert pytest.approx(30.4375) == STEP
