"""A plan for the months ahead: levers in, statements and outcomes out, with their uncertainty.

Demand is uncertain through the plan: the services are thought through at five levels of it. What
levers change is thought through at the middle one and taken along to the others as ratios.
Outcomes, hand-overs and costs are uncertain by themselves, for each provider.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from simulator.contract.periods import Month
from simulator.contract.statement import COLUMNS, COSTS, Array, Statement
from simulator.contract.term import Window
from simulator.parties.commissioning import Commissioning
from simulator.parties.expectation import Expectation, People
from simulator.parties.levers import PLACE, level_of
from simulator.parties.outlook import Outlook, View
from simulator.parties.technology import Technology
from simulator.parties.uncertainty import normal_nodes
from simulator.quantities import DAYS_A_YEAR

__all__ = ["Ahead", "ServicePlan", "nodes_of"]

_DEMAND = np.array([-2.0, -1.0, 0.0, 1.0, 2.0])
"""Standard deviations of demand at which the services are thought through."""
_LEVELS, _MIDDLE = len(_DEMAND), 2
_DEMAND_SPREAD = 0.05
"""Standard deviation of demand over the months ahead, a share of it: an assumption."""
_COST_SPREAD = 0.02
"""Standard deviation of a provider's cost beside its activity, a share of it: an assumption."""
_NODES = 32
"""Nodes of the plan: for up to five providers enough to be exact in mean and covariance."""
_OF_OUTCOMES = ("completed", "good_outcomes", "returned")
"""The columns that outcomes gained follow from."""
_SPREADS_LIKE = {"turned_away": "referred"}
"""Columns that may be nought in the first profile: what they are part of, to spread like it."""
_OF_PEOPLE = [
    PLACE[name] for name in ("quality", "hand_over", "prevention", "selection", "staffing")
]
"""The levers that change what happens to people; the others change only what it costs."""


@dataclass(frozen=True)
class Ahead:
    """What lies ahead; leading axes are futures.

    Attributes:
        people: where people are.
        months: the months that are planned.
        planned: caseworkers planned in each, ``(providers, services)``.
        so_far: what the financial year of the first month came to before it, by column,
            ``(..., providers, services)``, with costs as claimed; empty where the year begins.
        years_so_far: length of that, in years.
        in_post: caseworkers in post now, ``(..., providers, services)``; None where they are those
            planned.
        averting: effect of prevention over the months ahead whatever is decided now, in levels,
            ``(..., providers)``.
        averting_a_level: what each level decided now adds to it.
    """

    people: People
    months: Sequence[Month]
    planned: Sequence[Array]
    so_far: Mapping[str, Array]
    years_so_far: float = 0.0
    in_post: Array | None = None
    averting: Array = field(default_factory=lambda: np.zeros(1))
    averting_a_level: float = 0.0


