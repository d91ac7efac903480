"""The closed forms of theory beside what the product comes to, in small worlds of its own.

Each world is a contract in the contract language, a plan in which output is linear in effort, and
the review by which parties decide. Only what is expected is a formula.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import brentq, minimize
from scipy.special import ndtr

from simulator.contract.agreement import Agreement
from simulator.contract.contract import Contract
from simulator.contract.signatories import Signatories
from simulator.contract.statement import Array
from simulator.parties.outlook import LinearPlan
from simulator.parties.relation import Relation, held_up
from simulator.parties.response import THEORY
from simulator.parties.review import Game, Standing, began, review, settled
from simulator.parties.stakes import Stakes
from simulator.scenario.appraisal import GREEN_BOOK_2022, discount_factor, present_value

__all__ = ["Check", "all_checks", "alliance_lead", "chi_star"]

_HELD = 1e6  # notice so certain that the relationship holds every lever up in full


@dataclass(frozen=True)
class Check:
    """One figure of theory beside what the product comes to.

    Attributes:
        subject: which theory, with its source.
        what: which figure of it.
        expected: by the formula.
        obtained: by the product.
        within: how far apart they may lie.
    """

    subject: str
    what: str
    expected: float
    obtained: float
    within: float = 1e-6

    @property
    def holds(self) -> bool:
        """Whether both agree."""
        return abs(self.expected - self.obtained) <= self.within


# -- small worlds ----------------------------------------------------------------------------------


def _signatories(providers: int) -> Signatories:
    names = tuple(f"p{number}" for number in range(1, providers + 1))
    return Signatories(
        ("payer",), names, {"payer": 1.0}, dict.fromkeys(names, 1.0), ("service",), {}
    )


def _agreement(terms: Sequence[Mapping[str, object]], providers: int) -> Agreement:
    named = [{"name": f"Term {number}", **term} for number, term in enumerate(terms, 1)]
    return Contract.model_validate({"terms": named}).agree("theory", _signatories(providers))


def _rate(rate: float) -> list[dict[str, str]]:
    """Return the bands of a piece rate, pounds; below nought it is taken back."""
    return [{"rate": f"{'-' if rate < 0 else ''}£{abs(rate):.17f}"}]


def _relation(levers: int, notice: float = 0.0, **changes: float) -> Relation:
    theory = {"memory": math.inf, "answer": 0.9, "up": 0.4, "down": 0.4, "credit": 0.0}
    return Relation(
        notice=np.full(levers, notice),
        discount=0.5,
        break_off=0.0,
        renewal=0.0,
        **{**theory, **changes},
    )


def _stakes(
    effort: Sequence[Array],
    value: float,
    risk: Sequence[float],
    bounds: tuple[float, float] = (-1e9, 1e9),
    reciprocity: Sequence[float] | None = None,
) -> Stakes:
    """Return the stakes of a risk-neutral payer without levers and of its providers."""
    parties, levers = len(effort) + 1, effort[0].shape[0]
    none = np.zeros(parties)
    low, high = np.zeros((2, parties, levers))
    low[1:], high[1:] = bounds
    return Stakes(
        value=value,
        mission=np.array([1.0, *none[1:]]),
        risk_aversion=np.array([0.0, *risk]),
        reserves=none,
        floor=none,
        fear=none,
        effort=np.stack([np.zeros((levers, levers)), *effort]),
        norm=np.zeros((parties, levers)),
        reciprocity=np.array([0.0, *(reciprocity or [1.0] * len(effort))]),
        low=low,
        high=high,
    )


def _gains(providers: int, levers: int, of: Callable[[int, int], float]) -> Array:
    """Return what each provider's column gains by its own levers: ``of(provider, lever)``."""
    table = np.zeros((providers, providers + 1, levers))
    for provider in range(providers):
        for lever in range(levers):
            table[provider, provider + 1, lever] = of(provider, lever)
    return table


def _rest(game: Game, trust: float = 0.0) -> Standing:
    parties = len(game.stakes.mission)
    return settled(game, began(game.stakes, np.full((parties, parties), trust)))


def _joint_surplus(game: Game, profile: Array) -> float:
    """Return what all parties gain together by a profile, effort counted."""
    private = float(game.stakes.private_cost(profile).sum())
    return float(game.incentives(profile).here.worth(game.stakes)[1]) - private


