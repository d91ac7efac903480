"""Laws of the engine: nobody vanishes, costs follow from people and time, luck is keyed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.engine.caseload import Reading
from simulator.engine.clock import TICKS_A_DAY
from simulator.engine.life import Future, live, plan_lives
from simulator.engine.network import build_network
from simulator.engine.people import People
from simulator.engine.streams import Stream
from simulator.parties.levers import at_norm
from simulator.scenario.plain import plain_yaml
from simulator.scenario.scenario import Scenario
from simulator.scenario.yaml_text import read_yaml
from tests.conftest import scenario_from

TWO_SERVICES = """
title: Two services
starts: 2026-05-15
years: 2
commissioners: {council: {funds: 70%}, nhs: {funds: 30%}}
providers:
  north: {reserves: £50,000, fixed_cost: "£6,000 a year", vat_recovery: 20%}
  south: {reserves: £20,000, overheads: 10%}
  east: {reserves: £20,000}
services:
  support:
    referrals: 400 a year
    growth: 10% a year
    season: {dec: -40%, jan: +30%}
    needs:
      lower: {share: 60%, good_outcome: 60%, priority: 2}
      higher: {share: 40%, good_outcome: 30%, lasts: 20 weeks, priority: 1}
    take_up: 85%
    workers: {north: 2, south: 1.5}
    caseload: 25
    lasts: {mean: 14 weeks, shape: lognormal, variation: 0.7}
    drop_out: {at_first: 2% a week, rise: 4% a week}
    wait_harm: 3%
    relapse: {chance: 30%, after: 10 weeks}
    worker_cost: £40,000 a year
    cost_per_start: £90
  groups:
    referrals: 50 a year
    workers: {south: 1, east: 0.5}
    caseload: 30
    lasts: {mean: 20 weeks, shape: exponential}
    good_outcome: 50%
    worker_cost: £30,000 a year
handovers:
  - {from: support, to: groups, share: 40%, success: 60%, after: 2 weeks, returns: 50%}
risks:
  surge: {chance: 60% a year, demand: +50%, lasts: 10 weeks, services: [support]}
  dip: {on: 2026-09-01, demand: -50%, lasts: 6 weeks}
inflation: {pay: 4% a year, prices: 2% a year}
contracts:
  output:
    uplift: 3% a year
    mobilisation: 3 months
    terms:
      - {form: unit price, price: £500, per: completed}
      - form: kpi deductions
        kpis:
          wait: {measure: wait_days / started, at_most: 14 days, deduct: 1%, for_each: 7 days}
        cap: 6%
    costs: {bid: {who: providers, amount: £2,000}, manager: {who: council, amount: £9,000 a year}}
  alliance:
    form: alliance
    target: £300,000 a year
    fee: 3%
    council_share: 50%
    cap: 5%
    mobilisation: 3 months
    split: {north: 50%, south: 40%, east: 10%}
