"""The ways from one service to another, and back, as a plan has people on them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from simulator.contract.statement import Array
from simulator.parties.levers import reach_of
from simulator.parties.stays import STEP
from simulator.scenario.scenario import Scenario

__all__ = ["Paths", "left_of_a_pool"]


class Paths:
    """The hand-overs of a scenario.

    Args:
        scenario: whose they are.
        delivers: whether each provider has caseworkers in each service, ``(providers, services)``.
        referred: share of the referrals that each provider receives, same shape.

    Attributes:
        sender: the service that people complete, by path, ``(paths,)``, as all that follows.
        receiver: the service they need next.
        share: of the completions.
        success: chance that it reaches the other service, as observed.
        success_reach: what one level of hand-over effort adds to its log-odds.
        returns: share of the failed ones who come back.
        late: part of those handed over in a step who have not arrived at its end.
        arriving_stay: part of those on the way who still are after a step.
        coming_back_stay: the same after a failed hand-over.
        to_provider: where those go whom a provider hands over, ``(paths, providers, providers)``:
            they stay with the provider where it delivers the service.
        stays_on: part of the completions of each service without a hand-over, who may relapse,
            ``(services,)``.
    """

    def __init__(
        self, scenario: Scenario, delivers: npt.NDArray[np.bool_], referred: Array
    ) -> None:
        names, paths = list(scenario.services), scenario.handovers
        providers = len(delivers)
        self.sender = np.array([names.index(each.sender) for each in paths], dtype=np.intp)
        self.receiver = np.array([names.index(each.receiver) for each in paths], dtype=np.intp)
        self.share = np.array([float(each.share) for each in paths])
        self.success = np.array([float(each.success) for each in paths])
        self.success_reach = np.array([reach_of(each.success, each.best_success) for each in paths])
        self.returns = np.array([float(each.returns) for each in paths])
        after = np.array([float(each.after) for each in paths])
        self.arriving_stay, self.late = left_of_a_pool(after), _left_of_a_flow(after)
        after = np.array([float(each.returns_after) for each in paths])
        self.coming_back_stay = left_of_a_pool(after)
        self.to_provider = np.zeros((len(paths), providers, providers))
        for place, receiver in enumerate(self.receiver):
            for provider in range(providers):
                if delivers[provider, receiver]:
                    self.to_provider[place, provider, provider] = 1.0
                else:
                    self.to_provider[place, provider] = referred[:, receiver]
        handed = np.zeros(len(names))
        np.add.at(handed, self.sender, self.share)
        self.stays_on = 1.0 - handed

    def at_senders(self, by_path: Array) -> Array:
        """Return what passes by each path at the service that sends it, ``(..., services)``."""
        total = np.zeros((*by_path.shape[:-1], len(self.stays_on)))
        for place, index in enumerate(self.sender):
            total[..., index] += by_path[..., place]
        return total

    def at_receivers(self, by_path: Array) -> Array:
        """Return who arrives by hand-over, at the providers and services they go to."""
        total = np.zeros((*by_path.shape[:-1], len(self.stays_on)))
        for place, index in enumerate(self.receiver):
            total[..., index] += by_path[..., place] @ self.to_provider[place]
        return total


def left_of_a_pool(mean: Array) -> Array:
    """Return the part of those on the way who still are after a step, by their mean time."""
    return np.where(mean > 0, np.exp(-STEP / np.maximum(mean, 1e-9)), 0.0)


def _left_of_a_flow(mean: Array) -> Array:
    """Return the part of an even flow of a step that is still on the way at its end."""
    long = np.maximum(mean, 1e-9)
    return np.where(mean > 0, long / STEP * -np.expm1(-STEP / long), 0.0)