class ServicePlan:
    """The plan of a scenario's parties at one moment.

    Args:
        expectation: of the services.
        technology: what levels of the providers' levers do.
        ahead: what lies ahead.
        commissioners: how many parties stand before the providers.
        needed: the columns that a contract counts.
        kinds: the windows its terms are worked out on. Months and quarters are taken for even parts
            of the year, the whole term for as many such years as it has.
        term: length of the contract, years.
        found: chance that a claim above the true cost is found out and put right.
        demand_spread: standard deviation of demand over the months ahead, a share of it.
        commissioning: what levels of the lead commissioner's levers do; None is nothing.
        watched: the columns that the contract's standards follow from.
        insisted: the contract's data that follow from how the commissioners enforce it.
    """

    def __init__(
        self,
        expectation: Expectation,
        technology: Technology,
        ahead: Ahead,
        commissioners: int,
        needed: Iterable[str] = COLUMNS,
        kinds: Iterable[Window] = ("year",),
        term: float = 1.0,
        found: float = 0.0,
        demand_spread: float = _DEMAND_SPREAD,
        commissioning: Commissioning | None = None,
        watched: Iterable[str] = (),
        insisted: Iterable[str] = (),
    ) -> None:
        self.commissioning = commissioning
        self.watched, self.insisted = tuple(watched), tuple(insisted)
        self.kinds, self.term = tuple(kinds), term
        self.expectation, self.technology, self.ahead = expectation, technology, ahead
        self.commissioners, self.demand_spread, self.found = commissioners, demand_spread, found
        providers = expectation.providers
        self.drawn = normal_nodes(nodes_of(providers), 1 + 3 * providers)
        self.counted = tuple(name for name in COLUMNS if name in {*needed, *self.watched})
        self.outcomes = _OF_OUTCOMES + (("anyway",) if expectation.needs.can_act else ())
        whole = [_SPREADS_LIKE[name] for name in self.counted if name in _SPREADS_LIKE]
        always = (*_OF_OUTCOMES, *whole, "handovers_made", "cost")
        self.kept = tuple(name for name in COLUMNS if name in {*self.counted, *always})
        none = np.zeros((providers, expectation.services))
        self._nothing = dict.fromkeys(COLUMNS, none)

    def __call__(self, profiles: Array) -> Outlook:
        """Return what is expected of profiles, ``(..., profiles, parties, levers)``.

        The first profile is what the others are held against.
        """
        views = []
        outcomes: Array = np.zeros(1)
        costs: Array = np.zeros(1)
        levels = profiles[..., self.commissioners :, :]
        claimed = self._claimed(profiles)
        insists = self._insists(profiles)
        watched = None
        for number, (columns, years) in enumerate(self._years(levels)):
            spread = self._spread(columns)
            means = {name: spread[name].mean() for name in self.outcomes}
            # one axis after the other: the order of a sum must not depend on how many futures
            # stand side by side
            outcomes = outcomes + self.expectation.gained(means, levels).sum(axis=-1).sum(axis=-1)
            costs = costs + spread["cost"].by_provider()
            found = {name: spread[name].at_nodes() for name in self.counted}
            found |= {name: found[name] * claimed for name in COSTS if name in found}
            if number == 0 and self.watched:
                watched = Statement(self._columns(found), years)
            insisted = dict.fromkeys(self.insisted, 12.0 * years * insists[..., None, None, None])
            if number == 0 and self.ahead.so_far:
                before = self.ahead.so_far
                found = {
                    name: each + _rows_last(before[name])[..., None, None]
                    for name, each in found.items()
                }
                years += self.ahead.years_so_far
                insisted = {
                    name: each + before[name][..., None, None, :, :]
                    for name, each in insisted.items()
                }
            columns = self._columns(found) | insisted
            views += [self._view(kind, columns, years) for kind in self.kinds]
        payers = np.zeros((self.commissioners, *costs.shape[1:]))
        if self.commissioning is not None:
            cash = self.commissioning.cash(profiles[..., 0, :])
            payers[0] += cash[..., None] * sum(month.years for month in self.ahead.months)
        own = np.moveaxis(np.concatenate([payers, costs]), 0, -1)
        return Outlook(tuple(views), outcomes[..., None], own, watched, insists)

    def _columns(self, found: Mapping[str, Array]) -> dict[str, Array]:
        """Return the columns of a statement with profiles and nodes before their own axes."""
        return self._nothing | {name: _rows_first(each) for name, each in found.items()}

    def _insists(self, profiles: Array) -> Array:
        """Return the chance that the commissioners insist on what they may, ``(..., profiles)``."""
        if self.commissioning is None:
            return np.ones(profiles.shape[:-2])
        return self.commissioning.insists(profiles[..., 0, :])

    def _claimed(self, profiles: Array) -> Array:
        """Return what is claimed of each pound of cost, ``(providers, 1, ..., profiles, 1)``."""
        above = self.technology.claimed_above(profiles[..., self.commissioners :, :])
        left = np.full(profiles.shape[:-2], 1.0 - self.found)
        if self.commissioning is not None:
            left = left * (1.0 - self.commissioning.finds(profiles[..., 0, :]))
        claimed: Array = np.moveaxis(1.0 + above * left[..., None], -1, 0)
        return claimed[:, None, ..., None]

    def _view(self, kind: Window, columns: Mapping[str, Array], years: float) -> View:
        """Return a year, or the part of it, as terms of one kind see it."""
        lengths = {"year": years, "quarter": 0.25, "month": 1.0 / 12.0, "term": self.term}
        part = lengths[kind] / years
        if part == 1.0:
            return View(kind, Statement(columns, years))
        scaled = {name: values * part for name, values in columns.items()}
        return View(kind, Statement(scaled, lengths[kind]), 1.0 / part)

    def _years(self, levels: Array) -> list[tuple[dict[str, Array], float]]:
        """Return columns by financial year, with its length.

        The axis of profiles has the first one at each level of demand, then the others.
        """
        first = np.repeat(levels[..., :1, :, :], _LEVELS, axis=-3)
        tried = np.concatenate([first, levels[..., 1:, :, :]], axis=-3)
        of_people, which = self._of_people(tried)
        demand = np.ones(of_people.shape[-3])
        demand[:_LEVELS] = np.maximum(0.0, 1.0 + self.demand_spread * _DEMAND)
        each = self.ahead.averting_a_level * level_of(of_people, "prevention")
        effect = self.ahead.averting[..., None, :] + each
        outside = demand[:, None] * self.technology.demand(effect)
        months = self.ahead.months
        posts = self._posts(of_people)
        people = self.ahead.people.for_profiles()
        expected, _ = self.expectation.months(of_people, people, months, posts, outside)
        wanted = dict.fromkeys((*self.kept, *self.outcomes))
        years: dict[int, tuple[dict[str, Array], float]] = {}
        for month, in_post, counts in zip(months, posts, expected, strict=True):
            shape = counts["started"].shape
            kept = {
                name: np.broadcast_to(values, shape)[..., which, :, :]
                for name, values in counts.items()
                if name in wanted
            }
            there = in_post if in_post.ndim == 2 else in_post[..., which, :, :]
            started = counts["started"][..., which, :, :]
            columns = kept | self.technology.costs(month, there, started, tried)
            before, length = years.get(month.financial_year, ({}, 0.0))
            together = {name: columns[name] + before.get(name, 0.0) for name in wanted}
            years[month.financial_year] = together, length + month.years
        return list(years.values())

    def _of_people(self, tried: Array) -> tuple[Array, npt.NDArray[np.intp]]:
        """Return the profiles that lead to different people, and which of them each one leads to.

        A lever that moves costs alone leads to the people of the middle level of demand.
        """
        first, others = tried[..., :_LEVELS, :, :], tried[..., _LEVELS:, :, :]
        moved = (others[..., _OF_PEOPLE] != first[..., :1, :, _OF_PEOPLE]).any(axis=(-1, -2))
        moves = moved.any(axis=tuple(range(moved.ndim - 1)))
        which = np.full(tried.shape[-3], _MIDDLE)
        which[:_LEVELS] = np.arange(_LEVELS)
        which[_LEVELS:][moves] = _LEVELS + np.arange(moves.sum())
        return np.concatenate([first, others[..., moves, :, :]], axis=-3), which

    def _posts(self, levels: Array) -> list[Array]:
        """Return the caseworkers in post in each month, as a provider expects them."""
        there = self.ahead.in_post
        if there is None:
            return list(self.ahead.planned)
        there = there[..., None, :, :]
        posts = []
        for planned in self.ahead.planned:
            wanted = self.technology.posts_wanted(planned, levels)
            after = self.technology.hired(there, wanted, DAYS_A_YEAR / 12)
            posts.append(0.5 * (there + after))
            there = after
        return posts

    def _spread(self, columns: Mapping[str, Array]) -> dict[str, _Spread]:
        """Return columns as they spread over the nodes.

        Args:
            columns: shape ``(..., rows, providers, services)``, the first profile at each level of
                demand and then the others.
        """
        place = np.clip(self.drawn[:, 0] - _DEMAND[0], 0.0, _LEVELS - 1.0)
        low = np.minimum(place.astype(np.intp), _LEVELS - 2)
        part = place - low
        noise = self._noise(columns)
        spread = {}
        for name, rows in columns.items():
            values = _rows_last(rows)
            alike = _rows_last(columns[_SPREADS_LIKE.get(name, name)])
            levels = alike[..., :_LEVELS]
            middle = levels[..., _MIDDLE : _MIDDLE + 1]
            tried = np.concatenate(
                [values[..., _MIDDLE : _MIDDLE + 1], values[..., _LEVELS:]], axis=-1
            )
            with np.errstate(invalid="ignore", divide="ignore"):
                ratio = np.where(middle > 0, tried / middle, 1.0)
            below, above = (np.take(levels, each, axis=-1) for each in (low, low + 1))
            by_demand = below * (1.0 - part) + above * part
            spread[name] = _Spread(ratio, by_demand * noise.get(name, 1.0))
        return spread

    def _noise(self, columns: Mapping[str, Array]) -> dict[str, Array]:
        """Return factors for what is uncertain by itself, ``(providers, 1, ..., nodes)``.

        Outcomes and hand-overs are successes among those who complete: their spread is binomial.
        """
        providers = self.expectation.providers
        # the order of a sum over services follows from where they lie in memory, not from how many
        # rows there are beside them
        middle = {
            name: np.ascontiguousarray(values[..., _MIDDLE, :, :])
            for name, values in columns.items()
        }
        spreads = [
            _binomial_spread(middle["good_outcomes"], middle["completed"]),
            _binomial_spread(middle["handovers_made"], middle["completed"]),
            np.full(middle["cost"].shape[:-1], _COST_SPREAD),
        ]
        factors = []
        for group, spread in enumerate(spreads):
            first = 1 + group * providers
            own = self.drawn[:, first : first + providers].T
            own = own.reshape(providers, *(1,) * (spread.ndim - 1), -1)
            factors.append(1.0 + np.moveaxis(spread, -1, 0)[:, None, ..., None] * own[:, None])
        outcomes, handovers, cost = factors
        return {
            "good_outcomes": outcomes,
            "handovers_made": handovers,
            **dict.fromkeys(COSTS, cost),
        }


