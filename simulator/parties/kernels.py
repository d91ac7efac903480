"""Where compiled code is found, if it can be used at all."""

from __future__ import annotations

from functools import cache
from types import ModuleType

__all__ = ["points_kernel"]


@cache
def points_kernel() -> ModuleType | None:
    """Return what works at the points of a plan; None where Numba cannot be imported.

    It is imported when it is first asked for: loading Numba takes a while.
    """
    try:
        from simulator.parties import points_kernel
    except ImportError:
        return None
    return points_kernel
