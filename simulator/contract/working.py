"""The working sheet of one window: every name a measure can use, and what it comes to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from simulator.contract.amounts import Amount, amount_is_a_year, array_of, level_of
from simulator.contract.curve import Curve
from simulator.contract.data import Datum, expected_value
from simulator.contract.expression import Expression, Interval, Measure, parse
from simulator.contract.signatories import Signatories
from simulator.contract.statement import COLUMNS, Array, Statement
from simulator.quantities import Figure

__all__ = [
    "AT_SIGNING",
    "Conditions",
    "Definitions",
    "NamedMeasure",
    "Working",
    "known_names",
    "names_in",
    "pooled_names",
    "used_names",
]


class NamedMeasure(Curve):
    """A measure with a name, so that terms can use it: an expression and a curve over it."""

    measure: Measure
    """What is counted."""

    def uses(self) -> frozenset[str]:
        """Return every name it uses."""
        return names_in((self.measure, *self.expressions()))

    @property
    def divides(self) -> bool:
        """Whether it can come to 0/0 before its curve."""
        return self.measure.divides


@dataclass(frozen=True)
class Definitions:
    """The names that a contract gives to amounts, measures and data.

    Attributes:
        amounts: of money, once or a year.
        measures: each uses only those before it, and any by ``before(...)``.
        data: what is counted beside the standard columns.
    """

    amounts: Mapping[str, Amount] = field(default_factory=dict)
    measures: Mapping[str, NamedMeasure] = field(default_factory=dict)
    data: Mapping[str, Datum] = field(default_factory=dict)

    @cached_property
    def pooled(self) -> dict[str, bool]:
        """For the names that are not standard columns, whether each is one for all providers."""
        return pooled_names(self)

    @cached_property
    def of_payments(self) -> tuple[str, ...]:
        """The measures that follow from payments."""
        uses = {
            name: used_names([measure.measure, *measure.expressions()], self, before=False)
            for name, measure in self.measures.items()
        }
        return tuple(
            name
            for name, used in uses.items()
            if any(each.partition(".")[0] == "payments" for each in used)
        )


@dataclass(frozen=True)
class Conditions:
    """What a window has beside its statement.

    Attributes:
        price_level: mean uplift of prices over the window, 1 in the first year.
        added: what adjustments add to named amounts in this window, pounds.
        before: what measures came to at the end of the window before, nought in the first.
    """

    price_level: float = 1.0
    added: Mapping[str, Array] = field(default_factory=dict)
    before: Mapping[str, Array] = field(default_factory=dict)


AT_SIGNING = Conditions()
"""The conditions of a first window: prices as signed, nothing adjusted, nothing before."""


@dataclass
class Working:
    """Evaluates names for one window of one contract.

    Attributes:
        statement: what happened in the window so far.
        signatories: who signed.
        definitions: the contract's names; amounts a year count for the length of the window.
        conditions: what else the window has.
        payments: what the earlier terms pay each provider in this window,
            shape ``(..., providers)``.
        payments_by: the same for each earlier term that has a key.
        payment_bounds: least and greatest of these payments, by the names that measures use.
        told: years of the periods that figures are told by, for bounds of data that add up.
    """

    statement: Statement
    signatories: Signatories
    definitions: Definitions = field(default_factory=Definitions)
    conditions: Conditions = AT_SIGNING
    payments: Array | None = None
    payments_by: dict[str, Array] = field(default_factory=dict)
    payment_bounds: dict[str, Interval] = field(default_factory=dict)
    told: float = 1.0
    _known: dict[str, Array] = field(default_factory=dict)
    _known_bounds: dict[str, Interval] = field(default_factory=dict)

    def evaluate(self, expression: Expression) -> Array:
        """Return the value, shape ``(..., providers)`` or ``(..., 1)``."""
        return expression.evaluate(self.look_up)

    def add_payments(self, key: str, payments: Array) -> None:
        """Take in what another term pays each provider; measures are worked out anew from it."""
        assert self.payments is not None
        self.payments = self.payments + payments
        if key:
            self.payments_by[key] = payments
        for name in self.definitions.of_payments:
            self._known.pop(name, None)

    def bounds(self, expression: Expression) -> Interval:
        """Return the least and greatest value for any statement of this length."""
        return expression.bounds(self.look_up_bounds)

    def look_up(self, name: str) -> Array:
        """Return the value of a name, shape ``(..., providers)`` or ``(..., 1)``."""
        if name == "payments":
            assert self.payments is not None
            return self.payments
        known = self._known.get(name)
        if known is None:
            known = self._known[name] = self._work_out(name)
        return known

    def _work_out(self, name: str) -> Array:
        head, _, rest = name.partition(".")
        if head == "payments":
            return self.payments_by[rest]
        if head == "before":
            carried = self.conditions.before.get(rest)
            return self._nought(name) if carried is None else carried
        if head == "only":
            return np.array([float(party == rest) for party in self.signatories.providers])
        if name == "years":
            return np.array([self.statement.years])
        if name in self.definitions.amounts:
            return self._amount(name)
        if name in self.definitions.measures:
            measure = self.definitions.measures[name]
            counted = measure.measure.evaluate(self.look_up)
            return measure.apply(counted, self.look_up, self.conditions.price_level)
        signed = self.signatories
        service = signed.services.index(rest) if rest else None
        found = self.statement.of(head, service)
        if found is None:
            years, size = self.statement.years, (len(signed.providers), len(signed.services))
            told = {head: expected_value(self.definitions.data[head], years, *size)}
            found = Statement(told, years).of(head, service)
        assert found is not None
        return found

    def _nought(self, name: str) -> Array:
        """Return nought for each provider, or once where the name is one for all."""
        return np.zeros(1 if self.definitions.pooled[name] else len(self.signatories.providers))

    def _amount(self, name: str) -> Array:
        amount = self.definitions.amounts[name]
        value = array_of(amount, self.signatories.providers)
        if amount_is_a_year(amount):  # an amount paid once has no later price level
            level = level_of(amount, self.conditions.price_level)
            value = value * self.statement.years * level
        added = self.conditions.added.get(name)
        return value if added is None else value + added

    def _bounds_of_data(self, datum: Datum, one_service: bool) -> Interval:
        """Return the bounds of data in a window: those of each period that is told, added up."""
        services = len(self.signatories.services)
        added = float(services if datum.of == "each service" and not one_service else 1)
        low, high = (added * each for each in datum.bounds)
        if datum.over_time == "adds up":
            periods = max(1.0, self.statement.years / self.told)
            low, high = low * periods, high * periods
            if datum.is_foreseen:  # a simulation spreads it evenly, whatever the limits
                expected = added * float(expected_value(datum, self.statement.years, 1, 1)[0, 0])
                low, high = min(low, expected), max(high, expected)
        each = np.ones(1 if datum.is_pooled else len(self.signatories.providers))
        return low * each, high * each

    def _bounds_before(self, name: str, measure: str) -> Interval:
        """Return the bounds of what a measure came to before, in the later windows of a year.

        One that carries itself on, or follows from payments, is not bounded.
        """
        nought = self._nought(name)
        self._known_bounds[name] = nought - np.inf, nought + np.inf
        asked = used_names([parse(f"before({measure})")], self.definitions)
        if any(each.partition(".")[0] == "payments" for each in asked):
            return self._known_bounds[name]
        low, high = self.look_up_bounds(measure)
        return np.minimum(low, nought), np.maximum(high, nought)

    def look_up_bounds(self, name: str) -> Interval:
        """Return the least and greatest value of a name for any statement of this length."""
        known = self._known_bounds.get(name)
        if known is None:
            known = self._known_bounds[name] = self._work_out_bounds(name)
        return known

    def _work_out_bounds(self, name: str) -> Interval:
        head, _, rest = name.partition(".")
        if head == "payments":
            return self.payment_bounds[name]
        if head == "before" and self.statement.years < 1.0:
            return self._bounds_before(name, rest)
        if name in self.definitions.measures:
            measure = self.definitions.measures[name]
            measured = self.bounds(measure.measure)
            low, high = measure.value_bounds(measured, measure.divides, self.look_up_bounds)
            level = self.conditions.price_level if measure.in_money else 1.0
            return low * level, high * level
        if head in self.definitions.data:
            datum = self.definitions.data[head]
            return self._bounds_of_data(datum, bool(rest))
        if head in self.statement.columns:  # a count, a time or a cost: never below 0
            nought = np.zeros(len(self.signatories.providers))
            return nought, nought + np.inf
        value = self.look_up(name)  # it does not depend on what happened
        return value, value


def names_in(expressions: Iterable[Expression]) -> frozenset[str]:
    """Return every name that some expressions use."""
    return frozenset(name for expression in expressions for name in expression.names())


def used_names(
    expressions: Iterable[Expression], definitions: Definitions, before: bool = True
) -> frozenset[str]:
    """Return every name that some expressions use, themselves or through named measures.

    Args:
        expressions: the expressions.
        definitions: of the names.
        before: whether what ``before(...)`` needed in the window before counts as well.
    """
    found: set[str] = set()
    left = list(names_in(expressions))
    while left:
        name = left.pop()
        if name in found:
            continue
        found.add(name)
        measure = definitions.measures.get(name.removeprefix("before.") if before else name)
        left += measure.uses() if measure is not None else ()
    return frozenset(found)


def pooled_names(definitions: Definitions) -> dict[str, bool]:
    """Tell for each name that is not a standard column whether it is one for all providers."""
    amounts = {name: isinstance(amount, Figure) for name, amount in definitions.amounts.items()}
    pooled = {"years": True, "payments": False} | amounts
    pooled |= {name: datum.is_pooled for name, datum in definitions.data.items()}
    measures = definitions.measures
    pooled |= {f"before.{name}": True for name in measures}  # unless a round shows otherwise
    while True:
        for name, measure in measures.items():
            expressions = (measure.measure, *measure.expressions())
            pooled[name] = all(expression.is_pooled(pooled) for expression in expressions)
        wrong = [name for name in measures if pooled[f"before.{name}"] and not pooled[name]]
        if not wrong:
            return pooled
        pooled |= {f"before.{name}": False for name in wrong}


def known_names(
    definitions: Definitions,
    services: Sequence[str],
    keys: Iterable[str] = (),
    providers: Sequence[str] = (),
) -> list[str]:
    """Return every name a term of this contract may use.

    Args:
        definitions: of the contract.
        services: of the scenario.
        keys: of the terms, for ``payments.key``.
        providers: of the scenario, for ``only(provider, x)``.
    """
    by_service = [*COLUMNS, *_by_service(definitions.data)]
    return [
        *COLUMNS,
        *definitions.data,
        *definitions.amounts,
        *definitions.measures,
        "years",
        "payments",
        *(f"{column}.{service}" for column in by_service for service in services),
        *(f"before.{name}" for name in definitions.measures),
        *(f"payments.{key}" for key in keys),
        *(f"only.{party}" for party in providers),
    ]


def _by_service(data: Mapping[str, Datum]) -> Iterator[str]:
    return (name for name, datum in data.items() if datum.of == "each service")
