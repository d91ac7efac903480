"""The working sheet of one window: every name a measure can use, and what it comes to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from simulator.contract.curve import Curve
from simulator.contract.expression import Expression, Measure
from simulator.contract.signatories import Signatories
from simulator.contract.statement import COLUMNS, Array, Statement
from simulator.quantities import Figure, is_a_year

__all__ = ["NamedMeasure", "Working", "known_names", "pooled_names"]


class NamedMeasure(Curve):
    """A measure with a name, so that terms can use it: an expression and a curve over it."""

    measure: Measure
    """What is counted."""


@dataclass
class Working:
    """Evaluates names for one window of one contract.

    Attributes:
        statement: what happened in the window so far.
        signatories: who signed.
        amounts: the contract's named amounts; those a year count for the length of the window.
        measures: the contract's named measures.
        price_level: mean uplift of prices over the window, 1 in the first year.
        payments: what the earlier terms pay each provider in this window,
            shape ``(..., providers)``.
    """

    statement: Statement
    signatories: Signatories
    amounts: Mapping[str, Figure] = field(default_factory=dict)
    measures: Mapping[str, NamedMeasure] = field(default_factory=dict)
    price_level: float = 1.0
    payments: Array | None = None
    _known: dict[str, Array] = field(default_factory=dict)
    _known_bounds: dict[str, tuple[float, float]] = field(default_factory=dict)

    def evaluate(self, expression: Expression) -> Array:
        """Return the value, shape ``(..., providers)`` or ``(..., 1)``."""
        return expression.evaluate(self._look_up)

    def add_payments(self, payments: Array) -> None:
        """Take in what another term pays each provider; measures are worked out anew from it."""
        assert self.payments is not None
        self.payments = self.payments + payments
        for name in self.measures:
            self._known.pop(name, None)

    def bounds(self, expression: Expression) -> tuple[float, float]:
        """Return the least and greatest value for any statement of this length."""
        return expression.bounds(self._look_up_bounds)

    def _look_up(self, name: str) -> Array:
        if name == "payments":
            assert self.payments is not None
            return self.payments
        known = self._known.get(name)
        if known is None:
            known = self._known[name] = self._work_out(name)
        return known

    def _work_out(self, name: str) -> Array:
        if name == "years":
            return np.array([self.statement.years])
        if name in self.amounts:
            return np.array([self._amount(name)])
        if name in self.measures:
            measure = self.measures[name]
            value = measure.apply(measure.measure.evaluate(self._look_up))
            return value * self.price_level if measure.in_money else value
        column, _, service = name.partition(".")
        values = self.statement.columns[column]
        if service:
            return values[..., self.signatories.services.index(service)]
        total: Array = values.sum(axis=-1)
        return total

    def _amount(self, name: str) -> float:
        amount = self.amounts[name]
        if is_a_year(amount):
            return float(amount) * self.statement.years * self.price_level
        return float(amount)  # an amount paid once has no later price level

    def _look_up_bounds(self, name: str) -> tuple[float, float]:
        if name == "payments":
            return -np.inf, np.inf  # shares of payments are bounded as factors on them instead
        if name == "years":
            return self.statement.years, self.statement.years
        if name in self.amounts:
            return self._amount(name), self._amount(name)
        if name in self._known_bounds:
            return self._known_bounds[name]
        if name in self.measures:
            measure = self.measures[name]
            low, high = measure.value_bounds(
                *measure.measure.bounds(self._look_up_bounds), measure.measure.divides
            )
            level = self.price_level if measure.in_money else 1.0
            self._known_bounds[name] = low * level, high * level
            return self._known_bounds[name]
        return 0.0, np.inf  # every column is a count, a time or a cost: never below 0


def pooled_names(
    amounts: Mapping[str, Figure], measures: Mapping[str, NamedMeasure]
) -> dict[str, bool]:
    """Tell for each name that is not a column whether it is one for all providers."""
    pooled = {"years": True, "payments": False} | dict.fromkeys(amounts, True)
    for name, measure in measures.items():
        pooled[name] = measure.measure.is_pooled(pooled)
    return pooled


def known_names(
    amounts: Mapping[str, Figure], measures: Mapping[str, NamedMeasure], services: tuple[str, ...]
) -> list[str]:
    """Return every name a term of this contract may use."""
    by_service = [f"{column}.{service}" for column in COLUMNS for service in services]
    return [*COLUMNS, *amounts, *measures, "years", "payments", *by_service]
