"""A service of two providers with easy and hard cases, either of whom can turn people away."""

from __future__ import annotations

from simulator.scenario.scenario import Scenario
from tests.conftest import scenario_from

__all__ = ["SCREENING", "scenario_that_screens"]

SCREENING = """
title: Two who can screen
starts: 2026-04-01
years: 2
council: {{name: Council}}
providers:
  north: {{reserves: £0}}
  south: {{reserves: £0}}
services:
  support:
    referrals: {referrals} a year
    needs:
      mild: {{share: 60%, good_outcome: 55%, lasts: 7 weeks, good_anyway: 30%}}
      severe: {{share: 40%, good_outcome: 25%, lasts: 12 weeks}}
    screens: 30%
    take_up: 90%
    workers: {workers}
    caseload: 30
    lasts: 9 weeks
    drop_out: 4% a week
    relapse: {relapse}
    worker_cost: £40,000 a year
    cost_per_start: £100
contracts:
  block: {{form: block, amount: £0 a year}}
baseline: block
"""


def scenario_that_screens(
    referrals: str = "1,100", workers: str = "{north: 3, south: 3}", relapse: str = "0%"
) -> Scenario:
    """Return the scenario.

    Args:
        referrals: a year.
        workers: of each provider.
        relapse: its chance, or a group.
    """
    return scenario_from(SCREENING.format(referrals=referrals, workers=workers, relapse=relapse))
