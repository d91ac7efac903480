"""The commissioner is a party: it insists on what it may, or not, and looks into claims."""

from __future__ import annotations

import numpy as np
import pytest

from simulator.contract.contract import Contract
from simulator.contract.signatories import Signatories
from simulator.contract.statement import COLUMNS, Statement
from simulator.engine.compiled import CompiledPeople
from simulator.engine.life import Futures, live_plan, plan_lives
from simulator.engine.network import build_network
from simulator.parties.calibration import rests
from simulator.parties.commissioning import Commissioning
from simulator.parties.conduct import Parties
from simulator.parties.levers import LEVERS, PLACE, at_norm
from simulator.parties.scenario_stakes import policies_of
from simulator.scenario.build import build
from simulator.scenario.layers import set_values
from simulator.scenario.yaml_text import read_yaml
from tests.engine.deciding import lived, scenario_with

SIGNATORIES = Signatories(
    ("council",), ("p1", "p2"), {"council": 1.0}, {"p1": 1.0, "p2": 1.0}, ("support",), {}
)
KPI = (
    "kpis: {outcomes: {measure: good_outcomes / completed, at_least: %s, deduct: 1%%, "
    "for_each: 1%%}}"
)
DEDUCTIONS = (
    "{terms: [{form: unit price, price: £330, per: completed}, {form: kpi deductions, "
    + KPI
    + ", cap: 10%%, assessed: year, at_discretion: %s}]}"
)
OPEN_BOOK = "{form: alliance, target: £400,000 a year, council_share: 50%, cap: 20%}"


def deducting(at_least: str = "55%", at_discretion: str = "true", **keys: object):
    return scenario_with(DEDUCTIONS % (at_least, at_discretion), **keys)  # type: ignore[arg-type]


def taken(found: Futures) -> np.ndarray:
    """Return what deductions take from the providers in each future, pounds."""
    return -found.payments["tried"][:, :, 1, 1:3].sum(axis=(1, 2))


def levels(of: str, level: float) -> np.ndarray:
    made = np.zeros(len(LEVERS))
    made[PLACE[of]] = level  # type: ignore[index]
    return made


def test_it_insists_as_observed_and_more_at_best_practice() -> None:
    acts = Commissioning(scenario_with(OPEN_BOOK))
    assert acts.insists(levels("enforcement", 0.0)) == 0.62
    assert acts.insists(levels("enforcement", 1.0)) == pytest.approx(0.90)
    assert 0.0 < acts.insists(levels("enforcement", -2.0)) < 0.3


def test_an_audit_finds_its_share_of_what_is_left() -> None:
    acts = Commissioning(scenario_with(OPEN_BOOK, more="levers: {audit: {finds: 30%}}"))
    found = [float(acts.finds(levels("audit", level))) for level in (0.0, 1.0, 2.0)]
    assert found == pytest.approx([0.0, 0.3, 1.0 - 0.7**2])


@pytest.mark.parametrize("months", [0, 6, 12])
def test_deductions_at_discretion_are_taken_in_the_months_that_are_insisted_on(months: int) -> None:
    def contract(at_discretion: bool) -> Contract:
        return Contract.model_validate(
            {
                "terms": [
                    {"form": "unit price", "price": "£100", "per": "completed"},
                    {
                        "form": "kpi deductions",
                        "kpis": {
                            "outcomes": {
                                "measure": "good_outcomes / completed",
                                "at_least": "50%",
                                "deduct": "1%",
                                "for_each": "1%",
                            }
                        },
                        "cap": "8%",
                        "assessed": "year",
                        "at_discretion": at_discretion,
                    },
                ]
            }
        )

    shape = (len(SIGNATORIES.providers), len(SIGNATORIES.services))
    columns = dict.fromkeys(COLUMNS, np.zeros(shape))
    columns |= {"completed": np.full(shape, 100.0), "good_outcomes": np.full(shape, 20.0)}
    columns["insisted"] = np.full((shape[0], 1), float(months))
    whole, part = (
        contract(each).agree("tried", SIGNATORIES).settle(Statement(columns, 1.0))[1]
        for each in (False, True)
    )
    assert np.abs(whole).max() > 0
    np.testing.assert_allclose(part, whole * months / 12, atol=1e-9)


def test_a_simulated_commissioner_insists_as_often_as_observed() -> None:
    always = taken(lived(deducting(at_discretion="false", behaviour="none"), 40))
    as_observed = taken(lived(deducting(behaviour="none"), 40))
    assert as_observed.mean() / always.mean() == pytest.approx(0.62, abs=0.06)
    assert as_observed.std() > 0


def test_who_insists_is_the_same_luck_under_every_contract() -> None:
    one, other = (lived(deducting(at_least, behaviour="none"), 3) for at_least in ("55%", "60%"))
    for mine, theirs in zip(one.statements, other.statements, strict=True):
        np.testing.assert_array_equal(mine.columns["insisted"], theirs.columns["insisted"])


def test_a_commissioner_that_looks_to_its_own_money_insists_more() -> None:
    plain = deducting()
    council = plain.commissioners["council"].model_copy(update={"policy": "profit-first"})
    greedy = plain.model_copy(update={"commissioners": {"council": council}})
    place = PLACE["enforcement"]
    insists = lived(greedy, 5).course[:, :, 0, place].mean(axis=0)
    trusting = lived(deducting(more="relationship: {trust: 100%, notice: 60%}"), 5)
    assert insists[2] > 0.4, "it pays while standards are missed"
    assert trusting.course[:, 2, 0, place].mean() < insists[2] - 0.1, "trust lets some of it go"
    assert insists[-2] < 0.1, "once they are kept there is nothing to insist on"


