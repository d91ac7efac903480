"""What a provider expects of its services: people, waits, outcomes, hand-overs, month by month.

Nobody runs the simulator in their head. The people present with a team are taken for normal with
mean n and variance v (a Gaussian closure of the queue with impatience), and with c places

    x = (n - c) / sqrt(v),   Q = sqrt(v) phi(x) + (n - c) Phi(x)   people waiting,
    n' = arrivals - completions - leaving,
    v' = arrivals + completions + leaving - 2 v (mu Phi(-x) + theta Phi(x)).

Unlike a plain fluid it has people leave at loads below 1. Stays pass through stages (``stays.py``).
Whoever is handed over, or comes back, is on the way for an exponential time. Where providers turn
people away by need (``needs.py``), mean stays and chances are those of the people who ask; how much
stays vary is as ever.

Here a month is rolled by NumPy, to be read. Behind :meth:`Expectation.months` compiled code does
the same many times faster (``plan_kernel.py``); the tests hold the two together.
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtr

from simulator.contract.periods import Month
from simulator.contract.statement import Array
from simulator.parties.layout import total
from simulator.parties.levers import level_of, reach_of, shifted
from simulator.parties.needs import Needs
from simulator.parties.paths import Paths, left_of_a_pool
from simulator.parties.people import People
from simulator.parties.staffing import Staffing, known
from simulator.parties.stays import STEP, Stays, StaysAtPace
from simulator.quantities import DAYS_A_YEAR
from simulator.scenario.scenario import Scenario
from simulator.scenario.world import log_wait_harm, places_at, referral_shares, season_factors

if TYPE_CHECKING:
    from simulator.parties.compiled_plan import CompiledMonths

__all__ = ["Chances", "Expectation", "People"]

_LEAST_VARIANCE = 1e-3  # people squared: of what is known for certain
_CERTAIN = 600.0  # log-odds that leave no chance at all; their exponential is still a number
_ENDLESS = 1e200  # harm of a day where any wait spoils all; times no wait it is nought
_NOBODY = 1e-9  # people a day: fewer are left over by rounding, and no measure of a wait
_FASTEST = 2.0 / STEP  # hazard a day: with more of it a step would have more leave than wait
_DENSITY = 1.0 / math.sqrt(2.0 * math.pi)


@dataclass(frozen=True)
class Chances:
    """What practice makes of people; leading axes are free.

    Attributes:
        quality: level of casework, ``(..., providers, 1)``.
        success: of hand-overs, ``(..., providers, paths)``.
        lapsing: part of the good outcomes after which people come back,
            ``(..., providers, services)``.
        turned: chance of being turned away, ``(..., providers, services, needs)``; None where
            nobody is.
    """

    quality: Array
    success: Array
    lapsing: Array
    turned: Array | None


@dataclass(frozen=True)
class _Coming:
    """Who comes to each team in a step, and who is on the way after it.

    Attributes:
        referred: to each provider first, ``(..., providers, services)``.
        returned: of these, back after a relapse or a failed hand-over.
        arriving: on the way to another service, by path.
        soon: of those who complete in the step and are handed over, who does so early enough to be
            in ``arriving`` or there already, same shape.
        coming_back: after a failed hand-over, same shape.
        relapsing: on the way back after a good outcome.
    """

    referred: Array
    returned: Array
    arriving: Array
    soon: Array
    coming_back: Array
    relapsing: Array


class Expectation:
    """The services of a scenario as their providers see them.

    Args:
        scenario: whose services.
        compiled: whether compiled code rolls the months, where Numba can be imported. The figures
            are the same but for their last digits. Loading it takes longer than a few rows of a
            year or two by NumPy.

    Attributes:
        needs: of the people.
        stays: in the services.
        paths: from one to another.
        by_name: the place of each provider in order of the names.
        certain: variance of a number of people that is known, people squared.
    """

    certain = _LEAST_VARIANCE

    def __init__(self, scenario: Scenario, compiled: bool = True) -> None:
        self.compiled = compiled
        services = list(scenario.services.values())
        names, providers = list(scenario.services), list(scenario.providers)
        self.providers, self.services = len(providers), len(services)
        self.by_name = np.argsort(np.argsort(np.array(providers)))
        self.starts = scenario.timetable.starts
        shares = [referral_shares(service) for service in services]
        self.share = np.array([[each.get(name, 0.0) for each in shares] for name in providers])
        self.posts = np.array(
            [[float(each.workers.get(name, 0.0)) for each in services] for name in providers]
        )
        self.standing = np.array([float(each.quality) for each in scenario.providers.values()])
        self.caseload = np.array([float(each.caseload) for each in services])
        self.referrals = np.array([each.referrals / DAYS_A_YEAR for each in services])
        self.growth = np.array([each.growth / DAYS_A_YEAR for each in services])
        self.season = np.array([season_factors(each) for each in services])
        self.take_up = np.array([float(each.take_up) for each in services])
        self.leaving = np.array([float(each.drop_out.at_first) for each in services])
        self.leaving_rise = np.array([float(each.drop_out.rise) for each in services])
        self.harm = np.array([min(log_wait_harm(each), _ENDLESS) for each in services])
        self.relapse = np.array([float(each.relapse.chance) for each in services])
        self.relapse_reach = np.array(
            [reach_of(each.relapse.chance, each.relapse.best) for each in services]
        )
        after = np.array([float(each.relapse.after) for each in services])
        self.relapsing_stay = left_of_a_pool(after)
        self.reach = np.array(  # of quality, in log-odds; the same for all needs
            [
                0.0 if each.good_outcome is None else reach_of(each.good_outcome, each.best_outcome)
                for each in services
            ]
        )
        self.needs, self.stays = Needs(services, providers), Stays(services)
        self.paths = Paths(scenario, self.posts > 0, self.share)
        self._known_referrals: dict[datetime.date, Array] = {}
        self.risks = [
            (
                float(risk.demand),
                None if risk.on is None else float((risk.on - self.starts).days),
                float(risk.chance or 0.0) / DAYS_A_YEAR,
                float(risk.lasts),
                np.array([not risk.services or name in risk.services for name in names]),
            )
            for risk in scenario.risks.values()
        ]

    def gained(self, counts: Mapping[str, Array], levers: Array) -> Array:
        """Return the good outcomes that are gained, ``(..., providers, services)``.

        Each person counts once: not where they come back, and not where the outcome would have
        come anyway.

        Args:
            counts: the columns of a statement, or sums of what :meth:`months` returns. Without
                ``anyway`` those who complete are of the needs of all who are referred.
            levers: levels of each provider, ``(..., providers, levers)``.
        """
        completed, lasting = counts["completed"], 1.0 - self._lapsing(self._quality(levers))
        anyway = self.needs.anyway_of_all
        if "anyway" in counts:
            with np.errstate(invalid="ignore", divide="ignore"):
                anyway = np.where(completed > 0, counts["anyway"] / completed, anyway)
        gained: Array = counts["good_outcomes"] * lasting - anyway * (
            completed - counts["returned"]
        )
        return gained

    def _quality(self, levers: Array) -> Array:
        """Return the level of casework, ``(..., providers, 1)``."""
        quality: Array = (level_of(levers, "quality") + self.standing)[..., None]
        return quality

    def _lapsing(self, quality: Array) -> Array:
        """Return the part of good outcomes after which people come back."""
        chance = self.relapse
        if self.relapse_reach.any():
            chance = shifted(chance, quality * self.relapse_reach)
        lapsing: Array = self.paths.stays_on * chance
        return np.broadcast_to(lapsing, (*quality.shape[:-1], self.services))

    def chances(self, levers: Array) -> Chances:
        """Return what practice makes of people.

        Args:
            levers: levels of each provider beside its standing practice,
                ``(..., providers, levers)``.
        """
        quality = self._quality(levers)
        handover = level_of(levers, "hand_over")[..., None]
        return Chances(
            quality,
            shifted(self.paths.success, handover * self.paths.success_reach),
            self._lapsing(quality),
            self.needs.turned(level_of(levers, "selection")),
        )

    # -- people ------------------------------------------------------------------------------------

    def nobody(self, lead: tuple[int, ...] = ()) -> People:
        """Return empty services, as at the start of a term."""
        teams = np.zeros((*lead, self.providers, self.services))
        paths = np.zeros((*lead, self.providers, len(self.paths.sender)))
        return People(
            teams,
            teams + _LEAST_VARIANCE,
            np.zeros((*teams.shape, self.stays.most_stages)),
            teams,
            paths,
            paths,
            teams,
        )

    def in_post(self, month: Month, mobilisation: float) -> Array:
        """Return the mean caseworkers in post over a month, ``(providers, services)``.

        Args:
            month: which.
            mobilisation: days over which caseworkers come into post, one by one.
        """
        if mobilisation <= 0:
            return self.posts
        steps = np.maximum(np.ceil(self.posts), 1.0)
        first, last = (month.first - self.starts).days, (month.end - self.starts).days
        days = np.arange(first, last)[:, None, None]
        there = np.minimum(self.posts, np.floor(days * steps / mobilisation) + 1.0)
        mean: Array = there.mean(axis=0)
        return mean

    def months(
        self,
        levers: Array,
        people: People,
        months: Sequence[Month],
        posts: Sequence[Array] | Staffing,
        demand: Array | float | Sequence[Array] = 1.0,
        periods: Sequence[slice] | None = None,
        counted: Collection[str] | None = None,
    ) -> tuple[list[dict[str, Array]], People]:
        """Return what is expected of each month, and where people are at the end.

        Leading axes of all that is given broadcast; each row of them is on its own.

        Args:
            levers: levels of each provider beside its standing practice,
                ``(..., providers, levers)``.
            people: where people are at the beginning.
            months: which.
            posts: caseworkers in post in each, ``(..., providers, services)``, or those planned and
                what becomes of them.
            demand: factor on referrals from outside: a number, ``(..., services)`` for all months,
                or a list with such an array for each.
            periods: of these months the counts are added up; every month lies in one of them. None
                leaves each month by itself.
            counted: the columns that are wanted; None is all.

        Returns:
            For each month or period the columns of ``COUNTS``, ``(..., providers, services)``, with
            all the leading axes, as the people after them; and ``worker_years``: caseworkers in
            post, times years. Where a service screens there is also ``anyway``: those among
            ``completed`` to whom a good outcome would have come without it.
        """
        if isinstance(demand, Sequence):
            pairs = zip(months, demand, strict=True)
            each = (self._referrals(month) * factor for month, factor in pairs)
            outside = np.stack(np.broadcast_arrays(*each))
        else:
            rates = np.array([self._referrals(month) for month in months])
            between = (1,) * (np.ndim(demand) - 1)
            outside = rates.reshape(len(months), *between, self.services) * demand
        staffing = posts if isinstance(posts, Staffing) else known(posts)
        lead = np.broadcast_shapes(
            levers.shape[:-2], people.present.shape[:-2], outside.shape[1:-1], staffing.lead
        )
        chances = self.chances(levers)
        years = [month.years for month in months]
        if self._compiled is not None:
            return self._compiled.roll(
                chances, people, outside, staffing, years, lead, periods, counted
            )
        found = []
        people = people.with_lead(lead)
        for referrals, there, length in zip(outside, staffing.by_month(), years, strict=True):
            worked = np.broadcast_to(there * length, people.present.shape)
            counts, people = self._step(chances, people, referrals, places_at(there, self.caseload))
            counts = counts | {"worker_years": worked}
            wanted = counts if counted is None else counts.keys() & counted
            found.append({name: values for name, values in counts.items() if name in wanted})
        if periods is None:
            return found, people
        added = [
            {name: total(month[name] for month in found[period]) for name in found[0]}
            for period in periods
        ]
        return added, people

    @cached_property
    def _compiled(self) -> CompiledMonths | None:
        """The compiled twin of what follows; none where Numba cannot be imported."""
        if not self.compiled:
            return None
        try:
            from simulator.parties.compiled_plan import CompiledMonths
        except ImportError:
            return None
        return CompiledMonths(self)

    def _referrals(self, month: Month) -> Array:
        """Return referrals from outside a day, by service, in the middle of a month.

        A shock to demand counts by the chance that it is there.
        """
        known = self._known_referrals.get(month.first)
        if known is None:
            known = self._known_referrals[month.first] = self._worked_out_referrals(month)
        return known

    def _worked_out_referrals(self, month: Month) -> Array:
        day = (month.first - self.starts).days + 0.5 * (month.end - month.first).days
        rate: Array = (
            self.referrals * np.exp(self.growth * day) * self.season[:, month.first.month - 1]
        )
        for demand, begins, chance, lasts, reached in self.risks:
            there = chance * min(day, lasts)
            if begins is not None:
                there = float(begins <= day < begins + lasts)
            rate = rate * np.where(reached, 1.0 + demand * there, 1.0)
        return rate

    def _step(
        self, chances: Chances, people: People, outside: Array, places_: Array
    ) -> tuple[dict[str, Array], People]:
        """Return what is expected of a month, and where people are after it."""
        days = STEP
        turned, success = chances.turned, chances.success
        # completions of those in service now; who starts in the step is added below
        ended = self.stays.ended(people.served)
        coming = self._coming(people, ended, success, outside)
        stays: Stays | StaysAtPace = self.stays
        share, stretch = self.needs.share, np.ones(self.services)
        gone = received = np.zeros_like(coming.referred)
        if turned is not None:
            # who asks says how fast stays are passed, which says a little about who comes
            share, stretch = self.needs.mix(turned, coming.referred)
            stays = self.stays.at_pace(1.0 / stretch)
            ended = stays.ended(people.served)
            coming = self._coming(people, ended, success, outside)
            gone, received = self.needs.moved(turned, coming.referred)
        taken = coming.referred - gone + received
        asked = taken * self.take_up
        rate = 1.0 / (self.stays.mean * stretch)
        root = np.sqrt(people.variance)
        waiting, over = _waiting(people.present, root, places_)
        served = people.served.sum(axis=-1)
        ageing = self._hazard(waiting, asked / days)
        left = ageing * waiting * days
        started = np.minimum(asked, np.maximum(0.0, places_ - served) + ended)
        # who starts follows from who is present after the step, and that from who starts: a first
        # guess is set right once; to do it again agrees no better with the engine
        completed = ended + started * stays.at_once
        present = np.maximum(0.0, people.present + asked - completed - left)
        flow = asked + completed * (1.0 - over + over * self.stays.variation) + left
        drain = rate * (1.0 - over) + ageing * over
        variance = (people.variance + flow) / (1.0 + 2.0 * days * drain)
        variance = np.maximum(variance, _LEAST_VARIANCE)
        waiting_after, _ = _waiting(present, np.sqrt(variance), places_)
        left = ageing * 0.5 * (waiting + waiting_after) * days
        started = np.maximum(0.0, present - waiting_after - served + completed)
        completed = ended + started * stays.at_once
        present = np.maximum(0.0, people.present + asked - completed - left)
        queue = 0.5 * (waiting + waiting_after)
        with np.errstate(invalid="ignore", divide="ignore"):
            wait = np.where(started > 0, queue * days / started, 0.0)
        # of those who start; whoever leaves has waited half as long, and is not counted
        waited = np.maximum(0.0, queue * days - 0.5 * wait * left)
        with np.errstate(invalid="ignore", divide="ignore"):
            of_served = np.where(served > 0, people.waited / served, waited / started)
            of_served = np.where(np.isfinite(of_served), of_served, 0.0)
        good = completed * self._chance(chances.quality, of_served, share)
        paths = self.paths
        due = completed[..., paths.sender] * paths.share
        made = due * success
        counts = {
            "referred": coming.referred + received,
            "declined": taken - asked,
            "turned_away": gone,
            "started": started,
            "completed": completed,
            "good_outcomes": good,
            "dropped_out": left,
            "returned": coming.returned,
            "wait_days": waited,
            "service_days": completed * self.stays.mean * stretch,
            "handovers_due": paths.at_senders(due),
            "handovers_made": paths.at_senders(made),
        }
        if self.needs.can_act:
            counts["anyway"] = completed * (share * self.needs.anyway).sum(axis=-1)
        after = People(
            present,
            variance,
            stays.after(people.served, started),
            np.maximum(0.0, people.waited + waited - of_served * completed),
            coming.arriving + made - coming.soon,
            coming.coming_back + (due - made) * paths.returns,
            coming.relapsing + chances.lapsing * good,
        )
        return counts, after

    def _coming(self, people: People, ended: Array, success: Array, outside: Array) -> _Coming:
        """Return who comes in a step in which so many end their stay."""
        paths = self.paths
        soon = ended[..., paths.sender] * paths.share * success
        late = soon * paths.late
        arriving = people.arriving * paths.arriving_stay + late
        handed = people.arriving - arriving + soon
        coming_back = people.coming_back * paths.coming_back_stay
        back = people.coming_back - coming_back
        relapsing = people.relapsing * self.relapsing_stay
        again = people.relapsing - relapsing
        referred = outside[..., None, :] * self.share * STEP
        returned = again + paths.at_senders(back)
        referred = referred + returned + paths.at_receivers(handed)
        return _Coming(referred, returned, arriving, soon, coming_back, relapsing)

    def _hazard(self, waiting: Array, asked: Array) -> Array:
        """Return how many of those who wait leave a day: more, the longer they have waited.

        People of a line that moves evenly have waited every time up to the whole wait.
        """
        with np.errstate(invalid="ignore", divide="ignore"):
            wait = np.where(asked > _NOBODY, waiting / asked, 0.0)
        older = np.minimum(self.leaving_rise * wait, 50.0)  # beyond any hazard that counts
        with np.errstate(invalid="ignore", divide="ignore"):
            factor = np.where(older > 1e-9, np.expm1(older) / older, 1.0)
        hazard: Array = np.minimum(self.leaving * factor, _FASTEST)
        return hazard

    def _chance(self, quality: Array, wait: Array, share: Array) -> Array:
        """Return the mean chance of a good outcome over the needs, after a wait."""
        moved = quality * self.reach - np.minimum(self.harm * wait, _CERTAIN)
        chance: Array = (share * shifted(self.needs.good, moved[..., None])).sum(axis=-1)
        return chance


def _waiting(present: Array, root: Array, held: Array) -> tuple[Array, Array]:
    """Return how many wait, and the chance that all places are taken."""
    beyond = present - held
    x = beyond / root
    over = ndtr(x)
    waiting = root * _DENSITY * np.exp(-0.5 * x * x) + beyond * over
    return np.clip(waiting, 0.0, present), over
