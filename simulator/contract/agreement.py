"""The one function of the project: a statement goes in, payments by term and party come out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from simulator._errors import SettlementError
from simulator.contract.amounts import Adjustment, Amount
from simulator.contract.data import Datum, levels
from simulator.contract.periods import Month
from simulator.contract.remedies import Remedies
from simulator.contract.signatories import OUTSIDE, Signatories
from simulator.contract.statement import COLUMNS, Array, Statement
from simulator.contract.term import Flows, Term, Window
from simulator.contract.working import (
    AT_SIGNING,
    Conditions,
    Definitions,
    NamedMeasure,
    Working,
    names_in,
    used_names,
)

__all__ = ["PENNY_FRACTION", "Agreement", "to_ledger_grid"]

PENNY_FRACTION = 2.0**-10
"""The grain of the simulation's ledger, pounds: sums of its multiples are exact in any order."""


_NOTHING = np.zeros(())
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
        data: what it counts beside the standard columns.
        adjustments: dated changes of its amounts.
        uplift: yearly rise of its amounts and prices on each 1 April.
        openness: by lever, the share of departures from what was agreed that its clauses bring to
            light; no payment follows from it.
        remedies: what it does about a provider that falls short; None where it says nothing.
    """

    name: str
    signatories: Signatories
    terms: tuple[Term, ...]
    amounts: Mapping[str, Amount] = field(default_factory=dict)
    measures: Mapping[str, NamedMeasure] = field(default_factory=dict)
    data: Mapping[str, Datum] = field(default_factory=dict)
    adjustments: tuple[Adjustment, ...] = ()
    uplift: float = 0.0
    openness: Mapping[str, float] = field(default_factory=dict)
    remedies: Remedies | None = None

    def settle(
        self,
        statement: Statement,
        conditions: Conditions = AT_SIGNING,
        active: Sequence[bool] | None = None,
        needed: Sequence[bool] | None = None,
    ) -> Array:
        """Return the payments for a window.

        Args:
            statement: what happened; any leading axes.
            conditions: prices, adjustments and what the window before left.
            active: which terms hold in the window; none means all.
            needed: which terms are worked out at all, from :meth:`needed_for`; none means all.

        Returns:
            Shape ``(..., terms, accounts)`` in pounds; each term sums to 0 over accounts.

        Raises:
            SettlementError: a payment is not a finite number.
        """
        lead = np.broadcast_shapes(*(each.shape[:-2] for each in statement.columns.values()))
        payments = np.zeros((*lead, len(self.terms), len(self.signatories.accounts)))
        for index, flows in enumerate(self.flows(statement, conditions, active, needed)):
            for account, amount in flows.items():
                payments[..., index, account] = amount
        return payments

    def flows(
        self,
        statement: Statement,
        conditions: Conditions = AT_SIGNING,
        active: Sequence[bool] | None = None,
        needed: Sequence[bool] | None = None,
    ) -> list[Flows]:
        """Return the payments for a window, for each term those of the accounts that it moves.

        The arguments are those of :meth:`settle`.

        Raises:
            SettlementError: a payment is not a finite number.
        """
        working = self.working(statement, conditions)
        found: list[Flows] = []
        for index in range(len(self.terms)):
            flows: Flows = {}
            if needed is None or needed[index]:
                if active is None or active[index]:
                    flows = self._moved_by(index, working)
                self.take_in(working, index, flows)
            found.append(flows)
        return found

    def _moved_by(self, index: int, working: Working) -> Flows:
        """Return the payments of a term; what always comes to the same is worked out once."""
        term, conditions = self.terms[index], working.conditions
        always = self._is_fixed[index] and not conditions.added
        period = index, working.statement.years, conditions.price_level
        if always and period in self._fixed:
            return self._fixed[period]
        with np.errstate(all="ignore"):  # what is not finite is refused below
            flows = term.calculate(working)
        self.refuse_infinite(term, flows)
        if always:
            self._fixed[period] = flows
        return flows

    @cached_property
    def _is_fixed(self) -> list[bool]:
        """For each term, whether it follows from amounts and the length of the window alone."""
        follows = {*self.amounts, *self.measures, "years"}
        used = [used_names(term.all_expressions(), self.definitions) for term in self.terms]
        return [
            names <= follows and term.instead_of is None
            for names, term in zip(used, self.terms, strict=True)
        ]

    @cached_property
    def _fixed(self) -> dict[tuple[int, float, float], Flows]:
        """What such terms pay, by their place, the length of the window and the price level."""
        return {}

    @cached_property
    def tapes(self) -> dict[tuple[Any, ...], Any]:
        """What has been recorded of its settlement, by what it was recorded for.

        It is empty here: whoever plays tapes keeps them with the contract they are of.
        """
        return {}

    @cached_property
    def assessed_by(self) -> dict[Window, tuple[list[int], list[bool]]]:
        """For each kind of window, its terms, and which have to be worked out so they are known."""
        terms: dict[Window, list[int]] = {}
        for index, term in enumerate(self.terms):
            terms.setdefault(term.assessed, []).append(index)
        return {window: (some, self.needed_for(some)) for window, some in terms.items()}

    def needed_for(self, terms: Sequence[int]) -> list[bool]:
        """Tell which terms have to be worked out so that some of them are known."""
        wanted = [self.terms[index] for index in terms]
        expressions = [each for term in wanted for each in term.all_expressions()]
        used = used_names(expressions, self.definitions)
        linked = any(term.instead_of is not None for term in wanted)
        linked |= any(name.partition(".")[0] == "payments" for name in used)
        return [
            bool(self.carried) or index in terms or (linked and index < max(terms))
            for index in range(len(self.terms))
        ]

    def working(self, statement: Statement, conditions: Conditions = AT_SIGNING) -> Working:
        """Return the working sheet of a window on which nothing is paid yet."""
        none = np.zeros(len(self.signatories.providers))
        return Working(statement, self.signatories, self.definitions, conditions, none)

    def take_in(self, working: Working, index: int, flows: Flows) -> None:
        """Let later terms see what a term pays each provider, if it is one between the parties."""
        key = self.terms[index].key
        if not self.asks_for_payments:
            return
        received = _side_by_side([flows.get(account, _NOTHING) for account in self._providers])
        if self.between_parties[index]:
            working.add_payments(key, received)
        elif key:
            working.payments_by[key] = received

    def refuse_infinite(self, term: Term, flows: Flows) -> None:
        """Refuse a payment that is not a finite number."""
        # each account beside the providers' has a part in their sum, which is not finite either
        others = [amount for account, amount in flows.items() if account not in self._providers]
        if not all(np.isfinite(amount).all() for amount in others[:1] or flows.values()):
            raise SettlementError(
                f"the term '{term.name}' of the contract '{self.name}' came to a payment that "
                "is not a finite number; its measure divides by nought: guard what it divides "
                "by, as in cost / max(completed, 1)"
            )

    @cached_property
    def _providers(self) -> range:
        """The accounts of the providers."""
        return range(len(self.signatories.accounts))[self.signatories.provider_slice]

    @cached_property
    def definitions(self) -> Definitions:
        """The names it gives to amounts, measures and data."""
        return Definitions(self.amounts, self.measures, self.data)

    def on_account(self, statement: Statement, conditions: Conditions = AT_SIGNING) -> Array:
        """Return the payments on account for a month, shape ``(terms, accounts)``.

        They depend on amounts and the length of the month only, never on what happened in it.
        """
        working = Working(statement, self.signatories, self.definitions, conditions)
        return np.array([term.pay_on_account(working) for term in self.terms])

    def is_payment(self, term: Term) -> bool:
        """Tell whether a term moves money between those who signed."""
        return not {term.payer, term.payee} & set(OUTSIDE)

    @cached_property
    def data_used(self) -> tuple[str, ...]:
        """Return the columns of a statement and the declared data that its payments follow from."""
        used = {name.partition(".")[0] for name in self.names_used}
        return tuple(name for name in (*COLUMNS, *self.data) if name in used)

    @cached_property
    def unexpected(self) -> tuple[str, ...]:
        """The data it counts of which nobody says what a simulation takes them to be."""
        used = (name for name in self.data_used if name in self.data)
        return tuple(name for name in used if not self.data[name].is_foreseen)

    @cached_property
    def insisted(self) -> tuple[str, ...]:
        """The data it counts that follow from how the commissioners enforce it."""
        used = (name for name in self.data_used if name in self.data)
        return tuple(name for name in used if self.data[name].follows == "enforcement")

    @property
    def is_at_discretion(self) -> bool:
        """Whether it leaves the commissioners to insist on what they may, or not."""
        return bool(self.insisted) or self.remedies is not None

    @cached_property
    def watched(self) -> tuple[str, ...]:
        """The columns that its standards follow from, paid for or not."""
        if self.remedies is None:
            return ()
        expressions = [each.measure for each in self.remedies.standards.values()]
        used = {n.partition(".")[0] for n in used_names(expressions, self.definitions)}
        return tuple(name for name in COLUMNS if name in used)

    def shortfalls(self, statement: Statement) -> list[Array]:
        """Return how far each of its standards is missed, ``(..., providers)``; nought is kept.

        What cannot be measured, because nobody was there to measure it by, is not a number.
        """
        if self.remedies is None:
            return []
        working = self.working(statement)
        with np.errstate(all="ignore"):
            return [
                each.missed_by(working.evaluate(each.measure))
                for each in self.remedies.standards.values()
            ]

    @property
    def known_columns(self) -> tuple[str, ...]:
        """The columns of a statement and the declared data, used or not."""
        return (*COLUMNS, *self.data)

    @cached_property
    def carried(self) -> tuple[str, ...]:
        """The measures that a later window asks for with ``before(...)``."""
        measures = [m.measure for m in self.measures.values()]
        limits = [each for m in self.measures.values() for each in m.expressions()]
        terms = [each for term in self.terms for each in term.all_expressions()]
        asked = names_in([*measures, *limits, *terms])
        return tuple(name for name in self.measures if f"before.{name}" in asked)

    @cached_property
    def names_used(self) -> frozenset[str]:
        """Every name that the payments between those who signed follow from."""
        terms = list(self.live_terms)
        while True:
            expressions = [each for term in terms for each in term.all_expressions()]
            used = used_names(expressions, self.definitions)
            # a term to somebody outside counts where another asks for what it pays
            asked = [t for t in self.terms if f"payments.{t.key}" in used and t not in terms]
            if not asked:
                return used
            terms += asked

    @cached_property
    def asks_for_payments(self) -> bool:
        """Whether the payments of a term follow from those of terms above it."""
        expressions = [each for term in self.terms for each in term.all_expressions()]
        used = used_names(expressions, self.definitions)
        replaces = any(term.instead_of is not None for term in self.terms)
        return replaces or any(name.partition(".")[0] == "payments" for name in used)

    @cached_property
    def live_terms(self) -> tuple[Term, ...]:
        """The terms between those who signed."""
        return tuple(term for term in self.terms if self.is_payment(term))

    @cached_property
    def levels(self) -> frozenset[str]:
        """The data of which a longer period has the latest value."""
        return levels(self.data)

    def price_level(self, month: Month) -> float:
        """Return the level of its amounts in a month, 1 until the first 1 April."""
        return float((1.0 + self.uplift) ** month.aprils)

    @cached_property
    def between_parties(self) -> npt.NDArray[np.bool_]:
        """For each term, whether it moves money between those who signed."""
        return np.array([self.is_payment(term) for term in self.terms])

    @cached_property
    def pooled(self) -> dict[str, bool]:
        """For the names that are not columns, whether each is one for all providers."""
        return self.definitions.pooled

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


def _side_by_side(amounts: Sequence[Array]) -> Array:
    """Return amounts on a last axis, one behind the other in memory.

    Sums over them are then added one after the other, however many they are.
    """
    shape = np.broadcast_shapes(*(amount.shape for amount in amounts))
    return np.moveaxis(np.stack([np.broadcast_to(amount, shape) for amount in amounts]), 0, -1)