baseline: output
"""


def futures(scenario: Scenario, replication: int = 0, seed: int = 7) -> dict[str, Future]:
    """Live one future; return it under the name of each contract."""
    practice = at_norm(provider.quality for provider in scenario.providers.values())
    plans = plan_lives(scenario, build_network(scenario, practice))
    lived = live(plans, seed, replication, People)
    return {name: future for future in lived for name in future.payments}


def tree_of() -> dict[str, Any]:
    """Return the scenario as plain values, to be changed at will."""
    return read_yaml(TWO_SERVICES, "two.yaml").tree


def with_changes(**changes: Any) -> Scenario:
    tree = tree_of() | changes
    return scenario_from(plain_yaml(tree))


def by_name(scenario: Scenario, values: np.ndarray) -> dict[str, Any]:
    return dict(zip(scenario.signatories.accounts, values.T.tolist(), strict=True))


@pytest.fixture(scope="module")
def world() -> Scenario:
    return scenario_from(TWO_SERVICES)


@pytest.fixture(scope="module")
def lived(world: Scenario) -> dict[str, Future]:
    return futures(world)


def check_nobody_vanishes(reading: Reading) -> None:
    counts = reading.counts
    np.testing.assert_array_equal(
        counts["referred"],
        counts["started"] + counts["dropped_out"] + counts["declined"] + reading.waiting,
    )
    np.testing.assert_array_equal(counts["started"], counts["completed"] + reading.in_service)


def test_nobody_vanishes(lived: dict[str, Future]) -> None:
    reading = lived["output"].reading
    check_nobody_vanishes(reading)
    for name in ("declined", "dropped_out", "returned", "handovers_made", "good_outcomes"):
        assert reading.counts[name].sum() > 0, f"the scenario exercises {name}"
    assert (reading.counts["good_outcomes"] <= reading.counts["completed"]).all()
    assert (reading.counts["handovers_made"] <= reading.counts["handovers_due"]).all()


def test_statements_add_up_to_the_last_reading(lived: dict[str, Future]) -> None:
    future = lived["output"]
    for name, total in future.reading.counts.items():
        months = sum(statement.columns[name] for statement in future.statements)
        np.testing.assert_allclose(total, months, rtol=1e-12)


def test_money_is_conserved_in_every_month(lived: dict[str, Future]) -> None:
    for name, future in lived.items():
        assert float(np.abs(future.costs.sum(axis=-1)).max()) == 0.0
        assert float(np.abs(future.payments[name].sum(axis=-1)).max()) == 0.0
        assert float(np.abs(future.net(name).sum(axis=-1)).max()) == 0.0


def test_costs_follow_from_people_and_time(world: Scenario, lived: dict[str, Future]) -> None:
    # the second year has everybody in post; price levels step on 1 April 2027 and 2028
    future = lived["alliance"]
    month = next(
        i for i, m in enumerate(world.timetable.months) if m.first.isoformat() == "2027-06-01"
    )
    columns = future.statements[month].columns
    pay = np.array([[2 * 40_000, 0], [1.5 * 40_000, 30_000], [0, 0.5 * 30_000]]) / 12
    np.testing.assert_allclose(columns["staff_cost"], pay * 1.04, atol=0.001)
    starts = columns["started"] * np.array([90.0, 0.0])
    overheads = pay * np.array([[0.3], [0.1], [0.3]])
    fixed = np.array([[6_000 / 12, 0], [0, 0], [0, 0]])
    running = (overheads + fixed + starts) * 1.02
    np.testing.assert_allclose(columns["running_cost"], running, atol=0.001)
    vat = running * 0.2 * np.array([[0.8], [1.0], [1.0]])
    np.testing.assert_allclose(columns["vat_cost"], vat, atol=0.001)
    np.testing.assert_array_equal(
        columns["cost"], columns["staff_cost"] + columns["running_cost"] + columns["vat_cost"]
    )
    paid = future.costs[month]
    assert paid[2:5].tolist() == (-columns["cost"].sum(axis=1)).tolist()


def test_staff_come_into_post_evenly(world: Scenario, lived: dict[str, Future]) -> None:
    staff = [s.columns["staff_cost"].sum() for s in lived["output"].statements]
    full_month = (3.5 * 40_000 + 1.5 * 30_000) / 12
    # at first one of north's two, one of south's 1.5, and both small teams of the groups
    first_month = (2 * 40_000 + 1.5 * 30_000) * world.timetable.months[0].years
    assert staff[0] == pytest.approx(first_month, abs=0.01)
    assert staff[3] == pytest.approx(full_month, rel=1e-6)


def test_reimbursed_cost_is_the_cost_of_the_books(lived: dict[str, Future]) -> None:
    future = lived["alliance"]
    cost = sum(statement.columns["cost"].sum(axis=1) for statement in future.statements)
    paid = future.payments["alliance"][:, 0, 2:5].sum(axis=0)
    np.testing.assert_allclose(cost, paid, atol=0.01)


def test_another_contract_changes_nothing_for_the_others(lived: dict[str, Future]) -> None:
    tree = tree_of()
    block = {"form": "block", "amount": "£300,000 a year", "mobilisation": "6 months"}
    more = futures(with_changes(contracts={"first": block, **tree["contracts"]}))
    for name, future in lived.items():
        np.testing.assert_array_equal(
            future.payments[name].sum(axis=0), more[name].payments[name].sum(axis=0)
        )
        np.testing.assert_array_equal(future.costs.sum(axis=0), more[name].costs.sum(axis=0))
        for column, total in future.reading.counts.items():
            np.testing.assert_array_equal(total, more[name].reading.counts[column])


def test_another_term_changes_no_other_term(lived: dict[str, Future]) -> None:
    tree = tree_of()
    output = tree["contracts"]["output"]
    grant = {"form": "block", "amount": "£9,000 a year"}
    more = futures(
        with_changes(
            contracts=tree["contracts"] | {"output": {**output, "terms": [*output["terms"], grant]}}
        )
    )
    before, after = lived["output"].payments["output"], more["output"].payments["output"]
    np.testing.assert_array_equal(before, after[:, [0, 1, 3, 4]])
    np.testing.assert_array_equal(lived["output"].costs, more["output"].costs)


def test_the_order_of_parties_and_services_does_not_matter(
    world: Scenario, lived: dict[str, Future]
) -> None:
    tree = tree_of()

    def turned(group: dict[str, Any]) -> dict[str, Any]:
        return dict(reversed(group.items()))

    services = turned(
        {key: {**s, "workers": turned(s["workers"])} for key, s in tree["services"].items()}
    )
    other = with_changes(providers=turned(tree["providers"]), services=services)
    again = futures(other)
    for name, future in lived.items():
        before = by_name(world, future.net(name).sum(axis=0))
        after = by_name(other, again[name].net(name).sum(axis=0))
        assert before == pytest.approx(after, abs=0.01)
        for column, total in future.reading.counts.items():
            np.testing.assert_allclose(total, again[name].reading.counts[column][::-1, ::-1])


def test_the_same_person_has_the_same_luck_with_more_caseworkers(world: Scenario) -> None:
    tree = tree_of()
    tree["services"]["support"]["workers"] = {"north": 4, "south": 3}
    tree["services"]["support"]["relapse"] = "0%"
    tree["handovers"] = []
    few = tree_of()
    few["services"]["support"]["relapse"] = "0%"
    few["handovers"] = []
    counts = [
        futures(scenario_from(plain_yaml(each)))["output"].reading.counts for each in (tree, few)
    ]
    for name in ("referred", "declined"):
        np.testing.assert_array_equal(counts[0][name], counts[1][name])
    assert counts[0]["started"].sum() > counts[1]["started"].sum()


def test_replications_and_seeds_differ(world: Scenario, lived: dict[str, Future]) -> None:
    for other in (futures(world, replication=1), futures(world, seed=8)):
        assert other["output"].net("output").sum() == 0.0
        assert not np.array_equal(
            other["output"].reading.counts["wait_days"], lived["output"].reading.counts["wait_days"]
        )


def test_a_future_is_the_same_when_lived_again(world: Scenario, lived: dict[str, Future]) -> None:
    again = futures(world)
    for name, future in lived.items():
        assert future.payments[name].tobytes() == again[name].payments[name].tobytes()
        assert future.diary == again[name].diary


def test_the_diary_tells_the_life_of_the_contract(
    world: Scenario, lived: dict[str, Future]
) -> None:
    diary = lived["output"].diary
    happened = [what for _, what in diary]
    assert happened.count("governance meeting on the quarter") == 9
    assert "dip begins" in happened
    assert "caseworkers all in post" in happened
    assert "output: final account" in happened
    assert diary == sorted(diary, key=lambda entry: entry[0])
    assert ("2026-09-01", "dip begins") in [(day.isoformat(), what) for day, what in diary]


# -- the people alone ------------------------------------------------------------------------

DAY = TICKS_A_DAY


def people_of(scenario: Scenario, replication: int = 0) -> People:
    practice = at_norm(provider.quality for provider in scenario.providers.values())
    return People(build_network(scenario, practice), Stream(3, replication))


@settings(max_examples=15)
@given(st.lists(st.integers(1, 300 * DAY), max_size=20))
def test_slices_of_advance_do_not_matter(cuts: list[int]) -> None:
    scenario = scenario_from(TWO_SERVICES)
    whole, sliced = people_of(scenario), people_of(scenario)
    for people in (whole, sliced):
        for provider, service, places in ((0, 0, 50), (1, 0, 37), (1, 1, 30), (2, 1, 15)):
            people.resize(provider, service, places)
    for cut in sorted(cuts):
        sliced.advance(cut)
    for people in (whole, sliced):
        people.advance(300 * DAY)
    first, second = whole.read(), sliced.read()
    for name, total in first.counts.items():
        np.testing.assert_array_equal(total, second.counts[name])
    check_nobody_vanishes(first)


def test_more_places_start_those_who_wait_at_once(world: Scenario) -> None:
    people = people_of(world)
    people.advance(60 * DAY)
    waiting = people.read().waiting[0, 0]
    assert waiting > 10
    people.resize(0, 0, 10)
    reading = people.read()
    assert (waiting - 10, 10) == (reading.waiting[0, 0], reading.in_service[0, 0])
    check_nobody_vanishes(reading)


def test_fewer_places_send_nobody_away(world: Scenario) -> None:
    people = people_of(world)
    people.resize(0, 0, 50)
    people.advance(100 * DAY)
    held = people.read().in_service[0, 0]
    people.resize(0, 0, 5)
    assert held == people.read().in_service[0, 0]
    people.advance(700 * DAY)
    assert people.read().in_service[0, 0] == 5


def test_those_of_higher_priority_start_first() -> None:
    tree = tree_of()
    waits = {}
    for first, last in (("lower", "higher"), ("higher", "lower")):
        needs = tree["services"]["support"]["needs"]
        needs[first]["priority"], needs[last]["priority"] = 1, 2
        needs["higher"]["good_outcome"], needs["lower"]["good_outcome"] = "0%", "100%"
        tree["services"]["support"]["wait_harm"] = "0%"
        reading = futures(scenario_from(plain_yaml(tree)))["output"].reading
        waits[first] = reading.counts["good_outcomes"][:, 0].sum()
    assert waits["lower"] > 1.05 * waits["higher"], "more of those who are seen first are served"


def test_demand_follows_its_factor(world: Scenario) -> None:
    plain, doubled = people_of(world), people_of(world)
    doubled.scale_demand(0, 1.5)
    for people in (plain, doubled):
        people.advance(365 * DAY)
    before, after = (people.read().counts["referred"][:, 0].sum() for people in (plain, doubled))
    assert 1.35 < after / before < 1.65


def test_waiting_harms_outcomes_and_quality_mends_them() -> None:
    tree = tree_of()
    support = tree["services"]["support"]
    support["needs"] = {}
    support["good_outcome"], support["best_outcome"] = "40%", "60%"

    def rate(harm: str, quality: float) -> float:
        support["wait_harm"] = harm
        for provider in tree["providers"].values():
            provider["quality"] = quality
        counts = futures(scenario_from(plain_yaml(tree)))["output"].reading.counts
        return float(counts["good_outcomes"][:, 0].sum() / counts["completed"][:, 0].sum())

    assert rate("20%", 0) < rate("5%", 0) < rate("0%", 0) < rate("0%", 1) < rate("0%", 2)
    assert rate("100%", 0) < rate("50%", 0)
