"""What a contract would come to where one thing is not as it is: the same futures, lived again.

A companion shows where a difference comes from. *As under* another contract: its payments and what
follows from them, with every decision as it was taken there. *Without collaboration*: every
decision as it was, its costs paid, and care over hand-overs without effect. *Equally open*: decided
anew with no clause showing anybody anything, its costs still paid. *With the other norm*: decided
anew with observed practice as the norm itself, or as the answer to the baseline; whichever it is
not in the scenario.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from simulator.engine.life import Plan
from simulator.engine.network import Network
from simulator.parties.conduct import Parties

__all__ = [
    "Companion",
    "as_under",
    "companions_of",
    "equally_open",
    "with_other_norm",
    "without_collaboration",
]


@dataclass(frozen=True)
class Companion:
    """A life beside those of the contracts.

    Attributes:
        name: by which its outcomes are kept.
        plan: of the life, with one contract.
        course_of: the contract whose decisions are replayed; None decides anew.
    """

    name: str
    plan: Plan
    course_of: str | None


def as_under(contract: str, other: str) -> str:
    """Return the name of a contract with the decisions taken under another."""
    return f"{contract} as under {other}"


def without_collaboration(contract: str) -> str:
    """Return the name of a contract in a world where care over hand-overs has no effect."""
    return f"{contract} without collaboration"


def equally_open(contract: str) -> str:
    """Return the name of a contract whose clauses show nobody anything."""
    return f"{contract} equally open"


def with_other_norm(contract: str) -> str:
    """Return the name of a contract in a world whose norm is anchored the other way."""
    return f"{contract} with the other norm"


def companions_of(baseline: str, plans: Sequence[Plan], network: Network) -> tuple[Companion, ...]:
    """Return the companions of the contracts of a scenario in which parties decide.

    Args:
        baseline: the contract the others are compared with.
        plans: one for each contract.
        network: the services.
    """
    by_name = {plan.watch.agreement.name: plan for plan in plans}
    return tuple(_companions(baseline, by_name, _without_reach(network)))


def _companions(baseline: str, plans: dict[str, Plan], without: Network) -> Iterator[Companion]:
    parties = plans[baseline].parties
    other = None if parties is None else _anchored_otherwise(parties)
    for name, plan in plans.items():
        if other is not None:
            yield Companion(with_other_norm(name), replace(plan, parties=other), None)
        if name != baseline:
            yield Companion(as_under(name, baseline), plan, baseline)
            yield Companion(as_under(baseline, name), plans[baseline], name)
        yield Companion(without_collaboration(name), replace(plan, network=without), name)
        agreement = plan.watch.agreement
        if agreement.openness:
            closed = replace(plan.watch, agreement=replace(agreement, openness={}))
            yield Companion(equally_open(name), replace(plan, contracts=(closed,)), None)


def _anchored_otherwise(parties: Parties) -> Parties | None:
    """Return the parties with the other norm; theory knows only one."""
    scenario = parties.scenario
    if scenario.behaviour == "theory":
        return None
    anchor = None if scenario.observed_under else scenario.baseline
    return Parties(scenario.model_copy(update={"observed_under": anchor}))


def _without_reach(network: Network) -> Network:
    """Return the services with care over hand-overs having no effect."""
    services = tuple(
        replace(node, handovers=tuple(replace(path, reach=0.0) for path in node.handovers))
        for node in network.services
    )
    return replace(network, services=services)
