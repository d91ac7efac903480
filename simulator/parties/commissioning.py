"""What the lead commissioner's levers do: whether it insists on what it may, and looks into claims.

Of several commissioners the first leads: it decides for all, and pays for it alone.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from simulator.contract.agreement import Agreement
from simulator.contract.statement import COSTS, Array
from simulator.parties.levers import LEVERS, PLACE, level_of, reach_of, shifted
from simulator.parties.technology import spent, taken
from simulator.scenario.planned import planned_yearly_cost
from simulator.scenario.scenario import Scenario

__all__ = ["Commissioning"]


class Commissioning:
    """What levels of the lead commissioner's levers do.

    Attributes:
        effort: private effort, pounds a year: ``1/2 a' G a``, ``(levers, levers)``.
    """

    def __init__(self, scenario: Scenario) -> None:
        share, self._cash, self._cash_rise = taken(scenario.levers, "commissioners")
        self.effort = np.diag(sum(planned_yearly_cost(scenario).values()) * share)
        enforcement, audit = scenario.levers.enforcement, scenario.levers.audit
        self._insists = np.array(float(enforcement.observed))
        self._reach = reach_of(enforcement.observed, enforcement.best)
        self._finds = 0.0 if audit is None else float(audit.finds)
        self._pads = scenario.levers.padding is not None

    def can_move(self, agreement: Agreement) -> npt.NDArray[np.bool_]:
        """Return which levers have any effect under a contract, ``(levers,)``."""
        table = np.zeros(len(LEVERS), dtype=bool)
        table[PLACE["enforcement"]] = self._reach != 0.0 and bool(agreement.insisted)
        pays_by_cost = any(name in agreement.data_used for name in COSTS)
        table[PLACE["audit"]] = self._pads and self._finds > 0.0 and pays_by_cost
        return table

    def insists(self, levels: Array) -> Array:
        """Return the chance that it insists in a quarter, ``(...,)``.

        Args:
            levels: of its levers, ``(..., levers)``.
        """
        return shifted(self._insists, self._reach * level_of(levels, "enforcement"))

    def finds(self, levels: Array) -> Array:
        """Return the share of padded claims that its audit finds, ``(...,)``."""
        if self._finds in (0.0, 1.0):
            return np.where(level_of(levels, "audit") > 0.0, self._finds, 0.0)
        found: Array = -np.expm1(math.log1p(-self._finds) * level_of(levels, "audit"))
        return found

    def cash(self, levels: Array) -> Array:
        """Return what its levels cost it in cash, pounds a year at first prices, ``(...,)``."""
        return spent(levels, self._cash, self._cash_rise)
