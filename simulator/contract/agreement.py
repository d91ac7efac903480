"""The one function of the project: a statement goes in, payments by term and party come out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt

from simulator._errors import SettlementError
from simulator.contract.signatories import Signatories
from simulator.contract.statement import COLUMNS, Array, Statement
from simulator.contract.term import Term
from simulator.contract.working import NamedMeasure, Working, pooled_names
from simulator.quantities import Figure

__all__ = ["PENNY_FRACTION", "Agreement", "to_ledger_grid"]

PENNY_FRACTION = 2.0**-10
"""The grain of the simulation's ledger, pounds: sums of its multiples are exact in any order."""


_LARGEST_SUM = 2.0**42  # in pounds; 2**53 grains of 2**-10 leave a bit to spare for sums


def to_ledger_grid(amounts: Array) -> Array:
    """Round pounds to the ledger's grain (about a tenth of a penny).

    Raises:
        SettlementError: an amount is too large for sums to be exact.
    """
    if np.abs(amounts).max(initial=0.0) > _LARGEST_SUM:
        raise SettlementError(
            "the scenario moves more than four million million pounds in a month, which the ledger "
            "does not count; check the units of its amounts"
        )
    rounded: Array = np.rint(amounts / PENNY_FRACTION) * PENNY_FRACTION
    return rounded


@dataclass(frozen=True)
class Agreement:
    """A contract written out for its parties: terms in order, with the names they use.

    Attributes:
        name: the contract's identifier.
        signatories: the parties.
        terms: in order of calculation; a term can use what earlier ones pay (``payments``).
        amounts: named amounts of money.
        measures: named measures.
    """

    name: str
    signatories: Signatories
    terms: tuple[Term, ...]
    amounts: Mapping[str, Figure] = field(default_factory=dict)
    measures: Mapping[str, NamedMeasure] = field(default_factory=dict)

    def settle(self, statement: Statement, price_level: float = 1.0) -> Array:
        """Return the payments for a window.

        Args:
            statement: what happened; any leading axes.
            price_level: mean uplift of the contract's amounts over the window.

        Returns:
            Shape ``(..., terms, accounts)`` in pounds; each term sums to 0 over accounts.

        Raises:
            SettlementError: a payment is not a finite number.
        """
        working = self._working(statement, price_level)
        some = next(iter(statement.columns.values()))
        working.payments = np.zeros(some.shape[:-1])
        lead = some.shape[:-2]
        payments = np.zeros((*lead, len(self.terms), len(self.signatories.accounts)))
        for index, term in enumerate(self.terms):
            moved = term.calculate(working)
            if not np.isfinite(moved).all():
                raise SettlementError(
                    f"the term '{term.name}' of the contract '{self.name}' came to a payment that "
                    "is not a finite number; its measure divides by nought: guard what it divides "
                    "by, as in cost / max(completed, 1)"
                )
            payments[..., index, :] = moved
            if self.between_parties[index]:
                working.add_payments(moved[..., self.signatories.provider_slice])
        return payments

    def on_account(self, statement: Statement, price_level: float = 1.0) -> Array:
        """Return the payments on account for a month, shape ``(terms, accounts)``.

        They depend on amounts and the length of the month only, never on what happened in it.
        """
        working = self._working(statement, price_level)
        return np.array([term.pay_on_account(working) for term in self.terms])

    def is_payment(self, term: Term) -> bool:
        """Tell whether a term moves money between commissioners and providers."""
        commissioners = ("commissioners", *self.signatories.commissioners)
        sides = {term.payer, term.payee}
        return any(side in commissioners for side in sides) and not sides.isdisjoint(
            ("providers", *self.signatories.providers)
        )

    def yearly_bounds(self) -> Array:
        """Return each term's least and greatest payment in a full first year.

        Returns:
            Shape ``(terms, 2)``, pounds; see :meth:`Term.payment_bounds` for what of.
        """
        empty = np.zeros((len(self.signatories.providers), len(self.signatories.services)))
        bounds = []
        for term in self.terms:
            windows = {"month": 12, "quarter": 4, "year": 1, "term": 1}[term.assessed]
            working = self._working(Statement(dict.fromkeys(COLUMNS, empty), 1.0 / windows), 1.0)
            times = 1 if term.factor_on_payments else windows  # a factor does not add up
            bounds.append([times * bound for bound in term.payment_bounds(working)])
        return np.array(bounds)

    @cached_property
    def between_parties(self) -> npt.NDArray[np.bool_]:
        """For each term, whether it moves money between commissioners and providers."""
        return np.array([self.is_payment(term) for term in self.terms])

    @cached_property
    def pooled(self) -> dict[str, bool]:
        """For the names that are not columns, whether each is one for all providers."""
        return pooled_names(self.amounts, self.measures)

    def balancing_account(self, term: Term) -> int:
        """Return the account that takes the grain left over by rounding a term's payment.

        It is the first commissioner where the commissioners are a side, else the one named
        outside the providers, else the payer.
        """
        accounts = self.signatories.accounts
        for side in (term.payer, term.payee):
            if side == "commissioners":
                return 0
        for side in (term.payer, term.payee):
            if side != "providers":
                return accounts.index(side)
        return accounts.index(term.payer)

    def _working(self, statement: Statement, price_level: float) -> Working:
        return Working(statement, self.signatories, self.amounts, self.measures, price_level)
