"""What parties do follows from what a contract pays, and from nothing else."""

from __future__ import annotations

import numpy as np
import pytest

from simulator.contract.statement import COSTS
from simulator.engine.life import Futures
from simulator.parties.levers import LEVERS, PLACE
from tests.engine.deciding import level, lived, scenario_with

LEVER_KEYS = (
    "levers: {cost: {saves: 5%}, staffing: {adds: 10%}, padding: {claims: 5%}, "
    "prevention: {averts: 5%}}"
)
UNIT_PRICE = "{form: unit price, price: £330, per: completed}"
BLOCK = "{form: block, amount: £450,000 a year, split: equal}"
ALLIANCE = "{form: alliance, target: £400,000 a year, council_share: 50%, cap: 20%}"


def same(one: Futures, other: Futures) -> bool:
    return (
        np.array_equal(one.course, other.course)
        and np.array_equal(one.costs, other.costs)
        and all(
            np.array_equal(one.reading.counts[name], other.reading.counts[name])
            for name in one.reading.counts
        )
    )


@pytest.mark.parametrize("contract", [UNIT_PRICE, BLOCK, ALLIANCE])
def test_the_name_of_a_contract_changes_nothing(contract: str) -> None:
    plain = lived(scenario_with(contract, more=LEVER_KEYS))
    renamed = lived(scenario_with(contract, more=LEVER_KEYS, name="the_good_alliance"))
    titled = contract.replace("{form", "{title: A worse contract, form")
    assert same(plain, renamed)
    assert same(plain, lived(scenario_with(titled, more=LEVER_KEYS)))


def test_two_forms_that_pay_the_same_lead_to_the_same_futures() -> None:
    form = lived(scenario_with(UNIT_PRICE, more=LEVER_KEYS))
    written = (
        "{terms: [{name: Price, measure: completed, bands: [{rate: £330}], from: commissioners, "
        "to: providers, assessed: month, settled: monthly}]}"
    )
    same_pay = lived(scenario_with(written, more=LEVER_KEYS))
    paid = form.payments["tried"].sum(axis=-2), same_pay.payments["tried"].sum(axis=-2)
    np.testing.assert_allclose(*paid, atol=1.0)
    np.testing.assert_allclose(form.course, same_pay.course, atol=1e-9)
    assert np.abs(form.course).max() > 0.5, "somebody did something"


def test_futures_do_not_depend_on_which_live_side_by_side() -> None:
    scenario = scenario_with(ALLIANCE, more=LEVER_KEYS)
    alone, together = lived(scenario, 2), lived(scenario, 5)
    np.testing.assert_array_equal(alone.course, together.course[:2])
    np.testing.assert_array_equal(alone.net("tried"), together.net("tried")[:2])


def test_money_is_zero_sum_whatever_is_claimed() -> None:
    found = lived(scenario_with(ALLIANCE, more=LEVER_KEYS))
    assert level(found, "padding") > 0.1
    assert not found.net("tried").sum(axis=-1).any()


def test_each_gets_a_part_of_what_all_bring_about() -> None:
    """A bonus on the outcomes of all, shared equally: each does 1/N of what it would do alone."""
    shared = (
        "{{terms: [{{name: Bonus, measure: total(good_outcomes), bands: [{{rate: £{rate}}}], "
        "from: commissioners, to: providers, split: equal, assessed: year, settled: annually}}]}}"
    )
    quality = {
        providers: level(
            lived(
                scenario_with(shared.format(rate=300), providers, behaviour="theory", years=2), 4
            ),
            "quality",
        )
        for providers in (1, 2, 4)
    }
    assert quality[1] > 0.2
    assert quality[2] / quality[1] == pytest.approx(1 / 2, abs=0.06)
    assert quality[4] / quality[1] == pytest.approx(1 / 4, abs=0.04)


def test_what_holds_people_together_unravels_towards_the_end() -> None:
    ends = "relationship: {renewal: 0%, notice: 30%, trust: 80%}"
    goes_on = "relationship: {renewal: 100%, notice: 30%, trust: 80%}"
    quality = {
        key: [
            level(lived(scenario_with(BLOCK, more=more, party=", mission: 0%")), "quality", at)
            for at in (7, 9, 10, 11)
        ]
        for key, more in (("ends", ends), ("goes on", goes_on))
    }
    assert quality["ends"][0] == pytest.approx(quality["goes on"][0], rel=0.05)
    assert quality["ends"][0] > quality["ends"][1] > quality["ends"][2] > quality["ends"][3]
    assert quality["ends"][3] == pytest.approx(0.0, abs=0.02), "nothing is left to lose"
    assert quality["goes on"][3] > 0.5


