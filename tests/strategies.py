"""Hypothesis strategies shared by the tests: parties, statements, contracts, courses of people."""

from __future__ import annotations

import math
from itertools import accumulate
from typing import Any

import numpy as np
from hypothesis import strategies as st

from simulator.contract.contract import Contract
from simulator.contract.signatories import Signatories
from simulator.contract.statement import COLUMNS, Statement
from simulator.engine.caseload import Trigger
from simulator.engine.clock import TICKS_A_DAY
from simulator.engine.network import HandoverPath, NeedGroup, Network, ServiceNode
from tests.engine.courses import Course, Deed, Practise, Read, Resize, ScaleDemand, SetWatch

COSTS = ("staff_cost", "running_cost", "vat_cost")


@st.composite
def signatories(draw: st.DrawFn) -> Signatories:
    """Return one to three commissioners and one to five providers with one to three services."""
    payers = draw(st.integers(1, 3))
    providers = draw(st.integers(1, 5))
    weights = np.array([draw(st.integers(1, 9)) for _ in range(payers)], dtype=float)
    workers = [draw(st.sampled_from([0.5, 1.0, 2.0, 3.5, 8.0])) for _ in range(providers)]
    return Signatories(
        tuple(f"payer_{i}" for i in range(payers)),
        tuple(f"provider_{i}" for i in range(providers)),
        {f"payer_{i}": float(w / weights.sum()) for i, w in enumerate(weights)},
        {f"provider_{i}": w for i, w in enumerate(workers)},
        tuple(f"service_{i}" for i in range(draw(st.integers(1, 3)))),
    )


def statement_like(parties: Signatories, seed: int, lead: tuple[int, ...] = ()) -> Statement:
    """Return a consistent statement: nobody completes who did not start, costs add up."""
    random = np.random.default_rng(seed)
    shape = (*lead, len(parties.providers), len(parties.services))
    columns = {name: np.zeros(shape) for name in COLUMNS}
    left = random.integers(0, 400, shape).astype(float)
    columns["referred"] = left
    for name in ("started", "completed", "good_outcomes"):
        left = np.floor(left * random.random(shape))
        columns[name] = left
    columns["handovers_due"] = np.floor(columns["completed"] * random.random(shape))
    columns["handovers_made"] = np.floor(columns["handovers_due"] * random.random(shape))
    columns["wait_days"] = columns["started"] * 60 * random.random(shape)
    columns["service_days"] = columns["completed"] * 90
    for name in COSTS:
        columns[name] = np.round(random.random(shape) * 200_000, 2)
    columns["cost"] = sum(columns[name] for name in COSTS)
    return Statement(columns, float(random.choice([1 / 12, 0.25, 0.5, 1.0])))


@st.composite
def contracts(draw: st.DrawFn, parties: Signatories) -> Contract:
    """Return a contract of one to four forms with any of their clauses."""
    split = draw(st.sampled_from(["equal", "by caseworkers"]))
    pick = draw(
        st.lists(
            st.sampled_from(["block", "unit", "bands", "alliance"]),
            min_size=1,
            max_size=3,
            unique=True,
        )
    )
    makers: dict[str, Any] = {
        "block": lambda: {
            "form": "block",
            "amount": f"£{draw(st.integers(0, 900_000))} a year",
            "split": split,
        },
        "unit": lambda: {
            "form": "unit price",
            "price": f"£{draw(st.integers(0, 2_000))}",
            "per": draw(st.sampled_from(["started", "completed", "good_outcomes"])),
        },
        "bands": lambda: {
            "form": "unit price",
            "price": f"£{draw(st.integers(0, 2_000))}",
            "per": "completed",
            "bands": [
                {"up_to": draw(st.integers(1, 300)), "pays": "100%"},
                {"pays": f"{draw(st.integers(0, 100))}%"},
            ],
        },
        "alliance": lambda: {
            "form": "alliance",
            "target": f"£{draw(st.integers(10_000, 900_000))} a year",
            "council_share": f"{draw(st.integers(50, 100))}%",
            "cap": f"{draw(st.integers(0, 30))}%",
            "fee": f"{draw(st.integers(0, 10))}%",
            "split": split,
            "outcomes": {
                "pool": f"£{draw(st.integers(0, 90_000))} a year",
                "gain_modifier": f"{draw(st.integers(0, 100))}%",
                "pain_modifier": f"{draw(st.integers(0, 100))}%",
                "outcomes": {
                    "good": {
                        "measure": "total(good_outcomes) / total(completed)",
                        "worst": "20%",
                        "expected": "45%",
                        "best": "60%",
                        "weight": "100%",
                    }
                },
            },
        },
    }
    terms = [makers[name]() for name in pick]
    if draw(st.booleans()):
        terms.append(
            {
                "form": "kpi deductions",
                "kpis": {
                    "wait": {
                        "measure": "wait_days / started",
                        "at_most": f"{draw(st.integers(1, 60))} days",
                        "deduct": "1%",
                        "for_each": f"{draw(st.integers(1, 9))} days",
                    }
                },
                "cap": f"{draw(st.integers(0, 40))}%",
            }
        )
    costs = {"running": {"who": "providers", "amount": f"£{draw(st.integers(0, 9_000))} a year"}}
    return Contract.model_validate({"terms": terms, "costs": costs if draw(st.booleans()) else {}})


