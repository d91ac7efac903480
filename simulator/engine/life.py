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
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial, reduce
from operator import add

import numpy as np
import numpy.typing as npt
import simpy

from simulator._errors import RunError
from simulator.contract.account import Account, settled_at
from simulator.contract.agreement import Agreement, to_ledger_grid
from simulator.contract.periods import Month, Timetable
from simulator.contract.remedies import Remedies
from simulator.contract.statement import COSTS, Array, Statement
from simulator.contract.term import Settled
from simulator.engine.books import Books, cost_flows
from simulator.engine.caseload import Caseload, Engine, Reading, Trigger
from simulator.engine.clock import date_ticks, to_days, to_ticks
from simulator.engine.ladder import Ladder
from simulator.engine.network import Network
from simulator.engine.streams import Purpose, Stream, name_key
from simulator.engine.world import Note, Process, World
from simulator.parties.commissioning import Commissioning
from simulator.parties.conduct import Conduct, Moment, Parties, Replayed
from simulator.parties.levers import LEVERS, PLACE, level_of
from simulator.parties.scenario_stakes import relation_of
from simulator.parties.technology import Technology
from simulator.scenario.cost_rates import CostRates
from simulator.scenario.scenario import Scenario
from simulator.scenario.world import places_at

__all__ = ["Futures", "Life", "Plan", "Watch", "live", "live_plan", "plan_lives"]


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
        technology: what the levels of the providers' levers do.
        commissioning: the same of the lead commissioner's.
        parties: who decide; None where nobody changes what they do.
        timetable: the months of the term.
        mobilisation: days until all caseworkers are in post.
        contracts: the contracts that watch this world.
    """

    scenario: Scenario
    network: Network
    technology: Technology
    commissioning: Commissioning
    parties: Parties | None
    timetable: Timetable
    mobilisation: float
    contracts: tuple[Watch, ...]

    @property
    def watch(self) -> Watch:
        """The only contract of a life in which what is done follows from it."""
        (watch,) = self.contracts
        return watch

    def conduct(self, futures: int) -> Conduct:
        """Return what the providers will do, as they decide it or at the norm."""
        if self.parties is not None:
            return self.parties.deciding(self.watch.agreement, futures)
        reviews = sum(month.quarter_end for month in self.timetable.months)
        parties = len(self.scenario.signatories.parties)
        course = np.zeros((futures, reviews + 1, parties, len(LEVERS)))
        return Replayed(course, self.technology)

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
        statements: one for each month of the term, with costs as the providers claim them, shape
            ``(futures, providers, services)``.
        reading: the caseload's last reading, at the end of the term.
        costs: cost flows, shape ``(futures, months, accounts)``; a positive figure is received.
        payments: for each contract, shape ``(futures, months, terms, accounts)``; the months go on
            after the term until the last payment is made.
        course: levels of the parties' levers from the start and from each review on, shape
            ``(futures, reviews + 1, parties, levers)``; the commissioners first.
        notices: how many each provider was given, shape ``(futures, providers)``.
        replaced: how often another took its place, same shape.
        diary: what happened, in order.
    """

    statements: list[Statement]
    reading: Reading
    costs: Array
    payments: dict[str, Array]
    course: Array
    notices: Array
    replaced: Array
    diary: list[Note] = field(default_factory=list)

    def net(self, contract: str) -> Array:
        """Return income less payments and own costs, shape ``(futures, months, accounts)``."""
        total: Array = self.payments[contract].sum(axis=-2) + self.costs
        return total