def _best(surplus: Callable[[Array], float], start: Sequence[float]) -> Array:
    """Return where a surplus is greatest, by Newton steps on differences.

    They are exact on what is quadratic, as every surplus here is in the rates of a contract.
    """
    at, step = np.array(start), 0.1
    across = step * np.eye(len(at))
    for _ in range(3):
        slope = np.array([surplus(at + e) - surplus(at - e) for e in across]) / (2 * step)
        bend = np.array(
            [
                [
                    surplus(at + e + f)
                    - surplus(at + e - f)
                    - surplus(at - e + f)
                    + surplus(at - e - f)
                    for f in across
                ]
                for e in across
            ]
        ) / (4 * step**2)
        at = at - np.linalg.solve(bend, slope)
    return np.asarray(at, dtype=np.float64)


# -- one provider, one measure ---------------------------------------------------------------------


def _piece_rate(rate: float, risk: float, cost: float, variance: float) -> Game:
    plan = LinearPlan(
        {"completed": _gains(1, 1, lambda *_: 1.0)},
        {"completed": np.array([[math.sqrt(variance)]])},
        outcomes=np.array([[0.0], [1.0]]),
        spending=np.zeros((2, 1)),
    )
    agreement = _agreement([{"measure": "completed", "bands": _rate(rate)}], 1)
    stakes = _stakes([np.array([[cost]])], 1.0, [risk])
    return Game(plan, agreement, stakes, _relation(1), THEORY)


def _len(risk: float, cost: float, variance: float, says: str = "") -> Iterator[Check]:
    """Check the linear-exponential-normal model of Holmstrom and Milgrom (1987)."""

    def surplus(rate: Array) -> float:
        game = _piece_rate(float(rate[0]), risk, cost, variance)
        return _joint_surplus(game, _rest(game).own)

    found = _best(surplus, [0.5])
    rate = 1.0 / (1.0 + risk * cost * variance)
    subject = "Incentives and risk (Holmström and Milgrom 1987)"
    given = says or f"risk {risk:g}, effort {cost:g}, noise {variance:g}"
    yield Check(subject, f"best piece rate; {given}", rate, float(found[0]))
    if not says:
        effort = float(_rest(_piece_rate(float(found[0]), risk, cost, variance)).own[1, 0])
        yield Check(subject, f"effort; {given}", rate / cost, effort)
        yield Check(subject, f"surplus; {given}", rate / (2.0 * cost), surplus(found))


# -- teams -----------------------------------------------------------------------------------------


def _team(
    providers: int,
    notice: float = 0.0,
    reciprocity: Sequence[float] | None = None,
    **relation: float,
) -> Game:
    """Return a team that shares its output of one pound a unit of effort alike."""
    plan = LinearPlan(
        {"completed": _gains(providers, 1, lambda *_: 1.0)},
        {},
        outcomes=np.array([[0.0], *[[1.0]] * providers]),
        spending=np.zeros((providers + 1, 1)),
    )
    terms = [{"measure": "total(completed)", "bands": _rate(1.0), "split": "equal"}]
    stakes = _stakes([np.eye(1)] * providers, 1.0, [0.0] * providers, reciprocity=reciprocity)
    return Game(
        plan, _agreement(terms, providers), stakes, _relation(1, notice, **relation), THEORY
    )


def _teams(providers: int) -> Iterator[Check]:
    """Check that equal sharers give a share of the best effort (Holmstrom 1982)."""
    game = _team(providers)
    rest = _rest(game)
    ratio = _joint_surplus(game, rest.own) / _joint_surplus(game, rest.joint)
    subject = "Free riding in teams (Holmström 1982)"
    part = float(rest.own[1, 0] / rest.joint[1, 0])
    yield Check(subject, f"part of the best effort; {providers} sharers", 1.0 / providers, part)
    expected = (2.0 * providers - 1.0) / providers**2
    yield Check(subject, f"part of the best welfare; {providers} sharers", expected, ratio)


