"""What a provider expects agrees with what the engine makes of the same services."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache

import numpy as np
import pytest

from simulator.contract.statement import Array
from simulator.engine.compiled import CompiledPeople
from simulator.engine.life import live, live_plan, plan_lives
from simulator.engine.network import build_network
from simulator.parties.conduct import Replayed
from simulator.parties.expectation import Expectation
from simulator.parties.levers import LEVERS, PLACE, Practice, at_norm
from simulator.scenario.cost_rates import CostRates
from simulator.scenario.scenario import Scenario
from simulator.study.files import load
from tests.conftest import FULL, ROOT, SMALLEST, scenario_from
from tests.parties.screening import scenario_that_screens

FLAGSHIP = ROOT / "tests" / "data" / "nobody-decides.yaml"
FUTURES = 1_000 if FULL else 300

QUIET = """
title: Few come
starts: 2026-04-01
years: 2
council: {name: Council}
providers:
  north: {reserves: £0}
  south: {reserves: £0}
services:
  support:
    referrals: 700 a year
    workers: {north: 3, south: 2}
    caseload: 30
    lasts: 9 weeks
    drop_out: 4% a week
    good_outcome: 40%
    best_outcome: 60%
    worker_cost: £40,000 a year
  groups:
    referrals: 100 a year
    workers: {south: 4}
    caseload: 25
    lasts: {mean: 10 weeks, shape: exponential}
    good_outcome: 30%
    worker_cost: £30,000 a year
handovers:
  - from: support
    to: groups
    share: 40%
    success: 50%
    best_success: 80%
    after: 3 weeks
    returns: 20%
contracts:
  block: {form: block, amount: £0 a year}
