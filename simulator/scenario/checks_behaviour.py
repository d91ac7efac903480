"""What does not fit together in the keys of behaviour."""

from __future__ import annotations

import math
from collections.abc import Iterator

from simulator._errors import did_you_mean
from simulator._kinds import CURRENCIES
from simulator.contract.finding import Finding, Path
from simulator.quantities import Figure
from simulator.scenario.scenario import Scenario

__all__ = ["check_behaviour", "end_found"]

_MOST = 0.5  # of cost saved, referrals averted, posts added: beyond it levels of 2 make no sense
_MOST_SUBSTITUTION = 0.95  # nearer the whole, the sum of efforts alone counts and levels run apart
_LONGEST_MEMORY = 40  # quarters, ten years: nearly the longest term
_EFFECTS = {"cost": "saves", "prevention": "averts", "staffing": "adds", "padding": "claims"}


def check_behaviour(scenario: Scenario) -> Iterator[Finding]:
    """Report everything about behaviour that does not fit together."""
    if scenario.behaves and scenario.outcome_value is None:
        decides = next(name for name, policy in scenario.policies.items() if policy != "none")
        side = "providers" if decides in scenario.providers else "commissioners"
        path: Path = ("behaviour",) if scenario.behaviour != "none" else (side, decides)
        yield Finding(
            path,
            f"found '{scenario.policies[decides]}' and no 'outcome_value'",
            "parties that decide have to know what an outcome is worth",
            "add for example 'outcome_value: £3,000', or write 'behaviour: none'",
        )
    named = scenario.observed_under
    if named is not None and named not in scenario.contracts:
        yield Finding(
            ("observed_under",),
            f"found '{named}'",
            f"the contracts are {', '.join(scenario.contracts)}",
            did_you_mean(named, scenario.contracts) or "name one of them",
        )
    yield from _check_levers(scenario)
    yield from _check_parties(scenario)
    memory = scenario.relationship.memory
    if memory.ends[1] > _LONGEST_MEMORY:
        yield Finding(
            ("relationship", "memory"),
            f"found {end_found(memory)} quarters",
            f"a broken word is remembered for at most {_LONGEST_MEMORY} quarters",
            "write for example '4', a year",
        )


def end_found(figure: Figure, lower: bool = False) -> str:
    """Return what to say was found of a number that is beyond a bound, itself or by its range.

    Args:
        figure: the number.
        lower: whether the bound is below it; otherwise above.
    """
    end = figure.ends[0 if lower else 1]
    if end == figure:
        return figure.written
    sign = figure.written[:1] if figure.written[:1] in CURRENCIES else ""
    shown = f"{100 * end:g}%" if figure.kind == "share" else f"{sign}{end:,g}"
    return f"{figure.written} with a range {'down' if lower else 'up'} to {shown}"


def _check_levers(scenario: Scenario) -> Iterator[Finding]:
    for lever in type(scenario.levers).model_fields:
        effort = getattr(getattr(scenario.levers, lever), "effort", None)
        if effort is not None and effort.ends[0] <= 0.0:
            yield Finding(
                ("levers", lever, "effort"),
                f"found {end_found(effort, lower=True)}",
                "what takes no effort is done without end",
                "write more than 0%; the default of each lever is in the documentation",
            )
    substitution = scenario.levers.substitution
    if substitution.ends[1] > _MOST_SUBSTITUTION:
        yield Finding(
            ("levers", "substitution"),
            f"found {end_found(substitution)}",
            "effort on one lever does not wholly take the place of effort on another",
            f"write {_MOST_SUBSTITUTION:.0%} or less",
        )
    for lever, key in _EFFECTS.items():
        group = getattr(scenario.levers, lever)
        share = getattr(group, key) if group is not None else Figure(0.0)
        if share.ends[1] > _MOST:
            yield Finding(
                ("levers", lever, key),
                f"found {end_found(share)} for one level",
                "one level changes at most 50%, so that two levels still make sense",
                "tell what the best of your peers achieves",
            )


def _check_parties(scenario: Scenario) -> Iterator[Finding]:
    """Report parties that bear no risk at all, by which their dislike of it would be endless."""
    for side in ("commissioners", "providers"):
        for name, party in getattr(scenario, side).items():
            tolerance: Figure | None = party.risk_tolerance
            if tolerance is None or tolerance.ends[0] > 0.0 or math.isnan(tolerance):
                continue
            pays = side == "commissioners"
            yield Finding(
                (side, name, "risk_tolerance"),
                f"found {end_found(tolerance, lower=True)}",
                "it is above nought: who bears no risk at all could not sign any contract",
                "leave it out where risk does not trouble it"
                if pays
                else "write for example '16%', or leave it out",
            )
