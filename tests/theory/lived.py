"""Scenarios that are textbook queues, lived by the engine that users run.

Each is an ordinary scenario, reduced until a queue with a closed form is left: one service, from
which nobody is handed over and to which nobody comes back.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from simulator.contract.statement import Array
from simulator.engine.caseload import COUNTS, Alarm, Caseload, Engine, Places, Reading, Trigger
from simulator.engine.clock import TICKS_A_DAY
from simulator.engine.compiled import CompiledPeople
from simulator.engine.life import Futures, live, plan_lives
from simulator.engine.network import Network, build_network
from simulator.engine.streams import Stream, name_key
from simulator.parties.levers import at_norm
from tests.conftest import FULL, scenario_from
from tests.theory.closed_forms import Queue

MORE = 100 if FULL else 10
"""How many times its replications a case is lived by the compiled people."""

WARM_UP_MONTHS = 12  # the queue starts empty

# With a wait harm of 100% a week nobody who waited at all ends well, and all but one in a hundred
# million others do: good outcomes count the people who started at once.
SCENARIO = """
title: A queue
starts: 2026-04-01
years: {years}
council: {{name: Council}}
providers: {{{providers}}}
services:
  support:
    referrals: {referrals}
    take_up: {take_up}
    workers: {{{workers}}}
    caseload: {caseload}
    lasts: {lasts}
    drop_out: {drop_out}
    good_outcome: 99.999999%
    wait_harm: 100%
    worker_cost: £0 a year
{more}
contracts:
  block: {{form: block, amount: £0 a year}}
baseline: block
"""

EXPONENTIAL = "{mean: 1 day, shape: exponential}"
NOBODY_LEAVES = "0% a week"


class Watched:
    """A caseload, looked at every few days between whatever the contract does.

    Statements tell the waits of those who start only. The mean queue at fixed instants gives the
    waits of all by Little's law, and the share of instants with all places taken gives the chance
    to wait, because referrals that come at random see what a clock sees.
    """

    def __init__(self, caseload: Caseload, look_every: int) -> None:
        self.caseload = caseload
        self.look_every = look_every
        self.looks: list[tuple[Array, Array]] = []

    def advance(self, until: int, future: int | None = None) -> Sequence[Alarm]:
        if future is None:
            step = self.look_every * TICKS_A_DAY
            while (look := (len(self.looks) + 1) * step) <= until:
                if alarms := self.caseload.advance(look):
                    return alarms
                reading = self.caseload.read()
                self.looks.append((reading.waiting[..., 0], reading.in_service[..., 0]))
        return self.caseload.advance(until, future)

    def resize(self, future: int, provider: int, service: int, places: int) -> None:
        self.caseload.resize(future, provider, service, places)

    def hold(self, provider: int, service: int, places: Places) -> None:
        self.caseload.hold(provider, service, places)

    def scale_demand(self, future: int, service: int, factor: float) -> None:
        self.caseload.scale_demand(future, service, factor)

    def practise(self, quality: Array, handover: Array, selection: Array) -> None:
        self.caseload.practise(quality, handover, selection)

    def watch(self, trigger: Trigger, provider: int, service: int, level: int) -> None:
        self.caseload.watch(trigger, provider, service, level)

    def read(self) -> Reading:
        return self.caseload.read()


@dataclass(frozen=True)
class Readings:
    """What replications showed, each array of shape ``(replications, providers)``."""

    by_statement: Mapping[str, Array]
    by_looking: Mapping[str, Array]
    waiting_together: Array
    """Covariances of the queues over time, shape ``(replications, providers, providers)``."""


@dataclass(frozen=True)
class Case:
    """A scenario that is a queue, and the queue it is for each provider."""

    label: str
    expected: tuple[Queue, ...]
    referrals: str
    replications: int
    years: int = 11
    lasts: str = EXPONENTIAL
    drop_out: str = NOBODY_LEAVES
    take_up: str = "100%"
    workers: tuple[str, ...] = ("1",)
    caseload: int = 1
    look_every: int = 1
    """Days between two looks: a busier queue changes more slowly, and needs fewer."""
    more: str = ""
    engine: Engine = CompiledPeople

    @cached_property
    def text(self) -> str:
        names = [f"provider_{index}" for index in range(len(self.workers))]
        return SCENARIO.format(
            years=self.years,
            providers=", ".join(f"{name}: {{reserves: £0}}" for name in names),
            workers=", ".join(
                f"{name}: {posts}" for name, posts in zip(names, self.workers, strict=True)
            ),
            referrals=self.referrals,
            take_up=self.take_up,
            caseload=self.caseload,
            lasts=self.lasts,
            drop_out=self.drop_out,
            more=self.more,
        )

    @property
    def places(self) -> Array:
        """Places of each provider."""
        return np.array([math.floor(float(posts) * self.caseload) for posts in self.workers])

    @cached_property
    def readings(self) -> Readings:
        """What its replications show; lived once, when first asked for."""
        scenario = scenario_from(self.text)
        practice = at_norm(provider.quality for provider in scenario.providers.values())
        plans = plan_lives(scenario, build_network(scenario, practice))
        timetable = scenario.timetable
        warm_up = (timetable.months[WARM_UP_MONTHS].first - timetable.starts).days
        seed = name_key(self.label)  # every case has luck of its own
        watched: list[Watched] = []

        def people(network: Network, streams: Sequence[Stream]) -> Watched:
            watched.append(Watched(self.engine(network, streams), self.look_every))
            return watched[0]

        more = MORE if self.engine is CompiledPeople else 1
        (futures,) = live(plans, seed, range(self.replications * more), people)
        looks = watched[0].looks[warm_up // self.look_every :]
        return _readings_of(futures, looks, timetable.days - warm_up, self.places)


def _readings_of(
    futures: Futures, looks: Sequence[tuple[Array, Array]], days: int, places: Array
) -> Readings:
    """Return what the statements tell, what the looks tell, and how queues vary together."""
    later = futures.statements[WARM_UP_MONTHS:]
    total = {
        name: np.sum([statement.columns[name][..., 0] for statement in later], axis=0)
        for name in COUNTS
    }
    came = total["referred"] - total["declined"]
    by_statement = {
        "p_wait": 1.0 - total["good_outcomes"] / came,
        "p_leave": total["dropped_out"] / came,
        "mean_wait_of_started": total["wait_days"] / total["started"],
        "in_service": total["service_days"] / days,  # Little's law
    }
    waiting, held = (np.array(each) for each in zip(*looks, strict=True))
    by_looking = {
        "p_wait": (held == places).mean(axis=0),
        "mean_wait": waiting.mean(axis=0) / (came / days),  # Little's law
        "in_service": held.mean(axis=0),
    }
    together = [np.atleast_2d(np.cov(queues, rowvar=False)) for queues in waiting.swapaxes(0, 1)]
    return Readings(by_statement, by_looking, np.array(together))
