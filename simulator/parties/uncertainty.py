"""The nodes at which a plan looks at what it does not know: few, even and exactly centred."""

from __future__ import annotations

from functools import cache

import numpy as np
from scipy.special import ndtri

from simulator.contract.statement import Array

__all__ = ["mean_over", "normal_nodes"]


@cache
def normal_nodes(count: int, dimensions: int) -> Array:
    """Return standard normal nodes of equal weight, shape ``(count, dimensions)``.

    They come in pairs z and -z, so that every odd moment is nought, and their covariance is exactly
    the identity: what is linear in them has exactly its mean and variance. One dimension has the
    quantiles of the normal distribution; several follow the additive recurrence of the generalised
    golden ratio (Roberts 2018), which spreads evenly and needs no random numbers.

    Args:
        count: how many; even, and at least twice the dimensions.
        dimensions: how many independent uncertainties there are.
    """
    if count % 2 or count < 2 * dimensions:
        raise ValueError(f"{count} nodes cannot be even pairs in {dimensions} dimensions")
    half = count // 2
    if dimensions == 1:
        uniform = (np.arange(half)[:, None] + 0.5) / count + 0.5
    else:
        golden = _root(dimensions)
        steps = golden ** -np.arange(1.0, dimensions + 1)
        uniform = (0.5 + np.arange(1, half + 1)[:, None] * steps) % 1.0
    drawn = ndtri(uniform)
    # half of the pairs carry the whole covariance; whitened, it is the identity
    spread = np.linalg.cholesky(drawn.T @ drawn / half)
    drawn = np.linalg.solve(spread, drawn.T).T
    nodes = np.concatenate([drawn, -drawn])
    nodes.flags.writeable = False  # everybody has the same ones
    return nodes


def mean_over(values: Array, axis: int) -> Array:
    """Return the mean over the nodes on an axis counted from the last, added in their order.

    What follows from nothing that happens has no such axis: it is its own mean.

    The order of a sum must not depend on how many rows stand beside it, so rows are added as a
    whole, one after the other. In a plan they lie in memory like that; others are copied. Of a
    single row NumPy would add the nodes in another order.
    """
    if values.ndim < -axis:
        return values
    axis %= values.ndim
    kept = [each for each in range(values.ndim) if each != axis]
    others = sorted(kept, key=lambda each: -abs(values.strides[each]))
    rows = np.ascontiguousarray(values.transpose(axis, *others))
    sums = np.add.accumulate(rows)[-1] if rows.size == len(rows) else np.add.reduce(rows, axis=0)
    mean: Array = (sums / len(rows)).transpose([others.index(each) for each in kept])
    return mean


def _root(dimensions: int) -> float:
    """Return the positive root of ``x ** (d + 1) = x + 1``: the golden ratio for one dimension."""
    root = 2.0
    for _ in range(64):
        root = (1.0 + root) ** (1.0 / (dimensions + 1))
    return root
