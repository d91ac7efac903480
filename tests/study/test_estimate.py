"""Figures with their Monte Carlo error, for any statistic."""

from __future__ import annotations

import math

import numpy as np
import pytest

from simulator.study.estimate import GROUPS, Estimate, estimated, reach
from simulator.study.measures import _STATISTICS

MEAN = _STATISTICS["mean"][0]


def columns(seed: int, futures: int) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    return np.random.default_rng(seed).normal(100.0, 20.0, (1, futures))


def test_the_error_of_a_mean_is_the_usual_one_where_every_future_is_a_group() -> None:
    values = columns(1, GROUPS)
    classic = float(values.std(ddof=1)) / math.sqrt(GROUPS)
    assert estimated(values, MEAN).error == pytest.approx(classic)


@pytest.mark.parametrize("name", ["mean", "p05", "p50", "p80", "p95", "lowest5", "highest5"])
def test_errors_are_those_that_fresh_futures_show(name: str) -> None:
    """Over 200 studies; of percentiles far out the error is told a little too large."""
    statistic = _STATISTICS[name][0]
    found = [estimated(columns(seed, 400), statistic) for seed in range(200)]
    spread = float(np.std([each.value for each in found], ddof=1))
    told = math.sqrt(np.mean([(each.error or 0.0) ** 2 for each in found]))
    assert 0.8 < told / spread < 1.4


def test_a_ratio_is_of_sums_over_all_futures() -> None:
    both = np.array([[10.0, 0.0, 50.0], [1.0, 0.0, 2.0]])
    assert MEAN(both) == 20.0
    assert MEAN(np.zeros((2, 4))) == 0.0


def test_differences_are_paired() -> None:
    values = columns(2, 200)
    more = estimated(values + 3.0, MEAN) - estimated(values, MEAN)
    assert more.value == pytest.approx(3.0)
    assert more.error == pytest.approx(0.0, abs=1e-9)
    assert more.is_apart_from(0.0)
    assert not (estimated(values, MEAN) - estimated(values, MEAN)).is_apart_from(0.0)


def test_one_future_tells_no_error() -> None:
    one = estimated(np.array([[5.0]]), MEAN)
    assert one == Estimate(5.0, one.without)
    assert one.error is None
    assert not one.is_apart_from(0.0)


def test_more_claims_at_once_need_more_distance() -> None:
    assert reach(40) == pytest.approx(2.0227, abs=1e-4)  # Student's t, 39 degrees of freedom
    assert reach(40, 10) > reach(40)
    value = Estimate(2.5, estimated(columns(3, 200), MEAN).without)
    error = value.error
    assert error is not None
    near = Estimate(2.5 * error, value.without)
    assert near.is_apart_from(0.0)
    assert not near.is_apart_from(0.0, among=1_000)
