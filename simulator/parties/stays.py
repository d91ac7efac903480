"""How people pass through their stays in a step of a plan: by stages, each as long as the others.

With one stage a stay ends as likely on its first day as on any other; with more of them, those who
start first are not the first to finish at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.linalg import expm

from simulator.contract.statement import Array
from simulator.quantities import DAYS_A_YEAR
from simulator.scenario.world import Service, groups_of, mean_stay

__all__ = ["STEP", "Stays", "StaysAtPace"]

STEP = DAYS_A_YEAR / 12
"""Days of a step: months are taken for equally long."""
_MOST_STAGES = 8  # of a stay that always lasts the same, which would have endlessly many


class Stays:
    """The stays of some services.

    Attributes:
        mean: over the needs of those referred, days, ``(services,)``.
        variation: of stays, squared: variance over squared mean, ``(services,)``.
        stages: as many as one over the squared variation, ``(services,)``.
        most_stages: of any service.
        passing: part of those in each stage who are in each at the end of a step; the last one
            counts completions, ``(services, most_stages + 1, most_stages + 1)``.
        entering: the same of those who start evenly in a step, ``(services, most_stages + 1)``.
    """

    def __init__(self, services: Sequence[Service]) -> None:
        self.mean = np.array([mean_stay(each) for each in services])
        self.variation = np.zeros(len(services))
        stages = []
        for row, service in enumerate(services):
            spread = {"fixed": 0.0, "exponential": 1.0}.get(
                service.lasts.shape, float(service.lasts.variation)
            )
            second = sum(
                group.share * group.mean_stay**2 * (1 + spread**2) for group in groups_of(service)
            )
            variation = second / self.mean[row] ** 2 - 1.0
            self.variation[row] = variation
            count = _MOST_STAGES if variation <= 1 / _MOST_STAGES else round(1 / variation)
            stages.append(max(1, count))
        self.stages = np.array(stages, dtype=np.intp)
        self.most_stages = max(stages)
        size = self.most_stages + 1
        self.passing = np.zeros((len(services), size, size))
        self.entering = np.zeros((len(services), size))
        for row, count in enumerate(stages):
            rate = count / self.mean[row]
            flow = np.zeros((size + 1, size + 1))
            for stage in range(count):
                following = stage + 1 if stage + 1 < count else self.most_stages
                flow[stage, stage] -= rate
                flow[stage, following] += rate
            flow[size, 0] = 1.0  # a source of one a day
            moved = expm(flow * STEP)
            self.passing[row] = moved[:size, :size]
            self.entering[row] = moved[size, :size] / STEP

    @property
    def at_once(self) -> Array:
        """Part of those who start in a step who complete in it as well."""
        return self.entering[..., -1]

    def ended(self, served: Array) -> Array:
        """Return who of those in service completes in a step, ``(..., services)``.

        Args:
            served: by stage, ``(..., services, stages)``.
        """
        ended: Array = (served * self.passing[..., :-1, -1]).sum(axis=-1)
        return ended

    def after(self, served: Array, started: Array) -> Array:
        """Return who is in each stage after a step in which some started, shape of ``served``."""
        stages: Array = np.einsum("...sk,skl->...sl", served, self.passing[:, :-1, :-1])
        return stages + started[..., None] * self.entering[..., :-1]

    def at_pace(self, pace: Array) -> StaysAtPace:
        """Return stays that are passed faster, or slower.

        Args:
            pace: 1 is that of the mean stay, ``(..., services)``.
        """
        most = self.most_stages
        mean = (pace * self.stages * STEP / self.mean)[..., None]
        by_number = [np.exp(-mean)]  # in a step so many stages are passed as a Poisson number
        for number in range(1, most):
            by_number.append(by_number[-1] * mean / number)
        chance = np.concatenate(by_number, axis=-1)
        there = np.arange(most) < self.stages[:, None]
        passing = np.zeros((*pace.shape, most + 1, most + 1))
        for stage in range(most):
            passed = np.where(there[:, stage:], chance[..., : most - stage], 0.0)
            passing[..., stage, stage:most] = passed
            passing[..., stage, most] = np.maximum(0.0, 1.0 - passed.sum(axis=-1))
        entering = np.zeros((*pace.shape, most + 1))
        beyond = np.maximum(0.0, 1.0 - np.cumsum(chance, axis=-1))
        entering[..., :most] = np.where(there, beyond / mean, 0.0)
        entering[..., most] = np.maximum(0.0, 1.0 - entering.sum(axis=-1))
        return StaysAtPace(self, pace == 1.0, passing, entering)


@dataclass(frozen=True)
class StaysAtPace:
    """Stays at some pace; at that of the mean stay all is the same to the bit.

    Attributes:
        usual: the stays at that pace.
        as_usual: who passes at it, ``(..., services)``.
        passing: as of :class:`Stays`, with all leading axes.
        entering: same.
    """

    usual: Stays
    as_usual: npt.NDArray[np.bool_]
    passing: Array
    entering: Array

    @property
    def at_once(self) -> Array:
        """Part of those who start in a step who complete in it as well."""
        return np.where(self.as_usual, self.usual.at_once, self.entering[..., -1])

    def ended(self, served: Array) -> Array:
        """Return who of those in service completes in a step; see :class:`Stays`."""
        ended = (served * self.passing[..., :-1, -1]).sum(axis=-1)
        return np.where(self.as_usual, self.usual.ended(served), ended)

    def after(self, served: Array, started: Array) -> Array:
        """Return who is in each stage after a step in which some started; see :class:`Stays`."""
        stages = np.einsum("...sk,...skl->...sl", served, self.passing[..., :-1, :-1])
        stages = stages + started[..., None] * self.entering[..., :-1]
        return np.where(self.as_usual[..., None], self.usual.after(served, started), stages)
