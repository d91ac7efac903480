"""Turning people away by need: who, how often, where they go, and that nothing else changes."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from simulator.engine.caseload import Caseload
from simulator.engine.compiled import CompiledPeople
from simulator.engine.network import Network, build_network
from simulator.engine.people import Visit
from simulator.engine.streams import Purpose, Stream, name_key
from simulator.parties.levers import at_norm, hardness, turned_away
from simulator.scenario.plain import plain_yaml
from simulator.scenario.yaml_text import read_yaml
from tests.conftest import scenario_from
from tests.engine.following import (
    assert_nobody_vanishes,
    compiled_with_diaries,
    diary_of,
    numbers_of,
    reference_with_diaries,
)

SCREENING = """
title: Screening
starts: 2026-04-01
years: 2
council: {name: Council}
providers: {north: {reserves: £1}, south: {reserves: £1}, east: {reserves: £1}}
services:
  first:
    referrals: 3,000 a year
    referred_to: {north: 60%, south: 30%, east: 10%}
    needs:  # odds of 1 to 9, 1 to 1 and 9 to 1
      hard: {share: 40%, good_outcome: 10%}
      middling: {share: 40%, good_outcome: 50%}
      easy: {share: 20%, good_outcome: 90%}
    screens: 40%
    take_up: 90%
    workers: {north: 9, south: 9, east: 9}
    caseload: 10
    lasts: 3 weeks
    worker_cost: £1 a year
