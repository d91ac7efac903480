"""Curves: ordered marginal bands with a floor and a cap, the shape every price and share has."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import numpy as np
from pydantic import BaseModel, ConfigDict, model_validator

from simulator._refuse import refuse
from simulator.contract.statement import Array
from simulator.quantities import AnyAmount, Figure, is_a_year, is_money

__all__ = ["Band", "Curve", "Frozen"]


class Frozen(BaseModel):
    """Base of everything that is read from YAML: unchangeable, no unknown keys."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", populate_by_name=True, use_attribute_docstrings=True
    )


class Band(Frozen):
    """One marginal band: ``rate`` for each unit from the end of the band before to ``up_to``."""

    up_to: AnyAmount | None = None
    """Where the band ends, in units of the measure; left out in the last band."""
    rate: AnyAmount
    """Money or share for each unit of the measure inside the band."""


class Curve(Frozen):
    """A curve through nought: bands integrated from 0, then a floor and a cap.

    With bands of rate ``r_j`` between ``lo_j`` and ``hi_j`` the value at ``x`` is
    ``sum_j r_j (clip(x, lo_j, hi_j) - clip(0, lo_j, hi_j))``, then clipped to
    ``[at_least, at_most]``. Below nought the same rates count downwards, so that the band
    "-10% to 0 at 50%" takes half of every pound of overspend.
    """

    bands: tuple[Band, ...] = ()
    """Ordered marginal bands; none means 1 for 1."""
    at_least: AnyAmount | None = None
    """Floor of the value."""
    at_most: AnyAmount | None = None
    """Cap of the value."""

    @model_validator(mode="after")
    def _in_order(self) -> Curve:
        check_bands([band.up_to for band in self.bands])
        for key in ("at_least", "at_most"):
            limit = getattr(self, key)
            if limit is not None and is_a_year(limit):
                raise refuse(
                    f"found {limit.written}",
                    "a limit holds for each period that the term is assessed over",
                    "leave out 'a year'; with 'assessed: year' the limit is one of the year",
                    at=key,
                )
        if self.at_least is not None and self.at_most is not None and self.at_least > self.at_most:
            raise refuse(
                f"found at_least {self.at_least.written} above at_most {self.at_most.written}",
                "the floor is not above the cap",
                "swap them",
            )
        if len({is_money(band.rate) for band in self.bands if band.rate}) > 1:
            raise refuse(
                "found rates in money beside rates without a currency sign",
                "all rates of one curve are money, or none is",
                "write the currency sign before every rate",
            )
        return self

    @property
    def in_money(self) -> bool:
        """Whether the rates are money (which the contract's uplift raises)."""
        return any(is_money(band.rate) for band in self.bands)

    @property
    def edges(self) -> tuple[tuple[float, float, Figure], ...]:
        """Each band as (low, high, rate)."""
        highs = [math.inf if band.up_to is None else float(band.up_to) for band in self.bands]
        lows = [-math.inf, *highs][: len(highs)]
        rates = [band.rate for band in self.bands]
        return tuple(zip(lows, highs, rates, strict=True))

    def apply(self, x: Array) -> Array:
        """Return the value at ``x``; where ``x`` is NaN (0/0: nothing to measure) it is nought."""
        x = np.where(np.isnan(x), 0.0, x)
        return self._clip(sum_bands(self.edges, x) if self.bands else x)

    def value_bounds(self, low: float, high: float, or_nothing: bool) -> tuple[float, float]:
        """Return the least and greatest value for arguments in ``[low, high]``.

        Args:
            low: least argument.
            high: greatest argument.
            or_nothing: whether there may be nothing to measure (0/0), which counts as nought.
        """
        kinks = [end for _, end, _ in self.edges if low < end < high]
        points = np.array([low, *kinks, high, *([0.0] if or_nothing else [])])
        values = self.apply(points)
        return float(values.min()), float(values.max())

    def _clip(self, value: Array) -> Array:
        if self.at_least is None and self.at_most is None:
            return value
        low = -np.inf if self.at_least is None else float(self.at_least)
        high = np.inf if self.at_most is None else float(self.at_most)
        return np.clip(value, low, high)


def check_bands(ends: Sequence[Figure | None]) -> None:
    """Refuse bands that do not rise to an open end.

    Args:
        ends: 'up_to' of each band.
    """
    if any(end is None for end in ends[:-1]) or (ends and ends[-1] is not None):
        raise refuse(
            "found a band without an end before the last, or a last band with one",
            "every band but the last has 'up_to'; the last has none",
            "add or remove 'up_to'; a last band of rate 0 ends the payment",
            at="bands",
        )
    written = [end for end in ends if end is not None]
    if any(a >= b for a, b in itertools.pairwise(written)):
        raise refuse(
            f"found bands up to {', '.join(end.written for end in written)}",
            "bands stand in rising order",
            "sort the bands by 'up_to'",
            at="bands",
        )


def sum_bands(edges: Sequence[tuple[float, float, float]], x: Array) -> Array:
    """Integrate marginal rates from 0 to ``x``; a band of rate 0 adds nothing, however wide."""
    total = np.zeros_like(x)
    for low, high, rate in edges:
        if rate:
            total += rate * (np.clip(x, low, high) - min(max(0.0, low), high))
    return total
