"""Futures reduced to what is reported, in chunks that can be lived anywhere and in any order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Protocol, Self

import numpy as np

from simulator.contract.agreement import Agreement
from simulator.contract.periods import Timetable
from simulator.contract.statement import COLUMNS, Array
from simulator.engine.caseload import COUNTS
from simulator.engine.life import Futures, Plan, Watch, live_plan, plan_lives
from simulator.engine.network import build_network
from simulator.engine.records import PERSON, TRAVELLER
from simulator.parties.conduct import Replayed
from simulator.parties.levers import at_norm, level_of, shifted
from simulator.quantities import DAYS_A_YEAR
from simulator.scenario.appraisal import discount_factor, rebase
from simulator.scenario.scenario import Scenario
from simulator.study.companions import Companion, companions_of
from simulator.study.engines import Chosen, keep_memory

__all__ = [
    "IN_FULL",
    "PEOPLE",
    "Kept",
    "Outcomes",
    "Prepared",
    "Study",
    "first_months_of_years",
    "joined",
    "present_value_factors",
    "real_factors",
]

_MEMORY = 2**28  # bytes for statements and places of the futures that live side by side

IN_FULL = 1_000
"""Futures of which every month is kept: enough for a 5th and a 95th percentile, and bounded."""

_BYTES_A_PERSON = 2 * (PERSON.itemsize + TRAVELLER.itemsize)
"""Records of people are doubled when they are used up; at worst everybody waits until the end."""

PEOPLE = (*COUNTS, "still_waiting", "still_in_service", "on_the_way")
"""What is kept of the people of each future."""


class Kept(Protocol):
    """What is kept of futures under one contract: arrays that can be written down.

    Attributes:
        net: shape ``(replications, ...)``.
    """

    net: Array

    def arrays(self) -> dict[str, Array]:
        """Return every array by name."""

    @classmethod
    def of(cls, arrays: Mapping[str, Array]) -> Self:
        """Return what :meth:`arrays` took apart.

        Raises:
            KeyError: an array is missing.
        """


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
        yearly: net position of each commissioner in each financial year, nominal pounds, shape
            ``(replications, years, commissioners)``; what is paid after the term counts in its
            last year.
        monthly: net position in each month of the ledger, nominal pounds, shape
            ``(futures, months, accounts)``; of the first :data:`IN_FULL` futures only.
        month_total: the same summed over all futures, shape ``(months, accounts)``.
        notices: how many each provider was given, shape ``(replications, providers)``.
        replaced: how often another took its place, same shape.
        course: levels of the parties' levers from the start and from each review on, shape
            ``(replications, reviews + 1, parties, levers)``; nothing of a companion, and where
            nobody changes what they do.
        lapsing: good outcomes that are not expected to last, at the relapse of the practice they
            were had with, shape ``(replications, services)``.
        people: each of :data:`PEOPLE`, shape ``(replications, services)``.
    """

    net: Array
    present_value: Array
    lowest_cash: Array
    paid: Array
    payments_sum: Array
    yearly: Array
    monthly: Array
    month_total: Array
    notices: Array
    replaced: Array
    course: Array
    lapsing: Array
    people: Mapping[str, Array] = field(default_factory=dict)

    def arrays(self) -> dict[str, Array]:
        """Return every array by name."""
        people = {f"people.{name}": self.people[name] for name in PEOPLE}
        return {name: getattr(self, name) for name in _ARRAYS} | people

    @classmethod
    def of(cls, arrays: Mapping[str, Array]) -> Outcomes:
        """Return what :meth:`arrays` took apart.

        Raises:
            KeyError: an array is missing.
        """
        people = {name: arrays[f"people.{name}"] for name in PEOPLE}
        return cls(**{name: arrays[name] for name in _ARRAYS}, people=people)


