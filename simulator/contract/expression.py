"""Measures: arithmetic over the columns of a statement, written as people write it.

``good_outcomes / completed``, ``(target - total(cost)) / target``, ``completed.support``. Names
are columns of the statement, amounts and measures that the contract defines, ``years`` (length of
the period) and ``payments`` (what the earlier terms of the same contract pay each provider).
``total(x)`` adds up over providers; ``column.service`` counts one service only. A rule that holds
only beyond a threshold is ``saved if saved >= 0.02 * benchmark else 0``. ``before(x)`` is what the
measure x came to in the window before, and ``payments.share`` what the term of that key pays.
``only(north, x)`` is x of one provider: one number for all.
"""

from __future__ import annotations

import ast
import operator
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache, reduce
from typing import Annotated, Any

import numpy as np
from pydantic import PlainSerializer, PlainValidator, WithJsonSchema

from simulator._kinds import plain
from simulator._refuse import refuse
from simulator.contract.statement import Array

__all__ = ["Expression", "Interval", "Measure", "parse", "product"]

Interval = tuple[Array, Array]
"""The least and the greatest value, each of shape ``(providers,)``, or ``(1,)`` for one for all."""

_LONGEST = 400  # characters; a longer measure belongs into named parts
_DEEPEST = 40  # levels of brackets and operators; no measure a person reads has more
_LARGEST = 1e9  # as for every quantity
_OPERATORS: dict[type[ast.AST], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
_COMPARISONS: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
_ALLOWED = (
    "a measure is made of column names, numbers, + - * /, brackets, min(a, b), max(a, b), "
    "total(x), only(provider, x), before(x) and 'a if x >= y else b'"
)


@dataclass(frozen=True)
class Expression:
    """An expression that has been read and found to hold nothing but arithmetic.

    ``text`` is the tree written out.
    """

    text: str
    tree: ast.expr

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Expression) and ast.dump(self.tree) == ast.dump(other.tree)

    def __hash__(self) -> int:
        return hash(ast.dump(self.tree))

    def __str__(self) -> str:
        return self.text

    def names(self) -> frozenset[str]:
        """Return every name the expression uses, ``column.service`` as written."""
        return frozenset(_names(self.tree))

    def evaluate(self, lookup: Callable[[str], Array]) -> Array:
        """Return the value, shape ``(..., providers)`` or ``(..., 1)`` where it is one for all.

        Args:
            lookup: gives the array of a name. Division by nought follows IEEE 754: 0/0 is NaN.
        """
        with np.errstate(divide="ignore", invalid="ignore"):
            return _function(self.text)(lookup)

    def bounds(self, lookup: Callable[[str], Interval]) -> Interval:
        """Return the least and the greatest value, given those of each name (interval rules).

        Args:
            lookup: gives the least and the greatest value of a name; of ``only.party`` 1 for that
                provider and 0 for the others.
        """
        with np.errstate(divide="ignore", invalid="ignore"):
            low, high = _bounds(self.tree, lookup)
        unknown = np.isnan(low) | np.isnan(high)
        return np.where(unknown, -np.inf, low), np.where(unknown, np.inf, high)

    @property
    def divides(self) -> bool:
        """Whether it holds a division, and so may come to 0/0."""
        return any(isinstance(node, ast.Div) for node in ast.walk(self.tree))

    def is_linear(self, linear: Callable[[str], bool]) -> bool:
        """Tell whether its values for the parts of a period add up to that for the whole.

        Args:
            linear: tells so for a name.
        """
        return _is_linear(self.tree, linear)

    def is_pooled(self, pooled: Mapping[str, bool]) -> bool:
        """Tell whether the value is one for all providers.

        Args:
            pooled: for the names that are not columns, whether each is one for all.
        """
        return _is_pooled(self.tree, pooled)


def _as_written(expression: Expression) -> str:
    return expression.text


def parse(text: str, longest: int = _LONGEST) -> Expression:
    """Read an expression of at most ``longest`` characters.

    Raises:
        PydanticCustomError: naming the part that is not arithmetic over names.
    """
    if len(text) > longest:
        raise _refuse(f"found a measure of {len(text)} characters", "split it into named measures")
    if "#" in text or not text.isascii() or not text.isprintable():
        raise _refuse(f"found {plain(text)}, which holds more than a measure")
    try:
        tree = _read(text.strip())
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        found = f"found {plain(text)}, which does not read as a measure"
        if text.count("(") > text.count(")"):  # inside braces a comma ends the value
            raise _refuse(found, "put a measure that holds a comma in quotes") from None
        raise _refuse(found) from None
    _check(tree, text)
    return Expression(ast.unparse(tree), tree)


def _refuse(found: str, mend: str = "write for example 'good_outcomes / completed'") -> Exception:
    return refuse(found, _ALLOWED, mend)


