"""Curves and measures against their plain definitions, and their bounds."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import ValidationError
from pydantic_core import PydanticCustomError

from simulator.contract.curve import Curve
from simulator.contract.expression import Interval, parse
from simulator.contract.statement import Array


def no_name(name: str) -> Array:
    raise AssertionError(name)


def no_bounds(name: str) -> Interval:
    raise AssertionError(name)


def between(low: float, high: float) -> Interval:
    return np.array([low]), np.array([high])


NUMBERS = st.floats(-1e6, 1e6, allow_nan=False)
RATES = st.floats(-2, 2, allow_nan=False)


@st.composite
def curves(draw: st.DrawFn) -> Curve:
    edges = sorted(set(draw(st.lists(NUMBERS, max_size=4))))
    bands = [{"up_to": edge, "rate": draw(RATES)} for edge in edges] + [{"rate": draw(RATES)}]
    limits = sorted(draw(st.lists(NUMBERS, min_size=2, max_size=2)))
    keys = {"at_least": limits[0], "at_most": limits[1]} if draw(st.booleans()) else {}
    return Curve.model_validate({"bands": bands, **keys})


def slowly(curve: Curve, x: float) -> float:
    """Walk from nought to x, band by band."""
    total = 0.0
    for low, high, rate in curve.edges:
        from_, to = min(0.0, x), max(0.0, x)
        width = max(0.0, min(to, high) - max(from_, low))
        total += math.copysign(width * rate, x * rate) if width and rate else 0.0
    if curve.at_least is not None and curve.at_most is not None:
        total = min(max(total, float(curve.at_least)), float(curve.at_most))
    return total


@given(curves(), NUMBERS)
def test_bands_are_integrated_from_nought(curve: Curve, x: float) -> None:
    assert float(curve.apply(np.array([x]), no_name)[0]) == pytest.approx(
        slowly(curve, x), abs=1e-3
    )


@given(curves(), NUMBERS, NUMBERS, st.floats(0, 1))
def test_no_value_lies_outside_the_bounds(curve: Curve, a: float, b: float, part: float) -> None:
    low, high = min(a, b), max(a, b)
    least, most = curve.value_bounds(between(low, high), False, no_bounds)
    value = float(curve.apply(np.array([low + part * (high - low)]), no_name)[0])
    assert least - 1e-3 <= value <= most + 1e-3


@given(
    st.lists(st.tuples(NUMBERS, NUMBERS), min_size=1, max_size=3),
    st.lists(st.tuples(RATES, RATES), min_size=4, max_size=4),
    NUMBERS,
    NUMBERS,
    st.lists(st.floats(0, 1), min_size=8, max_size=8),
)
def test_no_value_lies_outside_the_bounds_when_ends_and_rates_are_measures(
    ends: list[tuple[float, float]],
    rates: list[tuple[float, float]],
    a: float,
    b: float,
    parts: list[float],
) -> None:
    bands: list[dict[str, object]] = [
        {"up_to": f"end_{i}", "rate": f"rate_{i}"} for i in range(len(ends))
    ]
    curve = Curve.model_validate({"bands": [*bands, {"rate": f"rate_{len(ends)}"}]})
    widths = {f"end_{i}": sorted(pair) for i, pair in enumerate(ends)}
    widths |= {f"rate_{i}": sorted(pair) for i, pair in enumerate(rates)}
    values = {
        name: np.asarray(low + part * (high - low))
        for part, (name, (low, high)) in zip(parts, widths.items(), strict=False)
    }
    drawn = [values[f"end_{i}"] for i in range(len(ends))]
    assume(all(x <= y for x, y in itertools.pairwise(drawn)))
    low, high = min(a, b), max(a, b)
    least, most = curve.value_bounds(between(low, high), False, lambda name: between(*widths[name]))
    value = float(curve.apply(np.array([low + parts[-1] * (high - low)]), values.__getitem__)[0])
    assert least - 1e-3 <= value <= most + 1e-3


def test_a_layer_between_measures_that_are_known_is_bounded_exactly() -> None:
    layer = [{"up_to": "a", "rate": 0}, {"up_to": "b", "rate": 0.25}, {"rate": 0}]
    known = {"a": between(20.0, 20.0), "b": between(60.0, 60.0)}
    found = Curve.model_validate({"bands": layer}).value_bounds(
        between(0, math.inf), False, known.__getitem__
    )
    assert found == between(0.0, 10.0)


SHAPES: list[dict[str, object]] = [
    {"bands": [{"up_to": 20, "rate": 1}, {"up_to": 60, "rate": -1}, {"rate": 0}]},
    {"bands": [{"up_to": "half", "rate": 1}, {"rate": "half"}]},
    {"points": [{"at": 20, "value": 1}, {"at": 30, "value": 9}, {"at": 60, "value": 4}]},
    {"steps": [{"below": 20, "value": 1}, {"below": 60, "value": "half"}, {"value": 2}]},
    {"dead_band": {"up_to": 40, "counts": "only beyond"}, "at_most": "half"},
]


@pytest.mark.parametrize("shape", SHAPES)
def test_bounds_of_providers_are_those_of_each_by_itself(shape: dict[str, object]) -> None:
    curve = Curve.model_validate(shape)
    lows, highs = np.array([0.0, 25.0, -math.inf]), np.array([10.0, 80.0, math.inf])
    halves = np.array([3.0, 4.0, 5.0])
    least, most = curve.value_bounds((lows, highs), True, lambda name: (halves, halves))
    for index, (low, high) in enumerate(zip(lows, highs, strict=True)):
        alone = halves[index : index + 1]
        found = curve.value_bounds(between(low, high), True, lambda name: (alone, alone))  # noqa: B023
        assert (least[index], most[index]) == found


def test_nothing_to_measure_counts_as_nought() -> None:
    assert float(Curve().apply(np.array([math.nan]), no_name)[0]) == 0.0


@pytest.mark.parametrize(
    "bands",
    [
        [{"up_to": 5, "rate": 1}],
        [{"rate": 1}, {"rate": 2}],
        [{"up_to": 5, "rate": 1}, {"up_to": 5, "rate": 2}, {"rate": 3}],
        [{"up_to": 5, "rate": "£1"}, {"rate": "50%"}],
    ],
)
def test_bands_that_make_no_curve_are_refused(bands: list[dict[str, object]]) -> None:
    with pytest.raises(ValidationError, match="found"):
        Curve.model_validate({"bands": bands})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a + b * 2", [7.0, 10.0]),
        ("(a + b) / a", [4.0, 3.0]),
        ("total(a) - b", [0.0, -1.0]),
        ("-min(a, 1.5)", [-1.0, -1.5]),
        ("max(a, b.x)", [9.0, 9.0]),
        ("3", [3.0, 3.0]),
    ],
)
def test_measures_are_arithmetic(text: str, expected: list[float]) -> None:
    values = {"a": np.array([1.0, 2.0]), "b": np.array([3.0, 4.0]), "b.x": np.array([9.0, 9.0])}
    found = np.broadcast_to(parse(text).evaluate(values.__getitem__), 2)
    assert expected == found.tolist()


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os')",
        "a ** 9",
        "a if b else c",
        "a.b.c",
        "'text'",
        "a[0]",
        "lambda: 1",
        "total(a, b)",
        "max(a)",
        "a and b",
        "a < b",
        "True",
        "1j",
        "1e999",
        "",
        "a +",
        "(" * 300,
        "a" * 500,
        "\x00",
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(PydanticCustomError):
        parse(text)


@given(NUMBERS, NUMBERS, st.floats(0, 1), st.floats(0, 1))
def test_bounds_of_measures_hold(a: float, b: float, p: float, q: float) -> None:
    boxes = {"x": (min(a, b), max(a, b)), "y": (1.0, 4.0)}
    point = {
        name: low + share * (high - low)
        for (name, (low, high)), share in zip(boxes.items(), (p, q), strict=True)
    }
    for text in ("x + y", "x - y", "x * y", "x / y", "min(x, y)", "max(x, -y)", "x * x - y"):
        low, high = parse(text).bounds(lambda name: between(*boxes[name]))
        value = float(parse(text).evaluate(lambda name: np.array([point[name]]))[0])
        assert low - 1e-3 <= value <= high + 1e-3
