"""Curves: what a measure comes to. Bands, points or steps; a dead band before, limits after."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from functools import reduce
from typing import Literal

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, model_validator

from simulator._errors import SettlementError
from simulator._refuse import refuse
from simulator.contract.expression import Expression, Interval, product
from simulator.contract.parameter import (
    Bounds,
    Lookup,
    Parameter,
    is_in_money,
    parameter_bounds,
    value_of,
)
from simulator.contract.statement import Array
from simulator.quantities import Figure, is_a_year

__all__ = ["Band", "Curve", "DeadBand", "Frozen", "Point", "Step"]


class Frozen(BaseModel):
    """Base of everything that is read from YAML: unchangeable, no unknown keys."""

    model_config = ConfigDict(
        defer_build=True,
        frozen=True,
        extra="forbid",
        populate_by_name=True,
        use_attribute_docstrings=True,
    )


class Band(Frozen):
    """One marginal band: ``rate`` for each unit from the end of the band before to ``up_to``."""

    up_to: Parameter | None = None
    """Where the band ends, in units of the measure; left out in the last band."""
    rate: Parameter
    """Money or share for each unit of the measure inside the band."""


class DeadBand(Frozen):
    """A range around nought in which the measure does not count."""

    down_to: Parameter | None = None
    """Its lower end; none means that everything below nought counts."""
    up_to: Parameter | None = None
    """Its upper end; none means that everything above nought counts."""
    counts: Literal["from the first", "only beyond"]
    """What counts outside: all of it from the first unit (a cliff), or only what is beyond."""
    edge: Literal["counts", "does not count"] = "counts"
    """Whether a measure that stands exactly on an end is outside."""

    @model_validator(mode="after")
    def _around_nought(self) -> DeadBand:
        for key, sign in (("down_to", 1.0), ("up_to", -1.0)):
            end = getattr(self, key)
            if isinstance(end, Figure) and sign * end > 0:
                raise refuse(
                    f"found {key} {end.written}",
                    "a dead band lies around nought: 'down_to' is 0 or below, 'up_to' 0 or above",
                    "change the sign",
                    at=key,
                )
        if self.down_to is self.up_to is None:
            raise refuse("found a dead band without ends", "it has one or both", "add 'up_to'")
        return self

    def apply(self, x: Array, lookup: Lookup) -> Array:
        """Return what counts of ``x``."""
        low = np.minimum(0.0 if self.down_to is None else value_of(self.down_to, lookup), 0.0)
        high = np.maximum(0.0 if self.up_to is None else value_of(self.up_to, lookup), 0.0)
        if self.edge == "counts":
            below, above = (x <= low) & (x < 0), (x >= high) & (x > 0)
        else:
            below, above = x < low, x > high
        if self.counts == "only beyond":
            return np.where(below, x - low, 0.0) + np.where(above, x - high, 0.0)
        counted: Array = np.where(below | above, x, 0.0)
        return counted


class Point(Frozen):
    """A point of a sliding scale: between two points the value is on the straight line."""

    at: Parameter
    """The measure."""
    value: Parameter
    """What it comes to there; beyond the first and the last point the value stays."""


class Step(Frozen):
    """A step of a scale: the value from where the step before ends."""

    below: Parameter | None = None
    """Where the step ends; the end itself belongs to the next one. Left out in the last step."""
    value: Parameter
    """What the measure comes to on this step."""


class Curve(Frozen):
    """What a measure comes to: bands, points or steps, with a dead band before and limits after.

    With bands of rate ``r_j`` between ``lo_j`` and ``hi_j`` the value at ``x`` is
    ``sum_j r_j (clip(x, lo_j, hi_j) - clip(0, lo_j, hi_j))``. Below nought the same rates count
    downwards, so that the band "-10% to 0 at 50%" takes half of every pound of overspend. The value
    is then clipped to ``[at_least, at_most]``; where the two cross, ``at_most`` holds.
    """

    dead_band: DeadBand | None = None
    """What does not count of the measure."""
    bands: tuple[Band, ...] = ()
    """Ordered marginal bands; none means 1 for 1."""
    points: tuple[Point, ...] = ()
    """Points of a sliding scale, instead of bands."""
    steps: tuple[Step, ...] = ()
    """Steps of a scale, instead of bands."""
    at_least: Parameter | None = None
    """Floor of the value."""
    at_most: Parameter | None = None
    """Cap of the value."""

    @model_validator(mode="after")
    def _in_order(self) -> Curve:
        shapes = [key for key in ("bands", "points", "steps") if getattr(self, key)]
        if len(shapes) > 1:
            raise refuse(
                f"found '{shapes[0]}' beside '{shapes[1]}'",
                "a curve has bands, points or steps",
                "keep one, and give the other to a named measure",
                at=shapes[1],
                at_key=True,
            )
        check_ends([band.up_to for band in self.bands], "bands", "up_to")
        check_ends([step.below for step in self.steps], "steps", "below")
        _check_rising([point.at for point in self.points], "points", "at")
        if len(self.points) == 1:
            raise refuse(
                "found a single point", "a sliding scale has two or more", "add one", at="points"
            )
        for key in ("at_least", "at_most"):
            limit = getattr(self, key)
            if isinstance(limit, Figure) and is_a_year(limit):
                raise refuse(
                    f"found {limit.written}",
                    "a limit holds for each period that the term is assessed over",
                    "leave out 'a year'; with 'assessed: year' the limit is one of the year",
                    at=key,
                )
        low, high = self.at_least, self.at_most
        if isinstance(low, Figure) and isinstance(high, Figure) and low > high:
            raise refuse(
                f"found at_least {low.written} above at_most {high.written}",
                "the floor is not above the cap",
                "swap them",
            )
        rates = [band.rate for band in self.bands if band.rate]
        if len({is_in_money(rate) for rate in rates}) > 1:
            raise refuse(
                "found rates in money beside rates without a currency sign",
                "all rates of one curve are money, or none is",
                "write the currency sign before every rate",
            )
        return self

    @property
    def in_money(self) -> bool:
        """Whether its values are money (which the contract's uplift raises)."""
        return any(map(is_in_money, (*(band.rate for band in self.bands), *self._values())))

    @property
    def is_plain(self) -> bool:
        """Whether it leaves the measure as it is."""
        return not (self.bands or self.points or self.steps or self.is_limited)

    @property
    def is_limited(self) -> bool:
        """Whether it has a dead band, a floor or a cap."""
        return any(each is not None for each in (self.dead_band, self.at_least, self.at_most))

    def _values(self) -> Iterator[Figure | Expression]:
        yield from (point.value for point in self.points)
        yield from (step.value for step in self.steps)

    @property
    def edges(
        self,
    ) -> tuple[tuple[Figure | Expression, Figure | Expression, Figure | Expression], ...]:
        """Each band as (low, high, rate)."""
        highs = [_INFINITY if band.up_to is None else band.up_to for band in self.bands]
        lows = [_MINUS_INFINITY, *highs][: len(highs)]
        rates = [band.rate for band in self.bands]
        return tuple(zip(lows, highs, rates, strict=True))

    def parameters(self) -> Iterator[Figure | Expression]:
        """Return every number and every measure in the place of one."""
        dead = self.dead_band
        yield from (
            each
            for each in (
                *((dead.down_to, dead.up_to) if dead else ()),
                *(each for band in self.bands for each in (band.up_to, band.rate)),
                *(each for point in self.points for each in (point.at, point.value)),
                *(each for step in self.steps for each in (step.below, step.value)),
                self.at_least,
                self.at_most,
            )
            if each is not None
        )

    def expressions(self) -> Iterator[Expression]:
        """Return the measures that stand in the place of numbers."""
        return (each for each in self.parameters() if isinstance(each, Expression))

    def apply(self, x: Array, lookup: Lookup, price_level: float = 1.0) -> Array:
        """Return the value at ``x``; where ``x`` is NaN (0/0: nothing to measure) it is nought.

        Args:
            x: shape ``(..., providers)`` or ``(..., 1)``.
            lookup: gives the names that stand in the place of numbers.
            price_level: of the window; rates and values in money rise with it, and the limits
                written beside them. Measures in their place have risen themselves.

        Raises:
            SettlementError: ends that are measures do not rise.
        """
        level = self.level(price_level)
        value = self._clip(self._before_limits(x, lookup, level), lookup, level)
        return value if level == 1.0 else value * level

    def _before_limits(self, x: Array, lookup: Lookup, level: float) -> Array:
        nothing = np.isnan(x)
        if nothing.any():
            x = np.where(nothing, 0.0, x)
        return self.shape(self.count(x, lookup), lookup, level)

    def level(self, price_level: float) -> float:
        """Return what its value is multiplied by: the level of prices if its rates are money."""
        return price_level if price_level != 1.0 and self.in_money else 1.0

    def count(self, x: Array, lookup: Lookup) -> Array:
        """Return what the dead band leaves of ``x``."""
        return x if self.dead_band is None else self.dead_band.apply(x, lookup)

    def shape(self, x: Array, lookup: Lookup, level: float = 1.0) -> Array:
        """Return what bands, points or steps make of ``x``, before the limits."""
        if self.bands:
            ends = [value_of(band.up_to, lookup) for band in self.bands if band.up_to is not None]
            _refuse_falling(ends, self.bands)
            lows = [np.asarray(-np.inf), *ends]
            highs = [*ends, np.asarray(np.inf)]
            rates = [value_of(band.rate, lookup, level) for band in self.bands]
            return sum_bands(list(zip(lows, highs, rates, strict=True)), x)
        if self.points:
            return self._on_scale(x, lookup, level)
        if self.steps:
            ends = [value_of(step.below, lookup) for step in self.steps if step.below is not None]
            _refuse_falling(ends, self.steps)
            value = value_of(self.steps[-1].value, lookup, level) + np.zeros_like(x)
            for end, step in zip(reversed(ends), reversed(self.steps[:-1]), strict=True):
                value = np.where(x < end, value_of(step.value, lookup, level), value)
            return value
        return x

    def _on_scale(self, x: Array, lookup: Lookup, level: float = 1.0) -> Array:
        """Return the value on a sliding scale."""
        places = [value_of(point.at, lookup) for point in self.points]
        values = [value_of(point.value, lookup, level) for point in self.points]
        _refuse_falling(places, self.points)
        result = values[0] + np.zeros_like(x)
        pairs = zip(itertools.pairwise(places), itertools.pairwise(values), strict=True)
        for (left, right), (at_left, at_right) in pairs:
            part = np.clip((x - left) / np.where(right > left, right - left, 1.0), 0.0, 1.0)
            inside = at_left * (1.0 - part) + at_right * part
            result = np.where(x >= right, at_right, np.where(x > left, inside, result))
        return result

    def value_bounds(self, measured: Interval, or_nothing: bool, lookup: Bounds) -> Interval:
        """Return the least and greatest value.

        Args:
            measured: least and greatest argument.
            or_nothing: whether there may be nothing to measure (0/0), which counts as nought.
            lookup: gives the bounds of names that stand in the place of numbers.
        """
        low, high = measured
        if or_nothing or self.dead_band is not None:
            # what a dead band leaves lies between nought and the measure
            low, high = np.minimum(low, 0.0), np.maximum(high, 0.0)
        with np.errstate(invalid="ignore"):  # an end at infinity less itself, of an empty band
            shaped = self._shape_bounds(low, high, lookup)
        floor = parameter_bounds(self.at_least, lookup, -math.inf)
        cap = parameter_bounds(self.at_most, lookup, math.inf)
        least, most = (
            np.minimum(np.maximum(value, limit), largest)
            for value, limit, largest in zip(shaped, floor, cap, strict=True)
        )
        return least, most

    def _shape_bounds(self, low: Array, high: Array, lookup: Bounds) -> Interval:
        if self.steps:
            return self._step_bounds(low, high, lookup)
        if self.points:
            return self._scale_bounds(low, high, lookup)
        return self._band_bounds(low, high, lookup) if self.bands else (low, high)

    def _step_bounds(self, low: Array, high: Array, lookup: Bounds) -> Interval:
        """Return the bounds of the steps that a measure in a range can stand on."""
        ends = [parameter_bounds(step.below, lookup, math.inf) for step in self.steps]
        starts = [(np.array([-math.inf]), np.array([-math.inf])), *ends[:-1]]
        least, most = [], []
        for step, start, end in zip(self.steps, starts, ends, strict=True):
            value = parameter_bounds(step.value, lookup)
            is_last = step is self.steps[-1]
            reached = (start[0] <= high) & (is_last | (low < end[1]))
            least.append(np.where(reached, value[0], math.inf))
            most.append(np.where(reached, value[1], -math.inf))
        return reduce(np.minimum, least), reduce(np.maximum, most)

    def _scale_bounds(self, low: Array, high: Array, lookup: Bounds) -> Interval:
        """Return the bounds of a sliding scale, which is straight between its points."""
        if any(isinstance(x, Expression) for each in self.points for x in (each.at, each.value)):
            values = [parameter_bounds(point.value, lookup) for point in self.points]
            lows, highs = zip(*values, strict=True)
            return reduce(np.minimum, lows), reduce(np.maximum, highs)
        places = [np.asarray(float(point.at)) for point in self.points]  # type: ignore[arg-type]
        return _least_and_greatest(lambda x: self._on_scale(x, _no_name), low, high, places)

    def _band_bounds(self, low: Array, high: Array, lookup: Bounds) -> Interval:
        ends = [parameter_bounds(band.up_to, lookup, math.inf) for band in self.bands]
        rates = [parameter_bounds(band.rate, lookup) for band in self.bands]
        starts = [(np.array([-math.inf]), np.array([-math.inf])), *ends[:-1]]
        if all((least == most).all() for least, most in (*ends, *rates)):  # straight between kinks
            edges = [
                (start[0], end[0], rate[0])
                for start, end, rate in zip(starts, ends, rates, strict=True)
            ]
            kinks = [end for end, _ in ends]
            return _least_and_greatest(lambda x: sum_bands(edges, x), low, high, kinks)
        lows, highs = zip(*rates, strict=True)
        steepest = reduce(np.minimum, lows), reduce(np.maximum, highs)
        least, most = product(steepest, (low, high))
        parts = [
            product(rate, _inside(low, high, start[0], end[1]))
            for start, end, rate in zip(starts, ends, rates, strict=True)
        ]
        lows, highs = zip(*parts, strict=True)
        return np.maximum(least, sum(lows)), np.minimum(most, sum(highs))

    def beyond(
        self, x: Array, lookup: Lookup, price_level: float = 1.0
    ) -> tuple[npt.NDArray[np.bool_] | None, npt.NDArray[np.bool_] | None]:
        """Tell where its cap, and where its floor, takes something away; None where it has none.

        The arguments are those of :meth:`apply`.
        """
        level = self.level(price_level)
        value = self._before_limits(x, lookup, level)
        cap, floor = (
            None if each is None else value_of(each, lookup, level)
            for each in (self.at_most, self.at_least)
        )
        return None if cap is None else value > cap, None if floor is None else value < floor

    def _clip(self, value: Array, lookup: Lookup, level: float) -> Array:
        if self.at_least is not None:
            value = np.maximum(value, value_of(self.at_least, lookup, level))
        if self.at_most is not None:
            value = np.minimum(value, value_of(self.at_most, lookup, level))
        return value


_INFINITY, _MINUS_INFINITY = Figure(math.inf), Figure(-math.inf)


def _inside(low: Array, high: Array, start: Array, end: Array) -> Interval:
    """Return the least and greatest part that lies in a band of what is between 0 and a measure."""
    begin, stop = np.maximum(start, 0.0), np.minimum(end, 0.0)
    above = np.where(begin < high, np.maximum(np.minimum(high, end) - begin, 0.0), 0.0)
    below = np.where(stop > low, np.maximum(stop - np.maximum(low, start), 0.0), 0.0)
    return -below, above


def _least_and_greatest(
    curve: Callable[[Array], Array], low: Array, high: Array, turns: Sequence[Array]
) -> Interval:
    """Return the least and greatest value in a range of a curve that is straight between turns."""
    values = [curve(low), curve(high), *(curve(np.clip(turn, low, high)) for turn in turns)]
    return reduce(np.minimum, values), reduce(np.maximum, values)


def _no_name(name: str) -> Array:
    raise AssertionError(f"{name} in a curve of plain numbers")


def check_ends(ends: Sequence[Figure | Expression | None], what: str, key: str) -> None:
    """Refuse bands or steps that do not rise to an open end.

    Args:
        ends: where each ends.
        what: 'bands' or 'steps'.
        key: the key of the end.
    """
    one = what.removesuffix("s")
    if any(end is None for end in ends[:-1]) or (ends and ends[-1] is not None):
        raise refuse(
            f"found a {one} without an end before the last, or a last {one} with one",
            f"every {one} but the last has '{key}'; the last has none",
            f"add or remove '{key}'; a last {one} of rate 0 ends the payment"
            if what == "bands"
            else f"add or remove '{key}'",
            at=what,
        )
    _check_rising([end for end in ends if end is not None], what, key)


def _check_rising(ends: Sequence[Figure | Expression], what: str, key: str) -> None:
    """Refuse ends that do not rise; those that are measures are known only when settled."""
    written = [end for end in ends if isinstance(end, Figure)]
    if any(a >= b for a, b in itertools.pairwise(written)):
        word = {"up_to": "up to", "below": "below", "at": "at"}[key]
        raise refuse(
            f"found {what} {word} {', '.join(end.written for end in written)}",
            f"{what} stand in rising order",
            f"sort the {what} by '{key}'",
            at=what,
        )


def _refuse_falling(ends: Sequence[Array], of: Sequence[Band | Point | Step]) -> None:
    """Refuse ends that fall, which measures in the place of numbers can."""
    if any((b < a).any() for a, b in itertools.pairwise(ends)):
        what = type(of[0]).__name__.lower()
        raise SettlementError(
            f"the ends of a {what} that are measures do not rise in this period; limit them with "
            "max(...) so that each is at least the one before"
        )


def sum_bands(edges: Sequence[tuple[Array, Array, Array]], x: Array) -> Array:
    """Integrate marginal rates from 0 to ``x``; a band of rate 0 adds nothing, however wide."""
    shapes = [part.shape for edge in edges for part in edge if part.ndim]  # of measures
    total = np.zeros(np.broadcast_shapes(x.shape, *shapes)) if shapes else np.zeros_like(x)
    for low, high, rate in edges:
        if rate.any():
            inside = x
            if not (low.ndim == high.ndim == 0 and low == -np.inf and high == np.inf):
                inside = np.clip(x, low, high) - np.minimum(np.maximum(0.0, low), high)
            if low.ndim or high.ndim:  # a band from an end at infinity on holds nothing
                inside = np.where(np.isnan(inside), 0.0, inside)
            total = total + rate * (np.where(rate == 0, 0.0, inside) if rate.ndim else inside)
    return total
