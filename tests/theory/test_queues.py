"""The engine against queueing theory.

What theory says of a queue must lie within four standard errors of the mean of independent
replications, each up to ten years after a year of warm-up. Waits within one
future hang together, so errors come from the spread of the replications' means alone. Seeds are
fixed: the verdict is the same every time. A mean stay is a day unless it says otherwise, so that
figures can be read beside the textbooks'.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from simulator.contract.statement import Array
from simulator.engine.people import ReferencePeople
from tests.theory.closed_forms import (
    cobham,
    erlang_a,
    erlang_c,
    growing_impatience,
    pollaczek_khinchine,
)
from tests.theory.lived import Case

STANDARD_ERRORS = 4.0
FEWEST_REPLICATIONS = 8  # below that Student's t has tails too long for four standard errors
LEAST_PRECISION = 0.1  # a standard error above a tenth of the figure would prove little

FIXED = "{mean: 1 day, shape: fixed}"


def lognormal(variation: str) -> str:
    return f"{{mean: 1 day, shape: lognormal, variation: {variation}}}"


def by_need(needs: dict[str, tuple[float, str, int]]) -> str:
    """Write groups of need: share of the referrals, mean stay, priority."""
    groups = [
        f"      {name}: {{share: {share}, lasts: {stay}, priority: {priority}}}"
        for name, (share, stay, priority) in needs.items()
    ]
    return "\n".join(["    needs:", *groups])


def z_scores(expected: Array, replications: Array) -> Array:
    """Return how many standard errors the replications' mean lies above what was expected."""
    return (replications.mean(axis=0) - expected) / standard_error(replications)


def standard_error(replications: Array) -> Array:
    assert len(replications) >= FEWEST_REPLICATIONS
    error: Array = replications.std(axis=0, ddof=1) / math.sqrt(len(replications))
    return error


def assert_follows_theory(case: Case) -> None:
    readings = case.readings
    wrong = []
    for way, figures in (("statement", readings.by_statement), ("looking", readings.by_looking)):
        for name, seen in figures.items():
            expected = np.array([getattr(queue, name) for queue in case.expected])
            if not expected.any():
                assert not seen.any(), f"{case.label}: {name} is 0, by {way}"
                continue
            assert (standard_error(seen) < LEAST_PRECISION * expected).all(), (case.label, name)
            z = z_scores(expected, seen)
            if not (np.abs(z) < STANDARD_ERRORS).all():
                wrong.append(f"{name} by {way}: {expected} but {seen.mean(axis=0)}, z = {z}")
    assert not wrong, f"{case.label}: " + "; ".join(wrong)


def ids(cases: list[Case]) -> list[str]:
    return [case.label for case in cases]


# -- the formulas themselves ---------------------------------------------------------------------

PRINTED = 1e-5  # half a unit of the last printed digit, doubled


@pytest.mark.parametrize(
    ("servers", "arrivals", "p_wait", "mean_wait"),
    [(1, 0.8, 0.8, 4.0), (2, 1.6, 0.71111, 1.77778), (5, 4.0, 0.55411, 0.55411)],
)
def test_erlang_c_gives_the_printed_digits(
    servers: int, arrivals: float, p_wait: float, mean_wait: float
) -> None:
    queue = erlang_c(servers, arrivals)
    assert pytest.approx(p_wait, abs=PRINTED) == queue.p_wait
    assert pytest.approx(mean_wait, abs=PRINTED) == queue.mean_wait


@pytest.mark.parametrize(("variation", "mean_wait"), [(0.0, 2.0), (1.0, 4.0), (2.0, 10.0)])
def test_pollaczek_khinchine_gives_the_printed_digits(variation: float, mean_wait: float) -> None:
    queue = pollaczek_khinchine(0.8, 1.0, 1.0 + variation**2)
    assert pytest.approx(mean_wait, abs=PRINTED) == queue.mean_wait


@pytest.mark.parametrize(
    ("servers", "arrivals", "patience", "p_leave", "mean_wait", "p_wait"),
    [(5, 4.0, 0.5, 0.07797, 0.15594, 0.41505), (3, 2.4, 0.25, 0.08811, 0.35242, 0.52285)],
)
def test_erlang_a_gives_the_printed_digits(
    servers: int, arrivals: float, patience: float, p_leave: float, mean_wait: float, p_wait: float
) -> None:
    queue = erlang_a(servers, arrivals, patience)
    assert pytest.approx(p_leave, abs=PRINTED) == queue.p_leave
    assert pytest.approx(mean_wait, abs=PRINTED) == queue.mean_wait
    assert pytest.approx(p_wait, abs=PRINTED) == queue.p_wait


@pytest.mark.parametrize(("servers", "arrivals"), [(1, 1.5), (2, 1.0), (7, 9.0)])
@pytest.mark.parametrize("patience", [0.05, 0.5, 3.0])
def test_as_many_leave_as_the_hazard_takes_in_theory(
    servers: int, arrivals: float, patience: float
) -> None:
    queue = erlang_a(servers, arrivals, patience)
    assert pytest.approx(patience * queue.mean_wait, abs=1e-12) == queue.p_leave
    assert pytest.approx(arrivals * (1 - queue.p_leave), abs=1e-12) == queue.in_service


