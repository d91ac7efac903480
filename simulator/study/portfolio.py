"""Many settlements at once: one row of figures each, under any of a file's contracts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from simulator._errors import UsageError, did_you_mean
from simulator.contract.agreement import Agreement
from simulator.contract.live.facts import outside
from simulator.contract.live.needs import Need, needs_of
from simulator.contract.statement import COLUMNS, Array, Statement
from simulator.contract.working import used_names
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
            own rows, shape ``(rows of the contract, parties)``. Of terms of one name the second
            has " (2)" behind it, and so on.
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
        UsageError: a contract or a column that is not known, one that is missing or given twice,
            or a figure that is no number or outside its limits.
        SettlementError: a payment is not a finite number.
    """
    size = {len(column) for column in rows.values()}
    if len(size) != 1:
        raise UsageError(f"found columns of {', '.join(map(str, sorted(size)))} rows")
    (count,) = size
    names = _contracts(signed, contract, count)
    agreements = signed.agreements()
    signatories = signed.signatories
    delivers = signed.delivers
    _refuse_unknown(rows, agreements)
    parties = signatories.parties
    received = np.zeros((count, len(parties)))
    by_term: dict[str, dict[str, Array]] = {}
    for name in dict.fromkeys(names.tolist()):
        here = names == name
        agreement = agreements[name]
        columns = {key: np.asarray(column)[here] for key, column in rows.items()}
        numbers = np.flatnonzero(here) + 1
        needs = needs_of(agreement, signed.currency, delivers)
        statement = _statement(agreement, columns, numbers, years, needs, delivers)
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
    agreement: Agreement,
    columns: Mapping[str, np.ndarray[Any, Any]],
    numbers: np.ndarray[Any, Any],
    years: float,
    needs: Sequence[Need],
    delivers: Sequence[tuple[str, str]],
) -> Statement:
    """Return the statement of rows, every figure the contract uses given.

    Args:
        agreement: the contract.
        columns: the figures of its rows.
        numbers: the number of each row in the whole table, from 1.
        years: length of the period.
        needs: the figures it needs.
        delivers: which provider delivers which service.
    """
    signatories = agreement.signatories
    shape = len(signatories.providers), len(signatories.services)
    shapes = dict.fromkeys(COLUMNS, shape)
    shapes |= {name: datum.shape(*shape) for name, datum in agreement.data.items()}
    made = {name: np.zeros((len(numbers), *size)) for name, size in shapes.items()}
    expressions = [each for term in agreement.terms for each in term.all_expressions()]
    names = used_names(expressions, agreement.definitions)
    used = {name.partition(".")[0] for name in names}
    by_service = {name.partition(".")[0] for name in names if "." in name}
    given: dict[str, dict[tuple[int, int | None], str]] = {name: {} for name in made}
    for name, values in columns.items():
        measure, *rest = name.split(".")
        if measure not in made:
            continue  # of another contract
        row, column = _cell(name, rest, shapes[measure], agreement)
        if column is None and measure in by_service:
            raise UsageError(
                f"found the column '{name}', which is one for each service; write "
                f"{name}.{signatories.services[0]} and so on"
            )
        _refuse_twice(name, given[measure], row, column)
        given[measure][row, column] = name
        if measure in used:
            # a figure for all services together stands with the first: only their sum is asked for
            made[measure][:, row, column or 0] = _numbers(agreement, name, values, numbers)
    _refuse_missing(agreement, needs, delivers, shapes, given)
    return Statement(made, years, agreement.levels)


def _cell(
    name: str, rest: Sequence[str], shape: tuple[int, int], agreement: Agreement
) -> tuple[int, int | None]:
    """Return which provider and service a column is of; no service where it is for all."""
    signatories = agreement.signatories
    row: int | None = None
    column: int | None = None
    for part in rest:
        by_provider = shape[0] == len(signatories.providers) and row is None
        if part in signatories.providers and by_provider:
            row = signatories.providers.index(part)
        elif (
            part in signatories.services
            and shape[1] == len(signatories.services)
            and column is None
        ):
            column = signatories.services.index(part)
        else:
            raise UsageError(f"found '{part}' in the column '{name}', which names no party of it")
    if row is None and shape[0] > 1:
        raise UsageError(
            f"found the column '{name}', which is one for each provider; write "
            f"{name}.{signatories.providers[0]} and so on"
        )
    return row or 0, 0 if shape[1] == 1 else column


def _refuse_twice(
    name: str, given: Mapping[tuple[int, int | None], str], row: int, column: int | None
) -> None:
    """Refuse a second column for a figure, and a total beside one of its parts."""
    for (other_row, other_column), other in given.items():
        if other_row == row and (column == other_column or None in (column, other_column)):
            raise UsageError(
                f"found the columns '{other}' and '{name}', which give the same figure twice; "
                "leave one out"
            )


def _numbers(
    agreement: Agreement,
    name: str,
    values: np.ndarray[Any, Any],
    numbers: np.ndarray[Any, Any],
) -> Array:
    """Return the figures of a column, each a number within its limits."""
    measure = name.partition(".")[0]
    try:
        figures: Array = values.astype(float)
    except (TypeError, ValueError):
        figures = np.array([_number(value) for value in values])
    datum = agreement.data.get(measure)
    low, high = (0.0, np.inf) if datum is None else datum.bounds
    wrong = ~(np.isfinite(figures) & (figures >= low) & (figures <= high))
    if wrong.any():
        first = int(wrong.argmax())
        told = outside(agreement, measure, float(figures[first]))
        if told is None or not np.isfinite(figures[first]):
            told = "a figure is a finite number, and missing is never nought", "correct it"
        raise UsageError(
            f"found {values[first]} in the column '{name}', row {numbers[first]}; {told[0]}; "
            f"{told[1]}"
        )
    return figures


def _number(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        return np.nan


def _refuse_missing(
    agreement: Agreement,
    needs: Sequence[Need],
    delivers: Sequence[tuple[str, str]],
    shapes: Mapping[str, tuple[int, int]],
    given: Mapping[str, Mapping[tuple[int, int | None], str]],
) -> None:
    """Refuse a table without a column for each figure that is needed."""
    signatories = agreement.signatories
    for need in needs:
        there = given[need.measure]
        row = signatories.providers.index(need.party) if need.party else 0
        whole = ".".join(part for part in (need.measure, need.party) if part)
        if (row, None) in there:
            continue
        if shapes[need.measure][1] == 1:
            asked = {(row, 0): whole}
        else:  # where the services are told one by one, all are told that the provider delivers
            asked = {
                (row, signatories.services.index(service)): f"{whole}.{service}"
                for party, service in delivers
                if party == need.party and need.service in (service, "")
            }
        missing = [column for cell, column in asked.items() if cell not in there]
        if missing:
            alone = need.service or len(missing) < len(asked) or len(asked) == 1
            column = missing[0] if alone else whole
            raise UsageError(f"found no column '{column}'; missing is never nought")
