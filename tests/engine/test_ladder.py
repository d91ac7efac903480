"""Breach, notice, a second notice, and who stands in: by rule, and in the life of a contract."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from simulator.contract.remedies import Remedies
from simulator.engine.compiled import CompiledPeople
from simulator.engine.ladder import Ladder
from simulator.engine.life import Futures, live_plan, plan_lives
from simulator.engine.network import build_network
from simulator.parties.calibration import rests
from simulator.parties.choice import Choice
from simulator.parties.conduct import Deciding, Moment, Parties
from simulator.parties.levers import LEVERS, PLACE, at_norm
from simulator.scenario.build import build
from simulator.scenario.scenario import Scenario
from simulator.scenario.yaml_text import read_yaml
from simulator.study.choice import looked_at_again
from simulator.study.engines import choose_engine
from tests.engine.deciding import lived, scenario_with

RULES = Remedies.model_validate(
    {
        "standards": {"waiting": {"measure": "wait_days / started", "at_most": "28 days"}},
        "termination": "50%",
    }
)
YES, NO = np.array([[True]]), np.array([[False]])
LUCKY, UNLUCKY = np.array([[0.9]]), np.array([[0.1]])


def climbed(quarters: str, luck: np.ndarray = LUCKY) -> tuple[str, float]:
    """Return what each quarter brought, and the breaches left after the last.

    Args:
        quarters: m for missed, k for kept, w for missed and waived.
        luck: of whoever is given a second notice.
    """
    ladder, brought = Ladder.begun(1, 1), ""
    for quarter in quarters:
        misses, insists = (NO if quarter == "k" else YES), (NO if quarter == "w" else YES)
        rungs = ladder.after(RULES, misses, insists, YES, luck)
        ladder = rungs.ladder
        brought += "E" if rungs.ended.any() else "N" if rungs.noticed.any() else "."
    return brought, float(ladder.breaches_left(RULES)[0, 0])


@pytest.mark.parametrize(
    ("quarters", "brought", "left"),
    [
        ("", "", 4),
        ("m", ".", 3),
        ("mk", "..", 4),
        ("mm", ".N", 2),
        ("mmm", ".N.", 1),
        ("mmmm", ".N.N", 2),
        ("mwm", "..N", 2),  # what nobody insists on neither counts nor clears
        ("mmkkkk", ".N....", 4),  # a notice is forgotten after a year
        ("mmkkkkmm", ".N.....N", 2),
        ("mmkkk", ".N...", 4),  # it would run out before a second one
    ],
)
def test_breaches_lead_to_notices(quarters: str, brought: str, left: float) -> None:
    assert climbed(quarters) == (brought, left)


def test_a_second_notice_ends_a_part_by_its_chance() -> None:
    assert climbed("mmmm", UNLUCKY)[0] == ".N.E"
    assert climbed("mmkkkkmm", UNLUCKY)[0] == ".N.....N", "a year later it is a first one again"


def test_who_is_not_there_is_given_no_notice() -> None:
    ladder = Ladder.begun(1, 1)
    for _ in range(4):
        rungs = ladder.after(RULES, YES, YES, NO, UNLUCKY)
        ladder = rungs.ladder
        assert not rungs.noticed.any()
        assert not rungs.ended.any()


def test_one_who_begins_anew_stands_at_the_foot() -> None:
    ladder = Ladder.begun(1, 2)
    both = np.array([[True, True]])
    luck = np.full((1, 2), 0.9)
    for _ in range(3):
        ladder = ladder.after(RULES, both, both, both, luck).ladder
    anew = ladder.anew(np.array([[True, False]]))
    np.testing.assert_array_equal(anew.breaches_left(RULES), [[4.0, 1.0]])


ENGINE = choose_engine("compiled")
STANDARD = "standards: {outcomes: {measure: good_outcomes / completed, at_least: %s}}"
PRICE = "{form: unit price, price: £330, per: completed, remedies: {%s, support: £1,000%s}}"


def under(at_least: str, rules: str = "", **keys: object) -> Scenario:
    contract = PRICE % (STANDARD % at_least, f", {rules}" if rules else "")
    return scenario_with(contract, **keys)  # type: ignore[arg-type]


def always(**keys: object) -> Futures:
    """Return futures in which nobody can keep the standard, and every second notice ends a part."""
    insists = "levers: {enforcement: {observed: 100%, best: 100%}}"
    scenario = under(
        "95%", "termination: 100%, step_in: £20,000, gap: 7 months", more=insists, **keys
    )
    return lived(scenario, 4)


def test_a_part_that_ends_is_taken_by_the_commissioner_and_then_by_a_successor() -> None:
    found = always(behaviour="none")
    told = [note.what for note in found.diary if note.future == 0 and "p1" in note.what]
    # two quarters in breach, two more, seven months, and on again
    assert told[:4] == [
        "notice to p1",
        "p1's part ends; the commissioner steps in",
        "a successor of p1 begins",
        "notice to p1",
    ]
    assert (found.notices[:, 0] >= 2).all()
    assert (found.replaced == 2).all()


def test_money_of_a_replaced_provider_goes_to_who_stands_in_its_place() -> None:
    found = always(behaviour="none")
    kept = lived(under("1%", behaviour="none"), 4)
    ours, theirs = found.net("tried"), kept.net("tried")
    assert not ours.sum(axis=-1).any(), "nothing is made or lost"
    providers, suppliers = slice(1, 3), 4
    # the first year is the provider's own; then nothing moves on its account but what was due
    np.testing.assert_array_equal(ours[:, :11, providers], theirs[:, :11, providers])
    assert not ours[:, 14:, providers].any()
    # what all contracts cost together is the same but for support and stepping in
    extra = ours.sum(axis=1) - theirs.sum(axis=1)
    ended = found.replaced.sum(axis=1)  # who goes gets no plan of support
    support = (found.notices.sum(axis=1) - ended) * 1_000 + ended * 20_000
    in_place = extra[:, 0] + extra[:, providers].sum(axis=1) + extra[:, suppliers]
    np.testing.assert_allclose(in_place, -support, atol=0.01)


def test_people_do_not_notice_where_nobody_decides() -> None:
    found, kept = always(behaviour="none"), lived(under("1%", behaviour="none"), 4)
    for name, counts in found.reading.counts.items():
        np.testing.assert_array_equal(counts, kept.reading.counts[name])


def test_who_stands_in_does_as_observed_and_a_successor_decides_anew() -> None:
    found = always()
    steps_in = found.course[:, 4, 1:]  # after the fourth quarter both parts have ended
    assert not steps_in.any()
    assert np.abs(found.course[:, 3, 1:]).max() > 0.1
    assert np.abs(found.course[:, 9, 1:]).max() > 0.1, "the successors have begun"


def test_fear_of_a_notice_moves_effort_and_more_of_it_close_by() -> None:
    """Where a notice is likely, quality is raised to keep clear of it; far off nobody minds."""

    def quality(standard: str, after: int) -> float:
        scenario = under(standard, f"termination: 100%, after: {after}", behaviour="theory")
        parties, agreement = Parties(scenario), scenario.agreements()["tried"]
        return float(rests(parties, agreement).own[1:, PLACE["quality"]].mean())

    assert quality("1%", 1) == pytest.approx(0.0, abs=1e-6)
    assert quality("46%", 1) > quality("46%", 2) > 0.05


def test_a_choice_tells_what_the_chance_of_a_notice_weighs() -> None:
    scenario = under("46%", "termination: 100%, after: 1")
    found = looked_at(scenario, "p1")
    assert next(each for each in found if LEVERS[each.lever].name == "quality").notice > 0.0
    assert not any(each.notice for each in looked_at(under("1%"), "p1") if each.lever > 1)


def looked_at(scenario: Scenario, party: str) -> list[Choice]:
    practice = at_norm(float(each.quality) for each in scenario.providers.values())
    (plan,) = plan_lives(scenario, build_network(scenario, practice))
    return looked_at_again(plan, 1, 0, 1, party, ENGINE)


def test_without_termination_a_notice_moves_nobody() -> None:
    none = lived(under("46%", "termination: 0%"), 4)
    never = lived(under("1%", "termination: 100%"), 4)
    np.testing.assert_allclose(none.course[..., :-2], never.course[..., :-2], atol=1e-9)


def test_any_form_can_have_the_same_ladder() -> None:
    ladder = STANDARD % "95%"
    alliance = (
        "{form: alliance, target: £400,000 a year, council_share: 50%, cap: 5%, "
        f"remedies: {{{ladder}, termination: 100%}}}}"
    )
    found = lived(scenario_with(alliance), 3)
    assert found.notices.sum() > 0
    assert not found.net("tried").sum(axis=-1).any()


IDLE = """
title: One works
starts: 2026-04-01
years: 1
council: {name: Council}
providers: {busy: {reserves: £9,000}, idle: {reserves: £9,000}}
services:
  support: {referrals: 200 a year, workers: {busy: 2}, caseload: 30, lasts: 13 weeks,
    worker_cost: £40,000 a year, good_outcome: 45%}
