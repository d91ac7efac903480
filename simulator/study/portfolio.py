"""Many settlements at once: one row of figures each, under any of a file's contracts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from simulator._errors import UsageError, did_you_mean
from simulator.contract.agreement import Agreement
from simulator.contract.statement import COLUMNS, Array, Statement
from simulator.scenario.scenario import Scenario
from simulator.scenario.signed import ContractFile

__all__ = ["Payments", "settle"]


@dataclass(frozen=True)
class Payments:
    """What each row comes to.

    Attributes:
        parties: commissioners, then providers.
        received: what each party receives in all, shape ``(rows, parties)``, pounds; below nought
            it pays.
        by_term: the same for each term, by contract and the name of the term, for the contract's
            own rows, shape ``(rows of the contract, parties)``.
    """

    parties: tuple[str, ...]
    received: Array
    by_term: Mapping[str, Mapping[str, Array]]

    def of(self, party: str) -> Array:
        """Return what one party receives in every row."""
        return self.received[:, self.parties.index(party)]


def settle(
    signed: Scenario | ContractFile,
    rows: Mapping[str, Sequence[Any] | Array],
    contract: str | Sequence[str] | None = None,
    years: float = 1.0,
) -> Payments:
    """Settle every row of a table, each as one period by itself, all in one go.

    Args:
        signed: the file of the contracts.
        rows: a column for each figure: ``measure``, or ``measure.party``, or
            ``measure.party.service``; as many entries each as there are rows.
        contract: the contract, by its name or title: one for all rows, or one for each. None where
            the file has only one.
        years: length of the period of a row.

    Raises:
        UsageError: a contract or a column that is not known, or one that is missing.
        SettlementError: a payment is not a finite number.
    """
    size = {len(column) for column in rows.values()}
    if len(size) != 1:
        raise UsageError(f"found columns of {', '.join(map(str, sorted(size)))} rows")
    (count,) = size
    names = _contracts(signed, contract, count)
    agreements = signed.agreements()
    signatories = signed.signatories
    _refuse_unknown(rows, agreements)
    parties = (*signatories.commissioners, *signatories.providers)
    received = np.zeros((count, len(parties)))
    by_term: dict[str, dict[str, Array]] = {}
    for name in dict.fromkeys(names.tolist()):
        here = names == name
        agreement = agreements[name]
        columns = {key: np.asarray(column)[here] for key, column in rows.items()}
        statement = _statement(agreement, columns, int(here.sum()), years)
        payments = agreement.settle(statement)[..., : len(parties)]
        received[here] = payments.sum(axis=-2)
        by_term[name] = {
            term.name: payments[:, index] for index, term in enumerate(agreement.terms)
        }
    return Payments(parties, received, by_term)


def _contracts(
    signed: Scenario | ContractFile, contract: str | Sequence[str] | None, count: int
) -> np.ndarray[Any, Any]:
    """Return the identifier of the contract of each row."""
    known = {signed.title_of(key): key for key in signed.contracts}
    known |= {key: key for key in signed.contracts}
    if contract is None and len(signed.contracts) > 1:
        raise UsageError(f"found {len(signed.contracts)} contracts; say which one a row is under")
    given = next(iter(signed.contracts)) if contract is None else contract
    written = [given] * count if isinstance(given, str) else list(given)
    if len(written) != count:
        raise UsageError(f"found {len(written)} names of contracts for {count} rows")
    for name in dict.fromkeys(written):
        if name not in known:
            near = did_you_mean(str(name), known)
            raise UsageError(
                f"found the contract '{name}'; the contracts are {', '.join(signed.contracts)}"
                + (f"; {near}" if near else "")
            )
    return np.array([known[name] for name in written])


def _refuse_unknown(rows: Mapping[str, Any], agreements: Mapping[str, Agreement]) -> None:
    """Refuse columns that no contract counts."""
    known = dict.fromkeys(name for each in agreements.values() for name in each.known_columns)
    for name in rows:
        measure = name.partition(".")[0]
        if measure not in known:
            used = dict.fromkeys(name for each in agreements.values() for name in each.data_used)
            near = did_you_mean(measure, known)
            raise UsageError(
                f"found the column '{name}'; these contracts count {', '.join(used)}"
                + (f"; {near}" if near else "")
            )


def _statement(
    agreement: Agreement, columns: Mapping[str, np.ndarray[Any, Any]], count: int, years: float
) -> Statement:
    """Return the statement of rows, every figure the contract uses given."""
    signatories = agreement.signatories
    shape = len(signatories.providers), len(signatories.services)
    made = {name: np.zeros((count, *shape)) for name in COLUMNS}
    given: dict[str, set[tuple[int, int]]] = {}
    for name in agreement.data:
        sizes = {"all": (1, 1), "each provider": (shape[0], 1), "each service": shape}
        made[name] = np.zeros((count, *sizes[agreement.data[name].of]))
    for name, values in columns.items():
        measure, *rest = name.split(".")
        if measure not in made:
            continue  # of another contract
        row, column = _cell(name, rest, made[measure].shape[1:], agreement)
        made[measure][:, row, column] = np.asarray(values, dtype=float)
        given.setdefault(measure, set()).add((row, column))
    for measure in agreement.data_used:
        rows = {row for row, _ in given.get(measure, set())}
        if len(rows) < made[measure].shape[1]:
            raise UsageError(
                f"found no column '{measure}' for every party; missing is never nought"
            )
    return Statement(made, years, agreement.levels)


def _cell(
    name: str, rest: Sequence[str], shape: tuple[int, ...], agreement: Agreement
) -> tuple[int, int]:
    """Return which provider and service a column is of."""
    signatories = agreement.signatories
    row = column = 0
    for part in rest:
        if part in signatories.providers and shape[0] == len(signatories.providers):
            row = signatories.providers.index(part)
        elif part in signatories.services and shape[1] == len(signatories.services):
            column = signatories.services.index(part)
        else:
            raise UsageError(f"found '{part}' in the column '{name}', which names no party of it")
    if not any(part in signatories.providers for part in rest) and shape[0] > 1:
        raise UsageError(
            f"found the column '{name}', which is one for each provider; write "
            f"{name}.{signatories.providers[0]} and so on"
        )
    return row, column
