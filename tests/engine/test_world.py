"""Laws of the engine: nobody vanishes, costs follow from people and time, luck is keyed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from simulator.engine.caseload import Caseload, Engine
from simulator.engine.clock import TICKS_A_DAY
from simulator.engine.compiled import CompiledPeople
from simulator.engine.life import Futures, live, plan_lives
from simulator.engine.network import build_network
from simulator.engine.people import ReferencePeople
from simulator.engine.streams import Stream
from simulator.parties.levers import at_norm
from simulator.scenario.plain import plain_yaml
from simulator.scenario.scenario import Scenario
from simulator.scenario.yaml_text import read_yaml
from tests.conftest import scenario_from
from tests.engine.following import assert_nobody_vanishes, assert_same_futures

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


FEW = (0, 1, 2, 3)
MANY = range(24)
ENGINES = pytest.mark.parametrize("engine", [CompiledPeople, ReferencePeople])


def futures(
    scenario: Scenario,
    replications: Sequence[int] = FEW,
    seed: int = 7,
    engine: Engine = CompiledPeople,
) -> dict[str, Futures]:
    """Live a few futures; return them under the name of each contract."""
    practice = at_norm(provider.quality for provider in scenario.providers.values())
    plans = plan_lives(scenario, build_network(scenario, practice))
    lived = live(plans, seed, replications, engine)
    return {name: futures for futures in lived for name in futures.payments}


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


@pytest.fixture(scope="module", params=[CompiledPeople, ReferencePeople])
def lived(world: Scenario, request: pytest.FixtureRequest) -> dict[str, Futures]:
    return futures(world, engine=request.param)


def test_nobody_vanishes(lived: dict[str, Futures]) -> None:
    reading = lived["output"].reading
    assert_nobody_vanishes(reading)
    for name in ("declined", "dropped_out", "returned", "handovers_made", "good_outcomes"):
        assert reading.counts[name].sum() > 0, f"the scenario exercises {name}"
    assert (reading.counts["good_outcomes"] <= reading.counts["completed"]).all()
    assert (reading.counts["handovers_made"] <= reading.counts["handovers_due"]).all()


def test_statements_add_up_to_the_last_reading(lived: dict[str, Futures]) -> None:
    future = lived["output"]
    for name, total in future.reading.counts.items():
        months = sum(statement.columns[name] for statement in future.statements)
        np.testing.assert_allclose(total, months, rtol=1e-12)


def test_money_is_conserved_in_every_month(lived: dict[str, Futures]) -> None:
    for name, future in lived.items():
        assert float(np.abs(future.costs.sum(axis=-1)).max()) == 0.0
        assert float(np.abs(future.payments[name].sum(axis=-1)).max()) == 0.0
        assert float(np.abs(future.net(name).sum(axis=-1)).max()) == 0.0


def test_costs_follow_from_people_and_time(world: Scenario, lived: dict[str, Futures]) -> None:
    # the second year has everybody in post; price levels step on 1 April 2027 and 2028
    future = lived["alliance"]
    month = next(
        i for i, m in enumerate(world.timetable.months) if m.first.isoformat() == "2027-06-01"
    )
    columns = future.statements[month].columns
    pay = np.array([[2 * 40_000, 0], [1.5 * 40_000, 30_000], [0, 0.5 * 30_000]]) / 12
    everywhere = np.broadcast_to(pay * 1.04, columns["staff_cost"].shape)
    np.testing.assert_allclose(columns["staff_cost"], everywhere, atol=0.001)
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
    paid = future.costs[:, month]
    assert paid[:, 2:5].tolist() == (-columns["cost"].sum(axis=2)).tolist()


def test_staff_come_into_post_evenly(world: Scenario, lived: dict[str, Futures]) -> None:
    staff = [s.columns["staff_cost"].sum() for s in lived["output"].statements]
    full_month = len(FEW) * (3.5 * 40_000 + 1.5 * 30_000) / 12
    # at first one of north's two, one of south's 1.5, and both small teams of the groups
    first_month = len(FEW) * (2 * 40_000 + 1.5 * 30_000) * world.timetable.months[0].years
    assert staff[0] == pytest.approx(first_month, abs=0.01)
    assert staff[3] == pytest.approx(full_month, rel=1e-6)


def test_reimbursed_cost_is_the_cost_of_the_books(lived: dict[str, Futures]) -> None:
    future = lived["alliance"]
    cost = sum(statement.columns["cost"].sum(axis=2) for statement in future.statements)
    paid = future.payments["alliance"][:, :, 0, 2:5].sum(axis=1)
    np.testing.assert_allclose(cost, paid, atol=0.01)


def test_another_contract_changes_nothing_for_the_others(lived: dict[str, Futures]) -> None:
    tree = tree_of()
    block = {"form": "block", "amount": "£300,000 a year", "mobilisation": "6 months"}
    more = futures(with_changes(contracts={"first": block, **tree["contracts"]}))
    for name, future in lived.items():
        np.testing.assert_array_equal(
            future.payments[name].sum(axis=1), more[name].payments[name].sum(axis=1)
        )
        np.testing.assert_array_equal(future.costs.sum(axis=1), more[name].costs.sum(axis=1))
        for column, total in future.reading.counts.items():
            np.testing.assert_array_equal(total, more[name].reading.counts[column])


def test_another_term_changes_no_other_term(lived: dict[str, Futures]) -> None:
    tree = tree_of()
    output = tree["contracts"]["output"]
    grant = {"form": "block", "amount": "£9,000 a year"}
    more = futures(
        with_changes(
            contracts=tree["contracts"] | {"output": {**output, "terms": [*output["terms"], grant]}}
        )
    )
    before, after = lived["output"].payments["output"], more["output"].payments["output"]
    np.testing.assert_array_equal(before, after[:, :, [0, 1, 3, 4]])
    np.testing.assert_array_equal(lived["output"].costs, more["output"].costs)


def test_the_order_of_parties_and_services_does_not_matter(
    world: Scenario, lived: dict[str, Futures]
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
        before = by_name(world, future.net(name).sum(axis=(0, 1)))
        after = by_name(other, again[name].net(name).sum(axis=(0, 1)))
        assert before == pytest.approx(after, abs=0.01)
        for column, total in future.reading.counts.items():
            np.testing.assert_allclose(total, again[name].reading.counts[column][:, ::-1, ::-1])


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


def test_replications_and_seeds_differ(world: Scenario, lived: dict[str, Futures]) -> None:
    for other in (futures(world, replications=(4, 5, 6, 7)), futures(world, seed=8)):
        assert other["output"].net("output").sum() == 0.0
        assert not np.array_equal(
            other["output"].reading.counts["wait_days"], lived["output"].reading.counts["wait_days"]
        )


def test_both_engines_live_alike(world: Scenario) -> None:
    readable = futures(world, range(8), engine=ReferencePeople)
    compiled = futures(world, range(8))
    for name, expected in readable.items():
        assert_same_futures(expected, compiled[name])


def test_a_future_is_the_same_when_lived_again(world: Scenario, lived: dict[str, Futures]) -> None:
    again = futures(world)
    for name, future in lived.items():
        assert future.payments[name].tobytes() == again[name].payments[name].tobytes()
        assert future.diary == again[name].diary


def test_the_diary_tells_the_life_of_the_contract(
    world: Scenario, lived: dict[str, Futures]
) -> None:
    diary = lived["output"].diary
    assert diary == sorted(diary, key=lambda note: note.tick)
    shared = [note.what for note in diary if note.future is None]
    assert shared.count("governance meeting on the quarter") == 9
    assert "caseworkers all in post" in shared
    assert "output: final account" in shared
    for future in range(len(FEW)):
        own = [(note.day.isoformat(), note.what) for note in diary if note.future == future]
        assert ("2026-09-01", "dip begins") in own
        assert ("2026-10-13", "dip ends") in own
    surges = [
        sum(note.what == "surge begins" for note in diary if note.future == future)
        for future in range(len(FEW))
    ]
    assert len(set(surges)) > 1, "each future has surges of its own"


# -- the people alone ------------------------------------------------------------------------

DAY = TICKS_A_DAY


def people_of(scenario: Scenario, engine: Engine, replications: Sequence[int] = (0,)) -> Caseload:
    practice = at_norm(provider.quality for provider in scenario.providers.values())
    streams = [Stream(3, replication) for replication in replications]
    return engine(build_network(scenario, practice), streams)


@ENGINES
def test_more_places_start_those_who_wait_at_once(world: Scenario, engine: Engine) -> None:
    people = people_of(world, engine, FEW)
    people.advance(60 * DAY)
    waiting = people.read().waiting[:, 0, 0]
    assert (waiting > 10).all()
    people.resize(1, 0, 0, 10)
    reading = people.read()
    assert reading.in_service[:, 0, 0].tolist() == [0, 10, 0, 0]
    assert reading.waiting[:, 0, 0].tolist() == (waiting - [0, 10, 0, 0]).tolist()
    assert_nobody_vanishes(reading)


@ENGINES
def test_fewer_places_send_nobody_away(world: Scenario, engine: Engine) -> None:
    people = people_of(world, engine)
    people.resize(0, 0, 0, 50)
    people.advance(100 * DAY)
    held = people.read().in_service[0, 0, 0]
    people.resize(0, 0, 0, 5)
    assert held == people.read().in_service[0, 0, 0]
    people.advance(700 * DAY)
    assert people.read().in_service[0, 0, 0] == 5


def test_those_of_higher_priority_start_first() -> None:
    tree = tree_of()
    waits = {}
    for first, last in (("lower", "higher"), ("higher", "lower")):
        needs = tree["services"]["support"]["needs"]
        needs[first]["priority"], needs[last]["priority"] = 1, 2
        needs["higher"]["good_outcome"], needs["lower"]["good_outcome"] = "0%", "100%"
        tree["services"]["support"]["wait_harm"] = "0%"
        reading = futures(scenario_from(plain_yaml(tree)), MANY)["output"].reading
        waits[first] = reading.counts["good_outcomes"][..., 0].sum()
    assert waits["lower"] > 1.05 * waits["higher"], "more of those who are seen first are served"


@ENGINES
def test_demand_follows_its_factor(world: Scenario, engine: Engine) -> None:
    people = people_of(world, engine, FEW)
    people.scale_demand(2, 0, 1.5)
    people.advance(365 * DAY)
    plain = people_of(world, engine, FEW)
    plain.advance(365 * DAY)
    before, after = (
        each.read().counts["referred"][:, :, 0].sum(axis=1) for each in (plain, people)
    )
    assert (after / before)[[0, 1, 3]].tolist() == [1.0, 1.0, 1.0]
    assert 1.35 < (after / before)[2] < 1.65


def test_waiting_harms_outcomes_and_quality_mends_them() -> None:
    tree = tree_of()
    support = tree["services"]["support"]
    support["needs"] = {}
    support["good_outcome"], support["best_outcome"] = "40%", "60%"

    def rate(harm: str, quality: float) -> float:
        support["wait_harm"] = harm
        for provider in tree["providers"].values():
            provider["quality"] = quality
        counts = futures(scenario_from(plain_yaml(tree)), MANY)["output"].reading.counts
        return float(counts["good_outcomes"][..., 0].sum() / counts["completed"][..., 0].sum())

    assert rate("20%", 0) < rate("5%", 0) < rate("0%", 0) < rate("0%", 1) < rate("0%", 2)
    assert rate("100%", 0) < rate("50%", 0)
