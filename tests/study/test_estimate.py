"""Figures with their Monte Carlo error, for any statistic."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from simulator.study.estimate import estimated, reach
from simulator.study.measures import _STATISTICS
from tests.conftest import FULL

MEAN = _STATISTICS["mean"]
STUDIES = 400 if FULL else 200


def columns(seed: int, futures: int) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    return np.random.default_rng(seed).normal(100.0, 20.0, (1, futures))


@pytest.mark.parametrize("futures", [2, 40, 400])
def test_the_error_of_a_mean_is_the_usual_one(futures: int) -> None:
    values = columns(1, futures)
    classic = float(values.std(ddof=1)) / math.sqrt(futures)
    assert estimated(values, MEAN).error == pytest.approx(classic)


@pytest.mark.parametrize("name", ["mean", "p05", "p50", "p80", "p95", "lowest5", "highest5"])
def test_claims_hold_as_often_as_they_say(name: str) -> None:
    """Of many studies about one in twenty claims a difference that is not there."""
    statistic = _STATISTICS[name]
    truth = statistic.of(columns(9, 400_000))
    found = [estimated(columns(seed, 400), statistic) for seed in range(STUDIES)]
    wrong = np.mean([each.is_apart_from(truth) for each in found])
    assert 0.01 < wrong < 0.11
    if name in ("mean", "p50", "p80"):  # further out the bootstrap is a little short of the rest
        assert np.mean([each.is_apart_from(truth, among=35) for each in found]) <= 0.0125


@pytest.mark.parametrize(
    ("name", "fewest"), [("p50", 20), ("p80", 50), ("p95", 200), ("p05", 200), ("lowest5", 200)]
)
def test_nothing_is_claimed_of_percentiles_of_few_futures(name: str, fewest: int) -> None:
    for futures, claims in ((fewest - 1, False), (fewest, True)):
        found = estimated(columns(4, futures), _STATISTICS[name])
        assert found.can_claim is claims
        assert found.is_apart_from(-1e9) is claims
        assert found.error is not None


def test_what_has_not_occurred_in_few_futures_may_still_occur() -> None:
    """Of 200 futures without an event one may say that its chance is below about 2%, not less."""
    chance = _STATISTICS["chance"]
    never, always = (estimated(np.full((1, 200), sign), chance) for sign in (-1.0, 1.0))
    assert (never.value, always.value) == (0.0, 1.0)
    assert not never.is_apart_from(0.015)
    assert never.is_apart_from(0.03)
    assert not never.is_apart_from(0.03, among=50)
    assert not always.is_apart_from(0.985)
    assert not estimated(np.full((1, 2), -1.0), chance).is_apart_from(0.2)
    assert not (never - never).is_apart_from(0.0)


def test_a_ratio_is_of_sums_over_all_futures() -> None:
    both = np.array([[10.0, 0.0, 50.0], [1.0, 0.0, 2.0]])
    assert MEAN.of(both) == 20.0
    assert MEAN.of(np.zeros((2, 4))) == 0.0


def test_differences_are_paired() -> None:
    values = columns(2, 200)
    more = estimated(values + 3.0, MEAN) - estimated(values, MEAN)
    assert more.value == pytest.approx(3.0)
    assert more.error == pytest.approx(0.0, abs=1e-9)
    assert more.is_apart_from(0.0)
    assert not (estimated(values, MEAN) - estimated(values, MEAN)).is_apart_from(0.0)


def test_one_future_tells_no_error() -> None:
    one = estimated(np.array([[5.0]]), MEAN)
    assert (one.value, one.error) == (5.0, None)
    assert not one.is_apart_from(0.0)


def test_more_claims_at_once_need_more_distance() -> None:
    assert reach(39) == pytest.approx(2.0227, abs=1e-4)  # Student's t, 39 degrees of freedom
    assert reach(39, 10) > reach(39)
    found = estimated(columns(3, 200), MEAN)
    error = found.error
    assert error is not None
    near = replace(found, value=2.5 * error)
    assert near.is_apart_from(0.0)
    assert not near.is_apart_from(0.0, among=1_000)
