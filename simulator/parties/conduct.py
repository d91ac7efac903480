"""What the parties do over the life of a contract: at every review they look ahead and decide.

Several futures are decided side by side. What a party knows is what it would know: who waits and
is in service, the year so far, its cash; what others did. The rest it expects.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Protocol

import numpy as np
import numpy.typing as npt

from simulator._errors import RunError
from simulator.contract.agreement import Agreement
from simulator.contract.periods import Month
from simulator.contract.statement import Array
from simulator.parties.commissioning import Commissioning
from simulator.parties.expectation import Expectation, People
from simulator.parties.layout import total
from simulator.parties.levers import LEVERS, PLACE, level_of
from simulator.parties.policies import Policy
from simulator.parties.review import Game, Standing, began, review
from simulator.parties.scenario_stakes import (
    pace_of,
    policies_of,
    relation_of,
    stakes_of,
    starting_trust,
)
from simulator.parties.service_plan import Ahead, ServicePlan, nodes_of
from simulator.parties.stakes import Stakes
from simulator.parties.technology import Technology
from simulator.scenario.cost_rates import CostRates
from simulator.scenario.scenario import Scenario

__all__ = ["Blocks", "Conduct", "Decided", "Deciding", "Moment", "Parties", "Replayed"]

_AHEAD = 12
"""Months that a plan looks ahead."""
_FARTHEST = 2.0
"""Levels beyond it are no practice that anybody has seen."""
_MEMORY = 80 * 2**20
"""Bytes for what some futures need while they are decided: measured, half of it is slower."""
_LONG_AHEAD = 12
"""Quarters over which the effect of prevention is looked at, where the term is that long."""


@dataclass(frozen=True)
class Moment:
    """What the parties know at a review; leading axes are futures.

    Attributes:
        months_done: months of the term that lie behind.
        waiting: people in line, ``(..., providers, services)``.
        in_service: people with a caseworker, same shape.
        in_post: caseworkers in post, same shape.
        so_far: columns of the financial year so far, with costs as claimed, same shape; empty where
            a year begins.
        years_so_far: length of that, in years.
        cash: of each provider: in hand when the financial year began, less its own costs since,
            ``(..., providers)``.
        breaches_left: quarters in breach until a provider's part may end, ``(..., providers)``;
            None where the contract says nothing of it.
        stepped_in: for which providers the lead commissioner stands in, same shape.
        successors: which providers have just begun in the place of another, same shape.
    """

    months_done: int
    waiting: Array
    in_service: Array
    in_post: Array
    so_far: Mapping[str, Array]
    years_so_far: float
    cash: Array
    breaches_left: Array | None = None
    stepped_in: npt.NDArray[np.bool_] | None = None
    successors: npt.NDArray[np.bool_] | None = None

    def of(self, futures: slice) -> Moment:
        """Return what is known in some of the futures."""

        def some(values: Array) -> Array:
            return values[futures] if len(values) > 1 else values  # one is the same for all

        return replace(
            self,
            waiting=self.waiting[futures],
            in_service=self.in_service[futures],
            in_post=some(self.in_post),
            so_far={name: some(values) for name, values in self.so_far.items()},
            cash=self.cash[futures],
            breaches_left=None if self.breaches_left is None else self.breaches_left[futures],
            stepped_in=None if self.stepped_in is None else self.stepped_in[futures],
            successors=None if self.successors is None else self.successors[futures],
        )


class Conduct(Protocol):
    """What the parties of several futures do, from one review to the next."""

    @property
    def levels(self) -> Array:
        """Levels of the levers now, ``(futures, parties, levers)``; the commissioners first."""

    @property
    def averting(self) -> Array:
        """Effect of prevention at each provider now, in levels, ``(futures, providers)``."""

    def review(self, look: Callable[[], Moment]) -> None:
        """Decide anew.

        Args:
            look: tells what is known; it takes time, so only who decides looks.
        """


class Replayed:
    """Conduct that was decided elsewhere.

    Args:
        course: levels from the start and from each review on, ``(futures, reviews + 1, parties,
            levers)``.
        technology: what the providers' levels do.
    """

    def __init__(self, course: Array, technology: Technology) -> None:
        self.course = course
        self._prevention = technology.prevention
        providers = len(technology.planned_cost)
        self._payers = course.shape[2] - providers
        self._work = self._prevention.begun((course.shape[0], providers))
        self._reviews = 0

    @property
    def levels(self) -> Array:
        """Levels of the levers now, ``(futures, parties, levers)``; the commissioners first."""
        return self.course[:, self._reviews]

    @property
    def averting(self) -> Array:
        """Effect of prevention at each provider now, in levels, ``(futures, providers)``."""
        return self._work[..., 0]

    def review(self, look: Callable[[], Moment]) -> None:
        """Do what was decided at this review."""
        prevention = level_of(self.levels[:, self._payers :], "prevention")
        self._work = self._prevention.after(self._work, prevention)
        self._reviews += 1


class Parties:
    """The parties of a scenario, made once for all contracts and futures.

    Args:
        scenario: whose they are.
        compiled: whether their expectation is worked out by compiled code, where that can be.

    Attributes:
        scenario: whose they are.
        technology: what the providers' levers do.
        commissioning: what the lead commissioner's levers do.
        expectation: what they expect of their services.
        policies: how each party decides.
    """

    def __init__(self, scenario: Scenario, compiled: bool = True) -> None:
        self.scenario = scenario
        self.technology = Technology(scenario, CostRates(scenario))
        self.commissioning = Commissioning(scenario)
        self.expectation = Expectation(scenario, compiled)
        self.policies: tuple[Policy, ...] = policies_of(scenario)

    @cached_property
    def norm(self) -> Array:
        """The level each party keeps to without any incentive, ``(parties, levers)``.

        It is cut where it lies beyond what anybody has seen, as it may in a future whose inputs are
        drawn; as a scenario's author writes it, it is refused (:meth:`refuse_far_norm`).
        """
        return np.clip(self._norm, -_FARTHEST, _FARTHEST)

    @cached_property
    def _norm(self) -> Array:
        given = self.scenario.observed_under
        if given is None or self.scenario.behaviour == "theory":
            return np.zeros((len(self.scenario.signatories.parties), len(LEVERS)))
        return self._norm_under(self.scenario.agreements()[given])

    def refuse_far_norm(self) -> None:
        """Refuse a norm further away than any level can be.

        Raises:
            RunError: names the contract, the party and the lever.
        """
        for party, lever in np.argwhere(np.abs(self._norm) > _FARTHEST).tolist():
            name = self.scenario.signatories.parties[party]
            raise RunError(
                f"observed_under: if practice as observed is the answer to "
                f"{self.scenario.observed_under}, with what it pays, mission and fear, the norm of "
                f"{name}'s {LEVERS[lever].title} is {self._norm[party, lever]:.1f}, beyond "
                f"{_FARTHEST:g} either way; raise levers.{LEVERS[lever].name}.effort, look at the "
                f"mission and fear of {name}, or leave out observed_under"
            )

    def stakes_under(self, agreement: Agreement) -> Stakes:
        """Return what the parties to a contract care about, over a year, with their norm."""
        return stakes_of(self.scenario, self.technology, self.commissioning, agreement, self.norm)

    def deciding(self, agreement: Agreement, futures: int) -> Conduct:
        """Return conduct that is decided under a contract, at the start of its term."""
        blocks = -(-futures // self._block(agreement))
        # as even as can be: a small block takes nearly as long as a large one
        sizes = [(futures + place) // blocks for place in range(blocks)]
        return Blocks([Deciding(self, agreement, size) for size in sizes])

    def _block(self, agreement: Agreement) -> int:
        """Return how many futures to decide at a time; has no effect on any figure."""
        moves = int(self.stakes_under(agreement).can_move.sum())
        columns = len(agreement.data_used) + len(agreement.signatories.accounts)
        cells = self.expectation.providers * self.expectation.services
        nodes = nodes_of(self.expectation.providers)
        # own advantage and what is best for all are thought through at once
        a_future = 8 * 2 * (1 + 2 * moves) * nodes * cells * columns
        return max(1, int(_MEMORY / a_future))

    def plan(self, agreement: Agreement, ahead: Ahead, nodes: int | None = None) -> ServicePlan:
        """Return the plan of the parties to a contract; for nodes see :class:`ServicePlan`."""
        return ServicePlan(
            self.expectation,
            self.technology,
            ahead,
            len(self.scenario.commissioners),
            agreement.data_used,
            dict.fromkeys(term.assessed for term in agreement.terms),
            sum(month.years for month in self.scenario.timetable.months),
            float(relation_of(self.scenario, agreement).notice[PLACE["padding"]]),
            commissioning=self.commissioning,
            watched=agreement.watched,
            insisted={
                name: 1 if agreement.data[name].is_pooled else self.expectation.providers
                for name in agreement.insisted
            },
            nodes=nodes,
        )

    def planned_posts(self, agreement: Agreement) -> list[Array]:
        """Return the caseworkers planned in each month of the term."""
        mobilisation = float(self.scenario.contracts[agreement.name].mobilisation)
        months = self.scenario.timetable.months
        return [self.expectation.in_post(month, mobilisation) for month in months]

    def typical_year(self, agreement: Agreement) -> Ahead:
        """Return the second year as it lies ahead at the norm, or the only one."""
        months, posts = self.scenario.timetable.months, self.planned_posts(agreement)
        first = 12 if len(months) >= 24 else 0
        people = self.expectation.nobody()
        if first:
            levels = np.zeros((self.expectation.providers, len(LEVERS)))
            _, people = self.expectation.months(
                levels, people, months[:first], posts[:first], counted=()
            )
        last = first + min(12, len(months))
        base, each = self.averting_ahead(self.technology.prevention.begun((1,)), len(months))
        in_post = posts[first] if self.technology.moves_posts else None
        return Ahead(people, months[first:last], posts[first:last], {}, 0.0, in_post, base, each)

    def averting_ahead(self, work: Array, months_left: int) -> tuple[Array, float]:
        """Return the mean effect of prevention ahead: what comes anyway, and by each level."""
        quarters = max(1, min(_LONG_AHEAD, months_left // 3))
        return self.technology.prevention.ahead(work, quarters)

    def _norm_under(self, agreement: Agreement) -> Array:
        """Return the norm that makes practice as observed the answer to a contract."""
        plan = self.plan(agreement, self.typical_year(agreement))
        relation = relation_of(self.scenario, agreement)
        stakes = stakes_of(self.scenario, self.technology, self.commissioning, agreement)
        game = Game(plan, agreement, stakes, relation, pace_of(self.scenario))
        slope = game.incentives(stakes.norm).own
        norm = np.zeros_like(stakes.norm)
        for party in range(len(norm)):
            moves = np.flatnonzero(stakes.can_move[party])
            effort = stakes.effort[party][np.ix_(moves, moves)]
            norm[party, moves] = -np.linalg.solve(effort, slope[party, moves])
        # nobody pads claims, turns people away or audits from habit, but because it pays
        never_below = [lever.low == 0.0 for lever in LEVERS]
        norm[:, never_below] = np.minimum(norm[:, never_below], 0.0)
        return norm


@dataclass(frozen=True)
class Decided:
    """A review as it was decided; leading axes are futures.

    Attributes:
        game: what the parties faced.
        before: where they stood.
        after: where they stand.
        reviews_left: reviews at which they will decide again.
        months: how many they look ahead.
    """

    game: Game
    before: Standing
    after: Standing
    reviews_left: int
    months: int


class Deciding:
    """Conduct decided under a contract, in several futures side by side.

    ``decided`` is the latest review, for whoever explains it.

    Args:
        parties: who decide.
        agreement: what they signed.
        futures: how many.
    """

    def __init__(self, parties: Parties, agreement: Agreement, futures: int) -> None:
        self.parties, self.agreement = parties, agreement
        scenario = parties.scenario
        self._relation = relation_of(scenario, agreement)
        self._pace = pace_of(scenario)
        self._manners = tuple(policy.manner for policy in parties.policies)
        self._months = scenario.timetable.months
        self._posts = parties.planned_posts(agreement)
        # at the meeting that ends the term nothing is decided any more
        self._reviews_left = sum(month.quarter_end for month in self._months) - 1
        self._payers = len(scenario.commissioners)
        self._stakes = parties.stakes_under(agreement)
        here = np.zeros((futures, *self._stakes.low.shape))
        self._trust = starting_trust(scenario)
        trust = np.repeat(self._trust[None], futures, axis=0)
        self.standing = replace(began(self._stakes, trust), own=here, joint=here, taken=here)
        self._people = parties.expectation.nobody((futures,))
        self._work = parties.technology.prevention.begun((futures, here.shape[1] - self._payers))
        self._done = 0
        self.decided: Decided | None = None

    @property
    def levels(self) -> Array:
        """Levels of the levers now, ``(futures, parties, levers)``; the commissioners first."""
        return self.standing.taken

    @property
    def averting(self) -> Array:
        """Effect of prevention at each provider now, in levels, ``(futures, providers)``."""
        return self._work[..., 0]

    def review(self, look: Callable[[], Moment]) -> None:
        """Look ahead and decide anew; at the end of the term there is nothing to decide."""
        moment = look()
        self._come_to(moment)
        self._reviews_left -= 1
        if moment.months_done < len(self._months):
            self._replace(moment.successors)
            game, before = self.game(moment), self.standing
            self.standing = review(game, before, self._reviews_left)
            self._replace(moment.stepped_in)
            months = len(self._ahead(moment.months_done))
            left = self._reviews_left
            self.decided = Decided(game, before, self.standing, left, months)

    def _replace(self, providers: npt.NDArray[np.bool_] | None) -> None:
        """Have somebody else in the place of some providers, as everybody was at the start.

        Who stands in for a while does so at every review until a successor begins.
        """
        if providers is None or not providers.any():
            return
        parties = np.zeros(self.standing.taken.shape[:2], dtype=bool)
        parties[:, self._payers :] = providers
        here, of, others = parties[..., None], parties[:, :, None], parties[:, None, :]
        self.standing = Standing(
            np.where(here, 0.0, self.standing.own),
            np.where(here, 0.0, self.standing.joint),
            np.where(here, 0.0, self.standing.taken),
            np.where(of | others, self._trust, self.standing.trust),
        )

    def _ahead(self, done: int) -> Sequence[Month]:
        """Return the months that are looked ahead, once so many are done."""
        return self._months[done : done + _AHEAD]

    def game(self, moment: Moment) -> Game:
        """Return what the parties face at a moment."""
        first = moment.months_done
        months = self._ahead(first)
        years = sum(month.years for month in months)
        base, each = self.parties.averting_ahead(self._work, len(self._months) - first)
        ahead = Ahead(
            self._people,
            months,
            self._posts[first : first + len(months)],
            moment.so_far,
            moment.years_so_far,
            moment.in_post if self.parties.technology.moves_posts else None,
            base,
            each,
        )
        stakes = self._stakes
        payers = np.zeros((*moment.cash.shape[:-1], self._payers))
        stakes = replace(
            stakes,
            effort=stakes.effort * years,
            reserves=np.concatenate([payers, moment.cash], axis=-1),
        )
        if moment.breaches_left is not None:
            left = sum(month.years for month in self._months[first:])
            whole = sum(month.years for month in self._months)
            # what cannot come to pass in the quarters that are still looked at frightens nobody
            possible = np.concatenate(
                [payers > 0.0, moment.breaches_left <= self._reviews_left], axis=-1
            )
            stakes = replace(
                stakes,
                at_stake=stakes.at_stake * (left / whole) * possible,
                breaches_left=np.concatenate([payers + 1.0, moment.breaches_left], axis=-1),
            )
        plan = self.parties.plan(self.agreement, ahead)
        return Game(plan, self.agreement, stakes, self._relation, self._pace, self._manners)

    def _come_to(self, moment: Moment) -> None:
        """Take the expectation of people on to a moment, and set right what is seen."""
        first, last = self._done, moment.months_done
        effect = self.averting
        demand = self.parties.technology.demand(effect)
        posts = self._posts[first:last]
        if self.parties.technology.moves_posts:
            posts = [moment.in_post] * (last - first)
        practice = self.levels[:, self._payers :]
        _, people = self.parties.expectation.months(
            practice, self._people, self._months[first:last], posts, demand, counted=()
        )
        self._people = seen(people, moment.waiting, moment.in_service)
        self._work = self.parties.technology.prevention.after(
            self._work, level_of(practice, "prevention")
        )
        self._done = last


class Blocks:
    """Conduct of many futures, decided some at a time: what they need then stays near at hand.

    Args:
        blocks: conduct of the first futures, of the next, and so on.
    """

    def __init__(self, blocks: Sequence[Deciding]) -> None:
        self._blocks = blocks

    @property
    def levels(self) -> Array:
        """Levels of the levers now, ``(futures, parties, levers)``; the commissioners first."""
        return np.concatenate([each.levels for each in self._blocks])

    @property
    def averting(self) -> Array:
        """Effect of prevention at each provider now, in levels, ``(futures, providers)``."""
        return np.concatenate([each.averting for each in self._blocks])

    def review(self, look: Callable[[], Moment]) -> None:
        """Decide anew, block by block."""
        moment, first = look(), 0
        for each in self._blocks:
            last = first + len(each.levels)
            each.review(partial(moment.of, slice(first, last)))
            first = last


def seen(people: People, waiting: Array, in_service: Array) -> People:
    """Return where people are expected to be, once it is seen who waits and who is in service.

    How far they are in their stay, how long they had waited and who is on the way stays expected.

    Args:
        people: as expected.
        waiting: people in line, ``(..., providers, services)``.
        in_service: people with a caseworker, same shape.
    """
    expected = total(people.served[..., stage] for stage in range(people.served.shape[-1]))
    with np.errstate(invalid="ignore", divide="ignore"):
        factor = np.where(expected > 0, in_service / expected, 0.0)
    served = people.served * factor[..., None]
    served[..., 0] += np.where(expected > 0, 0.0, in_service)
    return replace(
        people,
        present=waiting + in_service,
        variance=np.full_like(people.variance, Expectation.certain),
        served=served,
        waited=people.waited * factor,
    )
