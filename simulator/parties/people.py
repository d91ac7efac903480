"""Where the people of services are expected to be: waiting, in service, on the way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields

import numpy as np

from simulator.contract.statement import Array

__all__ = ["People"]


@dataclass(frozen=True)
class People:
    """Where people are expected to be; leading axes are free.

    Attributes:
        present: waiting or in service, mean, ``(..., providers, services)``.
        variance: of that number, same shape.
        served: in service by stage of the stay, ``(..., providers, services, stages)``.
        waited: days that those in service had waited before they started, in all, same shape as
            ``present``.
        arriving: on the way to another service, by path, ``(..., providers, paths)``.
        coming_back: after a failed hand-over, same shape.
        relapsing: on the way back after a good outcome, ``(..., providers, services)``.
    """

    present: Array
    variance: Array
    served: Array
    waited: Array
    arriving: Array
    coming_back: Array
    relapsing: Array

    def each(self, change: Callable[[Array, int], Array]) -> People:
        """Return it with every part changed.

        Args:
            change: what to do with a part, given how many axes of its own it has.
        """
        own = {"served": 3}
        parts = (each.name for each in fields(self))
        return People(*(change(getattr(self, name), own.get(name, 2)) for name in parts))

    def for_profiles(self) -> People:
        """Return the same with an axis for profiles of levers before the providers."""
        return self.each(lambda values, own: np.expand_dims(values, -own - 1))

    def with_lead(self, lead: tuple[int, ...]) -> People:
        """Return the same with just these leading axes; those there are broadcast to them."""
        return self.each(
            lambda values, own: np.broadcast_to(values, (*lead, *values.shape[values.ndim - own :]))
        )
