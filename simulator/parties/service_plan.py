"""A plan for the months ahead: levers in, statements and outcomes out, with their uncertainty.

Demand is uncertain through the plan: the services are thought through at five levels of it. What
levers change is thought through at the middle one and taken along to the others as ratios.
Outcomes, hand-overs and costs are uncertain by themselves, for each provider.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from simulator.contract.periods import Month
from simulator.contract.statement import COLUMNS, COSTS, Array, Statement
from simulator.contract.term import Window
from simulator.parties.expectation import Expectation, People
from simulator.parties.outlook import Outlook, View
from simulator.parties.uncertainty import normal_nodes
from simulator.scenario.cost_rates import CostRates

__all__ = ["Ahead", "ServicePlan"]

_DEMAND = np.array([-2.0, -1.0, 0.0, 1.0, 2.0])
"""Standard deviations of demand at which the services are thought through."""
_LEVELS, _MIDDLE = len(_DEMAND), 2
_COST_SPREAD = 0.02
"""Standard deviation of a provider's cost beside its activity, a share of it: an assumption."""
_NODES = 32
"""Nodes of the plan: for up to five providers enough to be exact in mean and covariance."""


@dataclass(frozen=True)
class Ahead:
    """What lies ahead; leading axes are futures.

    Attributes:
        people: where people are.
        months: the months that are planned.
        posts: caseworkers in post in each, ``(providers, services)``.
        so_far: what the financial year of the first month came to before it, by column,
            ``(..., providers, services)``; empty where the year begins.
        years_so_far: length of that, in years.
    """

    people: People
    months: Sequence[Month]
    posts: Sequence[Array]
    so_far: Mapping[str, Array]
    years_so_far: float = 0.0


