"""What does not fit together in the keys of behaviour."""

from __future__ import annotations

from collections.abc import Iterator

from simulator._errors import did_you_mean
from simulator.contract.finding import Finding, Path
from simulator.quantities import Figure
from simulator.scenario.scenario import Scenario

__all__ = ["check_behaviour"]

_MOST = 0.5  # of cost saved, referrals averted, posts added: beyond it levels of 2 make no sense
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
    for lever in type(scenario.levers).model_fields:
        effort = getattr(getattr(scenario.levers, lever), "effort", None)
        if effort is not None and effort <= 0.0:
            yield Finding(
                ("levers", lever, "effort"),
                f"found {effort.written}",
                "what takes no effort is done without end",
                "write more than 0%; the default of each lever is in the documentation",
            )
    if scenario.levers.substitution >= 1.0:
        yield Finding(
            ("levers", "substitution"),
            f"found {scenario.levers.substitution.written}",
            "effort on one lever does not wholly take the place of effort on another",
            "write less than 100%",
        )
    for lever, key in _EFFECTS.items():
        group = getattr(scenario.levers, lever)
        share = getattr(group, key) if group is not None else Figure(0.0)
        if share > _MOST:
            yield Finding(
                ("levers", lever, key),
                f"found {share.written} for one level",
                "one level changes at most 50%, so that two levels still make sense",
                "tell what the best of your peers achieves",
            )
