"""Caseworkers in post over the months of a plan are those that the engine would hire."""

from __future__ import annotations

import numpy as np
import pytest

from simulator.parties.expectation import Expectation
from simulator.parties.levers import LEVERS
from simulator.parties.staffing import Staffing, known
from simulator.parties.technology import Technology
from simulator.scenario.cost_rates import CostRates
from tests.parties.screening import scenario_that_screens

PLANNED = np.array([[3.0, 4.0], [1.0, 2.0]])
THERE = np.array([[2.0, 5.0], [1.0, 0.0]])


@pytest.mark.parametrize("days", [91.0, 0.0])
def test_those_in_post_are_those_hired_month_by_month(days: float) -> None:
    """Over a month it is the mean of those at its beginning and at its end."""
    technology = Technology(scenario_that_screens(), CostRates(scenario_that_screens()))
    technology.hiring_days = days
    planned = np.stack([PLANNED, PLANNED, 0.5 * PLANNED, 1.5 * PLANNED])
    factor = np.array([[[1.0], [1.2]], [[0.8], [0.5]]])  # in two futures
    left = technology.left_to_hire(30.0)
    found = Staffing(planned, factor, THERE, left).by_month()
    there = np.broadcast_to(THERE, (2, 2, 2))
    for month, means in zip(planned, found, strict=True):
        later = technology.hired(there, month * factor, 30.0)
        np.testing.assert_allclose(means, 0.5 * (there + later), rtol=1e-12)
        there = later


def test_those_wanted_are_in_post_where_nothing_is_said_of_who_is_there() -> None:
    posts = [PLANNED, 2.0 * PLANNED]
    for month, found in zip(posts, known(posts).by_month(), strict=True):
        np.testing.assert_array_equal(found, month)
    half = Staffing(np.stack(posts), np.full((2, 1), 0.5)).by_month()
    np.testing.assert_array_equal(half, [0.5 * month for month in posts])


def test_leading_axes_broadcast() -> None:
    planned, factor = np.ones((3, 5, 1, 2, 2)), np.ones((4, 2, 1))
    assert Staffing(planned).lead == (5, 1)
    assert Staffing(planned, factor).lead == (5, 4)
    assert Staffing(planned, factor, np.ones((6, 1, 1, 2, 2)), 0.5).lead == (6, 5, 4)


@pytest.mark.parametrize("profiles", [1, 3])
@pytest.mark.parametrize("lead", [(), (1,), (7,), (2, 7)])
def test_compiled_months_hire_as_numpy_does(lead: tuple[int, ...], profiles: int) -> None:
    """Of every future several profiles; what is known of them, it is once for all profiles."""
    scenario = scenario_that_screens()
    months = scenario.timetable.months[:6]
    periods = [slice(0, 4), slice(4, 6)]
    counts = []
    for compiled in (True, False):
        plan = Expectation(scenario, compiled)
        random = np.random.default_rng(3)
        cells, futures = plan.posts.shape, lead[-1:]  # of two standpoints the people are the same
        there = plan.posts * random.uniform(0.5, 1.2, (*futures, 1, *cells))
        factor = random.uniform(0.7, 1.4, (*lead, profiles, cells[0], 1))
        levers = np.zeros((*lead, profiles, cells[0], len(LEVERS)))
        _, people = plan.months(
            levers[(0,) * (len(lead) - 1)][..., 0, :, :], plan.nobody(), months, [plan.posts] * 6
        )
        staffing = Staffing(np.array([plan.posts] * 6), factor, there, 0.6)
        found, after = plan.months(levers, people.for_profiles(), months, staffing, periods=periods)
        assert after.present.shape == (*lead, profiles, *cells)
        counts.append(found)
    for one, other in zip(*counts, strict=True):
        assert list(one) == list(other)
        for name in one:
            np.testing.assert_allclose(one[name], other[name], rtol=1e-9, atol=1e-9, err_msg=name)
    by_month = zip(staffing.by_month()[:4], months[:4], strict=True)
    worked = sum(posts * month.years for posts, month in by_month)
    np.testing.assert_allclose(counts[0][0]["worker_years"], worked, rtol=1e-12)
