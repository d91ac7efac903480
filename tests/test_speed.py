"""Limits a user would feel, with fivefold slack; `python benchmarks/engine.py` has them in full."""

from __future__ import annotations

import time

from benchmarks.settlement import all_at_once, rows
from simulator.engine.caseload import Engine
from simulator.engine.compiled import CompiledPeople
from simulator.engine.life import live, plan_lives
from simulator.engine.network import build_network
from simulator.engine.people import ReferencePeople
from simulator.parties.levers import at_norm
from simulator.study.files import load
from simulator.study.replicator import replicate
from tests.conftest import ROOT

SLACK = 5
FLAGSHIP = ROOT / "tests" / "data" / "nobody-decides.yaml"


def test_whole_futures_of_the_flagship_are_many_times_faster_compiled() -> None:
    scenario = load(FLAGSHIP)
    practice = at_norm(provider.quality for provider in scenario.providers.values())
    plans = plan_lives(scenario, build_network(scenario, practice))

    def seconds(engine: Engine, futures: int) -> float:
        began = time.perf_counter()
        live(plans, 1, range(futures), engine)
        return (time.perf_counter() - began) / futures

    compiled = min(seconds(CompiledPeople, 50) for _ in range(3))
    assert seconds(ReferencePeople, 2) > 40 / SLACK * compiled


def test_twice_as_many_futures_take_about_twice_the_time() -> None:
    scenario = load(FLAGSHIP)
    replicate(scenario, 10, seed=1)

    def seconds(count: int) -> float:
        began = time.perf_counter()
        replicate(scenario, count, seed=1)
        return time.perf_counter() - began

    assert seconds(100) < 2 * SLACK * min(seconds(50) for _ in range(2))


def test_a_thousand_real_settlements_take_a_moment() -> None:
    assert all_at_once(rows()) < 2.0 * SLACK