class ServicePlan:
    """The plan of a scenario's parties at one moment.

    Args:
        expectation: of the services.
        rates: of costs.
        ahead: what lies ahead.
        commissioners: how many parties stand before the providers.
        demand_spread: standard deviation of demand over the months ahead, a share of it.
        needed: the columns that a contract counts.
        kinds: the windows its terms are worked out on. Months and quarters are taken for even parts
            of the year, the whole term for as many such years as it has.
        term: length of the contract, years.
    """

    def __init__(
        self,
        expectation: Expectation,
        rates: CostRates,
        ahead: Ahead,
        commissioners: int,
        demand_spread: float,
        needed: Iterable[str] = COLUMNS,
        kinds: Iterable[Window] = ("year",),
        term: float = 1.0,
    ) -> None:
        self.kinds, self.term = tuple(kinds), term
        self.expectation, self.rates, self.ahead = expectation, rates, ahead
        self.commissioners, self.demand_spread = commissioners, demand_spread
        providers = expectation.providers
        self.drawn = normal_nodes(max(_NODES, 2 + 6 * providers), 1 + 3 * providers)
        always = ("completed", "good_outcomes", "handovers_made", *COSTS)
        self.kept = tuple(name for name in COLUMNS if name in {*needed, *always})

    def __call__(self, profiles: Array) -> Outlook:
        """Return what is expected of profiles, ``(..., profiles, parties, levers)``.

        The first profile is what the others are held against.
        """
        views = []
        outcomes: Array = np.zeros(1)
        costs: Array = np.zeros(1)
        for number, (columns, years) in enumerate(self._years(profiles)):
            found = self._at_nodes(columns)
            lasting = found["good_outcomes"] * self.expectation.lasting
            outcomes = outcomes + lasting.sum(axis=(-1, -2))
            if number == 0 and self.ahead.so_far:
                before = self.ahead.so_far
                found = {
                    name: each + before[name][..., None, None, :, :] for name, each in found.items()
                }
                years += self.ahead.years_so_far
            costs = costs + found["cost"].sum(axis=-1)
            none = np.zeros_like(found["cost"])
            columns = dict.fromkeys(COLUMNS, none) | found
            views += [self._view(kind, columns, years) for kind in self.kinds]
        own = np.zeros((*costs.shape[:-1], self.commissioners + self.expectation.providers))
        own[..., self.commissioners :] = costs
        return Outlook(tuple(views), outcomes, own)

    def _view(self, kind: Window, columns: Mapping[str, Array], years: float) -> View:
        """Return a year, or the part of it, as terms of one kind see it."""
        lengths = {"year": years, "quarter": 0.25, "month": 1.0 / 12.0, "term": self.term}
        part = lengths[kind] / years
        if part == 1.0:
            return View(kind, Statement(columns, years))
        scaled = {name: values * part for name, values in columns.items()}
        return View(kind, Statement(scaled, lengths[kind]), 1.0 / part)

    def _years(self, profiles: Array) -> list[tuple[dict[str, Array], float]]:
        """Return columns by financial year, with its length.

        The axis of profiles has the first one at each level of demand, then the others.
        """
        levers = profiles[..., self.commissioners :, :]
        first = np.repeat(levers[..., :1, :, :], _LEVELS, axis=-3)
        tried = np.concatenate([first, levers[..., 1:, :, :]], axis=-3)
        demand = np.ones(tried.shape[-3])
        demand[:_LEVELS] = np.maximum(0.0, 1.0 + self.demand_spread * _DEMAND)
        months, posts = self.ahead.months, self.ahead.posts
        people = self.ahead.people.for_profiles()
        expected, _ = self.expectation.months(tried, people, months, posts, demand[:, None])
        years: dict[int, tuple[dict[str, Array], float]] = {}
        for month, in_post, counts in zip(months, posts, expected, strict=True):
            staff, running, vat = self.rates.of_month(month, in_post, counts["started"])
            columns = counts | {
                "staff_cost": np.broadcast_to(staff, running.shape),
                "running_cost": running,
                "vat_cost": vat,
                "cost": staff + running + vat,
            }
            before, length = years.get(month.financial_year, ({}, 0.0))
            together = {name: columns[name] + before.get(name, 0.0) for name in self.kept}
            years[month.financial_year] = together, length + month.years
        return list(years.values())

    def _at_nodes(self, columns: Mapping[str, Array]) -> dict[str, Array]:
        """Return columns at the nodes, ``(..., profiles, nodes, providers, services)``."""
        place = np.clip(self.drawn[:, 0] - _DEMAND[0], 0.0, _LEVELS - 1.0)
        low = np.minimum(place.astype(np.intp), _LEVELS - 2)
        part = (place - low)[:, None, None]
        noise = self._noise(columns)
        found = {}
        for name, values in columns.items():
            levels = values[..., :_LEVELS, :, :]
            middle = levels[..., _MIDDLE : _MIDDLE + 1, :, :]
            others = values[..., _LEVELS:, :, :]
            with np.errstate(invalid="ignore", divide="ignore"):
                ratio = np.where(middle > 0, others / middle, 1.0)
            ratio = np.concatenate([np.ones_like(middle), ratio], axis=-3)
            by_demand = levels[..., low, :, :] * (1.0 - part) + levels[..., low + 1, :, :] * part
            at_nodes = ratio[..., :, None, :, :] * by_demand[..., None, :, :, :]
            found[name] = at_nodes * noise[name] if name in noise else at_nodes
        return found

    def _noise(self, columns: Mapping[str, Array]) -> dict[str, Array]:
        """Return factors for what is uncertain by itself, ``(..., 1, nodes, providers, 1)``.

        Outcomes and hand-overs are successes among those who complete: their spread is binomial.
        """
        providers = self.expectation.providers
        middle = {name: values[..., _MIDDLE, :, :] for name, values in columns.items()}
        spreads = [
            _binomial_spread(middle["good_outcomes"], middle["completed"]),
            _binomial_spread(middle["handovers_made"], middle["completed"]),
            np.full(middle["cost"].shape[:-1], _COST_SPREAD),
        ]
        factors = []
        for group, spread in enumerate(spreads):
            first = 1 + group * providers
            own = self.drawn[:, first : first + providers]
            factors.append((1.0 + spread[..., None, :] * own)[..., None, :, :, None])
        outcomes, handovers, cost = factors
        return {
            "good_outcomes": outcomes,
            "handovers_made": handovers,
            **dict.fromkeys(COSTS, cost),
        }


def _binomial_spread(successes: Array, tries: Array) -> Array:
    """Return the standard deviation of each provider's successes, a share of them."""
    with np.errstate(invalid="ignore", divide="ignore"):
        failing = np.where(tries > 0, 1.0 - successes / tries, 0.0)
        total = successes.sum(axis=-1)
        spread = np.sqrt((successes * failing).sum(axis=-1)) / total
    return np.where(total > 0, spread, 0.0)
