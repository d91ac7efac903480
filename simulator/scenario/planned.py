"""A year as planned: full strength and full caseloads, nobody waits, all goes as observed."""

from __future__ import annotations

import numpy as np

from simulator.contract.statement import COLUMNS, Statement
from simulator.quantities import DAYS_A_YEAR
from simulator.scenario.cost_rates import CostRates
from simulator.scenario.scenario import Scenario
from simulator.scenario.world import mean_outcome, mean_stay, referral_shares

__all__ = ["planned_year", "planned_yearly_cost"]


def planned_year(scenario: Scenario) -> Statement:
    """Return the statement of a full year at full strength, pounds at the prices of the start.

    Starts follow from places and mean stays, as planned cost does; everyone who starts completes.
    """
    rates = CostRates(scenario)
    shape = rates.posts.shape
    columns = {name: np.zeros(shape) for name in COLUMNS}
    providers = list(scenario.providers)
    names = list(scenario.services)
    for column, service in enumerate(scenario.services.values()):
        stay = mean_stay(service)
        starts = rates.posts[:, column] * float(service.caseload) * DAYS_A_YEAR / stay
        shares = referral_shares(service)
        referred = np.array(
            [float(service.referrals) * shares.get(party, 0.0) for party in providers]
        )
        columns["referred"][:, column] = referred
        columns["declined"][:, column] = referred * (1 - float(service.take_up))
        columns["started"][:, column] = starts
        columns["completed"][:, column] = starts
        columns["good_outcomes"][:, column] = starts * mean_outcome(service)
        columns["service_days"][:, column] = starts * stay
        for path in scenario.handovers:
            if path.sender == names[column]:
                due = starts * float(path.share)
                columns["handovers_due"][:, column] += due
                columns["handovers_made"][:, column] += due * float(path.success)
    staff, running = rates.at_the_start(1.0, rates.posts, columns["started"])
    columns |= {"staff_cost": staff, "running_cost": running, "vat_cost": running * rates.vat}
    columns["cost"] = columns["staff_cost"] + columns["running_cost"] + columns["vat_cost"]
    return Statement(columns, 1.0)


def planned_yearly_cost(scenario: Scenario) -> dict[str, float]:
    """Return each provider's cost of a year as planned, pounds at the prices of the start."""
    cost = planned_year(scenario).columns["cost"].sum(axis=1)
    return dict(zip(scenario.providers, cost.tolist(), strict=True))
