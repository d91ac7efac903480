"""What happens in one future whatever was signed: shocks to demand, lines that grow too long.

Each future has a SimPy environment of its own, and the loop that runs it beside the people is
exact: the people are advanced up to, not through, the instant of its next event; an alarm of the
people in between becomes an event at its own instant.
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Any

import simpy

from simulator.engine.caseload import Alarm, Caseload
from simulator.engine.clock import to_days, to_ticks
from simulator.engine.streams import Purpose, Stream, name_key
from simulator.scenario.scenario import Scenario

__all__ = ["Note", "World"]

Process = Generator[simpy.Event, Any, None]


@dataclass(frozen=True)
class Note:
    """A line of the diary.

    Attributes:
        tick: when.
        day: the same as a date.
        what: happened.
        future: in which future; None is in all of them.
    """

    tick: int
    day: datetime.date
    what: str
    future: int | None = None


class World:
    """One future around its people."""

    def __init__(self, scenario: Scenario, future: int, stream: Stream, caseload: Caseload) -> None:
        self.scenario = scenario
        self.future = future
        self.stream = stream
        self.caseload = caseload
        self.env = simpy.Environment()
        self.diary: list[Note] = []
        self._active: dict[str, int] = {}
        self._averted = [1.0] * len(scenario.services)  # factors on referrals
        for name in scenario.risks:
            for start in self._starts(name):
                self.env.process(self._shock(name, start))

    def live_until(self, until: int) -> None:
        """Let everything of its own happen that happens before a tick, with its people."""
        while (now := self.env.peek()) < until:
            alarms = self.caseload.advance(int(now), self.future)
            for alarm in alarms:
                self.hear(alarm)
            if not alarms:
                self.env.step()

    def avert(self, factors: Sequence[float]) -> None:
        """Let prevention scale the referrals to each service from now."""
        if list(factors) != self._averted:
            self._averted = list(factors)
            self._scale_demand()

    def hear(self, alarm: Alarm) -> None:
        """Take an alarm of the people in as an event at its instant."""
        self.env.process(self._answer(alarm))

    def _answer(self, alarm: Alarm) -> Process:
        """Write down that a line has grown as long as the caseload it waits for."""
        yield self.env.timeout(alarm.tick - int(self.env.now))
        provider = list(self.scenario.providers)[alarm.provider]
        service = list(self.scenario.services)[alarm.service]
        self._note(f"{service}: as many people wait for {provider} as it has places")

    def _starts(self, name: str) -> list[int]:
        """Return when a shock to demand comes: on its day, or by its chance in each year."""
        risk, timetable = self.scenario.risks[name], self.scenario.timetable
        key = name_key(name)
        days: list[float] = []
        if risk.on is not None:
            days = [float((risk.on - timetable.starts).days)]
        elif risk.chance is not None:
            for year in range(math.ceil(timetable.days / 365.25)):
                if self.stream.uniform(year, key, 0, Purpose.RISK_COMES) < risk.chance:
                    part = self.stream.uniform(year, key, 0, Purpose.RISK_DAY)
                    days.append((year + part) * 365.25)
        return [to_ticks(day) for day in days if day < timetable.days]

    def _shock(self, name: str, start: int) -> Process:
        risk = self.scenario.risks[name]
        yield self.env.timeout(start)
        self._note(f"{risk.name or name} begins")
        self._active[name] = self._active.get(name, 0) + 1
        self._scale_demand()
        yield self.env.timeout(to_ticks(risk.lasts))
        self._active[name] -= 1
        self._scale_demand()
        self._note(f"{risk.name or name} ends")

    def _scale_demand(self) -> None:
        for index, service in enumerate(self.scenario.services):
            factor = self._averted[index]
            for name in sorted(self.scenario.risks):
                risk = self.scenario.risks[name]
                if self._active.get(name) and service in (risk.services or (service,)):
                    factor *= 1.0 + risk.demand
            self.caseload.scale_demand(self.future, index, factor)

    def _note(self, what: str) -> None:
        tick = int(self.env.now)
        day = self.scenario.timetable.starts + datetime.timedelta(days=to_days(tick))
        self.diary.append(Note(tick, day, what, self.future))
