"""The people's side of a scenario, made ready for the engines: numbers by index, no names.

Both the SimPy people and a compiled kernel run from this one description.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from simulator.engine.clock import date_ticks, to_ticks
from simulator.engine.streams import name_key
from simulator.parties.levers import LEVERS, Practice, hardness, moved_chance, reach_of
from simulator.quantities import DAYS_A_YEAR
from simulator.scenario.scenario import Scenario
from simulator.scenario.world import (
    Service,
    groups_of,
    log_wait_harm,
    referral_shares,
    season_factors,
)

__all__ = ["HandoverPath", "NeedGroup", "Network", "ServiceNode", "build_network"]


@dataclass(frozen=True)
class NeedGroup:
    """People of one need in one service.

    Attributes:
        name: identifier of the need, the same in all services.
        good_outcome: chance by provider, at its standing practice and without a wait.
        mean_stay: mean length of stay, days.
        priority: 1 is seen first.
        reach: what one level of quality adds to the log-odds of a good outcome.
        screened: chance of being turned away by a provider at selection level +1.
    """

    name: str
    good_outcome: tuple[float, ...]
    mean_stay: float
    priority: int
    reach: float = 0.0
    screened: float = 0.0


@dataclass(frozen=True)
class HandoverPath:
    """Where people go next.

    Attributes:
        receiver: index of the receiving service.
        success: chance that it reaches the service, by provider, at its standing practice.
        mean_on_the_way: days.
        returns: chance that a failed one comes back.
        mean_until_return: days.
        reach: what one level of hand-over effort adds to the log-odds of success.
    """

    receiver: int
    success: tuple[float, ...]
    mean_on_the_way: float
    returns: float
    mean_until_return: float
    reach: float = 0.0


@dataclass(frozen=True)
class ServiceNode:
    """One service.

    Attributes:
        key: number its people's draws are keyed by.
        potential_a_day: rate of potential referrals; a power of two above every real rate, so
            that no contract and no small change of demand alters who might come when.
        referrals_a_day: rate at the start of the term.
        growth_a_day: continuous growth of that rate.
        season: factor for each calendar month, January first.
        needs: groups of need; at least one.
        need_edges: upper end of each need on the unit interval, in order of name.
        need_order: index of the need at each of these places.
        provider_edges: upper end of each provider's share of referrals, in order of name.
        provider_order: index of the provider at each of these places.
        elsewhere_edges: for each provider who turns people away, the upper end of each other
            provider's share of them, in order of name; none where nobody else takes them.
        elsewhere_order: index of the provider at each of these places.
        delivers: whether each provider has caseworkers here.
        take_up: chance of accepting.
        drop_out: hazard a day on the first day of waiting.
        drop_out_rise: growth of that hazard a day.
        shape: 'fixed', 'exponential' or 'lognormal'.
        log_spread: standard deviation of the logarithm, for the lognormal.
        log_wait_harm: fall of the log-odds of a good outcome for each day waited.
        relapse: chance that a good outcome does not last, by provider at its standing practice.
        relapse_reach: what one level of quality adds to its log-odds.
        mean_until_relapse: days.
        handovers: paths to other services, in order of the receiver's name.
        handover_edges: upper end of each path's share of completions.
    """

    key: int
    potential_a_day: float
    referrals_a_day: float
    growth_a_day: float
    season: tuple[float, ...]
    needs: tuple[NeedGroup, ...]
    need_edges: tuple[float, ...]
    need_order: tuple[int, ...]
    provider_edges: tuple[float, ...]
    provider_order: tuple[int, ...]
    elsewhere_edges: tuple[tuple[float, ...], ...]
    elsewhere_order: tuple[tuple[int, ...], ...]
    delivers: tuple[bool, ...]
    take_up: float
    drop_out: float
    drop_out_rise: float
    shape: str
    log_spread: float
    log_wait_harm: float
    relapse: tuple[float, ...]
    relapse_reach: float
    mean_until_relapse: float
    handovers: tuple[HandoverPath, ...]
    handover_edges: tuple[float, ...]


@dataclass(frozen=True)
class Network:
    """All services, and the calendar they run by.

    Attributes:
        services: in the scenario's order.
        providers: how many providers there are.
        month_starts: tick at which each calendar month of the term begins.
        first_month: calendar month of the first of them, 0 for January.
        end: tick at which the term ends.
    """

    services: tuple[ServiceNode, ...]
    providers: int
    month_starts: tuple[int, ...]
    first_month: int
    end: int


def build_network(scenario: Scenario, practice: Sequence[Practice]) -> Network:
    """Describe a scenario's services for the engines.

    Args:
        scenario: a checked scenario.
        practice: each provider's practice, in the scenario's order.
    """
    months = scenario.timetable.months
    return Network(
        services=tuple(_node(name, scenario, practice) for name in scenario.services),
        providers=len(scenario.providers),
        month_starts=tuple(date_ticks(month.first, scenario.starts) for month in months),
        first_month=scenario.starts.month - 1,
        end=date_ticks(scenario.timetable.ends, scenario.starts),
    )


def _node(name: str, scenario: Scenario, practice: Sequence[Practice]) -> ServiceNode:
    service = scenario.services[name]
    providers = list(scenario.providers)
    season = season_factors(service)
    referred_to = referral_shares(service)
    provider_edges, provider_order = _edges(referred_to, providers)
    elsewhere = [_edges_without(each, referred_to, providers) for each in providers]
    needs = _needs(service, practice)
    shares = {group.name: group.share for group in groups_of(service)}
    need_edges, need_order = _edges(shares, list(shares))
    paths = sorted(
        (path for path in scenario.handovers if path.sender == name),
        key=lambda path: path.receiver,
    )
    names = list(scenario.services)
    rate = service.referrals / DAYS_A_YEAR
    return ServiceNode(
        key=name_key(name),
        potential_a_day=_potential(scenario, name, rate * max(season)),
        referrals_a_day=rate,
        growth_a_day=service.growth / DAYS_A_YEAR,
        season=season,
        needs=needs,
        need_edges=need_edges,
        need_order=need_order,
        provider_edges=provider_edges,
        provider_order=provider_order,
        elsewhere_edges=tuple(edges for edges, _ in elsewhere),
        elsewhere_order=tuple(order for _, order in elsewhere),
        delivers=tuple(provider in service.workers for provider in providers),
        take_up=float(service.take_up),
        drop_out=float(service.drop_out.at_first),
        drop_out_rise=float(service.drop_out.rise),
        shape=service.lasts.shape,
        log_spread=math.sqrt(math.log1p(service.lasts.variation**2)),
        log_wait_harm=log_wait_harm(service),
        relapse=tuple(
            moved_chance(service.relapse.chance, service.relapse.best, each.quality)
            for each in practice
        ),
        relapse_reach=reach_of(service.relapse.chance, service.relapse.best),
        mean_until_relapse=float(service.relapse.after),
        handovers=tuple(
            HandoverPath(
                receiver=names.index(path.receiver),
                success=tuple(
                    moved_chance(path.success, path.best_success, each.handover)
                    for each in practice
                ),
                reach=reach_of(path.success, path.best_success),
                mean_on_the_way=float(path.after),
                returns=float(path.returns),
                mean_until_return=float(path.returns_after),
            )
            for path in paths
        ),
        handover_edges=tuple(accumulate(float(path.share) for path in paths)),
    )


def _needs(service: Service, practice: Sequence[Practice]) -> tuple[NeedGroup, ...]:
    found = []
    groups = groups_of(service)
    screens = float(service.screens or 0.0)
    for group, hard in zip(groups, hardness([each.good_outcome for each in groups]), strict=True):
        chance, best = group.good_outcome, None
        if service.best_outcome is not None and service.good_outcome is not None:
            # best practice moves the log-odds of every need as far as those of the service
            best = _shifted(chance, service.good_outcome, service.best_outcome)
        by_provider = tuple(moved_chance(chance, best, each.quality) for each in practice)
        reach = reach_of(chance, best)
        found.append(
            NeedGroup(
                group.name, by_provider, group.mean_stay, group.priority, reach, screens * hard
            )
        )
    return tuple(found)


def _shifted(chance: float, observed: float, best: float) -> float:
    if chance in (0.0, 1.0) or observed in (0.0, 1.0) or best in (0.0, 1.0):
        return chance
    odds = chance / (1 - chance) * (best / (1 - best)) / (observed / (1 - observed))
    return odds / (1 + odds)


def _edges(shares: dict[str, float], order: list[str]) -> tuple[tuple[float, ...], tuple[int, ...]]:
    """Lay shares along the unit interval by name, so that the order in the file has no effect."""
    names = sorted(name for name, share in shares.items() if share > 0)
    edges = list(accumulate(float(shares[name]) for name in names))
    edges[-1] = 1.0
    return tuple(edges), tuple(order.index(name) for name in names)


def _edges_without(
    name: str, shares: dict[str, float], order: list[str]
) -> tuple[tuple[float, ...], tuple[int, ...]]:
    """Lay the shares of all but one along the unit interval; nothing where they have none."""
    others = {other: share for other, share in shares.items() if other != name}
    total = math.fsum(others.values())
    if total <= 0.0:
        return (), ()
    return _edges({other: share / total for other, share in others.items()}, order)


def _potential(scenario: Scenario, name: str, peak: float) -> float:
    """Return a bounding rate a day: the next power of two above every rate that can occur."""
    service = scenario.services[name]
    peak *= math.exp(max(0.0, service.growth / DAYS_A_YEAR * scenario.timetable.days))
    for risk in scenario.risks.values():
        if not risk.services or name in risk.services:
            peak *= max(1.0, 1.0 + risk.demand)
    if scenario.levers.prevention is not None:  # at worst everybody does as little as can be
        lowest = next(lever.low for lever in LEVERS if lever.name == "prevention")
        peak *= (1.0 - scenario.levers.prevention.averts) ** lowest
    return 2.0 ** math.ceil(math.log2(peak)) if peak > 0 else 0.0


def stay_ticks(node: ServiceNode, mean: float, uniform: float, normal: float) -> int:
    """Return a length of stay.

    Args:
        node: the service.
        mean: mean stay, days.
        uniform: the draw, for the exponential shape.
        normal: its normal deviate, for the lognormal shape.
    """
    if node.shape == "fixed":
        return to_ticks(mean)
    if node.shape == "exponential":
        return to_ticks(-math.log(uniform) * mean)
    spread = node.log_spread
    return to_ticks(mean * math.exp(spread * normal - 0.5 * spread * spread))


def patience_ticks(node: ServiceNode, uniform: float) -> int | None:
    """Return how long a person waits before leaving; None is for ever.

    The hazard ``h exp(b w)`` is inverted: ``w = ln(1 - (b / h) ln u) / b``.
    """
    if node.drop_out == 0.0:
        return None
    exposure = -math.log(uniform) / node.drop_out
    if node.drop_out_rise > 0.0:
        exposure = math.log1p(node.drop_out_rise * exposure) / node.drop_out_rise
    return to_ticks(exposure)
