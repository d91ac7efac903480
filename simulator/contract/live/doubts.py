"""Figures that can be settled and are likely mistakes: each is told, and none stops anything.

What is doubted: money that looks written in thousands, figures of a period that look like those of
the year so far, and parts of people. The thresholds are assumptions, set so wide that ordinary
figures pass (a first quarter of mobilisation, costs that double, an indicator that jumps). Nobody
has measured how often they are right. A figure that is not doubted can be wrong all the same.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass

from simulator.contract.live.facts import Fact, plain_number
from simulator.contract.live.needs import Need
from simulator.contract.live.period_names import read_period
from simulator.contract.live.statements import Figures, Known
from simulator.contract.statement import COLUMNS, COSTS

__all__ = ["Doubt", "doubts"]

_IN_THOUSANDS = 500
"""Money of less than one in so many of what it is compared with. What is written in thousands is
below that unless the true figure has more than doubled."""
_STEADY = 0.25
"""How far figures of periods alone can lie apart, as a share, to be taken for an even flow."""
_LONG_ENOUGH = {"month": 6, "quarter": 3}
"""So many figures of one financial year are looked at before any is taken for the year so far; with
fewer, costs that double after a first quarter of mobilisation would be doubted."""
_LARGE_ENOUGH = 20
"""Below, as in 1, 2, 3 audits, an even rise says nothing."""
_COUNTS = tuple(
    name
    for name, (one, _) in COLUMNS.items()
    if name not in COSTS and not one.startswith("day ")  # half a day is one
)


@dataclass(frozen=True)
class Doubt:
    """A figure that is likely a mistake.

    Attributes:
        source: the file and rows it comes from.
        period: the name of its period.
        fact: what it is of; without a party where all are meant together.
        said: what was found, what is allowed and how to mend it.
    """

    source: str
    period: str
    fact: Fact
    said: str

    def __str__(self) -> str:
        return f"{self.source}: {self.said}"


def doubts(
    figures: Figures,
    before: Figures,
    needs: Sequence[Need],
    grain: str,
    levels: Set[str] = frozenset(),
    planned: Mapping[tuple[str, str], float] | None = None,
) -> list[Doubt]:
    """Return the new figures that are likely mistakes.

    Args:
        figures: what is known of each period, from the first on; nothing is missing.
        before: what was known before; what has not changed since is not doubted again.
        needs: what the contract counts.
        grain: the period that figures are told by.
        levels: the data of which the latest value holds; they never are a year so far.
        planned: what all providers together were expected to have, in the units of the figures,
            by period and measure, where the contract says it.
    """
    found = list(_against_plan(figures, before, needs, planned or {}))
    names = list(figures)
    for need in needs:
        fact = Fact(need.measure, need.party, need.service)
        told = [figures[name][fact] for name in names]
        is_money = need.measure in COSTS or bool(set(need.unit) & set("£€$"))
        for index, name in enumerate(names):
            if _is_old(told[index], before, name, fact):
                continue
            said = [_no_whole_number(told[index], fact, name)]
            if is_money:
                settled = before.get(name, {}).get(fact)
                others = [
                    figures[name][each.fact].value
                    for each in needs
                    if each.measure == need.measure and each.service == need.service
                ]
                said.append(_in_thousands(told, index, fact, names, settled, others))
            if need.measure not in levels:
                said.append(_year_so_far(told, index, fact, names, grain, is_money))
            found += [Doubt(told[index].source, name, fact, each) for each in said if each]
    return found


def _is_old(known: Known, before: Figures, period: str, fact: Fact) -> bool:
    there = before.get(period, {}).get(fact)
    return there is not None and there.value == known.value


def _against_plan(
    figures: Figures,
    before: Figures,
    needs: Sequence[Need],
    planned: Mapping[tuple[str, str], float],
) -> Iterator[Doubt]:
    """Doubt the costs of all providers where they are next to nothing beside what was planned."""
    for (period, measure), plan in planned.items():
        facts = [
            Fact(need.measure, need.party, need.service)
            for need in needs
            if need.measure == measure
        ]
        known = figures.get(period, {})
        if not facts or all(_is_old(known[fact], before, period, fact) for fact in facts):
            continue
        total = math.fsum(known[fact].value for fact in facts)
        if 0 < total * _IN_THOUSANDS < plan:
            yield Doubt(
                known[facts[0]].source,
                period,
                Fact(measure, "", ""),
                f"found {plain_number(total)} for '{measure}' of all providers in {period}, where "
                f"{plain_number(plan)} is paid on account; {_NO_THOUSANDS}",
            )


_NO_PENCE = "amounts are whole units; correct the figure if a decimal point is missing"
_NO_THOUSANDS = (
    "amounts are whole units, never thousands; correct the figure if it is written in thousands"
)


def _in_thousands(
    told: Sequence[Known],
    index: int,
    fact: Fact,
    names: Sequence[str],
    settled: Known | None,
    others: Sequence[float],
) -> str:
    """Doubt money that is next to nothing, or hundreds of times as much, beside what is like it.

    That is what it was settled on before, else the last figure before it that is any, else the
    largest of the providers.
    """
    value = told[index].value
    earlier = [each for each in range(index) if told[each].value > 0]
    if settled is not None and settled.value > 0:
        other, where = settled.value, f"where it was settled on {plain_number(settled.value)}"
    elif earlier:
        other = told[earlier[-1]].value
        where = f"where it was {plain_number(other)} in {names[earlier[-1]]}"
    else:
        other = max(others)
        where = f"where another provider has {plain_number(other)}"
    is_small = 0 < value * _IN_THOUSANDS < other
    largest = max([other, *(told[each].value for each in earlier)])
    is_large = bool(settled or earlier) and value > largest * _IN_THOUSANDS
    if not is_small and not is_large:
        return ""
    found = f"found {plain_number(value)} for {fact.named} in {names[index]}, {where}"
    return f"{found}; {_NO_THOUSANDS if is_small else _NO_PENCE}"


def _year_so_far(
    told: Sequence[Known],
    index: int,
    fact: Fact,
    names: Sequence[str],
    grain: str,
    is_money: bool,
) -> str:
    """Doubt a figure that looks as if it held those of its financial year before it, too."""
    enough = _LONG_ENOUGH.get(grain)
    if enough is None:  # a year is the year so far
        return ""
    year = _year(names[index])
    first = next(each for each in range(index + 1) if _year(names[each]) == year)
    values = [known.value for known in told[first : index + 1]]
    if len(values) < enough:
        return ""
    if not _rises_evenly(values) and not (is_money and _takes_in_the_others(values)):
        return ""
    return (
        f"found {', '.join(map(plain_number, values))} for {fact.named} in {names[first]} to "
        f"{names[index]}, where the last looks like one of the year so far; figures are of the "
        "period alone unless their basis is ytd; write ytd under basis where they are not"
    )


def _rises_evenly(values: Sequence[float]) -> bool:
    """Tell whether the figures of a year rise by about the first, as an even flow would sum up."""
    first = values[0]
    steps = [later - earlier for earlier, later in itertools.pairwise(values)]
    return first >= _LARGE_ENOUGH and all(abs(step - first) <= _STEADY * first for step in steps)


def _takes_in_the_others(values: Sequence[float]) -> bool:
    """Tell whether the last figure of a year is the sum of all, after an even flow."""
    *earlier, last = values
    mean = math.fsum(earlier) / len(earlier)
    is_even = mean > 0 and all(abs(each - mean) <= _STEADY * mean for each in earlier)
    return is_even and abs(last - math.fsum(earlier) - mean) <= _STEADY * mean


def _no_whole_number(known: Known, fact: Fact, period: str) -> str:
    """Doubt a part of a person or of an event."""
    if fact.measure not in _COUNTS or known.value == round(known.value):
        return ""
    return (
        f"found {plain_number(known.value)} for {fact.named} in {period}; "
        f"'{fact.measure}' counts {COLUMNS[fact.measure][1]}, in whole numbers; correct it, or "
        "check that the value stands in its own row"
    )


def _year(period: str) -> int:
    """Return the financial year of a period, by the calendar year it begins in."""
    read = read_period(period)
    assert read is not None, "the name of a period"
    return read[1].year if read[1].month >= 4 else read[1].year - 1
