"""Live contracts for the tests: a contract of the smallest world and figures for its periods."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from simulator.contract.agreement import Agreement
from simulator.contract.periods import Timetable
from simulator.contract.statement import Statement
from tests.strategies import statement_like


def statements_for(
    agreement: Agreement, timetable: Timetable, grain: str, seed: int, periods: int
) -> list[Statement]:
    """Return random statements for the first periods of a term, money in whole pence."""
    found = []
    for index, period in enumerate(timetable.periods(grain)[:periods]):
        made = statement_like(agreement.signatories, seed + index)
        columns = dict(made.columns)
        random = np.random.default_rng(seed + 1000 + index)
        for name, datum in agreement.data.items():
            providers, services = columns["cost"].shape
            sizes = {"all": (1, 1), "each provider": (providers, 1)}
            low, high = datum.bounds
            low, high = max(low, -1e6), min(high, 1e6)
            shape = sizes.get(datum.of, (providers, services))
            columns[name] = low + (high - low) * random.random(shape)
        found.append(Statement(columns, period.years, agreement.levels))
    return found


SEEDS = st.integers(0, 2**32 - 1)


def month_by_month(several: Statement, timetable: Timetable) -> list[Statement]:
    """Return the statements that stand along the first axis of one, each a month of a term."""
    count = next(iter(several.columns.values())).shape[0]
    return [
        Statement(
            {name: values[index] for name, values in several.columns.items()},
            month.years,
            several.levels,
        )
        for index, month in enumerate(timetable.months[:count])
    ]
