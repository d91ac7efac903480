"""Where a difference comes from: the same futures with one thing not as it is."""

from __future__ import annotations

from dataclasses import fields
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from simulator.engine.compiled import CompiledPeople
from simulator.engine.life import live_plan, plan_lives
from simulator.engine.network import build_network
from simulator.parties.conduct import Replayed
from simulator.parties.levers import at_norm
from simulator.scenario.build import build
from simulator.scenario.scenario import Scenario
from simulator.scenario.yaml_text import read_yaml
from simulator.study.engines import choose_engine
from simulator.study.replicate import Outcomes, Prepared, Study, joined
from simulator.study.replicator import Replicator, replicate
from simulator.study.split import gained_outcomes, splits, value_of
from simulator.study.store import ChunkStore
from tests.study.test_replicator import Heard

WORLD = """
title: A world in which parties decide
starts: 2026-04-01
years: 2
behaviour: full
outcome_value: £2,000
council: {name: Council}
providers:
  north: {reserves: £200,000}
  south: {reserves: £90,000}
levers: {cost: {saves: 5%}, padding: {claims: 5%}, staffing: {adds: 10%}, prevention: {averts: 5%}}
services:
  support:
    referrals: 740 a year
    workers: {north: 3, south: 3}
    caseload: 30
    lasts: 13 weeks
    worker_cost: £40,000 a year
    good_outcome: 45%
    best_outcome: 60%
    good_anyway: 10%
    relapse: 10%
  groups:
    referrals: 100 a year
    workers: {south: 3}
    caseload: 60
    lasts: 13 weeks
    worker_cost: £30,000 a year
    good_outcome: 50%
handovers:
  - {from: support, to: groups, share: 40%, success: 60%, best_success: 85%}
contracts:
  output: {form: unit price, price: £420, per: completed}
  alliance:
    form: alliance
    target: £480,000 a year
    council_share: 50%
    cap: 10%
    clauses:
      record: {who: council, amount: £2,000 a year, catches: {hand_over: 60%, padding: 60%}}
  block: {form: block, amount: £480,000 a year, split: equal}
baseline: output
"""


def scenario_with(*changes: tuple[str, str]) -> Scenario:
    text = WORLD
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return build(read_yaml(text, "split.yaml"))


@cache
def study() -> Study:
    return replicate(scenario_with(), 12, 3)


def alike(one: Outcomes, other: Outcomes) -> bool:
    arrays = [each.name for each in fields(Outcomes) if each.name not in ("people", "course")]
    return all(np.array_equal(getattr(one, name), getattr(other, name)) for name in arrays) and all(
        np.array_equal(one.people[name], other.people[name]) for name in one.people
    )


def test_money_and_behaviour_add_up_to_the_difference() -> None:
    for split in splits(study()).values():
        for key in ("cash", "value", "outcomes"):
            money, behaviour, both = (
                getattr(each, key).mean for each in (split.money, split.behaviour, split.difference)
            )
            assert money + behaviour == pytest.approx(both, abs=1e-6)
    alliance = splits(study())["alliance"]
    assert abs(alliance.behaviour.cash.mean) > 1_000, "behaviour moves money here"


def test_the_interaction_is_what_both_do_only_together() -> None:
    found = splits(study())["alliance"]
    assert found.interaction["cash"].mean == pytest.approx(
        found.difference.cash.mean - found.money.cash.mean - found.check.cash.mean, abs=1e-6
    )


def test_luck_is_a_range_about_nought() -> None:
    for split in splits(study()).values():
        assert split.luck["cash"].mean == pytest.approx(0.0, abs=1e-6)
        assert split.luck["cash"].p05 < 0 < split.luck["cash"].p95


def test_a_contract_with_its_own_decisions_replayed_is_itself() -> None:
    scenario = scenario_with()
    practice = at_norm(float(each.quality) for each in scenario.providers.values())
    for plan in plan_lives(scenario, build_network(scenario, practice)):
        lived = live_plan(plan, 3, range(4), CompiledPeople)
        replayed = Replayed(lived.course, plan.technology)
        again = live_plan(plan, 3, range(4), CompiledPeople, replayed)
        name = plan.contracts[0].agreement.name
        np.testing.assert_array_equal(lived.net(name), again.net(name))
        np.testing.assert_array_equal(lived.course, again.course)


def test_nobody_changing_leaves_people_as_they_are_under_the_baseline() -> None:
    found = study()
    base = found.outcomes["output"].people
    mixed = found.companions["block as under output"].people
    for name, counts in base.items():
        np.testing.assert_array_equal(counts, mixed[name])


def test_without_an_effect_of_collaboration_only_hand_overs_differ_at_first() -> None:
    found = study()
    ours = found.outcomes["alliance"].people
    blind = found.companions["alliance without collaboration"].people
    np.testing.assert_array_equal(ours["completed"][:, 0] > 0, blind["completed"][:, 0] > 0)
    assert blind["handovers_made"].sum() < ours["handovers_made"].sum()


