"""What a contract needs to be told to settle a period, told without any figure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from simulator.contract.agreement import Agreement
from simulator.contract.live.facts import Fact
from simulator.contract.statement import COLUMNS, COSTS

__all__ = ["Need", "needs_of", "smallest_period", "unit_of"]


@dataclass(frozen=True)
class Need:
    """A figure that every period needs.

    Attributes:
        measure: a column of the statement, or data the contract declares.
        party: the provider; empty where the figure is one for all.
        service: the service; empty where it is one for all services.
        what: what it counts, for readers.
        unit: its unit, for readers.
    """

    measure: str
    party: str
    service: str
    what: str
    unit: str

    @property
    def fact(self) -> Fact:
        """What a figure for it is called."""
        return Fact(self.measure, self.party, self.service)


def unit_of(measure: str, agreement: Agreement) -> Literal["money", "share", "number"]:
    """Return what figures of a measure are shown as."""
    if measure in agreement.data:
        return agreement.data[measure].counts_in
    return "money" if measure in COSTS else "number"


def needs_of(
    agreement: Agreement, currency: str, delivers: Iterable[tuple[str, str]] | None = None
) -> tuple[Need, ...]:
    """Return the figures that every period needs, in the order of measures and parties.

    Args:
        agreement: the contract.
        currency: the sign of its money, the unit of costs.
        delivers: which provider delivers which service; none means that each delivers all.
    """
    signatories = agreement.signatories
    pairs = None if delivers is None else set(delivers)
    by_service = {name.partition(".")[0] for name in agreement.names_used if "." in name}
    needs: list[Need] = []
    for measure in agreement.data_used:
        datum = agreement.data.get(measure)
        if datum is None:
            what, unit = COLUMNS[measure][1], currency if measure in COSTS else ""
        else:
            what, unit = datum.what or measure.replace("_", " "), datum.unit
        if datum is not None and datum.of == "all":
            needs.append(Need(measure, "", "", what, unit))
            continue
        for party in signatories.providers:
            services = [
                service
                for service in signatories.services
                if pairs is None or (party, service) in pairs
            ]
            if measure not in by_service:
                services = [""] if services else []
            needs += [Need(measure, party, service, what, unit) for service in services]
    return tuple(needs)


def smallest_period(agreement: Agreement) -> str:
    """Return the longest period that its figures can be told by: month, quarter or year."""
    terms = agreement.live_terms
    ends = {term.assessed for term in terms} | {term.settled for term in terms}
    if agreement.adjustments or any(term.starts or term.ends for term in terms):
        return "month"  # changes come at the beginning of a month
    if ends & {"month", "monthly"}:
        return "month"
    return "quarter" if ends & {"quarter", "quarterly"} else "year"
