"""What was signed: the parties, the term and the contracts, without the world they live in."""

from __future__ import annotations

import datetime
from functools import cached_property
from typing import Any, Literal

from pydantic import ConfigDict, Field, StrictBool, model_validator

from simulator._refuse import refuse
from simulator.contract.agreement import Agreement
from simulator.contract.contract import Contract
from simulator.contract.curve import Frozen
from simulator.contract.days import Date
from simulator.contract.forms.compose import provenance
from simulator.contract.periods import Timetable
from simulator.contract.signatories import Signatories
from simulator.contract.term import Identifier
from simulator.quantities import Money, Years
from simulator.scenario.world import Commissioner

__all__ = ["ContractFile", "Party", "Signed"]


class Party(Frozen):
    """An organisation that signs as a provider."""

    name: str = ""
    """What to call it."""
    reserves: Money | None = None
    """Free reserves, for readers; settlement does not need them."""


class Signed(Frozen):
    """What every file of contracts holds, read from YAML and checked."""

    model_config = ConfigDict(ignored_types=(cached_property,))

    title: str = Field(min_length=1, max_length=200)
    """What the scenario is about; the heading of every output."""
    description: str = ""
    """A paragraph for readers."""
    illustrative: StrictBool = Field(
        default=True,
        json_schema_extra=provenance("inputs count as made up until someone stands by them"),
    )
    """Whether outputs carry the warning that the inputs are made up."""
    currency: Literal["£", "€", "$"] = "£"
    """The sign amounts are written with."""
    starts: Date
    """First day of the contracts."""
    years: Years | None = None
    """Length of the term in years; or give 'ends'."""
    ends: Date | None = None
    """Last day of the contracts, instead of 'years'."""
    commissioners: dict[Identifier, Commissioner] = Field(min_length=1)
    """Public bodies that pay; a single one can be written 'council: {name: ...}'."""
    contracts: dict[Identifier, Contract] = Field(min_length=1)
    """The contracts to compare or to settle."""

    @model_validator(mode="before")
    @classmethod
    def _spread_council(cls, found: Any) -> Any:
        """Read ``council: {...}`` as the only commissioner."""
        if not isinstance(found, dict) or "council" not in found:
            return found
        if "commissioners" in found:
            raise refuse(
                "found both 'council' and 'commissioners'",
                "'council' is short for commissioners with only one",
                "move it into 'commissioners'",
                at="council",
                at_key=True,
            )
        rest = {key: value for key, value in found.items() if key != "council"}
        return rest | {"commissioners": {"council": found["council"]}}

    @cached_property
    def timetable(self) -> Timetable:
        """The months of the term."""
        if self.ends is not None:
            return Timetable(self.starts, self.ends + datetime.timedelta(days=1))
        assert self.years is not None
        return Timetable(self.starts, years_after(self.starts, int(self.years)))

    @property
    def signatories(self) -> Signatories:
        """Who signs every contract of the file."""
        raise NotImplementedError

    @property
    def delivers(self) -> list[tuple[str, str]]:
        """Which provider delivers which service; without a world each delivers all."""
        parties, services = self.signatories.providers, self.signatories.services
        return [(party, service) for party in parties for service in services]

    def _funding(self) -> dict[str, float]:
        """Return the share of each commissioner in what they pay."""
        several = len(self.commissioners) > 1
        funds = {
            key: float(party.funds) if several and party.funds is not None else 1.0
            for key, party in self.commissioners.items()
        }
        whole = sum(funds.values()) if several else 1.0
        return {key: share / whole for key, share in funds.items()}

    def agreements(self) -> dict[str, Agreement]:
        """Return every contract written out for the parties."""
        return {
            name: contract.agree(name, self.signatories)
            for name, contract in self.contracts.items()
        }

    def title_of(self, contract: str) -> str:
        """Return what to call a contract in results."""
        return self.contracts[contract].title or contract.replace("_", " ").capitalize()


class ContractFile(Signed):
    """Contracts without a world: they can be shown and settled, but not simulated."""

    providers: dict[Identifier, Party] = Field(min_length=1, max_length=50)
    """Organisations that deliver."""
    services: tuple[Identifier, ...] = Field(default=("all",), min_length=1, max_length=50)
    """What is delivered; none named means that nothing is counted by service."""

    @cached_property
    def signatories(self) -> Signatories:
        """Who signs every contract of the file; nobody has caseworkers."""
        groups = (self.commissioners, self.providers)
        names = {key: named(party.name, key) for each in groups for key, party in each.items()}
        return Signatories(
            tuple(self.commissioners),
            tuple(self.providers),
            self._funding(),
            {},
            self.services,
            names,
        )

    def name_of_service(self, service: str) -> str:
        """Return what to call a service in results."""
        return named("", service)


def named(name: str, key: str) -> str:
    """Return what to call something: its name, else its key as words."""
    return name or key.replace("_", " ").capitalize()


def years_after(day: datetime.date, years: int) -> datetime.date:
    """Return the same day some years later; 29 February becomes 1 March."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return datetime.date(day.year + years, 3, 1)
