"""What a reader is told of notices, replacements and what the commissioner decides."""

from __future__ import annotations

import json

from simulator.report.document import document
from simulator.report.run_text import run_text
from simulator.report.show_text import show_text
from simulator.scenario.scenario import Scenario
from simulator.study.replicator import replicate
from tests.engine.deciding import scenario_with

LADDER = (
    "{form: unit price, price: £330, per: completed, remedies: {standards: {outcomes: {measure: "
    "good_outcomes / completed, at_least: 95%}, waiting: {measure: wait_days / started, at_most: "
    "28 days}}, support: £1,000, step_in: £20,000, termination: 100%, gap: 7 months}}"
)
ALWAYS = "levers: {enforcement: {observed: 100%, best: 100%}}"
AT_DISCRETION = (
    "{terms: [{form: unit price, price: £330, per: completed}, {form: kpi deductions, kpis: "
    "{outcomes: {measure: good_outcomes / completed, at_least: 50%, deduct: 1%, for_each: 1%}}, "
    "cap: 5%, at_discretion: true}]}"
)


def told(scenario: Scenario) -> tuple[str, dict]:
    doc = document(replicate(scenario, 3, seed=1), "made", "now")
    json.dumps(doc)
    return run_text(scenario, doc), doc


def test_a_run_tells_of_notices_and_replacements() -> None:
    text, doc = told(scenario_with(LADDER, more=ALWAYS, behaviour="none"))
    flat = " ".join(text.split())
    assert "Notices in a future, and futures in which a provider is replaced: Tried" in flat
    assert "and all 3." in flat
    contract = doc["contracts"]["tried"]
    assert contract["p_any_replaced"] == 1.0
    assert contract["parties"]["p1"]["p_replaced"] == 1.0
    assert contract["notices"] == sum(
        contract["parties"][party]["notices"] for party in ("p1", "p2")
    )


def test_a_contract_without_remedies_says_nothing_of_them() -> None:
    plain = "{form: unit price, price: £330, per: completed}"
    text, _ = told(scenario_with(plain, behaviour="none"))
    assert "Notices" not in text
    assert "enforcement" not in text, "nothing is at discretion"


def test_who_decides_is_said() -> None:
    text, doc = told(scenario_with(AT_DISCRETION))
    assert "Council decides about enforcement." in " ".join(text.split())
    assert set(doc["contracts"]["tried"]["conduct"]["council"]) == {"enforcement", "audit"}
    assert "enforcement" not in doc["contracts"]["tried"]["conduct"]["p1"]
    text, _ = told(scenario_with(LADDER))
    assert "The commissioners decide nothing here" in " ".join(text.split()), "by rule alone"


def test_the_default_of_enforcement_is_listed_where_it_matters() -> None:
    text, _ = told(scenario_with(LADDER, behaviour="none"))
    assert "levers.enforcement.observed" in text
    assert "National Audit Office" in text


def test_a_contract_in_words_tells_its_ladder() -> None:
    flat = " ".join(show_text(scenario_with(LADDER)).split())
    assert (
        "A quarter below that is a breach where Council insists. After 2 quarters in breach, with "
        "none between in which all is kept, it is given notice and a plan of support, which costs "
        "Council £1,000. A second notice within 4 quarters ends its part with a chance of 100%. "
        "Council then steps in for 7 months, at £20,000 beside the service itself, until a "
        "successor begins."
    ) in flat
    assert "As observed, Council insists in " in flat


def test_a_contract_in_words_tells_what_clauses_show() -> None:
    catches = "catches: {cost: 20%, padding: 30%}"
    contract = (
        LADDER[:-1] + f", clauses: {{open_book: {{who: providers, amount: £1, {catches}}}}}}}"
    )
    flat = " ".join(show_text(scenario_with(contract)).split())
    assert (
        "'open book' brings to light, of what nobody would notice: 20% of departures in cost "
        "control, 30% of departures in padding of claims."
    ) in flat