baseline: block
"""


@cache
def scenario_of(name: str) -> Scenario:
    if name == "quiet":
        return scenario_from(QUIET)
    return load([FLAGSHIP if name == "flagship" else SMALLEST])


def lived(scenario: Scenario, levels: tuple[float, float]) -> tuple[dict[str, Array], float, int]:
    """Return the mean counts of a scenario by month, with the mobilisation and providers."""
    practice = [Practice(*levels) for _ in scenario.providers]
    plan = plan_lives(scenario, build_network(scenario, practice))[0]
    (futures,) = live([plan], 20260401, range(FUTURES), CompiledPeople)
    columns = {
        name: np.array([each.columns[name].mean(axis=0) for each in futures.statements])
        for name in futures.statements[0].columns
    }
    return columns, plan.mobilisation, len(scenario.providers)


def expected(
    scenario: Scenario, levels: tuple[float, float], mobilisation: float
) -> dict[str, Array]:
    plan = Expectation(scenario)
    levers = np.zeros((plan.providers, len(LEVERS)))
    levers[:, :2] = levels
    months = scenario.timetable.months
    posts = [plan.in_post(month, mobilisation) for month in months]
    found, _ = plan.months(levers, plan.nobody(), months, posts)
    return with_costs(scenario, posts, found)


def with_costs(
    scenario: Scenario, posts: Sequence[Array], found: Sequence[Mapping[str, Array]]
) -> dict[str, Array]:
    """Return columns by month, with what they cost."""
    columns = {name: np.array([each[name] for each in found]) for name in found[0]}
    rates, months = CostRates(scenario), scenario.timetable.months
    costs = [
        sum(rates.of_month(month, in_post, each["started"]))
        for month, in_post, each in zip(months, posts, found, strict=True)
    ]
    return columns | {"cost": np.array(costs)}


CLOSE = (
    "cost",
    "referred",
    "started",
    "completed",
    "good_outcomes",
    "handovers_due",
    "handovers_made",
)


@pytest.mark.slow
@pytest.mark.parametrize("levels", [(0.0, 0.0), (1.0, 1.0), (-0.5, 0.5)])
@pytest.mark.parametrize("name", ["flagship", "smallest", "quiet"])
def test_the_plan_agrees_with_the_engine(name: str, levels: tuple[float, float]) -> None:
    scenario = scenario_of(name)
    columns, mobilisation, _ = lived(scenario, levels)
    plan = expected(scenario, levels, mobilisation)
    for first, last in ((0, 12), (12, 24), (0, len(scenario.timetable.months))):
        for column in CLOSE:
            seen, found = (each[column][first:last].sum() for each in (columns, plan))
            assert found == pytest.approx(seen, rel=0.01), (column, first)
        load_ = columns["wait_days"][first:last].sum() / columns["started"][first:last].sum()
        left, thought = (each["dropped_out"][first:last].sum() for each in (columns, plan))
        if load_ > 7:  # days: the line is long, as it is from a load of 0.95 on
            assert thought == pytest.approx(left, rel=0.10), first
        else:
            wait = plan["wait_days"][first:last].sum() / plan["started"][first:last].sum()
            assert wait == pytest.approx(load_, abs=1.5), "days"


def practised(scenario: Scenario, lever: str, levels: Sequence[float]) -> Array:
    """Return levels of the providers with one lever moved."""
    levers = np.zeros((len(scenario.providers), len(LEVERS)))
    levers[:, PLACE[lever]] = levels  # type: ignore[index]
    return levers


def lived_at(scenario: Scenario, levers: Array) -> dict[str, Array]:
    """Return the mean counts by month where providers keep to levels from the first review on."""
    plan = plan_lives(scenario, build_network(scenario, at_norm([0.0, 0.0])))[0]
    reviews = sum(month.quarter_end for month in scenario.timetable.months)
    course = np.zeros((FUTURES, reviews + 1, 1 + len(levers), levers.shape[1]))  # a payer first
    course[:, 1:, 1:] = levers
    conduct = Replayed(course, plan.technology)
    futures = live_plan(plan, 20260401, range(FUTURES), CompiledPeople, conduct)
    return {
        name: np.array([each.columns[name].mean(axis=0) for each in futures.statements])
        for name in futures.statements[0].columns
    }


def expected_at(scenario: Scenario, levers: Array) -> dict[str, Array]:
    """Return what is expected where providers keep to levels from the first review on."""
    plan, months = Expectation(scenario), scenario.timetable.months
    posts = [plan.posts] * len(months)
    before, people = plan.months(0.0 * levers, plan.nobody(), months[:3], posts[:3])
    after, _ = plan.months(levers, people, months[3:], posts[3:])
    return with_costs(scenario, posts, before + after)


def assert_second_year_agrees(scenario: Scenario, levers: Array, *more: str) -> None:
    """Hold the plan of each provider against the engine, in the year after they began."""
    seen, found = lived_at(scenario, levers), expected_at(scenario, levers)
    year = slice(12, 24)
    for provider in range(2):
        live_year = {name: values[year, provider].sum() for name, values in seen.items()}
        thought = {name: values[year, provider].sum() for name, values in found.items()}
        for column in (*CLOSE, *more):
            assert thought[column] == pytest.approx(live_year[column], rel=0.01), column
        if live_year["wait_days"] > 7 * live_year["started"]:
            assert thought["dropped_out"] == pytest.approx(live_year["dropped_out"], rel=0.10)


@pytest.mark.slow
@pytest.mark.parametrize("referrals", ["900", "1,400"])
@pytest.mark.parametrize("level", [1.0, 2.0])
def test_the_plan_agrees_where_one_provider_screens(referrals: str, level: float) -> None:
    """With lines and without; the other provider takes those turned away."""
    scenario = scenario_that_screens(referrals)
    levers = practised(scenario, "selection", [level, 0.0])
    assert_second_year_agrees(scenario, levers, "turned_away", "service_days")


@pytest.mark.slow
@pytest.mark.parametrize("level", [1.0, -1.0])
def test_the_plan_agrees_where_quality_moves_relapse(level: float) -> None:
    relapse = "    relapse: {chance: 20%, after: 13 weeks, best: 8%}\n    worker_cost: £40,000"
    scenario = scenario_from(QUIET.replace("    worker_cost: £40,000", relapse))
    levers = practised(scenario, "quality", [level, 0.0])
    seen, found = (each(scenario, levers)["returned"][12:] for each in (lived_at, expected_at))
    np.testing.assert_allclose(found.sum(axis=0)[:, 0], seen.sum(axis=0)[:, 0], rtol=0.025)
    assert_second_year_agrees(scenario, levers)


def test_better_practice_has_fewer_come_back_and_more_last() -> None:
    scenario = scenario_that_screens(relapse="{chance: 20%, after: 9 weeks, best: 8%}")
    plan, months = Expectation(scenario), scenario.timetable.months
    levers = np.stack([practised(scenario, "quality", [level, 0.0]) for level in (0.0, 1.0)])
    found, _ = plan.months(levers, plan.nobody((2,)), months, [plan.posts] * len(months))
    total = {name: sum(each[name] for each in found) for name in found[0]}
    good, gained = total["good_outcomes"], plan.gained(total, levers)
    back = total["returned"][:, 0, 0] / good[:, 0, 0]
    assert back[1] == pytest.approx(back[0] * 8 / 20, rel=0.05)
    lasting = gained + total["anyway"] * (1.0 - total["returned"] / total["completed"])
    np.testing.assert_allclose((lasting / good)[:, 0, 0], [0.80, 0.92])


def test_many_profiles_at_once_are_each_on_its_own() -> None:
    plan = Expectation(scenario_of("quiet"))
    months = scenario_of("quiet").timetable.months[:12]
    posts = [plan.posts] * 12
    levers = np.zeros((3, 4, plan.providers, len(LEVERS)))
    levers[1, 2, 0, 0], levers[2, 3, 1, 1] = 0.7, -1.0
    demand = np.linspace(0.8, 1.2, 12).reshape(3, 4, 1)
    together, people = plan.months(levers, plan.nobody((3, 4)), months, posts, demand)
    for place in ((0, 0), (1, 2), (2, 3)):
        alone, after = plan.months(levers[place], plan.nobody(), months, posts, demand[place])
        for month, again in zip(together, alone, strict=True):
            for name, value in again.items():
                np.testing.assert_allclose(month[name][place], value, rtol=1e-12, atol=1e-12)
        np.testing.assert_allclose(people.present[place], after.present, rtol=1e-12)


def test_posts_and_demand_may_differ_by_month_and_by_row() -> None:
    """A list for the months is what each month by itself comes to, one after the other."""
    plan = Expectation(scenario_of("quiet"))
    months = scenario_of("quiet").timetable.months[:3]
    levers = np.zeros((plan.providers, len(LEVERS)))
    rows = np.array([1.0, 0.4])[:, None]
    demand = [rows * each for each in (np.array([1.0, 2.0]), np.array([0.5, 1.0]), np.ones(2))]
    posts = [plan.posts, rows[..., None] * plan.posts, plan.posts[None]]
    together, after = plan.months(levers, plan.nobody(), months, posts, demand)
    people = plan.nobody()
    for month, in_post, factor, counts in zip(months, posts, demand, together, strict=True):
        (alone,), people = plan.months(levers, people, [month], [in_post], factor)
        assert all(values.shape == (2, 2, 2) for values in counts.values())
        for name, values in alone.items():
            np.testing.assert_array_equal(counts[name], values, name)
    np.testing.assert_array_equal(after.present, people.present)
    came = together[0]["referred"].sum(axis=-2)
    np.testing.assert_allclose(came[0], came[1] / 0.4)
    with pytest.raises(ValueError, match="shorter"):
        plan.months(levers, plan.nobody(), months, posts, demand[:2])


@pytest.mark.parametrize("workers", ["{north: 3, south: 3}", "{north: 3}"])
def test_nobody_turned_away_is_lost_where_another_takes_them(workers: str) -> None:
    scenario = scenario_that_screens(workers=workers)
    plan, months = Expectation(scenario), scenario.timetable.months
    levers = np.stack([practised(scenario, "selection", [level, 0.0]) for level in (0.0, 1.0)])
    found, people = plan.months(levers, plan.nobody((2,)), months, [plan.posts] * len(months))
    total = {name: sum(each[name] for each in found)[..., 0] for name in found[0]}
    gone = total["turned_away"][1, 0]
    assert gone == pytest.approx(0.4 * 0.3 * total["referred"][1, 0])
    inside = total["referred"] - total["turned_away"] - total["declined"] - total["dropped_out"]
    np.testing.assert_allclose(inside - total["completed"], people.present[..., 0], rtol=1e-9)
    more = total["referred"][1, 1] - total["referred"][0, 1]
    assert more == pytest.approx(gone if "south" in workers else 0.0)
    assert not total["turned_away"][0].any()
    assert not total["turned_away"][1, 1]


def test_who_screens_has_better_outcomes_and_shorter_stays_and_the_other_worse() -> None:
    scenario = scenario_that_screens("700")
    plan, months = Expectation(scenario), scenario.timetable.months
    levers = np.stack([practised(scenario, "selection", [level, 0.0]) for level in (0.0, 2.0)])
    found, _ = plan.months(levers, plan.nobody((2,)), months, [plan.posts] * len(months))
    total = {name: sum(each[name] for each in found[12:])[..., 0] for name in found[0]}
    # severe: of 40% at the one 40% are left; at the other they come on top
    severe = np.array([0.16 / 0.76, 0.64 / 1.24])
    for column, mild, hard in (
        ("good_outcomes", 0.55, 0.25),
        ("service_days", 49.0, 84.0),
        ("anyway", 0.30, 0.0),
    ):
        mean = total[column] / total["completed"]
        np.testing.assert_allclose(mean[0], 0.6 * mild + 0.4 * hard, rtol=1e-9)
        np.testing.assert_allclose(mean[1], (1 - severe) * mild + severe * hard, rtol=1e-9)
    # places freed by shorter stays: as many start as are taken
    np.testing.assert_allclose(total["started"][1], 315 * np.array([0.76, 1.24]), rtol=0.01)


def test_nobody_is_lost() -> None:
    """Whoever is referred declines, waits, is served, has left or has finished."""
    scenario = scenario_of("flagship")
    plan = Expectation(scenario)
    months = scenario.timetable.months
    found, people = plan.months(
        np.zeros((plan.providers, len(LEVERS))), plan.nobody(), months, [plan.posts] * len(months)
    )
    total = {name: sum(each[name] for each in found) for name in found[0]}
    inside = total["referred"] - total["declined"] - total["dropped_out"] - total["completed"]
    np.testing.assert_allclose(inside, people.present, rtol=1e-9)
    np.testing.assert_allclose(
        people.present - people.served.sum(axis=-1) >= -1e-9, np.ones_like(inside, dtype=bool)
    )


IMPATIENT = QUIET.replace("workers: {north: 3, south: 2}", "workers: {north: 1.5, south: 1}")


@pytest.mark.slow
@pytest.mark.parametrize("hazard", ["60% a week", "{at_first: 30% a week, rise: 60% a week}"])
def test_whoever_leaves_soon_leaves_once(hazard: str) -> None:
    scenario = scenario_from(IMPATIENT.replace("drop_out: 4% a week", f"drop_out: {hazard}"))
    columns, mobilisation, _ = lived(scenario, (0.0, 0.0))
    plan = expected(scenario, (0.0, 0.0), mobilisation)
    for column in ("started", "dropped_out"):
        seen, found = (each[column][12:24].sum() for each in (columns, plan))
        assert found == pytest.approx(seen, rel=0.02), column


def test_where_few_come_those_who_wait_long_do_not_leave_many_times() -> None:
    """The wait is thought by those who come now: with hardly anybody it seems endless."""
    hazard = "{at_first: 2% a week, rise: 60% a week}"
    scenario = scenario_from(QUIET.replace("drop_out: 4% a week", f"drop_out: {hazard}"))
    plan, months = Expectation(scenario), scenario.timetable.months[:8]
    levers = np.zeros((plan.providers, len(LEVERS)))
    _, people = plan.months(levers, plan.nobody(), months[:4], [0.5 * plan.posts] * 4)
    waiting = people.present.sum()
    few = np.full((), 1e-6)
    found, people = plan.months(levers, people, months[4:], [0.5 * plan.posts] * 4, few)
    left = sum(month["dropped_out"].sum() for month in found)
    assert 0 < left < waiting
    assert (people.present < waiting).all()


def test_where_any_wait_spoils_all_no_wait_spoils_nothing() -> None:
    months = scenario_of("quiet").timetable.months[:12]
    good = {}
    for harm in ("0%", "100%"):
        text = QUIET.replace("    worker_cost", f"    wait_harm: {harm}\n    worker_cost")
        plan = Expectation(scenario_from(text))
        levers = np.zeros((plan.providers, len(LEVERS)))
        for enough in (False, True):
            posts = plan.posts * (1_000 if enough else 1)
            found, _ = plan.months(levers, plan.nobody(), months, [posts] * 12)
            good[harm, enough] = sum(month["good_outcomes"].sum() for month in found)
    assert good["100%", False] < 0.1 * good["0%", False]
    assert good["100%", True] == pytest.approx(good["0%", True], rel=1e-9)


def test_better_practice_of_one_provider_reaches_the_partner() -> None:
    plan = Expectation(scenario_of("quiet"))
    months = scenario_of("quiet").timetable.months
    posts = [plan.posts] * len(months)
    levers = np.zeros((2, plan.providers, len(LEVERS)))
    levers[1, 0, 1] = 1.0
    found, _ = plan.months(levers, plan.nobody((2,)), months, posts)
    made = sum(each["handovers_made"] for each in found)
    came = sum(each["referred"] for each in found)
    assert made[1, 0, 0] > 1.4 * made[0, 0, 0]
    assert came[1, 1, 1] > came[0, 1, 1]
    assert came[1, 0, 0] < came[0, 0, 0], "fewer come back after a failed hand-over"


def test_the_mean_in_post_grows_as_caseworkers_come() -> None:
    scenario = scenario_of("quiet")
    plan = Expectation(scenario)
    first, second, third, fourth = scenario.timetable.months[:4]
    found = [plan.in_post(month, 91.3125) for month in (first, second, third, fourth)]
    assert (found[0] < found[1]).any()
    assert (found[1] <= found[2]).all()
    np.testing.assert_array_equal(found[3], plan.posts)
    np.testing.assert_array_equal(plan.in_post(first, 0.0), plan.posts)
