"""Futures reduced to what is reported, in chunks that can be lived anywhere and in any order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields

import numpy as np

from simulator.contract.agreement import Agreement
from simulator.contract.statement import COLUMNS, Array
from simulator.engine.caseload import COUNTS
from simulator.engine.life import Futures, Plan, live, plan_lives
from simulator.engine.network import build_network
from simulator.parties.levers import at_norm
from simulator.scenario.appraisal import discount_factor, rebase
from simulator.scenario.scenario import Scenario
from simulator.study.engines import Chosen

__all__ = ["PEOPLE", "Outcomes", "Prepared", "Study", "joined", "present_value_factors"]

_MEMORY = 2**28  # bytes for statements and places of the futures that live side by side

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
    """Futures of a scenario, with the seed that makes them again.

    Attributes:
        scenario: what was lived.
        seed: of the study.
        replications: how many futures there are.
        outcomes: what each contract came to.
        engine: what carried the people.
        interrupted: whether more futures were asked for.
    """

    scenario: Scenario
    seed: int
    replications: int
    outcomes: Mapping[str, Outcomes]
    engine: str = "compiled"
    interrupted: bool = False


class Prepared:
    """A scenario ready to be lived: what all its futures share, worked out once a process."""

    def __init__(self, scenario: Scenario, seed: int, chosen: Chosen) -> None:
        practice = at_norm(provider.quality for provider in scenario.providers.values())
        self.seed = seed
        self.chosen = chosen
        self.plans = plan_lives(scenario, build_network(scenario, practice))
        self._caseloads = np.array(
            [float(service.caseload) for service in scenario.services.values()]
        )
        self._reserves = np.array([float(party.reserves) for party in scenario.providers.values()])
        self._factors = [present_value_factors(plan) for plan in self.plans]

    @property
    def side_by_side(self) -> int:
        """How many futures it is best to live at a time; has no effect on any figure."""
        plan = self.plans[0]
        statements = len(plan.timetable.months) * plan.rates.posts.size * len(COLUMNS) * 8
        held = (plan.rates.posts.sum(axis=0) * self._caseloads).sum()
        return max(1, min(self.chosen.side_by_side, int(_MEMORY / (statements + 32 * held))))

    def live(self, first: int, last: int) -> dict[str, Outcomes]:
        """Live the futures from ``first`` to before ``last`` under every contract."""
        lived = live(self.plans, self.seed, range(first, last), self.chosen.engine)
        outcomes = {}
        for plan, factors, futures in zip(self.plans, self._factors, lived, strict=True):
            for watch in plan.contracts:
                agreement = watch.agreement
                outcomes[agreement.name] = _reduce(agreement, self._reserves, factors, futures)
        return outcomes


def _reduce(agreement: Agreement, reserves: Array, factors: Array, futures: Futures) -> Outcomes:
    """Reduce futures under one contract to what is kept of them."""
    providers = agreement.signatories.provider_slice
    by_month = futures.net(agreement.name)
    payments = futures.payments[agreement.name]
    between = payments[:, :, agreement.between_parties]
    cash = reserves + by_month[..., providers].cumsum(axis=1)
    reading = futures.reading
    people = {name: reading.counts[name].sum(axis=1) for name in COUNTS}
    people["still_waiting"] = reading.waiting.sum(axis=1)
    people["still_in_service"] = reading.in_service.sum(axis=1)
    people["on_the_way"] = np.zeros_like(people["still_waiting"])
    people["on_the_way"][:, 0] = reading.on_the_way
    return Outcomes(
        net=by_month.sum(axis=1),
        present_value=(by_month * factors[:, None]).sum(axis=1),
        lowest_cash=cash.min(axis=1),
        paid=between[..., providers].sum(axis=(1, 2, 3)),
        payments_sum=payments.sum(axis=(1, 2, 3)),
        people=people,
    )


def joined(parts: Sequence[Outcomes]) -> Outcomes:
    """Return the futures of several chunks as those of one, in the order given."""
    arrays = {
        each.name: np.concatenate([getattr(part, each.name) for part in parts])
        for each in fields(Outcomes)
        if each.name != "people"
    }
    people = {name: np.concatenate([part.people[name] for part in parts]) for name in PEOPLE}
    return Outcomes(**arrays, people=people)


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
