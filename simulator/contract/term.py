"""Terms: a measure, a curve, a size, a split, a payer, a payee and a timing.

A term says in one model what is paid, checks itself, works out the payment and says in a sentence
what it does. Every ready-made form of contract is a list of terms.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from simulator.contract.curve import Curve
from simulator.contract.expression import Measure, parse, product
from simulator.contract.signatories import Signatories
from simulator.contract.statement import Array
from simulator.contract.working import Working
from simulator.quantities import Share

__all__ = ["Identifier", "Split", "Term", "Window", "shares"]

Identifier = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=40)]
"""A name used in paths and measures: small letters, digits and underscores."""

Window = Literal["month", "quarter", "year", "term"]
"""The period over which a term is worked out."""

Settled = Literal["monthly", "quarterly", "annually", "at the end"]
"""When what is due is paid."""

Split = Literal["equal", "by caseworkers", "each"] | dict[Identifier, Share]
"""How an amount that is one for all is divided between the providers; 'each' gives (or takes) the
whole amount to every one of them."""


class Term(Curve):
    """One rule of payment: ``times x curve(measure)``, paid by ``from`` to ``to``.

    The measure is worked out on the statement of the window so far; what was paid before in the
    same window is taken off, so a term that is settled quarterly and assessed over the year is
    trued up at the year end by itself.
    """

    name: str
    """What the parties call this term."""
    measure: Measure
    """What is counted: an expression over the columns of the statement."""
    times: Measure = Field(default_factory=lambda: parse("1"), json_schema_extra={"default": 1})
    """What the value of the curve is multiplied by: an amount, a base, a price."""
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
    clause: str = ""
    """The clause of the contract it stands in."""

    def calculate(self, working: Working) -> Array:
        """Return the payments of this term for one window.

        Args:
            working: the statement of the window with the contract's amounts and measures.

        Returns:
            Shape ``(..., accounts)``: positive is received, negative is paid; sums to 0.
        """
        level = working.price_level if self.in_money else 1.0
        value = self.apply(working.evaluate(self.measure)) * working.evaluate(self.times) * level
        return self.move(value, working.signatories)

    def pay_on_account(self, working: Working) -> Array:
        """Return the payments on account for the window (a month), shape ``(..., accounts)``."""
        if self.on_account is None:
            return np.zeros(len(working.signatories.accounts))
        return self.move(working.evaluate(self.on_account), working.signatories)

    def payment_bounds(self, working: Working) -> tuple[float, float]:
        """Return the least and greatest size of the payment for any statement of the window.

        For an amount by provider these are of one provider, for a pooled one of the whole. Where
        ``times`` is the payments of the terms above, they are of the factor on those payments.
        """
        level = working.price_level if self.in_money else 1.0
        bounds = self.value_bounds(*working.bounds(self.measure), self.measure.divides)
        sign = self.factor_on_payments
        times = (sign, sign) if sign else working.bounds(self.times)
        return product(product(bounds, times), (level, level))

    @property
    def factor_on_payments(self) -> float:
        """1 or -1 where the term adds to or takes from the payments above in proportion, else 0."""
        return {"payments": 1.0, "-payments": -1.0}.get(self.times.text.replace(" ", ""), 0.0)

    def is_additive(self, additive: Callable[[str], bool]) -> bool:
        """Tell whether payments for the parts of a period add up to that for the whole.

        Args:
            additive: tells so for each name a measure can use.
        """
        plain = len(self.bands) <= 1 and self.at_least is None and self.at_most is None
        is_number = not self.times.names()
        return plain and is_number and self.measure.is_linear(additive)

    def is_pooled(self, pooled: Mapping[str, bool]) -> bool:
        """Tell whether the amount is one for all providers (and so needs a split)."""
        return self.measure.is_pooled(pooled) and self.times.is_pooled(pooled)

    def move(self, value: Array, signatories: Signatories) -> Array:
        """Return who receives and pays an amount, shape ``(..., accounts)``, summing to 0.

        Args:
            value: shape ``(..., providers)`` (each its own) or ``(..., 1)`` (one for all).
            signatories: the parties.
        """
        return _spread(value, self.payee, self.split, signatories) - _spread(
            value, self.payer, self.split, signatories
        )


def shares(split: Split | None, signatories: Signatories) -> Array:
    """Return the share of each provider, shape ``(providers,)``; ones where each gets the whole."""
    if isinstance(split, dict):
        # written shares sum to 100% but for their last digit; here they do to the last bit
        given = np.array([float(split.get(party, 0.0)) for party in signatories.providers])
        whole: Array = given / given.sum()
        return whole
    if split == "equal":
        return np.full(len(signatories.providers), 1 / len(signatories.providers))
    if split == "by caseworkers":
        workers = np.array([signatories.caseworkers[party] for party in signatories.providers])
        share: Array = workers / workers.sum()
        return share
    return np.ones(len(signatories.providers))


def _spread(value: Array, side: str, split: Split | None, signatories: Signatories) -> Array:
    """Return who moves how much on one side, shape ``(..., accounts)``.

    ``value`` has shape ``(..., providers)`` (each its own) or ``(..., 1)`` (one for all).
    """
    pooled = split is not None and value.shape[-1] == 1
    each = value * shares(split, signatories) if pooled else value
    moved = np.zeros((*value.shape[:-1], len(signatories.accounts)))
    if side == "providers":
        moved[..., signatories.provider_slice] = each
        return moved
    total = each.sum(axis=-1)
    if side == "commissioners":
        for index, party in enumerate(signatories.commissioners):
            moved[..., index] = total * signatories.funding[party]
        return moved
    moved[..., signatories.accounts.index(side)] = total
    return moved
