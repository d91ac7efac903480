"""The run as a commissioner reads it: the answer, who gets what, what it rests on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from simulator.parties.commissioning import Commissioning
from simulator.parties.levers import LEVERS
from simulator.parties.policies import POLICIES
from simulator.report.behaviour_text import behaviour_text, collaboration_in_a_sentence
from simulator.report.drawn_text import drawn_in_a_sentence, drawn_text
from simulator.report.finance_text import finance_text
from simulator.report.tables import paragraph, table
from simulator.report.words import (
    MADE_UP,
    decimal,
    likelihood,
    money,
    money_in_words,
    money_range,
    number,
    percent,
)
from simulator.scenario.evidence import Default, defaults_taken, numbers_with_evidence
from simulator.scenario.scenario import Scenario

__all__ = ["run_text"]

_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def run_text(scenario: Scenario, doc: dict[str, Any], all_defaults: bool = False) -> str:
    """Return the whole output of a run.

    Args:
        scenario: what was run.
        doc: the run's document.
        all_defaults: whether to list every default with its provenance.
    """
    sections = [
        "\n".join(_headline(scenario, doc)),
        drawn_text(scenario, doc),
        behaviour_text(scenario, doc),
        _parties(scenario, doc),
        _people(scenario, doc),
        finance_text(scenario, doc),
        "\n".join(_limits(scenario, doc)),
        _defaults(scenario, doc),
    ]
    return "\n\n".join(section for section in sections if section)


def _headline(scenario: Scenario, doc: dict[str, Any]) -> Iterator[str]:
    yield scenario.title
    if scenario.illustrative:
        yield MADE_UP
    yield ""
    payers = _payers(scenario)
    pay = "pay" if payers.startswith("the ") else "pays"
    providers = len(scenario.providers)
    count = _NUMBERS[providers] if providers < len(_NUMBERS) else str(providers)
    several = "providers" if providers > 1 else "provider"
    yield paragraph(
        f"{count.capitalize()} {several}, {_length(scenario)}, "
        f"{number(doc['replications'])} simulated future{'s' if doc['replications'] > 1 else ''}. "
        "Every contract meets the same people with the same luck. "
        f"Net cost is what {payers} {pay} over the term, the cost of running the contract included."
    )
    yield ""
    rows = []
    for name, contract in doc["contracts"].items():
        net = contract["commissioners"]["net_position"]
        people = contract["people"]
        rows.append(
            (
                scenario.title_of(name) + (" (baseline)" if name == scenario.baseline else ""),
                money_in_words(-net["mean"], scenario.currency),
                money_range(-net["p95"], -net["p05"], scenario.currency),
                number(people["good_outcomes"]),
                _cost_per_outcome(scenario, net["mean"], people["good_outcomes"]),
            )
        )
    yield table(
        (
            "Contract",
            "Net cost",
            "5th to 95th percentile",
            "Good outcomes",
            "Cost per outcome",
        ),
        rows,
    )
    for name, comparison in doc["comparison"].items():
        yield ""
        yield paragraph(_against_baseline(scenario, doc, name, comparison))
        if name in doc["split"]:
            yield paragraph(_worth(scenario, doc, name))
            yield paragraph(collaboration_in_a_sentence(scenario, doc, name))
        if "drawn" in doc:
            yield paragraph(drawn_in_a_sentence(scenario, doc, name))
    if same_people(doc):
        yield ""
        yield paragraph(
            "People fare the same under every contract here: nobody changes what they do, and only "
            "money moves between contracts."
        )
    yield ""
    futures = doc["replications"]
    chances = [
        f"{scenario.title_of(name)} {percent(contract['p_any_cash_below_zero'], futures)}"
        for name, contract in doc["contracts"].items()
    ]
    yield paragraph(
        f"Futures in which a provider runs out of cash at a month end: {', '.join(chances)}."
    )
    remedies = [
        f"{scenario.title_of(name)} {decimal(contract['notices'], 1)} and "
        f"{percent(contract['p_any_replaced'], futures)}"
        for name, contract in doc["contracts"].items()
        if scenario.contracts[name].remedies is not None
    ]
    if remedies:
        yield paragraph(
            "Notices in a future, and futures in which a provider is replaced: "
            f"{', '.join(remedies)}."
        )


def _against_baseline(
    scenario: Scenario, doc: dict[str, Any], name: str, comparison: dict[str, Any]
) -> str:
    title, base = scenario.title_of(name), scenario.title_of(scenario.baseline)
    futures = doc["replications"]
    net, currency = comparison["net_position"], scenario.currency
    if comparison["p_costs_same"] == 1.0:
        return f"{title} costs exactly the same as {base} in all {number(futures)} futures."
    word = likelihood(comparison["p_costs_less"])
    mean = net["mean"]
    more = "less" if mean > 0 else "more"
    error = net["mc_error"]
    sure = f" (Monte Carlo error {money_in_words(error, currency)})" if error else ""
    shown = money(abs(mean), currency, error)
    spread = (
        f"From the 5th to the 95th percentile it costs {_less_or_more(net['p95'], currency)} to "
        f"{_less_or_more(net['p05'], currency)}."
    )
    all_or_none = comparison["p_costs_less"] in (0.0, 1.0)
    return (
        f"{title} costs less than {base} in {percent(comparison['p_costs_less'], futures)} "
        "paired futures"
        f"{f' ({word}, as far as luck goes)' if word and not all_or_none else ''}. "
        f"On average it costs {shown} {more}{sure}. {spread}"
        f"{_in_present_value(comparison, currency)}"
    )


def _worth(scenario: Scenario, doc: dict[str, Any], name: str) -> str:
    """Say what the outcomes gained make of the difference."""
    split, futures, currency = doc["split"][name], doc["replications"], scenario.currency
    value, outcomes = split["difference"]["value"], split["difference"]["outcomes"]
    title, base = scenario.title_of(name), scenario.title_of(scenario.baseline)
    alone = " (luck alone)" if "drawn" in doc else ""
    return (
        f"With {money(float(scenario.outcome_value or 0), currency)} for each good outcome gained, "
        f"{title} is worth {money(abs(value['mean']), currency, value['mc_error'])} "
        f"{'more' if value['mean'] >= 0 else 'less'} than {base} on average, and more in "
        f"{percent(split['difference']['p_worth_more'], futures)} futures{alone}; it gains "
        f"{number(abs(outcomes['mean']))} outcomes {'more' if outcomes['mean'] >= 0 else 'fewer'}."
    )


def _in_present_value(comparison: dict[str, Any], currency: str) -> str:
    """Say what the difference is once later pounds count less."""
    present = comparison["present_value"]
    if not present["mean"]:
        return ""
    shown = money(abs(present["mean"]), currency, present["mc_error"])
    turned = present["mean"] * comparison["net_position"]["mean"] < 0
    more = "less" if present["mean"] > 0 else "more"
    return f" In present value it costs {shown} {more}{': the sign turns' if turned else ''}."


def _less_or_more(saving: float, currency: str) -> str:
    return f"{money_in_words(abs(saving), currency)} {'less' if saving >= 0 else 'more'}"


def _parties(scenario: Scenario, doc: dict[str, Any]) -> str:
    currency = scenario.currency
    rows = []
    parties = next(iter(doc["contracts"].values()))["parties"]
    for party, first in parties.items():
        for name, contract in doc["contracts"].items():
            net = contract["parties"][party]["net_position"]
            rows.append(
                (
                    first["name"],
                    scenario.title_of(name),
                    money(net["mean"], currency, net["mc_error"]),
                    money(net["p05"], currency, net["mc_error"]),
                    money(net["p95"], currency, net["mc_error"]),
                    percent(contract["parties"][party]["p_cash_below_zero"], doc["replications"])
                    if first["role"] == "provider"
                    else "does not apply",
                )
            )
    heading = paragraph(
        f"What each party is left with over {_length(scenario)}: income less payments and own "
        f"costs, in pounds of the day (positive is a surplus, negative a deficit; rounded)."
    )
    body = table(
        (
            "Party",
            "Contract",
            "Mean",
            "5th percentile",
            "95th percentile",
            "Runs out of cash",
        ),
        rows,
        texts=2,
    )
    return f"{heading}\n\n{body}"


def _people(scenario: Scenario, doc: dict[str, Any]) -> str:
    contracts = doc["contracts"]
    first = next(iter(contracts.values()))
    same = same_people(doc)
    columns = (
        {"Every contract": first}
        if same
        else {scenario.title_of(name): contract for name, contract in contracts.items()}
    )
    screened = any(contract["people"]["turned_away"] for contract in contracts.values())
    lines = (
        ("Referred (hand-overs and returns included)", "referred"),
        *((("Turned away", "turned_away"),) if screened else ()),
        ("Declined the offer", "declined"),
        ("Left while waiting", "dropped_out"),
        ("Still waiting at the end", "still_waiting"),
        ("Started", "started"),
        ("Still in service at the end", "still_in_service"),
        ("Completed", "completed"),
        ("Good outcomes", "good_outcomes"),
        ("Mean wait of those who started, days", "mean_wait_days"),
    )
    rows = [
        (label, *(number(contract["people"][key]) for contract in columns.values()))
        for label, key in lines
    ]
    heading = "What became of the people, on average over the futures."
    if len(scenario.services) > 1:
        heading += " All services together; one person can come to several."
    return f"{paragraph(heading)}\n\n{table(('People', *columns), rows)}"


def same_people(doc: dict[str, Any]) -> bool:
    """Tell whether every contract led to the same for the people."""
    first, *others = (contract["people"] for contract in doc["contracts"].values())
    return all(people == first for people in others)


def _limits(scenario: Scenario, doc: dict[str, Any]) -> Iterator[str]:
    yield "What this can and cannot tell"
    if scenario.behaves:
        yield paragraph(_how_parties_decide(scenario), "  ")
    else:
        yield paragraph(_nobody_decides(), "  ")
    ranged = [
        row
        for row in numbers_with_evidence(scenario)
        if row.evidence and row.evidence.low is not None
    ]
    text = (
        "The spread between futures is luck alone: who comes, when, how long they stay, how it "
        "ends. Inputs stand at their central values"
    )
    if "drawn" in doc:
        text += ", but where it says that they are drawn. Numbers without a range never move"
    elif ranged:
        text += f"; {len(ranged)} of them carry a range, and --drawn draws from it"
    yield paragraph(f"{text}.", "  ")
    yield paragraph(_how_well_known(scenario, doc), "  ")
    yield paragraph("A pound spent here and saved elsewhere is not counted as cash.", "  ")


def _nobody_decides() -> str:
    levers = ", ".join(lever.title for lever in LEVERS if lever.by == "providers")
    return (
        "Only money moves between the contracts. Every party works as it does today under each "
        f"(behaviour: none): {levers} stay at the norm, so collaboration has no effect here by "
        "construction."
    )


def _how_parties_decide(scenario: Scenario) -> str:
    norm = (
        "Observed practice is what they would do without any incentive"
        if scenario.observed_under is None
        else "Observed practice is what they do in a typical year under "
        f"{scenario.title_of(scenario.observed_under)}; over the futures they stray from it"
    )
    lead = next(iter(scenario.commissioners))
    acts, agreements = Commissioning(scenario), scenario.agreements().values()
    moves = np.any([acts.can_move(each) for each in agreements], axis=0)
    levers = [lever.title for lever, can in zip(LEVERS, moves.tolist(), strict=True) if can]
    of_payers = (
        f"{scenario.signatories.name(lead)} decides about {' and '.join(levers)}"
        if levers and POLICIES[scenario.policies[lead]].moves
        else "The commissioners decide nothing here"
    )
    return (
        "Providers decide every quarter by what each contract pays them, by risk, reserves, "
        "mission and trust; no number says that one form of contract is better. How strongly they "
        f"respond rests on judgement, not on measurement. {norm}. {of_payers}."
        + "".join(
            f" {scenario.signatories.name(party)} decides by the policy {policy}."
            for party, policy in scenario.policies.items()
            if policy != scenario.behaviour
        )
    )


def _how_well_known(scenario: Scenario, doc: dict[str, Any]) -> str:
    """Say between which values a percentile lies, which is another thing than the spread."""
    futures = number(doc["replications"])
    known = []
    for name, contract in doc["contracts"].items():
        interval = contract["commissioners"]["net_position_intervals"]["p05"]
        if interval is None:
            return (
                f"{futures} simulated future{'s are' if doc['replications'] > 1 else ' is'} too "
                "few to say how well the percentiles are known; 100 are enough."
            )
        low, high = -interval[1], -interval[0]
        lies = money_range(low, high, scenario.currency)
        known.append(f"{scenario.title_of(name)} {lies}")
    return (
        f"Over {futures} futures the 95th percentile of net cost lies, with 95% confidence, here: "
        f"{', '.join(known)}. More futures narrow this, not the spread."
    )


def _defaults(scenario: Scenario, doc: dict[str, Any]) -> str:
    rows = [(path, value, why) for path, value, why in grouped_defaults(scenario)]
    if not rows:
        return ""
    heading = "Defaults taken, because the scenario does not say otherwise"
    return f"{heading}\n\n{table(('Key', 'Value', 'Where it comes from'), rows, prose=2)}"


def grouped_defaults(scenario: Scenario) -> list[tuple[str, str, str]]:
    """Return the defaults with those of several parties or services joined in one row."""
    groups: dict[tuple[str, str, str], list[Default]] = {}
    for row in defaults_taken(scenario):
        steps = row.path.split(".")
        many = steps[0] in ("providers", "services", "contracts", "handovers", "risks")
        general = ".".join([steps[0], "*", *steps[2:]]) if many and len(steps) > 2 else row.path
        if steps[0] == "contracts" and len(steps) > 4 and steps[2] == "terms":
            general = ".".join([steps[0], "*", *steps[4:]])
        groups.setdefault((general, row.value, row.provenance), []).append(row)
    return [
        (rows[0].path if len(rows) == 1 else general, value, why)
        for (general, value, why), rows in groups.items()
    ]


def _length(scenario: Scenario) -> str:
    if scenario.years is not None:
        return f"{int(scenario.years)} year{'s' if scenario.years > 1 else ''}"
    return f"{len(scenario.timetable.months)} months"


def _payers(scenario: Scenario) -> str:
    names = [scenario.signatories.name(party) for party in scenario.commissioners]
    return "the commissioners" if len(names) > 1 else names[0]


def _cost_per_outcome(scenario: Scenario, net: float, outcomes: float) -> str:
    return money(-net / outcomes, scenario.currency) if outcomes else "no data"
