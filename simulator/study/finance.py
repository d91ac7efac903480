"""What a finance director asks of a study: exposure, budgets, reserves, cash by month."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from simulator.contract.periods import Month
from simulator.contract.statement import Array
from simulator.scenario.scenario import Scenario
from simulator.scenario.world import Budget
from simulator.study.replicate import (
    Outcomes,
    Study,
    first_months_of_years,
    present_value_factors,
    real_factors,
)
from simulator.study.summary import Interval, mc_error, percentile_interval, tail_mean

__all__ = [
    "CONFIDENCES",
    "EXPOSURES",
    "WORST",
    "BudgetYear",
    "CashMonth",
    "Exposure",
    "Reserve",
    "budget_years",
    "cash_months",
    "exposures",
    "over_budget",
    "reserves",
]

EXPOSURES = (0.50, 0.80, 0.95)
"""Confidences of a cost: the usual ones of estimates of public projects (P50, P80), and P95."""
CONFIDENCES = (0.50, 0.80, 0.90, 0.95, 0.99)
"""Confidences of a reserve."""
_FUTURES_BEYOND = 2 - 1e-9
"""Futures that must lie beyond a reserve before it is told: at 99% the two worst of 200."""
WORST = 0.05
"""Share of the futures whose mean is told beside the percentiles."""


@dataclass(frozen=True)
class Exposure:
    """The net cost of a contract to a commissioner over the term, nominal pounds.

    Attributes:
        contract: which.
        party: the commissioner, or 'commissioners' for all together.
        mean: over futures.
        error: Monte Carlo error of the mean; None for one future.
        at: for each of :data:`EXPOSURES`, the cost that is not passed with this confidence.
        intervals: where each of them lies with 95% confidence; None with too few futures.
        worst: mean of the dearest 5% of futures.
    """

    contract: str
    party: str
    mean: float
    error: float | None
    at: tuple[float, ...]
    intervals: tuple[Interval | None, ...]
    worst: float


@dataclass(frozen=True)
class BudgetYear:
    """A commissioner's net cost in a financial year beside its budget, nominal pounds.

    Attributes:
        contract: which.
        party: the commissioner.
        year: calendar year in which the financial year begins.
        budget: what is set aside for it.
        mean: mean net cost.
        p_over: share of futures in which it costs more.
        p95: net cost that is not passed in 95% of futures.
        over_p95: by how much that is above the budget, 0 where it is not.
        over_mean: by how much it costs more on average where it does; 0 where it never does.
    """

    contract: str
    party: str
    year: int
    budget: float
    mean: float
    p_over: float
    p95: float
    over_p95: float
    over_mean: float


@dataclass(frozen=True)
class Reserve:
    """What a party must have in hand not to run short, nominal pounds.

    Attributes:
        contract: which.
        party: a provider, or a commissioner with a budget.
        held: what it has: a provider's free reserves; 0 beyond a commissioner's budget.
        needed: for each of :data:`CONFIDENCES`; None where the futures are too few to say.
        error: Monte Carlo error of the mean shortfall, to tell how many digits count.
    """

    contract: str
    party: str
    held: float
    needed: tuple[float | None, ...]
    error: float | None


@dataclass(frozen=True)
class CashMonth:
    """An account in a month of the ledger; pounds received less paid.

    Attributes:
        contract: which.
        account: a party, or an account outside the contract.
        month: as in '2026-04'; months after the term are those of the last payments.
        mean: over all futures, nominal.
        real: the same in pounds of the start.
        present_value: the same, discounted.
        so_far: mean of what has come in less what has gone out since the start, nominal.
        so_far_p05: 5th percentile, of the first futures whose months are kept.
        so_far_p50: median, of the same.
        so_far_p95: 95th percentile, of the same.
    """

    contract: str
    account: str
    month: str
    mean: float
    real: float
    present_value: float
    so_far: float
    so_far_p05: float
    so_far_p50: float
    so_far_p95: float


def exposures(study: Study) -> Iterator[Exposure]:
    """Yield what each contract may cost each commissioner, and all of them together."""
    commissioners = list(study.scenario.commissioners)
    for name, outcomes in study.outcomes.items():
        costs = -outcomes.net[:, : len(commissioners)]
        parties = {party: costs[:, index] for index, party in enumerate(commissioners)}
        if len(commissioners) > 1:
            parties["commissioners"] = costs.sum(axis=1)
        for party, cost in parties.items():
            ordered = np.sort(cost)
            intervals = tuple(percentile_interval(ordered, share) for share in EXPOSURES)
            at = tuple(float(each) + 0.0 for each in np.quantile(cost, EXPOSURES))
            mean = float(cost.mean()) + 0.0
            worst = tail_mean(cost, WORST) + 0.0
            yield Exposure(name, party, mean, mc_error(cost), at, intervals, worst)


def budget_of_years(budget: Budget, months: tuple[Month, ...], first_months: list[int]) -> Array:
    """Return what is set aside for each financial year of the term, nominal pounds."""
    by_month = [
        float(budget.amount) * month.years * (1.0 + budget.rise) ** month.aprils for month in months
    ]
    years: Array = np.add.reduceat(np.array(by_month), first_months)
    return years


def budget_years(study: Study) -> Iterator[BudgetYear]:
    """Yield each financial year of each commissioner that has a budget."""
    scenario = study.scenario
    months = scenario.timetable.months
    first_months = first_months_of_years(scenario.timetable)
    for name, outcomes in study.outcomes.items():
        for place, (party, commissioner) in enumerate(scenario.commissioners.items()):
            if commissioner.budget is None:
                continue
            budgets = budget_of_years(commissioner.budget, months, first_months)
            for index, budget in enumerate(budgets.tolist()):
                cost = -outcomes.yearly[:, index, place]
                over = cost - budget
                beyond = over[over > 0]
                yield BudgetYear(
                    name,
                    party,
                    months[first_months[index]].financial_year,
                    budget,
                    float(cost.mean()) + 0.0,
                    float((over > 0).mean()),
                    float(np.quantile(cost, 0.95)) + 0.0,
                    max(0.0, float(np.quantile(over, 0.95))),
                    float(beyond.mean()) if len(beyond) else 0.0,
                )


def reserves(study: Study) -> Iterator[Reserve]:
    """Yield what commissioners need beside their budgets, and providers beside nothing.

    A provider must cover the deepest fall of its cash at any month end; a commissioner the sum of
    what each financial year costs above its budget: what is left in one year is lost to the next.
    """
    scenario = study.scenario
    for name, outcomes in study.outcomes.items():
        for place, (party, commissioner) in enumerate(scenario.commissioners.items()):
            if commissioner.budget is not None:
                yield _reserve(name, party, 0.0, over_budget(scenario, outcomes, place))
        for place, (party, provider) in enumerate(scenario.providers.items()):
            held = float(provider.reserves)
            yield _reserve(name, party, held, held - outcomes.lowest_cash[:, place])


def over_budget(scenario: Scenario, outcomes: Outcomes, place: int) -> Array:
    """Return by how much a commissioner's years cost more than their budgets, all years together.

    Args:
        scenario: with the budget of this commissioner.
        outcomes: under one contract.
        place: of the commissioner.

    Returns:
        Shape ``(replications,)``; never below 0.
    """
    budget = list(scenario.commissioners.values())[place].budget
    assert budget is not None
    first_months = first_months_of_years(scenario.timetable)
    budgets = budget_of_years(budget, scenario.timetable.months, first_months)
    over: Array = np.maximum(0.0, -outcomes.yearly[:, :, place] - budgets).sum(axis=1)
    return over


def _reserve(contract: str, party: str, held: float, shortfall: Array) -> Reserve:
    """Return what covers a shortfall with each confidence: never less than nothing."""
    # 'higher' is a value that occurred: between two of them it would cover too few futures
    found = np.quantile(shortfall, CONFIDENCES, method="higher")
    needed = tuple(
        max(0.0, float(at)) if (1.0 - share) * len(shortfall) >= _FUTURES_BEYOND else None
        for share, at in zip(CONFIDENCES, found, strict=True)
    )
    return Reserve(contract, party, held, needed, mc_error(shortfall))


def cash_months(study: Study) -> Iterator[CashMonth]:
    """Yield when cash moves, by contract, account and month of the ledger."""
    scenario = study.scenario
    for name, outcomes in study.outcomes.items():
        mean = outcomes.month_total / study.replications
        count = len(mean)
        real = mean * real_factors(scenario, count)[:, None]
        present = mean * present_value_factors(scenario, count)[:, None]
        so_far = mean.cumsum(axis=0)
        spread = np.quantile(outcomes.monthly.cumsum(axis=1), (0.05, 0.5, 0.95), axis=0)
        for place, account in enumerate(scenario.signatories.accounts):
            for index, month in enumerate(ledger_months(study, count)):
                figures = (
                    mean[index, place],
                    real[index, place],
                    present[index, place],
                    so_far[index, place],
                    *spread[:, index, place],
                )
                yield CashMonth(name, account, month, *(float(each) + 0.0 for each in figures))


def ledger_months(study: Study, count: int) -> Iterator[str]:
    """Yield the months of a ledger, as in '2026-04'."""
    first = study.scenario.timetable.months[0].first
    for index in range(count):
        years, month = divmod(first.month - 1 + index, 12)
        yield f"{first.year + years}-{month + 1:02}"
