"""What all tests share: the smallest scenario, and how to load a scenario from text."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

from simulator.scenario.build import build
from simulator.scenario.scenario import Scenario
from simulator.scenario.yaml_text import read_yaml

ROOT = Path(__file__).parent.parent
SMALLEST = ROOT / "simulator" / "scenario" / "templates" / "smallest.yaml"
FULL = os.environ.get("ALLIANCE_FULL") == "1"

# A derandomised profile: the suite gives the same verdict twice; the full one looks further.
settings.register_profile("suite", derandomize=True, deadline=None, max_examples=60)
settings.register_profile("full", deadline=None, max_examples=2_000)
settings.load_profile("full" if FULL else "suite")


def scenario_from(text: str) -> Scenario:
    """Read and check a scenario given as text."""
    return build(read_yaml(text, "scenario.yaml"))


@pytest.fixture(scope="session", autouse=True)
def _compiled_engine() -> None:
    """Compile the engine before anything is tested; the first use of it says so on stderr."""
    from simulator.study.replicator import replicate

    replicate(scenario_from(SMALLEST.read_text(encoding="utf-8")), 1, seed=1)


@pytest.fixture(scope="session")
def smallest_text() -> str:
    """Return the text of the smallest scenario."""
    return SMALLEST.read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def smallest(smallest_text: str) -> Scenario:
    """Return the smallest scenario."""
    return scenario_from(smallest_text)