@dataclass(frozen=True)
class _Spread:
    """A column at every profile and node, as a product; providers and services stand first.

    Rows of profiles and nodes stand last, where they lie side by side in memory: what is summed
    over a few providers or services then runs along them.

    Attributes:
        ratio: of each profile to the first, ``(providers, services, ..., profiles)``.
        base: of the first profile at each node, ``(providers, services, ..., nodes)``.
    """

    ratio: Array
    base: Array

    def at_nodes(self) -> Array:
        """Return it, ``(providers, services, ..., profiles, nodes)``."""
        spread: Array = self.ratio[..., :, None] * self.base[..., None, :]
        return spread

    def mean(self) -> Array:
        """Return the mean over nodes, ``(..., profiles, providers, services)``."""
        return _rows_first(self.ratio * self.base.mean(axis=-1)[..., None])

    def by_provider(self) -> Array:
        """Return the sum over services, ``(providers, ..., profiles, nodes)``."""
        total: Array = self.at_nodes().sum(axis=1)
        return total


def _rows_last(values: Array) -> Array:
    """Return an array with its last two axes first, and so laid out in memory."""
    return np.ascontiguousarray(np.moveaxis(values, (-2, -1), (0, 1)))


def _rows_first(values: Array) -> Array:
    """Return an array with its first two axes last; nothing is moved in memory."""
    return np.moveaxis(values, (0, 1), (-2, -1))


def nodes_of(providers: int) -> int:
    """Return how many nodes a plan of so many providers has."""
    return max(_NODES, 2 + 6 * providers)


def _binomial_spread(successes: Array, tries: Array) -> Array:
    """Return the standard deviation of each provider's successes, a share of them."""
    with np.errstate(invalid="ignore", divide="ignore"):
        failing = np.where(tries > 0, 1.0 - successes / tries, 0.0)
        total = successes.sum(axis=-1)
        spread = np.sqrt((successes * failing).sum(axis=-1)) / total
    return np.where(total > 0, spread, 0.0)
