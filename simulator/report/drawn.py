"""What comes out where inputs are drawn from their ranges, as plain values."""

from __future__ import annotations

from typing import Any

from simulator.scenario.scenario import Scenario
from simulator.study.drawn import DrawnOutcomes, DrawnStudy
from simulator.study.summary import summarise

__all__ = ["drawn_document"]


def drawn_document(scenario: Scenario, study: DrawnStudy) -> dict[str, Any]:
    """Return futures with inputs drawn as plain values; pounds of the day over the term."""
    base = study.outcomes[scenario.baseline]
    return {
        "inputs": study.inputs,
        "replications": study.replications,
        "contracts": {
            name: _contract(scenario, outcomes) for name, outcomes in study.outcomes.items()
        },
        "comparison": {
            name: _compared(scenario, outcomes, base)
            for name, outcomes in study.outcomes.items()
            if name != scenario.baseline
        },
    }


def _contract(scenario: Scenario, outcomes: DrawnOutcomes) -> dict[str, Any]:
    below = outcomes.lowest_cash < 0
    summaries = {"net_position": outcomes.net}
    if scenario.behaves:
        summaries |= {"gained_outcomes": outcomes.gained, "value": outcomes.value}
    return {
        **{name: summarise(values).as_dict() for name, values in summaries.items()},
        "p_any_cash_below_zero": float(below.any(axis=1).mean()),
        "providers": {
            provider: {
                "p_cash_below_zero": float(below[:, place].mean()),
                "lowest_cash": summarise(outcomes.lowest_cash[:, place]).as_dict(),
            }
            for place, provider in enumerate(scenario.providers)
        },
    }


def _compared(scenario: Scenario, ours: DrawnOutcomes, base: DrawnOutcomes) -> dict[str, Any]:
    cash = ours.net - base.net
    found = {
        "net_position": summarise(cash).as_dict(),
        "net_position_intervals": summarise(cash).intervals(),
        "p_costs_less": float((cash > 0).mean()),
        "p_costs_same": float((cash == 0).mean()),
    }
    if scenario.behaves:
        value = ours.value - base.value
        found["value"] = summarise(value).as_dict()
        found["p_worth_more"] = float((value > 0).mean())
        found["gained_outcomes"] = summarise(ours.gained - base.gained).as_dict()
    return found
