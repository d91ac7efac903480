"""Keyed random numbers: every draw has a name, and its value follows from the name alone.

The generator is Philox 4x32 with 10 rounds (Salmon, Moraes, Dror and Shaw, "Parallel random
numbers: as easy as 1, 2, 3", SC11, 2011). Its key is (seed, replication) and its counter is
(who, origin, visit, purpose), so a person has the same luck under every contract, in any order of
events and on any number of workers. No contract is part of the key. One uniform a variate, by
inversion.
"""

from __future__ import annotations

import enum
import math
import zlib

import numpy as np
import numpy.typing as npt

__all__ = [
    "Purpose",
    "Stream",
    "inverse_normal",
    "name_key",
    "philox",
    "philox_array",
    "to_uniform",
]

_MULTIPLIERS = (0xD2511F53, 0xCD9E8D57)  # Philox 4x32, table 2 of the paper
_WEYL = (0x9E3779B9, 0xBB67AE85)  # golden ratio and sqrt(3) - 1, as the paper bumps the key
_ROUNDS = 10
_MASK = 0xFFFFFFFF
Words = tuple[int, int, int, int]


class Purpose(enum.IntEnum):
    """What a draw is for; the last word of the counter. Numbers never change meaning."""

    ARRIVAL_GAP = 0
    ACCEPTED = 1
    NEED = 2
    PROVIDER = 3
    TAKE_UP = 4
    PATIENCE = 5
    LENGTH_OF_STAY = 6
    OUTCOME = 7
    HANDOVER = 8
    HANDOVER_SUCCESS = 9
    HANDOVER_RETURN = 10
    RELAPSE = 11
    TIME_AWAY = 12
    RISK_COMES = 13
    RISK_DAY = 14
    TURNED_AWAY = 15
    ELSEWHERE = 16
    FOUND_OUT = 17
    INPUT = 18
    INSISTED = 19
    PART_ENDED = 20


def philox(counter: Words, key: tuple[int, int]) -> Words:
    """Return the four 32-bit words of one counter under one key."""
    a, b, c, d = counter
    k0, k1 = key
    for _ in range(_ROUNDS):
        high = _MULTIPLIERS[0] * a
        low = _MULTIPLIERS[1] * c
        a, b, c, d = (low >> 32) ^ b ^ k0, low & _MASK, (high >> 32) ^ d ^ k1, high & _MASK
        k0, k1 = (k0 + _WEYL[0]) & _MASK, (k1 + _WEYL[1]) & _MASK
    return a, b, c, d


def philox_array(counters: npt.NDArray[np.uint64], key: tuple[int, int]) -> npt.NDArray[np.uint64]:
    """Return the words of many counters at once.

    Args:
        counters: shape ``(..., 4)``, each below 2**32.
        key: two numbers below 2**32.

    Returns:
        The same shape.
    """
    mask, shift = np.uint64(_MASK), np.uint64(32)
    a, b, c, d = (counters[..., word].astype(np.uint64) for word in range(4))
    k0, k1 = key
    for _ in range(_ROUNDS):
        high = np.uint64(_MULTIPLIERS[0]) * a
        low = np.uint64(_MULTIPLIERS[1]) * c
        a, b, c, d = (
            (low >> shift) ^ b ^ np.uint64(k0),
            low & mask,
            (high >> shift) ^ d ^ np.uint64(k1),
            high & mask,
        )
        k0, k1 = (k0 + _WEYL[0]) & _MASK, (k1 + _WEYL[1]) & _MASK
    return np.stack([a, b, c, d], axis=-1)


def to_uniform(first: int, second: int) -> float:
    """Return a uniform strictly between 0 and 1, of 52 bits, from two words."""
    return (((first << 20) | (second >> 12)) + 0.5) * 2.0**-52


def name_key(name: str) -> int:
    """Return the 32-bit number a name is drawn by, the same wherever the name stands in a file."""
    return zlib.crc32(name.encode("utf-8"))