class Life:
    """Futures being lived."""

    def __init__(
        self, plan: Plan, streams: Sequence[Stream], caseload: Caseload, conduct: Conduct
    ) -> None:
        self.plan = plan
        self.caseload = caseload
        self.conduct = conduct
        self.streams = streams
        self.futures = len(streams)
        self.worlds = [
            World(plan.scenario, future, stream, caseload) for future, stream in enumerate(streams)
        ]
        self.env = simpy.Environment()
        self.months = plan.timetable.months
        self.month_ends = plan.month_ends
        self.diary: list[Note] = []
        signatories = plan.contracts[0].agreement.signatories
        months = (len(streams), plan.ledger_months)
        self.costs = np.zeros((*months, len(signatories.accounts)))
        self.payments = {
            watch.agreement.name: np.zeros(
                (*months, len(watch.agreement.terms), len(signatories.accounts))
            )
            for watch in plan.contracts
        }
        self.statements: list[Statement] = []
        planned = plan.technology.rates.posts
        self.planned = np.zeros_like(planned)
        self.posts = np.zeros((self.futures if self._posts_differ else 1, *planned.shape))
        self._post_ticks = np.zeros_like(self.posts)
        self._posts_since = 0
        self.course = [conduct.levels]
        reserves = [float(party.reserves) for party in plan.scenario.providers.values()]
        self._year_began = np.repeat(np.array([reserves]), self.futures, axis=0)  # cash, accrued
        self._earned = np.zeros_like(self._year_began)  # this year, whether paid yet or not
        self._spent = np.zeros_like(self._year_began)  # this year
        self._drawn: dict[tuple[Purpose, tuple[str, ...]], Array] = {}  # luck, by quarter
        self._payers = len(signatories.commissioners)
        self.notices, self.replaced = (np.zeros_like(self._year_began) for _ in range(2))
        # who is paid, and pays, in the place of each provider: its account, or another's
        self._own = np.arange(self._payers, self._payers + len(self.planned))
        self._in_place = np.repeat(self._own[None], self.futures, axis=0)
        self._staff, self._suppliers = map(signatories.accounts.index, ("staff", "suppliers"))
        self._ladder = Ladder.begun(self.futures, len(self.planned))
        self._successors = np.zeros(self._in_place.shape, dtype=bool)
        self._books_closed = [self.env.event() for _ in self.months]
        self._start_processes()

    @property
    def _posts_differ(self) -> bool:
        """Whether caseworkers differ from one future to another."""
        return self.plan.parties is not None and self.plan.technology.moves_posts

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
        course = np.stack(self.course, axis=1)
        return Futures(
            self.statements,
            reading,
            self.costs,
            self.payments,
            course,
            self.notices,
            self.replaced,
            diary,
        )

    @property
    def _practice(self) -> Array:
        """Levels of the providers' levers now, ``(futures, providers, levers)``."""
        levels = self.conduct.levels[:, self._payers :]
        # who steps in works as observed, also where what others decided is replayed
        return np.where((self._in_place == 0)[..., None], 0.0, levels)

    @property
    def _remedies(self) -> Remedies | None:
        """What the contract does about providers that fall short."""
        return self.plan.contracts[0].agreement.remedies

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
        for provider, row in enumerate(self.plan.technology.rates.posts):
            for service, posts in enumerate(row):
                if posts > 0:
                    process(self._mobilise(provider, service, float(posts)))
        for watch in self.plan.contracts:
            process(self._keep_account(watch))
        process(self._govern())  # after the accounts: a meeting knows the quarter's settlement

    # -- the world ---------------------------------------------------------------------------

    def _mobilise(self, provider: int, service: int, posts: float) -> Process:
        """Bring caseworkers into post one by one, evenly over the mobilisation."""
        steps = math.ceil(posts) if self.plan.mobilisation > 0 else 1
        for step in range(1, steps + 1):
            in_post = posts if step == steps else float(step)
            self._count_posts()
            self.posts[:, provider, service] += in_post - self.planned[provider, service]
            self.planned[provider, service] = in_post
            held = self._hold(provider, service)
            if step < steps:
                yield self.env.timeout(to_ticks(self.plan.mobilisation / steps))
        self.caseload.watch(Trigger.WAITING, provider, service, max(1, held))
        if self.plan.mobilisation > 0:
            self._note("caseworkers all in post")

    def _hold(self, provider: int, service: int) -> int:
        """Give each future the places that its caseworkers can hold; return those of the first."""
        caseload = list(self.plan.scenario.services.values())[service].caseload
        held = places_at(self.posts[:, provider, service], caseload).astype(np.int64)
        self.caseload.hold(provider, service, np.resize(held, self.futures))
        return int(held[0])

    def _hire(self, month: Month) -> None:
        """Bring caseworkers in post closer to those wanted, by hiring or by turnover."""
        technology = self.plan.technology
        wanted = technology.posts_wanted(self.planned, self._practice)
        self.posts = technology.hired(self.posts, wanted, (month.end - month.first).days)
        for provider, row in enumerate(technology.rates.posts):
            for service, posts in enumerate(row):
                if posts > 0:
                    self._hold(provider, service)

    def _count_posts(self) -> None:
        now = int(self.env.now)
        self._post_ticks += self.posts * (now - self._posts_since)
        self._posts_since = now

    def _keep_books(self) -> Process:
        """Close the books at each month end: read the people, pay the costs."""
        books = Books(self.plan.technology)
        for index, month in enumerate(self.months):
            yield self.env.timeout(self.month_ends[index] - int(self.env.now))
            self._count_posts()
            length = date_ticks(month.end, month.first)
            posts = self._post_ticks / length
            statement = books.close(month, self.caseload.read(), posts, self._practice)
            self._post_ticks[:] = 0.0
            flows = cost_flows(statement, self._payers)
            self._spent = self._spent - flows[:, self._own]
            self.costs[:, index] += self._moved(flows)
            spent = self.plan.commissioning.cash(self.conduct.levels[:, 0])
            years = month.years * self.plan.technology.rates.pay_level(month)
            self._spend_for_all(index, spent * years)
            self.statements.append(self._insisted(self._claimed(statement)))
            if self._posts_differ and not month.last:
                self._hire(month)
            self._books_closed[index].succeed()

    def _spend_for_all(self, index: int, amounts: Array) -> None:
        """Have the lead commissioner pay for work of its own, ``(futures,)`` pounds."""
        amounts = to_ledger_grid(amounts)
        self.costs[:, index, 0] -= amounts
        self.costs[:, index, self._staff] += amounts

    def _claimed(self, statement: Statement) -> Statement:
        """Return a statement with the costs that the providers claim, some of it found out."""
        above = self.plan.technology.claimed_above(self._practice)
        if not above.any():
            return statement
        relation = relation_of(self.plan.scenario, self.plan.watch.agreement)
        unseen = 1.0 - self.plan.commissioning.finds(self.conduct.levels[:, 0])
        notice = 1.0 - (1.0 - relation.notice[PLACE["padding"]]) * unseen
        found_out = self._luck(Purpose.FOUND_OUT) < notice[:, None]
        above = np.where(found_out, 0.0, above)
        claimed = {name: statement.columns[name] * (1.0 + above)[..., None] for name in COSTS}
        return Statement({**statement.columns, **claimed}, statement.years)

    def _insisted(self, statement: Statement) -> Statement:
        """Return a statement that tells on whom the commissioners insist, if a contract asks."""
        agreement = self.plan.contracts[0].agreement
        if not agreement.insisted:
            return statement
        lead = next(iter(self.plan.scenario.commissioners))
        months = {}
        for name in agreement.insisted:
            # one for all has the luck of the commissioner
            whose = (lead,) if agreement.data[name].is_pooled else ()
            months[name] = np.where(self._insists(whose), 1.0, 0.0)[..., None]
        return Statement({**statement.columns, **months}, statement.years)

    def _insists(self, parties: tuple[str, ...] = ()) -> npt.NDArray[np.bool_]:
        """Return on whom the commissioners insist in this quarter; as of :meth:`_luck`."""
        chance = self.plan.commissioning.insists(self.conduct.levels[:, 0])
        return self._luck(Purpose.INSISTED, parties) < chance[:, None]

    def _luck(self, purpose: Purpose, parties: tuple[str, ...] = ()) -> Array:
        """Return the luck of parties in this quarter, uniform, ``(futures, parties)``.

        Args:
            purpose: what it decides.
            parties: whose; none named are the providers.
        """
        key = purpose, parties
        if key not in self._drawn:
            names = [name_key(name) for name in parties or self.plan.scenario.providers]
            quarters = range(1 + sum(month.quarter_end for month in self.months))
            self._drawn[key] = np.array(
                [
                    [each.uniforms(quarters, name, 0, purpose) for name in names]
                    for each in self.streams
                ]
            )
        return self._drawn[key][..., len(self.course) - 1]

    def _govern(self) -> Process:
        """Meet after each quarter, when the providers decide what they do in the next."""
        for index, month in enumerate(self.months):
            yield self._books_closed[index]
            if month.quarter_end:
                self._note("governance meeting on the quarter")
                if self._remedies is not None and not month.last:
                    self._look_at_standards(index, self._remedies)
                self.conduct.review(partial(self._moment, index))
                self._successors[:] = False
                self._act()
                if month.year_end:
                    self._year_began = self._year_began + self._earned - self._spent
                    self._earned, self._spent = (np.zeros_like(self._earned) for _ in range(2))

    def _look_at_standards(self, index: int, rules: Remedies) -> None:
        """Give notice to who kept missing a standard; end the part of some who had one before."""
        agreement = self.plan.watch.agreement
        first = index
        while first > 0 and not self.months[first - 1].quarter_end:
            first -= 1
        if index - first < 2:
            return  # no standard is set for a part of a quarter
        quarter = reduce(add, self.statements[first : index + 1])
        misses = np.zeros_like(self._successors)
        for shortfall in agreement.shortfalls(quarter):
            misses |= shortfall > 0.0  # not where nothing could be measured
        delivers = self.plan.technology.planned_cost > 0.0
        present = (self._in_place != 0) & ~self._successors & delivers
        luck = self._luck(Purpose.PART_ENDED)
        rungs = self._ladder.after(rules, misses, self._insists(), present, luck)
        self._ladder = rungs.ladder.anew(rungs.ended)
        self.notices += rungs.noticed | rungs.ended
        self._spend_for_all(index, rungs.noticed.sum(axis=1) * float(rules.support))
        for future, provider in np.argwhere(rungs.noticed).tolist():
            self._note(f"notice to {self._name_of(provider)}", future)
        self._spend_for_all(index, rungs.ended.sum(axis=1) * float(rules.step_in))
        self.replaced += rungs.ended
        # caseworkers and people stay; whoever stands in a provider's place is paid what the
        # contract pays, and bears the cost
        self._in_place = np.where(rungs.ended, 0, self._in_place)
        for future, provider in np.argwhere(rungs.ended).tolist():
            self._note(f"{self._name_of(provider)}'s part ends; the commissioner steps in", future)
            self.env.process(self._succeed(future, provider, rules))

    def _succeed(self, future: int, provider: int, rules: Remedies) -> Process:
        """Have a successor begin in a provider's place, once one is found."""
        yield self.env.timeout(to_ticks(rules.gap))
        if int(self.env.now) >= self.month_ends[-1]:
            return
        self._in_place[future, provider] = self._suppliers
        self._successors[future, provider] = True
        reserves = list(self.plan.scenario.providers.values())[provider].reserves
        # what was earned and spent in its place this year is not its own
        others = self._earned[future, provider] - self._spent[future, provider]
        self._year_began[future, provider] = float(reserves) - others
        self._note(f"a successor of {self._name_of(provider)} begins", future)

    def _name_of(self, provider: int) -> str:
        return list(self.plan.scenario.providers)[provider]

    def _moved(self, flows: Array) -> Array:
        """Return flows with those of replaced providers at who stands in their place.

        Args:
            flows: shape ``(futures, ..., accounts)``.
        """
        elsewhere = np.argwhere(self._in_place != self._own).tolist()
        if not elsewhere:
            return flows
        flows = flows.copy()
        for future, provider in elsewhere:
            own, account = self._own[provider], self._in_place[future, provider]
            flows[future, ..., account] += flows[future, ..., own]
            flows[future, ..., own] = 0.0
        return flows

    def _moment(self, index: int) -> Moment:
        """Return what the parties know at the end of a month."""
        reading = self.caseload.read()
        month = self.months[index]
        so_far: Mapping[str, Array] = {}
        years, cash = 0.0, self._year_began - self._spent
        if month.year_end:
            cash = cash + self._earned
        else:
            year = [
                each
                for each, at in zip(self.statements, self.months, strict=False)
                if at.financial_year == month.financial_year
            ]
            statement = reduce(add, year)
            so_far, years = statement.columns, statement.years
        moment = Moment(
            index + 1, reading.waiting, reading.in_service, self.posts, so_far, years, cash
        )
        if self._remedies is None:
            return moment
        return replace(
            moment,
            breaches_left=self._ladder.breaches_left(self._remedies),
            stepped_in=self._in_place == 0,
            successors=self._successors.copy(),
        )

    def _act(self) -> None:
        """Let what the providers decided come to act in the people."""
        self.course.append(self.conduct.levels)
        levels = self._practice
        if self.plan.parties is None and not np.any(levels):
            return
        self.caseload.practise(
            level_of(levels, "quality"),
            level_of(levels, "hand_over"),
            level_of(levels, "selection"),
        )
        factors = self.plan.technology.demand(self.conduct.averting)
        for world, row in zip(self.worlds, factors.tolist(), strict=True):
            world.avert(row)

    # -- the contracts -----------------------------------------------------------------------

    def _keep_account(self, watch: Watch) -> Process:
        """Take in each month's statement, pay what is due on account, settle what falls due."""
        account = Account(watch.agreement)
        used = {term.settled for term in watch.agreement.terms}
        for index, month in enumerate(self.months):
            yield self._books_closed[index]
            statement = self.statements[index]
            account.add(month, statement)
            on_account = account.pay_on_account(month, statement)
            self._earn(watch, on_account)
            self._post(watch, self._moved(np.repeat(on_account[None], self.futures, axis=0)))
            for kind in settled_at(month):
                if kind in used:
                    self._settle(watch, account, kind, month)

    def _settle(self, watch: Watch, account: Account, kind: Settled, month: Month) -> None:
        """Settle terms of one kind; own costs are paid at once, between the parties in time."""
        between = watch.agreement.between_parties[:, None]
        due = account.settle([kind])
        what = "final account" if month.last else f"{kind} settlement"
        self._note(f"{watch.agreement.name}: {what}")
        self._earn(watch, due)
        due = self._moved(due)
        self._post(watch, np.where(between, 0.0, due))
        self.env.process(self._pay_later(watch, np.where(between, due, 0.0)))

    def _pay_later(self, watch: Watch, due: Array) -> Process:
        """Pay a settlement between the parties in its time."""
        yield self.env.timeout(to_ticks(watch.paid_within))
        self._post(watch, due)

    def _earn(self, watch: Watch, due: Array) -> None:
        """Count what is due to the providers in its year, whenever it is paid."""
        self._earned = self._earned + due[..., watch.agreement.signatories.provider_slice].sum(-2)

    def _post(self, watch: Watch, payments: Array) -> None:
        """Enter payments in the ledger, in the month in which they are made."""
        month = self.plan.ledger_month(int(self.env.now))
        self.payments[watch.agreement.name][:, month] += payments

    def _note(self, what: str, future: int | None = None) -> None:
        tick = int(self.env.now)
        day = self.plan.timetable.starts + datetime.timedelta(days=to_days(tick))
        self.diary.append(Note(tick, day, what, future))