def _public_good(providers: int, gain: float) -> Iterator[Check]:
    """Check who contributes a pound that gives each of the others so much."""
    plan = LinearPlan(
        {"completed": _gains(providers, 1, lambda *_: 1.0)},
        {},
        outcomes=np.array([[0.0], *[[1.0]] * providers]),
        spending=np.array([[0.0], *[[1.0]] * providers]),
    )
    terms = [{"measure": "total(completed)", "bands": _rate(gain), "split": "each"}]
    # a pound in: each gets 'gain', all together 'gain' times as many as they are
    stakes = _stakes(
        [np.eye(1) * 1e-6] * providers, gain * providers, [0.0] * providers, (0.0, 1.0)
    )
    game = Game(plan, _agreement(terms, providers), stakes, _relation(1), THEORY)
    rest = _rest(game)
    subject = "Public goods: contribute where it pays"
    given = f"{providers} players, each gains {gain:g} a pound"
    alone = float(gain > 1.0)
    together = float(gain * providers > 1.0)
    yield Check(subject, f"contribution alone; {given}", alone, float(rest.own[1, 0]))
    yield Check(subject, f"contribution best for all; {given}", together, float(rest.joint[1, 0]))


# -- several tasks ---------------------------------------------------------------------------------


def _tasks(rates: Sequence[float], cross: float, noise: Sequence[float], risk: float) -> Game:
    columns = ("completed", "good_outcomes")
    plan = LinearPlan(
        {name: np.array([[[0.0, 0.0], np.eye(2)[place]]]) for place, name in enumerate(columns)},
        {name: np.diag(noise)[place][None] for place, name in enumerate(columns)},
        outcomes=np.array([[0.0, 0.0], [1.0, 1.0]]),
        spending=np.zeros((2, 2)),
    )
    terms = [
        {"measure": name, "bands": _rate(rate)} for name, rate in zip(columns, rates, strict=True)
    ]
    stakes = _stakes([np.array([[1.0, cross], [cross, 1.0]])], 1.0, [risk])
    return Game(plan, _agreement(terms, 1), stakes, _relation(2), THEORY)


def _multitask(cross: float, variances: Sequence[float], risk: float) -> Iterator[Check]:
    """Check rates on several tasks that draw on one effort (Holmstrom and Milgrom 1991)."""
    noise = np.sqrt(variances).tolist()

    def surplus(rates: Sequence[float]) -> float:
        game = _tasks(rates, cross, noise, risk)
        return _joint_surplus(game, _rest(game).own)

    cost = np.array([[1.0, cross], [cross, 1.0]])
    expected = np.linalg.solve(np.eye(2) + risk * cost @ np.diag(variances), np.ones(2))
    found = _best(lambda rates: surplus(rates.tolist()), [0.5, 0.5])
    subject = "Several tasks (Holmström and Milgrom 1991)"
    for task in range(2):
        what = f"best rate on task {task + 1}; substitution {cross:g}"
        yield Check(subject, what, float(expected[task]), float(found[task]))
    # with task 2 unmeasured: the rate on task 1 weighs what it draws from task 2
    bent = np.linalg.inv(cost)
    first = (bent @ np.ones(2))[0] / (bent[0, 0] + risk * variances[0])
    alone = _best(lambda rates: surplus([float(rates[0]), 0.0]), [0.5])
    what = f"best rate on task 1, task 2 unmeasured; substitution {cross:g}"
    yield Check(subject, what, float(first), float(alone[0]))
    effort = _rest(_tasks([1.0, 0.0], cross, noise, risk)).own[1]
    for task in range(2):
        what = f"effort on task {task + 1} at a rate of 1 and 0; substitution {cross:g}"
        yield Check(subject, what, float(bent[task, 0]), float(effort[task]))


# -- sharing risk ----------------------------------------------------------------------------------


def _sharing(
    shares: Sequence[float],
    gains: Sequence[float],
    risks: Sequence[float],
    variance: float,
    costs: Sequence[float],
) -> Game:
    """Return partners who share one noisy output, each a share of it."""
    count = len(gains)
    noise = np.zeros((count, 1))
    noise[0, 0] = math.sqrt(variance)
    plan = LinearPlan(
        {"completed": _gains(count, 1, lambda provider, _: gains[provider])},
        {"completed": noise},
        outcomes=np.array([[0.0], *[[gain] for gain in gains]]),
        spending=np.zeros((count + 1, 1)),
    )
    terms = [
        {"measure": "total(completed)", "bands": _rate(share), "to": f"p{number}"}
        for number, share in enumerate(shares, 1)
    ]
    stakes = _stakes([np.array([[cost]]) for cost in costs], 1.0, risks)
    return Game(plan, _agreement(terms, count), stakes, _relation(1), THEORY)