_ARRAYS = tuple(each.name for each in fields(Outcomes) if each.name != "people")


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
        companions: what contracts come to where something is not as it is; see
            :mod:`simulator.study.companions`.
    """

    scenario: Scenario
    seed: int
    replications: int
    outcomes: Mapping[str, Outcomes]
    engine: str = "compiled"
    interrupted: bool = False
    companions: Mapping[str, Outcomes] = field(default_factory=dict)


class Prepared:
    """A scenario ready to be lived: what all its futures share, worked out once a process."""

    def __init__(
        self, scenario: Scenario, seed: int, chosen: Chosen, companions: bool = False
    ) -> None:
        practice = at_norm(provider.quality for provider in scenario.providers.values())
        self.seed = seed
        self.chosen = chosen
        network = build_network(scenario, practice)
        self.plans = plan_lives(scenario, network)
        self._companions: tuple[Companion, ...] = ()
        if scenario.behaves:
            keep_memory()
        if companions and scenario.behaves:
            self._companions = companions_of(scenario.baseline, self.plans, network)
        self._caseloads = np.array(
            [float(service.caseload) for service in scenario.services.values()]
        )
        services = scenario.services.values()
        years = scenario.timetable.days / DAYS_A_YEAR
        self._most_people = years * sum(float(service.referrals) for service in services)
        self._reserves = np.array([float(party.reserves) for party in scenario.providers.values()])
        # of fewer months they are the first of these
        longest = max(plan.ledger_months for plan in self.plans)
        self._factors = present_value_factors(scenario, longest)
        self._first_months = first_months_of_years(scenario.timetable)

    @property
    def side_by_side(self) -> int:
        """How many futures it is best to live at a time; has no effect on any figure."""
        plan = self.plans[0]
        statements = (
            len(plan.timetable.months) * plan.technology.rates.posts.size * len(COLUMNS) * 8
        )
        held = (plan.technology.rates.posts.sum(axis=0) * self._caseloads).sum()
        a_future = statements + 32 * held + self._most_people * _BYTES_A_PERSON
        return max(1, min(self.chosen.side_by_side, int(_MEMORY / a_future)))

    def live(self, first: int, last: int) -> dict[str, Outcomes]:
        """Live the futures from ``first`` to before ``last`` under every contract."""
        futures = range(first, last)
        outcomes = {}
        courses = {}
        for plan in self.plans:
            lived = live_plan(plan, self.seed, futures, self.chosen.engine)
            for watch in plan.contracts:
                name = watch.agreement.name
                courses[name] = lived.course
                decided = plan.parties is not None
                outcomes[name] = self._reduced(plan, watch, lived, first, with_course=decided)
        for each in self._companions:
            conduct = None
            if each.course_of is not None:
                conduct = Replayed(courses[each.course_of], each.plan.technology)
            lived = live_plan(each.plan, self.seed, futures, self.chosen.engine, conduct)
            outcomes[each.name] = self._reduced(each.plan, each.plan.watch, lived, first)
        return outcomes

    def _reduced(
        self, plan: Plan, watch: Watch, futures: Futures, first: int, with_course: bool = False
    ) -> Outcomes:
        """Return what is kept of futures, of which this is the first."""
        in_full = max(0, min(first + len(futures.costs), IN_FULL) - first)
        factors = self._factors[: plan.ledger_months]
        months = self._first_months
        return _reduce(
            plan, watch.agreement, self._reserves, factors, months, in_full, futures, with_course
        )


def _reduce(
    plan: Plan,
    agreement: Agreement,
    reserves: Array,
    factors: Array,
    first_months: Sequence[int],
    in_full: int,
    futures: Futures,
    with_course: bool,
) -> Outcomes:
    """Reduce futures under one contract to what is kept of them."""
    providers = agreement.signatories.provider_slice
    payers = len(agreement.signatories.commissioners)
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
        yearly=np.add.reduceat(by_month[..., :payers], first_months, axis=1),
        monthly=by_month[:in_full].copy(),
        month_total=by_month.sum(axis=0),
        course=futures.course if with_course else futures.course[:, :0],
        notices=futures.notices,
        replaced=futures.replaced,
        lapsing=_lapsing(plan, futures),
        people=people,
    )


def _lapsing(plan: Plan, futures: Futures) -> Array:
    """Return the good outcomes that are not expected to last; see :class:`Outcomes`."""
    nodes = plan.network.services
    relapse = np.array([node.relapse for node in nodes]).T
    reach = np.array([node.relapse_reach for node in nodes])
    # whoever needs a hand-over does not relapse
    stays_on = np.array([1.0 - sum(node.handover_edges[-1:]) for node in nodes])
    payers = len(plan.scenario.commissioners)
    quality = level_of(futures.course[:, :, payers:], "quality")
    lapsing = np.zeros((len(quality), len(nodes)))
    review = 0
    for month, statement in zip(plan.timetable.months, futures.statements, strict=True):
        chance = shifted(relapse, quality[:, review, :, None] * reach)
        lapsing += (statement.columns["good_outcomes"] * chance).sum(axis=1) * stays_on
        review += month.quarter_end
    return lapsing


def joined(parts: Sequence[Outcomes]) -> Outcomes:
    """Return the futures of several chunks as those of one, in the order given."""
    arrays = {
        name: np.concatenate([getattr(part, name) for part in parts])
        for name in _ARRAYS
        if name != "month_total"
    }
    # whole units of the ledger: the same sum in any grouping
    arrays["month_total"] = np.sum([part.month_total for part in parts], axis=0)
    people = {name: np.concatenate([part.people[name] for part in parts]) for name in PEOPLE}
    return Outcomes(**arrays, people=people)


def real_factors(scenario: Scenario, count: int) -> Array:
    """Return what a nominal pound of each ledger month is worth in pounds of the start.

    Months after the term count like its last one.

    Args:
        scenario: with its rise of prices.
        count: months of the ledger.
    """
    months = scenario.timetable.months
    aprils = [months[min(index, len(months) - 1)].aprils for index in range(count)]
    prices = float(scenario.inflation.prices)
    factors: Array = np.array([rebase(1.0, (1.0 + prices) ** passed, 1.0) for passed in aprils])
    return factors


def present_value_factors(scenario: Scenario, count: int) -> Array:
    """Return what a nominal pound of each ledger month is worth at the start, in real terms.

    Months after the term are discounted by their own distance in time. Arguments as of
    :func:`real_factors`.
    """
    months = scenario.timetable.months
    rate = float(scenario.appraisal.discount_rate)
    factors = []
    elapsed = 0.0
    for index in range(count):
        length = months[index].years if index < len(months) else 1 / 12
        factors.append(discount_factor(elapsed + length / 2, rate))
        elapsed += length
    present: Array = real_factors(scenario, count) * np.array(factors)
    return present


def first_months_of_years(timetable: Timetable) -> list[int]:
    """Return which months begin a financial year, or the term."""
    months = timetable.months
    return [0] + [index for index in range(1, len(months)) if months[index - 1].year_end]
