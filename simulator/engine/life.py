"""The life of contracts as SimPy processes, in several futures side by side.

The contract's calendar is the same in every future, so each month's statements are settled together
as arrays; what comes to each future on its own day is told in its :class:`World`. Several contracts
can watch one world live once, as long as none of them changes what happens in it; each keeps its
own account of the same months.

Contract events come before those of the world and the people at equal times: these are advanced up
to, not through, the instant of the next contract event.
"""

from __future__ import annotations

import datetime
import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import get_args

import numpy as np
import simpy

from simulator._errors import RunError
from simulator.contract.account import Account, settled_at
from simulator.contract.agreement import Agreement
from simulator.contract.periods import Timetable
from simulator.contract.statement import Array, Statement
from simulator.contract.term import Settled
from simulator.engine.books import Books, cost_flows
from simulator.engine.caseload import Caseload, Engine, Reading, Trigger
from simulator.engine.clock import date_ticks, to_days, to_ticks
from simulator.engine.network import Network
from simulator.engine.streams import Stream
from simulator.engine.world import Note, Process, World
from simulator.scenario.cost_rates import CostRates
from simulator.scenario.scenario import Scenario
from simulator.scenario.world import places

__all__ = ["Futures", "Life", "Plan", "Watch", "live", "plan_lives"]

_SETTLEMENTS: tuple[Settled, ...] = get_args(Settled)


@dataclass(frozen=True)
class Watch:
    """A contract as the life of the world sees it.

    Attributes:
        agreement: what was signed.
        paid_within: days from settlement to payment.
    """

    agreement: Agreement
    paid_within: float


@dataclass(frozen=True)
class Plan:
    """What every future of a scenario shares, worked out once.

    Attributes:
        scenario: the world.
        network: its services for the engines.
        rates: its cost rates.
        timetable: the months of the term.
        mobilisation: days until all caseworkers are in post.
        contracts: the contracts that watch this world.
    """

    scenario: Scenario
    network: Network
    rates: CostRates
    timetable: Timetable
    mobilisation: float
    contracts: tuple[Watch, ...]

    @cached_property
    def month_ends(self) -> tuple[int, ...]:
        """The tick at which each month of the term ends."""
        start = self.timetable.starts
        return tuple(date_ticks(month.end, start) for month in self.timetable.months)

    @cached_property
    def ledger_months(self) -> int:
        """Months of the ledger: those of the term and those until the last payment."""
        longest = max(to_ticks(watch.paid_within) for watch in self.contracts)
        return self.ledger_month(self.network.end + longest) + 1

    def ledger_month(self, tick: int) -> int:
        """Return the month of the ledger that an instant lies in; a month end is in its month."""
        months = self.timetable.months
        if tick <= self.network.end:
            return bisect_left(self.month_ends, tick)
        last = self.timetable.ends - datetime.timedelta(days=1)
        day = last + datetime.timedelta(days=math.ceil(to_days(tick - self.network.end)))
        return len(months) - 1 + (day.year - last.year) * 12 + day.month - last.month


@dataclass
class Futures:
    """Simulated futures, lived side by side.

    Attributes:
        statements: one for each month of the term, shape ``(futures, providers, services)``.
        reading: the caseload's last reading, at the end of the term.
        costs: cost flows, shape ``(futures, months, accounts)``; a positive figure is received.
        payments: for each contract, shape ``(futures, months, terms, accounts)``; the months go on
            after the term until the last payment is made.
        diary: what happened, in order.
    """

    statements: list[Statement]
    reading: Reading
    costs: Array
    payments: dict[str, Array]
    diary: list[Note] = field(default_factory=list)

    def net(self, contract: str) -> Array:
        """Return income less payments and own costs, shape ``(futures, months, accounts)``."""
        total: Array = self.payments[contract].sum(axis=-2) + self.costs
        return total


