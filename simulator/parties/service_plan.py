"""A plan for the months ahead: levers in, statements and outcomes out, with their uncertainty."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import groupby

import numpy as np
import numpy.typing as npt

from simulator.contract.periods import Month
from simulator.contract.statement import COLUMNS, COSTS, Array
from simulator.contract.term import Window
from simulator.parties.commissioning import Commissioning
from simulator.parties.expectation import Expectation, People
from simulator.parties.layout import as_given, laid_out, total
from simulator.parties.levers import PLACE, level_of
from simulator.parties.nodes import BY_ITSELF, DEMAND, LEVELS, MIDDLE, Own, nodes_at, over_nodes
from simulator.parties.outlook import Outlook, Part, View
from simulator.parties.staffing import Staffing
from simulator.parties.technology import Technology
from simulator.parties.told import Spread, Told
from simulator.quantities import DAYS_A_YEAR

__all__ = ["Ahead", "ServicePlan", "nodes_of"]

_DEMAND_SPREAD = 0.05
"""Standard deviation of demand over the months ahead, a share of it: an assumption."""
_COST_SPREAD = 0.02
"""Standard deviation of a provider's cost beside its activity, a share of it: an assumption."""
_NODES = 24
"""Nodes of the plan: for up to three providers enough to be exact in mean and covariance, and as
near to a thousand nodes as 32 or 64 are: no slope is off by more than 0.01 of a level."""
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
        insisted: the contract's data that follow from how the commissioners enforce it, and of how
            many each tells: of every provider, or (1) of all together.
        nodes: how many; None is as few as decisions take.
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
        insisted: Mapping[str, int] | None = None,
        nodes: int | None = None,
    ) -> None:
        self.commissioning = commissioning
        self.watched, self.insisted = tuple(watched), dict(insisted or {})
        self.kinds, self.term = tuple(kinds), term
        self.expectation, self.technology, self.ahead = expectation, technology, ahead
        self.commissioners, self.demand_spread, self.found = commissioners, demand_spread, found
        providers = expectation.providers
        self._nodes = nodes_at(nodes or nodes_of(providers), tuple(expectation.by_name.tolist()))
        self.counted = tuple(name for name in COLUMNS if name in {*needed, *self.watched})
        self._told = tuple(name for name in self.counted if name not in COSTS)
        self._spent = tuple(name for name in COSTS if name in {*self.counted, "cost"})
        self._outcomes = _OF_OUTCOMES + (("anyway",) if expectation.needs.can_act else ())
        whole = [_SPREADS_LIKE[name] for name in self._told if name in _SPREADS_LIKE]
        # those that are told first: so they need not be moved to stand by themselves
        self._names = tuple(dict.fromkeys((*self._told, *self._outcomes, *whole)))

    def __call__(self, profiles: Array) -> Outlook:
        """Return what is expected of profiles, ``(..., profiles, parties, levers)``.

        The first profile is what the others are held against.
        """
        levels = laid_out(profiles[..., self.commissioners :, :])
        claimed = self._claimed(profiles, levels)
        insists = self._insists(profiles)
        tried = self._tried(profiles, levels)
        alike = None if any(name in COSTS for name in self.counted) else tried.alike
        first = slice(None) if alike is None else alike.first
        views, watched = [], None
        outcomes: Array = np.zeros(1)
        *lead, rows, _, _ = profiles.shape
        costs = np.empty((len(levels), len(self._nodes.low), rows, *lead))
        compiled = self.expectation.compiled
        for number, (people, spending, years) in enumerate(self._years(tried)):
            counted, means = self._of_people(people)
            gained = laid_out(self.expectation.gained(means, as_given(tried.practice)))
            outcomes = outcomes + total(map(total, gained))
            spending.add_to(costs, "cost", compiled, first=number == 0)
            counted = counted.of_profiles(tried.people[first])
            if alike is None:
                counted = counted.beside(spending.of_columns(self.counted))
            months = laid_out(12.0 * years * insists, own=0)[first]
            told = Told(counted, claimed[:, first], months, self.insisted, compiled=compiled)
            if number == 0 and self.watched:
                watched = partial(self._ahead, told, years)
            if number == 0 and self.ahead.so_far:
                told = replace(told, before=self._so_far(lead))
                years += self.ahead.years_so_far
            views += [self._view(kind, told, years) for kind in self.kinds]
        nothing = np.zeros((*lead, rows, 1))
        paid = [nothing] * self.commissioners
        if self.commissioning is not None:
            cash = self.commissioning.cash(profiles[..., 0, :])
            pay_level = self.technology.rates.pay_level
            years = sum(month.years * pay_level(month) for month in self.ahead.months)
            paid[0] = cash[..., None] * years
        outcomes = np.take(outcomes, tried.people, axis=0)
        return Outlook(
            tuple(views),
            as_given(outcomes, own=0)[..., None],
            (*paid, *(as_given(cost, own=1) for cost in costs)),
            watched,
            insists,
            None if alike is None else alike.row,
            compiled,
        )

    def _insists(self, profiles: Array) -> Array:
        """Return the chance that the commissioners insist on what they may, ``(..., profiles)``."""
        if self.commissioning is None:
            return np.ones(profiles.shape[:-2])
        return self.commissioning.insists(profiles[..., 0, :])

    def _claimed(self, profiles: Array, levels: Array) -> Array:
        """Return what is claimed of each pound of cost, ``(providers, profiles, ...)``."""
        above = laid_out(self.technology.claimed_above(as_given(levels)), own=1)
        left = np.full(profiles.shape[:-2], 1.0 - self.found)
        if self.commissioning is not None:
            left = left * (1.0 - self.commissioning.finds(profiles[..., 0, :]))
        claimed: Array = 1.0 + above * laid_out(left, own=0)
        return claimed

    def _view(self, kind: Window, told: Told, years: float) -> View:
        """Return a year, or the part of it, as terms of one kind see it."""
        lengths = {"year": years, "quarter": 0.25, "month": 1.0 / 12.0, "term": self.term}
        part = lengths[kind] / years
        return View(kind, told.statement(lengths[kind], part), 1.0 / part)

    def _so_far(self, lead: Sequence[int]) -> dict[str, Array]:
        """Return what the financial year came to so far, with these leading axes."""
        so_far = self.ahead.so_far.items()
        return {name: np.broadcast_to(each, (*lead, *each.shape[-2:])) for name, each in so_far}

    def _ahead(self, told: Told, years: float, some: Part) -> View:
        """Return a quarter of the months ahead, along a part of the first leading axis."""
        return self._view("quarter", told.of_some(some), years)

    def _tried(self, profiles: Array, levels: Array) -> _Tried:
        """Return what is thought through: the first profile at each level of demand, and the rest.

        A lever that moves costs alone leads to the people of the middle level of demand, and so
        does how often the commissioners insist; of that payments can tell.
        """
        first = np.repeat(levels[:, :, :1], LEVELS, axis=2)
        others = levels[:, :, 1:]
        moved = (others[:, _OF_PEOPLE] != levels[:, _OF_PEOPLE, :1]).any(axis=(0, 1))
        told = moved
        if self.insisted:
            insisting = laid_out(level_of(profiles[..., 0, :], "enforcement"), own=0)
            told = moved | (insisting[1:] != insisting[:1])
        people, tell = (each.any(axis=tuple(range(1, each.ndim))) for each in (moved, told))
        row = _row_of(people)
        return _Tried(
            np.concatenate([first, others], axis=2),
            np.concatenate([first, np.compress(people, others, axis=2)], axis=2),
            np.concatenate([np.arange(LEVELS), np.where(people, LEVELS - 1 + row, MIDDLE)]),
            np.append(0, row),
            _Alike(np.append(0, _row_of(tell)), np.append(0, 1 + np.flatnonzero(tell))),
        )

    def _years(self, tried: _Tried) -> list[tuple[Array, Spread, float]]:
        """Return what happens to people and what it costs by financial year, with its length.

        Of people see :meth:`_of_people`.
        """
        levels = as_given(tried.of_people)
        demand = np.ones(levels.shape[-3])
        demand[:LEVELS] = np.maximum(0.0, 1.0 + self.demand_spread * DEMAND)
        each = self.ahead.averting_a_level * level_of(levels, "prevention")
        effect = each + self.ahead.averting[..., None, :]
        outside = self.technology.demand(effect) * demand[:, None]
        months = self.ahead.months
        people = self.ahead.people.for_profiles()
        periods = _financial_years(months)
        wanted = {*self._names, "started", "worker_years"}
        expected, _ = self.expectation.months(
            levels, people, months, self._staffing(levels), outside, periods, wanted
        )
        cash = self.technology.cash(as_given(tried.levels))
        found = []
        for period, counts in zip(periods, expected, strict=True):
            # prices stay from April to March, so that costs of the year follow from its sums
            years = sum(month.years for month in months[period])
            started, worked = (
                as_given(np.take(laid_out(counts[name]), tried.which, axis=2))
                for name in ("started", "worker_years")
            )
            year = replace(months[period.start], years=years)
            costs = self.technology.costs(
                year, worked / years, started, as_given(tried.levels), cash
            )
            values = np.array([laid_out(counts[name]) for name in self._names])
            found.append((values, self._of_costs(costs), years))
        return found

    def _staffing(self, levels: Array) -> Staffing:
        """Return the caseworkers of all months, as a provider expects them."""
        there, planned = self.ahead.in_post, np.array(self.ahead.planned)
        if there is None:
            return Staffing(planned)
        return Staffing(
            planned,
            self.technology.staffing(levels),
            there[..., None, :, :],
            self.technology.left_to_hire(DAYS_A_YEAR / 12),
        )

    def _of_people(self, values: Array) -> tuple[Spread, dict[str, Array]]:
        """Return what is told of people in a year, as it spreads over the nodes, and means.

        Outcomes and hand-overs are successes among those who complete: their spread is binomial.

        Args:
            values: by column of people, ``(columns, providers, services, rows, ...)``: the first
                profile at each level of demand, and then the others.

        Returns:
            The spread, and for all that outcomes follow from the mean over the nodes, ``(...,
            profiles that lead to others, providers, services)``.
        """
        names, told = self._names, self._told
        completed, good = (names.index(name) for name in ("completed", "good_outcomes"))
        own = {}
        for number, name in enumerate(BY_ITSELF):
            if name in names:
                middle = values[[names.index(name), completed], :, :, MIDDLE]
                own[names.index(name)] = Own(number, _binomial_spread(*middle))
        like = [names.index(_SPREADS_LIKE.get(name, name)) for name in names]
        at_nodes = {column: each for column, each in own.items() if column < len(told)}
        ratio, base = over_nodes(
            self._nodes, values, like, at_nodes, len(told), self.expectation.compiled
        )
        levels = [values[:, :, :, level] for level in range(LEVELS)]
        mean = total(map(operator.mul, self._nodes.share, levels))
        along = (slice(None), *(values.ndim - 3) * (None,))
        shares = (share[along] for share in self._nodes.share_of_noise)
        noise = total(share * level[good] for share, level in zip(shares, levels, strict=True))
        mean[good] += own[good].spread[:, None] * noise
        means = {
            name: as_given(ratio[place] * mean[place][:, :, None])
            for place, name in enumerate(names)
            if name in self._outcomes
        }
        return Spread(told, ratio[: len(told)], base), means

    def _of_costs(self, costs: Mapping[str, Array]) -> Spread:
        """Return the costs of a year as they spread over the nodes.

        Args:
            costs: by column, ``(..., rows, providers, services)``: the first profile at each level
                of demand, and then the others.
        """
        values = np.array([laid_out(costs[name]) for name in self._spent])
        of_cost = np.full((values.shape[1], *values.shape[4:]), _COST_SPREAD)
        columns = range(len(self._spent))
        own = dict.fromkeys(columns, Own(BY_ITSELF.index("cost"), of_cost))
        compiled = self.expectation.compiled
        spread = over_nodes(self._nodes, values, columns, own, len(columns), compiled)
        return Spread(self._spent, *spread)


