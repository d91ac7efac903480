"""What a provider expects of its services: people, waits, outcomes, hand-overs, month by month.

Nobody runs the simulator in their head. The people present with a team are taken for normal with
mean n and variance v (a Gaussian closure of the queue with impatience), and with c places

    x = (n - c) / sqrt(v),   Q = sqrt(v) phi(x) + (n - c) Phi(x)   people waiting,
    n' = arrivals - completions - leaving,
    v' = arrivals + completions + leaving - 2 v (mu Phi(-x) + theta Phi(x)).

Unlike a plain fluid it has people leave at loads below 1. Stays pass through stages, so that the
first to start are not the first to finish at once: with as many as one over the squared variation
of the stays. Whoever is handed over, or comes back, is on the way for an exponential time.

Here a month is rolled by NumPy, to be read. Behind :meth:`Expectation.months` compiled code does
the same many times faster (``plan_kernel.py``); the tests hold the two together.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from scipy.linalg import expm
from scipy.special import ndtr

from simulator.contract.periods import Month
from simulator.contract.statement import Array
from simulator.parties.levers import level_of, reach_of, shifted
from simulator.parties.people import People
from simulator.quantities import DAYS_A_YEAR
from simulator.scenario.scenario import Scenario
from simulator.scenario.world import (
    Service,
    groups_of,
    log_wait_harm,
    mean_stay,
    referral_shares,
    season_factors,
)

if TYPE_CHECKING:
    from simulator.parties.compiled_plan import CompiledMonths

__all__ = ["Expectation", "People"]

_DAYS = DAYS_A_YEAR / 12  # of a step: months are taken for equally long
_MOST_STAGES = 8  # of a stay that always lasts the same, which would have endlessly many
_LEAST_VARIANCE = 1e-3  # people squared: of what is known for certain
_CERTAIN = 600.0  # log-odds that leave no chance at all; their exponential is still a number
_ENDLESS = 1e200  # harm of a day where any wait spoils all; times no wait it is nought
_NOBODY = 1e-9  # people a day: fewer are left over by rounding, and no measure of a wait
_FASTEST = 2.0 / _DAYS  # hazard a day: with more of it a step would have more leave than wait
_DENSITY = 1.0 / math.sqrt(2.0 * math.pi)


class Expectation:
    """The services of a scenario as their providers see them.

    Args:
        scenario: whose services.
        compiled: whether compiled code rolls the months, where Numba can be imported. The figures
            are the same but for their last digits. Loading it takes longer than a few rows of a
            year or two by NumPy.

    Attributes:
        lasting: part of the good outcomes of each service after which nobody comes back,
            ``(services,)``.
        anyway: chance that a good outcome would have come without the service, ``(services,)``.
        certain: variance of a number of people that is known, people squared.
    """

    certain = _LEAST_VARIANCE

    def __init__(self, scenario: Scenario, compiled: bool = True) -> None:
        self.compiled = compiled
        services = list(scenario.services.values())
        names, providers = list(scenario.services), list(scenario.providers)
        self.providers, self.services = len(providers), len(services)
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
        after = np.array([float(each.relapse.after) for each in services])
        self.relapsing_stay = _left_of_a_pool(after)
        self.mean_stay = np.array([mean_stay(each) for each in services])
        self._set_needs(services)
        self._set_stays(services)
        self._set_paths(scenario, names)
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

    def _set_needs(self, services: Sequence[Service]) -> None:
        """Lay the needs of each service side by side; missing ones have no share."""
        most = max(max(len(each.needs), 1) for each in services)
        shape = (self.services, most)
        self.need_share, self.good = np.zeros(shape), np.full(shape, 0.5)
        self.reach = np.zeros(self.services)  # of quality, in log-odds; the same for all needs
        self.anyway = np.zeros(self.services)
        for row, service in enumerate(services):
            for place, group in enumerate(groups_of(service)):
                self.need_share[row, place] = group.share
                self.anyway[row] += group.share * group.good_anyway
                self.good[row, place] = group.good_outcome
            if service.good_outcome is not None:
                self.reach[row] = reach_of(service.good_outcome, service.best_outcome)

    def _set_stays(self, services: Sequence[Service]) -> None:
        stages = []
        self.variation = np.zeros(self.services)  # squared, of stays: variance over squared mean
        for row, service in enumerate(services):
            spread = {"fixed": 0.0, "exponential": 1.0}.get(
                service.lasts.shape, float(service.lasts.variation)
            )
            second = sum(
                group.share * group.mean_stay**2 * (1 + spread**2) for group in groups_of(service)
            )
            variation = second / self.mean_stay[row] ** 2 - 1.0
            self.variation[row] = variation
            count = _MOST_STAGES if variation <= 1 / _MOST_STAGES else round(1 / variation)
            stages.append(max(1, count))
        self.stages = np.array(stages, dtype=np.intp)
        self.most_stages = max(stages)
        size = self.most_stages + 1  # the last counts completions
        self.passing = np.zeros((self.services, size, size))  # from each stage to each in a step
        self.entering = np.zeros((self.services, size))  # of those who start evenly in a step
        for row, count in enumerate(stages):
            rate = count / self.mean_stay[row]
            flow = np.zeros((size + 1, size + 1))
            for stage in range(count):
                following = stage + 1 if stage + 1 < count else self.most_stages
                flow[stage, stage] -= rate
                flow[stage, following] += rate
            flow[size, 0] = 1.0  # a source of one a day
            moved = expm(flow * _DAYS)
            self.passing[row] = moved[:size, :size]
            self.entering[row] = moved[size, :size] / _DAYS

    def _set_paths(self, scenario: Scenario, names: list[str]) -> None:
        paths = scenario.handovers
        self.sender = np.array([names.index(each.sender) for each in paths], dtype=np.intp)
        self.receiver = np.array([names.index(each.receiver) for each in paths], dtype=np.intp)
        self.path_share = np.array([float(each.share) for each in paths])
        self.success = np.array([float(each.success) for each in paths])
        self.success_reach = np.array([reach_of(each.success, each.best_success) for each in paths])
        self.returns = np.array([float(each.returns) for each in paths])
        after = np.array([float(each.after) for each in paths])
        self.arriving_stay, self.late = _left_of_a_pool(after), _left_of_a_flow(after)
        after = np.array([float(each.returns_after) for each in paths])
        self.coming_back_stay = _left_of_a_pool(after)
        # who is handed over stays with the provider where it delivers the service
        delivers = self.posts > 0
        self.to_provider = np.zeros((len(paths), self.providers, self.providers))
        for place, receiver in enumerate(self.receiver):
            for provider in range(self.providers):
                if delivers[provider, receiver]:
                    self.to_provider[place, provider, provider] = 1.0
                else:
                    self.to_provider[place, provider] = self.share[:, receiver]
        handed = np.zeros(self.services)
        np.add.at(handed, self.sender, self.path_share)
        self.stays_on = 1.0 - handed  # part of completions without a hand-over, who may relapse
        self.lasting = 1.0 - self.stays_on * self.relapse

    def gained(self, counts: Mapping[str, Array]) -> Array:
        """Return the good outcomes that are gained, ``(..., providers, services)``.

        Each person counts once: not where they come back, and not where the outcome would have
        come anyway.

        Args:
            counts: the columns of a statement.
        """
        people = counts["completed"] - counts["returned"]
        gained: Array = counts["good_outcomes"] * self.lasting - self.anyway * people
        return gained

    # -- people ------------------------------------------------------------------------------------

    def nobody(self, lead: tuple[int, ...] = ()) -> People:
        """Return empty services, as at the start of a term."""
        teams = np.zeros((*lead, self.providers, self.services))
        paths = np.zeros((*lead, self.providers, len(self.sender)))
        return People(
            teams,
            teams + _LEAST_VARIANCE,
            np.zeros((*teams.shape, self.most_stages)),
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
        posts: Sequence[Array],
        demand: Array | float | Sequence[Array] = 1.0,
    ) -> tuple[list[dict[str, Array]], People]:
        """Return what is expected of each month, and where people are at the end.

        Leading axes of all that is given broadcast; each row of them is on its own.

        Args:
            levers: levels of each provider beside its standing practice,
                ``(..., providers, levers)``.
            people: where people are at the beginning.
            months: which.
            posts: caseworkers in post in each, ``(..., providers, services)``.
            demand: factor on referrals from outside: a number, ``(..., services)`` for all months,
                or a list with such an array for each.

        Returns:
            For each month the columns of ``COUNTS``, ``(..., providers, services)``, with all the
            leading axes, as the people after them.
        """
        factors = demand if isinstance(demand, Sequence) else [demand] * len(months)
        outside = [
            self._referrals(month) * factor for month, factor in zip(months, factors, strict=True)
        ]
        # a hair above, as in scenario.world.places
        held = [np.floor(each * self.caseload + 1e-9) for each in posts]
        lead = np.broadcast_shapes(
            levers.shape[:-2],
            people.present.shape[:-2],
            *(each.shape[:-1] for each in outside),
            *(each.shape[:-2] for each in held),
        )
        quality = (level_of(levers, "quality") + self.standing)[..., None]
        handover = level_of(levers, "hand_over")[..., None]
        success = shifted(self.success, handover * self.success_reach)
        if self._compiled is not None:
            return self._compiled.roll(quality, success, people, outside, held, lead)
        found = []
        people = people.with_lead(lead)
        for referrals, places in zip(outside, held, strict=True):
            counts, people = self._step(quality, success, people, referrals, places)
            found.append(counts)
        return found, people

    @cached_property
    def _compiled(self) -> CompiledMonths | None:
        """The compiled twin of ``_step``; none where Numba cannot be imported."""
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
        self, quality: Array, success: Array, people: People, outside: Array, places_: Array
    ) -> tuple[dict[str, Array], People]:
        """Return what is expected of a month, and where people are after it."""
        days = _DAYS
        # completions of those in service now; who starts in the step is added below
        ended = (people.served * self.passing[:, : self.most_stages, self.most_stages]).sum(axis=-1)
        soon = ended[..., self.sender] * self.path_share * success
        late = soon * self.late
        arriving = people.arriving * self.arriving_stay + late
        handed = people.arriving - arriving + soon
        coming_back = people.coming_back * self.coming_back_stay
        back = people.coming_back - coming_back
        relapsing = people.relapsing * self.relapsing_stay
        again = people.relapsing - relapsing
        referred = outside[..., None, :] * self.share * days
        returned = again + self._gathered(back, self.sender)
        referred = referred + returned + self._handed(handed)
        asked = referred * self.take_up
        rate = 1.0 / self.mean_stay
        root = np.sqrt(people.variance)
        waiting, over = _waiting(people.present, root, places_)
        served = people.served.sum(axis=-1)
        ageing = self._hazard(waiting, asked / days)
        left = ageing * waiting * days
        started = np.minimum(asked, np.maximum(0.0, places_ - served) + ended)
        variance = people.variance
        for _ in range(2):  # starts follow from the people present after the step, and they from it
            completed = ended + started * self.entering[:, self.most_stages]
            present = np.maximum(0.0, people.present + asked - completed - left)
            flow = asked + completed * (1.0 - over + over * self.variation) + left
            drain = rate * (1.0 - over) + ageing * over
            variance = (people.variance + flow) / (1.0 + 2.0 * days * drain)
            variance = np.maximum(variance, _LEAST_VARIANCE)
            waiting_after, over = _waiting(present, np.sqrt(variance), places_)
            left = ageing * 0.5 * (waiting + waiting_after) * days
            started = np.maximum(0.0, present - waiting_after - served + completed)
        completed = ended + started * self.entering[:, self.most_stages]
        present = np.maximum(0.0, people.present + asked - completed - left)
        stages = np.einsum("...sk,skl->...sl", people.served, self.passing[:, :-1, :-1])
        stages = stages + started[..., None] * self.entering[:, :-1]
        queue = 0.5 * (waiting + waiting_after)
        with np.errstate(invalid="ignore", divide="ignore"):
            wait = np.where(started > 0, queue * days / started, 0.0)
        # of those who start; whoever leaves has waited half as long, and is not counted
        waited = np.maximum(0.0, queue * days - 0.5 * wait * left)
        with np.errstate(invalid="ignore", divide="ignore"):
            of_served = np.where(served > 0, people.waited / served, waited / started)
            of_served = np.where(np.isfinite(of_served), of_served, 0.0)
        good = completed * self._chance(quality, of_served)
        due = completed[..., self.sender] * self.path_share
        made = due * success
        relapsed = self.stays_on * self.relapse * good
        counts = {
            "referred": referred,
            "declined": referred - asked,
            "turned_away": np.zeros_like(referred),
            "started": started,
            "completed": completed,
            "good_outcomes": good,
            "dropped_out": left,
            "returned": returned,
            "wait_days": waited,
            "service_days": completed * self.mean_stay,
            "handovers_due": self._gathered(due, self.sender),
            "handovers_made": self._gathered(made, self.sender),
        }
        after = People(
            present,
            variance,
            stages,
            np.maximum(0.0, people.waited + waited - of_served * completed),
            arriving + made - soon,
            coming_back + (due - made) * self.returns,
            relapsing + relapsed,
        )
        return counts, after

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

    def _chance(self, quality: Array, wait: Array) -> Array:
        """Return the mean chance of a good outcome over the needs, after a wait."""
        moved = quality * self.reach - np.minimum(self.harm * wait, _CERTAIN)
        chance: Array = (self.need_share * shifted(self.good, moved[..., None])).sum(axis=-1)
        return chance

    def _gathered(self, by_path: Array, service: npt.NDArray[np.intp]) -> Array:
        """Return what passes by each path at the service of each."""
        total = np.zeros((*by_path.shape[:-1], self.services))
        for place, index in enumerate(service):
            total[..., index] += by_path[..., place]
        return total

    def _handed(self, by_path: Array) -> Array:
        """Return who arrives by hand-over, at the providers and services they go to."""
        total = np.zeros((*by_path.shape[:-1], self.services))
        for place, index in enumerate(self.receiver):
            total[..., index] += by_path[..., place] @ self.to_provider[place]
        return total


def _waiting(present: Array, root: Array, held: Array) -> tuple[Array, Array]:
    """Return how many wait, and the chance that all places are taken."""
    beyond = present - held
    x = beyond / root
    over = ndtr(x)
    waiting = root * _DENSITY * np.exp(-0.5 * x * x) + beyond * over
    return np.clip(waiting, 0.0, present), over


def _left_of_a_pool(mean: Array) -> Array:
    """Return the part of those on the way who still are after a step, by their mean time."""
    return np.where(mean > 0, np.exp(-_DAYS / np.maximum(mean, 1e-9)), 0.0)


def _left_of_a_flow(mean: Array) -> Array:
    """Return the part of an even flow of a step that is still on the way at its end."""
    long = np.maximum(mean, 1e-9)
    return np.where(mean > 0, long / _DAYS * -np.expm1(-_DAYS / long), 0.0)
