"""What a plan expects of the parties' levers: statements and outcomes, with what is not known."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import EllipsisType
from typing import Protocol

import numpy as np
import numpy.typing as npt

from simulator.contract.statement import COLUMNS, Array, Statement
from simulator.contract.term import Window
from simulator.parties.uncertainty import normal_nodes

__all__ = ["LinearPlan", "Outlook", "Part", "Plan", "View"]

Part = slice | EllipsisType
"""Part of what is thought through at once, along the first leading axis, or all of it. In a review
that axis has the standpoints, then come futures."""


@dataclass(frozen=True)
class View:
    """A period that a plan looks at, as one kind of term sees it.

    Attributes:
        kind: the window of the terms that are worked out on it.
        statement: what is expected to happen in it, leading axes ``(profiles..., nodes)``.
        count: how many such periods the plan's horizon has.
    """

    kind: Window
    statement: Statement
    count: float = 1.0


@dataclass(frozen=True)
class Outlook:
    """What a plan expects, at each of its nodes.

    Attributes:
        views: the periods in which terms are worked out.
        outcomes: good outcomes beyond those that would have come anyway, each person once, shape
            ``(profiles..., nodes)``.
        costs: what each party pays for its own work, pounds, each ``(profiles..., nodes)``, or with
            one node where it is the same at all; the commissioners come first.
        ahead: tells of a quarter of the months ahead in the first financial year, without what
            lies behind, given what is asked for along the first leading axis; None where nobody
            watches how providers keep to standards.
        insists: chance that the commissioners insist on what they may, ``(profiles...,)``.
        rows: for each profile, which row of the statements tells of it; none where each has its
            own.
        compiled: whether compiled code may work out what it is worth.
    """

    views: tuple[View, ...]
    outcomes: Array
    costs: tuple[Array, ...]
    ahead: Callable[[Part], View] | None = None
    insists: Array = field(default_factory=lambda: np.ones(1))
    rows: npt.NDArray[np.intp] | None = None
    compiled: bool = False


class Plan(Protocol):
    """An expectation of what levers lead to. Parties plan with it; nobody runs the simulator."""

    def __call__(self, profiles: Array) -> Outlook:
        """Return what is expected of profiles, shape ``(profiles..., parties, levers)``."""


@dataclass(frozen=True)
class LinearPlan:
    """Output linear in effort, with normal noise: the world of the closed forms of theory.

    Attributes:
        columns: for each column of a statement that is not nought, what it gains by each lever of
            each party, shape ``(providers, parties, levers)``.
        noise: for each column, what it gains by each uncertainty, ``(providers, uncertainties)``.
        outcomes: what outcomes gain by each lever, ``(parties, levers)``.
        spending: what each party pays for its own levers, pounds a unit, ``(parties, levers)``.
        nodes: how many nodes; linear contracts are exact with any number.
    """

    columns: Mapping[str, Array]
    noise: Mapping[str, Array]
    outcomes: Array
    spending: Array
    nodes: int = 8

    def __call__(self, profiles: Array) -> Outlook:
        """Return what is expected of profiles of levers."""
        uncertainties = max((each.shape[1] for each in self.noise.values()), default=1)
        drawn = normal_nodes(max(self.nodes, 2 * uncertainties), uncertainties)
        lead = (*profiles.shape[:-2], len(drawn))
        providers = next(iter(self.columns.values())).shape[0]
        none = np.zeros((*lead, providers, 1))
        columns = dict.fromkeys(COLUMNS, none)
        for name, gains in self.columns.items():
            expected = np.einsum("...pl,ipl->...i", profiles, gains)[..., None, :]
            if name in self.noise:
                expected = expected + drawn @ self.noise[name].T
            columns[name] = np.broadcast_to(expected, (*lead, providers))[..., None]
        outcomes = np.einsum("...pl,pl->...", profiles, self.outcomes)[..., None]
        costs = (profiles * self.spending).sum(axis=-1)
        return Outlook(
            (View("year", Statement(columns, 1.0)),),
            np.broadcast_to(outcomes, lead),
            tuple(cost[..., None] for cost in np.moveaxis(costs, -1, 0)),
        )
