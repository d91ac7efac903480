"""What a plan tells of a financial year, at each of its nodes, as contracts read it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from simulator.contract.statement import COLUMNS, COSTS, Array, Statement
from simulator.parties.kernels import points_kernel
from simulator.parties.layout import as_given, total
from simulator.parties.outlook import Part

__all__ = ["Spread", "Told", "ToldStatement"]


@dataclass(frozen=True)
class Spread:
    """Columns at every profile and node, as a product; laid out as a plan is.

    Attributes:
        names: of the columns.
        ratio: of each profile to the first, ``(columns, providers, services, profiles, ...)``.
        base: of the first profile at each node, ``(columns, nodes, providers, services, ...)``.
    """

    names: tuple[str, ...]
    ratio: Array
    base: Array

    def of_columns(self, names: tuple[str, ...]) -> Spread:
        """Return those of some columns that are here."""
        names = tuple(name for name in names if name in self.names)
        if names == self.names[: len(names)]:
            return Spread(names, self.ratio[: len(names)], self.base[: len(names)])
        places = [self.names.index(name) for name in names]
        return Spread(names, self.ratio[places], self.base[places])

    def of_profiles(self, profiles: npt.NDArray[np.intp]) -> Spread:
        """Return the columns at some of the profiles."""
        if np.array_equal(profiles, np.arange(self.ratio.shape[3])):
            return self
        return replace(self, ratio=np.take(self.ratio, profiles, axis=3))

    def beside(self, others: Spread) -> Spread:
        """Return these columns and others."""
        return Spread(
            self.names + others.names,
            np.concatenate([self.ratio, others.ratio]),
            np.concatenate([self.base, others.base]),
        )

    def at_nodes(self, name: str, service: int | None) -> Array:
        """Return a column of one service, or of all, ``(providers, nodes, profiles, ...)``."""
        column = self.names.index(name)
        ratio, base = self.ratio[column][:, None], self.base[column].swapaxes(0, 1)[:, :, :, None]
        services = range(ratio.shape[2]) if service is None else (service,)
        return total(ratio[:, :, each] * base[:, :, each] for each in services)

    def add_to(self, whole: Array, name: str, compiled: bool, first: bool) -> None:
        """Add a column of all services at every node to a sum.

        It is as of :meth:`at_nodes`.

        Args:
            whole: the sum, ``(providers, nodes, profiles, ...)``, laid out like that.
            name: of the column.
            compiled: whether compiled code may do it.
            first: nothing stands there yet.
        """
        code = points_kernel() if compiled else None
        if code is None:
            column = self.at_nodes(name, None)
            whole[...] = column if first else whole + column
            return
        place = self.names.index(name)
        providers, services, profiles, *lead = self.ratio[place].shape
        nodes, futures = self.base.shape[1], math.prod(lead)
        code.spread_out(
            np.ascontiguousarray(self.ratio[place]).reshape(providers, services, profiles, futures),
            np.ascontiguousarray(self.base[place]).reshape(nodes, providers, services, futures),
            whole.reshape(providers, nodes, profiles, futures),
            np.empty(futures),
            first,
        )


@dataclass(frozen=True)
class Told:
    """What a plan tells of a financial year.

    Attributes:
        spread: the columns that are counted, over the nodes.
        claimed: of each pound of cost, ``(providers, profiles, ...)``.
        months: in which the commissioners are expected to insist, ``(profiles, ...)``.
        insisted: the data that tell of these months, and of how many each tells: of every provider,
            or (1) of all together.
        before: what the year came to before the plan, ``(..., providers, services)``; empty where
            it begins with it.
        compiled: whether contracts are settled on it by compiled code, where that can be.
    """

    spread: Spread
    claimed: Array
    months: Array
    insisted: Mapping[str, int]
    before: Mapping[str, Array] = field(default_factory=dict)
    compiled: bool = True

    def of_some(self, some: Part) -> Told:
        """Return what is told along a part of the first leading axis, or of all."""
        ratio, base = self.spread.ratio[:, :, :, :, some], self.spread.base[:, :, :, :, some]
        return replace(
            self,
            spread=Spread(self.spread.names, ratio, base),
            claimed=self.claimed[:, :, some],
            months=self.months[:, some],
            before={name: values[some] for name, values in self.before.items()},
        )

    @cached_property
    def figures(self) -> tuple[Array, ...]:
        """What it is made of, with one axis of futures, for compiled code.

        The spread's ratio and base; what is claimed, ``(providers, profiles, futures)``; what went
        before by column, ``(columns, providers, services + 1, futures)``, at the end of all
        services, or nothing; the months that the commissioners insist, with those before, ``(data,
        providers, profiles, futures)``.
        """
        spread, providers = self.spread, len(self.claimed)
        columns, _, services, profiles, *lead = spread.ratio.shape
        futures = math.prod(lead)
        before = np.empty((columns if self.before else 0, providers, services + 1, *lead))
        months = np.empty((len(self.insisted), providers, *self.months.shape))
        months[:] = self.months
        if self.before:
            for place, name in enumerate(spread.names):
                so_far = self.before[name]
                before[place, :, :-1] = so_far.transpose(-2, -1, *range(so_far.ndim - 2))
            before[:, :, -1] = total(before[:, :, service] for service in range(services))
            for place, name in enumerate(self.insisted):
                months[place] += np.moveaxis(self._before(name, None), -1, 0)[:, None]
        return (
            np.ascontiguousarray(spread.ratio).reshape(*spread.ratio.shape[:4], futures),
            np.ascontiguousarray(spread.base).reshape(*spread.base.shape[:4], futures),
            np.ascontiguousarray(self.claimed).reshape(providers, profiles, futures),
            before.reshape(len(before), providers, services + 1, futures),
            months.reshape(len(months), providers, profiles, futures),
        )

    def statement(self, years: float, part: float = 1.0) -> ToldStatement:
        """Return a part of it as a statement, whose columns wait until they are asked for."""
        return ToldStatement(_Columns(self, part), years, told=self, part=part)

    def column(self, name: str, service: int | None, part: float = 1.0) -> Array:
        """Return a part of a column at every node, ``(..., profiles, nodes, providers)``.

        Of what the commissioners insist on it is the same at every node and provider.

        Args:
            name: of the column.
            service: its place; none means all of them together.
            part: of the year.
        """
        whole = self._column(name, service)
        return whole if part == 1.0 else whole * part

    def _column(self, name: str, service: int | None) -> Array:
        if name in self.insisted:
            months = as_given(self.months, own=0)[..., None, None]
            months = np.broadcast_to(months, (*months.shape[:-1], self.insisted[name]))
            return months + self._before(name, None)[..., None, None, :] if self.before else months
        if name not in self.spread.names:
            return np.zeros(len(self.claimed))
        values = self.spread.at_nodes(name, service)
        if name in COSTS:
            values *= self.claimed[:, None]
        if self.before:
            values += np.moveaxis(self._before(name, service), -1, 0)[:, None, None]
        return as_given(values).swapaxes(-1, -2)

    def _before(self, name: str, service: int | None) -> Array:
        """Return what a column came to before the plan, ``(..., providers)``."""
        before = self.before[name]
        if service is not None:
            return before[..., service]
        return total(before[..., each] for each in range(before.shape[-1]))


@dataclass(frozen=True, kw_only=True)
class ToldStatement(Statement):
    """A statement that works out what is asked for, and nothing else."""

    told: Told
    part: float

    def of(self, name: str, service: int | None = None) -> Array | None:
        """Return a column by provider, as of any statement."""
        return self.told.column(name, service, self.part) if name in self.columns else None


class _Columns(Mapping[str, Array]):
    """The columns of a part of what is told, each worked out when it is asked for."""

    def __init__(self, told: Told, part: float) -> None:
        self._told, self._part = told, part
        self._names = (*COLUMNS, *told.insisted)
        self._known: dict[str, Array] = {}

    def __getitem__(self, name: str) -> Array:
        if name not in self._names:
            raise KeyError(name)
        if name not in self._known:
            services = range(self._told.spread.ratio.shape[2])
            # what is insisted on is told once, not by service
            each = (None,) if name in self._told.insisted else services
            columns = [self._told.column(name, service, self._part) for service in each]
            self._known[name] = np.stack(columns, axis=-1)
        return self._known[name]

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)