def test_erlang_a_without_impatience_is_erlang_c() -> None:
    for name, expected in vars(erlang_c(4, 3.0, 2 / 3)).items():
        assert pytest.approx(expected, abs=1e-8) == getattr(erlang_a(4, 3.0, 1e-10, 2 / 3), name)


def test_leaving_as_fast_as_finishing_makes_the_people_present_poisson() -> None:
    fewer = sum(math.exp(-5.0) * 5.0**n / math.factorial(n) for n in range(6))
    assert pytest.approx(1.0 - fewer, abs=1e-12) == erlang_a(6, 5.0, 1.0).p_wait


def test_impatience_that_does_not_grow_is_erlang_a() -> None:
    for name, expected in vars(erlang_a(5, 4.0, 0.5)).items():
        assert pytest.approx(expected, abs=1e-8) == getattr(
            growing_impatience(5, 4.0, 0.5, 1e-9), name
        )


def test_priorities_among_equals_do_not_move_the_mean_wait() -> None:
    for name, expected in vars(erlang_c(1, 0.8)).items():
        assert pytest.approx(expected, abs=1e-12) == getattr(cobham([(0.3, 1.0), (0.5, 1.0)]), name)


# -- nobody leaves, exponential stays: M/M/c -----------------------------------------------------

ERLANG_C = [
    Case(
        "one place, load .8",
        (erlang_c(1, 0.8),),
        "0.8 a day",
        replications=24,
        look_every=4,
    ),
    Case(
        "two places, load .8",
        (erlang_c(2, 1.6),),
        "1.6 a day",
        replications=12,
        look_every=2,
        workers=("2",),
    ),
    Case(
        "five places, load .8",
        (erlang_c(5, 4.0),),
        "4 a day",
        replications=8,
        years=9,
        workers=("5",),
    ),
    Case("one place, load .5", (erlang_c(1, 0.5),), "3.5 a week", replications=12, look_every=2),
    Case(
        "six places as two caseworkers with a caseload of 3, stays of 6 hours",
        (erlang_c(6, 18.0, 0.25),),
        "18 a day",
        replications=8,
        years=2,
        lasts="{mean: 6 hours, shape: exponential}",
        workers=("2",),
        caseload=3,
    ),
    Case(
        "five places as two and a half caseworkers, one in four declines",
        (erlang_c(5, 3.0),),
        "4 a day",
        replications=8,
        years=8,
        take_up="75%",
        workers=("2.5",),
        caseload=2,
    ),
]


@pytest.mark.slow
@pytest.mark.parametrize("case", ERLANG_C, ids=ids(ERLANG_C))
def test_a_queue_nobody_leaves_follows_erlang_c(case: Case) -> None:
    assert_follows_theory(case)


# -- one place, stays of any shape: M/G/1 --------------------------------------------------------

POLLACZEK_KHINCHINE = [
    Case(
        "stays all alike",
        (pollaczek_khinchine(0.8, 1.0, 1.0),),
        "0.8 a day",
        replications=20,
        lasts=FIXED,
        look_every=4,
    ),
    Case(
        "lognormal stays, spread as large as the mean",
        (pollaczek_khinchine(0.8, 1.0, 2.0),),
        "0.8 a day",
        replications=24,
        lasts=lognormal("1"),
        look_every=4,
    ),
    Case(
        "lognormal stays, spread twice the mean",
        (pollaczek_khinchine(0.8, 1.0, 5.0),),
        "0.8 a day",
        replications=40,
        lasts=lognormal("2"),
        look_every=8,
    ),
    Case(
        "lognormal stays as scenarios have them, spread half the mean",
        (pollaczek_khinchine(0.7, 1.0, 1.25),),
        "0.7 a day",
        replications=12,
        lasts=lognormal("0.5"),
        look_every=4,
    ),
    Case(
        "two needs in one line, short and long exponential stays",
        (pollaczek_khinchine(0.8, 0.75, 0.5 * 2 * 0.5**2 + 0.5 * 2 * 1.0**2),),
        "0.8 a day",
        replications=12,
        look_every=4,
        more=by_need({"short": (0.5, "12 hours", 1), "long": (0.5, "1 day", 1)}),
    ),
]


@pytest.mark.slow
@pytest.mark.parametrize("case", POLLACZEK_KHINCHINE, ids=ids(POLLACZEK_KHINCHINE))
def test_one_place_follows_pollaczek_and_khinchine(case: Case) -> None:
    assert_follows_theory(case)


# -- waiting people leave: M/M/c+M and M/M/c+G ---------------------------------------------------


def leaving(servers: int, arrivals: float, patience: float, replications: int, years: int) -> Case:
    places = "1 place" if servers == 1 else f"{servers} places"
    return Case(
        f"{places}, {arrivals:g} a day, {100 * patience:g}% a day leave",
        (erlang_a(servers, arrivals, patience),),
        f"{arrivals} a day",
        replications,
        years,
        drop_out=f"{{at_first: {100 * patience:g}% a day}}",
        workers=(str(servers),),
    )