def _check(node: ast.expr, text: str, depth: int = 0) -> None:
    if depth > _DEEPEST:
        raise _refuse(f"found {plain(text)}, which is nested too deeply")
    depth += 1
    match node:
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
            _check(left, text, depth)
            _check(right, text, depth)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            _check(operand, text, depth)
        case ast.Constant(value=value) if isinstance(value, int | float) and value is not True:
            if isinstance(value, bool) or not abs(value) < _LARGEST:
                raise _refuse(f"found {plain(text)}, in which a number is too large")
        case ast.Name():
            pass
        case ast.Attribute(value=ast.Name()):
            pass
        case ast.Call(func=ast.Name(id="total"), args=[inner], keywords=[]):
            _check(inner, text, depth)
        case ast.Call(func=ast.Name(id="only"), args=[ast.Name(), inner], keywords=[]):
            _check(inner, text, depth)
        case ast.Call(func=ast.Name(id="before"), args=[ast.Name()], keywords=[]):
            pass
        case ast.Call(func=ast.Name(id="min" | "max"), args=[_, _, *_] as args, keywords=[]):
            for inner in args:
                _check(inner, text, depth)
        case ast.IfExp(test=ast.Compare(ops=[op])) if type(op) in _COMPARISONS:
            for inner in _parts(node):
                _check(inner, text, depth)
        case _:
            part = ast.get_source_segment(text.strip(), node) or text
            raise _refuse(f"found '{part}' in the measure {plain(text)}")


def _parts(node: ast.IfExp) -> tuple[ast.expr, ast.expr, ast.expr, ast.expr]:
    """Return what is compared, with what, and the two values it decides between."""
    assert isinstance(node.test, ast.Compare)
    return node.test.left, node.test.comparators[0], node.body, node.orelse


def _names(node: ast.expr) -> Iterator[str]:
    match node:
        case ast.Name(id=name):
            yield name
        case ast.Attribute(value=ast.Name(id=column), attr=service):
            yield f"{column}.{service}"
        case ast.Call(func=ast.Name(id="before"), args=[ast.Name(id=name)]):
            yield f"before.{name}"
        case ast.Call(func=ast.Name(id="only"), args=[ast.Name(id=party), inner]):
            yield f"only.{party}"
            yield from _names(inner)
        case ast.BinOp(left=left, right=right):
            yield from _names(left)
            yield from _names(right)
        case ast.UnaryOp(operand=operand):
            yield from _names(operand)
        case ast.Call(args=args):
            for inner in args:
                yield from _names(inner)
        case ast.IfExp():
            for inner in _parts(node):
                yield from _names(inner)


Lookup = Callable[[str], Array]


@lru_cache(maxsize=4096)
def _read(text: str) -> ast.expr:
    """Return the tree of a text, the same one each time: nobody changes it.

    Raises:
        SyntaxError, ValueError, RecursionError, MemoryError: it does not read as an expression.
    """
    with warnings.catch_warnings(action="ignore"):  # "1if": what it means is judged elsewhere
        return ast.parse(text, mode="eval").body


@lru_cache(maxsize=4096)
def _function(text: str) -> Callable[[Lookup], Array]:
    """Return what works an expression out: its tree is walked once, however often it is asked."""
    return _made(_read(text))


def _made(node: ast.expr) -> Callable[[Lookup], Array]:
    match node:
        case ast.BinOp(left=left, op=op, right=right):
            a, b, combine = _made(left), _made(right), _OPERATORS[type(op)]
            return lambda lookup: combine(a(lookup), b(lookup))
        case ast.UnaryOp(operand=operand):
            positive = _made(operand)
            return lambda lookup: -positive(lookup)
        case ast.Constant(value=number):
            constant = np.array([float(number)])  # type: ignore[arg-type]  # _check let numbers only
            constant.flags.writeable = False
            return lambda lookup: constant
        case ast.Call(func=ast.Name(id="total"), args=[inner]):
            parts = _made(inner)
            return lambda lookup: parts(lookup).sum(axis=-1, keepdims=True)
        case ast.Call(func=ast.Name(id="only"), args=[ast.Name(id=party), inner]):
            return _made_only(f"only.{party}", _made(inner))
        case ast.Call(func=ast.Name(id="min" | "max" as name), args=args):
            pick = np.minimum if name == "min" else np.maximum
            each = [_made(inner) for inner in args]
            return lambda lookup: reduce(pick, (one(lookup) for one in each))
        case ast.IfExp(test=ast.Compare(ops=[comparison])):
            return _made_choice(_COMPARISONS[type(comparison)], *map(_made, _parts(node)))
    asked = next(_names(node))
    return lambda lookup: lookup(asked)


def _made_only(name: str, inner: Callable[[Lookup], Array]) -> Callable[[Lookup], Array]:
    def one(lookup: Lookup) -> Array:
        chosen: Array = np.where(lookup(name) > 0, inner(lookup), 0.0)
        total: Array = chosen.sum(axis=-1, keepdims=True)
        return total

    return one


