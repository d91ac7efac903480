"""Small worlds to try parties in: one or more providers, levers that move a column each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from simulator.contract.contract import Contract
from simulator.contract.signatories import Signatories
from simulator.contract.statement import Array
from simulator.parties.outlook import LinearPlan
from simulator.parties.relation import Relation
from simulator.parties.response import THEORY, Pace
from simulator.parties.review import Game
from simulator.parties.stakes import Stakes

__all__ = ["game_of", "plan_of", "relation_of", "stakes_of"]

COLUMNS = ("completed", "good_outcomes", "handovers_made")


def plan_of(providers: int, levers: int, noise: float = 0.0, nodes: int = 64) -> LinearPlan:
    """Return a plan in which lever l of each provider raises its own column l by one a level."""
    columns, spread = {}, {}
    for lever, name in enumerate(COLUMNS[:levers]):
        gains = np.zeros((providers, providers + 1, levers))
        for provider in range(providers):
            gains[provider, provider + 1, lever] = 1.0
        columns[name] = gains
        spread[name] = np.full((providers, 1), noise)
    outcomes = np.zeros((providers + 1, levers))
    outcomes[1:] = 1.0
    return LinearPlan(columns, spread, outcomes, np.zeros((providers + 1, levers)), nodes)


def stakes_of(providers: int, levers: int, value: float = 1.0, **changes: Array | float) -> Stakes:
    """Return the stakes of a payer without levers and of providers with effort cost 1/2 a^2."""
    parties = providers + 1
    none = np.zeros(parties)
    low, high = np.zeros((2, parties, levers))
    low[1:], high[1:] = -2.0, 2.0
    given = {
        "value": value,
        "mission": np.array([1.0, *none[1:]]),
        "risk_aversion": none,
        "reserves": none,
        "floor": none,
        "fear": none,
        "effort": np.repeat(np.eye(levers)[None], parties, axis=0),
        "norm": np.zeros((parties, levers)),
        "reciprocity": np.array([0.0, *[1.0] * providers]),
        "low": low,
        "high": high,
    }
    return Stakes(**(given | changes))  # type: ignore[arg-type]


def relation_of(levers: int, notice: float = 0.0, **changes: float) -> Relation:
    given = {"discount": 0.9914, "break_off": 0.01, "renewal": 0.5, "credit": 0.0}
    return Relation(np.full(levers, notice), **(given | changes))


def game_of(
    terms: Sequence[Mapping[str, object]],
    plan: LinearPlan,
    stakes: Stakes,
    relation: Relation | None = None,
    pace: Pace = THEORY,
    name: str = "contract",
    **keys: object,
) -> Game:
    """Return what parties face under the terms of a contract."""
    providers = tuple(f"p{number}" for number in range(1, len(stakes.mission)))
    signatories = Signatories(
        ("payer",), providers, {"payer": 1.0}, dict.fromkeys(providers, 1.0), ("service",), {}
    )
    contract = Contract.model_validate({"terms": list(terms), **keys})
    levers = stakes.low.shape[1]
    relation = relation or relation_of(levers)
    return Game(plan, contract.agree(name, signatories), stakes, relation, pace)
