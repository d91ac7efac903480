"""Terms: a measure, a curve, a size, a split, a payer, a payee and a timing.

A term says in one model what is paid, checks itself, works out the payment and says in a sentence
what it does. Every ready-made form of contract is a list of terms.
"""

from __future__ import annotations

import ast
import datetime
from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Literal

import numpy as np
from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from simulator._refuse import refuse
from simulator.contract.amounts import Identifier
from simulator.contract.curve import Curve
from simulator.contract.days import Date
from simulator.contract.expression import Expression, Interval, Measure, parse, product
from simulator.contract.signatories import Signatories
from simulator.contract.split import DividedBy, Split, shares
from simulator.contract.statement import Array
from simulator.contract.working import Working, names_in

__all__ = ["Flows", "Identifier", "Settled", "Split", "Term", "Window"]

Window = Literal["month", "quarter", "year", "term"]
"""The period over which a term is worked out."""

Flows = dict[int, Array]
"""What a term moves: for each account that has a part in it, by its place, what it receives, or
pays where that is below nought, ``(...,)``; together nought. Leading axes are only those that the
amount follows from: what does not depend on what happened is a single number."""

Settled = Literal["monthly", "quarterly", "annually", "at the end"]
"""When what is due is paid."""


def _one_or_several(found: object) -> object:
    return (found,) if isinstance(found, str) else found


Keys = Annotated[
    tuple[Identifier, ...],
    BeforeValidator(_one_or_several),
    Field(min_length=1),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}),
]
"""The key of a term, or the keys of several."""


