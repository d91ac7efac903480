"""Whole futures: what a run costs, and how the cost grows."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import fields
from functools import partial
from pathlib import Path

from benchmarks.common import network_of
from benchmarks.measuring import Limit, Section, interleaved, ratios, shown
from simulator.engine.caseload import Engine
from simulator.engine.compiled import CompiledPeople
from simulator.engine.life import Plan, live, plan_lives
from simulator.engine.people import ReferencePeople
from simulator.scenario.build import build
from simulator.scenario.scenario import Scenario
from simulator.scenario.yaml_text import read_yaml
from simulator.study.files import load
from simulator.study.replicate import IN_FULL, Outcomes
from simulator.study.replicator import replicate

__all__ = ["FLAGSHIP", "growth", "memory", "two_processes", "whole_futures"]

FLAGSHIP = Path(__file__).parent.parent / "scenarios" / "staying-well.yaml"
_SCALES = (1, 2, 4, 8)
FIGURES = tuple(
    each.name
    for each in fields(Outcomes)
    if each.name not in ("monthly", "month_total", "people")  # bounded, or counted apart
)


def whole_futures(rounds: int) -> Section:
    """Time whole futures of the flagship, by both engines."""
    plans = _plans(load(FLAGSHIP, ["behaviour=none"]))
    tasks: dict[str, Callable[[], float]] = {
        "compiled": lambda: _live(plans, CompiledPeople, 50),
        "reference": lambda: _live(plans, ReferencePeople, 5),
    }
    tasks["compiled"]()
    seconds = interleaved(tasks, rounds)
    middle, least, most = ratios(seconds["reference"], seconds["compiled"])
    rows = [
        (name, shown(statistics.median(found) * 1e3), shown(1 / statistics.median(found)))
        for name, found in seconds.items()
    ]
    return Section(
        "Whole futures of staying-well.yaml",
        "Three contracts over five years: people, books, payments, settlements. The life of the "
        "contracts is SimPy in both; the reference engine has the people in SimPy, too. Each lives "
        "as many futures side by side as it does in a run.",
        ("Engine", "ms a future", "futures/s on one processor"),
        rows,
        [Limit("compiled over reference", middle, 40)],
        [f"Over the rounds the ratio was {shown(least)} to {shown(most)}."],
    )


def growth(rounds: int) -> Section:
    """Time futures of growing scenarios: cost for each unit stays, or falls."""
    worlds: dict[str, Callable[[int], Scenario]] = {
        "people": lambda scale: made_up(people=scale),
        "providers": lambda scale: made_up(providers=2 * scale),
        "years": lambda scale: made_up(years=scale),
    }
    rows, limits = [], []
    for what, world in worlds.items():
        tasks = {
            str(scale): partial(_live, _plans(world(scale)), CompiledPeople, 50)
            for scale in _SCALES
        }
        for task in tasks.values():
            task()
        rows.append(_row(what, interleaved(tasks, rounds), limits))
    scenario = made_up()
    tasks = {str(scale): partial(_replicate, scenario, 100 * scale) for scale in _SCALES}
    rows.append(_row("replications", interleaved(tasks, rounds), limits))
    return Section(
        "How the cost grows",
        "Time for each unit, relative to the scenario of scale 1: one means that twice as much "
        "costs twice as much. Scale 1 has two providers, two services, 1,200 referrals a year and "
        "one year, or 100 futures. What is the same for every scale makes the figures fall.",
        ("Grows", *(f"scale {scale}" for scale in _SCALES)),
        rows,
        limits,
    )


def _row(what: str, seconds: dict[str, list[float]], limits: list[Limit]) -> tuple[str, ...]:
    least = {scale: min(seconds[str(scale)]) for scale in _SCALES}
    per_unit = [least[scale] / scale / least[1] for scale in _SCALES]
    # from 4 to 8 times: what is the same for every scale hides nothing there
    slope = (least[8] - least[4]) / 4 / (least[4] / 4)
    limits.append(Limit(f"cost of one more of {what}, to its mean so far", slope, 1.5, False))
    return (what, *(f"{value:.2f}" for value in per_unit))


def memory(quick: bool) -> Section:
    """Compare the peak of Python's memory over few and many futures, each in a new process."""
    few, many = (IN_FULL, 2 * IN_FULL) if quick else (IN_FULL, 5 * IN_FULL)
    peaks = {count: _peak(count) for count in (few, many)}
    a_future = (peaks[many] - peaks[few]) / (many - few)
    study = replicate(made_up(), 50, seed=1)
    kept = sum(
        array.nbytes
        for outcomes in study.outcomes.values()
        for array in (
            *(getattr(outcomes, name) for name in FIGURES),
            *outcomes.people.values(),
        )
    )
    return Section(
        "Memory",
        "Peak memory of the Python side in a process of its own. Of each future only its figures "
        f"are kept, once in their chunk and once joined; every month of the first {IN_FULL:,}.",
        ("Futures", "peak, MB"),
        [(f"{count:,}", shown(peak / 2**20)) for count, peak in peaks.items()],
        [Limit("bytes a future, to the bytes of its figures", a_future / (kept / 50), 2.5, False)],
        [f"Each further future takes {a_future:,.0f} bytes; its figures are {kept / 50:,.0f}."],
    )


