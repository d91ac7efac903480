"""The plan that levers are tried in: means as expected, a spread like that of the engine."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from simulator.contract.agreement import Agreement
from simulator.contract.statement import COLUMNS, Array
from simulator.engine.compiled import CompiledPeople
from simulator.engine.life import live, plan_lives
from simulator.engine.network import build_network
from simulator.parties.conduct import Parties
from simulator.parties.expectation import Expectation
from simulator.parties.incentives import incentives
from simulator.parties.levers import LEVERS, PLACE, at_norm
from simulator.parties.service_plan import Ahead, ServicePlan
from simulator.parties.stakes import Stakes
from simulator.parties.technology import Technology
from simulator.scenario.cost_rates import CostRates
from simulator.scenario.scenario import Scenario
from simulator.study.files import load
from tests.conftest import FULL, ROOT
from tests.parties.screening import scenario_that_screens

FUTURES = 1_000 if FULL else 300
YEAR = slice(12, 24)


@cache
def flagship() -> Scenario:
    return load([ROOT / "tests" / "data" / "nobody-decides.yaml"])


@cache
def begun() -> tuple[Expectation, Ahead]:
    """Return the expectation, and the second year as the first leaves it."""
    scenario = flagship()
    expectation = Expectation(scenario)
    months = scenario.timetable.months
    mobilisation = float(next(iter(scenario.contracts.values())).mobilisation)
    posts = [expectation.in_post(month, mobilisation) for month in months[:12]]
    levers = np.zeros((expectation.providers, len(LEVERS)))
    _, people = expectation.months(levers, expectation.nobody(), months[:12], posts)
    return expectation, Ahead(people, months[YEAR], [expectation.posts] * 12, {})


def plan_of(demand_spread: float, **changes: object) -> ServicePlan:
    expectation, ahead = begun()
    ahead = Ahead(**(vars(ahead) | changes))  # type: ignore[arg-type]
    payers = len(flagship().commissioners)
    technology = Technology(flagship(), CostRates(flagship()))
    return ServicePlan(expectation, technology, ahead, payers, demand_spread=demand_spread)


def profiles(*levels: tuple[int, str, float]) -> Array:
    """Return a first profile at the norm, and one with a lever moved for each of these."""
    parties = len(flagship().commissioners) + len(flagship().providers)
    made = np.zeros((1 + len(levels), parties, len(LEVERS)))
    names = [lever.name for lever in LEVERS]
    for place, (provider, lever, level) in enumerate(levels, 1):
        made[place, len(flagship().commissioners) + provider, names.index(lever)] = level
    return made


def test_the_mean_over_the_nodes_is_what_is_expected() -> None:
    expectation, ahead = begun()
    levers = np.zeros((expectation.providers, len(LEVERS)))
    months, _ = expectation.months(levers, ahead.people, ahead.months, ahead.planned)
    (view,) = plan_of(0.0)(profiles()).views
    for name in ("started", "good_outcomes", "handovers_made", "dropped_out"):
        whole = sum(month[name] for month in months)
        np.testing.assert_allclose(view.statement.columns[name][0].mean(axis=0), whole, rtol=1e-9)
    assert view.statement.years == pytest.approx(1.0)


@pytest.mark.slow
def test_the_spread_of_a_year_is_about_that_of_the_engine() -> None:
    scenario = flagship()
    practice = at_norm(float(each.quality) for each in scenario.providers.values())
    plan = plan_lives(scenario, build_network(scenario, practice))[0]
    (futures,) = live([plan], 7, range(FUTURES), CompiledPeople)
    rows = futures.statements[YEAR]
    (view,) = plan_of(0.03)(profiles()).views
    for name in ("good_outcomes", "handovers_made"):
        seen = sum(each.columns[name] for each in rows).sum(axis=-1).std(axis=0)
        thought = view.statement.columns[name][0].sum(axis=-1).std(axis=0)
        assert (thought > 0.6 * seen).all(), name
        assert (thought < 1.5 * seen).all(), name


def test_a_lever_moves_what_it_acts_on() -> None:
    tried = profiles((0, "quality", 1.0), (0, "hand_over", 1.0))
    (view,) = plan_of(0.05)(tried).views
    columns = {name: each.mean(axis=-3) for name, each in view.statement.columns.items()}
    good, made = columns["good_outcomes"], columns["handovers_made"]
    assert good[1, 0].sum() > 1.1 * good[0, 0].sum()
    assert made[2, 0].sum() > 1.05 * made[0, 0].sum()
    np.testing.assert_allclose(good[1, 1:].sum(), good[0, 1:].sum(), rtol=0.02)


def test_those_turned_away_spread_like_those_referred() -> None:
    """Also from a first profile in which there are none."""
    scenario = scenario_that_screens()
    expectation = Expectation(scenario)
    months = scenario.timetable.months[:12]
    posts = [expectation.posts] * 12
    ahead = Ahead(expectation.nobody(), months, posts, {})
    technology = Technology(scenario, CostRates(scenario))
    tried = np.zeros((3, 3, len(LEVERS)))  # a payer and two providers
    tried[1, 1, PLACE["selection"]], tried[2, 1, PLACE["selection"]] = 0.5, 1.0
    outlooks = [
        ServicePlan(expectation, technology, ahead, 1, demand_spread=0.1)(profiles)
        for profiles in (tried, tried[::-1])
    ]
    columns, turned = (each.views[0].statement.columns for each in outlooks)
    gone, referred = columns["turned_away"][..., 0], columns["referred"][..., 0]
    np.testing.assert_allclose(gone[0], 0.0)
    for profile, share in ((1, 0.4 * 0.15), (2, 0.4 * 0.30)):
        np.testing.assert_allclose(gone[profile, :, 0], share * referred[0, :, 0])
    np.testing.assert_allclose(gone[:, :, 1], 0.0)
    np.testing.assert_allclose(
        turned["turned_away"].mean(axis=1)[::-1], columns["turned_away"].mean(axis=1)
    )
    gained = [each.outcomes[..., 0] for each in outlooks]
    np.testing.assert_allclose(gained[0], gained[1][::-1], rtol=0.01)


def test_demand_makes_lines_longer_than_proportionally() -> None:
    """Uncertain demand passes through the services: the mean wait rises with its spread."""
    waits = [
        plan_of(spread)(profiles()).views[0].statement.columns["wait_days"][0].sum(axis=(-1, -2))
        for spread in (0.0, 0.15)
    ]
    assert waits[1].mean() > 1.04 * waits[0].mean()


def test_the_year_so_far_is_part_of_the_year() -> None:
    expectation, ahead = begun()
    half = {name: np.full_like(expectation.posts, 7.0) for name in COLUMNS}
    later = plan_of(
        0.0, months=ahead.months[6:], planned=ahead.planned[6:], so_far=half, years_so_far=0.5
    )
    alone = plan_of(0.0, months=ahead.months[6:], planned=ahead.planned[6:])
    (view,), (rest,) = later(profiles()).views, alone(profiles()).views
    assert view.statement.years == pytest.approx(1.0)
    for name in half:
        difference = view.statement.columns[name] - rest.statement.columns[name]
        np.testing.assert_allclose(difference, 7.0)


def test_months_of_two_years_are_two_views() -> None:
    months = flagship().timetable.months[15:27]
    views = plan_of(0.0, months=months)(profiles()).views
    assert [round(12 * view.statement.years) for view in views] == [9, 3]


@pytest.mark.parametrize("name", ["unit_price", "block", "alliance"])
def test_under_every_contract_quality_is_worth_more_to_all_than_to_the_one_who_makes_it(
    name: str,
) -> None:
    scenario = flagship()
    agreement = scenario.agreements()[name]
    parties, payers = (
        len(scenario.commissioners) + len(scenario.providers),
        len(scenario.commissioners),
    )
    none, levers = np.zeros(parties), np.zeros((parties, len(LEVERS)))
    low, high = levers.copy(), levers.copy()
    low[payers:, :2], high[payers:, :2] = -2.0, 2.0
    stakes = Stakes(
        value=8_000.0,
        mission=none,
        risk_aversion=none,
        reserves=none,
        floor=none,
        fear=none,
        effort=np.repeat(np.eye(len(LEVERS))[None], parties, axis=0),
        norm=levers,
        reciprocity=none,
        low=low,
        high=high,
    )
    found = incentives(plan_of(0.08), agreement, stakes, levers, 0.1)
    own, joint = found.own[payers:, 0], found.joint[payers:, 0]
    assert (own < 0.05 * joint).all(), "free riding, or nothing for outcomes at all"
    assert (joint > 50_000).all()
    if name == "alliance":
        assert (own > 0).all()
    else:
        assert (np.abs(own) < 500).all(), "neither pays for outcomes"


def test_outcomes_are_those_of_the_nodes() -> None:
    """They follow from the levels of demand; column by column the nodes come to the same."""
    tried = profiles((0, "quality", 0.7), (2, "hand_over", -0.4), (1, "staffing", 0.5))
    plan = plan_of(0.1)
    outlook = plan(tried)
    (view,) = outlook.views
    means = {name: each.mean(axis=-3) for name, each in view.statement.columns.items()}
    levers = tried[:, plan.commissioners :]
    gained = plan.expectation.gained(means, levers).sum(axis=(-1, -2))
    assert outlook.outcomes.shape == (4, 1)
    np.testing.assert_allclose(outlook.outcomes[:, 0], gained, rtol=1e-9)


def facing(
    parties: Parties, agreement: Agreement, lead: tuple[int, ...]
) -> tuple[ServicePlan, Stakes]:
    """Return a plan, in some futures of a year that has begun, and what parties care about."""
    stakes = parties.stakes_under(agreement)
    ahead = parties.typical_year(agreement)
    if lead:  # with fewer caseworkers than planned
        cells = (*lead, *ahead.planned[0].shape)
        first = ahead.months[3:]
        so_far = {each: np.full(cells, 40.0) for each in (*COLUMNS, *agreement.insisted)}
        people = ahead.people.with_lead(lead)
        in_post = np.broadcast_to(0.9 * ahead.planned[0], cells)
        averting = np.zeros((*lead, cells[-2]))
        ahead = Ahead(people, first, ahead.planned[3:], so_far, 0.25, in_post, averting, 0.5)
    stakes = replace(
        stakes,
        risk_aversion=np.full(len(stakes.mission), 1e-5),
        fear=np.full(len(stakes.mission), 0.2),
        reserves=np.full((*lead, len(stakes.mission)), 2e4),
        at_stake=np.full((*lead, len(stakes.mission)), 1e4),
        breaches_left=np.full((*lead, len(stakes.mission)), 2.0),
    )
    return parties.plan(agreement, ahead), stakes


@pytest.mark.parametrize("name", ["unit_price", "block", "alliance"])
@pytest.mark.parametrize("lead", [(), (3,), (2, 2)])
def test_a_compiled_plan_comes_to_what_numpy_does(name: str, lead: tuple[int, ...]) -> None:
    scenario = load(ROOT / "scenarios" / "staying-well.yaml")
    agreement = scenario.agreements()[name]
    found = []
    for compiled in (True, False):
        random = np.random.default_rng(5)
        plan, stakes = facing(Parties(scenario, compiled), agreement, lead)
        levels = random.uniform(0.1, 0.4, (*lead, *stakes.low.shape)) * stakes.can_move
        found.append(incentives(plan, agreement, stakes, levels, 0.1))
    one, other = (each.tried for each in found)
    for part in ("payments", "costs", "outcomes", "variance", "shortfall", "notice"):
        some, same = getattr(one, part), getattr(other, part)
        assert some.shape == same.shape
        np.testing.assert_allclose(some, same, rtol=1e-7, atol=1e-6 * np.abs(same).max())


@pytest.mark.parametrize("name", ["unit_price", "alliance"])
@pytest.mark.parametrize("compiled", [True, False])
def test_standpoints_thought_through_at_once_are_those_of_each_alone(
    name: str, compiled: bool
) -> None:
    """What is known of a future it is for both; where nothing is at stake notices weigh nothing."""
    scenario = load(ROOT / "scenarios" / "staying-well.yaml")
    agreement = scenario.agreements()[name]
    plan, stakes = facing(Parties(scenario, compiled), agreement, (3,))
    random = np.random.default_rng(7)
    levels = random.uniform(0.1, 0.4, (2, 3, *stakes.low.shape)) * stakes.can_move
    fears = np.array([1.0, 0.0])[:, None, None] * stakes.at_stake
    both = incentives(plan, agreement, replace(stakes, at_stake=fears), levels, 0.1)
    for place, fear in enumerate(fears):
        alone = incentives(plan, agreement, replace(stakes, at_stake=fear), levels[place], 0.1)
        np.testing.assert_array_equal(both.worth[place], alone.worth)
        np.testing.assert_array_equal(both.joint[place], alone.joint)
        np.testing.assert_array_equal(both.own_bend[place], alone.own_bend)
    assert both.tried.notice[0].any() == bool(agreement.watched)
    assert not both.tried.notice[1].any()
