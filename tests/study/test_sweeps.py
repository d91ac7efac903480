"""Tornadoes, grids and switching values: known answers, honest claims."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator._errors import UsageError
from simulator.scenario.ranges import (
    Range,
    axis,
    plain_number,
    ranges_in,
    value_at,
    vary,
    written_like,
)
from simulator.scenario.yaml_text import read_yaml
from simulator.study.estimate import Estimate
from simulator.study.grid import Grid, crossings, grid_points, grid_row
from simulator.study.points import Answer, Recipe, Refused, Settings
from simulator.study.switching import switching_values
from simulator.study.tornado import Tornado, tornado, tornado_points
from tests.conftest import FULL
from tests.study.worlds import LINEAR, NOISY, recipe


def answers_of(shared: Recipe, points: Sequence[Settings]) -> dict[Settings, Answer]:
    return {point: shared.answer(point) for point in points}


def tornado_of(text: str, replications: int, seed: int = 1) -> Tornado:
    shared = recipe(text, replications, seed)
    ranges = ranges_in(shared.document)
    return tornado(ranges, answers_of(shared, list(tornado_points(ranges))), 0)


# -- a known linear answer ---------------------------------------------------------------------


def test_a_tornado_of_a_linear_scenario_is_exact() -> None:
    found = tornado_of(LINEAR, 10)
    assert found.base.value == 5 * 30_000.0
    first, second, third = found.bars
    assert first.input.path == "contracts.plain.amount"
    assert (first.low, first.high) == (value(5 * 10_000.0), value(5 * 60_000.0))
    assert first.swing == value(5 * 50_000.0)
    assert second.input.path == "contracts.other.amount"
    assert (second.low, second.high) == (value(5 * 40_000.0), value(5 * 15_000.0))
    assert second.swing == value(5 * 25_000.0)
    assert [bar.ranks for bar in found.bars] == [(1, 1), (2, 2), None]
    assert third.swing == value(0.0)
    assert not third.is_clear
    assert (second.input.grade, second.input.source) == ("D", "us")


class value:  # noqa: N801
    """Equal to an estimate of this value without any error."""

    def __init__(self, expected: float) -> None:
        self.expected = expected

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Estimate)
            and other.value == pytest.approx(self.expected, abs=0.01)
            and other.error == pytest.approx(0.0, abs=0.01)
        )

    __hash__ = None  # type: ignore[assignment]


def test_a_grid_of_a_linear_scenario_is_exact() -> None:
    shared = recipe(LINEAR, 5)
    grid = Grid(
        axis("-x", "contracts.other.amount=£470,000 a year:£530,000 a year:£20,000 a year"),
        axis("-y", "contracts.plain.amount=£490,000 a year:£510,000 a year:£10,000 a year"),
    )
    assert grid.size == 12
    answers = answers_of(shared, list(grid_points(grid)))
    for text, points in grid.rows():
        row = grid_row(answers, points, 0)
        amount = float(text.replace("£", "").replace(",", "").replace(" a year", ""))
        expected = [5 * (amount - other) for other in (470e3, 490e3, 510e3, 530e3)]
        assert row == [value(each) for each in expected]
        (crossing,) = crossings(grid.across, row, 0.0)
        assert crossing.x == pytest.approx(amount)
        assert crossing.error == pytest.approx(0.0, abs=1e-6)
        assert not crossing.rises


def test_a_switching_value_of_a_linear_scenario_is_exact() -> None:
    shared = recipe(LINEAR, 5)
    ranges = [
        vary("--vary", "contracts.other.amount=£460,000 a year:£530,000 a year", shared.document),
        vary("--vary", "contracts.plain.amount", shared.document),
        vary("--vary", "contracts.other.mobilisation", shared.document),
    ]
    other, plain, neither = switches(shared, ranges, 100_000.0)
    assert other.at == pytest.approx(480_000.0, rel=2e-3)
    assert plain.at == pytest.approx(490_000.0, rel=2e-3)
    assert (other.rises, plain.rises) == (False, True)
    assert (neither.at, neither.problem) == (None, "")


def switches(
    shared: Recipe, ranges: Sequence[Range], bound: float, whole: Sequence[str] = ()
) -> list[object]:
    known: dict[Settings, Answer] = {}

    def ask(points: Sequence[Settings]) -> Mapping[Settings, Answer]:
        for point in points:
            known.setdefault(point, shared.answer(point))
        return known

    return list(switching_values(ranges, bound, ask, 0, whole))


def test_a_switching_value_is_where_the_measure_meets_its_bound() -> None:
    shared = recipe(NOISY, 30)
    ranges = [
        vary("--vary", "contracts.output.price=£400:£500", shared.document),
        vary("--vary", "services.support.caseload=20:50", shared.document),
    ]
    price, caseload = switches(shared, ranges, 0.0, ["services.support.caseload"])
    at = shared.answer((("contracts.output.price", written_like("£480", price.at)),))
    assert isinstance(at, tuple)
    assert abs(at[0].value) < 1_000.0
    assert 0 < price.error < 2.0
    assert caseload.at == int(caseload.at)
    below, above = (
        shared.answer((("services.support.caseload", str(int(caseload.at) - less)),))
        for less in (1, 0)
    )
    assert isinstance(below, tuple)
    assert isinstance(above, tuple)
    assert below[0].value <= 0 < above[0].value


def test_the_uncertainty_of_a_switching_value_is_how_it_moves_with_the_seed() -> None:
    found = []
    for seed in range(40 if FULL else 12):
        shared = recipe(NOISY, 20, seed)
        prices = [vary("--vary", "contracts.output.price=£400:£500", shared.document)]
        found += switches(shared, prices, 0.0)
    spread = float(np.std([switch.at for switch in found], ddof=1))
    told = float(np.sqrt(np.mean([switch.error**2 for switch in found])))
    assert 0.5 < told / spread < 2.0


@pytest.mark.parametrize("ends", ["84 days, 15 weeks", "12 weeks, 105 days", "12 weeks, 15 weeks"])
def test_units_of_a_range_do_not_matter(ends: str) -> None:
    text = NOISY.replace("[12 weeks, 14 weeks]", f"[{ends}]")
    shared = recipe(text, 10)
    (range_,) = [each for each in ranges_in(shared.document) if each.path.endswith("lasts")]
    assert range_.ends == pytest.approx((12.0, 15.0))
    ((found),) = switches(shared, [range_], 0.0)
    low, high = ends.split(", ")
    asked = vary("--vary", f"services.support.lasts={low}:{high}", shared.document)
    assert asked.ends == pytest.approx((12.0, 15.0))
    assert found.at == pytest.approx(14.25, abs=0.02)


def curve(function: Any, error: float = 0.0) -> Any:
    """Return an answerer of points for a known function of one number."""

    def ask(points: Sequence[Settings]) -> Mapping[Settings, Answer]:
        spread = noisy(0.0, 3).deviations * error
        return {
            point: (Estimate(function(plain_number(point[0][1])), spread, 99),) for point in points
        }

    return ask


def test_the_error_of_a_switching_value_uses_the_slope_there() -> None:
    each = Range("a", "0", "100", "1000")
    ask = curve(lambda x: ((x - 500) / 100) ** 3 + (x - 500) / 1000, error=1.0)
    (found,) = switching_values([each], 0.0, ask, 0)
    assert found.at == pytest.approx(500, abs=1)
    assert found.error == pytest.approx(1.0 / (0.5**2 / 100 + 1 / 1000), rel=0.05)


@pytest.mark.parametrize(
    ("function", "ends", "expected"),
    [
        (lambda x: x - 4_320.5, ("0", "20000"), 4_321.0),
        (lambda x: max(0.0, x - 5.0), ("1", "9"), 6.0),
        (lambda x: 5.0 - x, ("1", "9"), 6.0),
        (lambda x: x - 1.5, ("1", "2"), 2.0),
    ],
)
def test_of_whole_numbers_the_first_beyond_is_told(
    function: Any, ends: tuple[str, str], expected: float
) -> None:
    (found,) = switching_values([Range("a", ends[0], "1", ends[1])], 0.0, curve(function), 0, ["a"])
    assert (found.at, found.error) == (expected, None)


def test_an_end_too_close_to_the_bound_is_told() -> None:
    each = Range("a", "1", "2", "3")
    (near,) = switching_values([each], 0.0, curve(lambda x: 0.5 * x, error=1.0), 0)
    (far,) = switching_values([each], 0.0, curve(lambda x: 5.0 * x, error=1.0), 0)
    assert (near.at, near.is_close) == (None, True)
    assert (far.at, far.is_close) == (None, False)


# -- claims ------------------------------------------------------------------------------------


def test_an_order_that_is_claimed_holds_under_other_seeds() -> None:
    seeds = range(8 if FULL else 4)
    found = [tornado_of(NOISY, 120 if FULL else 40, seed) for seed in seeds]
    claims = 0
    for one in found:
        places = {bar.input.path: bar.ranks for bar in one.bars if bar.ranks}
        for other in found:
            swings = {bar.input.path: bar.swing.value for bar in other.bars if bar.swing}
            others = {bar.input.path: bar.ranks for bar in other.bars if bar.ranks}
            for a, (_, worst) in places.items():
                for b, (best, _) in places.items():
                    if worst < best:
                        claims += 1
                        assert swings[a] > swings[b], (a, b)
                        assert others[a][0] <= others[b][1]
    assert claims > 20
    # and what is not claimed is not empty: the futures are too few for some pairs
    assert any(bar.ranks and bar.ranks[0] < bar.ranks[1] for one in found for bar in one.bars)


def noisy(value: float, seed: int) -> Estimate:
    """Return an estimate whose error is 1, independent of others."""
    spread = np.random.default_rng(seed).normal(size=100)
    return Estimate(value + float(spread.sum()) / 10, spread / np.sqrt((spread**2).sum()), 99)


def three_points(seed: int, inputs: int) -> Tornado:
    """Return a tornado of inputs that have no effect, each point with noise of its own."""
    ranges = [Range(f"input_{place}", "1", "2", "3") for place in range(inputs)]
    points = list(tornado_points(ranges))
    answers: dict[Settings, Answer] = {
        point: (noisy(0.0, 1_000 * seed + place),) for place, point in enumerate(points)
    }
    return tornado(ranges, answers, 0)


@pytest.mark.parametrize("inputs", [1, 5])
def test_noise_is_called_clear_in_at_most_one_tornado_of_twenty(inputs: int) -> None:
    """Although the largest of three differences is looked at."""
    wrong = sum(any(bar.is_clear for bar in three_points(seed, inputs).bars) for seed in range(400))
    assert wrong <= 0.075 * 400


def test_a_rank_counts_the_inputs_that_are_not_clear() -> None:
    """A large swing that is not told from nought may still be larger than a small clear one."""
    ranges = [Range("big", "1", "2", "3"), Range("small", "1", "2", "3")]
    exact = Estimate(0.0, np.zeros(100), 99)
    wide = noisy(0.0, 1)
    big = Estimate(15.0, 7 * wide.deviations, 99)
    answers: dict[Settings, Answer] = {
        (): (exact,),
        (("big", "1"),): (exact,),
        (("big", "3"),): (big,),
        (("small", "1"),): (exact,),
        (("small", "3"),): (Estimate(1.0, np.zeros(100), 99),),
    }
    first, second = tornado(ranges, answers, 0).bars
    assert (first.input.path, first.is_clear, first.ranks) == ("big", False, None)
    assert (second.is_clear, second.ranks) == (True, (1, 2))


def test_a_swing_below_the_noise_is_not_called_clear() -> None:
    """The good outcome has no effect on money here; the length of stay has."""
    found = {bar.input.path: bar for bar in tornado_of(NOISY, 40).bars}
    assert not found["services.support.good_outcome"].is_clear
    assert found["services.support.lasts"].is_clear


def test_a_point_that_cannot_be_lived_is_told_and_the_others_are_not_lost() -> None:
    text = LINEAR.replace("range: [0 days, 30 days]", "range: [0 days, 9 years]")
    found = tornado_of(text, 5)
    bar = next(bar for bar in found.bars if bar.input.path.endswith("mobilisation"))
    assert isinstance(bar.high, Refused)
    assert "mobilisation" in bar.high.problem
    assert bar.swing == value(0.0)
    assert found.bars[0].swing == value(5 * 50_000.0)


# -- ranges and axes -----------------------------------------------------------------------------


def test_ranges_are_found_wherever_they_stand() -> None:
    document = read_yaml(
        "a: {value: 5, range: [1, 9]}\nb:\n  - {c: {value: 10%, range: [5%, 0.2], evidence: B}}\n"
        "d: {value: 9, unit: weeks, range: [7, 12.5], source: x}\ne: {value: 1}\n",
        "x.yaml",
    )
    assert ranges_in(document) == [
        Range("a", "1", "5", "9"),
        Range("b.0.c", "5%", "10%", "20%", "B"),
        Range("d", "7", "9", "12.5", "", "x"),
    ]
    assert [value_at(document, path) for path in ("a", "b.0.c", "e", "b", "b.1", "z")] == [
        "5",
        "10%",
        "1",
        None,
        None,
        None,
    ]


@given(
    st.sampled_from(["£480", "£42,000 a year", "45%", "2% a week", "13 weeks", "25 an hour", "7"]),
    st.floats(-1e6, 1e6),
)
def test_a_number_written_like_another_is_read_like_it(sample: str, number: float) -> None:
    from simulator._kinds import take_apart

    written = written_like(sample, number)
    ours, theirs = take_apart(written), take_apart(sample)
    assert ours is not None
    assert theirs is not None
    assert ours.value == pytest.approx(number, rel=1e-10, abs=1e-13)
    assert (ours.currency, ours.percent, ours.unit, ours.per) == (
        theirs.currency,
        theirs.percent,
        theirs.unit,
        theirs.per,
    )


def test_an_axis_has_its_end_where_the_steps_meet_it() -> None:
    assert axis("-x", "a.b=0%:10%:2.5%").texts == ("0%", "2.5%", "5%", "7.5%", "10%")
    assert axis("-x", "a.b=1:2:0.3").texts == ("1", "1.3", "1.6", "1.9")
    assert axis("-x", "a=0.1:0.3:0.1").texts == ("0.1", "0.2", "0.3")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a.b", "found no 'path=low:high:step'"),
        ("a.b=1:2", "found no 'path=low:high:step'"),
        ("a.b=1:two:1", "'two' is no number"),
        ("a.b=1:2%:1", "not in the same units"),
        ("a.b=2:1:1", "the step is above 0"),
        ("a.b=1:2:0", "the step is above 0"),
        ("a.b=1:1.0000000000003:0.0000000000001", "too small to tell its values apart"),
        ("a.b=0:100:0.01", "found 10,000 steps; 1,000 are allowed"),
    ],
)
def test_an_axis_that_cannot_be_read_is_refused(text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        axis("-x", text)