contracts:
  tried: {form: block, amount: £90,000 a year, split: equal, remedies: {after: 1, standards:
    {much: {measure: completed, at_least: 1,000}}}}
baseline: tried
"""


def test_who_delivers_nothing_is_given_no_notice() -> None:
    found = lived(build(read_yaml(IDLE, "idle.yaml")), 3)
    assert found.notices[:, 0].any()
    assert not found.notices[:, 1].any()


def test_a_successor_plans_with_its_own_reserves() -> None:
    insists = "levers: {enforcement: {observed: 100%, best: 100%}}"
    scenario = under("95%", "termination: 100%, gap: 4 months", more=insists)
    seen: list[Moment] = []

    class Watched(Deciding):
        def review(self, look: Callable[[], Moment]) -> None:
            moment = look()
            seen.append(moment)
            super().review(lambda: moment)

    practice = at_norm(float(each.quality) for each in scenario.providers.values())
    (plan,) = plan_lives(scenario, build_network(scenario, practice))
    assert plan.parties is not None
    conduct = Watched(plan.parties, plan.watch.agreement, 1)
    live_plan(plan, 1, [0], CompiledPeople, conduct)
    begun = next(each for each in seen if each.successors is not None and each.successors.any())
    # what the plan adds is the whole year's payments; what was paid before is not its own
    assert begun.months_done % 12 != 0
    assert begun.cash[begun.successors].max() < 200_000


def test_what_cannot_come_to_pass_any_more_weighs_nothing() -> None:
    scenario = under("46%", "termination: 100%, after: 1", years=1)
    practice = at_norm(float(each.quality) for each in scenario.providers.values())
    (plan,) = plan_lives(scenario, build_network(scenario, practice))
    weighed = [
        max(abs(each.notice) for each in looked_at_again(plan, 1, 0, at, "p1", ENGINE))
        for at in (1, 3)
    ]
    assert weighed[0] > 0.0, "two quarters are still looked at"
    assert weighed[1] == 0.0, "none is"
