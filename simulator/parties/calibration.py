"""Whether what moves the parties makes sense: what one level is worth, and where they come to rest.

Everything is looked at in a typical year, with nothing decided before: what a scenario's author can
check against what is known, before any future is lived.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from simulator._errors import RunError
from simulator.contract.agreement import Agreement
from simulator.contract.statement import Array
from simulator.parties.appraisal import appraise
from simulator.parties.conduct import Parties
from simulator.parties.levers import LEVERS
from simulator.parties.response import Pace, best, cross_response
from simulator.parties.review import Game, Standing, began, review
from simulator.parties.scenario_stakes import relation_of
from simulator.scenario.scenario import Scenario

__all__ = [
    "HOW_TO_REST",
    "Calibrated",
    "Resting",
    "calibrate",
    "driving_in_words",
    "refuse_unsound",
    "resting",
    "rests",
]

HOW_TO_REST = (
    "raise the effort of these levers or lower their cash, or smooth the steps of the contract"
)

_REVIEWS = 24
"""Reviews after which parties are taken to be at rest: they settle in three to seven."""
_STILL = 0.1
"""A review that moves no lever further is rest: a small cycle about a kink changes nothing."""
_PUSH, _SAME = 0.5, 0.3
"""How far levels are pushed away from rest, and how near they must come back, in levels."""


@dataclass(frozen=True)
class Calibrated:
    """What one level of a lever is worth to all, and takes, over a typical year.

    Attributes:
        party: its place, the commissioners first.
        lever: its place among the levers.
        gain: of all parties together by one level above observed practice, before what it takes.
        takes: cash and private effort of that level, effort as it is felt from the norm.
        norm: the level the party keeps to without any incentive.
        joint: the level that is best for all.
    """

    party: int
    lever: int
    gain: float
    takes: float
    norm: float
    joint: float

    @property
    def ratio(self) -> float | None:
        """Gain for each pound it takes; None where it takes nothing."""
        return self.gain / self.takes if self.takes > 0 else None


@dataclass(frozen=True)
class Resting:
    """Where parties come to rest under a contract in a typical year, each for its own advantage.

    Attributes:
        own: levels, ``(parties, levers)``.
        driving: the two levers that most drive each other on, as (party, lever), where a small push
            leads away from rest; empty where it does not.
        others: levels at which they come to rest after such a push; empty where they never do.
    """

    own: Array
    driving: tuple[tuple[int, int], ...] = ()
    others: tuple[Array, ...] = ()

    @property
    def is_restless(self) -> bool:
        """Whether the parties never come to rest."""
        return bool(self.driving) and not self.others


def calibrate(parties: Parties, agreement: Agreement) -> list[Calibrated]:
    """Return what one level of each lever is worth, in order of party and lever.

    Args:
        parties: whose levers.
        agreement: a contract, for the risk its payments bring; the baseline.
    """
    game = _game(parties, agreement)
    stakes, technology = game.stakes, parties.technology
    party, lever = stakes.moves
    profiles = np.zeros((1 + len(party), *stakes.low.shape))
    move = np.arange(len(party))
    profiles[1 + move, party, lever] = 1.0
    _, value = appraise(game.plan(profiles), agreement, stakes).worth(stakes)
    payers = len(parties.scenario.commissioners)
    spent = np.zeros((len(party), len(stakes.mission)))
    spent[:, 0] = parties.commissioning.cash(profiles[1:, 0])
    spent[:, payers:] = technology.cash(profiles[1:, payers:])
    cash = spent[move, party]
    # private effort weighs the distance from the norm: less of it goes from 0 to 1 the higher it is
    norm = stakes.norm[party, lever]
    effort = stakes.effort[party, lever, lever] * ((1.0 - norm) ** 2 - norm**2) / 2
    joint = _at_rest(game)[0].joint
    return [
        Calibrated(
            party=int(party[each]),
            lever=int(lever[each]),
            gain=float(value[1 + each] - value[0] + cash[each]),
            takes=float(cash[each] + effort[each]),
            norm=float(norm[each]),
            joint=float(joint[party[each], lever[each]]),
        )
        for each in move
    ]


def rests(parties: Parties, agreement: Agreement) -> Resting:
    """Return where the parties to a contract come to rest in a typical year."""
    return resting(_game(parties, agreement))


def resting(game: Game) -> Resting:
    """Return where parties come to rest, and whether a push leads away from it.

    Repeated reviews settle where ``|1 - share + share mu| < 1`` for every eigenvalue mu of how best
    responses move with what others do, own curvature included. Where that does not hold, the
    levels are pushed along the eigenvector either way: a plan of few nodes has kinks at which a
    slope says little about what lies further on.
    """
    standing, moved = _at_rest(game)
    own, stakes = standing.own, game.stakes
    party, lever = stakes.moves
    if not len(party):
        return Resting(own)

    def answer(profiles: Array) -> Array:
        found = game.incentives(profiles)
        wished = profiles + best(stakes, profiles, found.own, found.own_bend)
        return np.clip(wished, stakes.low, stakes.high)

    # on the scale on which parties try their levers
    values, vectors = np.linalg.eig(cross_response(answer, stakes, own, game.pace.step))
    size = np.abs(1.0 - game.pace.share + game.pace.share * values)
    worst = int(size.argmax())
    if size[worst] < 1.0 and moved < _STILL:
        return Resting(own)
    along = np.real(vectors[:, worst])
    push = np.zeros_like(own)
    push[party, lever] = _PUSH * along / max(float(np.abs(along).max()), 1e-9)
    found = [_at_rest(game, np.clip(own + way * push, stakes.low, stakes.high)) for way in (1, -1)]
    ends = [(each.own, still) for each, still in found]
    if moved < _STILL and all(np.abs(end - own).max() < _SAME for end, _ in ends):
        return Resting(own)
    drives = np.argsort(-np.abs(along))[:2]
    driving = tuple((int(party[each]), int(lever[each])) for each in drives)
    others = [end for end, still in ends if still < _STILL and np.abs(end - own).max() >= _SAME]
    return Resting(own, driving, tuple(others))


def refuse_unsound(scenario: Scenario) -> None:
    """Refuse a scenario whose norm nobody has seen, or whose parties never come to rest.

    Raises:
        RunError: names the contract and the two levers that drive each other on.
    """
    if not scenario.behaves:
        return
    parties = Parties(scenario)
    parties.refuse_far_norm()
    for name, agreement in scenario.agreements().items():
        found = rests(parties, agreement)
        if found.is_restless:
            driving = driving_in_words(
                f"{scenario.signatories.parties[party]}'s {LEVERS[lever].title}"
                for party, lever in found.driving
            )
            raise RunError(
                f"under the contract '{name}' the parties do not come to rest: {driving}; "
                f"{HOW_TO_REST}"
            )


def driving_in_words(levers: Iterable[str]) -> str:
    """Say what keeps parties from rest, given the levers by name."""
    names = list(levers)
    if len(names) == 1:
        return f"{names[0]} leaps to and fro"
    return f"{' and '.join(names)} drive each other on"


def _game(parties: Parties, agreement: Agreement) -> Game:
    plan = parties.plan(agreement, parties.typical_year(agreement))
    relation = relation_of(parties.scenario, agreement)
    return Game(plan, agreement, parties.stakes_under(agreement), relation, Pace())


def _at_rest(game: Game, own: Array | None = None) -> tuple[Standing, float]:
    """Return where parties stand after many reviews, and how far the last one moved a lever.

    Args:
        game: what they face.
        own: where they begin; None is observed practice.
    """
    parties = len(game.stakes.mission)
    here = np.zeros_like(game.stakes.norm)
    standing = began(game.stakes, np.zeros((parties, parties)))
    standing = replace(standing, own=here if own is None else own, joint=here, taken=here)
    moved = 0.0
    for _ in range(_REVIEWS):
        before, standing = standing, review(game, standing, None)
        moved = float(np.abs(standing.own - before.own).max())
    return standing, moved
