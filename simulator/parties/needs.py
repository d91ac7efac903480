"""Who is turned away by need, who takes them, and what that makes of those who ask for a service.

In the plan everybody who is referred to a provider is of a need by its share of the referrals of
the service: from outside, handed over or back again, whoever served them before. A change of the
mix is taken to arrive at once: those who complete in a month are of the needs of those who ask in
it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from simulator.contract.statement import Array
from simulator.parties.levers import hardness, turned_away
from simulator.scenario.world import Service, groups_of, mean_stay, referral_shares

__all__ = ["Needs"]


class Needs:
    """The needs of the people of some services.

    Args:
        services: of a scenario.
        providers: their names.

    Attributes:
        share: of each need among those referred, ``(services, needs)``; where a service has fewer
            needs than another, those missing have no share.
        good: chance of a good outcome, as observed and without a wait, same shape.
        screened: chance of being turned away at selection level +1, same shape.
        stay: mean stay over that of the service, same shape.
        anyway: chance that a good outcome would have come without the service, same shape.
        anyway_of_all: its mean over those referred, ``(services,)``.
        can_act: whether any level of selection turns anybody away.
        elsewhere: share of those whom one provider turns away who go to another,
            ``(providers, providers, services)``; none where nobody else takes them.
    """

    def __init__(self, services: Sequence[Service], providers: Sequence[str]) -> None:
        most = max(max(len(each.needs), 1) for each in services)
        shape = (len(services), most)
        self.share, self.screened, self.anyway = (np.zeros(shape) for _ in range(3))
        self.good, self.stay = np.full(shape, 0.5), np.ones(shape)
        self.elsewhere = np.zeros((len(providers), len(providers), len(services)))
        for row, service in enumerate(services):
            groups = groups_of(service)
            last = len(groups)
            self.share[row, :last] = [group.share for group in groups]
            self.good[row, :last] = chances = [group.good_outcome for group in groups]
            self.screened[row, :last] = float(service.screens or 0.0) * np.array(hardness(chances))
            self.stay[row, :last] = [group.mean_stay / mean_stay(service) for group in groups]
            self.anyway[row, :last] = [group.good_anyway for group in groups]
            shares = referral_shares(service)
            given = np.array([shares.get(name, 0.0) for name in providers])
            others = np.where(np.eye(len(providers), dtype=bool), 0.0, given)
            total = others.sum(axis=1, keepdims=True)
            self.elsewhere[..., row] = np.divide(
                others, total, out=np.zeros_like(others), where=total > 0
            )
        self.anyway_of_all = (self.share * self.anyway).sum(axis=-1)
        self.can_act = bool(self.screened.any())

    def turned(self, level: Array) -> Array | None:
        """Return the chance of being turned away, ``(..., providers, services, needs)``.

        Args:
            level: of selection, ``(..., providers)``.

        Returns:
            None where nobody is turned away anywhere.
        """
        if not self.can_act or not (level > 0.0).any():
            return None
        return turned_away(self.screened, level[..., None, None])

    def moved(self, turned: Array, referred: Array) -> tuple[Array, Array]:
        """Return who is turned away, and who is taken instead of another provider.

        Args:
            turned: chance of being turned away.
            referred: to each provider before anybody is turned away,
                ``(..., providers, services)``.

        Returns:
            Both ``(..., providers, services)``.
        """
        gone: Array = referred * (self.share * turned).sum(axis=-1)
        taken: Array = (gone[..., :, None, :] * self.elsewhere).sum(axis=-3)
        return gone, taken

    def mix(self, turned: Array, referred: Array) -> tuple[Array, Array]:
        """Return the needs of those who ask for a service, once some are turned away.

        A provider that nobody is turned away by, or turned to, has the mix of the service.

        Args:
            turned: chance of being turned away.
            referred: as of :meth:`moved`.

        Returns:
            The share of each need, ``(..., providers, services, needs)``, and the mean stay over
            that of the service, ``(..., providers, services)``.
        """
        gone = referred[..., None] * self.share * turned
        taken = (gone[..., :, None, :, :] * self.elsewhere[..., None]).sum(axis=-4)
        asking = referred[..., None] * self.share - gone + taken
        total = asking.sum(axis=-1)
        other = ((gone + taken).sum(axis=-1) > 0) & (total > 0)
        share = asking / np.where(other, total, 1.0)[..., None]
        share = np.where(other[..., None], share, self.share)
        return share, np.where(other, (share * self.stay).sum(axis=-1), 1.0)
