"""Where parties come to rest, and whether a lever is worth what it takes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from simulator._errors import CheckFailed, RunError
from simulator.cli.scenario import check
from simulator.contract.agreement import Agreement
from simulator.contract.statement import Array
from simulator.parties.calibration import (
    Resting,
    calibrate,
    driving_in_words,
    refuse_unsound,
    resting,
    rests,
)
from simulator.parties.conduct import Parties
from simulator.parties.levers import LEVERS
from simulator.parties.response import Pace
from simulator.report.calibration_text import calibration_of
from simulator.report.show_text import show_text
from simulator.scenario.plain import plain_yaml
from simulator.study.replicator import Replicator
from tests.engine.deciding import document_with, scenario_with
from tests.parties.small import game_of, plan_of, stakes_of

UNIT_PRICE = "{form: unit price, price: £330, per: completed}"
NAMES = [lever.name for lever in LEVERS]


def team(rate: float) -> dict[str, object]:
    """Return a term that pays the square of what all achieve together, half to each."""
    return {
        "name": "Together",
        "measure": "total(completed) * total(completed)",
        "bands": [{"rate": f"£{rate}"}],
        "split": "equal",
        "assessed": "year",
    }


def test_what_settles_is_told_as_it_is() -> None:
    price = {"name": "Price", "measure": "completed", "bands": [{"rate": "£0.7"}]}
    found = resting(game_of([price | {"assessed": "year"}], plan_of(2, 1), stakes_of(2, 1)))
    np.testing.assert_allclose(found.own[1:, 0], 0.7, atol=1e-6)
    assert not found.driving
    assert not found.is_restless


def test_two_rests_are_both_told() -> None:
    """Each does more the more the other does: at nought nobody moves, a push leads to the bounds.

    A best response is .6 (a1 + a2), whose eigenvalue is 1.2.
    """
    game = game_of([team(0.6)], plan_of(2, 1), stakes_of(2, 1), pace=Pace())
    found = resting(game)
    assert {party for party, _ in found.driving} == {1, 2}
    assert sorted(float(each[1, 0]) for each in found.others) == pytest.approx([-2.0, 2.0])
    assert not found.is_restless


def test_weaker_ties_have_one_rest() -> None:
    assert not resting(game_of([team(0.3)], plan_of(2, 1), stakes_of(2, 1), pace=Pace())).driving


def test_a_cost_in_cash_lowers_what_a_level_is_worth_for_a_pound() -> None:
    free = scenario_with(UNIT_PRICE, more="levers: {quality: {effort: 60%}}")
    dear = scenario_with(UNIT_PRICE, more="levers: {quality: {effort: 60%, cash: £60,000 a year}}")
    ratios = []
    for scenario in (free, dear):
        agreement = scenario.agreements()["tried"]
        (quality, *_) = calibrate(Parties(scenario), agreement)
        assert NAMES[quality.lever] == "quality"
        ratios.append(quality)
    assert ratios[0].gain == pytest.approx(ratios[1].gain, rel=0.01), "before what it takes"
    assert ratios[1].takes == pytest.approx(ratios[0].takes + 30_000, rel=0.01)
    assert ratios[1].joint < ratios[0].joint


def test_observed_practice_is_the_answer_to_the_contract_it_was_observed_under() -> None:
    price = "{form: unit price, price: £300, per: good_outcomes}"
    more = "observed_under: tried\nlevers: {quality: {effort: 40%}, hand_over: {effort: 40%}}"
    scenario = scenario_with(price, more=more)
    parties = Parties(scenario)
    assert np.abs(parties.norm[1:, NAMES.index("quality")]).min() > 0.2
    found = rests(parties, scenario.agreements()["tried"])
    np.testing.assert_allclose(found.own, 0.0, atol=0.05)


def test_a_norm_nobody_has_seen_is_refused() -> None:
    price = "{form: unit price, price: £9,000, per: good_outcomes}"
    scenario = scenario_with(price, more="observed_under: tried", party=", risk_tolerance: 100%")
    with pytest.raises(RunError, match="quality of casework is -"):
        refuse_unsound(scenario)
    assert np.abs(Parties(scenario).norm).max() == 2.0, "cut where inputs are drawn"


def test_a_check_tells_of_a_norm_nobody_has_seen() -> None:
    price = "{form: unit price, price: £9,000, per: good_outcomes}"
    scenario = scenario_with(price, more="observed_under: tried", party=", risk_tolerance: 100%")
    found = calibration_of(scenario)
    assert found.refused.startswith("'alliance run' refuses this scenario: observed_under: if")
    assert "the norm of p1's quality of casework is -" in found.refused
    assert found.levers == ()


def test_a_lever_that_would_save_more_than_everything_costs_is_warned_of() -> None:
    def said(cash: str) -> str:
        scenario = scenario_with(UNIT_PRICE, more=f"levers: {{quality: {{cash: {cash}}}}}")
        return " ".join(calibration_of(scenario).warnings)

    planned = Parties(scenario_with(UNIT_PRICE)).technology.planned_cost.sum()
    assert "would save more than all of it" in said(f"£{0.6 * planned:,.0f} a year")
    assert "would save more than all of it" not in said(f"£{0.4 * planned:,.0f} a year")


def test_a_best_for_all_far_below_what_is_observed_is_told_as_that() -> None:
    scenario = scenario_with(UNIT_PRICE, more="levers: {cost: {saves: 5%, cash: £300,000 a year}}")
    found = calibration_of(scenario).warnings
    (far,) = (each for each in found if "Cost control: best for" in each)
    assert "a level of −1.8, as far below what is observed (0)" in far


@pytest.mark.parametrize(
    ("levers", "said"),
    [
        (["North's quality"], "North's quality leaps to and fro"),
        (["A's one", "B's other"], "A's one and B's other drive each other on"),
    ],
)
def test_what_keeps_parties_from_rest_is_told(levers: list[str], said: str) -> None:
    assert driving_in_words(levers) == said


def test_a_free_lunch_is_warned_of() -> None:
    rich = scenario_with(UNIT_PRICE, more="levers: {quality: {effort: 1%}}")
    assert any("free lunch" in warning for warning in calibration_of(rich).warnings)
    poor = scenario_with(UNIT_PRICE, more="levers: {quality: {cash: £900,000 a year}}")
    assert any(
        "best for all is little of it" in warning for warning in calibration_of(poor).warnings
    )


def test_effort_is_counted_from_the_norm() -> None:
    price = "{form: unit price, price: £300, per: good_outcomes}"
    more = "observed_under: tried\nlevers: {quality: {effort: 40%}, hand_over: {effort: 40%}}"
    scenario = scenario_with(price, more=more)
    parties, agreement = Parties(scenario), scenario.agreements()["tried"]
    (quality, *_) = calibrate(parties, agreement)
    assert NAMES[quality.lever] == "quality"
    weight = parties.stakes_under(agreement).effort[quality.party, quality.lever, quality.lever]
    assert quality.norm < -0.2
    away = weight * (1 - quality.norm) ** 2 / 2 - weight * quality.norm**2 / 2
    assert quality.takes == pytest.approx(away, rel=1e-6)


def test_check_fails_where_a_run_refuses_parties_that_never_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def restless(parties: Parties, agreement: Agreement) -> Resting:
        return Resting(np.zeros_like(parties.norm), ((1, 0), (2, 0)))

    monkeypatch.setattr("simulator.report.calibration_text.rests", restless)
    file = tmp_path / "small.yaml"
    file.write_text(plain_yaml(document_with(UNIT_PRICE).tree), encoding="utf-8")
    for as_json in (False, True):
        with pytest.raises(CheckFailed, match="'alliance run' refuses this scenario"):
            check([file], [], as_json)
        told = capsys.readouterr().out
        assert "parties do not come to rest" in " ".join(told.split())
        assert not as_json or json.loads(told)["valid"] is False


def test_a_contract_of_figures_nobody_expects_is_passed_over() -> None:
    unknown = (
        "{data: {visits: {what: visits, of: each provider}}, "
        "terms: [{name: Visits, measure: visits, bands: [{rate: £10}]}]}"
    )
    found = calibration_of(scenario_with(UNIT_PRICE, more_contracts=f"counted: {unknown}"))
    assert list(found.resting) == ["tried"]
    assert any("Counted is passed over: nobody says what visits" in each for each in found.warnings)
    alone = scenario_with(unknown, more="observed_under: tried")
    nothing = calibration_of(alone)
    assert not nothing.resting
    assert len(nothing.warnings) == 1
    with pytest.raises(RunError, match="counts visits, which actuals give"):
        Replicator(alone, seed=1)
    assert "No example: nobody says what visits is expected to be" in show_text(alone)


def test_what_settles_is_not_refused() -> None:
    refuse_unsound(scenario_with(UNIT_PRICE))


def test_who_delivers_nothing_decides_nothing() -> None:
    more = "levers: {cost: {saves: 5%}, padding: {claims: 5%}, staffing: {adds: 10%}}"
    scenario = scenario_with(UNIT_PRICE, providers=1, more=more)
    idle = next(iter(scenario.providers.values()))
    scenario = scenario.model_copy(update={"providers": {**scenario.providers, "idle": idle}})
    scenario.__dict__.pop("signatories", None)  # who signs was worked out before
    parties = Parties(scenario)
    assert parties.technology.can_move[0].any()
    assert not parties.technology.can_move[1].any()
    refuse_unsound(scenario)


def test_who_has_hardly_any_reserves_bears_risk_by_turnover() -> None:
    def aversion(share: str) -> Array:
        scenario = scenario_with(UNIT_PRICE, party=f", risk_tolerance: {share}")
        stakes = Parties(scenario).stakes_under(scenario.agreements()["tried"])
        return stakes.risk_aversion[1:]

    turnover = Parties(scenario_with(UNIT_PRICE)).technology.planned_cost
    np.testing.assert_allclose(aversion("0.01%"), 1 / (0.01 * turnover))
    np.testing.assert_allclose(aversion("16%"), 1 / (0.16 * 200_000))
    assert (aversion("0.01%") >= aversion("2%")).all()
    assert (aversion("2%") >= aversion("16%")).all()
