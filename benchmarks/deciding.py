"""What it costs that parties decide: whole futures of one contract, with and without."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from benchmarks.common import network_of
from benchmarks.futures import FLAGSHIP
from benchmarks.measuring import Limit, Section, interleaved, ratios, shown
from simulator.engine.caseload import Engine
from simulator.engine.compiled import CompiledPeople
from simulator.engine.life import Plan, live_plan, plan_lives
from simulator.engine.people import ReferencePeople
from simulator.study.engines import keep_memory
from simulator.study.files import load

__all__ = ["futures_that_decide"]

_SIDE_BY_SIDE = 50
_IN_SIMPY = 3


def futures_that_decide(rounds: int) -> Section:
    """Time futures of each contract of the flagship, decided and at observed practice."""
    keep_memory()
    deciding = load(FLAGSHIP)
    lives = plan_lives(deciding, network_of(deciding))
    plans = {plan.watch.agreement.name: plan for plan in lives}
    reviews = sum(month.quarter_end for month in deciding.timetable.months) - 1
    rows, with_over, in_simpy = [], [], []
    for name, plan in plans.items():
        still = replace(plan, parties=None)
        tasks: dict[str, Callable[[], float]] = {
            "still": partial(_live, still, CompiledPeople, _SIDE_BY_SIDE),
            "decided": partial(_live, plan, CompiledPeople, _SIDE_BY_SIDE),
            "simpy": partial(_live, plan, ReferencePeople, _IN_SIMPY),
        }
        for task in tasks.values():
            task()
        seconds = interleaved(tasks, rounds)
        middle, *_ = ratios(seconds["decided"], seconds["still"])
        slow, *_ = ratios(seconds["simpy"], seconds["decided"])
        with_over.append(middle)
        in_simpy.append(slow)
        still_ms, decided_ms = (
            1e3 * statistics.median(seconds[each]) for each in ("still", "decided")
        )
        review = (decided_ms - still_ms) / reviews
        title = deciding.title_of(name)
        figures = (still_ms, decided_ms, middle, review, slow)
        rows.append((title, *map(shown, figures)))
    return Section(
        "Futures in which parties decide",
        f"Futures of staying-well.yaml under one contract each, {_SIDE_BY_SIDE} side by side; "
        f"{reviews} reviews a future; three providers with six levers each, and under the unit "
        "price the council with one. One processor. Without is the same contract at observed "
        "practice; SimPy has the people in SimPy, and the same reviews.",
        ("Contract", "without, ms", "with, ms", "ratio", "ms a review", "SimPy over this"),
        rows,
        [
            Limit("with over without, the dearest contract", max(with_over), 3, at_least=False),
            Limit("SimPy with over compiled with, the least", min(in_simpy), 25),
        ],
    )


def _live(plan: Plan, engine: Engine, futures: int) -> float:
    began = time.perf_counter()
    live_plan(plan, 1, range(futures), engine)
    return (time.perf_counter() - began) / futures