def _made_choice(
    compare: Callable[[Any, Any], Any],
    one: Callable[[Lookup], Array],
    other: Callable[[Lookup], Array],
    then: Callable[[Lookup], Array],
    otherwise: Callable[[Lookup], Array],
) -> Callable[[Lookup], Array]:
    def choice(lookup: Lookup) -> Array:
        holds = compare(one(lookup), other(lookup))  # not where one of them is 0/0
        return np.where(holds, then(lookup), otherwise(lookup))

    return choice


def _is_linear(node: ast.expr, linear: Callable[[str], bool]) -> bool:
    match node:
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub(), right=right):
            return _is_linear(left, linear) and _is_linear(right, linear)
        case ast.BinOp(left=inner, op=ast.Mult() | ast.Div(), right=ast.Constant()):
            return _is_linear(inner, linear)
        case ast.BinOp(left=ast.Constant(), op=ast.Mult(), right=inner):
            return _is_linear(inner, linear)
        case ast.UnaryOp(operand=inner) | ast.Call(func=ast.Name(id="total"), args=[inner]):
            return _is_linear(inner, linear)
        case ast.Call(func=ast.Name(id="only"), args=[_, inner]):
            return _is_linear(inner, linear)
        case ast.Name() | ast.Attribute():
            return linear(next(_names(node)))
    return False


def _is_pooled(node: ast.expr, pooled: Mapping[str, bool]) -> bool:
    match node:
        case ast.Call(func=ast.Name(id="total" | "only")) | ast.Constant():
            return True
        case ast.Name() | ast.Attribute() | ast.Call(func=ast.Name(id="before")):
            return pooled.get(next(_names(node)), False)
        case ast.BinOp(left=left, right=right):
            return _is_pooled(left, pooled) and _is_pooled(right, pooled)
        case ast.UnaryOp(operand=operand):
            return _is_pooled(operand, pooled)
        case ast.Call(args=args):
            return all(_is_pooled(inner, pooled) for inner in args)
        case ast.IfExp():
            return all(_is_pooled(inner, pooled) for inner in _parts(node))
    return False


def _bounds(node: ast.expr, lookup: Callable[[str], Interval]) -> Interval:
    match node:
        case ast.BinOp(left=left, op=op, right=right):
            a, b = _bounds(left, lookup), _bounds(right, lookup)
            if isinstance(op, ast.Add):
                return a[0] + b[0], a[1] + b[1]
            if isinstance(op, ast.Sub):
                return a[0] - b[1], a[1] - b[0]
            if isinstance(op, ast.Div):
                around = (b[0] < 0) & (b[1] > 0)
                b = (
                    np.where(around | (b[1] == 0), -np.inf, 1 / b[1]),
                    np.where(around | (b[0] == 0), np.inf, 1 / b[0]),
                )
            return product(a, b)
        case ast.UnaryOp(operand=operand):
            low, high = _bounds(operand, lookup)
            return -high, -low
        case ast.Constant(value=number):
            return np.array([float(number)]), np.array([float(number)])  # type: ignore[arg-type]
        case ast.Call(func=ast.Name(id="total"), args=[inner]):
            low, high = _bounds(inner, lookup)
            return low.sum(keepdims=True), high.sum(keepdims=True)
        case ast.Call(func=ast.Name(id="only"), args=[ast.Name(id=party), inner]):
            chosen = lookup(f"only.{party}")[0] > 0
            low, high = (np.where(chosen, end, 0.0) for end in _bounds(inner, lookup))
            return low.sum(keepdims=True), high.sum(keepdims=True)
        case ast.Call(func=ast.Name(id="min" | "max" as name), args=args):
            pick = np.minimum if name == "min" else np.maximum
            lows, highs = zip(*(_bounds(inner, lookup) for inner in args), strict=True)
            return reduce(pick, lows), reduce(pick, highs)
        case ast.IfExp(body=then, orelse=other):
            a, b = _bounds(then, lookup), _bounds(other, lookup)
            return np.minimum(a[0], b[0]), np.maximum(a[1], b[1])
    return lookup(next(_names(node)))


def product(a: Interval, b: Interval) -> Interval:
    """Return the bounds of a product; nought times anything is nought, however large."""
    with np.errstate(invalid="ignore"):
        corners = [np.where((x == 0) | (y == 0), 0.0, x * y) for x in a for y in b]
    return reduce(np.minimum, corners), reduce(np.maximum, corners)


def _validate(found: object) -> Expression:
    if isinstance(found, Expression):
        return found
    if isinstance(found, int | float) and not isinstance(found, bool):
        found = str(found)
    if not isinstance(found, str):
        raise _refuse("found something that is not a measure")
    return parse(found)


Measure = Annotated[
    Expression,
    PlainValidator(_validate),
    PlainSerializer(_as_written, return_type=str),
    WithJsonSchema(
        {"type": ["string", "number"], "description": _ALLOWED, "examples": ["wait_days / started"]}
    ),
]
"""A field that holds an :class:`Expression`."""
