"""Laws a mistake in the engine would break: flows between services, keyed luck, demand, returns."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from simulator._errors import RunError
from simulator.engine.clock import TICKS_A_DAY
from simulator.engine.life import Future, live, plan_lives
from simulator.engine.network import build_network
from simulator.engine.people import People
from simulator.engine.streams import Purpose, Stream, name_key
from simulator.parties.levers import at_norm
from simulator.scenario.plain import plain_yaml
from simulator.scenario.scenario import Scenario
from simulator.scenario.yaml_text import read_yaml
from tests.conftest import FULL, scenario_from

PLAIN = """
title: Plain
starts: 2026-04-01
years: 4
council: {name: Council}
providers: {north: {reserves: £1}, south: {reserves: £1}}
services:
  first:
    referrals: 3,000 a year
    workers: {north: 400, south: 400}
    caseload: 10
    lasts: 2 weeks
    drop_out: 0% a week
    good_outcome: 60%
    worker_cost: £1 a year
contracts: {block: {form: block, amount: £1 a year}}
baseline: block
"""
SECOND = """
referrals: 0 a year
workers: {north: 400, south: 400}
caseload: 10
lasts: 2 weeks
drop_out: 0% a week
good_outcome: 50%
worker_cost: £1 a year
"""
FUTURES = 40 if FULL else 6


def world(**service: Any) -> dict[str, Any]:
    """Return the plain world with changes to its service."""
    tree = read_yaml(PLAIN, "plain.yaml").tree
    tree["services"]["first"] |= service
    return tree


def scenario_of(tree: dict[str, Any]) -> Scenario:
    return scenario_from(plain_yaml(tree))


def lived(tree: dict[str, Any], futures: int = FUTURES) -> list[Future]:
    scenario = scenario_of(tree)
    plans = plan_lives(scenario, build_network(scenario, at_norm([0.0, 0.0])))
    return [live(plans, 11, replication, People)[0] for replication in range(futures)]


def total(futures: list[Future], column: str, service: int = 0) -> float:
    return float(sum(future.reading.counts[column][:, service].sum() for future in futures))


def close(expected: float, found: float, spread: float | None = None) -> bool:
    """Tell whether a count is within four standard deviations of its expectation (Poisson)."""
    return abs(found - expected) < 4 * math.sqrt(spread if spread is not None else expected)


def test_referrals_come_at_their_rate() -> None:
    assert close(3_000 * 4 * FUTURES, total(lived(world()), "referred"))


def test_growth_is_compounded() -> None:
    rate = 0.2 / 365.25
    days = scenario_of(world()).timetable.days
    expected = 3_000 / 365.25 * math.expm1(rate * days) / rate * FUTURES
    assert close(expected, total(lived(world(growth="20% a year")), "referred"))


def test_a_season_moves_referrals_to_its_months_and_keeps_the_year() -> None:
    futures = lived(world(season={"jan": "+80%", "dec": "-80%"}))
    months = np.array(
        [[s.columns["referred"].sum() for s in future.statements] for future in futures]
    ).sum(axis=0)
    a_day = 3_000 / 365.25 * FUTURES
    calendar = scenario_of(world()).timetable.months
    for name, factor in ((1, 1.8), (12, 0.2), (7, 1.0)):
        at = [index for index, month in enumerate(calendar) if month.first.month == name]
        days = sum((calendar[index].end - calendar[index].first).days for index in at)
        assert close(a_day * days * factor, float(months[at].sum())), name


def test_a_dated_risk_lasts_as_long_as_it_says() -> None:
    tree = world()
    tree["risks"] = {"rush": {"on": "2027-04-01", "demand": "+50%", "lasts": "100 days"}}
    futures = lived(tree)
    a_day = 3_000 / 365.25 * FUTURES
    days = scenario_of(world()).timetable.days
    assert close(a_day * (days + 50), total(futures, "referred"))
    second_year = sum(s.columns["referred"].sum() for f in futures for s in f.statements[12:24])
    assert close(a_day * (365 + 50), float(second_year))


def test_a_risk_comes_as_often_as_its_chance() -> None:
    tree = world(referrals="1 a year")
    tree["risks"] = {"rush": {"chance": "30% a year", "demand": "+1%", "lasts": "1 day"}}
    count = 400
    came = sum(what == "rush begins" for future in lived(tree, count) for _, what in future.diary)
    expected = 0.3 * 4 * count
    assert close(expected, came, expected * 0.7)


@pytest.mark.parametrize("chance", [0.25, 0.5])
def test_relapses_follow_good_outcomes_after_their_time(chance: float) -> None:
    futures = lived(world(relapse={"chance": chance, "after": "8 weeks"}))
    good = total(futures, "good_outcomes")
    away = sum(future.reading.on_the_way for future in futures)
    came_back = total(futures, "returned") + away
    assert close(chance * good, came_back, chance * (1 - chance) * good)
    # Little's law: those away are the flow of relapses times the mean time away
    flow = came_back / (scenario_of(world()).timetable.days * FUTURES)
    assert close(flow * 56 * FUTURES, away, 1.3 * flow * 56 * FUTURES)


def test_those_handed_over_arrive_and_nobody_is_lost_between_services() -> None:
    tree = world()
    tree["services"]["second"] = read_yaml(SECOND, "second.yaml").tree
    tree["handovers"] = [
        {
            "from": "first",
            "to": "second",
            "share": "40%",
            "success": "75%",
            "after": "3 weeks",
            "returns": "60%",
            "returns_after": "5 weeks",
        }
    ]
    futures = lived(tree)
    for future in futures:
        counts = {name: values.sum(axis=0) for name, values in future.reading.counts.items()}
        failed = counts["handovers_due"][0] - counts["handovers_made"][0]
        # of those handed over, the ones who have not arrived are on the way; the others on the
        # way failed and will come back
        still = counts["handovers_made"][0] - counts["referred"][1]
        assert 0 <= still <= future.reading.on_the_way
        assert counts["returned"][0] + future.reading.on_the_way - still <= failed
        assert counts["returned"][1] == 0
    due = total(futures, "handovers_due")
    completed = total(futures, "completed")
    made = total(futures, "handovers_made")
    back = total(futures, "returned") + sum(f.reading.on_the_way for f in futures)
    back -= made - total(futures, "referred", 1)
    assert close(0.4 * completed, due, 0.24 * completed)
    assert close(0.75 * due, made, 0.1875 * due)
    assert close(0.6 * (due - made), back, 0.24 * (due - made))


def test_hand_over_success_can_differ_by_place_of_practice() -> None:
    tree = world()
    tree["services"]["second"] = read_yaml(SECOND, "second.yaml").tree
    tree["handovers"] = [
        {"from": "first", "to": "second", "share": "50%", "success": "50%", "best_success": "90%"}
    ]
    scenario = scenario_of(tree)
    from simulator.parties.levers import Practice

    plans = plan_lives(scenario, build_network(scenario, (Practice(), Practice(handover=1.0))))
    counts = live(plans, 3, 0, People)[0].reading.counts
    rate = counts["handovers_made"][:, 0] / counts["handovers_due"][:, 0]
    assert rate[0] == pytest.approx(0.5, abs=0.06)
    assert rate[1] == pytest.approx(0.9, abs=0.04)


def test_take_up_is_asked_at_every_visit() -> None:
    futures = lived(world(take_up="70%", relapse={"chance": "90%", "after": "1 week"}))
    referred, declined = total(futures, "referred"), total(futures, "declined")
    assert close(0.3 * referred, declined, 0.21 * referred)


class Witness(People):
    """Notes the draws each person used, so that two worlds can be compared person by person."""

    used: dict[tuple[int, int, Purpose], float]

    def __init__(self, network: Any, stream: Stream) -> None:
        self.used = {}
        outer = self

        class Noting(Stream):
            def uniform(self, who: int, origin: int, visit: int, purpose: Purpose) -> float:
                value = super().uniform(who, origin, visit, purpose)
                outer.used[who, visit, purpose] = value
                return value

        super().__init__(network, Noting(*stream.key))


def test_a_person_keeps_their_stay_and_outcome_however_long_they_waited() -> None:
    """The luck of a person does not depend on when they start, nor on who else is there."""
    rich, poor = (
        world(workers={"north": posts, "south": posts}, relapse={"chance": "50%"})
        for posts in (400, 6)
    )
    outcomes = []
    for tree in (rich, poor):
        scenario = scenario_of(tree)
        network = build_network(scenario, at_norm([0.0, 0.0]))
        people = Witness(network, Stream(5, 0))
        for provider in (0, 1):
            people.resize(provider, 0, int(tree["services"]["first"]["workers"]["north"] * 10))
        people.advance(300 * TICKS_A_DAY)
        outcomes.append((people.read(), people.used))
    (rich_reading, rich_used), (poor_reading, poor_used) = outcomes
    assert poor_reading.waiting.sum() > 50, "one world makes people wait, the other does not"
    assert rich_reading.waiting.sum() == 0
    shared = rich_used.keys() & poor_used.keys()
    assert len(shared) > 100
    assert all(rich_used[key] == poor_used[key] for key in shared)


def test_stays_are_those_of_their_keys() -> None:
    """With one place and fixed draws the completions can be worked out by hand."""
    scenario = scenario_of(world(lasts={"mean": "1 week", "shape": "exponential"}))
    people = People(build_network(scenario, at_norm([0.0, 0.0])), Stream(5, 0))
    for provider in (0, 1):
        people.resize(provider, 0, 4_000)
    people.advance(200 * TICKS_A_DAY)
    stream, key = Stream(5, 0), name_key("first")
    network = people.network.services[0]
    expected_days, expected_good, completed, now = 0.0, 0, 0, 0.0
    for who in range(5_000):
        now += -math.log(stream.uniform(who, key, 0, Purpose.ARRIVAL_GAP)) / network.potential_a_day
        if now >= 200:
            break
        if (
            stream.uniform(who, key, 0, Purpose.ACCEPTED) * network.potential_a_day
            >= 3_000 / 365.25
        ):
            continue
        stay = -math.log(stream.uniform(who, key, 0, Purpose.LENGTH_OF_STAY)) * 7
        if now + stay < 200:
            completed += 1
            expected_days += stay
            expected_good += stream.uniform(who, key, 0, Purpose.OUTCOME) < 0.6
    counts = people.read().counts
    assert completed == counts["completed"].sum()
    assert expected_good == counts["good_outcomes"].sum()
    assert expected_days == pytest.approx(counts["service_days"].sum(), rel=1e-9)


def test_referrals_beyond_the_bounding_rate_are_an_error_and_not_lost() -> None:
    scenario = scenario_of(world())
    people = People(build_network(scenario, at_norm([0.0, 0.0])), Stream(5, 0))
    people.scale_demand(0, 100.0)
    with pytest.raises(RunError, match="exceed"):
        people.advance(30 * TICKS_A_DAY)


def test_a_second_contract_in_the_same_life_changes_nothing() -> None:
    tree = world()
    alone = lived(tree, 2)
    tree["contracts"]["other"] = {"form": "unit price", "price": "£9", "per": "completed"}
    together = lived(tree, 2)
    for before, after in zip(alone, together, strict=True):
        assert before.payments["block"].tobytes() == after.payments["block"].tobytes()
        assert before.costs.tobytes() == after.costs.tobytes()