class Stream:
    """All random numbers of one simulated future."""

    def __init__(self, seed: int, replication: int) -> None:
        if not (0 <= seed <= _MASK and 0 <= replication <= _MASK):
            raise ValueError("seed and replication are whole numbers from 0 to 4,294,967,295")
        self.key = (seed, replication)

    def uniform(self, who: int, origin: int, visit: int, purpose: Purpose) -> float:
        """Return the uniform of one name.

        Args:
            who: the number of the person among those of their origin.
            origin: :func:`name_key` of the service (or risk) they first came to.
            visit: how many services the person has come to before.
            purpose: what it decides.
        """
        words = philox((who, origin, visit, int(purpose)), self.key)
        return to_uniform(words[0], words[1])

    def uniforms(
        self, who: range, origin: int, visit: int, purpose: Purpose
    ) -> npt.NDArray[np.float64]:
        """Return the uniforms of many people for one purpose, bit by bit those of ``uniform``."""
        counters = np.empty((len(who), 4), dtype=np.uint64)
        counters[:, 0] = np.arange(who.start, who.stop, dtype=np.uint64)
        counters[:, 1:] = (origin, visit, int(purpose))
        words = philox_array(counters, self.key)
        whole = (words[:, 0] << np.uint64(20)) | (words[:, 1] >> np.uint64(12))
        uniform: npt.NDArray[np.float64] = (whole.astype(np.float64) + 0.5) * 2.0**-52
        return uniform


# Wichura, "Algorithm AS 241: the percentage points of the normal distribution", Applied
# Statistics 37 (1988), routine PPND16: relative accuracy about 1 part in 10**16.
_CENTRAL_TOP = (
    2509.0809287301226727,
    33430.575583588128105,
    67265.770927008700853,
    45921.953931549871457,
    13731.693765509461125,
    1971.5909503065514427,
    133.14166789178437745,
    3.387132872796366608,
)
_CENTRAL_BOTTOM = (
    5226.495278852854561,
    28729.085735721942674,
    39307.89580009271061,
    21213.794301586595867,
    5394.1960214247511077,
    687.1870074920579083,
    42.313330701600911252,
    1.0,
)
_MIDDLE_TOP = (
    7.7454501427834140764e-4,
    0.0227238449892691845833,
    0.24178072517745061177,
    1.27045825245236838258,
    3.64784832476320460504,
    5.7694972214606914055,
    4.6303378461565452959,
    1.42343711074968357734,
)
_MIDDLE_BOTTOM = (
    1.05075007164441684324e-9,
    5.475938084995344946e-4,
    0.0151986665636164571966,
    0.14810397642748007459,
    0.68976733498510000455,
    1.6763848301838038494,
    2.05319162663775882187,
    1.0,
)
_FAR_TOP = (
    2.01033439929228813265e-7,
    2.71155556874348757815e-5,
    0.0012426609473880784386,
    0.026532189526576123093,
    0.29656057182850489123,
    1.7848265399172913358,
    5.4637849111641143699,
    6.6579046435011037772,
)
_FAR_BOTTOM = (
    2.04426310338993978564e-15,
    1.4215117583164458887e-7,
    1.8463183175100546818e-5,
    7.868691311456132591e-4,
    0.0148753612908506148525,
    0.13692988092273580531,
    0.59983220655588793769,
    1.0,
)


def _ratio(top: tuple[float, ...], bottom: tuple[float, ...], x: float) -> float:
    above = below = 0.0
    for a, b in zip(top, bottom, strict=True):
        above = above * x + a
        below = below * x + b
    return above / below


def inverse_normal(uniform: float) -> float:
    """Return the standard normal deviate whose distribution function is ``uniform``."""
    centred = uniform - 0.5
    if abs(centred) <= 0.425:
        return centred * _ratio(_CENTRAL_TOP, _CENTRAL_BOTTOM, 0.180625 - centred * centred)
    tail = math.sqrt(-math.log(min(uniform, 1.0 - uniform)))
    if tail <= 5.0:
        size = _ratio(_MIDDLE_TOP, _MIDDLE_BOTTOM, tail - 1.6)
    else:
        size = _ratio(_FAR_TOP, _FAR_BOTTOM, tail - 5.0)
    return math.copysign(size, centred)
