"""How a party decides, as data: the same objects in a scenario, on the command line and in play."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from simulator.scenario.behaviour import PolicyName

__all__ = ["POLICIES", "Manner", "Policy"]

Manner = Literal["by trust", "never", "always", "in kind", "as others do"]
"""How far a party goes from its own advantage to what is best for all."""


@dataclass(frozen=True)
class Policy:
    """One way to decide.

    Attributes:
        means: what it does, in a sentence.
        moves: whether it changes anything; otherwise it keeps to its norm.
        mission: factor on what it feels of the system's gain.
        risk: factor on its dislike of risk.
        fear: factor on its fear of running out of reserves.
        manner: how far it goes towards what is best for all.
    """

    means: str
    moves: bool = True
    mission: float = 1.0
    risk: float = 1.0
    fear: float = 1.0
    manner: Manner = "by trust"


POLICIES: Mapping[PolicyName, Policy] = {
    "none": Policy("keeps to its norm, whatever is paid", moves=False),
    "theory": Policy(
        "weighs money, risk and effort, nothing else", mission=0.0, fear=0.0, manner="never"
    ),
    "full": Policy("weighs money, risk, effort, mission, solvency and trust"),
    "steady": Policy("keeps to its norm; the name of 'none' among players", moves=False),
    "profit-first": Policy(
        "looks to its own surplus, with an eye on risk and solvency", mission=0.0, manner="never"
    ),
    "mission-first": Policy("does what is best for all, whatever it pays", manner="always"),
    "tit-for-tat": Policy(
        "begins with goodwill, then does as much for all as others last did", manner="in kind"
    ),
    "cautious": Policy("as 'full', with three times the dislike of risk", risk=3.0, fear=3.0),
    "copy-last": Policy("does what the other providers did last", manner="as others do"),
}
"""Every policy. 3 for the cautious is an assumption, the top of the range that is tried."""
