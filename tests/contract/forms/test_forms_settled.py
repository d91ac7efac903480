"""What each ready-made form pays, against figures worked by hand: at kinks, caps and both sides."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest

from simulator.contract.account import Account
from simulator.contract.agreement import Agreement
from simulator.contract.contract import FORMS, Contract
from simulator.contract.limits import yearly_limits
from simulator.contract.periods import Timetable
from simulator.contract.signatories import Signatories
from simulator.contract.statement import COLUMNS, Statement
from tests.strategies import statement_like

PARTIES = Signatories(
    ("council", "nhs"),
    ("north", "south"),
    {"council": 0.75, "nhs": 0.25},
    {"north": 3.0, "south": 1.0},
    ("support",),
)
THREE_QUARTERS = {"north": "75%", "south": "rest"}


def agreed(contract: Mapping[str, Any]) -> Agreement:
    return Contract.model_validate(dict(contract)).agree("tried", PARTIES)


def happened(years: float = 1.0, **columns: Sequence[float]) -> Statement:
    """Return a statement of the two providers; a single figure is one for all."""
    values = {name: np.zeros((2, 1)) for name in COLUMNS}
    values |= {name: np.array(each, dtype=float)[:, None] for name, each in columns.items()}
    return Statement(values, years)


def paid(contract: Mapping[str, Any], **columns: Sequence[float]) -> list[float]:
    """Return what council, NHS, North and South receive in a year, to the penny."""
    total = agreed(contract).settle(happened(**columns)).sum(axis=0)
    assert abs(total.sum()) < 1e-6
    return [round(float(each), 2) for each in total[:4]]


# -- by activity -----------------------------------------------------------------------------------

VOLUME = {
    "form": "cost and volume",
    "price": "£100",
    "per": "completed",
    "plan": {"north": "300 a year", "south": "100 a year"},
}


@pytest.mark.parametrize(
    ("completed", "providers"),
    [
        ((299, 0), [29_900, 0]),
        ((300, 100), [30_000, 10_000]),
        ((301, 110), [30_070, 10_700]),
    ],
)
def test_cost_and_volume(completed: Sequence[float], providers: list[float]) -> None:
    assert paid(VOLUME, completed=completed)[2:] == providers


def test_a_plan_is_for_a_year_and_does_not_rise() -> None:
    agreement = agreed({**VOLUME, "uplift": "10% a year"})
    account = Account(agreement)
    earned = []
    for month in Timetable(datetime.date(2026, 4, 1), datetime.date(2028, 4, 1)).months:
        account.add(month, happened(month.years, completed=(310 * month.years, 0)))
        if month.year_end:
            earned.append(float(account.entitlement(["monthly"])[0, 2]))
    assert earned[0] == pytest.approx(300 * 100 + 10 * 70)
    assert earned[1] - earned[0] == pytest.approx(1.1 * earned[0])


def test_a_plan_can_be_changed_part_way() -> None:
    contract = VOLUME | {
        "adjustments": [
            {
                "amount": "planned_volume",
                "on": "2026-10-01",
                "to": {"north": "500 a year", "south": "100 a year"},
            }
        ]
    }
    account = Account(agreed(contract))
    for month in Timetable(datetime.date(2026, 4, 1), datetime.date(2027, 4, 1)).months:
        account.add(month, happened(month.years, completed=(600 * month.years, 0)))
    assert account.entitlement(["monthly"])[0, 2] == pytest.approx(400 * 100 + 200 * 70)


@pytest.mark.parametrize(
    ("completed", "north"), [((300, 100), 0), ((310, 100), 200), ((0, 100), -6_000)]
)
def test_a_blended_payment_is_symmetric(completed: Sequence[float], north: float) -> None:
    contract = VOLUME | {"form": "blended", "amount": "£40,000 a year"}
    assert paid(contract, completed=completed)[2:] == [30_000 + north, 10_000]


def test_a_grant_for_all_counts_what_all_spent() -> None:
    contract = {"form": "grant", "amount": "£40,000 a year", "clawback": True}
    assert paid(contract, cost=(36_000, 6_000))[2:] == [30_000, 10_000]
    assert paid(contract, cost=(20_000, 6_000))[2:] == [19_500, 6_500]
    assert paid(contract | {"clawback": False}, cost=(0, 0))[2:] == [30_000, 10_000]


# -- by standards ----------------------------------------------------------------------------------


def incentive(on_top: bool) -> dict[str, Any]:
    scale = {"measure": "good_outcomes / completed", "nothing_at": "30%", "all_at": "50%"}
    waits = {"measure": "wait_days / started", "nothing_at": "60 days", "all_at": "20 days"}
    return {
        "terms": [
            {"form": "block", "amount": "£40,000 a year"},
            {
                "form": "incentive",
                "share": "10%",
                "on_top": on_top,
                "indicators": {
                    "good": scale | {"weight": "75%"},
                    "soon": waits | {"weight": "25%"},
                },
            },
        ]
    }


@pytest.mark.parametrize(
    ("good", "days", "earned"),
    [(30, 60, 0.0), (29, 61, 0.0), (50, 20, 1.0), (60, 0, 1.0), (40, 20, 0.625), (50, 50, 0.8125)],
)
def test_an_incentive_slides_between_two_values(good: float, days: float, earned: float) -> None:
    columns = {
        "completed": (100, 0),
        "good_outcomes": (good, 0),
        "started": (10, 0),
        "wait_days": (10 * days, 0),
    }
    assert paid(incentive(False), **columns)[2] == pytest.approx(27_000 + 3_000 * earned)
    assert paid(incentive(True), **columns)[2] == pytest.approx(30_000 + 3_000 * earned)


def test_who_has_nothing_to_measure_loses_nothing() -> None:
    assert paid(incentive(False))[2:] == [30_000, 10_000]


# -- by outcome ------------------------------------------------------------------------------------

TARIFF: dict[str, Any] = {
    "form": "outcome tariff",
    "points": {
        "attachment": {"per": "started", "price": "£400"},
        "job": {"per": "good_outcomes", "price": "£1,200", "at_most": 2, "for_each": "started"},
    },
}


@pytest.mark.parametrize(
    ("good", "job"), [((19, 0), 19), ((20, 0), 20), ((21, 0), 20), ((0, 1), 0)]
)
def test_claims_are_limited_by_person(good: Sequence[float], job: float) -> None:
    assert paid(TARIFF, started=(10, 0), good_outcomes=good)[2] == 4_000 + 1_200 * job


def test_a_yearly_cap_is_cut_to_the_part_of_the_year() -> None:
    agreement = agreed(TARIFF | {"cap": "£24,000 a year"})
    half = agreement.settle(happened(0.5, started=(20, 10), good_outcomes=(10, 0)))
    assert half[:2].sum(axis=0)[2:4] == pytest.approx([20_000, 4_000])
    assert half.sum(axis=0)[2:4] == pytest.approx([10_000, 2_000])


def test_a_cap_of_one_outcome_comes_before_that_of_all() -> None:
    card = {
        "form": "rate card",
        "outcomes": {
            "good": {"per": "good_outcomes", "price": "£100", "cap": "£1,000"},
            "handed_over": {"per": "handovers_made", "price": "£50"},
        },
        "cap": "£1,200",
    }
    assert paid(card, good_outcomes=(6, 3), handovers_made=(2, 2))[2:] == [700, 400]
    assert paid(card, good_outcomes=(15, 5), handovers_made=(0, 0))[2:] == [750, 250]
    assert paid(card, good_outcomes=(15, 5), handovers_made=(4, 6))[2:] == [760, 440]
    limits = {each.party: (each.least, each.most) for each in yearly_limits(agreed(card))}
    assert limits["north"] == (0, 1_200)
    assert limits["council"] == pytest.approx((-900, 0))


# -- by cost ---------------------------------------------------------------------------------------


def target(sum_: str, **keys: Any) -> dict[str, Any]:
    return {"form": "target cost", "target": f"{sum_} a year", "split": THREE_QUARTERS, **keys}


@pytest.mark.parametrize(
    ("contract", "cost", "price"),
    [
        (target("£1 million", council_share="50%"), 900_000, 950_000),
        (target("£100,000", council_share="50%"), 150_000, 125_000),
        (
            target("£500,000", bands=[{"up_to": "20%", "providers": "25%"}, {"providers": "0%"}]),
            200_000,
            225_000,
        ),
        (target("£210,000", fee="£25,000 a year", council_share="80%"), 200_000, 227_000),
        (target("£1,000", fee="£100 a year", council_share="80%"), 900, 1_020),
        (target("£1,000", fee="10%", compared="cost and fee", council_share="50%"), 1_000, 1_050),
        (target("£1,000", council_share="0%", guaranteed_maximum="£1,100 a year"), 1_300, 1_000),
        (target("£1,000", council_share="100%", guaranteed_maximum="£1,100 a year"), 1_300, 1_100),
        (target("£1,000", council_share="100%", guaranteed_maximum="£1,100 a year"), 1_100, 1_100),
    ],
)
def test_target_cost(contract: dict[str, Any], cost: float, price: float) -> None:
    council, nhs, north, south = paid(contract, cost=(cost, 0))
    assert north + south == pytest.approx(price)
    assert (council, nhs) == pytest.approx((-0.75 * price, -0.25 * price))


@pytest.mark.parametrize(("cost", "share"), [(1_100_000, -87_500), (950_000, 12_500)])
def test_share_ranges_around_a_target(cost: float, share: float) -> None:
    bands = [
        {"up_to": "-2.5%", "providers": "100%"},
        {"up_to": "2.5%", "providers": "50%"},
        {"providers": "0%"},
    ]
    contract = target("£1 million", bands=bands)
    assert sum(paid(contract, cost=(cost, 0))[2:]) - cost == pytest.approx(share)


def test_a_compensation_event_moves_the_target() -> None:
    """A change of £80,000 that costs £50,000 leaves £30,000 in the difference of the whole."""
    event = [{"amount": "target", "on": "2026-06-01", "by": "£80,000"}]
    account = Account(agreed(target("£900,000", council_share="50%", adjustments=event)))
    for month in Timetable(datetime.date(2026, 4, 1), datetime.date(2027, 4, 1)).months:
        account.add(month, happened(month.years, cost=(950_000 * month.years, 0)))
    share = account.entitlement(["annually"])[1]
    assert share[2:4].sum() == pytest.approx(15_000)


def test_a_target_for_the_whole_term_is_shared_at_its_end() -> None:
    contract = {"form": "target cost", "target": "£1 million", "fee": "5%", "council_share": "50%"}
    agreement = agreed(contract)
    assert [(term.assessed, term.settled) for term in agreement.terms] == [
        ("term", "quarterly"),
        ("term", "quarterly"),
        ("term", "at the end"),
    ]
    assert not agreement.on_account(happened(1 / 12)).any()
    assert sum(paid(contract, cost=(800_000, 0))[2:]) == pytest.approx(940_000)


FIXED_PRICE = {
    "form": "fixed-price incentive",
    "target_cost": "£1,000 a year",
    "target_profit": "£100 a year",
    "buyer_share": "80%",
    "ceiling_price": "£1,260 a year",
}


@pytest.mark.parametrize(
    ("cost", "price"),
    [(900, 1_020), (1_000, 1_100), (1_100, 1_180), (1_200, 1_260), (1_201, 1_260), (2_000, 1_260)],
)
def test_a_fixed_price_ends_at_the_point_of_total_assumption(cost: float, price: float) -> None:
    assert sum(paid(FIXED_PRICE, cost=(cost, 0))[2:]) == pytest.approx(price)
    working = agreed(FIXED_PRICE).working(happened())
    assert working.look_up("point_of_total_assumption")[0] == pytest.approx(1_200)


def test_the_council_never_pays_more_than_the_ceiling() -> None:
    limits = {each.party: each for each in yearly_limits(agreed(FIXED_PRICE))}
    assert limits["council"].least == pytest.approx(-0.75 * 1_260)


# -- against a benchmark ---------------------------------------------------------------------------


def savings(**keys: Any) -> dict[str, Any]:
    return {
        "form": "shared savings",
        "benchmark": "£100 million a year",
        "minimum": "2%",
        "share": "80%",
        "split": THREE_QUARTERS,
        **keys,
    }


@pytest.mark.parametrize(
    ("keys", "spend", "shared"),
    [
        ({}, 94e6, 4.8e6),
        ({"counts": "only beyond"}, 94e6, 3.2e6),
        ({}, 98e6, 1.6e6),
        ({"edge": "does not count"}, 98e6, 0.0),
        ({}, 98e6 + 1, 0.0),
        ({"counts": "only beyond"}, 98e6, 0.0),
        ({}, 110e6, 0.0),
        (
            {"gain_limits": [{"share": "10%"}, {"share": "5%", "of": "0.9 * benchmark"}]},
            90e6,
            4.5e6,
        ),
        ({"withheld": "2%", "gain_limits": [{"share": "10%"}]}, 90e6, 7.84e6),
        ({"losses": {"rate": "30%"}}, 110e6, -3e6),
        ({"losses": {"rate": "30%"}}, 101e6, 0.0),
        ({"losses": {"rate": "30%", "minimum": "0%"}}, 101e6, -0.3e6),
        ({"losses": {"rate": "30%", "limits": [{"share": "2%"}]}}, 110e6, -2e6),
        ({"counts": "only beyond", "losses": {"rate": "50%"}}, 110e6, -4e6),
    ],
)
def test_shared_savings(keys: dict[str, Any], spend: float, shared: float) -> None:
    council, nhs, north, south = paid(savings(**keys), cost=(spend, 0))
    assert north + south == pytest.approx(shared)
    assert north == pytest.approx(0.75 * shared)
    assert council + nhs == pytest.approx(-shared)


@pytest.mark.parametrize(("quality", "rate"), [(0.2, 0.75), (0.6, 0.55), (1.0, 0.4)])
def test_quality_moves_both_rates(quality: float, rate: float) -> None:
    contract = savings(
        quality="quality",
        losses={"rate": "1 - 0.75 * quality", "at_least": "40%", "at_most": "75%"},
        data={"quality": {"expected": quality, "over_time": "latest", "highest": "100%"}},
    )
    assert sum(paid(contract, cost=(90e6, 0))[2:]) == pytest.approx(8e6 * quality)
    assert sum(paid(contract, cost=(110e6, 0))[2:]) == pytest.approx(-10e6 * rate)


def test_a_benchmark_can_follow_the_people_served_and_prices() -> None:
    contract = savings(
        price_per_person="£1,000",
        person_years="total(service_days) / 365",
        minimum="0%",
        uplift="10% a year",
    )
    del contract["benchmark"]
    agreement = agreed(contract)
    account = Account(agreement)
    for month in Timetable(datetime.date(2026, 4, 1), datetime.date(2028, 4, 1)).months:
        days = (3_650 * month.years, 0)
        account.add(month, happened(month.years, service_days=days, cost=(9_000 * month.years, 0)))
    # 10 person-years a year: £10,000 and £11,000 against £9,000 each
    assert account.entitlement(["annually"])[0, 2:4].sum() == pytest.approx(0.8 * 3_000)


def test_each_provider_can_have_a_benchmark_of_its_own() -> None:
    contract = savings(
        amounts={"own": {"north": "£1,000 a year", "south": "£500 a year"}},
        benchmark="own",
        spend="cost",
        split=None,
    )
    assert paid(contract, cost=(900, 450))[2:] == [80, 40]


@pytest.mark.parametrize(
    ("spend", "kept"),
    [(1_000, 0), (750, 250), (700, 275), (500, 350), (1_250, -250), (1_300, -275), (1_500, -350)],
)
def test_a_corridor_changes_by_band_both_ways(spend: float, kept: float) -> None:
    bands = [
        {"up_to": "25%", "providers": "100%"},
        {"up_to": "35%", "providers": "50%"},
        {"up_to": "50%", "providers": 1 / 3},
        {"providers": "10%"},
    ]
    contract = {"form": "corridor", "benchmark": "£1,000 a year", "bands": bands}
    assert sum(paid(contract, cost=(spend, 0))[2:]) == pytest.approx(kept)


def test_losses_of_a_corridor_can_have_bands_of_their_own() -> None:
    contract = {
        "form": "corridor",
        "benchmark": "£1,000 a year",
        "bands": [{"providers": "50%"}],
        "losses": [{"up_to": "10%", "providers": "20%"}, {"providers": "0%"}],
    }
    assert sum(paid(contract, cost=(600, 0))[2:]) == pytest.approx(200)
    assert sum(paid(contract, cost=(1_050, 0))[2:]) == pytest.approx(-10)
    assert sum(paid(contract, cost=(2_000, 0))[2:]) == pytest.approx(-20)


# -- among parties ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("subcontract", "south"),
    [
        ({"price": "£90", "per": "completed"}, 900),
        ({"amount": "£700 a year"}, 700),
        ({"share": "40%"}, 1_600),
    ],
)
def test_the_lead_bears_the_difference(subcontract: dict[str, Any], south: float) -> None:
    contract = {
        "form": "lead provider",
        "lead": "north",
        "price": "£100",
        "per": "completed",
        "subcontracts": {"south": subcontract},
    }
    assert paid(contract, completed=(30, 10)) == [-3_000, -1_000, 4_000 - south, south]


POOLED = {
    "form": "pooled budget",
    "contributions": {"council": "£600 a year", "nhs": "£400 a year"},
    "underspend_share": "25%",
    "split": "equal",
    "overspend": [
        {"what": "Other underspends", "up_to": "£100 a year", "borne_by": {"council": "100%"}},
        {"what": "Shared", "up_to": "£200 a year", "borne_by": {"nhs": "50%", "north": "50%"}},
        {"what": "As spent", "up_to": "£100 a year", "borne_by": {"providers": "100%"}},
        {"what": "The rest", "borne_by": {"commissioners": "100%"}},
    ],
}


@pytest.mark.parametrize(
    ("cost", "surplus"),
    [
        ((400, 400), [-510, -340, 25, 25]),  # £200 left: a quarter of it to the providers
        ((500, 500), [-600, -400, 0, 0]),
        ((550, 550), [-700, -400, 0, 0]),
        ((600, 600), [-700, -450, -50, 0]),
        ((650, 650), [-700, -500, -100, 0]),
        ((700, 700), [-700, -500, -150, -50]),
        ((1_050, 350), [-700, -500, -175, -25]),  # what nobody pays stays where it was spent
        ((800, 800), [-850, -550, -150, -50]),
    ],
)
def test_a_pooled_budget_pays_in_order(cost: Sequence[float], surplus: list[float]) -> None:
    received = np.array(paid(POOLED, cost=cost))
    received[2:] -= cost
    assert list(received) == pytest.approx(surplus, abs=0.02)


# -- names -----------------------------------------------------------------------------------------

EACH: dict[str, dict[str, Any]] = {
    "block": {"amount": "£40,000 a year"},
    "unit price": {
        "price": "£100",
        "per": "completed",
        "on_account": "£9 a year",
        "split": "equal",
    },
    "cost and volume": {key: VOLUME[key] for key in ("price", "per", "plan")},
    "blended": {"amount": "£9 a year"} | {key: VOLUME[key] for key in ("price", "per", "plan")},
    "kpi deductions": {
        "kpis": {
            "w": {"measure": "wait_days", "at_most": 0, "deduct": "1%", "for_each": "1 day"},
        },
        "cap": "5%",
        "assessed": "year",
    },
    "incentive": {key: incentive(False)["terms"][1][key] for key in ("share", "indicators")},
    "outcome tariff": {"points": TARIFF["points"], "cap": "£9,000 a year"},
    "rate card": {"outcomes": TARIFF["points"], "cap": "£9,000 a year"},
    "grant": {"amount": "£9,000 a year", "clawback": True},
    "target cost": {"target": "£9,000 a year", "fee": "£9 a year", "council_share": "50%"},
    "fixed-price incentive": {key: value for key, value in FIXED_PRICE.items() if key != "form"},
    "alliance": {
        "target": "£9,000 a year",
        "fee": "2%",
        "council_share": "70%",
        "outcomes": {
            "pool": "£900 a year",
            "gain_modifier": "20%",
            "outcomes": {
                "good": {
                    "measure": "total(good_outcomes)",
                    "worst": 0,
                    "expected": 5,
                    "best": 9,
                    "weight": "100%",
                }
            },
        },
    },
    "shared savings": {"benchmark": "£9 a year", "share": "50%", "losses": {"rate": "9%"}},
    "corridor": {"benchmark": "£9 a year", "bands": [{"providers": "50%"}]},
    "lead provider": {
        "lead": "north",
        "amount": "£9 a year",
        "subcontracts": {"south": {"share": "9%"}},
    },
    "pooled budget": {key: value for key, value in POOLED.items() if key != "form"},
}


def test_every_form_is_tried_twice() -> None:
    assert list(EACH) == list(FORMS)


@pytest.mark.parametrize("form", EACH)
def test_two_of_one_form_keep_their_names_apart(form: str) -> None:
    block = [{"form": "block", "amount": "£1,000 a year"}]
    one = {"form": form, **EACH[form]}
    first, second = (one | dates for dates in ({"ends": "2027-03-31"}, {"starts": "2027-04-01"}))
    contract = Contract.model_validate({"terms": [*block, first, second]})
    _, part, again = contract.parts()
    assert not part.names & again.names
    assert all(name.endswith("_2") for name in again.names if form != "block")
    assert all(term.key for term in (*part.terms, *again.terms))
    assert {term.ends for term in part.terms} == {datetime.date(2027, 3, 31)}
    used = {name for term in again.terms for name in term.uses()}
    assert not used & part.names
    agreement = contract.agree("twice", PARTIES)
    account = Account(agreement)
    for month in Timetable(datetime.date(2026, 4, 1), datetime.date(2028, 4, 1)).months:
        account.add(month, Statement(statement_like(PARTIES, 5).columns, month.years))
    settled = account.entitlement(["monthly", "quarterly", "annually"])
    count = len(part.terms)
    own = settled[1 : 1 + count], settled[1 + count :]
    np.testing.assert_allclose(own[0], own[1], atol=1e-6)


def test_every_form_together_keeps_its_names_apart() -> None:
    entries = [{"form": form, **keys} for form, keys in EACH.items()]
    contract = Contract.model_validate({"terms": entries})
    parts = list(contract.parts())
    names = [name for part in parts for name in part.names]
    assert len(names) == len(set(names))
    settled = contract.agree("all", PARTIES).settle(statement_like(PARTIES, 2))
    np.testing.assert_allclose(settled.sum(axis=-1), 0, atol=1e-6)


@pytest.mark.parametrize("form", EACH)
def test_any_form_is_settled_when_it_says_and_stands_in_its_clause(form: str) -> None:
    entry = {"form": form, **EACH[form], "settled": "quarterly", "clause": "5.1"}
    above = (
        [{"form": "block", "amount": "£9 a year"}]
        if form in ("kpi deductions", "incentive")
        else []
    )
    contract = Contract.model_validate({"terms": [*above, entry]})
    *_, part = contract.parts()
    assert {term.settled for term in part.terms} == {"quarterly"}
    assert {term.clause for term in part.terms} == {"5.1"}