def plan_lives(scenario: Scenario, network: Network) -> tuple[Plan, ...]:
    """Return one plan for each group of contracts that let the world run the same way."""
    agreements = scenario.agreements()
    for agreement in agreements.values():
        _refuse_unknown(agreement)
    parties = Parties(scenario) if scenario.behaves else None
    technology = parties.technology if parties else Technology(scenario, CostRates(scenario))
    commissioning = parties.commissioning if parties else Commissioning(scenario)
    groups: dict[tuple[float, str], list[Watch]] = {}
    for name, contract in scenario.contracts.items():
        watch = Watch(agreements[name], float(contract.paid_within))
        # what is done differs from contract to contract where it is decided, and so does what is
        # insisted on, and who does the work where a contract can replace a provider
        own = parties is not None or agreements[name].is_at_discretion
        key = float(contract.mobilisation), name if own else ""
        groups.setdefault(key, []).append(watch)
    return tuple(
        Plan(
            scenario,
            network,
            technology,
            commissioning,
            parties,
            scenario.timetable,
            mobilisation,
            tuple(watches),
        )
        for (mobilisation, _), watches in groups.items()
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
    """Live futures side by side under every plan, with the same luck; see :func:`live_plan`."""
    return [live_plan(plan, seed, replications, engine) for plan in plans]


def live_plan(
    plan: Plan,
    seed: int,
    replications: Sequence[int],
    engine: Engine,
    conduct: Conduct | None = None,
) -> Futures:
    """Live futures side by side.

    Args:
        plan: from :func:`plan_lives`.
        seed: of the study.
        replications: numbers of the futures; which of them live side by side changes nothing.
        engine: makes the people.
        conduct: what the providers do in these futures; None is what they decide.
    """
    streams = [Stream(seed, replication) for replication in replications]
    conduct = conduct or plan.conduct(len(streams))
    return Life(plan, streams, engine(plan.network, streams), conduct).run()
