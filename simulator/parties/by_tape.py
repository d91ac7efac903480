"""A contract settled on what a plan tells: by its tape where it can be, else by NumPy.

Both come to the same figures. Where Numba cannot be imported, and for what cannot be recorded,
NumPy does it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from simulator.contract.agreement import Agreement
from simulator.contract.statement import COSTS, Array, Statement
from simulator.contract.tape import Recording, Tape, record
from simulator.contract.term import Window
from simulator.parties.kernels import points_kernel
from simulator.parties.told import Told, ToldStatement
from simulator.parties.uncertainty import mean_over

__all__ = ["payments_of", "shortfalls_of"]

_Kept = TypeVar("_Kept")
_Averaged = TypeVar("_Averaged")
Received = dict[int, Array]
"""What parties receive at every node, by their places, ``(..., nodes)``."""
Means = dict[tuple[int, int], Array]
"""Mean over nodes of what a term pays a party, by the places of both, ``(...,)``."""


def payments_of(
    agreement: Agreement,
    kind: Window,
    statement: Statement,
    parties: int,
    minding: Collection[int] | None = None,
) -> tuple[Received, Means]:
    """Return what parties receive in a window by the terms of one kind, and by each its mean.

    Money is pounds. Arrays may be views of one another: nobody changes them.

    Args:
        agreement: the contract.
        kind: of window.
        statement: of the window, ``(..., nodes)``.
        parties: how many of its accounts are parties.
        minding: those who mind what they receive at each node; None is all. Of the others only
            means are told.

    Raises:
        SettlementError: a payment is not a finite number.
    """
    counted, needed = agreement.assessed_by[kind]

    def work(statement: Statement) -> tuple[Received, Means]:
        flows = agreement.flows(statement, needed=needed)
        each = {
            (index, party): amount
            for index in counted
            for party, amount in flows[index].items()
            if party < parties
        }
        received: Received = {}
        for (_, party), amount in each.items():
            if minding is not None and party not in minding:
                continue
            received[party] = received[party] + amount if party in received else amount
        return received, each

    name = (kind, parties, None if minding is None else tuple(minding))
    played = _played(work, name, agreement, statement, finite=True)
    if played is not None:
        return played
    received, each = work(statement)  # what is not finite is refused in words
    return received, {key: mean_over(amount, -1) for key, amount in each.items()}


def shortfalls_of(agreement: Agreement, statement: Statement) -> list[tuple[Array, Array]]:
    """Return how far each standard is missed: mean over nodes and that of squares.

    Args:
        agreement: the contract.
        statement: of a quarter, ``(..., nodes)``.

    Returns:
        For each standard two arrays ``(..., providers)``.
    """

    def work(statement: Statement) -> tuple[None, list[tuple[Array, Array]]]:
        return None, [(missed, missed * missed) for missed in agreement.shortfalls(statement)]

    played = _played(work, ("standards",), agreement, statement, finite=False)
    if played is not None:
        return played[1]
    return [
        (mean_over(missed, -2), mean_over(squared, -2)) for missed, squared in work(statement)[1]
    ]


def _played(
    work: Callable[[Statement], tuple[_Kept, _Averaged]],
    name: tuple[object, ...],
    agreement: Agreement,
    statement: Statement,
    finite: bool,
) -> tuple[_Kept, _Averaged] | None:
    """Return what a settlement comes to, the second part of it as means.

    None where no tape plays, or a mean is not finite and has to be.
    """
    if not isinstance(statement, ToldStatement) or not statement.told.compiled:
        return None
    code, told = points_kernel(), statement.told
    if code is None:
        return None
    names, years = told.spread.names, statement.years
    key = *name, years, names, *told.insisted.items()
    if key not in agreement.tapes:
        made = record(work, len(told.claimed), names, told.insisted, years)
        agreement.tapes[key] = None if made is None else (made, _leaves(made.tape, told))
    found: tuple[Recording[_Kept, _Averaged], npt.NDArray[np.int64]] | None = agreement.tapes[key]
    if found is None:
        return None
    recording, leaves = found
    tape = recording.tape
    if tape.results == tape.averages == 0:  # nothing that it comes to follows from figures
        nothing = np.empty(0)
        return recording.kept(nothing), recording.averaged(nothing)
    _, nodes, *_ = told.spread.base.shape
    _, _, _, *rows = told.spread.ratio.shape
    points = math.prod(rows)
    results, averages = np.empty((tape.results, nodes, points)), np.zeros((tape.averages, points))
    registers = np.empty((tape.registers, code.LANES))
    figures = code.Figures(leaves, *told.figures, statement.part)
    code.play(tape.code, tape.constants, figures, registers, results, averages)
    averages /= nodes
    if finite and not np.isfinite(averages).all():
        return None
    whole = results.reshape(tape.results, nodes, *rows)
    futures = range(3, whole.ndim)
    kept = recording.kept(whole.transpose(0, *futures, 2, 1))
    means = averages.reshape(tape.averages, *rows)
    return kept, recording.averaged(means.transpose(0, *range(2, means.ndim), 1))


def _leaves(tape: Tape, told: Told) -> npt.NDArray[np.int64]:
    """Return the figures that a tape loads as the kernel finds them."""
    names = (*told.spread.names, *told.insisted)
    return np.array(
        [
            [
                names.index(leaf.column),
                -1 if leaf.service is None else leaf.service,
                leaf.provider,
                leaf.column in COSTS,
            ]
            for leaf in tape.leaves
        ],
        dtype=np.int64,
    ).reshape(-1, 4)
