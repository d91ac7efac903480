"""The ladder of a contract's remedies, climbed quarter by quarter: breach, notice, replacement.

One state for every provider in every future, and what a quarter makes of it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from simulator.contract.remedies import Remedies
from simulator.contract.statement import Array

__all__ = ["Ladder", "Rungs"]

Flags = npt.NDArray[np.bool_]
_LONG_AGO = 1_000_000
"""Quarters since a notice where there was none."""


@dataclass(frozen=True)
class Ladder:
    """Where providers stand on it, ``(futures, providers)`` each.

    Attributes:
        breaches: quarters in breach since the last notice or the last quarter without.
        since: quarters since the last notice.
    """

    breaches: npt.NDArray[np.int64]
    since: npt.NDArray[np.int64]

    @classmethod
    def begun(cls, futures: int, providers: int) -> Ladder:
        """Return the ladder with everybody at its foot."""
        foot = np.zeros((futures, providers), dtype=np.int64)
        return cls(foot, np.full_like(foot, _LONG_AGO))

    def after(
        self, rules: Remedies, misses: Flags, insists: Flags, present: Flags, luck: Array
    ) -> Rungs:
        """Return what a quarter makes of it.

        Args:
            rules: the contract's.
            misses: who missed a standard.
            insists: on whom the commissioners insist this quarter.
            present: who delivers for itself.
            luck: uniform, of those whose second notice would end their part.
        """
        breach = misses & insists & present
        # a quarter that nobody insists on neither counts nor clears
        breaches = np.where(breach, self.breaches + 1, np.where(misses, self.breaches, 0))
        noticed = breaches >= int(rules.after)
        ended = noticed & (self.since < int(rules.within)) & (luck < rules.termination)
        since = np.where(noticed, 0, self.since + 1)
        return Rungs(Ladder(np.where(noticed, 0, breaches), since), noticed & ~ended, ended)

    def breaches_left(self, rules: Remedies) -> Array:
        """Return the quarters in breach until a part may end, ``(futures, providers)``."""
        to_notice = int(rules.after) - self.breaches
        in_time = self.since + to_notice - 1 < int(rules.within)
        second = np.where(in_time, 0, int(rules.after))
        left: Array = (to_notice + second).astype(np.float64)
        return left

    def anew(self, of: Flags) -> Ladder:
        """Return the ladder with some providers at its foot again."""
        return replace(
            self,
            breaches=np.where(of, 0, self.breaches),
            since=np.where(of, _LONG_AGO, self.since),
        )


@dataclass(frozen=True)
class Rungs:
    """What a quarter made of a ladder.

    Attributes:
        ladder: after it.
        noticed: who is given notice, with a plan of support.
        ended: whose part in the contract ends.
    """

    ladder: Ladder
    noticed: Flags
    ended: Flags
