"""Named random numbers: what they are worth to a comparison, and whether they are right."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.special import ndtri
from scipy.stats import kstest

from simulator.contract.statement import Array
from simulator.engine.streams import (
    Purpose,
    Stream,
    inverse_normal,
    name_key,
    philox,
    philox_array,
    to_uniform,
)
from tests.conftest import FULL

STANDARD_ERRORS = 4.0
SEED = 20260401
SERVICE = name_key("support")
REPLICATIONS = 200 if FULL else 40
PEOPLE = range(5_000)

# -- what is gained ------------------------------------------------------------------------------

# Stays of a mean of 1 under one contract, of 1 / 1.2 under the other.
FASTER = 1.2
INDEPENDENT = 1.0 + 1.0 / FASTER**2  # 1.6944, the sum of both variances
COMMON = (1.0 - 1.0 / FASTER) ** 2  # .02778, what the shared draw leaves of them


def stays(replication: int, pace: float) -> Array:
    stream = Stream(SEED, replication)
    return -np.log(stream.uniforms(PEOPLE, SERVICE, 0, Purpose.LENGTH_OF_STAY)) / pace


def variances(other_luck: int) -> Array:
    """Return the variance of the difference in each replication.

    Args:
        other_luck: added to the replication from which the second contract has its luck.
    """
    return np.array(
        [
            np.var(stays(replication, 1.0) - stays(replication + other_luck, FASTER), ddof=1)
            for replication in range(REPLICATIONS)
        ]
    )


def standard_error(figures: Array) -> float:
    return float(figures.std(ddof=1)) / math.sqrt(len(figures))


@pytest.mark.slow
def test_independent_luck_adds_the_variances() -> None:
    seen = variances(other_luck=REPLICATIONS)
    assert pytest.approx(1.6944, abs=5e-5) == INDEPENDENT
    assert pytest.approx(INDEPENDENT, abs=STANDARD_ERRORS * standard_error(seen)) == seen.mean()
    assert standard_error(seen) < 0.02 * INDEPENDENT


@pytest.mark.slow
def test_common_luck_leaves_only_what_differs() -> None:
    seen = variances(other_luck=0)
    assert pytest.approx(0.02778, abs=5e-6) == COMMON
    assert pytest.approx(COMMON, abs=STANDARD_ERRORS * standard_error(seen)) == seen.mean()
    assert standard_error(seen) < 0.02 * COMMON


@pytest.mark.slow
def test_common_luck_saves_all_but_one_run_in_sixty_one() -> None:
    independent, common = variances(other_luck=REPLICATIONS), variances(other_luck=0)
    saved = independent.mean() / common.mean()
    # of a ratio of means, to first order; both come from the same people, so errors may offset
    error = standard_error(independent / independent.mean() - common / common.mean()) * saved
    assert pytest.approx(61.0, abs=1e-9) == INDEPENDENT / COMMON
    assert pytest.approx(61.0, abs=STANDARD_ERRORS * error) == saved
    assert error < 1.5


def test_luck_has_a_name_and_no_order() -> None:
    stream, again = Stream(SEED, 3), Stream(SEED, 3)
    names = [(who, visit, purpose) for who in (0, 7) for visit in (0, 1) for purpose in Purpose]
    forwards = [stream.uniform(who, SERVICE, visit, purpose) for who, visit, purpose in names]
    backwards = [
        again.uniform(who, SERVICE, visit, purpose) for who, visit, purpose in reversed(names)
    ]
    assert forwards == backwards[::-1]


def test_every_part_of_the_name_gives_other_luck() -> None:
    draws = {
        Stream(SEED + seed, replication).uniform(who, SERVICE + origin, visit, Purpose(purpose))
        for seed in (0, 1)
        for replication in (0, 1)
        for who in (0, 1)
        for origin in (0, 1)
        for visit in (0, 1)
        for purpose in (0, 1)
    }
    assert len(draws) == 2**6


def test_blocks_of_people_do_not_matter() -> None:
    stream = Stream(SEED, 0)
    whole = stream.uniforms(range(1_000), SERVICE, 0, Purpose.OUTCOME)
    parts = [
        stream.uniforms(range(first, min(first + 77, 1_000)), SERVICE, 0, Purpose.OUTCOME)
        for first in range(0, 1_000, 77)
    ]
    assert whole.tolist() == np.concatenate(parts).tolist()


# -- Philox --------------------------------------------------------------------------------------

# From the authors' known-answer tests (kat_vectors of Random123), philox 4x32 with 10 rounds.
KNOWN_ANSWERS = [
    (
        (0, 0, 0, 0),
        (0, 0),
        (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8),
    ),
    (
        (0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF),
        (0xFFFFFFFF, 0xFFFFFFFF),
        (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD),
    ),
    (
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
        (0xA4093822, 0x299F31D0),
        (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
    ),
]
Words = tuple[int, int, int, int]


@pytest.mark.parametrize(("counter", "key", "answer"), KNOWN_ANSWERS)
def test_philox_gives_the_known_answers(
    counter: Words, key: tuple[int, int], answer: Words
) -> None:
    assert answer == philox(counter, key)
    assert list(answer) == philox_array(np.array(counter, dtype=np.uint64), key).tolist()


def test_many_counters_at_once_give_what_each_gives_alone() -> None:
    random = np.random.default_rng(1)
    counters = random.integers(0, 2**32, size=(500, 4), dtype=np.uint64)
    key = (SEED, 0xFFFFFFFF)
    alone = [list(philox((a, b, c, d), key)) for a, b, c, d in counters.tolist()]
    assert alone == philox_array(counters, key).tolist()
    assert alone == philox_array(counters.reshape(50, 10, 4), key).reshape(500, 4).tolist()


# -- uniforms ------------------------------------------------------------------------------------


@pytest.mark.parametrize("purpose", list(Purpose))
def test_many_people_draw_what_each_draws_alone(purpose: Purpose) -> None:
    stream = Stream(SEED, 5)
    who = range(2**32 - 20, 2**32)
    alone = [stream.uniform(person, SERVICE, 2, purpose) for person in who]
    assert alone == stream.uniforms(who, SERVICE, 2, purpose).tolist()


def test_uniforms_lie_strictly_between_0_and_1() -> None:
    # -log(u) and the inverse normal must be finite at both ends
    assert to_uniform(0, 0) == 2.0**-53
    assert to_uniform(0xFFFFFFFF, 0xFFFFFFFF) == 1.0 - 2.0**-53
    draws = Stream(SEED, 0).uniforms(range(100_000), SERVICE, 0, Purpose.PATIENCE)
    assert draws.min() > 0.0
    assert draws.max() < 1.0


@pytest.mark.parametrize("purpose", [Purpose.ARRIVAL_GAP, Purpose.LENGTH_OF_STAY])
def test_uniforms_are_uniform_over_people_and_over_replications(purpose: Purpose) -> None:
    over_people = Stream(SEED, 0).uniforms(range(20_000), SERVICE, 0, purpose)
    over_replications = [
        Stream(SEED, each).uniform(0, SERVICE, 0, purpose) for each in range(5_000)
    ]
    for draws in (over_people, over_replications):
        assert kstest(draws, "uniform").pvalue > 1e-4


def test_neighbours_in_any_part_of_the_name_are_uncorrelated() -> None:
    who = range(40_000)
    here = Stream(SEED, 0).uniforms(who, SERVICE, 0, Purpose.LENGTH_OF_STAY)
    neighbours = [
        Stream(SEED + 1, 0).uniforms(who, SERVICE, 0, Purpose.LENGTH_OF_STAY),
        Stream(SEED, 1).uniforms(who, SERVICE, 0, Purpose.LENGTH_OF_STAY),
        Stream(SEED, 0).uniforms(range(1, 40_001), SERVICE, 0, Purpose.LENGTH_OF_STAY),
        Stream(SEED, 0).uniforms(who, SERVICE + 1, 0, Purpose.LENGTH_OF_STAY),
        Stream(SEED, 0).uniforms(who, SERVICE, 1, Purpose.LENGTH_OF_STAY),
        Stream(SEED, 0).uniforms(who, SERVICE, 0, Purpose.PATIENCE),
    ]
    for there in neighbours:
        correlation = np.corrcoef(here, there)[0, 1]
        assert abs(correlation) * math.sqrt(len(who)) < STANDARD_ERRORS


@pytest.mark.parametrize(("seed", "replication"), [(-1, 0), (0, -1), (2**32, 0), (0, 2**32)])
def test_a_seed_beyond_32_bits_is_refused(seed: int, replication: int) -> None:
    with pytest.raises(ValueError, match=r"from 0 to 4,294,967,295"):
        Stream(seed, replication)


# -- the normal distribution ---------------------------------------------------------------------

RELATIVE = 1e-14


def test_the_inverse_normal_is_accurate_to_the_last_digits() -> None:
    tails = 2.0 ** -np.arange(1.0, 54.0, 0.05)
    middle = np.linspace(0.01, 0.99, 9_801)
    near_the_middle = 0.5 + 2.0 ** -np.arange(2.0, 53.0, 0.5)
    joints = np.array([0.075, 0.925, math.exp(-25.0), 1.0 - math.exp(-25.0)])
    uniforms = np.concatenate([tails, 1.0 - tails, middle, near_the_middle, joints])
    seen = np.array([inverse_normal(float(uniform)) for uniform in uniforms])
    np.testing.assert_allclose(seen, ndtri(uniforms), rtol=RELATIVE, atol=0.0)


def test_every_uniform_has_a_finite_normal_deviate() -> None:
    # the furthest of a 52-bit uniform lie a little beyond 8 standard deviations
    assert inverse_normal(0.5) == 0.0
    assert pytest.approx(-8.2, abs=0.1) == inverse_normal(to_uniform(0, 0))
    highest = inverse_normal(to_uniform(0xFFFFFFFF, 0xFFFFFFFF))
    assert -inverse_normal(to_uniform(0, 0)) == highest


def test_the_inverse_normal_does_not_fall_where_its_pieces_meet() -> None:
    joints = (0.075, 0.925, math.exp(-25.0))
    for joint in joints:
        around = [joint]
        for _ in range(50):
            around = [math.nextafter(around[0], 0.0), *around, math.nextafter(around[-1], 1.0)]
        deviates = np.array([inverse_normal(uniform) for uniform in around])
        assert (np.diff(deviates) > -RELATIVE).all()
