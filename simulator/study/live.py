"""A live contract: what was signed, what is known of it, and its settlement in whole pence."""

from __future__ import annotations

import datetime
import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from simulator._errors import ScenarioError, UsageError, did_you_mean
from simulator.contract.agreement import Agreement
from simulator.contract.contract import Contract
from simulator.contract.live.doubts import Doubt, doubts
from simulator.contract.live.facts import Actual, Fact, outside, plain_number
from simulator.contract.live.ledger import Entry
from simulator.contract.live.names import meant_by, ways_of_parties, ways_of_services
from simulator.contract.live.needs import Need, needs_of, smallest_period
from simulator.contract.live.period_names import (
    ALLOWED,
    KINDS,
    find_period,
    period_name,
    read_period,
)
from simulator.contract.live.settling import Settlement, settle_live
from simulator.contract.live.statements import (
    Figures,
    Known,
    add_figures,
    later_rows,
    missing_figures,
    periods_held,
    statement_of,
)
from simulator.contract.periods import Month
from simulator.contract.signatories import Signatories
from simulator.contract.statement import COSTS
from simulator.scenario.scenario import Scenario
from simulator.scenario.signed import ContractFile

__all__ = ["LiveContract", "what_if"]

_A_DAY = datetime.timedelta(days=1)
_LARGEST = 1e12  # as in actuals; neither infinite nor no number at all