@dataclass(frozen=True)
class _Alike:
    """Profiles of which the same is told, where costs are not.

    Attributes:
        row: for each profile, which row of a statement tells of it.
        first: for each row, a profile it tells of.
    """

    row: npt.NDArray[np.intp]
    first: npt.NDArray[np.intp]


@dataclass(frozen=True)
class _Tried:
    """Profiles that are thought through; the first one stands there at each level of demand.

    Attributes:
        levels: ``(providers, levers, rows, ...)``.
        of_people: those that lead to different people, ``(providers, levers, fewer rows, ...)``.
        which: for each of the rows, which of these it leads to.
        people: for each profile, which it leads to of those that are told of: the first and all
            that lead to others.
        alike: the profiles of which the same is told, where costs are not.
    """

    levels: Array
    of_people: Array
    which: npt.NDArray[np.intp]
    people: npt.NDArray[np.intp]
    alike: _Alike

    @property
    def practice(self) -> Array:
        """The levels of those that are told of."""
        return self.of_people[:, :, LEVELS - 1 :]


def _row_of(own: npt.NDArray[np.bool_]) -> npt.NDArray[np.intp]:
    """Return for each profile after the first which row is its own; the others have the first."""
    return np.where(own, np.cumsum(own), 0)


def _financial_years(months: Sequence[Month]) -> list[slice]:
    """Return which months lie in each financial year."""
    places = range(len(months))
    years = [list(some) for _, some in groupby(places, lambda place: months[place].financial_year)]
    return [slice(some[0], some[-1] + 1) for some in years]


def nodes_of(providers: int) -> int:
    """Return how many nodes a plan of so many providers has."""
    return max(_NODES, 2 + 6 * providers)


def _binomial_spread(successes: Array, tries: Array) -> Array:
    """Return the standard deviation of each provider's successes, a share of them.

    Args:
        successes: ``(providers, services, ...)``.
        tries: same shape.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        failing = np.where(tries > 0, 1.0 - successes / tries, 0.0)
        whole = total(successes.swapaxes(0, 1))
        spread = np.sqrt(total((successes * failing).swapaxes(0, 1))) / whole
    return np.where(whole > 0, spread, 0.0)
