"""The months of a plan by compiled code, behind what plain NumPy does in ``expectation.py``.

The kernel has rows on the last axis; here its arrays are made, and turned back. Needs Numba, and
imports it: import this module where it is used.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from simulator.contract.statement import COUNTS, Array
from simulator.parties import expectation as plain
from simulator.parties import plan_kernel
from simulator.parties.expectation import Expectation
from simulator.parties.people import People

__all__ = ["CompiledMonths"]


class CompiledMonths:
    """The months of one scenario.

    Args:
        expectation: the services.
    """

    def __init__(self, expectation: Expectation) -> None:
        self._reach = expectation.reach
        self._stages = expectation.most_stages
        self._tables = _tables_of(expectation)

    def roll(
        self,
        quality: Array,
        success: Array,
        people: People,
        outside: Sequence[Array],
        places: Sequence[Array],
        lead: tuple[int, ...],
    ) -> tuple[list[dict[str, Array]], People]:
        """Return what is expected of each month, and where people are at the end.

        Args:
            quality: of casework, ``(..., providers, 1)``.
            success: of hand-overs, ``(..., providers, paths)``.
            people: where they are at the beginning.
            outside: referrals a day in each month, ``(..., services)``.
            places: in each month, ``(..., providers, services)``.
            lead: what all leading axes broadcast to.

        Returns:
            For each month its counts, ``(*lead, providers, services)``; people with the same axes.
            Counts have rows side by side in memory, as the kernel leaves them. People lie as NumPy
            would lay them: the order of sums over services or stages, and so their last bit, must
            not depend on how many rows there are.
        """
        providers, services = self._tables.share.shape
        rows, months = math.prod(lead), len(outside)
        outsides = np.empty((months, services, *lead))
        held = np.empty((months, providers, services, *lead))
        for month in range(months):
            outsides[month] = _lead_last(outside[month], lead, 1)
            held[month] = _lead_last(places[month], lead, 2)
        given = plan_kernel.Rows(
            practice=_rows_last(np.exp(-quality * self._reach), lead, 2),
            success=_rows_last(success, lead, 2),
            outside=outsides.reshape(months, services, rows),
            places=held.reshape(months, providers, services, rows),
            present=_rows_last(people.present, lead, 2),
            variance=_rows_last(people.variance, lead, 2),
            waited=_rows_last(people.waited, lead, 2),
            relapsing=_rows_last(people.relapsing, lead, 2),
            served=_rows_last(people.served, lead, 3),
            arriving=_rows_last(people.arriving, lead, 2),
            coming_back=_rows_last(people.coming_back, lead, 2),
        )
        counts = np.empty((months, providers, services, len(plan_kernel.COLUMNS), rows))
        plan_kernel.roll(self._tables, given, self._room(), counts)
        by_column = _lead_first(np.moveaxis(counts, 3, 1), lead, 2)
        nobody = np.zeros((*lead, providers, services))  # the plan turns nobody away
        counted = [dict(zip(plan_kernel.COLUMNS, month, strict=True)) for month in by_column]
        found = [{name: month.get(name, nobody) for name in COUNTS} for month in counted]
        after = People(
            present=_as_given(given.present, lead),
            variance=_as_given(given.variance, lead),
            served=_as_given(given.served, lead),
            waited=_as_given(given.waited, lead),
            arriving=_as_given(given.arriving, lead),
            coming_back=_as_given(given.coming_back, lead),
            relapsing=_as_given(given.relapsing, lead),
        )
        return found, after

    def _room(self) -> plan_kernel.Work:
        providers, services = self._tables.share.shape
        return plan_kernel.Work(
            np.zeros((providers, services), plan_kernel.TEAM),
            np.zeros((providers, len(self._tables.path)), plan_kernel.WAY),
            np.zeros((providers, services, self._stages, plan_kernel.LANES)),
        )


def _tables_of(expectation: Expectation) -> plan_kernel.Tables:
    """Return the services as the kernel reads them."""
    service = np.zeros(expectation.services, plan_kernel.SERVICE)
    service["stages"] = expectation.stages
    service["needs"] = expectation.need_share.shape[1]
    service["take_up"] = expectation.take_up
    service["mean_stay"] = expectation.mean_stay
    service["variation"] = expectation.variation
    service["leaving"] = expectation.leaving
    service["rise"] = expectation.leaving_rise
    service["harm"] = expectation.harm
    service["relapse"] = expectation.stays_on * expectation.relapse
    service["relapsing_stay"] = expectation.relapsing_stay
    path = np.zeros(len(expectation.sender), plan_kernel.PATH)
    path["sender"] = expectation.sender
    path["receiver"] = expectation.receiver
    path["share"] = expectation.path_share
    path["late"] = expectation.late
    path["arriving_stay"] = expectation.arriving_stay
    path["returns"] = expectation.returns
    path["coming_back_stay"] = expectation.coming_back_stay
    with np.errstate(divide="ignore"):  # no chance has infinite odds against it
        against = (1.0 - expectation.good) / expectation.good
    return plan_kernel.Tables(
        service=service,
        path=path,
        share=expectation.share,
        to_provider=expectation.to_provider,
        need_share=expectation.need_share,
        against=against,
        passing=expectation.passing,
        entering=expectation.entering,
        days=plain._DAYS,
        least_variance=plain._LEAST_VARIANCE,
        nobody=plain._NOBODY,
        fastest=plain._FASTEST,
        certain=plain._CERTAIN,
    )


def _lead_last(values: Array, lead: tuple[int, ...], own: int) -> Array:
    """Return a view with all leading axes, after so many axes of its own."""
    spread = np.broadcast_to(values, (*lead, *values.shape[values.ndim - own :]))
    return spread.transpose(*range(len(lead), spread.ndim), *range(len(lead)))


def _rows_last(values: Array, lead: tuple[int, ...], own: int) -> Array:
    """Return a copy with all leading axes as one axis of rows, after so many axes of its own."""
    copy = np.array(_lead_last(values, lead, own), order="C")
    return copy.reshape(*copy.shape[:own], math.prod(lead))


def _as_given(values: Array, lead: tuple[int, ...]) -> Array:
    """Return a copy with the leading axes that rows stand for, in the usual order of memory."""
    return np.ascontiguousarray(_lead_first(values, lead))


def _lead_first(values: Array, lead: tuple[int, ...], kept: int = 0) -> Array:
    """Return a view with the leading axes that rows stand for, before all axes but those kept."""
    own = values.ndim - 1
    spread = values.reshape(*values.shape[:-1], *lead)
    return spread.transpose(*range(kept), *range(own, spread.ndim), *range(kept, own))