@dataclass(frozen=True)
class LiveContract:
    """One contract of a file, as it is settled.

    Attributes:
        signed: the file.
        key: the contract's identifier.
    """

    signed: Scenario | ContractFile
    key: str

    @classmethod
    def of(cls, signed: Scenario | ContractFile, key: str | None) -> LiveContract:
        """Return the contract that is meant; without a name, the only one there is.

        Raises:
            UsageError: there is no such contract, or there are several and none is named.
        """
        contracts = signed.contracts
        if key is None and len(contracts) == 1:
            key = next(iter(contracts))
        if key is None:
            raise UsageError(
                f"found {len(contracts)} contracts: {', '.join(contracts)}; name one with "
                "--contract"
            )
        if key not in contracts:
            near = did_you_mean(key, contracts)
            raise UsageError(
                f"found the contract '{key}'; the contracts are {', '.join(contracts)}"
                + (f"; {near}" if near else "")
            )
        return cls(signed, key)

    @property
    def contract(self) -> Contract:
        """The contract as it stands in the file."""
        return self.signed.contracts[self.key]

    @cached_property
    def agreement(self) -> Agreement:
        """The contract written out for its parties."""
        return self.contract.agree(self.key, self.signed.signatories)

    @cached_property
    def grain(self) -> str:
        """The longest period its figures can be told by."""
        return smallest_period(self.agreement)

    @cached_property
    def needs(self) -> tuple[Need, ...]:
        """The figures that every period needs."""
        return needs_of(self.agreement, self.signed.currency, self.signed.delivers)

    def party(self, written: str) -> str:
        """Return the party that is meant, by its identifier or its name in any case.

        Raises:
            UsageError: it is none, or several are called so.
        """
        signatories = self.agreement.signatories
        parties = signatories.parties
        meant = meant_by(written, ways_of_parties(signatories, parties))
        if not meant:
            near = did_you_mean(written.lower(), parties)
            raise UsageError(
                f"--party: found '{written}'; the parties are {', '.join(parties)}"
                + (f"; {near}" if near else "")
            )
        if len(meant) > 1:
            raise UsageError(
                f"--party: found '{written}', which several are called; write an identifier: "
                f"{' or '.join(meant)}"
            )
        return meant[0]

    def period(self, written: str) -> Month:
        """Return the period that is meant.

        Raises:
            UsageError: it is none, lies outside the term, or is shorter than the figures' own.
        """
        read = read_period(written)
        if read is None:
            raise UsageError(f"--period: found '{written}'; {ALLOWED}")
        kind, first = read
        if KINDS.index(kind) < KINDS.index(self.grain):
            periods = self.signed.timetable.periods(self.grain)
            around = [each for each in periods if each.first.replace(day=1) <= first < each.end]
            name = period_name((around or periods)[0], self.grain)
            raise UsageError(
                f"--period: found the {kind} {written}; this contract is settled by {self.grain}: "
                f"write {'' if around else 'for example '}--period {name}"
            )
        found = find_period(self.signed.timetable, kind, first)
        if found is None:
            timetable = self.signed.timetable
            raise UsageError(
                f"--period: found {written}; the contract runs from {timetable.starts} to before "
                f"{timetable.ends}"
            )
        return found

    def periods_until(self, until: Month) -> list[Month]:
        """Return the periods that are told, from the start of the contract through one."""
        return [each for each in self.signed.timetable.periods(self.grain) if each.end <= until.end]

    def periods_after(self, day: datetime.date, until: Month) -> list[str]:
        """Return the names of the periods that are told and end after a day, through one."""
        periods = [each for each in self.periods_until(until) if each.last_day > day]
        return [period_name(each, self.grain) for each in periods]

    def names_inside(self, period: Month) -> list[str]:
        """Return the names of the told periods that lie in a period, a longer one or not."""
        return self.periods_after(period.first - _A_DAY, period)

    def names_until(self, until: Month) -> list[str]:
        """Return the names of the periods that are told, from the start through one."""
        return [period_name(each, self.grain) for each in self.periods_until(until)]

    def figures(
        self, actuals: Sequence[Actual], before: Figures, until: Month, file: str
    ) -> Figures:
        """Return what is known through a period, nothing missing.

        Args:
            actuals: rows of a file.
            before: what was known from earlier settlements.
            until: the last period.
            file: name of the file, for messages.

        Raises:
            ScenarioError: rows that do not fit, and figures that are missing.
        """
        signed = self.signed
        known = add_figures(
            actuals, self.agreement, signed.timetable, self.grain, until, before, file
        )
        names = self.names_until(until)
        held = periods_held(actuals, signed.timetable)
        missing = missing_figures(known, self.needs, names, file, self.names_inside(until), held)
        if missing:
            raise ScenarioError(missing)
        wanted = {need.fact for need in self.needs}
        return {
            name: {fact: each for fact, each in known.get(name, {}).items() if fact in wanted}
            for name in names
        }

    def later_rows(self, actuals: Sequence[Actual], until: Month) -> list[Actual]:
        """Return the rows of a file that are left out, of periods after one, the earliest first."""
        return later_rows(actuals, self.signed.timetable, self.grain, until)

    def doubts(self, figures: Figures, before: Figures, entries: Sequence[Entry]) -> list[Doubt]:
        """Return the figures that are new and likely mistakes.

        Args:
            figures: what is known of each period.
            before: what was known from earlier settlements.
            entries: what the settlement adds to the ledger.
        """
        levels, planned = self.agreement.levels, self._planned(entries)
        return doubts(figures, before, self.needs, self.grain, levels, planned)

    def _planned(self, entries: Sequence[Entry]) -> dict[tuple[str, str], float]:
        """Return what is paid on account of costs that are reimbursed, by period and measure."""
        reimbursed = {
            term.name: term.measure.text
            for term in self.agreement.live_terms
            if term.on_account is not None and term.measure.text in COSTS
        }
        planned: dict[tuple[str, str], float] = {}
        periods = self.signed.timetable.periods(self.grain)
        for entry in entries:
            if entry.kind == "on account" and entry.term in reimbursed:
                period = next(each for each in periods if each.first <= entry.date < each.end)
                key = period_name(period, self.grain), reimbursed[entry.term]
                planned[key] = planned.get(key, 0.0) + entry.pence / 100
        return planned

    def settle(self, figures: Figures, until: Month) -> Settlement:
        """Return every payment from the start of the contract through a period."""
        periods = self.periods_until(until)
        statements = [
            statement_of(figures[period_name(each, self.grain)], each, self.agreement, self.needs)
            for each in periods
        ]
        return settle_live(
            self.agreement,
            self.signed.timetable,
            self.grain,
            statements,
            float(self.contract.paid_within),
        )

    @cached_property
    def fingerprint(self) -> str:
        """A digest of what was signed: the contract, its parties and its term."""
        signatories = self.agreement.signatories
        content = {
            "contract": self.contract.model_dump(mode="json", by_alias=True),
            "funding": dict(signatories.funding),
            "providers": list(signatories.providers),
            "caseworkers": dict(signatories.caseworkers),
            "services": list(signatories.services),
            "starts": self.signed.timetable.starts.isoformat(),
            "ends": self.signed.timetable.ends.isoformat(),
            "currency": self.signed.currency,
        }
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def what_if(
    figures: Figures, changes: Sequence[str], live: LiveContract, until: Month
) -> tuple[Figures, list[str]]:
    """Return the figures with some of a period changed, and what was changed in words.

    Each change starts from what the ones before it left.

    Args:
        figures: as known.
        changes: ``measure=value`` or ``measure.party=value`` or ``measure.party.service=value``,
            also ``+5%`` and ``-1000`` in the place of the value. Parties and services are written
            as in actuals, also in quotation marks.
        live: the contract.
        until: the period whose last figures change.

    Raises:
        UsageError: a change names nothing the contract counts, is no number, or leaves a figure
            outside its limits.
    """
    changed: dict[str, dict[Fact, Known]] = {name: dict(facts) for name, facts in figures.items()}
    names = live.names_inside(until)
    said = []
    for change in changes:
        place, _, written = change.partition("=")
        told = []
        for fact in _meant(place.strip(), figures[names[-1]], live):
            # of a level the latest figure holds; the last of those that add up takes the change
            earlier = [] if fact.measure in live.agreement.levels else names[:-1]
            before = math.fsum(changed[name][fact].value for name in earlier)
            now = before + changed[names[-1]][fact].value
            value = _changed(written.strip(), now, change)
            _refuse_outside(live.agreement, fact, value - before, names, change)
            changed[names[-1]][fact] = Known(value - before, False, f"--what-if {change}")
            told.append(f"{plain_number(now)} to {plain_number(value)}")
        said.append(f"{change} ({', '.join(told)})")
    return changed, said


