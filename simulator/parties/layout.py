"""How a plan lays out its figures in memory: of what they are, then profiles, then futures.

Everywhere else leading axes come first. In a plan what is summed over a few providers, services or
nodes runs along whole rows of futures, and what compiled code works on lies side by side.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable
from functools import reduce

import numpy as np

from simulator.contract.statement import Array

__all__ = ["as_given", "laid_out", "total"]


def laid_out(values: Array, own: int = 2) -> Array:
    """Return an array ``(..., profiles, *own)`` as ``(*own, profiles, ...)``, laid out like that.

    Args:
        values: any.
        own: how many axes there are after profiles.
    """
    profiles = values.ndim - own - 1
    axes = (*range(profiles + 1, values.ndim), profiles, *range(profiles))
    return np.ascontiguousarray(values.transpose(axes))


def as_given(values: Array, own: int = 2) -> Array:
    """Return an array ``(*own, profiles, ...)`` as ``(..., profiles, *own)``; nothing moves."""
    return values.transpose(*range(own + 1, values.ndim), own, *range(own))


def total(arrays: Iterable[Array]) -> Array:
    """Return a sum, in the order given, which must not depend on how much stands side by side."""
    return reduce(operator.add, arrays)