def test_where_nothing_is_at_discretion_the_commissioner_decides_nothing() -> None:
    scenario = deducting(at_discretion="false")
    parties = Parties(scenario)
    assert not parties.stakes_under(scenario.agreements()["tried"]).can_move[0].any()
    assert not lived(scenario, 3).course[:, :, 0].any()


def test_a_commissioner_with_a_steady_policy_does_as_observed() -> None:
    scenario = deducting()
    council = scenario.commissioners["council"].model_copy(update={"policy": "steady"})
    steady = scenario.model_copy(update={"commissioners": {"council": council}})
    assert not lived(steady, 3).course[:, :, 0].any()
    assert not policies_of(steady)[0].moves


def test_a_setting_finds_a_party_on_either_side() -> None:
    text = """
title: Two
starts: 2026-04-01
years: 1
outcome_value: £9
council: {name: Council}
providers: {north: {reserves: £1}}
services:
  support: {referrals: 10 a year, workers: {north: 1}, caseload: 9, lasts: 9 weeks,
    worker_cost: £9 a year, good_outcome: 45%}
contracts: {block: {form: block, amount: £9 a year}}
baseline: block
"""
    settings = ["parties.council.policy=steady", "parties.north.policy=cautious"]
    scenario = build(set_values(read_yaml(text, "two.yaml"), settings))
    assert scenario.policies == {"council": "steady", "north": "cautious"}


def test_audit_lowers_what_it_pays_to_pad() -> None:
    def padding(audit: str) -> float:
        more = f"levers: {{padding: {{claims: 5%, effort: 10%}}{audit}}}"
        scenario = scenario_with(OPEN_BOOK, more=more, behaviour="theory")
        agreement = scenario.agreements()["tried"]
        own = rests(Parties(scenario), agreement).own
        return float(own[1:, PLACE["padding"]].mean())

    assert 0 < padding(", audit: {finds: 60%, effort: 0.01%}") < 0.8 * padding("")


def test_audit_costs_the_commissioner_what_it_costs() -> None:
    dear = (
        "levers: {padding: {claims: 10%}, audit: {finds: 80%, effort: 0.1%, cash: £2,000 a year}}"
    )
    scenario = scenario_with(OPEN_BOOK, more=dear)
    found = lived(scenario, 4)
    audit = found.course[:, :, 0, PLACE["audit"]]
    assert audit.max() > 0.1
    staff = -1 - 2  # staff stand before suppliers and the tax authority
    held = np.repeat(audit[:, :-1], 3, axis=1) * 2_000 / 12
    months = held.shape[1]
    paid = -found.costs[:, :months, 0]
    np.testing.assert_allclose(paid, held, atol=0.01)
    assert (found.costs[:, :months, staff] > 0).all()
    assert not found.net("tried").sum(axis=-1).any()


def test_insisting_under_one_contract_pays_nothing_under_another() -> None:
    """Contracts of one world keep their own months, also where nobody decides."""
    other = (
        "{data: {insisted: {expected: 0}}, terms: [{name: Months, measure: insisted, "
        "times: 1000, split: equal}]}"
    )
    scenario = deducting(behaviour="none")
    alone = build_contract(other)
    both = scenario.model_copy(update={"contracts": {**scenario.contracts, "other": alone}})
    practice = at_norm(float(each.quality) for each in both.providers.values())
    plans = plan_lives(both, build_network(both, practice))
    paid = {
        watch.agreement.name: futures.payments[watch.agreement.name]
        for plan in plans
        for watch, futures in [(plan.watch, live_plan(plan, 5, range(2), CompiledPeople))]
    }
    assert not paid["other"].any()
    np.testing.assert_array_equal(paid["tried"], lived(scenario, 2).payments["tried"])


def build_contract(text: str) -> Contract:
    tree = read_yaml(f"contract: {text}", "one.yaml").tree
    return Contract.model_validate(tree["contract"])


def test_months_alone_can_be_paid_for() -> None:
    contract = (
        "{data: {insisted: {of: each provider, follows: enforcement}}, terms: [{name: Months, "
        "measure: insisted, times: 1000}, {form: unit price, price: £330, per: completed}]}"
    )
    found = lived(scenario_with(contract), 2)
    assert found.payments["tried"][:, :, 0].any()
    assert not found.net("tried").sum(axis=-1).any()


def test_nobody_audits_from_habit() -> None:
    more = (
        "observed_under: tried\n"
        "levers: {padding: {claims: 5%}, audit: {finds: 30%, cash: £30,000 a year}}"
    )
    parties = Parties(scenario_with(OPEN_BOOK, more=more))
    parties.refuse_far_norm()
    assert parties.norm[0, PLACE["audit"]] <= 0.0


def test_audit_is_paid_for_at_the_level_of_pay() -> None:
    rates = "inflation: {pay: 10% a year}\n"
    more = (
        "levers: {padding: {claims: 10%}, audit: {finds: 80%, effort: 0.1%, cash: £2,000 a year}}"
    )
    found = lived(scenario_with(OPEN_BOOK, more=rates + more), 2)
    audit = np.repeat(found.course[:, :-1, 0, PLACE["audit"]], 3, axis=1)
    aprils = np.repeat([0, 1, 2], 12)
    months = audit.shape[1]
    np.testing.assert_allclose(
        -found.costs[:, :months, 0], audit * 2_000 / 12 * 1.1**aprils, atol=0.01
    )