class Life:
    """Futures being lived."""

    def __init__(self, plan: Plan, streams: Sequence[Stream], caseload: Caseload) -> None:
        self.plan = plan
        self.caseload = caseload
        self.futures = len(streams)
        self.worlds = [
            World(plan.scenario, future, stream, caseload) for future, stream in enumerate(streams)
        ]
        self.env = simpy.Environment()
        self.months = plan.timetable.months
        self.month_ends = plan.month_ends
        self.diary: list[Note] = []
        accounts = plan.contracts[0].agreement.signatories.accounts
        months = (len(streams), plan.ledger_months)
        self.costs = np.zeros((*months, len(accounts)))
        self.payments = {
            watch.agreement.name: np.zeros((*months, len(watch.agreement.terms), len(accounts)))
            for watch in plan.contracts
        }
        self.statements: list[Statement] = []
        self.posts = np.zeros_like(plan.rates.posts)
        self._post_ticks = np.zeros_like(plan.rates.posts)
        self._posts_since = 0
        self._books_closed = [self.env.event() for _ in self.months]
        self._start_processes()

    def run(self) -> Futures:
        """Live the whole term and the payments after it."""
        end = self.month_ends[-1]
        there = 0
        while (now := self.env.peek()) < math.inf:
            until = min(int(now), end)
            if until > there:
                self._live_until(until)
                there = until
            self.env.step()
        reading = self.caseload.read()
        diary = self.diary + [note for world in self.worlds for note in world.diary]
        diary.sort(key=lambda note: note.tick)
        return Futures(self.statements, reading, self.costs, self.payments, diary)

    def _live_until(self, until: int) -> None:
        """Let every future live up to a contract event."""
        for world in self.worlds:
            world.live_until(until)
        while alarms := self.caseload.advance(until):
            for alarm in alarms:
                self.worlds[alarm.future].hear(alarm)
            for world in self.worlds:
                world.live_until(until)

    def _start_processes(self) -> None:
        process = self.env.process
        process(self._keep_books())
        for provider, row in enumerate(self.plan.rates.posts):
            for service, posts in enumerate(row):
                if posts > 0:
                    process(self._mobilise(provider, service, float(posts)))
        process(self._govern())
        for watch in self.plan.contracts:
            account = Account(watch.agreement)
            paid = [self.env.event() for _ in self.months]
            process(self._pay_on_account(watch, account, paid))
            used = {term.settled for term in watch.agreement.terms}
            for kind in _SETTLEMENTS:
                if kind in used:
                    process(self._settle(watch, account, kind, paid))

    # -- the world ---------------------------------------------------------------------------

    def _mobilise(self, provider: int, service: int, posts: float) -> Process:
        """Bring caseworkers into post one by one, evenly over the mobilisation."""
        steps = math.ceil(posts) if self.plan.mobilisation > 0 else 1
        caseload = list(self.plan.scenario.services.values())[service].caseload
        for step in range(1, steps + 1):
            in_post = posts if step == steps else float(step)
            self._count_posts()
            self.posts[provider, service] = in_post
            held = places(in_post, caseload)
            for future in range(self.futures):
                self.caseload.resize(future, provider, service, held)
            if step < steps:
                yield self.env.timeout(to_ticks(self.plan.mobilisation / steps))
        self.caseload.watch(Trigger.WAITING, provider, service, max(1, held))
        if self.plan.mobilisation > 0:
            self._note("caseworkers all in post")

    def _count_posts(self) -> None:
        now = int(self.env.now)
        self._post_ticks += self.posts * (now - self._posts_since)
        self._posts_since = now

    def _keep_books(self) -> Process:
        """Close the books at each month end: read the people, pay the costs."""
        books = Books(self.plan.rates)
        commissioners = len(self.plan.scenario.commissioners)
        for index, month in enumerate(self.months):
            yield self.env.timeout(self.month_ends[index] - int(self.env.now))
            self._count_posts()
            length = date_ticks(month.end, month.first)
            statement = books.close(month, self.caseload.read(), self._post_ticks / length)
            self._post_ticks[:] = 0.0
            self.statements.append(statement)
            self.costs[:, index] += cost_flows(statement, commissioners)
            self._books_closed[index].succeed()

    def _govern(self) -> Process:
        """Meet after each quarter; with behaviour 'none' the meeting changes nothing."""
        for index, month in enumerate(self.months):
            if month.quarter_end:
                yield self._books_closed[index]
                self._note("governance meeting on the quarter")

    # -- the contracts -----------------------------------------------------------------------

    def _pay_on_account(self, watch: Watch, account: Account, paid: list[simpy.Event]) -> Process:
        """Take in each month's statement and pay what is due on account at once."""
        for index, month in enumerate(self.months):
            yield self._books_closed[index]
            statement = self.statements[index]
            account.add(month, statement)
            self._post(watch, account.pay_on_account(month, statement))
            paid[index].succeed()

    def _settle(
        self, watch: Watch, account: Account, kind: Settled, paid: list[simpy.Event]
    ) -> Process:
        """Settle at each date of one kind, after that month's payment on account."""
        between = watch.agreement.between_parties[:, None]
        for index, month in enumerate(self.months):
            if kind in settled_at(month):
                yield paid[index]
                due = account.settle([kind])
                what = "final account" if month.last else f"{kind} settlement"
                self._note(f"{watch.agreement.name}: {what}")
                self._post(watch, np.where(between, 0.0, due))
                self.env.process(self._pay_later(watch, np.where(between, due, 0.0)))

    def _pay_later(self, watch: Watch, due: Array) -> Process:
        """Pay a settlement between the parties in its time; own costs were paid at once."""
        yield self.env.timeout(to_ticks(watch.paid_within))
        self._post(watch, due)

    def _post(self, watch: Watch, payments: Array) -> None:
        """Enter payments in the ledger, in the month in which they are made."""
        month = self.plan.ledger_month(int(self.env.now))
        self.payments[watch.agreement.name][:, month] += payments

    def _note(self, what: str) -> None:
        tick = int(self.env.now)
        day = self.plan.timetable.starts + datetime.timedelta(days=to_days(tick))
        self.diary.append(Note(tick, day, what))


