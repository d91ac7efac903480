"""Where the difference between a contract and the baseline comes from: money, behaviour, luck.

With Y(c|p) for what contract c comes to with every decision as it was taken under p, A for a
contract and O for the baseline, in each future

    money       = Y(A|O) - Y(O|O)       if all did under A what they do under O
    behaviour   = Y(A|A) - Y(A|O)       because they do otherwise
    difference  = money + behaviour
    interaction = Y(A|A) - Y(A|O) - Y(O|A) + Y(O|O)
    luck        = difference - its mean over futures
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from simulator.contract.statement import Array
from simulator.scenario.scenario import Scenario
from simulator.scenario.world import groups_of
from simulator.study.companions import (
    as_under,
    equally_open,
    with_other_norm,
    without_collaboration,
)
from simulator.study.replicate import Outcomes, Study
from simulator.study.summary import Summary, summarise

__all__ = ["QUANTITIES", "Lead", "Split", "gained_outcomes", "splits", "value_of"]

QUANTITIES = ("cash", "value")
"""What is split: net position of the commissioners, and that with what outcomes are worth."""


@dataclass(frozen=True)
class Lead:
    """How far a contract is ahead of the baseline, in cash and in value.

    Attributes:
        cash: pounds the commissioners save.
        value: the same with what outcomes gained are worth.
        p_costs_less: share of futures in which it costs them less.
        p_worth_more: share of futures in which it is worth more.
        outcomes: good outcomes gained beyond those under the baseline.
    """

    cash: Summary
    value: Summary
    p_costs_less: float
    p_worth_more: float
    outcomes: Summary


@dataclass(frozen=True)
class Split:
    """A contract against the baseline.

    Attributes:
        difference: as everybody decides.
        money: if everybody did under the contract what they do under the baseline.
        behaviour: because they do.
        check: the baseline with what everybody does under the contract, against the baseline.
        interaction: what money and behaviour have together beyond each alone; 'cash' and 'value'.
        without_collaboration: if care over hand-overs has no effect, in both.
        equally_open: if no clause shows anybody anything, in both; None where no contract has one.
        other_norm: with the norm anchored the other way, in both; None in theory.
        luck: difference less its mean; 'cash' and 'value'.
    """

    difference: Lead
    money: Lead
    behaviour: Lead
    check: Lead
    interaction: Mapping[str, Summary]
    without_collaboration: Lead
    equally_open: Lead | None
    other_norm: Lead | None
    luck: Mapping[str, Summary]


def gained_outcomes(scenario: Scenario, outcomes: Outcomes) -> Array:
    """Return the good outcomes gained in each future, shape ``(replications,)``.

    Each person counts once: not where they come back after a relapse, and not where the outcome
    would have come without the service. Relapse is that of the practice they met; for what would
    have come anyway those who complete are taken for of the needs of all who are referred.
    """
    anyway = np.array(
        [
            sum(group.share * group.good_anyway for group in groups_of(service))
            for service in scenario.services.values()
        ]
    )
    people = outcomes.people
    seen = people["completed"] - people["returned"]
    lasting = people["good_outcomes"] - outcomes.lapsing
    gained: Array = lasting.sum(axis=1) - seen @ anyway
    return gained


def value_of(scenario: Scenario, outcomes: Outcomes) -> Array:
    """Return what outcomes gained are worth, less what is paid for them, ``(replications,)``."""
    assert scenario.outcome_value is not None
    payers = len(scenario.commissioners)
    worth = float(scenario.outcome_value) * gained_outcomes(scenario, outcomes)
    value: Array = worth + outcomes.net[:, :payers].sum(axis=1)
    return value


def splits(study: Study) -> dict[str, Split]:
    """Return where the difference comes from, for each contract but the baseline."""
    if not study.companions:
        return {}
    scenario, baseline = study.scenario, study.scenario.baseline
    lives = {
        name: _columns(scenario, outcomes)
        for name, outcomes in {**study.outcomes, **study.companions}.items()
    }
    found = {}
    for name in scenario.contracts:
        if name == baseline:
            continue
        ours, base = lives[name], lives[baseline]
        mixed, turned = lives[as_under(name, baseline)], lives[as_under(baseline, name)]
        blind = without_collaboration(name), without_collaboration(baseline)
        closed = [lives.get(equally_open(each), lives[each]) for each in (name, baseline)]
        other = [lives.get(with_other_norm(each)) for each in (name, baseline)]
        some_open = any(equally_open(each) in lives for each in scenario.contracts)
        both = {key: ours[key] - mixed[key] - turned[key] + base[key] for key in QUANTITIES}
        differences = {key: ours[key] - base[key] for key in QUANTITIES}
        found[name] = Split(
            difference=_lead(ours, base),
            money=_lead(mixed, base),
            behaviour=_lead(ours, mixed),
            check=_lead(turned, base),
            interaction={key: summarise(values) for key, values in both.items()},
            without_collaboration=_lead(*(lives[each] for each in blind)),
            equally_open=_lead(*closed) if some_open else None,
            other_norm=_lead(other[0], other[1]) if other[0] and other[1] else None,
            luck={key: summarise(each - each.mean()) for key, each in differences.items()},
        )
    return found


def _columns(scenario: Scenario, outcomes: Outcomes) -> dict[str, Array]:
    payers = len(scenario.commissioners)
    return {
        "cash": outcomes.net[:, :payers].sum(axis=1),
        "value": value_of(scenario, outcomes),
        "outcomes": gained_outcomes(scenario, outcomes),
    }


def _lead(ours: Mapping[str, Array], base: Mapping[str, Array]) -> Lead:
    cash, value, outcomes = (ours[key] - base[key] for key in ("cash", "value", "outcomes"))
    return Lead(
        summarise(cash),
        summarise(value),
        float((cash > 0).mean()),
        float((value > 0).mean()),
        summarise(outcomes),
    )
