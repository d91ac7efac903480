"""The months of a plan by compiled code, behind what plain NumPy does in ``expectation.py``.

The kernel has rows on the last axis: of each profile, all futures. Here its arrays are made, and
turned back. Needs Numba, and imports it: import this module where it is used.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence

import numpy as np

from simulator.contract.statement import COUNTS, Array
from simulator.parties import expectation as plain
from simulator.parties import plan_kernel
from simulator.parties.expectation import Chances, Expectation
from simulator.parties.people import People
from simulator.parties.staffing import Staffing
from simulator.parties.stays import STEP
from simulator.scenario.world import A_HAIR

__all__ = ["CompiledMonths"]


class CompiledMonths:
    """The months of one scenario.

    Args:
        expectation: the services.
    """

    def __init__(self, expectation: Expectation) -> None:
        self._reach = expectation.reach
        self._stages = expectation.stays.most_stages
        self._screens = expectation.needs.can_act
        self._tables = _tables_of(expectation)
        self._spaces: dict[tuple[int, ...], plan_kernel.Work] = {}

    def roll(
        self,
        chances: Chances,
        people: People,
        outside: Array,
        staffing: Staffing,
        years: Sequence[float],
        lead: tuple[int, ...],
        periods: Sequence[slice] | None = None,
        counted: Collection[str] | None = None,
    ) -> tuple[list[dict[str, Array]], People]:
        """Return what is expected of each month, and where people are at the end.

        Args:
            chances: what practice makes of people.
            people: where they are at the beginning.
            outside: referrals a day, ``(months, ..., services)``.
            staffing: caseworkers in the months.
            years: length of each month.
            lead: what all leading axes broadcast to.
            periods: months whose counts are added up; None leaves each month by itself.
            counted: the columns that are wanted; None is all.

        Returns:
            For each month or period its counts, ``(*lead, providers, services)``, with
            ``worker_years``, and ``anyway`` where a service screens; people with the same axes.
            Both have rows side by side in memory, as the kernel leaves them.
        """
        providers, services = self._tables.share.shape
        rows, months = math.prod(lead), len(outside)
        factor = staffing.factor
        factor = np.broadcast_to(factor, (*factor.shape[:-2], providers, 1))
        given = plan_kernel.Rows(
            practice=_rows_last(np.exp(-chances.quality * self._reach), lead, 2),
            lapsing=_rows_last(chances.lapsing, lead, 2),
            turned=self._turned(chances.turned, lead),
            success=_rows_last(chances.success, lead, 2),
            outside=_months_first(outside, lead, 1),
            staffing=_rows_last(factor[..., 0], lead, 1),
        )
        there = np.zeros((providers, services)) if staffing.there is None else staffing.there
        few = _told_of(np.broadcast_shapes(people.present.shape[:-2], there.shape[:-2]), lead)
        planned = staffing.planned
        posts = plan_kernel.Posts(
            planned=_months_first(planned, lead if planned.ndim > 3 else (), 2),
            there=_rows_last(there, few, 2),
            left=staffing.left,
            within=staffing.within,
            years=np.array(years),
        )
        before = people.each(lambda values, own: _rows_last(values, few, own))
        after = before.each(lambda values, own: np.empty((*values.shape[:own], rows)))
        names = (*COUNTS, *(("anyway",) if self._screens else ()), "worker_years")
        columns = [name for name in names if counted is None or name in counted]
        wanted = np.full(len(plan_kernel.COLUMNS), -1, dtype=np.int64)
        for place, name in enumerate(columns):
            wanted[plan_kernel.COLUMNS.index(name)] = place
        if periods is None:
            periods = [slice(month, month + 1) for month in range(months)]
        period = np.full(months, -1, dtype=np.int64)
        for place, each in enumerate(periods):
            period[each] = place
        if (period < 0).any():
            raise ValueError("every month lies in one of the periods")
        counts = np.empty((len(periods), len(columns), providers, services, rows))
        work = self._work(given.turned.shape[2], len(counts), len(columns))
        turns_away = given.turned.any(axis=(0, 1, 2))
        open_to_all, selective = np.flatnonzero(~turns_away), np.flatnonzero(turns_away)
        plan_kernel.roll(
            self._tables,
            given,
            posts,
            plan_kernel.Whereabouts(**vars(before)),
            plan_kernel.Whereabouts(**vars(after)),
            work,
            counts,
            wanted,
            period,
            open_to_all,
            selective,
        )
        by_column = _lead_first(counts, lead, 2)
        found = [dict(zip(columns, month, strict=True)) for month in by_column]
        return found, after.each(lambda values, _: _lead_first(values, lead))

    def _turned(self, turned: Array | None, lead: tuple[int, ...]) -> Array:
        """Return the chance of being turned away by rows; empty where nobody is."""
        if turned is None:
            return np.zeros((*self._tables.share.shape, 0, math.prod(lead)))
        return _rows_last(turned, lead, 3)

    def _work(self, needs: int, periods: int, columns: int) -> plan_kernel.Work:
        """Return space for the lanes, the same for all that has this shape."""
        shape = needs, periods, columns
        if shape not in self._spaces:
            self._spaces[shape] = self._space(*shape)
        return self._spaces[shape]

    def _space(self, needs: int, periods: int, columns: int) -> plan_kernel.Work:
        providers, services = self._tables.share.shape
        lanes = plan_kernel.LANES
        return plan_kernel.Work(
            np.zeros((providers, services), plan_kernel.TEAM),
            np.zeros((providers, len(self._tables.path)), plan_kernel.WAY),
            np.zeros((providers, services, self._stages, lanes)),
            np.zeros((providers, services, needs, lanes)),
            np.zeros((providers, services, needs, lanes)),
            np.zeros((needs, lanes)),
            np.zeros((providers, services, self._stages, lanes)),
            np.zeros((providers, services, self._stages, lanes)),
            np.zeros((services, lanes)),
            np.zeros(lanes, dtype=np.int64),
            np.zeros((providers, services), dtype=np.int64),
            np.zeros((periods, providers, services, columns, lanes)),
        )


def _tables_of(expectation: Expectation) -> plan_kernel.Tables:
    """Return the services as the kernel reads them."""
    needs, stays, paths = expectation.needs, expectation.stays, expectation.paths
    service = np.zeros(expectation.services, plan_kernel.SERVICE)
    service["stages"] = stays.stages
    service["needs"] = needs.share.shape[1]
    service["screens"] = needs.screened.any(axis=1)
    service["take_up"] = expectation.take_up
    service["mean_stay"] = stays.mean
    service["variation"] = stays.variation
    service["leaving"] = expectation.leaving
    service["rise"] = expectation.leaving_rise
    service["harm"] = expectation.harm
    service["relapsing_stay"] = expectation.relapsing_stay
    path = np.zeros(len(paths.sender), plan_kernel.PATH)
    path["sender"] = paths.sender
    path["receiver"] = paths.receiver
    path["share"] = paths.share
    path["late"] = paths.late
    path["arriving_stay"] = paths.arriving_stay
    path["returns"] = paths.returns
    path["coming_back_stay"] = paths.coming_back_stay
    with np.errstate(divide="ignore"):  # no chance has infinite odds against it
        against = (1.0 - needs.good) / needs.good
    return plan_kernel.Tables(
        service=service,
        path=path,
        share=expectation.share,
        to_provider=paths.to_provider,
        elsewhere=needs.elsewhere,
        need_share=needs.share,
        need_stay=needs.stay,
        need_anyway=needs.anyway,
        against=against,
        passing=stays.passing,
        entering=stays.entering,
        caseload=expectation.caseload,
        hair=A_HAIR,
        days=STEP,
        least_variance=plain._LEAST_VARIANCE,
        nobody=plain._NOBODY,
        fastest=plain._FASTEST,
        certain=plain._CERTAIN,
    )


def _rows(lead: tuple[int, ...]) -> tuple[int, ...]:
    """Return leading axes in the order of rows: the last, of profiles, before those of futures."""
    return lead[-1:] + lead[:-1]


def _told_of(some: tuple[int, ...], lead: tuple[int, ...]) -> tuple[int, ...]:
    """Return leading axes without the first ones in the order of rows over which all is the same.

    Args:
        some: leading axes of what is told.
        lead: what they broadcast to.
    """
    some, few = (1,) * (len(lead) - len(some)) + some, list(lead)
    for axis in _rows(tuple(range(len(lead)))):
        if some[axis] != 1:
            break
        few[axis] = 1
    return tuple(few)


def _rows_last(values: Array, lead: tuple[int, ...], own: int) -> Array:
    """Return a copy with all leading axes as one axis of rows, after so many axes of its own."""
    rows: Array = _months_first(values[None], lead, own)[0]
    return rows


def _months_first(values: Array, lead: tuple[int, ...], own: int) -> Array:
    """Return a copy with the first axis first, some axes of its own, and all others as rows."""
    months, missing = len(values), len(lead) - (values.ndim - 1 - own)
    filled = values.reshape(months, *(1,) * missing, *values.shape[1:])
    last = filled.ndim - own
    copy = np.empty((months, *filled.shape[last:], *_rows(lead)))
    copy[...] = filled.transpose(0, *range(last, filled.ndim), *_rows(tuple(range(1, last))))
    return copy.reshape(*copy.shape[: 1 + own], math.prod(lead))


def _lead_first(values: Array, lead: tuple[int, ...], kept: int = 0) -> Array:
    """Return a view with the leading axes that rows stand for, before all axes but those kept."""
    own = values.ndim - 1
    spread = values.reshape(*values.shape[:-1], *_rows(lead))
    axes = tuple(range(own, spread.ndim))
    view: Array = spread.transpose(*range(kept), *axes[1:], *axes[:1], *range(kept, own))
    return view