def test_where_no_hand_over_can_be_better_collaboration_has_no_effect_anyway() -> None:
    found = replicate(scenario_with((", best_success: 85%", "")), 4, 3)
    for name, outcomes in found.outcomes.items():
        assert alike(outcomes, found.companions[f"{name} without collaboration"])


def test_equal_openness_is_told_where_a_clause_buys_it() -> None:
    found = splits(study())
    assert found["alliance"].equally_open is not None
    assert found["alliance"].equally_open.cash.mean != found["alliance"].difference.cash.mean
    assert found["block"].equally_open == found["block"].difference, "it has no clause"


def test_nobody_decides_and_nothing_is_split() -> None:
    found = replicate(scenario_with(("behaviour: full", "behaviour: none")), 3, 3)
    assert found.companions == {}
    assert splits(found) == {}
    assert all(outcomes.course.size == 0 for outcomes in found.outcomes.values())


def test_each_person_counts_once_and_what_came_anyway_does_not() -> None:
    scenario, outcomes = study().scenario, study().outcomes["output"]
    people = {name: counts.sum(axis=0) for name, counts in outcomes.people.items()}
    lasting = np.array([1 - 0.6 * 0.10, 1.0])
    expected = (people["good_outcomes"] * lasting).sum()
    expected -= 0.10 * (people["completed"] - people["returned"])[0]
    assert gained_outcomes(scenario, outcomes).sum() == pytest.approx(expected)
    worth = value_of(scenario, outcomes) - outcomes.net[:, 0]
    assert worth.sum() == pytest.approx(2_000 * expected)


@pytest.mark.parametrize(("behaviour", "low", "high"), [("theory", 0.179, 0.181), ("full", 0, 0.1)])
def test_better_practice_has_more_outcomes_last(behaviour: str, low: float, high: float) -> None:
    """As many come back as are taken not to last, soon enough to be seen within the term."""
    relapse = "relapse: {chance: 30%, after: 1 week, best: 10%}"
    scenario = scenario_with(
        ("relapse: 10%", relapse), ("behaviour: full", f"behaviour: {behaviour}")
    )
    outcomes = replicate(scenario, 60, 3).outcomes["block"]
    good, back = (outcomes.people[name][:, 0].sum() for name in ("good_outcomes", "returned"))
    lapsing = outcomes.lapsing.sum(axis=0)
    assert lapsing[0] == pytest.approx(back, rel=0.04)
    assert low < lapsing[0] / good < high
    assert lapsing[1] == 0.0


def test_any_grouping_gives_the_same_bytes() -> None:
    """Futures are decided side by side; no sum may depend on how many they are."""
    prepared = Prepared(scenario_with(), 3, choose_engine("compiled"), companions=True)
    spans = [(0, 1), (1, 3), (3, 8), (8, 12)]
    parts = [prepared.live(*span) for span in spans]
    for name, outcomes in {**study().outcomes, **study().companions}.items():
        together = joined([part[name] for part in parts])
        assert alike(outcomes, together)
        np.testing.assert_array_equal(outcomes.course, together.course)


def test_processes_change_nothing() -> None:
    alone = replicate(scenario_with(), 6, 9)
    several = replicate(scenario_with(), 6, 9, workers=2)
    for name, outcomes in {**alone.outcomes, **alone.companions}.items():
        assert alike(outcomes, {**several.outcomes, **several.companions}[name])


def test_both_anchors_of_the_norm_are_lived() -> None:
    plain_world = scenario_with()
    anchored_world = plain_world.model_copy(update={"observed_under": "output"})
    plain, both = (
        splits(replicate(each, 4, seed=3))["alliance"] for each in (plain_world, anchored_world)
    )
    assert plain.other_norm is not None
    assert both.other_norm is not None
    assert plain.difference.value.mean != both.difference.value.mean
    assert both.other_norm.value.mean == pytest.approx(plain.difference.value.mean)
    assert plain.other_norm.value.mean == pytest.approx(both.difference.value.mean)


def test_interrupted_and_continued_it_is_the_same(tmp_path: Path) -> None:
    world, store = scenario_with(("years: 2", "years: 1")), ChunkStore(tmp_path / "kept")
    with Replicator(world, 3, 1, store, Heard(stop_after=1)) as replicator:
        part = replicator.study(60)
    assert part.interrupted
    assert 0 < part.replications < 60
    with Replicator(world, 3, 1, store, Heard()) as replicator:
        whole = replicator.study(60)
    alone = replicate(world, 60, 3)
    for name, outcomes in {**alone.outcomes, **alone.companions}.items():
        found = {**whole.outcomes, **whole.companions}[name]
        assert alike(outcomes, found)
        np.testing.assert_array_equal(outcomes.course, found.course)
