"""What comes out where inputs are drawn from their ranges, said beside luck alone."""

from __future__ import annotations

from typing import Any

from simulator.report.tables import paragraph, table
from simulator.report.words import money, money_in_words, money_range, number, percent
from simulator.scenario.scenario import Scenario

__all__ = ["drawn_in_a_sentence", "drawn_text"]


def drawn_in_a_sentence(scenario: Scenario, doc: dict[str, Any], name: str) -> str:
    """Return what stands beside a comparison: what inputs drawn make of it."""
    drawn = doc["drawn"]
    found, alone, futures = drawn["comparison"][name], doc["comparison"][name], doc["replications"]
    title, currency = scenario.title_of(name), scenario.currency
    net, count = found["net_position"], drawn["replications"]
    error = net["mc_error"]
    sure = f" (Monte Carlo error {money_in_words(error, currency)})" if error else ""
    text = (
        f"With {_inputs(drawn)} drawn from {_their(drawn)} {title} costs less in "
        f"{percent(found['p_costs_less'], count)} futures (luck alone: "
        f"{percent(alone['p_costs_less'], futures)}). On average it then costs "
        f"{_less_or_more(net['mean'], currency, error)}{sure}. From the 5th to the 95th percentile "
        f"it costs {_less_or_more(net['p95'], currency)} to {_less_or_more(net['p05'], currency)}."
    )
    if "p_worth_more" in found:
        split = doc["split"].get(name)
        luck = f" (luck alone: {percent(split['difference']['p_worth_more'], futures)})"
        text += (
            f" It is worth more in {percent(found['p_worth_more'], count)}{luck if split else ''}."
        )
    return text


def drawn_text(scenario: Scenario, doc: dict[str, Any]) -> str:
    """Return the section on inputs drawn; nothing where none are."""
    if "drawn" not in doc:
        return ""
    drawn, currency = doc["drawn"], scenario.currency
    count, futures = drawn["replications"], doc["replications"]
    rows = []
    for name, contract in drawn["contracts"].items():
        net, alone = contract["net_position"], doc["contracts"][name]
        rows.append(
            (
                scenario.title_of(name) + (" (baseline)" if name == scenario.baseline else ""),
                money_in_words(-net["mean"], currency),
                money_range(-net["p95"], -net["p05"], currency),
                percent(contract["p_any_cash_below_zero"], count),
                percent(alone["p_any_cash_below_zero"], futures),
            )
        )
    heading = paragraph(
        f"With {_inputs(drawn)} drawn from {_their(drawn)}: net cost, and futures in which a "
        f"provider runs out of cash. Each of {number(count)} future{'s' if count > 1 else ''} "
        "draws each number once, likeliest at its central value. All contracts share the draws. "
        "The other figures on this page are luck alone."
    )
    header = ("Contract", "Net cost", "5th to 95th percentile", "Out of cash", "Luck alone")
    return f"{heading}\n\n{table(header, rows)}"


def _inputs(drawn: dict[str, Any]) -> str:
    return f"{number(drawn['inputs'])} input{'s' if drawn['inputs'] > 1 else ''}"


def _their(drawn: dict[str, Any]) -> str:
    return "their ranges" if drawn["inputs"] > 1 else "its range"


def _less_or_more(saving: float, currency: str, error: float | None = None) -> str:
    size = money(abs(saving), currency, error) if error else money_in_words(abs(saving), currency)
    return f"{size} {'less' if saving >= 0 else 'more'}"
