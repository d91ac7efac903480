"""What a sweep looks at: one figure of one contract, named in a few words.

``alliance.council.saving.chance`` is read from the right: a statistic, over futures, of a quantity,
of a party, a service or all, under a contract. A statistic that is left out is the mean; a contract
that is left out is each one the quantity makes sense for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from simulator._errors import UsageError, did_you_mean
from simulator.contract.statement import Array
from simulator.scenario.scenario import Scenario
from simulator.study.estimate import Estimate, Statistic, estimated
from simulator.study.finance import WORST, over_budget
from simulator.study.replicate import PEOPLE, Outcomes
from simulator.study.summary import tail_mean

__all__ = ["Measure", "default_measures", "read_measures"]

_MONEY = ("net_position", "net_cost", "saving", "present_value", "present_value_saving")
_CASH = ("lowest_cash", "out_of_cash")
_BUDGET = ("over_budget",)
_OF_SERVICE = tuple(name for name in PEOPLE if name != "on_the_way")  # who is on the way is in none
_MEANS = {
    "mean_wait_days": ("wait_days", "started"),
    "mean_stay_days": ("service_days", "completed"),
}
_AGAINST_BASELINE = ("saving", "present_value_saving")


def _quantile(share: float) -> Callable[[Array], float]:
    return lambda columns: float(np.quantile(columns[0], share))


def _mean(columns: Array) -> float:
    """The mean; of two columns, their sum over all futures divided."""
    if len(columns) == 2:
        below = float(columns[1].sum())
        return float(columns[0].sum()) / below if below else 0.0
    return float(columns[0].mean())


def _chance(columns: Array) -> float:
    return float((columns[0] > 0).mean())


_STATISTICS = {
    "mean": Statistic(_mean, "mean"),
    "p05": Statistic(_quantile(0.05), "5th percentile", 0.05),
    "p50": Statistic(_quantile(0.50), "median", 0.5),
    "p80": Statistic(_quantile(0.80), "80th percentile", 0.2),
    "p95": Statistic(_quantile(0.95), "95th percentile", 0.05),
    "lowest5": Statistic(
        lambda rows: tail_mean(rows[0], WORST, lowest=True), "mean of the lowest 5%", WORST
    ),
    "highest5": Statistic(lambda rows: tail_mean(rows[0], WORST), "mean of the highest 5%", WORST),
    "chance": Statistic(_chance, "chance that it is above 0", is_chance=True),
}


@dataclass(frozen=True)
class Measure:
    """One figure of a study.

    Attributes:
        contract: whose.
        subject: a party, 'commissioners', 'providers', a service or 'people'.
        quantity: what is counted.
        statistic: over futures.
    """

    contract: str
    subject: str
    quantity: str
    statistic: str = "mean"

    def __str__(self) -> str:
        whole = f"{self.contract}.{self.subject}.{self.quantity}"
        return whole if self.statistic == "mean" else f"{whole}.{self.statistic}"

    @property
    def unit(self) -> str:
        """'money', 'share', 'days' or 'people'."""
        if self.statistic == "chance" or self.quantity == "out_of_cash":
            return "share"
        if self.quantity in (*_MONEY, *_CASH, *_BUDGET):
            return "money"
        return "days" if "days" in self.quantity else "people"

    def in_words(self, scenario: Scenario) -> str:
        """Return the measure for a heading."""
        names = {"commissioners": "all commissioners", "providers": "all providers"}
        subject = names.get(self.subject) or (
            "all services" if self.subject == "people" else _name(scenario, self.subject)
        )
        what = self.quantity.replace("_", " ")
        against = (
            f" against {scenario.title_of(scenario.baseline)}"
            if self.quantity in _AGAINST_BASELINE
            else ""
        )
        over = "" if self.statistic == "mean" else f", {_STATISTICS[self.statistic].words}"
        words = f"{scenario.title_of(self.contract)}{against}: {what}, {subject}{over}"
        return " ".join(words.split())  # names may hold line breaks

    def estimate(self, scenario: Scenario, outcomes: Mapping[str, Outcomes]) -> Estimate:
        """Return the figure over the futures of a study."""
        columns = np.array(list(self._columns(scenario, outcomes)))
        statistic = _STATISTICS[self.statistic]
        if len(columns) == 2 and self.statistic != "mean":  # of what each future came to
            none = columns[1] == 0
            columns = (columns[0] / np.where(none, 1.0, columns[1]) * ~none)[None]
        if self.quantity == "out_of_cash":
            statistic = replace(statistic, is_chance=True)
        return estimated(columns, statistic)

    def _columns(self, scenario: Scenario, outcomes: Mapping[str, Outcomes]) -> Iterator[Array]:
        ours, base = outcomes[self.contract], outcomes[scenario.baseline]
        providers, commissioners = list(scenario.providers), list(scenario.commissioners)
        if self.quantity in _MONEY:
            accounts = _places(self.subject, commissioners, providers)
            kept = "present_value" if self.quantity.startswith("present") else "net"
            values = getattr(ours, kept)[:, accounts].sum(axis=1)
            if self.quantity in _AGAINST_BASELINE:
                values = values - getattr(base, kept)[:, accounts].sum(axis=1)
            yield -values if self.quantity == "net_cost" else values
        elif self.quantity in _BUDGET:
            yield over_budget(scenario, ours, commissioners.index(self.subject))
        elif self.quantity in _CASH:
            some = slice(None) if self.subject == "providers" else [providers.index(self.subject)]
            lowest = ours.lowest_cash[:, some].min(axis=1)
            yield lowest if self.quantity == "lowest_cash" else (lowest < 0).astype(np.float64)
        else:
            services = list(scenario.services)
            some = slice(None) if self.subject == "people" else [services.index(self.subject)]
            for column in _MEANS.get(self.quantity, (self.quantity,)):
                yield ours.people[column][:, some].sum(axis=1)


def _places(subject: str, commissioners: list[str], providers: list[str]) -> list[int]:
    parties = [*commissioners, *providers]
    if subject == "commissioners":
        return list(range(len(commissioners)))
    if subject == "providers":
        return list(range(len(commissioners), len(parties)))
    return [parties.index(subject)]


def _name(scenario: Scenario, subject: str) -> str:
    if subject in scenario.services:
        return scenario.name_of_service(subject)
    return scenario.signatories.name(subject)


def default_measures(scenario: Scenario) -> list[Measure]:
    """Return what the commissioners save under each other contract than the baseline.

    With one contract alone it is what that costs them.
    """
    others = [name for name in scenario.contracts if name != scenario.baseline]
    if not others:
        return [Measure(scenario.baseline, "commissioners", "net_cost")]
    return [Measure(name, "commissioners", "saving") for name in others]


def read_measures(text: str, scenario: Scenario) -> list[Measure]:
    """Read a measure; one for each contract where none is named.

    Raises:
        UsageError: a part is not known.
    """
    parts = text.strip().split(".")
    statistic = parts.pop() if parts[-1] in _STATISTICS else "mean"
    if len(parts) == 1:  # a quantity alone
        subject = "commissioners" if parts[0] in _MONEY else "people"
        parts = ["providers" if parts[0] in _CASH else subject, *parts]
    if len(parts) not in (2, 3):
        raise _unknown(text, "", "")
    contract, (subject, quantity) = (parts[0] if len(parts) == 3 else None), parts[-2:]
    quantities = _quantities(scenario, subject)
    if not quantities:
        known = ["commissioners", "providers", "people", *scenario.commissioners]
        known += [*scenario.providers, *scenario.services]
        near = did_you_mean(subject, known)
        raise _unknown(text, f"'{subject}' is none of {', '.join(known)}", near)
    if quantity not in quantities:
        raise _unknown(
            text,
            f"'{quantity}' is none of {', '.join(quantities)}, which '{subject}' has",
            did_you_mean(quantity, quantities),
        )
    contracts = [
        name
        for name in scenario.contracts
        if quantity not in _AGAINST_BASELINE or name != scenario.baseline
    ]
    if contract is not None:
        if contract not in contracts:
            raise _unknown(
                text,
                f"'{contract}' is none of the contracts {', '.join(contracts)}",
                did_you_mean(contract, contracts),
            )
        contracts = [contract]
    if not contracts:
        raise _unknown(text, "there is no other contract than the baseline to save under", "")
    return [Measure(name, subject, quantity, statistic) for name in contracts]


def _quantities(scenario: Scenario, subject: str) -> tuple[str, ...]:
    if subject in scenario.commissioners:
        has_budget = scenario.commissioners[subject].budget is not None
        return (*_MONEY, *_BUDGET) if has_budget else _MONEY
    if subject == "commissioners":
        return _MONEY
    if subject in scenario.providers or subject == "providers":
        return (*_MONEY, *_CASH)
    if subject in scenario.services or subject == "people":
        return (*(PEOPLE if subject == "people" else _OF_SERVICE), *_MEANS)
    return ()


def _unknown(text: str, found: str, mend: str) -> UsageError:
    allowed = (
        "a measure is [contract.]party.quantity or [contract.]service.quantity, perhaps with one "
        f"of {', '.join(_STATISTICS)} behind it, as in 'alliance.council.saving'"
    )
    told = (f"measure '{text}'", found, mend, allowed)
    return UsageError("; ".join(part for part in told if part))
