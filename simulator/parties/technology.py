"""What levels of the levers do to costs, posts, referrals and claims: in plans and in the engine.

What quality, hand-over effort and selection do to people is told beside the people: by the
expectation of a plan and by the engine.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from simulator.contract.contract import LeverName
from simulator.contract.periods import Month
from simulator.contract.statement import Array
from simulator.parties.layout import total
from simulator.parties.levers import LEVERS, PLACE, Side, hardness, level_of, reach_of
from simulator.quantities import DAYS_A_YEAR
from simulator.scenario.behaviour import Levers
from simulator.scenario.cost_rates import CostRates
from simulator.scenario.planned import planned_yearly_cost
from simulator.scenario.scenario import Scenario
from simulator.scenario.world import Service, groups_of, referral_shares

__all__ = ["Prevention", "Technology", "spent", "taken"]

_QUARTER = DAYS_A_YEAR / 4


@dataclass(frozen=True)
class Prevention:
    """How work that averts referrals comes to act: after whole quarters, building up and fading.

    Attributes:
        lag: quarters before it begins to act.
        fades: share of the effect that comes or goes in a quarter.
    """

    lag: int
    fades: float

    def begun(self, lead: tuple[int, ...]) -> Array:
        """Return the state before any work: the effect now, then the levels on their way."""
        return np.zeros((*lead, self.lag + 1))

    def after(self, state: Array, level: Array) -> Array:
        """Return the state a quarter on, in which work was kept at a level.

        Args:
            state: shape ``(..., lag + 1)``.
            level: shape ``(...,)``.
        """
        acting = state[..., -1] if self.lag else level
        effect = state[..., 0] + self.fades * (acting - state[..., 0])
        return np.concatenate([effect[..., None], level[..., None], state[..., 1:-1]], axis=-1)[
            ..., : self.lag + 1
        ]

    def ahead(self, state: Array, quarters: int) -> tuple[Array, float]:
        """Return the mean effect over the quarters ahead, and what each level kept up adds to it.

        Args:
            state: shape ``(..., lag + 1)``.
            quarters: how many; at least one.

        Returns:
            What comes whatever is done from now on, shape ``(...,)``, and what each level adds.
        """
        none, one = np.zeros(state.shape[:-1]), np.ones(1)
        alone, by_level = state, self.begun((1,))
        coming, each = np.zeros(state.shape[:-1]), 0.0
        for _ in range(quarters):
            alone, by_level = self.after(alone, none), self.after(by_level, one)
            coming, each = coming + alone[..., 0], each + float(by_level[0, 0])
        return coming / quarters, each / quarters


class Technology:
    """What the levels of a scenario's providers do.

    Attributes:
        can_move: which levers have any effect, ``(providers, levers)``.
        effort: private effort, pounds a year: ``1/2 a' G a``, ``(providers, levers, levers)``.
        planned_cost: of each provider, pounds a year, ``(providers,)``.
        contribution: of the services to what each provider spends anyway, overheads and fixed cost
            as planned, pounds a year, ``(providers,)``.
        prevention: how it comes to act.
    """

    def __init__(self, scenario: Scenario, rates: CostRates) -> None:
        levers = scenario.levers
        self.rates = rates
        self.planned_cost = np.array(list(planned_yearly_cost(scenario).values()))
        anyway = rates.posts * rates.pay * rates.overheads + rates.fixed
        self.contribution: Array = anyway.sum(axis=1)
        # in logarithms, of one level
        self._effects: dict[LeverName, float] = {
            "cost": math.log1p(-levers.cost.saves) if levers.cost else 0.0,
            "prevention": math.log1p(-levers.prevention.averts) if levers.prevention else 0.0,
            "staffing": math.log1p(levers.staffing.adds) if levers.staffing else 0.0,
            "padding": math.log1p(levers.padding.claims) if levers.padding else 0.0,
        }
        # who delivers nothing has nothing to decide
        self.can_move = _can_move(scenario, self._effects) & (self.planned_cost > 0.0)[:, None]
        share, cash, rise = taken(levers, "providers")
        weight = self.planned_cost / max(self.planned_cost.sum(), 1e-9)
        across = float(levers.substitution) * np.sqrt(np.outer(share, share))
        np.fill_diagonal(across, share)
        self.effort = self.planned_cost[:, None, None] * across
        self._cash = weight[:, None] * cash
        self._cash_rise = weight[:, None] * rise
        total = rates.posts.sum(axis=1, keepdims=True)
        even = np.full_like(rates.posts, 1.0 / rates.posts.shape[1])
        self._at_services = np.divide(rates.posts, total, out=even, where=total > 0)
        self.hiring_days = float(levers.staffing.takes) if levers.staffing else 0.0
        self.prevention = Prevention(
            round(float(levers.prevention.after) / _QUARTER) if levers.prevention else 0,
            float(levers.prevention.fades) if levers.prevention else 1.0,
        )
        shares = [referral_shares(service) for service in scenario.services.values()]
        self._referred = np.array(
            [[each.get(name, 0.0) for each in shares] for name in scenario.providers]
        )

    def costs(
        self, month: Month, posts: Array, started: Array, levels: Array, cash: Array | None = None
    ) -> dict[str, Array]:
        """Return what a month costs by column, nominal pounds, ``(..., providers, services)``.

        Args:
            month: which.
            posts: mean caseworkers in post, ``(..., providers, services)``.
            started: people who started, same shape.
            levels: of the levers, ``(..., providers, levers)``.
            cash: what they cost in cash, from :meth:`cash`; None is worked out.
        """
        cash = self.cash(levels) if cash is None else cash
        staff, running, vat = self.rates.of_month(month, posts, started)
        thrift = self._factor(levels, "cost")
        pay_level = self.rates.pay_level(month)
        extra = np.empty_like(running)  # in its order of memory
        np.multiply((cash * month.years * pay_level)[..., None], self._at_services, out=extra)
        staff, running, vat = staff * thrift + extra, running * thrift, vat * thrift
        return {
            "staff_cost": np.broadcast_to(staff, running.shape),
            "running_cost": running,
            "vat_cost": vat,
            "cost": staff + running + vat,
        }

    def _factor(self, levels: Array, lever: LeverName) -> Array:
        """Return what a lever multiplies, ``(..., providers, 1)``."""
        factor: Array = np.exp(self._effects[lever] * level_of(levels, lever))[..., None]
        return factor

    def cash(self, levels: Array) -> Array:
        """Return what levels cost in cash beside the work itself, pounds a year at first prices.

        Args:
            levels: of the levers, ``(..., providers, levers)``.
        """
        return spent(levels, self._cash, self._cash_rise)

    def claimed_above(self, levels: Array) -> Array:
        """Return how far above the true cost providers claim, a share, ``(..., providers)``.

        Args:
            levels: of the levers, ``(..., providers, levers)``.
        """
        above: Array = np.expm1(self._effects["padding"] * level_of(levels, "padding"))
        return above

    def posts_wanted(self, posts: Array, levels: Array) -> Array:
        """Return the caseworkers that providers want in post, where so many are planned.

        Args:
            posts: as planned, ``(providers, services)``.
            levels: of the levers, ``(..., providers, levers)``.
        """
        wanted: Array = posts * self.staffing(levels)
        return wanted

    def staffing(self, levels: Array) -> Array:
        """Return the factor on the caseworkers planned, ``(..., providers, 1)``.

        Args:
            levels: of the levers, ``(..., providers, levers)``.
        """
        return self._factor(levels, "staffing")

    def hired(self, there: Array, wanted: Array, days: float) -> Array:
        """Return the caseworkers in post after some days on the way to those wanted."""
        posts: Array = wanted + (there - wanted) * self.left_to_hire(days)
        return posts

    def left_to_hire(self, days: float) -> float:
        """Return the part of the way to those wanted that is left after some days."""
        return math.exp(-days / self.hiring_days) if self.hiring_days > 0 else 0.0

    def demand(self, effect: Array) -> Array:
        """Return the factor on referrals from outside, ``(..., services)``.

        Args:
            effect: of prevention at each provider, in levels, ``(..., providers)``.
        """
        averted = -np.expm1(self._effects["prevention"] * effect)
        # in the memory order of what is given
        factor = np.empty_like(averted, shape=(*averted.shape[:-1], self._referred.shape[1]))
        for service, shares in enumerate(self._referred.T):
            # not a matrix product: its sums may depend on how many futures stand side by side
            each = (averted[..., provider] * share for provider, share in enumerate(shares))
            np.subtract(1.0, total(each), out=factor[..., service])
        return factor

    @property
    def moves_posts(self) -> bool:
        """Whether providers decide about their caseworkers."""
        return bool(self.can_move[:, PLACE["staffing"]].any())


def taken(levers: Levers, by: Side) -> tuple[Array, Array, Array]:
    """Return what levers of one side take: private effort as a share, cash, and its rise.

    Nought for those of the other side, and for those that the scenario does not tell of.
    """
    given = [getattr(levers, lever.name) if lever.by == by else None for lever in LEVERS]
    effort, cash, rise = (
        np.array([0.0 if each is None else float(getattr(each, key)) for each in given])
        for key in ("effort", "cash", "cash_rise")
    )
    return effort, cash, rise


def spent(levels: Array, cash: Array, rise: Array) -> Array:
    """Return what levels cost in cash, pounds a year at first prices, ``(...,)``.

    Args:
        levels: of the levers, ``(..., levers)``.
        cash: of the first level of each.
        rise: how much more each further level costs.
    """
    costly = ((cash != 0.0) | (rise != 0.0)).any(axis=tuple(range(cash.ndim - 1)))
    each = [
        levels[..., lever] * (cash[..., lever] + 0.5 * rise[..., lever] * levels[..., lever])
        for lever in np.flatnonzero(costly)
    ]
    return total(each) if each else np.zeros(levels.shape[:-1])


def _can_move(scenario: Scenario, effects: Mapping[LeverName, float]) -> npt.NDArray[np.bool_]:
    """Return which levers of which provider have any effect, ``(providers, levers)``."""
    table = np.zeros((len(scenario.providers), len(LEVERS)), dtype=bool)
    for row, provider in enumerate(scenario.providers):
        delivered = {
            name: each for name, each in scenario.services.items() if provider in each.workers
        }
        table[row, PLACE["quality"]] = any(map(_gains_by_quality, delivered.values()))
        table[row, PLACE["selection"]] = any(map(_screens, delivered.values()))
        table[row, PLACE["hand_over"]] = any(
            path.sender in delivered and reach_of(path.success, path.best_success) != 0.0
            for path in scenario.handovers
        )
        for name, effect in effects.items():
            table[row, PLACE[name]] = effect != 0.0
    return table


def _gains_by_quality(service: Service) -> bool:
    chance, relapse = service.good_outcome, service.relapse
    return reach_of(relapse.chance, relapse.best) != 0.0 or (
        chance is not None and reach_of(chance, service.best_outcome) != 0.0
    )


def _screens(service: Service) -> bool:
    hard = hardness([group.good_outcome for group in groups_of(service)])
    return bool(service.screens) and any(hard)
