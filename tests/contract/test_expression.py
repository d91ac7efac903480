"""Measures: what they come to, between which bounds, and which are refused."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic_core import PydanticCustomError

from simulator.contract.expression import parse
from simulator.contract.statement import Array

VALUES = {
    "saved": np.array([[3.0], [2.0], [-1.0]]),
    "spent": np.array([[1.0, 2.0], [0.0, 4.0], [5.0, 5.0]]),
    "threshold": np.array([2.0]),
}


def value(text: str) -> list[list[float]]:
    found: list[list[float]] = parse(text).evaluate(VALUES.__getitem__).tolist()
    return found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("saved if saved >= threshold else 0", [[3.0], [2.0], [0.0]]),
        ("saved if saved > threshold else 0", [[3.0], [0.0], [0.0]]),
        ("saved if saved < threshold else 0", [[0.0], [0.0], [-1.0]]),
        ("saved if saved <= threshold else 0", [[0.0], [2.0], [-1.0]]),
        ("saved - threshold if saved > threshold else 0", [[1.0], [0.0], [0.0]]),
        ("saved if spent > 1 else -spent", [[-1.0, 3.0], [0.0, 2.0], [-1.0, -1.0]]),
        # 0/0 is neither above nor below anything
        ("1 if (saved - saved) / (saved - saved) >= 0 else 2", [[2.0], [2.0], [2.0]]),
        ("1 if saved >= 3 else 2 if saved >= 2 else 3", [[1.0], [2.0], [3.0]]),
        ("min(saved, 2.5, threshold)", [[2.0], [2.0], [-1.0]]),
        ("max(saved, 1, spent)", [[3.0, 3.0], [2.0, 4.0], [5.0, 5.0]]),
    ],
)
def test_a_measure_decides_between_two_values(text: str, expected: list[list[float]]) -> None:
    assert value(text) == expected


def test_a_decision_is_for_each_provider_where_any_part_of_it_is() -> None:
    pooled = {"saved": True, "threshold": True, "spent": False}
    assert parse("saved if saved >= threshold else 0").is_pooled(pooled)
    assert not parse("saved if spent >= threshold else 0").is_pooled(pooled)
    assert not parse("spent if saved >= threshold else 0").is_pooled(pooled)
    assert parse("a if b > c.d else e").names() == {"a", "b", "c.d", "e"}
    assert not parse("saved if saved >= 0 else 0").is_linear(lambda name: True)
    assert parse("1 if 1 / saved > 0 else 0").divides


FORMULAS = st.recursive(
    st.sampled_from(["x", "y", "2", "0.5", "-x"]),
    lambda inner: st.one_of(
        st.tuples(inner, inner).map(lambda ab: f"({ab[0]} + {ab[1]})"),
        st.tuples(inner, inner).map(lambda ab: f"({ab[0]} * {ab[1]})"),
        st.tuples(inner, inner, inner).map(lambda abc: f"max({', '.join(abc)})"),
        st.tuples(inner, inner).map(lambda ab: f"min({ab[0]}, {ab[1]})"),
        st.tuples(inner, inner, inner).map(lambda abc: f"({abc[0]} if {abc[1]} > {abc[2]} else y)"),
    ),
    max_leaves=8,
)


@given(FORMULAS, st.floats(-3, 5), st.floats(0, 2))
def test_no_value_is_outside_its_bounds(text: str, x: float, y: float) -> None:
    expression = parse(text, longest=10_000)
    known = {"x": np.array([x]), "y": np.array([y])}
    ends = {"x": np.array([[-3.0], [5.0]]), "y": np.array([[0.0], [2.0]])}
    low, high = expression.bounds(lambda name: (ends[name][0], ends[name][1]))
    found: Array = expression.evaluate(known.__getitem__)
    assert low[0] - 1e-9 * abs(low[0]) <= found[0] <= high[0] + 1e-9 * abs(high[0])
    assert not math.isnan(low[0])


def test_bounds_are_of_each_provider() -> None:
    ends = {
        "paid": (np.array([1.0, 2.0]), np.array([3.0, 9.0])),
        "most": (np.array([4.0]), np.array([4.0])),
        "only.south": (np.array([0.0, 1.0]), np.array([0.0, 1.0])),
    }
    for text, low, high in (
        ("min(paid, most)", [1, 2], [3, 4]),
        ("total(paid)", [3], [12]),
        ("total(most)", [4], [4]),
        ("only(south, paid) - most", [-2], [5]),
        ("-paid / most", [-0.75, -2.25], [-0.25, -0.5]),
        ("most / (paid - 2)", [-math.inf, 4 / 7], [math.inf, math.inf]),
    ):
        found = parse(text).bounds(ends.__getitem__)
        assert [each.tolist() for each in found] == [low, high], text


@pytest.mark.parametrize(
    "text",
    [
        "a if b else c",
        "a if b == c else d",
        "a if b < c < d else e",
        "a if not b > c else d",
        "a if b > c and d > e else f",
        "min(a)",
        "max()",
        "a > b",
        "a if b > f(c) else d",
        "a if b > c else 'x'",
    ],
)
def test_other_decisions_are_refused(text: str) -> None:
    with pytest.raises(PydanticCustomError) as refused:
        parse(text)
    context = refused.value.context
    assert context is not None
    assert "'a if x >= y else b'" in context["allowed"]
