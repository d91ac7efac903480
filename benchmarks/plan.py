"""How long the months of a plan take: the compiled twin beside NumPy."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmarks.measuring import Limit, Section, interleaved, ratios, shown
from simulator.parties.expectation import Expectation
from simulator.parties.levers import LEVERS
from simulator.study.files import load

__all__ = ["months_of_a_plan"]

SCENARIO = Path(__file__).parent.parent / "scenarios" / "staying-well.yaml"
FUTURES, PROFILES, MONTHS = 50, 24, 12


def months_of_a_plan(rounds: int) -> Section:
    """Measure the second year, as it is thought through for all futures of a chunk at once."""
    scenario = load(SCENARIO)
    months = scenario.timetable.months
    random = np.random.default_rng(1)

    def year(plan: Expectation) -> Callable[[], float]:
        levers = np.zeros((FUTURES, PROFILES, plan.providers, len(LEVERS)))
        levers[..., :2] = random.uniform(-1.0, 1.0, (*levers.shape[:-1], 2))
        demand = random.uniform(0.8, 1.2, (FUTURES, PROFILES, 1))
        posts = [plan.posts] * MONTHS
        first, later = months[:MONTHS], months[MONTHS : 2 * MONTHS]
        _, people = plan.months(levers[:, :1], plan.nobody(), first, posts)

        def seconds() -> float:
            began = time.perf_counter()
            plan.months(levers, people, later, posts, demand)
            return time.perf_counter() - began

        return seconds

    times = interleaved(
        {
            "compiled": year(Expectation(scenario)),
            "NumPy": year(Expectation(scenario, compiled=False)),
        },
        3 * rounds,
    )
    over, least, most = ratios(times["NumPy"], times["compiled"])
    rows = FUTURES * PROFILES * MONTHS
    medians = {name: statistics.median(each) for name, each in times.items()}
    return Section(
        title="Months of a plan",
        about=f"What providers of staying-well.yaml expect of a year: {FUTURES} futures, "
        f"{PROFILES} profiles of levers each, {MONTHS} months. One processor.",
        header=("How", "ms", "ns a month of one profile"),
        rows=[
            (name, shown(1e3 * seconds), shown(1e9 * seconds / rows))
            for name, seconds in medians.items()
        ],
        notes=(f"Over the rounds the ratio was {shown(least)} to {shown(most)}.",),
        limits=(Limit("NumPy over compiled", over, 5.0),),
    )