# -- people in services ----------------------------------------------------------------------------

NEEDS = ("high", "low", "mid")
MOST_DEMAND = 2.0  # what demand is multiplied by at most
MOST_SEASON = 1.6
MOST_PEOPLE = 60  # potential people of a service over the whole course, about
FOR_EVER = 1e12  # units, beyond what the clock can tell

chances = st.sampled_from([0.0, 1.0, 0.5]) | st.floats(0.0, 1.0)
reaches = st.sampled_from([0.0, 0.7, -1.5])


def edges_of(
    draw: st.DrawFn, count: int, full: bool = True
) -> tuple[tuple[float, ...], tuple[int, ...]]:
    """Return the upper ends of shares on the unit interval, and whose they are, in some order."""
    order = draw(st.permutations(range(count)))
    weights = [draw(st.sampled_from([1, 1, 2, 5, 0])) for _ in order]
    if not any(weights):
        weights[0] = 1
    whole = sum(weights) + (0 if full else draw(st.sampled_from([0, 1, 9])))
    kept = [place for place, weight in enumerate(weights) if weight or not full]
    edges = list(accumulate(weights[place] / whole for place in kept))
    if full:
        edges[-1] = 1.0
    return tuple(edges), tuple(order[place] for place in kept)


def others_of(
    draw: st.DrawFn, provider: int, providers: int
) -> tuple[tuple[float, ...], tuple[int, ...]]:
    """Return where those go whom a provider turns away: to some of the others, or to nobody."""
    others = [each for each in range(providers) if each != provider]
    if not others or draw(st.integers(0, 3)) == 0:
        return (), ()
    edges, order = edges_of(draw, len(others))
    return edges, tuple(others[place] for place in order)


def handover_paths(
    draw: st.DrawFn, service: int, services: int, providers: int, unit: float
) -> tuple[tuple[float, ...], tuple[HandoverPath, ...]]:
    """Return paths from a service; only forward ones may take no time, so that none go on at once
    for ever."""
    others = [each for each in range(services) if each != service]
    receivers = draw(st.lists(st.sampled_from(others), unique=True)) if others else []
    if not receivers:
        return (), ()
    edges, order = edges_of(draw, len(receivers), full=False)
    paths = []
    for receiver in (receivers[place] for place in order):
        returns = draw(chances)
        paths.append(
            HandoverPath(
                receiver=receiver,
                success=tuple(draw(chances) for _ in range(providers)),
                mean_on_the_way=unit
                * draw(st.sampled_from([0.0, 0.0, 1.0, 4.0] if receiver > service else [4.0, 9.0])),
                returns=returns,
                mean_until_return=unit
                * draw(st.sampled_from([4.0, 9.0] if returns > 0.9 else [0.0, 4.0, 9.0])),
                reach=draw(reaches),
            )
        )
    return edges, tuple(paths)


def service_node(
    draw: st.DrawFn, service: int, services: int, providers: int, unit: float, end: float
) -> ServiceNode:
    """Return a service; times are in units of so many days."""
    names = draw(st.lists(st.sampled_from(NEEDS), min_size=1, unique=True))
    shape = draw(st.sampled_from(["fixed", "fixed", "exponential", "lognormal"]))
    stays = st.sampled_from([0.0, 1.0, 1.0, 2.0, 5.0, 20.0, FOR_EVER]) | st.floats(0.1, 30.0)
    needs = tuple(
        NeedGroup(
            name,
            tuple(draw(chances) for _ in range(providers)),
            unit * draw(stays),
            draw(st.integers(1, 3)),
            draw(reaches),
            draw(st.sampled_from([0.0, 0.2, 0.5])),
        )
        for name in names
    )
    need_edges, need_order = edges_of(draw, len(names))
    provider_edges, provider_order = edges_of(draw, providers)
    elsewhere = [others_of(draw, each, providers) for each in range(providers)]
    handover_edges, handovers = handover_paths(draw, service, services, providers, unit)
    growth = draw(st.sampled_from([0.0, 0.0, 0.02, -0.02]))
    season = tuple(draw(st.sampled_from([1.0, 1.0, 0.0, 0.4, MOST_SEASON])) for _ in range(12))
    highest = max(season) * MOST_DEMAND * math.exp(max(0.0, growth * end))
    referrals = draw(st.sampled_from([0.0, 0.05, 0.5, 1.0, 1.0])) * MOST_PEOPLE / end / highest
    relapse = tuple(draw(chances) for _ in range(providers))
    relapse_reach = draw(reaches)
    often = max(relapse) > (0.5 if relapse_reach else 0.9)  # or can become so by practice
    return ServiceNode(
        key=draw(st.integers(0, 2**32 - 1)),
        potential_a_day=2.0 ** math.ceil(math.log2(referrals * highest / unit)) if referrals else 0,
        referrals_a_day=referrals / unit,
        growth_a_day=growth / unit,
        season=season,
        needs=needs,
        need_edges=need_edges,
        need_order=need_order,
        provider_edges=provider_edges,
        provider_order=provider_order,
        elsewhere_edges=tuple(edges for edges, _ in elsewhere),
        elsewhere_order=tuple(order for _, order in elsewhere),
        delivers=tuple(draw(st.booleans()) for _ in range(providers)),
        take_up=draw(st.sampled_from([1.0, 1.0, 0.8, 0.0])),
        drop_out=draw(st.sampled_from([0.0, 0.02, 0.2, 1.0, 1e6])) / unit,
        drop_out_rise=draw(st.sampled_from([0.0, 0.0, 0.1, 20.0])) / unit,
        shape=shape,
        log_spread=draw(st.sampled_from([0.0, 0.3, 1.3])),
        log_wait_harm=draw(st.sampled_from([0.0, 0.05, 2.0, math.inf])) / unit,
        relapse=relapse,
        relapse_reach=relapse_reach,
        mean_until_relapse=unit
        * draw(st.sampled_from([6.0, 20.0] if often else [0.0, 6.0, 20.0, FOR_EVER])),
        handovers=handovers,
        handover_edges=handover_edges,
    )


