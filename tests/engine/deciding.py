"""A small world in which parties decide, under whatever contracts a test writes."""

from __future__ import annotations

from typing import Any

import numpy as np

from simulator.contract.statement import Array
from simulator.engine.compiled import CompiledPeople
from simulator.engine.life import Futures, live, plan_lives
from simulator.engine.network import build_network
from simulator.parties.levers import at_norm, level_of
from simulator.scenario.build import build
from simulator.scenario.scenario import Scenario
from simulator.scenario.yaml_text import Document, read_yaml

__all__ = ["document_with", "level", "lived", "scenario_with"]

WORLD = """
title: A small world
starts: 2026-04-01
years: {years}
behaviour: {behaviour}
outcome_value: £2,000
council: {{name: Council}}
providers:
{providers}
services:
  support:
    referrals: {referrals} a year
    workers: {{{workers}}}
    caseload: 30
    lasts: 13 weeks
    worker_cost: £40,000 a year
    good_outcome: 45%
    best_outcome: 60%
    needs: {{mild: {{share: 60%, good_outcome: 55%}}, severe: {{share: 40%, good_outcome: 30%}}}}
    {support}
  groups:
    referrals: 60 a year
    workers: {{{helpers}}}
    caseload: 60
    lasts: 13 weeks
    worker_cost: £30,000 a year
    good_outcome: 50%
    best_outcome: 60%
handovers:
  - {{from: support, to: groups, share: 40%, success: 60%, best_success: 85%}}
{more}
contracts:
  {name}: {contract}
  {more_contracts}
baseline: {name}
"""


def scenario_with(contract: str, *given: Any, **keys: Any) -> Scenario:
    """Return a scenario with one contract, written as YAML in one line; see `document_with`."""
    return build(document_with(contract, *given, **keys))


def document_with(
    contract: str,
    providers: int = 2,
    years: int = 3,
    more: str = "",
    party: str = "",
    behaviour: str = "full",
    name: str = "tried",
    referrals: int = 370,
    others: str | None = None,
    support: str = "",
    more_contracts: str = "",
) -> Document:
    """Return a scenario with one contract as it is read.

    Args:
        contract: its keys, as ``{form: ...}``.
        providers: how many, alike.
        years: of the term.
        more: further keys of the whole file.
        party: further keys of each provider.
        behaviour: of the whole file.
        name: of the contract.
        referrals: a year, for each provider; with 370 they are about fully used.
        others: further keys of all providers but the first, where they differ from ``party``.
        support: a further key of the larger service.
        more_contracts: one more contract, with its name.
    """
    names = [f"p{number}" for number in range(1, providers + 1)]
    keys = [party] + [party if others is None else others] * (providers - 1)
    text = WORLD.format(
        years=years,
        providers="\n".join(
            f"  {name}: {{reserves: £200,000{own}}}" for name, own in zip(names, keys, strict=True)
        ),
        support=support,
        workers=", ".join(f"{name}: 3" for name in names),
        helpers=", ".join(f"{name}: 1" for name in names),
        referrals=f"{referrals * providers:,}",
        more=more,
        contract=contract,
        behaviour=behaviour,
        name=name,
        more_contracts=more_contracts,
    )
    return read_yaml(text, "small.yaml")


def lived(scenario: Scenario, futures: int = 10, seed: int = 5) -> Futures:
    """Return futures of a scenario's only contract."""
    practice = at_norm(float(provider.quality) for provider in scenario.providers.values())
    (plan,) = plan_lives(scenario, build_network(scenario, practice))
    (found,) = live([plan], seed, range(futures), CompiledPeople)
    return found


def level(found: Futures, lever: str, review: int = -2) -> float:
    """Return the mean level of a lever over futures and providers after a review.

    Args:
        found: the futures.
        lever: which.
        review: from 0 before the first; -2 is the last one with something ahead of it.
    """
    levels: Array = level_of(found.course[:, review, 1:], lever)  # type: ignore[arg-type]
    return float(np.mean(levels))