def plan_lives(scenario: Scenario, network: Network) -> tuple[Plan, ...]:
    """Return one plan for each group of contracts that let the world run the same way."""
    agreements = scenario.agreements()
    for agreement in agreements.values():
        _refuse_unknown(agreement)
    groups: dict[float, list[Watch]] = {}
    for name, contract in scenario.contracts.items():
        watch = Watch(agreements[name], float(contract.paid_within))
        groups.setdefault(float(contract.mobilisation), []).append(watch)
    rates = CostRates(scenario)
    return tuple(
        Plan(scenario, network, rates, scenario.timetable, mobilisation, tuple(watches))
        for mobilisation, watches in groups.items()
    )


def _refuse_unknown(agreement: Agreement) -> None:
    """Refuse to simulate what no simulated future makes."""
    unknown = agreement.unexpected
    if unknown:
        raise RunError(
            f"the contract '{agreement.name}' counts {', '.join(unknown)}, which actuals give and "
            f"a simulated future does not; add 'expected' to {agreement.name}.data.{unknown[0]}, "
            "or leave this contract to 'alliance settle'"
        )


def live(
    plans: Sequence[Plan], seed: int, replications: Sequence[int], engine: Engine
) -> list[Futures]:
    """Live futures side by side under every plan, with the same luck.

    Args:
        plans: from :func:`plan_lives`.
        seed: of the study.
        replications: numbers of the futures; which of them live side by side changes nothing.
        engine: makes the people.
    """
    streams = [Stream(seed, replication) for replication in replications]
    return [Life(plan, streams, engine(plan.network, streams)).run() for plan in plans]
