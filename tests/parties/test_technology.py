"""What levers act on: those without any effect stay where they are."""

from __future__ import annotations

import pytest

from simulator.parties.levers import PLACE
from simulator.parties.technology import Technology
from simulator.scenario.cost_rates import CostRates
from simulator.scenario.scenario import Scenario
from tests.conftest import scenario_from
from tests.parties.screening import SCREENING, scenario_that_screens


def who_moves(scenario: Scenario, lever: str) -> list[bool]:
    found: list[bool] = (
        Technology(scenario, CostRates(scenario))
        .can_move[
            :, PLACE[lever]  # type: ignore[index]
        ]
        .tolist()
    )
    return found


def test_selection_moves_where_a_provider_delivers_a_service_that_screens() -> None:
    assert who_moves(scenario_that_screens(), "selection") == [True, True]
    assert who_moves(scenario_that_screens(workers="{south: 3}"), "selection") == [False, True]


@pytest.mark.parametrize(
    ("found", "instead"),
    [
        ("screens: 30%", "screens: 0%"),
        ("    screens: 30%\n", ""),
        ("good_outcome: 25%", "good_outcome: 55%"),  # nobody is harder to help than others
    ],
)
def test_selection_stays_where_nobody_would_be_turned_away(found: str, instead: str) -> None:
    given = {"referrals": 900, "workers": "{north: 3, south: 3}", "relapse": "0%"}
    scenario = scenario_from(SCREENING.format(**given).replace(found, instead))
    assert who_moves(scenario, "selection") == [False, False]


def test_quality_moves_where_it_lowers_relapse_alone() -> None:
    assert who_moves(scenario_that_screens(relapse="20%"), "quality") == [False, False]
    better = scenario_that_screens(relapse="{chance: 20%, best: 10%}")
    assert who_moves(better, "quality") == [True, True]
