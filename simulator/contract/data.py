"""What a contract counts beside the standard columns of a statement."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np
from pydantic import model_validator

from simulator._kinds import CURRENCIES
from simulator._refuse import refuse
from simulator.contract.curve import Frozen
from simulator.contract.statement import Array
from simulator.quantities import AnyAmount, Figure, is_a_year

__all__ = ["Datum", "expected_value", "levels"]


class Datum(Frozen):
    """A figure that actuals give and a simulated future does not: a benchmark, a quality score."""

    what: str = ""
    """What it counts, for readers and for the CSV of actuals."""
    unit: str = ""
    """Its unit, for the CSV of actuals."""
    of: Literal["all", "each provider", "each service"] = "all"
    """Whether there is one figure for the whole contract, one for each provider, or one for each
    provider and service."""
    over_time: Literal["adds up", "latest"] = "adds up"
    """Whether the figures of several periods are added up, or the latest one holds."""
    lowest: AnyAmount | None = Figure(0.0, "0")
    """The least it can be in a period that is told; 'null' where there is no such limit."""
    highest: AnyAmount | None = None
    """The most it can be in a period that is told."""
    expected: AnyAmount | None = None
    """What a simulation takes it to be: the latest value, or what adds up in a year. Without it the
    contract can be settled and shown but not simulated."""
    follows: Literal["enforcement"] | None = None
    """What it follows from in a simulation, instead of 'expected': 'enforcement' counts the months
    in which the commissioners insist on what they may take off."""

    @model_validator(mode="after")
    def _fits(self) -> Datum:
        low = -np.inf if self.lowest is None else self.lowest
        high = np.inf if self.highest is None else self.highest
        if self.lowest is not None and self.highest is not None and low > high:
            raise refuse(
                f"found lowest {self.lowest.written} above highest {self.highest.written}",
                "the least a figure can be is not above the most",
                "swap them",
            )
        if self.follows is not None:
            self._refuse_other_than_months()
        if self.expected is None or self.over_time == "adds up":
            return self  # of a year, where the limits are those of each period
        if is_a_year(self.expected):
            raise refuse(
                f"found {self.expected.written} of a figure whose latest value holds",
                "an amount a year adds up",
                "leave out 'a year', or write 'over_time: adds up'",
                at="expected",
            )
        if not low <= self.expected <= high:
            raise refuse(
                f"found {self.expected.written}, outside its own limits",
                "'expected' lies between 'lowest' and 'highest'",
                "correct one of them",
                at="expected",
            )
        return self

    def _refuse_other_than_months(self) -> None:
        """Refuse what cannot be months in which the commissioners insist."""
        if self.of == "each service" or self.over_time != "adds up" or self.expected is not None:
            raise refuse(
                "found months in which commissioners insist that are 'expected', do not add up or "
                "are of each service",
                "they follow from what the commissioners do, add up over time and are of all or of "
                "each provider",
                "leave out 'expected' and 'over_time', and write 'of: each provider'",
                at="follows",
            )

    @property
    def is_foreseen(self) -> bool:
        """Whether a simulation knows what it is."""
        return self.expected is not None or self.follows is not None

    @property
    def bounds(self) -> tuple[float, float]:
        """The least and the most it can be in a period."""
        low = -np.inf if self.lowest is None else float(self.lowest)
        return low, np.inf if self.highest is None else float(self.highest)

    def shape(self, providers: int, services: int) -> tuple[int, int]:
        """Return the last two axes of its column in a statement."""
        return 1 if self.of == "all" else providers, services if self.of == "each service" else 1

    @property
    def counts_in(self) -> Literal["money", "share", "number"]:
        """What its figures are shown as."""
        if self.unit in CURRENCIES:
            return "money"
        return "share" if self.unit == "%" or self.highest == 1.0 else "number"

    @property
    def is_pooled(self) -> bool:
        """Whether it is one for all providers."""
        return self.of == "all"


def expected_value(datum: Datum, years: float, providers: int, services: int) -> Array:
    """Return what a simulation takes it to be in a period, by provider and service.

    Of what follows from the commissioners it is what the contract says: they always insist.
    """
    if datum.follows is not None:
        return np.full(datum.shape(providers, services), 12.0 * years)
    assert datum.expected is not None, "checked before anything is simulated"
    size = years if datum.over_time == "adds up" else 1.0
    return np.full(datum.shape(providers, services), float(datum.expected) * size)


def levels(data: Mapping[str, Datum]) -> frozenset[str]:
    """Return the data of which the latest value holds."""
    return frozenset(name for name, datum in data.items() if datum.over_time == "latest")