def _two_share(cost: float, variance: float, owner: float, contractor: float) -> Iterator[Check]:
    """Check the share that weighs incentive against risk between an owner and a contractor."""

    def surplus(share: Array) -> float:
        shares = [float(share[0]), 1.0 - float(share[0])]
        game = _sharing(shares, [1.0, 0.0], [contractor, owner], variance, [cost, 1.0])
        return _joint_surplus(game, _rest(game).own)

    risk = cost * variance
    expected = (1.0 + risk * owner) / (1.0 + risk * (owner + contractor))
    what = f"contractor's share; noise {variance:g}, risk {owner:g} and {contractor:g}"
    yield Check("Sharing risk between two", what, expected, float(_best(surplus, [0.5])[0]))


def _consortium(values: Sequence[float], weights: Sequence[float]) -> Iterator[Check]:
    """Check the shares of partners who together can share out no more than the whole.

    ``values`` are what each one's best effort adds, ``weights`` risk aversion times variance.
    """
    gains = [math.sqrt(value) for value in values]

    def surplus(shares: Array) -> float:
        game = _sharing(shares.tolist(), gains, list(weights), 1.0, [1.0] * len(values))
        return _joint_surplus(game, _rest(game).own)

    whole: Any = {"type": "ineq", "fun": lambda shares: 1.0 - shares.sum()}
    options: Any = {"ftol": 1e-16, "finite_diff_rel_step": 1e-3}
    solve: Any = minimize  # its stubs do not know the options of this method
    found = solve(
        lambda shares: -surplus(np.asarray(shares)),
        np.full(len(values), 1.0 / len(values)),
        method="SLSQP",
        jac="3-point",
        bounds=[(0.0, 1.0)] * len(values),
        constraints=whole,
        options=options,
    )

    def expected(price: float) -> list[float]:
        pairs = zip(values, weights, strict=True)
        return [max(0.0, (value - price) / (value + weight)) for value, weight in pairs]

    price = 0.0
    if sum(expected(0.0)) > 1.0:
        price = brentq(lambda each: sum(expected(each)) - 1.0, 0.0, max(values), xtol=1e-14)
    for number, (share, right) in enumerate(zip(found.x, expected(price), strict=True), 1):
        worth, risk = values[number - 1], weights[number - 1]
        what = f"share of partner {number}, worth {worth:g}, risk {risk:g}"
        yield Check("Shares of a consortium", what, right, float(share))


# -- relationship and trust ------------------------------------------------------------------------


def _held(discount: float, notice: float) -> Iterator[Check]:
    """Check how far a relationship carries: against the payoffs of keeping and breaking one's word.

    Keeping it is best as long as what is gained once by breaking it is no more than what is lost
    later, ``(1 - d)(deviate - keep) <= d q (keep - alone)``.
    """
    game = _team(2)
    rest = _rest(game)
    whole = rest.joint - rest.own

    def payoff(profile: Array) -> float:
        gained = game.incentives(profile).here.worth(game.stakes)[0]
        return float((gained - game.stakes.private_cost(profile))[1])

    def kept(share: float) -> float:
        together = rest.own + share * whole
        alone = together.copy()
        alone[1] = rest.own[1]  # own advantage does not depend on the others here
        gain = (1.0 - discount) * (payoff(alone) - payoff(together))
        return discount * notice * (payoff(together) - payoff(rest.own)) - gain

    carried = 1.0 if kept(1.0) >= 0 else brentq(kept, 1e-6, 1.0, xtol=1e-12)
    relation = Relation(np.array([notice]), discount, 0.0, 0.0, memory=math.inf)
    obtained = float(held_up(relation, None)[0])
    given = f"discount {discount:g}, notice {notice:g}"
    yield Check(_RELATIONAL, f"part of the way that is held; {given}", carried, obtained)


def _patience(notice: float) -> Iterator[Check]:
    """Check the least discount at which the whole way is held."""
    low, high = 0.0, 1.0
    for _ in range(60):
        discount = 0.5 * (low + high)
        relation = Relation(np.array([notice]), discount, 0.0, 0.0, memory=math.inf)
        low, high = (low, discount) if held_up(relation, None)[0] >= 1.0 else (discount, high)
    what = f"least discount for the whole way; notice {notice:g}"
    yield Check(_RELATIONAL, what, 1.0 / (1.0 + notice), high)