ERLANG_A = {
    0.5: leaving(5, 4.0, 0.5, 8, 9),
    0.25: leaving(3, 2.4, 0.25, 8, 8),
    0.1: leaving(1, 1.5, 0.1, 8, 8),  # more come than can be served
    0.4: leaving(4, 5.0, 0.4, 8, 6),
    1.0: leaving(6, 5.0, 1.0, 8, 5),  # leaving as fast as finishing: the Poisson distribution
}


@pytest.mark.slow
@pytest.mark.parametrize("case", ERLANG_A.values(), ids=ids(list(ERLANG_A.values())))
def test_a_queue_people_leave_follows_erlang_a(case: Case) -> None:
    assert_follows_theory(case)


@pytest.mark.slow
@pytest.mark.parametrize("patience", ERLANG_A, ids=lambda patience: f"{100 * patience:g}% a day")
def test_as_many_leave_as_the_hazard_takes_from_the_line(patience: float) -> None:
    # Those who left less the hazard of the days waited is a martingale: the difference is far
    # less noisy than either side, and needs no steady state.
    readings = ERLANG_A[patience].readings
    left = readings.by_statement["p_leave"] - patience * readings.by_looking["mean_wait"]
    assert (np.abs(z_scores(np.zeros(1), left)) < STANDARD_ERRORS).all()


IMPATIENT = [
    Case(
        "five places, hazard of 10% a day that rises by 100% a day",
        (growing_impatience(5, 5.5, 0.1, 1.0),),
        "5.5 a day",
        replications=8,
        years=5,
        drop_out="{at_first: 10% a day, rise: 100% a day}",
        workers=("5",),
    ),
    Case(
        "one place, hazard of 5% a day that rises by 100% a day",
        (growing_impatience(1, 1.2, 0.05, 1.0),),
        "1.2 a day",
        replications=8,
        years=6,
        drop_out="{at_first: 5% a day, rise: 100% a day}",
    ),
]


@pytest.mark.slow
@pytest.mark.parametrize("case", IMPATIENT, ids=ids(IMPATIENT))
def test_growing_impatience_follows_baccelli_and_hebuterne(case: Case) -> None:
    assert_follows_theory(case)


# -- several lines -------------------------------------------------------------------------------

PRIORITIES = [
    Case(
        "short stays first",
        (cobham([(0.35, 0.5), (0.35, 1.5)]),),
        "0.7 a day",
        replications=16,
        look_every=4,
        more=by_need({"short": (0.5, "12 hours", 1), "long": (0.5, "36 hours", 2)}),
    ),
    Case(
        "long stays first",
        (cobham([(0.35, 1.5), (0.35, 0.5)]),),
        "0.7 a day",
        replications=16,
        look_every=4,
        more=by_need({"short": (0.5, "12 hours", 2), "long": (0.5, "36 hours", 1)}),
    ),
]


@pytest.mark.slow
@pytest.mark.parametrize("case", PRIORITIES, ids=ids(PRIORITIES))
def test_priorities_follow_cobham(case: Case) -> None:
    assert_follows_theory(case)


TWO_PROVIDERS = Case(
    "two providers of two places each",
    (erlang_c(2, 1.6), erlang_c(2, 1.6)),
    "3.2 a day",
    replications=8,
    look_every=2,
    workers=("2", "2"),
)
UNEQUAL_PROVIDERS = Case(
    "three places for three in five, two places for the rest",
    (erlang_c(3, 1.8), erlang_c(2, 1.2)),
    "3 a day",
    replications=8,
    years=6,
    workers=("3", "2"),
)


@pytest.mark.slow
def test_two_providers_are_two_independent_queues() -> None:
    # one line for both would be M/M/4, with less than half the wait
    assert erlang_c(4, 3.2).mean_wait < 0.5 * erlang_c(2, 1.6).mean_wait
    assert_follows_theory(TWO_PROVIDERS)
    together = TWO_PROVIDERS.readings.waiting_together[:, 0, 1]
    assert np.abs(z_scores(np.zeros(()), together)) < STANDARD_ERRORS


@pytest.mark.slow
def test_referrals_follow_caseworkers_to_each_queue() -> None:
    assert_follows_theory(UNEQUAL_PROVIDERS)


# -- by the readable engine, with fewer replications ---------------------------------------------

BY_REFERENCE = [
    replace(case, label=f"{case.label}, readable engine", engine=ReferencePeople)
    for case in (ERLANG_C[1], POLLACZEK_KHINCHINE[3], ERLANG_A[0.4], IMPATIENT[1], PRIORITIES[0])
]


@pytest.mark.slow
@pytest.mark.parametrize("case", BY_REFERENCE, ids=ids(BY_REFERENCE))
def test_the_readable_engine_follows_theory(case: Case) -> None:
    assert_follows_theory(case)