class Term(Curve):
    """One rule of payment: ``times x curve(measure)``, paid by ``from`` to ``to``.

    The measure is worked out on the statement of the window so far; what was paid before in the
    same window is taken off, so a term that is settled quarterly and assessed over the year is
    trued up at the year end by itself.
    """

    name: str
    """What the parties call this term."""
    key: Identifier | Literal[""] = ""
    """The name by which measures of later terms find what it pays: ``payments.key``."""
    measure: Measure
    """What is counted: an expression over the columns of the statement."""
    times: Measure = Field(default_factory=lambda: parse("1"), json_schema_extra={"default": 1})
    """What the value of the curve is multiplied by: an amount, a base, a price."""
    instead_of: Keys | None = None
    """'payments', or the keys of terms above: what they pay is replaced by what this one says, so
    that only the difference is paid. A cap on several terms together is written this way."""
    payer: str = Field(default="commissioners", alias="from")
    """Who pays (and receives, where the amount is negative): 'commissioners', 'providers', one
    party, or an outside account."""
    payee: str = Field(default="providers", alias="to")
    """Who receives: 'providers', 'commissioners', one party, or an outside account."""
    split: Split | None = None
    """How an amount that is one for all is divided between the providers."""
    assessed: Window = "year"
    """The period the curve is applied to: month, quarter, (financial) year or the whole term."""
    settled: Settled = "monthly"
    """When the amount so far is paid, less what was paid before."""
    on_account: Measure | None = None
    """What is paid at each month end in the meantime, from amounts a year."""
    starts: Date | None = None
    """The first day it holds, the first of a month; none means from the start of the contract."""
    ends: Date | None = None
    """The last day it holds, the last of a month; none means to the end of the contract."""
    clause: str = ""
    """The clause of the contract it stands in."""

    @model_validator(mode="after")
    def _whole_months(self) -> Term:
        day_after = None if self.ends is None else self.ends + datetime.timedelta(days=1)
        for key, day in (("starts", self.starts), ("ends", day_after)):
            if day is not None and day.day != 1:
                raise refuse(
                    f"found {getattr(self, key)}",
                    "a term holds for whole months",
                    "write the first day of a month for 'starts', the last one for 'ends'",
                    at=key,
                )
        if self.starts is not None and self.ends is not None and self.starts > self.ends:
            raise refuse(
                f"found 'starts' {self.starts} after 'ends' {self.ends}",
                "a term starts before it ends",
                "correct one of the dates",
            )
        return self

    def uses(self) -> frozenset[str]:
        """Return every name it uses, but for its payments on account."""
        return names_in(self.all_expressions())

    def calculate(self, working: Working) -> Flows:
        """Return the payments of this term for one window.

        Args:
            working: the statement of the window with the contract's amounts and measures.
        """
        return self.flows(self.amount(working), working)

    def amount(self, working: Working) -> Array:
        """Return the amount that moves, ``(..., providers)`` or, one for all, ``(..., 1)``."""
        level = working.conditions.price_level
        value = self.apply(working.evaluate(self.measure), working.look_up, level)
        if self.times.text != "1":
            value = value * working.evaluate(self.times)
        if self.instead_of is None:
            return value
        replaced = sum(map(working.look_up, self.replaced), np.zeros(1))
        if value.shape[-1] == 1 and self.split not in (None, "each"):
            replaced = replaced.sum(axis=-1, keepdims=True)
        # what providers receive is less than nought where they pay
        return value + replaced if self.payer == "providers" else value - replaced

    @property
    def replaced(self) -> tuple[str, ...]:
        """The names of the payments that this term replaces."""
        keys = self.instead_of or ()
        return tuple(key if key == "payments" else f"payments.{key}" for key in keys)

    @property
    def is_limit_alone(self) -> bool:
        """Whether it does no more than limit what terms above pay together."""
        adds = (ast.Name, ast.Attribute, ast.Call, ast.BinOp, ast.Add, ast.Load)
        plain = self.is_limited and not (self.bands or self.points or self.steps or self.dead_band)
        plain = plain and self.times.text == "1" and self.measure.names() == set(self.replaced)
        only_sums = {"total"} >= {
            node.func.id
            for node in ast.walk(self.measure.tree)
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        }
        nodes = ast.walk(self.measure.tree)
        return plain and only_sums and all(isinstance(node, adds) for node in nodes)

    def pay_on_account(self, working: Working) -> Array:
        """Return the payments on account for the window (a month), shape ``(accounts,)``."""
        if self.on_account is None:
            return np.zeros(len(working.signatories.accounts))
        moved = np.zeros(len(working.signatories.accounts))
        for place, amount in self.flows(working.evaluate(self.on_account), working).items():
            moved[place] = amount
        return moved

    def payment_bounds(self, working: Working, measured: Interval | None = None) -> Interval:
        """Return the least and greatest size of the payment for any statement of the window.

        They are of each provider, or one for all as the amount is. Where ``times`` is what terms
        above pay, they are of the factor on those payments.

        Args:
            working: of the window.
            measured: bounds of the measure, where they are known closer than from its parts.
        """
        level = np.array([self.level(working.conditions.price_level)])
        measured = measured or working.bounds(self.measure)
        bounds = self.value_bounds(measured, self.measure.divides, working.look_up_bounds)
        sign = np.array([self.factor_on[0]])
        times = (sign, sign) if sign.any() else working.bounds(self.times)
        return product(product(bounds, times), (level, level))

    @property
    def factor_on_payments(self) -> float:
        """1 or -1 where the term adds to or takes from the payments above in proportion, else 0."""
        sign, key = self.factor_on
        return sign if key == "payments" else 0.0

    @property
    def factor_on(self) -> tuple[float, str]:
        """1 or -1 and whose payments it adds to or takes from in proportion; 0 if it does not.

        Whose payments: the key of a term, or 'payments' for all of those above.
        """
        name = self.times.text.removeprefix("-")
        sides = self.payer, self.payee
        between = sides == ("commissioners", "providers") and self.instead_of is None
        if not between or self.times.names() != {name} or name.partition(".")[0] != "payments":
            return 0.0, ""
        return (1.0 if name == self.times.text else -1.0), name.removeprefix("payments.")

    def is_additive(self, additive: Callable[[str], bool]) -> bool:
        """Tell whether payments for the parts of a period add up to that for the whole.

        Args:
            additive: tells so for each name a measure can use.
        """
        straight = not (self.points or self.steps or self.is_limited) and len(self.bands) <= 1
        fixed = not any(self.expressions()) and self.instead_of is None
        fixed = fixed and not isinstance(self.split, DividedBy)
        is_number = not self.times.names()
        return straight and fixed and is_number and self.measure.is_linear(additive)

    def is_pooled(self, pooled: Mapping[str, bool]) -> bool:
        """Tell whether the amount is one for all providers (and so needs a split)."""
        parts = (self.measure, self.times, *self.expressions())
        if not all(part.is_pooled(pooled) for part in parts):
            return False
        # what it replaces differs by provider, and is added up where the new amount is divided
        return self.instead_of is None or self.split not in (None, "each")

    def flows(self, value: Array, working: Working) -> Flows:
        """Return who receives and pays an amount.

        Args:
            value: shape ``(..., providers)`` (each its own) or ``(..., 1)`` (one for all).
            working: of the window.
        """
        parts = None
        if self.split is not None and value.shape[-1] == 1:
            parts = shares(self.split, working.signatories, working.look_up)
        each = value if parts is None else value * parts
        flows = _by_account(each, self.payee, working.signatories)
        for account, amount in _by_account(each, self.payer, working.signatories).items():
            flows[account] = flows.get(account, 0.0) - amount
        return flows

    def sides(self, each: Array, signatories: Signatories) -> tuple[Array, Array]:
        """Return what the payee's side receives and what the payer's side pays.

        Args:
            each: the amounts, shape ``(..., providers)`` or, between single parties, ``(..., 1)``.
            signatories: the parties.
        """
        received, paid = _nothing(each, signatories), _nothing(each, signatories)
        for moved, side in ((received, self.payee), (paid, self.payer)):
            for account, amount in _by_account(each, side, signatories).items():
                moved[..., account] = amount
        return received, paid

    def window_key(self) -> tuple[Window, datetime.date | None, datetime.date | None]:
        """Return what its windows are told apart by."""
        return self.assessed, self.starts, self.ends

    def all_expressions(self) -> Iterator[Expression]:
        """Return every measure of its payment."""
        yield from (self.measure, self.times, *self.expressions())
        if isinstance(self.split, DividedBy):
            yield self.split.by


def _by_account(each: Array, side: str, signatories: Signatories) -> Flows:
    """Return what moves on each account of one side."""
    if side != "providers":
        return dict(_side(each, side, signatories))
    accounts = range(len(signatories.accounts))[signatories.provider_slice]
    one_for_all = each.shape[-1] == 1
    return {
        account: each[..., 0 if one_for_all else number] for number, account in enumerate(accounts)
    }


def _nothing(each: Array, signatories: Signatories) -> Array:
    """Return nought for every account, laid out in memory as amounts of providers are."""
    return np.zeros_like(each, shape=(*each.shape[:-1], len(signatories.accounts)))


def _side(each: Array, side: str, signatories: Signatories) -> Iterator[tuple[int, Array]]:
    """Yield the accounts of a side other than that of the providers, and what moves on each."""
    total = each.sum(axis=-1)
    if side == "commissioners":
        for index, party in enumerate(signatories.commissioners):
            yield index, total * signatories.funding[party]
    else:
        yield signatories.accounts.index(side), total