def test_beyond_a_cap_nobody_tries() -> None:
    """A target so high that the gain is capped whatever happens: saving more earns nothing."""
    open_ended = "{form: alliance, target: £420,000 a year, council_share: 50%, cap: 30%}"
    capped = "{form: alliance, target: £420,000 a year, council_share: 50%, cap: 0.2%}"
    thrift = {
        key: level(
            lived(scenario_with(contract, more="levers: {cost: {saves: 5%}}", behaviour="theory")),
            "cost",
        )
        for key, contract in (("open", open_ended), ("capped", capped))
    }
    assert thrift["open"] > 0.2
    assert abs(thrift["capped"]) < 0.25 * thrift["open"]


def test_effort_goes_where_it_is_paid_and_leaves_where_it_is_not() -> None:
    paid_for_outcomes = "{form: unit price, price: £400, per: good_outcomes}"
    paid_for_handovers = "{form: unit price, price: £400, per: handovers_made}"
    more = "levers: {substitution: 60%}"
    by_outcome = lived(scenario_with(paid_for_outcomes, more=more, behaviour="theory"))
    by_handover = lived(scenario_with(paid_for_handovers, more=more, behaviour="theory"))
    assert level(by_outcome, "quality") > 0.2
    assert level(by_outcome, "hand_over") < -0.05, "below what is observed"
    assert level(by_handover, "hand_over") > 0.2
    assert level(by_handover, "quality") < -0.05


def test_a_block_contract_leaves_posts_empty_until_it_is_penalised() -> None:
    posts = "levers: {staffing: {adds: 10%, effort: 3%}}"
    block = lived(scenario_with(BLOCK, more=posts, behaviour="theory", referrals=450))
    price = UNIT_PRICE.replace("£330", "£1,000")
    by_unit = lived(scenario_with(price, more=posts, behaviour="theory", referrals=450))
    assert level(block, "staffing", 6) < -0.3
    assert level(by_unit, "staffing", 6) > 0.1
    paid = [found.statements[24].columns["staff_cost"].sum() for found in (block, by_unit)]
    assert paid[0] < 0.95 * paid[1]


def test_claims_are_padded_where_a_share_of_cost_is_paid_and_less_where_it_is_seen() -> None:
    padding = "levers: {padding: {claims: 5%}}"
    seen = ALLIANCE.replace(
        "{form",
        "{clauses: {open_book: {who: council, amount: £1,000 a year, "
        "catches: {padding: 80%}}}, form",
    )
    levels = {
        key: level(lived(scenario_with(contract, more=padding, behaviour="theory")), "padding")
        for key, contract in (("block", BLOCK), ("alliance", ALLIANCE), ("seen", seen))
    }
    assert levels["block"] == pytest.approx(0.0, abs=1e-9)
    assert levels["alliance"] > 0.2
    assert levels["seen"] < 0.4 * levels["alliance"]


def test_claims_are_above_what_is_paid_unless_they_are_found_out() -> None:
    scenario = scenario_with(ALLIANCE, more="levers: {padding: {claims: 5%}}", behaviour="theory")
    found = lived(scenario, 40)
    claimed = np.array([statement.columns["cost"].sum(axis=-1) for statement in found.statements])
    true = -np.moveaxis(found.costs[:, : len(claimed), 1:3], 0, 1)
    above = np.round(claimed / true - 1, 4)
    quarters = above.reshape(-1, 3, *above.shape[1:])
    assert (quarters[:, 0] == 0).sum() < (quarters[:, 0] > 0).sum()
    late = quarters[4:]
    assert ((late == 0).all(axis=1) | (late > 0).all(axis=1)).all(), "a quarter is seen or not"
    assert (late[:, 0] == 0).mean() == pytest.approx(0.10, abs=0.05), "as often as it is noticed"
    for name in COSTS:
        assert (found.statements[-1].columns[name] >= 0).all()


def test_levels_stay_within_their_bounds() -> None:
    generous = "{form: unit price, price: £3,000, per: good_outcomes}"
    found = lived(scenario_with(generous, more=LEVER_KEYS), 3)
    low, high = ([getattr(lever, end) for lever in LEVERS] for end in ("low", "high"))
    assert (found.course >= low).all()
    assert (found.course <= high).all()
    assert found.course[..., 0].max() == 2.0


PER_OUTCOME = "{form: unit price, price: £500, per: good_outcomes.support}"
BY_RATE = (
    "{terms: [{name: Outcome rate, measure: good_outcomes.support / completed.support, "
    "bands: [{rate: £100,000}], from: commissioners, to: providers, assessed: year, "
    "settled: annually}]}"
)


def where_one_can_select(contract: str, support: str = "screens: 40%") -> Futures:
    """Return futures with more people than places, in which only the first provider decides."""
    return lived(
        scenario_with(
            contract,
            behaviour="theory",
            others=", policy: none",
            referrals=550,
            support=support,
        )
    )


