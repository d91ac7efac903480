"""Caseworkers in post over the months of a plan are those that the engine would hire."""

from __future__ import annotations

import numpy as np
import pytest

from simulator.parties.expectation import Expectation
from simulator.parties.levers import LEVERS, PLACE
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
    """Of every future several profiles; what is known of them, it is once for all profiles.

    Futures have their own past, and in some rows people are turned away: these are rolled apart.
    """
    scenario = scenario_that_screens()
    months = scenario.timetable.months[:6]
    periods = [slice(0, 4), slice(4, 6)]
    found = []
    for compiled in (True, False):
        plan = Expectation(scenario, compiled)
        random = np.random.default_rng(3)
        cells, futures = plan.posts.shape, lead[-1:]  # of two standpoints the people are the same
        past = random.uniform(0.3, 2.0, (*futures, plan.services))
        levers = np.zeros((*futures, cells[0], len(LEVERS)))
        rest = [plan.posts] * 6
        _, people = plan.months(levers, plan.nobody(futures), months, rest, past)
        there = plan.posts * random.uniform(0.5, 1.2, (*futures, 1, *cells))
        factor = random.uniform(0.7, 1.4, (*lead, profiles, cells[0], 1))
        staffing = Staffing(np.array(rest), factor, there, 0.6)
        levers = np.zeros((*lead, profiles, cells[0], len(LEVERS)))
        screens = random.uniform(size=(*lead, profiles, 1)) < 0.4
        levers[..., PLACE["selection"]] = np.where(screens, 0.5, 0.0)
        found.append(plan.months(levers, people.for_profiles(), months, staffing, periods=periods))
    (counts, after), (others, whom) = found
    assert after.present.shape == (*lead, profiles, *cells)
    for name, values in vars(whom).items():
        np.testing.assert_allclose(vars(after)[name], values, rtol=1e-9, atol=1e-9, err_msg=name)
    for one, other in zip(counts, others, strict=True):
        assert list(one) == list(other)
        for name in one:
            np.testing.assert_allclose(one[name], other[name], rtol=1e-9, atol=1e-9, err_msg=name)
    by_month = zip(staffing.by_month()[:4], months[:4], strict=True)
    worked = sum(posts * month.years for posts, month in by_month)
    np.testing.assert_allclose(counts[0]["worker_years"], worked, rtol=1e-12)


def test_no_future_has_the_people_of_another_whatever_rows_are_rolled_together() -> None:
    """Rows 0, 2 and 5 of three futures are of the futures 0, 2 and 2: not one after another."""
    scenario = scenario_that_screens()
    months, found = scenario.timetable.months[:6], []
    past = np.array([0.3, 1.0, 2.0])[:, None]
    for compiled in (True, False):
        plan = Expectation(scenario, compiled)
        rest, levers = [plan.posts] * 6, np.zeros((3, 2, plan.providers, len(LEVERS)))
        _, people = plan.months(levers[:, 0], plan.nobody((3,)), months, rest, past)
        levers[1, :, :, PLACE["selection"]] = levers[0, 1, :, PLACE["selection"]] = 0.5
        counts, _ = plan.months(levers, people.for_profiles(), months, rest)
        found.append(counts[0])
    for name, values in found[1].items():
        np.testing.assert_allclose(found[0][name], values, rtol=1e-9, atol=1e-9, err_msg=name)
