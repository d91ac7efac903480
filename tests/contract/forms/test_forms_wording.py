"""The sentences of the ready-made forms read as English, with parties by name."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from simulator.contract.contract import FORMS, Contract
from simulator.contract.wording import sentence, sentences_of_measures
from tests.contract.forms.test_forms_settled import EACH, PARTIES

NAMES = {"council": "Council", "nhs": "NHS", "north": "North", "south": "South"}
AFTER_PAYMENTS = ("kpi deductions", "incentive")


def said(form: str, **keys: Any) -> str:
    """Return the sentences of a form and of the measures they name, without their timing."""
    entry = {"form": form, **EACH[form], **keys}
    above = [{"form": "block", "amount": "£9 a year"}] if form in AFTER_PAYMENTS else []
    contract = Contract.model_validate({"terms": [*above, entry]})
    agreement = contract.agree("said", replace(PARTIES, names=NAMES))
    lines = [sentence(term, agreement) for term in agreement.terms]
    lines += [f"'{name}' is {text}." for name, text in sentences_of_measures(agreement)]
    return " ".join(lines)


SENTENCES = {
    "cost and volume": [
        "The commissioners pay each provider £100 up to the planned volume of each (North 300 a "
        "year, South 100 a year), £70 beyond that, for each person who completes.",
    ],
    "blended": [
        "The commissioners pay each provider £20 for each person who completes above the planned "
        "volume of each (North 300 a year, South 100 a year), and take back as much for each one "
        "below.",
    ],
    "kpi deductions": [
        "'missed_w' is 1% for each day by which days waited is above 0 days.",
    ],
    "incentive": [
        "10% of the payments above, times 'not_earned', is taken off them.",
        "'earned_good' is what slides with good outcomes per person who completes: 0% at 0.3, "
        "100% at 0.5.",
        "'not_earned' is 1 less (75% of 'earned_good' plus 25% of 'earned_soon').",
    ],
    "outcome tariff": [
        "£1,200 for each unit of (the lesser of good outcomes and 2 times people who start).",
        "What 'Attachment' and 'Job' pay together is never above the cap on the tariff of £9,000 a "
        "year; what that takes off is divided in proportion to these payments.",
    ],
    "rate card": ["is never above the cap on the rate card of £9,000 a year;"],
    "grant": [
        "The commissioners pay the providers (the lesser of the grant of £9,000 a year and all "
        "providers' cost), divided by planned caseworkers: 75% North, 25% South.",
    ],
    "target cost": [
        "The commissioners pay the providers 50% of what all providers' cost is below the target "
        "of £9,000 a year, and take back 50% of what it is above,",
    ],
    "fixed-price incentive": [
        "What 'Reimbursed cost', 'Target profit' and 'Share of under- and overspend' pay together "
        "is never above the ceiling price of £1,260 a year;",
    ],
    "shared savings": [
        "The commissioners pay the providers 50% of (the greater of 'saved' and 0),",
        "The providers pay the commissioners 9% of (the greater of minus 'saved' and 0),",
        "'saved' is the benchmark of £9 a year less all providers' cost.",
    ],
    "corridor": ["50% of what all providers' cost is below the benchmark of £9 a year,"],
    "lead provider": [
        "The commissioners pay North the lead payment of £9 a year.",
        "North pays South 9% of all that 'Payment to the lead' pays.",
    ],
    "pooled budget": [
        "Council pays each provider 'within_budget' times 'council_part'.",
        "Council pays the providers 100% of 'overspend' up to 'end_of_layer_1', divided in "
        "proportion to cost.",
        "North pays the providers 50% of what 'overspend' is beyond 'end_of_layer_1', up to "
        "'end_of_layer_2', divided in proportion to cost.",
        "'nhs_part' is the nhs contribution of £400 a year divided by 'pooled_budget'.",
    ],
}


@pytest.mark.parametrize("form", SENTENCES)
def test_a_form_says_what_it_does(form: str) -> None:
    for expected in SENTENCES[form]:
        assert expected in said(form)


@pytest.mark.parametrize("form", FORMS)
def test_no_sentence_shows_code(form: str) -> None:
    text = said(form)
    shown = re.search(r"None|payments\.\w|\(\(|\)\)| \.|\.\.|\d{7}|[*<>]", text)
    assert shown is None, text


def test_a_price_by_one_provider_names_it() -> None:
    deal = {"south": {"price": "£90", "per": "completed"}}
    text = said("lead provider", subcontracts=deal)
    assert "North pays South £90 for each person who completes with South." in text


def test_an_incentive_on_top_is_added() -> None:
    assert "times 'earned', is added to them." in said("incentive", on_top=True)


def test_a_minimum_is_said_as_a_share() -> None:
    text = said("shared savings", minimum="2%")
    assert "nothing counts from minus 2% of the benchmark of £9 a year to 2% of the" in text


def test_a_corridor_says_the_same_shares_once() -> None:
    bands = [{"up_to": "5%", "providers": "50%"}, {"providers": "10%"}]
    text = said("corridor", bands=bands)
    assert "and take back the same shares of what it is above" in text


def test_one_cap_alone_is_not_together() -> None:
    card = {"good": {"per": "good_outcomes", "price": "£9", "cap": "£90 a year"}}
    text = said("rate card", outcomes=card, cap=None)
    assert "What 'Good' pays is never above the cap on good of £90 a year;" in text