def _trust(
    start: float, speed: float, answer: float, reviews: int, reciprocity: Sequence[float]
) -> Iterator[Check]:
    """Check how trust fades among partners of whom some do not return it."""
    count = len(reciprocity)
    game = _team(count, _HELD, reciprocity, up=speed, down=speed, answer=answer, memory=math.inf)
    standing = _rest(game, start)
    for _ in range(reviews):
        standing = review(game, standing, None)
    who = 1 + list(reciprocity).index(1.0)
    others = [party for party in range(1, count + 1) if party != who]
    obtained = float(standing.trust[who, others].mean())
    returned = (sum(reciprocity) - 1.0) / (count - 1.0)
    expected = start * (1.0 - speed * (1.0 - answer * returned)) ** reviews
    what = f"trust after {reviews} reviews; {sum(reciprocity):g} of {count} return it"
    yield Check("Trust among conditional cooperators", what, expected, obtained)


# -- the map ---------------------------------------------------------------------------------------


def chi_star(providers: int, noise: tuple[float, float], closed: tuple[float, float]) -> float:
    """Return the interdependence above which an alliance beats the best output contract.

    Args:
        providers: how many.
        noise: risk aversion times variance over the value of own output: of own output, and of the
            joint outcome.
        closed: share of the cooperative gap that the relationship closes: under the output
            contract, and in the alliance.
    """
    gap_output, gap_alliance = ((1.0 - each) ** 2 for each in closed)
    own, joint = noise
    split = (1.0 - 1.0 / providers) ** 2
    best_rate_loss = gap_output * own / (gap_output + own) if own else 0.0
    top = gap_alliance * split - best_rate_loss + joint / providers**2
    return top / (gap_output - gap_alliance * split)


def alliance_lead(
    interdependence: float,
    providers: int,
    noise: tuple[float, float],
    closed: tuple[float, float],
) -> float:
    """Return what an alliance gains over the best output contract, in the same world.

    Each provider has effort on its own output, worth 1 at its best, and on hand-overs, worth
    ``interdependence``. The output contract pays the best rate on own output; the alliance shares
    the joint outcome alike. For the other arguments see :func:`chi_star`.
    """
    levers = (1.0, math.sqrt(interdependence))
    own, joint = (math.sqrt(each) for each in noise)
    together = np.zeros((providers, providers + 1))
    together[0, providers] = joint
    plan = LinearPlan(
        {
            "completed": _gains(providers, 2, lambda _, lever: levers[0] * (lever == 0)),
            "good_outcomes": _gains(providers, 2, lambda _, lever: levers[lever]),
        },
        {
            "completed": np.eye(providers, providers + 1) * own,
            "good_outcomes": together,
        },
        outcomes=np.array([[0.0, 0.0], *[list(levers)] * providers]),
        spending=np.zeros((providers + 1, 2)),
    )
    stakes = _stakes([np.eye(2)] * providers, 1.0, [1.0] * providers)

    def surplus(terms: Sequence[Mapping[str, object]], trust: float) -> float:
        game = Game(plan, _agreement(terms, providers), stakes, _relation(2, _HELD), THEORY)
        return _joint_surplus(game, _rest(game, trust).taken)

    def output(rate: Array) -> float:
        return surplus([{"measure": "completed", "bands": _rate(float(rate[0]))}], closed[0])

    shared = {
        "measure": "total(good_outcomes)",
        "bands": _rate(1.0),
        "split": "equal",
    }
    return surplus([shared], closed[1]) - output(_best(output, [0.5]))


_OUTCOMES = (
    ((0.5, 0.5), 2),
    ((0.5, 0.5), 3),
    ((2.0, 2.0), 3),
)
_TRUST = ((0.0, 0.0), (0.25, 0.25), (0.5, 0.5), (0.0, 0.5))


def _map(
    providers: int, noise: tuple[float, float], closed: tuple[float, float]
) -> Iterator[Check]:
    """Check on which side of the boundary the alliance wins, a little on either side of it."""
    edge = chi_star(providers, noise, closed)
    if edge <= 0.02:  # an alliance wins with any interdependence
        return
    subject = "When output contracts beat alliances"
    for place in (edge - 0.02, edge + 0.02):
        lead = alliance_lead(place, providers, noise, closed)
        what = (
            f"sign of the alliance's lead at interdependence {place:.3f}; {providers} providers, "
            f"noise {noise[0]:g} and {noise[1]:g}, trust {closed[0]:g} and {closed[1]:g}"
        )
        yield Check(subject, what, math.copysign(1.0, place - edge), math.copysign(1.0, lead))


_RELATIONAL = "Relational contracts: a word kept by the shadow of the future"