contracts: {block: {form: block, amount: £1 a year}}
baseline: block
"""
NEEDS = ("easy", "hard", "middling")  # by name, as they lie along the unit interval
ENDS = (0.2, 0.6, 1.0)

WITH_DIARIES = pytest.mark.parametrize(
    "make",
    [
        pytest.param(compiled_with_diaries, id="compiled"),
        pytest.param(reference_with_diaries, id="reference"),
    ],
)


def network_of(**service: Any) -> Network:
    """Return the network with changes to its service; None takes a key away."""
    tree = read_yaml(SCREENING, "screening.yaml").tree
    changed = tree["services"]["first"] | service
    tree["services"]["first"] = {key: value for key, value in changed.items() if value is not None}
    scenario = scenario_from(plain_yaml(tree))
    return build_network(scenario, at_norm([0.0] * len(scenario.providers)))


def lived(
    make: Any,
    network: Network,
    selection: Sequence[float] = (1.0, 0.0, 0.0),
    futures: int = 1,
    places: int = 90,
) -> Caseload:
    """Return the people at the end of the term; the levels of each provider hold from the start."""
    caseload: Caseload = make(network, [Stream(5, future) for future in range(futures)])
    none = np.zeros((futures, network.providers))
    caseload.practise(none, none, none + np.array(selection))
    for future in range(futures):
        for provider in range(network.providers):
            for service in range(len(network.services)):
                caseload.resize(future, provider, service, places)
    caseload.advance(network.end)
    return caseload


def close(expected: float, found: float, spread: float) -> bool:
    """Tell whether a count is within four standard deviations of its expectation."""
    return abs(found - expected) < 4 * math.sqrt(spread)


def by_need(diary: Sequence[Visit], what: str, provider: int, seed: int = 5) -> Counter[str]:
    """Return to how many people of each need something happened on their first visit."""
    stream, key = Stream(seed, 0), name_key("first")
    found: Counter[str] = Counter()
    for _, kind, _, who, visit, where, _ in diary:
        if (kind, visit, where) == (what, 0, provider):
            uniform = stream.uniform(who, key, 0, Purpose.NEED)
            found[NEEDS[sum(uniform >= end for end in ENDS)]] += 1
    return found


# -- how hard, and how often -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("chances", "expected"),
    [
        ((0.5,), (0.0,)),
        ((0.5, 0.5), (0.0, 0.0)),
        ((0.2, 0.8), (1.0, 0.0)),
        ((0.9, 0.1, 0.5), (0.0, 1.0, 0.5)),  # linear in the log-odds
        ((1 / 28, 0.9, 1 / 4, 3 / 4), (1.0, 0.0, 0.6, 0.2)),  # odds of 3 to the -3, 2, -1 and 1
        ((0.0, 0.3, 0.6), (1.0, 0.0, 0.0)),  # nought is infinitely harder
        ((1.0, 0.3, 0.6), (0.0, 1.0, 1.0)),
        ((1.0, 0.0, 0.3), (0.0, 1.0, 0.5)),
        ((0.0, 1.0), (1.0, 0.0)),
    ],
)
def test_hardness_is_linear_in_the_log_odds(
    chances: tuple[float, ...], expected: tuple[float, ...]
) -> None:
    assert hardness(chances) == pytest.approx(expected)


def test_the_chance_follows_the_level_up_to_all() -> None:
    levels = np.array([-2.0, -0.5, 0.0, 0.5, 1.0, 2.0, 3.0])
    found = turned_away(np.array(0.4), levels)
    assert found.tolist() == pytest.approx([0.0, 0.0, 0.0, 0.2, 0.4, 0.8, 1.0])


@WITH_DIARIES
@pytest.mark.parametrize("level", [1.0, 0.5])
def test_the_hardest_are_turned_away_by_the_share_that_is_stated(make: Any, level: float) -> None:
    caseload = lived(make, network_of(), (level, 0.0, 0.0))
    caseload.read()
    diary = diary_of(caseload, 0)
    came, gone = (by_need(diary, what, 0) for what in ("referred", "turned_away"))
    assert gone["easy"] == 0 < came["easy"]
    for need, chance in (("hard", 0.4 * level), ("middling", 0.2 * level)):
        expected = chance * came[need]
        assert came[need] > 1_000
        assert close(expected, gone[need], expected * (1 - chance))


def test_at_level_two_all_of_the_hardest_are_turned_away() -> None:
    caseload = lived(compiled_with_diaries, network_of(screens="50%"), (2.0, 0.0, 0.0))
    caseload.read()
    diary = diary_of(caseload, 0)
    came, gone = (by_need(diary, what, 0) for what in ("referred", "turned_away"))
    assert gone["hard"] == came["hard"] > 1_000
    assert 0 < gone["middling"] < came["middling"]


def test_levels_hold_in_each_future_and_at_each_provider_by_themselves() -> None:
    network = network_of()
    caseload = CompiledPeople(network, [Stream(5, future) for future in range(3)])
    none = np.zeros((3, 3))
    selection = none.copy()
    selection[1, 0] = selection[2, 2] = 1.0
    caseload.practise(none, none, selection)
    caseload.advance(network.end // 2)
    before = caseload.read().counts["turned_away"][..., 0]
    assert (before > 0).tolist() == (selection > 0).tolist()
    caseload.practise(none, none, none)
    caseload.advance(network.end)
    assert caseload.read().counts["turned_away"][..., 0].tolist() == before.tolist()


# -- nothing else changes ----------------------------------------------------------------------


@WITH_DIARIES
@pytest.mark.parametrize("selection", [(0.0, 0.0, 0.0), (-2.0, -0.5, 0.0)])
def test_at_the_norm_and_below_all_is_as_without_the_key(
    make: Any, selection: tuple[float, ...]
) -> None:
    relapse = {"chance": "30%", "after": "5 weeks"}
    with_key = lived(make, network_of(relapse=relapse), selection, futures=2)
    without = lived(make, network_of(relapse=relapse, screens=None), (1.0, 1.0, 1.0), futures=2)
    expected, found = numbers_of(without.read()), numbers_of(with_key.read())
    assert found["referred"].sum() > 5_000
    for name, numbers in expected.items():
        assert numbers.tobytes() == found[name].tobytes(), name
    for future in range(2):
        assert diary_of(with_key, future) == diary_of(without, future)


@WITH_DIARIES
def test_the_luck_of_those_turned_away_stays_theirs(make: Any) -> None:
    """With places for all, whoever is taken elsewhere stays as long, and ends the same."""
    network = network_of(wait_harm="0%")
    steps = []
    for level in (0.0, 1.0):
        caseload = lived(make, network, (level, 0.0, 0.0), places=4_000)
        caseload.read()
        steps.append(
            {
                (who, what): (tick, where)
                for tick, what, _, who, _, where, _ in diary_of(caseload, 0)
            }
        )
    kept, moved = steps
    gone = {who for who, what in moved if what == "turned_away"}
    assert len(gone) > 300
    assert {key: step for key, step in kept.items() if key[0] not in gone} == {
        key: step for key, step in moved.items() if key[0] not in gone
    }
    for (who, what), (tick, _) in kept.items():
        if who in gone:
            assert moved[who, what][0] == tick
            assert moved[who, what][1] != 0


# -- where they go -----------------------------------------------------------------------------


@WITH_DIARIES
def test_they_go_to_the_others_by_their_shares_and_are_taken_there(make: Any) -> None:
    """At once, and without screening, although the others screen too."""
    caseload = lived(make, network_of(), (1.0, 1.0, 1.0))
    reading = caseload.read()
    assert_nobody_vanishes(reading)
    diary = diary_of(caseload, 0)
    came = {
        (who, where, visit): tick
        for tick, what, _, who, visit, where, _ in diary
        if what == "referred"
    }
    gone = [step for step in diary if step[1] == "turned_away"]
    assert len({(who, visit) for _, _, _, who, visit, _, _ in gone}) == len(gone) > 500
    went: Counter[tuple[int, int]] = Counter()
    for tick, _, _, who, visit, where, _ in gone:
        (there,) = (each for each in range(3) if each != where and (who, each, visit) in came)
        assert came[who, there, visit] == came[who, where, visit] == tick
        went[where, there] += 1
    for where, there, other, share in ((0, 1, 2, 0.75), (1, 0, 2, 6 / 7), (2, 0, 1, 2 / 3)):
        total = went[where, there] + went[where, other]
        assert total > 40
        assert close(share * total, went[where, there], share * (1 - share) * total)
    at_first = sum(visit == 0 for _, _, visit in came) - len(gone)
    assert reading.counts["referred"].sum() == at_first + len(gone)


@WITH_DIARIES
@pytest.mark.parametrize(
    "alone",
    [
        pytest.param({"referred_to": None, "workers": {"north": 9}}, id="nobody else delivers"),
        pytest.param({"referred_to": {"north": "100%"}}, id="nobody is referred to others"),
    ],
)
def test_where_nobody_else_takes_them_they_leave_unserved(make: Any, alone: dict[str, Any]) -> None:
    caseload = lived(make, network_of(**alone))
    reading = caseload.read()
    counts = {name: numbers[0, :, 0] for name, numbers in reading.counts.items()}
    assert counts["turned_away"][0] > 300
    assert not counts["referred"][1:].any()
    assert_nobody_vanishes(reading)
    last = {}
    for tick, what, origin, who, visit, *_ in diary_of(caseload, 0):
        last.setdefault((origin, who, visit), set()).add((tick, what))
    gone = [steps for steps in last.values() if any(what == "turned_away" for _, what in steps)]
    assert len(gone) == counts["turned_away"][0]
    assert all({what for _, what in steps} == {"referred", "turned_away"} for steps in gone)


@WITH_DIARIES
def test_a_provider_that_nobody_is_referred_to_takes_nobody_turned_away(make: Any) -> None:
    network = network_of(referred_to={"north": "60%", "south": "40%"})
    counts = lived(make, network).read().counts
    assert counts["turned_away"][0, 0, 0] > 300
    assert counts["referred"][0, 2, 0] == 0


def test_shares_elsewhere_lie_in_the_order_of_names() -> None:
    (node,) = network_of().services  # providers stand as north, south, east
    assert node.elsewhere_order == ((2, 1), (2, 0), (0, 1))
    for found, expected in zip(node.elsewhere_edges, (0.25, 1 / 7, 2 / 3), strict=True):
        assert found == pytest.approx((expected, 1.0))


# -- every arrival -----------------------------------------------------------------------------


@WITH_DIARIES
def test_those_handed_over_and_those_who_return_are_screened_too(make: Any) -> None:
    tree = read_yaml(SCREENING, "screening.yaml").tree
    first = tree["services"]["first"]
    tree["services"]["second"] = first | {"referrals": "0 a year"}
    tree["services"]["first"] = first | {"relapse": {"chance": "60%", "after": "2 weeks"}}
    del tree["services"]["first"]["screens"]
    tree["handovers"] = [{"from": "first", "to": "second", "share": "50%", "success": "100%"}]
    scenario = scenario_from(plain_yaml(tree))
    network = build_network(scenario, at_norm([0.0] * 3))
    reading = lived(make, network, (1.0, 1.0, 1.0), places=400).read()
    assert_nobody_vanishes(reading)
    counts = {name: numbers[0].sum(axis=0) for name, numbers in reading.counts.items()}
    assert not counts["turned_away"][0]
    assert counts["turned_away"][1] > 300
    # each hand-over counts at the first provider, and again at the second
    assert counts["referred"][1] == counts["handovers_made"][0] + counts["turned_away"][1]

    first = first | {"relapse": {"chance": "60%", "after": "2 weeks"}}
    tree["services"], tree["handovers"] = {"first": first}, []
    scenario = scenario_from(plain_yaml(tree))
    network = build_network(scenario, at_norm([0.0] * 3))
    caseload = lived(make, network, (1.0, 1.0, 1.0), places=400)
    reading = caseload.read()
    diary = diary_of(caseload, 0)
    back = {(who, visit) for _, what, _, who, visit, *_ in diary if what == "referred" and visit}
    gone = {(who, visit) for _, what, _, who, visit, *_ in diary if what == "turned_away" and visit}
    assert len(gone) > 100
    # whoever comes back has come back once, also where the second provider takes them
    assert reading.counts["returned"].sum() == len(back)
