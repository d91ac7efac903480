"""What the parties of a scenario care about, and what holds them together, from its keys."""

from __future__ import annotations

import numpy as np

from simulator.contract.agreement import Agreement
from simulator.contract.statement import Array
from simulator.parties.commissioning import Commissioning
from simulator.parties.levers import LEVERS
from simulator.parties.policies import POLICIES, Policy
from simulator.parties.relation import Relation
from simulator.parties.response import THEORY, Pace
from simulator.parties.stakes import Stakes
from simulator.parties.technology import Technology
from simulator.scenario.scenario import Scenario

__all__ = ["pace_of", "policies_of", "relation_of", "stakes_of", "starting_trust"]

_REVIEWS_A_YEAR = 4
_OF_TURNOVER = 0.01
"""The least risk tolerance, as a share of turnover: an assumption. Who has hardly any reserves goes
on trading, and nobody is infinitely afraid."""


def policies_of(scenario: Scenario) -> tuple[Policy, ...]:
    """Return how each party decides, the commissioners first."""
    return tuple(POLICIES[name] for name in scenario.policies.values())


def stakes_of(
    scenario: Scenario,
    technology: Technology,
    commissioning: Commissioning,
    agreement: Agreement,
    norm: Array | None = None,
) -> Stakes:
    """Return what the parties to a contract care about, over a year, at the start of its term.

    Args:
        scenario: with ``outcome_value``.
        technology: what the providers' levers do and what effort they take.
        commissioning: the same of the lead commissioner's.
        agreement: the contract; what it leaves to the commissioners they can move.
        norm: the level each party keeps to, ``(parties, levers)``; None is observed practice.
    """
    assert scenario.outcome_value is not None
    payers, providers = list(scenario.commissioners), list(scenario.providers.values())
    first, parties = len(payers), len(payers) + len(providers)
    policies = policies_of(scenario)
    funding = scenario.signatories.funding
    none = np.zeros(parties)
    mission, aversion, reserves, floor, fear, reciprocity = (none.copy() for _ in range(6))
    mission[:first] = [
        policy.mission * funding[name]
        for name, policy in zip(payers, policies[:first], strict=True)
    ]
    tolerances = [party.risk_tolerance for party in scenario.commissioners.values()]
    aversion[:first] = [
        0.0 if each is None else policy.risk / float(each)
        for each, policy in zip(tolerances, policies[:first], strict=True)
    ]
    for place, (provider, policy) in enumerate(
        zip(providers, policies[first:], strict=True), first
    ):
        tolerance = float(provider.risk_tolerance) * float(provider.reserves)
        tolerance = max(tolerance, _OF_TURNOVER * float(technology.planned_cost[place - first]))
        mission[place] = policy.mission * float(provider.mission)
        aversion[place] = policy.risk / tolerance if tolerance > 0 else 0.0
        reserves[place] = float(provider.reserves)
        floor[place] = float(provider.keeps)
        fear[place] = policy.fear * float(provider.fear)
        reciprocity[place] = float(provider.reciprocates)
    reciprocity[0] = 1.0
    levels = np.zeros((parties, len(LEVERS))) if norm is None else norm
    moves = np.zeros((parties, len(LEVERS)), dtype=bool)
    moves[0] = commissioning.can_move(agreement)
    moves[first:] = technology.can_move
    moves &= np.array([each.moves for each in policies])[:, None]
    effort = np.zeros((parties, len(LEVERS), len(LEVERS)))
    effort[0] = commissioning.effort
    effort[first:] = technology.effort
    remedies, term = agreement.remedies, sum(month.years for month in scenario.timetable.months)
    at_stake, breaches_left = np.zeros(parties), np.ones(parties)
    if remedies is not None:
        at_stake[first:] = float(remedies.termination) * term * technology.contribution
        breaches_left[first:] = 2.0 * int(remedies.after)
    return Stakes(
        value=float(scenario.outcome_value),
        mission=mission,
        risk_aversion=aversion,
        reserves=reserves,
        floor=floor,
        fear=fear,
        effort=effort,
        norm=levels,
        reciprocity=reciprocity,
        low=np.where(moves, [lever.low for lever in LEVERS], levels),
        high=np.where(moves, [lever.high for lever in LEVERS], levels),
        at_stake=at_stake,
        breaches_left=breaches_left,
    )


def relation_of(scenario: Scenario, agreement: Agreement) -> Relation:
    """Return what holds the parties to what is best for all, with the clauses of a contract."""
    given = scenario.relationship
    unseen = np.array([1.0 - agreement.openness.get(lever.name, 0.0) for lever in LEVERS])
    theory = scenario.behaviour == "theory"
    return Relation(
        notice=1.0 - (1.0 - float(given.notice)) * unseen,
        discount=float((1.0 + scenario.appraisal.discount_rate) ** (-1.0 / _REVIEWS_A_YEAR)),
        break_off=float(given.breaks),
        renewal=float(given.renewal),
        memory=int(given.memory),
        answer=float(given.answers),
        up=float(given.grows),
        down=float(given.falls),
        credit=0.0 if theory else float(given.credit),
    )


def starting_trust(scenario: Scenario) -> Array:
    """Return the trust of each party in each other at the start, ``(of, others)``."""
    parties = len(scenario.commissioners) + len(scenario.providers)
    trust = 0.0 if scenario.behaviour == "theory" else float(scenario.relationship.trust)
    return trust * (1.0 - np.eye(parties))


def pace_of(scenario: Scenario) -> Pace:
    """Return how fast parties move: the whole way at once in theory."""
    return THEORY if scenario.behaviour == "theory" else Pace()
