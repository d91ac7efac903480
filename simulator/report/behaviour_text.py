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
)
_OF_THE_SPLIT = 4
"""Rows before that of the interaction."""
_LEAST = 0.005
"""A mean level closer to nought is not shown."""


def behaviour_text(scenario: Scenario, doc: dict[str, Any]) -> str:
    """Return the sections on behaviour; nothing where nobody changes what they do."""
    if not scenario.behaves:
        return ""
    sections = [*_splits(scenario, doc), _conduct(scenario, doc)]
    return "\n\n".join(sections)


def collaboration_in_a_sentence(scenario: Scenario, split: dict[str, Any], futures: int) -> str:
    """Return what stands beside every headline: the same without any effect of collaboration."""
    blind, nobody = split["without_collaboration"], split["money"]
    less, more = (percent(blind[key], futures) for key in ("p_costs_less", "p_worth_more"))
    return (
        f"If collaboration has no effect it costs less in {less} futures and is worth more in "
        f"{more}. If nobody changed what they do it would cost "
        f"{_less_or_more(nobody['cash'], scenario.currency)} on average."
    )


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
            "what the commissioners pay. Shares are of futures."
        )
        meaning = paragraph(
            "Money is what the difference would be if nobody changed what they do under "
            f"{base}; behaviour is the rest. The check is {base} with what everybody does under "
            f"{title}; the interaction is what money and behaviour make only together. Luck is a "
            f"range about nought: from its mean the difference in cash lies {luck[0]} in 90% of "
            f"futures, that in worth {luck[1]}."
        )
        yield f"{heading}\n\n{table(_HEADER, rows)}\n\n{meaning}"


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
    return f"{heading}\n\n{table(header, rows, texts=2)}"