def _refuse_outside(
    agreement: Agreement, fact: Fact, value: float, names: Sequence[str], change: str
) -> None:
    """Refuse a change after which a figure is outside its limits."""
    told = outside(agreement, fact.measure, round(value, 9))  # less is arithmetic's noise
    if not abs(value) <= _LARGEST:
        told = "a figure is at most a million million", "correct it"
    if told is None:
        return
    raise UsageError(
        f"--what-if: found '{change}', which makes {fact.named} {value:,.6g} in {names[-1]}; "
        f"{told[0]}"
    )


def _meant(place: str, facts: Mapping[Fact, Known], live: LiveContract) -> list[Fact]:
    measure, _, rest = place.partition(".")
    measure = "_".join(measure.lower().split())
    named = _named(rest, live.agreement.signatories)
    found = [
        fact
        for fact in facts
        if fact.measure == measure and all(part in (fact.party, fact.service) for part in named)
    ]
    if not found:
        known = dict.fromkeys(
            ".".join(part for part in (need.measure, need.party, need.service) if part)
            for need in live.needs
        )
        near = did_you_mean(place, known)
        raise UsageError(
            f"--what-if: found '{place}'; this contract counts {', '.join(known)}"
            + (f"; {near}" if near else "")
        )
    return found


def _named(written: str, signatories: Signatories) -> tuple[str, ...]:
    """Return the identifiers of a party and a service that are written with a dot between them.

    What names neither is left as it is. A name can hold a dot itself, as in "St. Ann's".

    Raises:
        UsageError: several parties are called so.
    """
    parties = ways_of_parties(signatories, signatories.providers)
    services = ways_of_services(signatories)
    dots = [index for index, char in enumerate(written) if char == "."]
    ways = [(written,), *((written[:dot], written[dot + 1 :]) for dot in dots)]
    for parts in ways if written else []:
        bare = [part.strip().strip('"').strip() for part in parts]
        meant = [meant_by(part, parties) or meant_by(part, services) for part in bare]
        for part, identifiers in zip(bare, meant, strict=True):
            if len(identifiers) > 1:
                raise UsageError(
                    f"--what-if: found '{part}', which means {' or '.join(identifiers)}; write the "
                    "identifier"
                )
        if all(meant):
            return tuple(each[0] for each in meant)
    return tuple(written.split(".")) if written else ()


def _changed(written: str, now: float, change: str) -> float:
    """Return what a figure comes to by a change."""
    text = written.replace(",", "").replace("\N{MINUS SIGN}", "-").lstrip("£€$")
    is_share = text.endswith("%")
    try:
        number = float(text.removesuffix("%"))
        if not abs(number) <= _LARGEST:
            raise ValueError
    except ValueError:
        raise UsageError(
            f"--what-if: found '{change}'; write measure.party=VALUE, as in cost.north=120000, "
            "cost.north=+5% or cost.north=-1000"
        ) from None
    if text[:1] in "+-":
        return now * (1 + number / 100) if is_share else now + number
    return number / 100 if is_share else number
