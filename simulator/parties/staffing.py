"""Caseworkers in post over the months of a plan: those wanted, or on the way to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from simulator.contract.statement import Array

__all__ = ["Staffing", "known"]


@dataclass(frozen=True)
class Staffing:
    """Caseworkers of some months; leading axes are free.

    Attributes:
        planned: in each month, ``(months, ..., providers, services)``.
        factor: on those planned, which gives those wanted, ``(..., providers, 1)``.
        there: in post when the first month begins, ``(..., providers, services)``; None where those
            wanted always are.
        left: part of the way to those wanted that is left after a month.
    """

    planned: Array
    factor: Array = field(default_factory=lambda: np.ones((1, 1)))
    there: Array | None = None
    left: float = 0.0

    @property
    def within(self) -> float:
        """Part of the way that is left over a month, as the mean of its beginning and its end."""
        return 0.0 if self.there is None else 0.5 * (1.0 + self.left)

    @property
    def lead(self) -> tuple[int, ...]:
        """What all leading axes broadcast to."""
        there = () if self.there is None else self.there.shape[:-2]
        return np.broadcast_shapes(self.planned.shape[1:-2], self.factor.shape[:-2], there)

    def by_month(self) -> list[Array]:
        """Return the mean in post in each month, ``(..., providers, services)``."""
        found, there = [], 0.0 if self.there is None else self.there
        for planned in self.planned:
            wanted = planned * self.factor
            missing = there - wanted
            found.append(wanted + missing * self.within)
            there = wanted + missing * self.left
        return found


def known(posts: Sequence[Array]) -> Staffing:
    """Return caseworkers that are known for each month, ``(..., providers, services)``."""
    return Staffing(np.stack(np.broadcast_arrays(*posts)))
