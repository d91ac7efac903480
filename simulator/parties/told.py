"""What a plan tells of a financial year, at each of its nodes, as contracts read it."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import reduce

import numpy as np
import numpy.typing as npt

from simulator.contract.statement import COLUMNS, COSTS, Array, Statement
from simulator.parties.uncertainty import mean_over

__all__ = ["Spread", "Told"]


@dataclass(frozen=True)
class Spread:
    """A column at every profile and node, as a product.

    Profiles stand last, where they lie side by side in memory, and nodes before futures: what is
    summed over a few providers, services or nodes then runs along whole rows.

    Attributes:
        ratio: of each profile to the first, ``(providers, services, ..., profiles)``.
        base: of the first profile at each node, ``(nodes, providers, services, ...)``.
    """

    ratio: Array
    base: Array
    _known: dict[int | None, Array] = field(default_factory=dict)

    def of_profiles(self, profiles: npt.NDArray[np.intp]) -> Spread:
        """Return the column at some of the profiles."""
        return Spread(np.take(self.ratio, profiles, axis=-1), self.base)

    def at_nodes(self, service: int | None) -> Array:
        """Return it for one service, or all together, ``(providers, nodes, ..., profiles)``.

        It is kept; nobody changes it.
        """
        if service not in self._known:
            self._known[service] = self._worked_out(service)
        return self._known[service]

    def _worked_out(self, service: int | None) -> Array:
        if service is None:
            each = (self._worked_out(place) for place in range(self.ratio.shape[1]))
            return reduce(lambda total, more: np.add(total, more, out=total), each)
        ratio = self.ratio[:, service, None]
        base = self.base[:, :, service, ..., None].swapaxes(0, 1)
        whole = np.empty(np.broadcast_shapes(ratio.shape, base.shape))
        return np.multiply(ratio, base, out=whole)

    def mean(self) -> Array:
        """Return the mean over nodes, ``(..., profiles, providers, services)``."""
        mean = self.ratio * mean_over(self.base, 0)[..., None]
        return np.moveaxis(mean, (0, 1), (-2, -1))


@dataclass(frozen=True)
class Told:
    """What a plan tells of a financial year.

    Attributes:
        spread: the columns that are counted, over the nodes.
        services: how many there are.
        claimed: of each pound of cost, ``(providers, 1, ..., profiles)``.
        months: in which the commissioners are expected to insist, ``(..., profiles)``.
        insisted: the data that tell of these months.
        before: what the year came to before the plan, ``(..., providers, services)``; empty where
            it begins with it.
    """

    spread: Mapping[str, Spread]
    services: int
    claimed: Array
    months: Array
    insisted: tuple[str, ...]
    before: Mapping[str, Array] = field(default_factory=dict)

    def statement(self, years: float, part: float = 1.0) -> Statement:
        """Return a part of it as a statement, whose columns wait until they are asked for."""

        def column(name: str, service: int | None) -> Array:
            whole = self._column(name, service)
            return whole if part == 1.0 else whole * part

        return _Statement(_Columns(column, self._names, self.services), years, by_provider=column)

    @property
    def _names(self) -> tuple[str, ...]:
        return (*COLUMNS, *self.insisted)

    def _column(self, name: str, service: int | None) -> Array:
        """Return a column at every node, ``(..., profiles, nodes, providers)``.

        Of what the commissioners insist on it is the same at every node and provider.
        """
        before = self._before(name, service)
        if name in self.insisted:
            months: Array = self.months[..., None, None]
            return months if before is None else months + before[..., None, None, :]
        if name not in self.spread:
            return np.zeros(len(self.claimed))
        values = self.spread[name].at_nodes(service)
        if name in COSTS:
            values = values * self.claimed
        if before is not None:
            values = values + np.moveaxis(before, -1, 0)[:, None, ..., None]
        return values.transpose(*range(2, values.ndim), 1, 0)

    def _before(self, name: str, service: int | None) -> Array | None:
        """Return what a column came to before the plan, ``(..., providers)``; None is nothing."""
        if not self.before:
            return None
        values = self.before[name]
        each: list[Array] = list(np.moveaxis(values, -1, 0))
        return each[service] if service is not None else reduce(operator.add, each)


@dataclass(frozen=True)
class _Statement(Statement):
    """A statement that works out what is asked for, and nothing else."""

    by_provider: Callable[[str, int | None], Array] = field(kw_only=True)

    def of(self, name: str, service: int | None = None) -> Array | None:
        return self.by_provider(name, service) if name in self.columns else None


class _Columns(Mapping[str, Array]):
    """The columns of a statement, each worked out when it is asked for.

    Args:
        work_out: returns a column by provider, given its name and the place of a service.
        names: of all columns.
        services: how many there are.
    """

    def __init__(
        self, work_out: Callable[[str, int], Array], names: tuple[str, ...], services: int
    ) -> None:
        self._work_out, self._names, self._services = work_out, names, services

    def __getitem__(self, name: str) -> Array:
        if name not in self._names:
            raise KeyError(name)
        return np.stack([self._work_out(name, each) for each in range(self._services)], axis=-1)

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)
