"""Closed forms of queueing theory, written independently of the engine they judge.

Rates are per day. ``servers`` are the places of one provider in one service, ``arrivals`` the
people who come and take up the offer, ``patience`` the rate at which each waiting person leaves.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from scipy.integrate import quad


@dataclass(frozen=True)
class Queue:
    """What theory says of one queue in its steady state.

    Attributes:
        p_wait: chance that someone who comes does not start at once.
        p_leave: chance that they leave before they start.
        mean_wait: mean wait of all who come, those who leave included, days.
        mean_wait_of_started: mean wait of those who start, days.
        in_service: mean number of people in service.
    """

    p_wait: float
    p_leave: float
    mean_wait: float
    mean_wait_of_started: float
    in_service: float


def erlang_c(servers: int, arrivals: float, mean_stay: float = 1.0) -> Queue:
    """Return M/M/c, by Erlang's B recursion and his C formula."""
    offered = arrivals * mean_stay
    blocked = 1.0
    for places in range(1, servers + 1):
        blocked = offered * blocked / (places + offered * blocked)
    load = offered / servers
    p_wait = blocked / (1.0 - load * (1.0 - blocked))
    wait = p_wait * mean_stay / (servers - offered)
    return Queue(p_wait, 0.0, wait, wait, offered)


def pollaczek_khinchine(arrivals: float, mean_stay: float, second_moment: float) -> Queue:
    """Return M/G/1 by the Pollaczek-Khinchine formula."""
    load = arrivals * mean_stay
    wait = arrivals * second_moment / (2.0 * (1.0 - load))
    return Queue(load, 0.0, wait, wait, load)


def cobham(groups: Sequence[tuple[float, float]]) -> Queue:
    """Return M/M/1 whose groups are served by priority, the first group first.

    A. Cobham, "Priority assignment in waiting line problems", Operations Research 2 (1954).
    Nobody in service is sent away for a more urgent person.

    Args:
        groups: arrivals a day and mean stay of each.
    """
    residual = sum(rate * stay**2 for rate, stay in groups)  # E[S^2] / 2 of an exponential stay
    everyone = sum(rate for rate, _ in groups)
    before, wait = 0.0, 0.0
    for rate, stay in groups:
        through = before + rate * stay
        wait += rate / everyone * residual / ((1.0 - before) * (1.0 - through))
        before = through
    return Queue(before, 0.0, wait, wait, before)


def erlang_a(servers: int, arrivals: float, patience: float, mean_stay: float = 1.0) -> Queue:
    """Return M/M/c+M by the sums of its birth and death process.

    A person who finds ``ahead`` people in line is served if they outlast each of the ``ahead`` + 1
    departures before theirs: of ``servers`` stays and the patience of those ahead. Each stage lasts
    as long whether the person stays or leaves at its end, which gives the wait of those who start.
    """
    rate = 1.0 / mean_stay
    weights = [1.0]
    while len(weights) <= servers or weights[-1] > 1e-18 * max(weights):
        here = len(weights)
        leaving = min(here, servers) * rate + max(0, here - servers) * patience
        weights.append(weights[-1] * arrivals / leaving)
    total = sum(weights)
    chances = [weight / total for weight in weights]

    waiting = sum((n - servers) * chance for n, chance in enumerate(chances) if n > servers)
    in_service = sum(min(n, servers) * chance for n, chance in enumerate(chances))
    started, waits = sum(chances[:servers]), 0.0
    lasts, elapsed = 1.0, 0.0
    for ahead, chance in enumerate(chances[servers:]):
        goes_on = servers * rate + ahead * patience
        lasts *= goes_on / (goes_on + patience)
        elapsed += 1.0 / (goes_on + patience)
        started += chance * lasts
        waits += chance * lasts * elapsed
    return Queue(
        p_wait=sum(chances[servers:]),
        p_leave=1.0 - started,
        mean_wait=waiting / arrivals,
        mean_wait_of_started=waits / started,
        in_service=in_service,
    )


def growing_impatience(
    servers: int, arrivals: float, patience: float, rise: float, mean_stay: float = 1.0
) -> Queue:
    """Return M/M/c+G where the hazard of leaving after a wait w is ``patience exp(rise w)``.

    F. Baccelli and G. Hebuterne, "On queues with impatient customers", Performance '81 (1981): the
    wait v a person would have has density in proportion to exp(arrivals H(v) - servers v / stay),
    with H the integral of the chance S to be patient up to v. The limit of rise 0 is
    :func:`erlang_a`.
    """
    rate = 1.0 / mean_stay

    def patient(wait: float) -> float:
        return math.exp(-patience * math.expm1(rise * wait) / rise)

    def patient_days(wait: float) -> float:
        return float(quad(patient, 0.0, wait, epsabs=1e-13, epsrel=1e-13)[0])

    def density(wait: float) -> float:
        return math.exp(arrivals * patient_days(wait) - servers * rate * wait)

    def over(weight: Callable[[float], float]) -> float:
        # 60 days lie far beyond every wait that patience allows in these tests
        return float(quad(lambda w: weight(w) * density(w), 0.0, 60.0, epsabs=1e-11, limit=400)[0])

    offered = arrivals * mean_stay
    idle = sum(
        math.factorial(servers - 1) / math.factorial(n) * offered ** (n - servers + 1)
        for n in range(servers)
    )
    busy = arrivals * over(lambda _: 1.0)
    total = idle + busy
    started = (idle + arrivals * over(patient)) / total
    waits = arrivals * over(patient_days) / total
    waits_of_started = arrivals * over(lambda w: w * patient(w)) / total
    return Queue(
        p_wait=busy / total,
        p_leave=1.0 - started,
        mean_wait=waits,
        mean_wait_of_started=waits_of_started / started,
        in_service=arrivals * started * mean_stay,
    )
