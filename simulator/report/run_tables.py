"""The tables of a run, as they are written beside its text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from simulator.report.register import REGISTER, register
from simulator.report.tabular import Cell, Column, Table
from simulator.report.words import financial_year
from simulator.scenario.yaml_text import Document
from simulator.study.finance import CONFIDENCES, EXPOSURES, cash_months
from simulator.study.replicate import Study

__all__ = ["RUN_TABLES", "run_tables"]

_CONTRACT = Column("contract", meaning="identifier in the scenario")
_PARTY = Column("party", meaning="identifier in the scenario")


def _money(name: str, meaning: str) -> Column:
    return Column(name, "money", f"{meaning}, nominal pounds")


_FIGURES = (
    _money("mean", "mean over futures"),
    _money("p05", "5th percentile of futures"),
    _money("p50", "median of futures"),
    _money("p95", "95th percentile of futures"),
    _money("mc_error", "Monte Carlo error of the mean"),
)

PARTIES = Table(
    "parties",
    "Net position of each party over the term: income less payments and own costs",
    (
        _CONTRACT,
        _PARTY,
        Column("role"),
        *_FIGURES,
        Column("p_cash_below_zero", "share", "futures in which a provider runs out of cash"),
    ),
)
PEOPLE = Table(
    "people",
    "What became of the people, means over futures",
    (_CONTRACT, Column("service"), Column("measure"), Column("mean", "number")),
)
COMPARISON = Table(
    "comparison",
    "Net position less that under the baseline, future by future",
    (_CONTRACT, _PARTY, *_FIGURES),
)
EXPOSURE = Table(
    "exposure",
    "Net cost to the commissioners over the term, and how far it may go",
    (
        _CONTRACT,
        _PARTY,
        _money("mean", "mean over futures"),
        *(
            _money(f"p{100 * each:.0f}", f"not passed in {each:.0%} of futures")
            for each in EXPOSURES
        ),
        _money("worst_5_percent", "mean of the dearest 5% of futures"),
    ),
)
BUDGET = Table(
    "budget",
    "Net cost beside the budget, by financial year, when it is paid (cash basis)",
    (
        _CONTRACT,
        _PARTY,
        Column("financial_year", meaning="April to March"),
        _money("budget", "set aside"),
        _money("mean", "mean net cost"),
        Column("p_over", "share", "futures in which it costs more than the budget"),
        _money("p95", "net cost not passed in 95% of futures"),
        _money("over_p95", "by how much that is above the budget"),
        _money("over_mean_where_over", "mean excess over the futures that pass the budget"),
    ),
)
RESERVES = Table(
    "reserves",
    "Reserve that is enough, by confidence: a provider's against running out of cash, a "
    "commissioner's for the years above their budgets, nothing carried forward",
    (
        _CONTRACT,
        _PARTY,
        _money("held", "in hand at the start"),
        *(
            _money(f"needed_{100 * each:.0f}", f"enough in {each:.0%} of futures")
            for each in CONFIDENCES
        ),
    ),
)
CASH = Table(
    "cash",
    "Cash received less paid, by account and month; every month sums to nought over the accounts",
    (
        _CONTRACT,
        Column("account", meaning="a party, or an account outside the contract"),
        Column("month"),
        _money("mean", "mean over futures"),
        Column("real", "money", "the same in pounds of the start of the term"),
        Column("present_value", "money", "the same, discounted to the start of the term"),
        _money("so_far", "mean since the start"),
        _money("so_far_p05", "5th percentile since the start"),
        _money("so_far_p50", "median since the start"),
        _money("so_far_p95", "95th percentile since the start"),
    ),
)
RUN_TABLES = (PARTIES, COMPARISON, PEOPLE, EXPOSURE, BUDGET, RESERVES, CASH, REGISTER)
"""What each table of a run looks like, in the order they are read in."""


_AT = tuple(f"p{100 * share:.0f}" for share in EXPOSURES)
_OF_A_YEAR = ("budget", "mean", "p_over", "p95", "over_p95", "over_mean")
"""Figures of the document, in the order of their columns."""


def run_tables(read: Document, study: Study, doc: Mapping[str, Any]) -> list[Table]:
    """Return the tables of a run.

    Args:
        read: the scenario as it was read.
        study: its futures.
        doc: the run's document.
    """
    finance = doc["finance"]
    parties: list[tuple[Cell, ...]] = []
    people: list[tuple[Cell, ...]] = []
    for name, contract in doc["contracts"].items():
        for party, row in contract["parties"].items():
            figures = row["net_position"].values()
            parties.append((name, party, row["role"], *figures, row.get("p_cash_below_zero")))
        for service, counts in contract["services"].items():
            people += [(name, service, measure, value) for measure, value in counts.items()]
    compared: list[tuple[Cell, ...]] = [
        (name, party, *row.values())
        for name, comparison in doc["comparison"].items()
        for party, row in comparison["parties"].items()
    ]
    return [
        PARTIES.filled(parties),
        COMPARISON.filled(compared),
        PEOPLE.filled(people),
        EXPOSURE.filled(
            [
                (row["contract"], row["party"], *(row[key] for key in ("mean", *_AT, "worst")))
                for row in finance["exposure"]
            ]
        ),
        BUDGET.filled(
            [
                (
                    row["contract"],
                    row["party"],
                    financial_year(row["year"]),
                    *(row[key] for key in _OF_A_YEAR),
                )
                for row in finance["budget"]
            ]
        ),
        RESERVES.filled(
            [
                (row["contract"], row["party"], row["held"], *row["needed"].values())
                for row in finance["reserves"]
            ]
        ),
        CASH.filled(
            [
                (
                    row.contract,
                    row.account,
                    row.month,
                    row.mean,
                    row.real,
                    row.present_value,
                    row.so_far,
                    row.so_far_p05,
                    row.so_far_p50,
                    row.so_far_p95,
                )
                for row in cash_months(study)
            ]
        ),
        register(read, study.scenario),
    ]
