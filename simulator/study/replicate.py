"""Paired replications: every contract over the same futures, reduced to what is reported."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from simulator.contract.agreement import Agreement
from simulator.contract.statement import Array
from simulator.engine.caseload import COUNTS
from simulator.engine.life import Futures, Plan, live, plan_lives
from simulator.engine.network import build_network
from simulator.engine.people import ReferencePeople
from simulator.parties.levers import at_norm
from simulator.scenario.appraisal import discount_factor, rebase
from simulator.scenario.scenario import Scenario

__all__ = ["ENGINE", "PEOPLE", "Outcomes", "Study", "replicate"]

ENGINE = "reference"
"""The engine that carries the people: plain SimPy."""

PEOPLE = (*COUNTS, "still_waiting", "still_in_service", "on_the_way")
"""What is kept of the people of each future."""


@dataclass
class Outcomes:
    """What one contract came to, future by future.

    Attributes:
        net: income less payments and own costs over the term, nominal pounds,
            shape ``(replications, accounts)``.
        present_value: the same in real pounds of the start, discounted.
        lowest_cash: lowest cash at any month end, shape ``(replications, providers)``.
        paid: what the commissioners paid the providers net, shape ``(replications,)``.
        payments_sum: sum of all payments over all accounts, shape ``(replications,)``; always 0.
        people: each of :data:`PEOPLE`, shape ``(replications, services)``.
    """

    net: Array
    present_value: Array
    lowest_cash: Array
    paid: Array
    payments_sum: Array
    people: Mapping[str, Array] = field(default_factory=dict)


@dataclass(frozen=True)
class Study:
    """All futures of a scenario, with the seed that makes them again."""

    scenario: Scenario
    seed: int
    replications: int
    outcomes: Mapping[str, Outcomes]


def replicate(
    scenario: Scenario,
    replications: int,
    seed: int,
    progress: Callable[[int], None] = lambda done: None,
) -> Study:
    """Live the same futures under every contract.

    Args:
        scenario: a checked scenario.
        replications: number of simulated futures.
        seed: makes them the same again.
        progress: is told how many are done.
    """
    practice = at_norm(provider.quality for provider in scenario.providers.values())
    plans = plan_lives(scenario, build_network(scenario, practice))
    reserves = np.array([float(party.reserves) for party in scenario.providers.values()])
    factors = [present_value_factors(plan) for plan in plans]
    outcomes = {name: _room_for(scenario, replications) for name in scenario.contracts}
    for first in range(0, replications, 50):
        some = range(first, min(first + 50, replications))
        lived = live(plans, seed, some, ReferencePeople)
        for plan, factor, futures in zip(plans, factors, lived, strict=True):
            for watch in plan.contracts:
                agreement = watch.agreement
                _keep(
                    outcomes[agreement.name],
                    slice(some.start, some.stop),
                    agreement,
                    reserves,
                    factor,
                    futures,
                )
        progress(some.stop)
    return Study(scenario, seed, replications, outcomes)


def _room_for(scenario: Scenario, replications: int) -> Outcomes:
    accounts = len(scenario.signatories.accounts)
    services = len(scenario.services)
    return Outcomes(
        np.zeros((replications, accounts)),
        np.zeros((replications, accounts)),
        np.zeros((replications, len(scenario.providers))),
        np.zeros(replications),
        np.zeros(replications),
        {name: np.zeros((replications, services)) for name in PEOPLE},
    )


def _keep(
    outcomes: Outcomes,
    rows: slice,
    agreement: Agreement,
    reserves: Array,
    factors: Array,
    futures: Futures,
) -> None:
    """Reduce futures under one contract to their rows."""
    providers = agreement.signatories.provider_slice
    by_month = futures.net(agreement.name)
    payments = futures.payments[agreement.name]
    outcomes.net[rows] = by_month.sum(axis=1)
    outcomes.present_value[rows] = np.einsum("m,fma->fa", factors, by_month)
    cash = reserves + by_month[..., providers].cumsum(axis=1)
    outcomes.lowest_cash[rows] = cash.min(axis=1)
    between = payments[:, :, agreement.between_parties]
    outcomes.paid[rows] = between[..., providers].sum(axis=(1, 2, 3))
    outcomes.payments_sum[rows] = payments.sum(axis=(1, 2, 3))
    reading = futures.reading
    for column in COUNTS:
        outcomes.people[column][rows] = reading.counts[column].sum(axis=1)
    outcomes.people["still_waiting"][rows] = reading.waiting.sum(axis=1)
    outcomes.people["still_in_service"][rows] = reading.in_service.sum(axis=1)
    outcomes.people["on_the_way"][rows, 0] = reading.on_the_way


def present_value_factors(plan: Plan) -> Array:
    """Return what a nominal pound of each ledger month is worth at the start, in real terms.

    Months after the term count like its last one, at their own distance in time.
    """
    months = plan.timetable.months
    scenario = plan.scenario
    factors = []
    elapsed = 0.0
    for index in range(plan.ledger_months):
        month = months[min(index, len(months) - 1)]
        length = month.years if index < len(months) else 1 / 12
        price_level = (1.0 + scenario.inflation.prices) ** month.aprils
        rate = float(scenario.appraisal.discount_rate)
        factors.append(rebase(1.0, price_level, 1.0) * discount_factor(elapsed + length / 2, rate))
        elapsed += length
    return np.array(factors)
