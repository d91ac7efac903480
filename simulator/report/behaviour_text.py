"""What parties do under each contract, and what of the difference comes from it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from simulator.parties.levers import LEVERS
from simulator.report.tables import paragraph, table
from simulator.report.words import decimal, in_percent, money, money_range, percent
from simulator.scenario.scenario import Scenario

__all__ = ["behaviour_text", "collaboration_in_a_sentence"]

_HEADER = ("", "Costs less by", "in", "Worth more by", "in", "Outcomes")
_LEADS = (
    ("As everybody decides", "difference"),
    ("Money", "money"),
    ("Behaviour", "behaviour"),
    ("Check", "check"),
    ("If collaboration has no effect", "without_collaboration"),
    ("With equal openness and renewal", "equally_open"),
    ("With the other norm", "other_norm"),
)
_OF_THE_SPLIT = 4
"""Rows before that of the interaction."""
_LEAST = 0.005
"""A mean level closer to nought is not shown."""
_FAR = 0.25
"""A mean level further from nought is not what was observed: a quarter of the way to a peer's best.
"""
_OPENLY = (
    " With equal openness everybody decides anew where no clause brings anything to light, though "
    "it is paid for; renewal is the same under every contract."
)


def behaviour_text(scenario: Scenario, doc: dict[str, Any]) -> str:
    """Return the sections on behaviour; nothing where nobody changes what they do."""
    if not scenario.behaves:
        return ""
    sections = [*_splits(scenario, doc), _conduct(scenario, doc)]
    return "\n\n".join(sections)


def collaboration_in_a_sentence(scenario: Scenario, doc: dict[str, Any], name: str) -> str:
    """Return what stands beside a headline: with no effect of collaboration, or of clauses."""
    split, futures = doc["split"][name], doc["replications"]
    nobody = split["money"]
    said = [
        f"{when} it costs less in {percent(split[key]['p_costs_less'], futures)} futures and is "
        f"worth more in {percent(split[key]['p_worth_more'], futures)}"
        for when, key in (
            ("If collaboration has no effect", "without_collaboration"),
            ("with equal openness", "equally_open"),
        )
        if split[key] is not None
    ]
    return (
        f"{'; '.join(said)}. If {_as_under_the_baseline(scenario, name)} it would cost "
        f"{_less_or_more(nobody['cash'], scenario.currency)} on average."
    )


def _as_under_the_baseline(scenario: Scenario, name: str) -> str:
    base = scenario.title_of(scenario.baseline)
    return f"everybody did under {scenario.title_of(name)} what they do under {base}"


def _less_or_more(figures: dict[str, Any], currency: str) -> str:
    shown = money(abs(figures["mean"]), currency, figures["mc_error"])
    return f"{shown} {'less' if figures['mean'] >= 0 else 'more'}"


def _splits(scenario: Scenario, doc: dict[str, Any]) -> Iterator[str]:
    currency, base = scenario.currency, scenario.title_of(scenario.baseline)
    for name, split in doc["split"].items():
        title = scenario.title_of(name)
        rows = [
            (label, *_lead(split[key], currency)) for label, key in _LEADS if split[key] is not None
        ]
        together = [
            money(figures["mean"], currency, figures["mc_error"])
            for figures in split["interaction"].values()
        ]
        no = "n/a"
        rows.insert(_OF_THE_SPLIT, ("Interaction", together[0], no, together[1], no, no))
        luck = [
            money_range(figures["p05"], figures["p95"], currency)
            for figures in split["luck"].values()
        ]
        heading = paragraph(
            f"{title} against {base}: where the difference comes from. Worth counts "
            f"{money(float(scenario.outcome_value or 0), currency)} for each outcome gained, less "
            "what the commissioners pay. Outcomes here count each person once, and not who comes "
            "back or would have done as well without the service. Shares are of futures."
        )
        meaning = paragraph(
            f"Money is what the difference would be if {_as_under_the_baseline(scenario, name)}; "
            f"behaviour is the rest. The check is {base} with what everybody does under {title}; "
            "the interaction is what money and behaviour make only together. If collaboration has "
            "no effect, everybody does and is paid the same, but care over hand-overs changes "
            f"nothing.{_OPENLY if split['equally_open'] is not None else ''} Luck is a "
            f"range about nought: from its mean the difference in cash lies {luck[0]} in 90% of "
            f"futures, that in worth {luck[1]}.{_about_the_norm(scenario, split)}"
        )
        yield f"{heading}\n\n{table(_HEADER, rows)}\n\n{meaning}"


def _about_the_norm(scenario: Scenario, split: dict[str, Any]) -> str:
    """Say what the other norm is, where a row shows it."""
    if split["other_norm"] is None:
        return ""
    anchor = (
        "what parties do without any incentive"
        if scenario.observed_under is not None
        else f"what parties do under {scenario.title_of(scenario.baseline)}"
    )
    return f" With the other norm, observed practice is {anchor}."


def _lead(lead: dict[str, Any], currency: str) -> tuple[str, ...]:
    cash, value, outcomes = lead["cash"], lead["value"], lead["outcomes"]
    return (
        money(cash["mean"], currency, cash["mc_error"]),
        in_percent(lead["p_costs_less"]),
        money(value["mean"], currency, value["mc_error"]),
        in_percent(lead["p_worth_more"]),
        decimal(outcomes["mean"], 0),
    )


def _conduct(scenario: Scenario, doc: dict[str, Any]) -> str:
    contracts = doc["contracts"]
    titles = {lever.name: lever.title for lever in LEVERS}
    rows = []
    first = next(iter(contracts.values()))["conduct"]
    for party, done in first.items():
        for lever in done:
            title = titles[lever]
            levels = [contract["conduct"][party][lever]["mean"] for contract in contracts.values()]
            if max(map(abs, levels)) >= _LEAST:
                name = scenario.signatories.name(party)
                rows.append(
                    (name, title.capitalize(), *(decimal(each, plus=True) for each in levels))
                )
    heading = paragraph(
        "What the parties do, on average over the term: 0 is observed practice, +1 the best that a "
        f"peer achieves (behaviour: {scenario.behaviour})."
    )
    if not rows:
        return f"{heading}\n\n{paragraph('Nobody does anything else than observed.')}"
    header = ("Party", "What", *(scenario.title_of(name) for name in contracts))
    below = paragraph(
        "Whoever, and whatever, is not in the table does as observed."
        + _how_far_from_observed(scenario, contracts)
    )
    return f"{heading}\n\n{table(header, rows, texts=2)}\n\n{below}"


def _how_far_from_observed(scenario: Scenario, contracts: dict[str, Any]) -> str:
    """Say how far practice lies from observed under the contract that it was observed under."""
    named = scenario.observed_under
    if named is None or named not in contracts:
        return ""
    means = {
        (party, lever): figures["mean"]
        for party, done in contracts[named]["conduct"].items()
        for lever, figures in done.items()
    }
    party, lever = max(means, key=lambda each: abs(means[each]))
    mean = means[party, lever]
    if abs(mean) <= _FAR:
        return ""
    title = scenario.title_of(named)
    what = next(each.title for each in LEVERS if each.name == lever)
    return (
        f" The norm is set so that a typical year under {title} reproduces observed practice. Over "
        f"the futures it comes to {decimal(mean, plus=True)} for "
        f"{scenario.signatories.name(party)}'s {what}: {title} is not exactly what was observed."
    )