def _effective_share(saving: float) -> Check:
    """Check the share that a party with a noisy saving really keeps of one pound more.

    Half of a saving up to 1 and 30% of an overspend down to -1.5, with a standard deviation of 1:
    the share of each band times the chance of ending in it.
    """
    term = {
        "measure": "completed",
        "bands": [{"up_to": 0, "rate": "£0.30"}, {"rate": "£0.50"}],
        "at_least": "-£0.45",
        "at_most": "£0.50",
    }
    plan = LinearPlan(
        {"completed": _gains(1, 1, lambda *_: 1.0)},
        {"completed": np.array([[1.0]])},
        outcomes=np.array([[0.0], [1.0]]),
        spending=np.zeros((2, 1)),
        nodes=64,
    )
    game = Game(plan, _agreement([term], 1), _stakes([np.eye(1)], 1.0, [0.0]), _relation(1), THEORY)
    expected = 0.5 * (ndtr(1.0 - saving) - ndtr(-saving))
    expected += 0.3 * (ndtr(-saving) - ndtr(-1.5 - saving))
    obtained = game.incentives(np.array([[0.0], [saving]])).own[1, 0]
    what = f"effective share at an expected saving of {saving:g} (64 nodes, step 0.1)"
    return Check("Kinks: the effective share", what, float(expected), float(obtained), 0.005)


def _discounting() -> Iterator[Check]:
    """Check discount factors and annuities (HM Treasury, Green Book)."""
    subject = "Discounting"
    for years, rate in ((1, 0.035), (5, 0.035), (10, 0.035), (5, 0.015)):
        what = f"a pound in {years} years at {rate:.1%}"
        yield Check(subject, what, (1.0 + rate) ** -years, discount_factor(years, rate))
    annuity = (1.0 - 1.035**-5) / 0.035
    whole = present_value([1.0] * 5, 0.035)
    middle = present_value([1.0] * 5, 0.035, mid_year=True)
    yield Check(subject, "a pound a year for five years at 3.5%", annuity, whole)
    what = "the same in the middle of each year"
    yield Check(subject, what, annuity * math.sqrt(1.035), middle)
    expected = 1.035**-30 / 1.03
    found = discount_factor(31, GREEN_BOOK_2022)
    yield Check(subject, "a pound in 31 years, 3.5% falling to 3%", expected, found)


def all_checks() -> Iterator[Check]:
    """Return every closed form beside what the product comes to."""
    yield from behaviour_checks()
    yield from _discounting()


def behaviour_checks() -> Iterator[Check]:
    """Return the closed forms of behaviour beside what the product comes to."""
    for risk, cost, variance in ((1.0, 1.0, 1.0), (1.0, 2.0, 1.0), (0.5, 1.0, 3.0)):
        yield from _len(risk, cost, variance)
    for reserves in (0.2, 1.0, 10.0):
        tolerance = 0.157 * reserves * 1e6  # Howard's guideline as a share of equity
        says = f"noise of £150,000, reserves of £{reserves:g} million"
        yield from _len(1.0 / tolerance, 5e-6, 150_000.0**2, says)
    for saving in (-2.0, -1.0, 0.0, 0.5, 1.0, 2.0):
        yield _effective_share(saving)
    for providers in (2, 3, 8):
        yield from _teams(providers)
    for cross in (0.0, 0.3):
        yield from _multitask(cross, (0.25, 1.0), 1.0)
    for variance in (1.0, 100.0):
        yield from _two_share(1.0, variance, 0.25, 1.0)
    yield from _consortium((1.0, 1.0, 1.0), (0.25, 1.0, 4.0))
    yield from _consortium((2.0, 1.0, 0.5), (1.0, 1.0, 1.0))
    for gain in (0.2, 0.4, 1.2):
        yield from _public_good(4, gain)
    for discount, notice in ((0.4, 1.0), (0.7, 0.3), (0.3, 0.5), (0.8, 0.9)):
        yield from _held(discount, notice)
    for notice in (0.25, 1.0):
        yield from _patience(notice)
    for reviews in (5, 10):
        yield from _trust(0.8, 0.4, 0.9, reviews, [1.0, 1.0])
    yield from _trust(0.8, 0.4, 0.9, 5, [1.0, 1.0, 1.0, 0.0])
    for noise, providers in _OUTCOMES:
        for closed in _TRUST:
            yield from _map(providers, noise, closed)
