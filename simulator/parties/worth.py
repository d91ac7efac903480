"""What a little better work is worth to the provider that does it, under a contract's own rules.

The slope at a kink is the effective share: the share of each band times the chance of ending in it.
A provider that is sure to end beyond a cap earns nothing by more, whatever the rate says.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from simulator.contract.agreement import Agreement
from simulator.contract.statement import COSTS, Array, Statement
from simulator.parties.outlook import Outlook, View

__all__ = ["Limited", "Worth", "limits_reached", "worth_of_work"]

_STEP = 0.01
"""Share of its mean by which a column is moved either way; small beside what is uncertain."""


@dataclass(frozen=True)
class Worth:
    """What one more of something is worth to the provider itself, expected, pounds.

    Attributes:
        provider: its index.
        completed: one more person who completes.
        outcome: one more good outcome.
        handover: one more hand-over that succeeds.
        saved: a pound of cost less, of which the whole stays with it where nothing is shared.
    """

    provider: int
    completed: float
    outcome: float
    handover: float
    saved: float


@dataclass(frozen=True)
class Limited:
    """How likely a payment is to stand at a limit of its term, where more work changes nothing.

    Attributes:
        term: its name.
        provider: index of the provider; None where the payment is one for all.
        most: chance that its cap takes something away; None where it has none.
        least: chance that its floor does.
    """

    term: str
    provider: int | None
    most: float | None
    least: float | None


def limits_reached(outlook: Outlook, agreement: Agreement) -> list[Limited]:
    """Return how likely the limits of terms are to be reached, in the order of the contract.

    Args:
        outlook: of one profile, with its nodes; several periods of a kind count alike.
        agreement: the contract.
    """
    beyond: dict[int, list[tuple[Array | None, Array | None]]] = {}
    for view in outlook.views:
        counted, needed = agreement.assessed_by[view.kind]
        flows = agreement.flows(view.statement, needed=needed)
        working = agreement.working(view.statement)
        for index, term in enumerate(agreement.terms):
            if index in counted and (term.at_most, term.at_least) != (None, None):
                cap, floor = term.beyond(working.evaluate(term.measure), working.look_up)
                beyond.setdefault(index, []).append((_chance(cap), _chance(floor)))
            agreement.take_in(working, index, flows[index])
    found = []
    for index, periods in sorted(beyond.items()):
        sides = [_mean_of(each) for each in zip(*periods, strict=True)]
        many = max(len(side) for side in sides if side is not None)
        for provider in range(many):
            most, least = (
                None if side is None else float(np.broadcast_to(side, many)[provider])
                for side in sides
            )
            name = agreement.terms[index].name
            found.append(Limited(name, provider if many > 1 else None, most, least))
    return found


def _chance(beyond: npt.NDArray[np.bool_] | None) -> Array | None:
    """Return the chance by provider, or one for all, over nodes."""
    if beyond is None:
        return None
    chance: Array = beyond.reshape(-1, beyond.shape[-1]).mean(axis=0)
    return chance


def _mean_of(periods: Sequence[Array | None]) -> Array | None:
    known = [each for each in periods if each is not None]
    return np.mean(known, axis=0) if known else None


def worth_of_work(outlook: Outlook, agreement: Agreement) -> list[Worth]:
    """Return what better work is worth to each provider, by differences on the settlement.

    Args:
        outlook: of one profile, with its nodes.
        agreement: the contract.
    """
    found = []
    for provider in range(len(agreement.signatories.providers)):
        completed, outcome, handover, cost = (
            _slope(outlook.views, agreement, provider, columns)
            for columns in (("completed",), ("good_outcomes",), ("handovers_made",), COSTS)
        )
        # a pound less is not spent, and payments move by as much the other way as with one more
        found.append(Worth(provider, completed, outcome, handover, 1.0 - cost))
    return found


def _slope(
    views: Sequence[View], agreement: Agreement, provider: int, columns: Sequence[str]
) -> float:
    """Return what a provider is paid more for one more of a column, the last of those named."""
    received, moved = 0.0, 0.0
    account = agreement.signatories.provider_slice.start + provider
    for view in views:
        counted, needed = agreement.assessed_by[view.kind]
        more = {name: _little(view.statement.columns[name], provider) for name in columns}
        if view.kind == views[0].kind:  # each kind of window covers the same months
            moved += 2.0 * view.count * float(more[columns[-1]].sum())
        for sign in (1.0, -1.0):
            changed = dict(view.statement.columns)
            for name, little in more.items():
                changed[name] = changed[name] + sign * little
            paid = agreement.settle(Statement(changed, view.statement.years), needed=needed)
            received += sign * view.count * float(paid[..., counted, account].sum(axis=-1).mean())
    return received / moved if moved else 0.0


def _little(values: Array, provider: int) -> Array:
    """Return a little of a provider's mean of a column, the same at every node."""
    little = np.zeros(values.shape[-2:])
    little[provider] = _STEP * values[..., provider, :].reshape(-1, values.shape[-1]).mean(axis=0)
    return little