@st.composite
def networks(draw: st.DrawFn, unit: float, end: int) -> Network:
    """Return one to four services of one to three providers.

    Args:
        draw: of the strategy.
        unit: the days that times are multiples of.
        end: units until the end.
    """
    services, providers = draw(st.integers(1, 4)), draw(st.integers(1, 3))
    months = draw(st.integers(1, 20))
    return Network(
        services=tuple(
            service_node(draw, service, services, providers, unit, float(end))
            for service in range(services)
        ),
        providers=providers,
        month_starts=tuple(int(unit * TICKS_A_DAY * end * m / months) for m in range(months)),
        first_month=draw(st.integers(0, 11)),
        end=int(unit * TICKS_A_DAY * end),
    )


@st.composite
def courses(draw: st.DrawFn, watched: bool = False) -> Course:
    """Return a network of people and what a contract does with them, in any order and number.

    Times are multiples of a unit that is a day or as short as a tick, so that much happens at one
    tick: stays that end when others do and when places change, hand-overs that take no time,
    referrals to several services.

    Args:
        draw: of the strategy.
        watched: whether everything that is watched is so from the beginning, at one level.
    """
    unit = draw(st.sampled_from([1.0, 1.0, 2.0**-20, 2.0**-31, 2.0**-33]))
    end = draw(st.sampled_from([20, 60]))
    network = draw(networks(unit, end))
    futures = draw(st.integers(1, 3))
    ticks = int(unit * TICKS_A_DAY)
    instants = st.integers(0, end).map(lambda units: units * ticks) | st.integers(0, network.end)
    some = st.none() | st.integers(0, futures - 1)
    provider = st.integers(0, network.providers - 1)
    service = st.integers(0, len(network.services) - 1)
    places = st.sampled_from([0, 1, 2, 3, 5, 8, 20, 70])
    levels = st.sampled_from([0.0, 0.0, -2.0, 0.5, 2.0])
    practised = st.tuples(*[levels] * network.providers)
    kinds: list[st.SearchStrategy[Deed]] = [
        st.builds(Resize, instants, some, provider, service, places),
        st.builds(
            ScaleDemand, instants, some, service, st.sampled_from([0.0, 0.5, 1.0, MOST_DEMAND])
        ),
        st.builds(Read, instants),
        st.builds(Practise, instants, practised, practised, practised),
    ]
    level = st.sampled_from([1, 2, 3, 7, 20])
    trigger = st.sampled_from(Trigger)
    from_tick = st.just(0) if watched else instants
    watch = st.builds(SetWatch, from_tick, trigger, provider, service, level)
    watches = draw(st.lists(watch, max_size=8))
    if watched:
        watches = list({(w.trigger, w.provider, w.service): w for w in watches}.values())
    deeds: list[Deed] = [
        Resize(0, None, each, at, draw(places))
        for each in range(network.providers)
        for at in range(len(network.services))
    ]
    deeds += draw(st.lists(kinds[0], max_size=12))
    deeds += watches
    deeds += draw(st.lists(st.one_of(kinds), max_size=12))
    return Course(
        network,
        tuple(sorted(deeds, key=lambda deed: deed.tick)),
        futures,
        draw(st.integers(0, 2**32 - 1)),
        draw(st.sampled_from([None, None, 4])),
    )