@pytest.mark.parametrize("tariff", [PER_OUTCOME, BY_RATE])
def test_a_crude_tariff_makes_a_provider_select_and_the_harm_lands_on_others(tariff: str) -> None:
    """Held against the same contract where nobody can be turned away."""
    selecting, taking_all = (
        where_one_can_select(tariff, support) for support in ("screens: 40%", "")
    )
    assert selecting.course[:, 2:-1, 1, PLACE["selection"]].mean() > 0.2
    columns = {
        name: [
            sum(each.columns[name][:, :, 0] for each in found.statements[12:]).mean(axis=0)
            for found in (taking_all, selecting)
        ]
        for name in ("good_outcomes", "completed", "dropped_out")
    }
    good, completed = columns["good_outcomes"], columns["completed"]
    before, after = (outcomes / people for outcomes, people in zip(good, completed, strict=True))
    assert after[0] > before[0] + 0.005
    assert after[1] < before[1] - 0.01
    own, other = good[1] - good[0]
    assert own > 3
    assert other < -3
    assert own + other < 0.5 * own, "of the whole there is hardly more, or less"
    more_leave = columns["dropped_out"][1] - columns["dropped_out"][0]
    assert more_leave[0] < 0 < more_leave[1], "others have longer lines"


def test_under_a_block_contract_nobody_is_turned_away_for_the_tariff() -> None:
    found = where_one_can_select(BLOCK)
    assert found.course[..., PLACE["selection"]].max() < 0.01


def test_a_penalty_for_those_turned_away_ends_selection() -> None:
    """Also where nobody is turned away yet, so that there is nothing in proportion to raise."""
    penalty = (
        "{terms: [{form: unit price, price: £500, per: good_outcomes.support}, {name: Penalty, "
        "measure: turned_away, bands: [{rate: £200}], from: providers, to: commissioners, "
        "assessed: year, settled: annually}]}"
    )
    found = where_one_can_select(penalty)
    assert found.course[..., PLACE["selection"]].max() < 0.01


def with_policy(policy: str, seed: int = 5) -> Futures:
    more = "relationship: {notice: 30%, trust: 50%}\nlevers: {quality: {effort: 40%}}"
    price = "{form: unit price, price: £600, per: good_outcomes}"
    return lived(scenario_with(price, more=more, party=f", policy: {policy}"), 4, seed)


def test_policies_do_what_they_say() -> None:
    levels = {
        policy: level(with_policy(policy), "quality", 8)
        for policy in ("none", "steady", "profit-first", "full", "mission-first", "cautious")
    }
    assert levels["none"] == levels["steady"] == 0.0
    assert 0.1 < levels["profit-first"] < levels["full"] < levels["mission-first"]
    assert levels["cautious"] < levels["full"]


def test_who_answers_in_kind_begins_with_goodwill_and_goes_on_as_others_do() -> None:
    kind = with_policy("tit-for-tat")
    selfish = with_policy("profit-first")
    assert level(kind, "quality", 8) > level(selfish, "quality", 8) + 0.1


def test_who_copies_does_what_the_others_did_last() -> None:
    scenario = scenario_with("{form: unit price, price: £600, per: good_outcomes}")
    first, second = scenario.providers.values()
    parties = {"p1": first.model_copy(update={"policy": "copy-last"}), "p2": second}
    found = lived(scenario.model_copy(update={"providers": parties}), 4)
    quality = found.course[..., LEVERS.index(next(x for x in LEVERS if x.name == "quality"))]
    np.testing.assert_allclose(quality[:, 2:-1, 1], quality[:, 1:-2, 2], atol=1e-12)
    assert quality[:, 5, 2].min() > 0.1


@pytest.mark.parametrize("assessed", ["month", "quarter", "year"])
def test_deductions_move_effort_whatever_period_they_are_worked_out_on(assessed: str) -> None:
    """Deductions of a month or a quarter are shares of what is paid for the year."""
    contract = (
        "{terms: [{form: unit price, price: £330, per: completed}, {form: kpi deductions, "
        "kpis: {outcomes: {measure: good_outcomes / completed, at_least: 60%, deduct: 0.2%, "
        f"for_each: 1%}}}}, cap: 50%, assessed: {assessed}}}]}}"
    )
    found = lived(scenario_with(contract, behaviour="theory"), 4)
    assert level(found, "quality", 3) == pytest.approx(0.41648, abs=1e-4)


def test_the_order_of_providers_in_the_file_moves_nobody() -> None:
    scenario = scenario_with(ALLIANCE, providers=3, more=LEVER_KEYS, years=2)
    turned = scenario.model_copy(
        update={"providers": dict(reversed(list(scenario.providers.items())))}
    )
    ours, theirs = lived(scenario, 3), lived(turned, 3)
    np.testing.assert_allclose(ours.course[:, :, 1:], theirs.course[:, :, :0:-1], atol=1e-6)