def two_processes(quick: bool) -> Section:
    """Time a long study on one process and on two."""
    scenario = load(FLAGSHIP, ["behaviour=none"])
    count = 1_000 if quick else 3_500
    tasks = {str(workers): partial(_replicate, scenario, count, workers) for workers in (1, 2)}
    seconds = interleaved(tasks, 1 if quick else 3)
    one, two = min(seconds["1"]), min(seconds["2"])  # the least disturbed of each
    return Section(
        "Two processes",
        "A study of staying-well.yaml, the start of the second process included; the quickest of "
        "each. The machine must have two processors free.",
        ("Futures", "one process, s", "two processes, s", "ratio"),
        [(f"{count:,}", shown(one), shown(two), f"{one / two:.2f}")],
        [Limit("two processes over one, for work over 10 s", one / two, 1.8)],
    )


def made_up(people: int = 1, providers: int = 2, years: int = 1) -> Scenario:
    """Return a scenario whose size can be chosen: people, providers (even) and years."""
    each = 1_200 * people * providers // 2
    names = [f"provider_{index}" for index in range(providers)]
    posts = 4 * people
    target = 400_000 * people * providers
    text = f"""
title: A scenario of a chosen size
starts: 2026-04-01
years: {years}
council: {{name: Council}}
providers: {{{", ".join(f"{name}: {{reserves: £100,000}}" for name in names)}}}
services:
  support:
    referrals: {each} a year
    workers: {{{", ".join(f"{name}: {posts}" for name in names)}}}
    caseload: 35
    lasts: 13 weeks
    drop_out: 2% a week
    good_outcome: 45%
    worker_cost: £42,000 a year
  groups:
    referrals: 0 a year
    workers: {{{", ".join(f"{name}: {posts / 2}" for name in names)}}}
    caseload: 20
    lasts: 8 weeks
    good_outcome: 50%
    worker_cost: £40,000 a year
handovers:
  - {{from: support, to: groups, share: 30%, success: 70%}}
contracts:
  output: {{form: unit price, price: £480, per: completed}}
  alliance: {{form: alliance, target: £{target} a year, council_share: 50%, cap: 5%}}
baseline: output
"""
    return build(read_yaml(text, "made_up.yaml"))


def _plans(scenario: Scenario) -> tuple[Plan, ...]:
    return plan_lives(scenario, network_of(scenario))


def _live(plans: tuple[Plan, ...], engine: Engine, futures: int) -> float:
    began = time.perf_counter()
    live(plans, 1, range(futures), engine)
    return (time.perf_counter() - began) / futures


def _replicate(scenario: Scenario, count: int, workers: int = 1) -> float:
    began = time.perf_counter()
    replicate(scenario, count, seed=1, workers=workers)
    return time.perf_counter() - began


_MEASURE = """
import sys, tracemalloc
sys.path.insert(0, sys.argv[2])
from benchmarks.futures import made_up
from simulator.study.replicator import replicate
scenario = made_up()
replicate(scenario, 50, seed=1)
tracemalloc.start()
replicate(scenario, int(sys.argv[1]), seed=1)
print(tracemalloc.get_traced_memory()[1])
"""


def _peak(count: int) -> int:
    root = str(Path(__file__).parent.parent)
    done = subprocess.run(
        [sys.executable, "-c", _MEASURE, str(count), root],
        capture_output=True,
        text=True,
        check=True,
    )
    return int(done.stdout)
