"""Laws a mistake in the engine would break: flows between services, keyed luck, demand, returns."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from simulator._errors import RunError
from simulator.engine.caseload import Engine
from simulator.engine.clock import TICKS_A_DAY
from simulator.engine.compiled import CompiledPeople
from simulator.engine.life import Futures, live, plan_lives
from simulator.engine.network import build_network
from simulator.engine.people import ReferencePeople
from simulator.engine.streams import Purpose, Stream, name_key
from simulator.parties.levers import Practice, at_norm
from simulator.scenario.plain import plain_yaml
from simulator.scenario.scenario import Scenario
from simulator.scenario.yaml_text import read_yaml
from tests.conftest import FULL, scenario_from
from tests.engine.following import compiled_with_diaries, diary_of, reference_with_diaries

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
FUTURES = 400 if FULL else 40
FEW_FUTURES = 2  # for the readable engine

ENGINES = pytest.mark.parametrize(
    ("engine", "count"),
    [
        pytest.param(CompiledPeople, FUTURES, id="compiled"),
        pytest.param(ReferencePeople, FEW_FUTURES, id="reference"),
    ],
)
WITH_DIARIES = pytest.mark.parametrize(
    "make",
    [
        pytest.param(compiled_with_diaries, id="compiled"),
        pytest.param(reference_with_diaries, id="reference"),
    ],
)


def world(**service: Any) -> dict[str, Any]:
    """Return the plain world with changes to its service."""
    tree = read_yaml(PLAIN, "plain.yaml").tree
    tree["services"]["first"] |= service
    return tree


def scenario_of(tree: dict[str, Any]) -> Scenario:
    return scenario_from(plain_yaml(tree))


def lived(tree: dict[str, Any], count: int = FUTURES, engine: Engine = CompiledPeople) -> Futures:
    scenario = scenario_of(tree)
    plans = plan_lives(scenario, build_network(scenario, at_norm([0.0, 0.0])))
    return live(plans, 11, range(count), engine)[0]


def total(futures: Futures, column: str, service: int = 0) -> float:
    return float(futures.reading.counts[column][..., service].sum())


def close(expected: float, found: float, spread: float | None = None) -> bool:
    """Tell whether a count is within four standard deviations of its expectation (Poisson)."""
    return abs(found - expected) < 4 * math.sqrt(spread if spread is not None else expected)


@ENGINES
def test_referrals_come_at_their_rate(engine: Engine, count: int) -> None:
    assert close(3_000 * 4 * count, total(lived(world(), count, engine), "referred"))


def test_growth_is_compounded() -> None:
    rate = 0.2 / 365.25
    days = scenario_of(world()).timetable.days
    expected = 3_000 / 365.25 * math.expm1(rate * days) / rate * FUTURES
    assert close(expected, total(lived(world(growth="20% a year")), "referred"))


def test_a_season_moves_referrals_to_its_months_and_keeps_the_year() -> None:
    futures = lived(world(season={"jan": "+80%", "dec": "-80%"}))
    months = np.array([month.columns["referred"].sum() for month in futures.statements])
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
    second_year = sum(month.columns["referred"].sum() for month in futures.statements[12:24])
    assert close(a_day * (365 + 50), float(second_year))


def test_a_risk_comes_as_often_as_its_chance() -> None:
    tree = world(referrals="1 a year")
    tree["risks"] = {"rush": {"chance": "30% a year", "demand": "+1%", "lasts": "1 day"}}
    count = 400
    came = sum(note.what == "rush begins" for note in lived(tree, count).diary)
    expected = 0.3 * 4 * count
    assert close(expected, came, expected * 0.7)


@ENGINES
@pytest.mark.parametrize("chance", [0.25, 0.5])
def test_relapses_follow_good_outcomes_after_their_time(
    chance: float, engine: Engine, count: int
) -> None:
    futures = lived(world(relapse={"chance": chance, "after": "8 weeks"}), count, engine)
    good = total(futures, "good_outcomes")
    away = float(futures.reading.on_the_way.sum())
    came_back = total(futures, "returned") + away
    assert close(chance * good, came_back, chance * (1 - chance) * good)
    # Little's law: those away are the flow of relapses times the mean time away
    flow = came_back / (scenario_of(world()).timetable.days * count)
    assert close(flow * 56 * count, away, 1.3 * flow * 56 * count)


@ENGINES
def test_those_handed_over_arrive_and_nobody_is_lost_between_services(
    engine: Engine, count: int
) -> None:
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
    futures = lived(tree, count, engine)
    counts = {name: numbers.sum(axis=1) for name, numbers in futures.reading.counts.items()}
    on_the_way = futures.reading.on_the_way
    failed = counts["handovers_due"][:, 0] - counts["handovers_made"][:, 0]
    # of those handed over, the ones who have not arrived are on the way; the others on the way
    # failed and will come back
    still = counts["handovers_made"][:, 0] - counts["referred"][:, 1]
    assert ((still >= 0) & (still <= on_the_way)).all()
    assert (counts["returned"][:, 0] + on_the_way - still <= failed).all()
    assert not counts["returned"][:, 1].any()
    due = total(futures, "handovers_due")
    completed = total(futures, "completed")
    made = total(futures, "handovers_made")
    back = total(futures, "returned") + float((on_the_way - still).sum())
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
    plans = plan_lives(scenario, build_network(scenario, (Practice(), Practice(handover=1.0))))
    counts = live(plans, 3, range(FUTURES), CompiledPeople)[0].reading.counts
    due, made = (counts[name].sum(axis=0)[:, 0] for name in ("handovers_due", "handovers_made"))
    for provider, success in enumerate((0.5, 0.9)):
        expected = success * due[provider]
        assert close(expected, made[provider], expected * (1 - success))


def test_take_up_is_asked_at_every_visit() -> None:
    futures = lived(world(take_up="70%", relapse={"chance": "90%", "after": "1 week"}))
    referred, declined = total(futures, "referred"), total(futures, "declined")
    assert close(0.3 * referred, declined, 0.21 * referred)


@WITH_DIARIES
def test_a_person_keeps_their_stay_and_outcome_however_long_they_waited(make: Any) -> None:
    """The luck of a person does not depend on when they start, nor on who else is there."""
    lives = []
    for posts in (400, 6):
        tree = world(
            workers={"north": posts, "south": posts}, relapse={"chance": "50%"}, wait_harm="0%"
        )
        scenario = scenario_of(tree)
        caseload = make(build_network(scenario, at_norm([0.0, 0.0])), [Stream(5, 0)])
        for provider in (0, 1):
            caseload.resize(0, provider, 0, posts * 10)
        caseload.advance(300 * TICKS_A_DAY)
        waiting = caseload.read().waiting.sum()
        assert waiting == 0 if posts == 400 else waiting > 50
        steps = {
            (who, visit, what): (tick, provider)
            for tick, what, _, who, visit, provider, _ in diary_of(caseload, 0)
        }
        lives.append(steps)
    shared = [
        (who, visit)
        for who, visit, what in lives[0].keys() & lives[1].keys()
        if what == "completed"
    ]
    assert len(shared) > 100
    for who, visit in shared:
        stays, outcomes, away = (
            {
                steps[who, visit, "completed"][0] - steps[who, visit, "started"][0]
                for steps in lives
            },
            {(who, visit, "good_outcome") in steps for steps in lives},
            {
                steps[who, visit + 1, "referred"][0] - steps[who, visit, "completed"][0]
                for steps in lives
                if (who, visit + 1, "referred") in steps
            },
        )
        assert (len(stays), len(outcomes)) == (1, 1)
        assert len(away) <= 1


@WITH_DIARIES
def test_stays_are_those_of_their_keys(make: Any) -> None:
    """With places for all, completions can be worked out by hand from the draws."""
    scenario = scenario_of(world(lasts={"mean": "1 week", "shape": "exponential"}))
    network = build_network(scenario, at_norm([0.0, 0.0]))
    caseload = make(network, [Stream(5, 0)])
    for provider in (0, 1):
        caseload.resize(0, provider, 0, 4_000)
    caseload.advance(200 * TICKS_A_DAY)
    stream, key = Stream(5, 0), name_key("first")
    potential = network.services[0].potential_a_day
    expected_days, expected_good, completed, now = 0.0, 0, 0, 0.0
    for who in range(5_000):
        now += -math.log(stream.uniform(who, key, 0, Purpose.ARRIVAL_GAP)) / potential
        if now >= 200:
            break
        if stream.uniform(who, key, 0, Purpose.ACCEPTED) * potential >= 3_000 / 365.25:
            continue
        stay = -math.log(stream.uniform(who, key, 0, Purpose.LENGTH_OF_STAY)) * 7
        if now + stay < 200:
            completed += 1
            expected_days += stay
            expected_good += stream.uniform(who, key, 0, Purpose.OUTCOME) < 0.6
    counts = caseload.read().counts
    assert completed == counts["completed"].sum()
    assert expected_good == counts["good_outcomes"].sum()
    # each stay is counted in whole units of 2**-20 day, rounded down
    assert 0 <= expected_days - counts["service_days"].sum() < 2 * completed * 2.0**-20


@pytest.mark.parametrize("engine", [CompiledPeople, ReferencePeople])
def test_referrals_beyond_the_bounding_rate_are_an_error_and_not_lost(engine: Engine) -> None:
    scenario = scenario_of(world())
    caseload = engine(build_network(scenario, at_norm([0.0, 0.0])), [Stream(5, 0)])
    caseload.scale_demand(0, 0, 100.0)
    with pytest.raises(RunError, match=r"potential people.*please report it"):
        caseload.advance(30 * TICKS_A_DAY)


def test_a_second_contract_in_the_same_life_changes_nothing() -> None:
    tree = world()
    alone = lived(tree, 2)
    tree["contracts"]["other"] = {"form": "unit price", "price": "£9", "per": "completed"}
    together = lived(tree, 2)
    assert alone.payments["block"].tobytes() == together.payments["block"].tobytes()
    assert alone.costs.tobytes() == together.costs.tobytes()


@pytest.mark.parametrize("make", [CompiledPeople, ReferencePeople])
def test_practice_moves_outcomes_and_hand_overs_in_each_future_by_itself(make: Any) -> None:
    """One level is best practice; whoever completes from then on has its chances."""
    tree = world(good_outcome="40%", best_outcome="70%")
    tree["services"]["second"] = read_yaml(SECOND, "second.yaml").tree
    tree["handovers"] = [
        {"from": "first", "to": "second", "share": "50%", "success": "50%", "best_success": "90%"}
    ]
    scenario = scenario_of(tree)
    network = build_network(scenario, (Practice(), Practice()))
    futures = 40 if make is CompiledPeople else FEW_FUTURES
    caseload = make(network, [Stream(3, each) for each in range(futures)])
    better = np.zeros((futures, 2))
    better[futures // 2 :, 0] = 1.0
    caseload.practise(better, better, np.zeros_like(better))
    for future in range(futures):
        for provider in (0, 1):
            caseload.resize(future, provider, 0, 40)
    while caseload.advance(network.end):
        pass
    counts = caseload.read().counts
    for rows, provider, good, success in (
        (slice(0, futures // 2), 0, 0.4, 0.5),
        (slice(futures // 2, None), 0, 0.7, 0.9),
        (slice(futures // 2, None), 1, 0.4, 0.5),
    ):
        seen = {name: values[rows, provider, 0].sum() for name, values in counts.items()}
        completed, due = seen["completed"], seen["handovers_due"]
        expected = good * completed
        assert completed > 100
        assert close(expected, seen["good_outcomes"], expected * (1 - good))
        assert close(success * due, seen["handovers_made"], success * due * (1 - success))


@pytest.mark.parametrize("make", [CompiledPeople, ReferencePeople])
@pytest.mark.parametrize(
    ("best", "worse", "better"),
    [
        pytest.param("15%", 0.7158, 0.15, id="moved"),  # odds of 2/3, times or over 34/9
        pytest.param(None, 0.4, 0.4, id="without a best"),
    ],
)
def test_relapse_falls_with_quality(
    make: Any, best: str | None, worse: float, better: float
) -> None:
    """A provider at observed practice and one a level below it; later futures a level above."""
    relapse = {"chance": "40%", "after": "1 day"} | ({"best": best} if best else {})
    network = build_network(
        scenario_of(world(relapse=relapse)), (Practice(), Practice(quality=-1.0))
    )
    futures = 10 if make is CompiledPeople else 2
    caseload = make(network, [Stream(3, each) for each in range(futures)])
    higher = np.zeros((futures, 2))
    higher[futures // 2 :] = 1.0
    caseload.practise(higher, np.zeros_like(higher), np.zeros_like(higher))
    for future in range(futures):
        for provider in (0, 1):
            caseload.resize(future, provider, 0, 4_000)
    caseload.advance(network.end)
    counts = caseload.read().counts
    for rows, chances in (
        (slice(0, futures // 2), (0.4, worse)),
        (slice(futures // 2, None), (better, 0.4)),
    ):
        for provider, chance in enumerate(chances):
            good = counts["good_outcomes"][rows, provider, 0].sum()
            assert good > 3_000
            expected = chance * good
            assert close(
                expected, counts["returned"][rows, provider, 0].sum(), expected * (1 - chance)
            )
