"""What the parts of a scenario cannot see alone: references, sums, dates that must fit."""

from __future__ import annotations

import datetime
import math
from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np

from simulator._errors import did_you_mean
from simulator.contract.checks import check_contract, check_shares
from simulator.contract.contract import Contract
from simulator.contract.curve import Frozen
from simulator.contract.finding import Finding, Path
from simulator.contract.signatories import OUTSIDE
from simulator.quantities import DAYS_A_YEAR
from simulator.scenario.checks_behaviour import check_behaviour, end_found
from simulator.scenario.scenario import Scenario
from simulator.scenario.signed import Signed
from simulator.scenario.world import MONTHS, Service, groups_of, places

__all__ = ["LONGEST_TERM_DAYS", "MOST_PLACES", "MOST_VISITS", "check_scenario", "check_signed"]

LONGEST_TERM_DAYS = 4_018  # 11 years; the engine's clock counts 4,096 days
MOST_VISITS = 250_000  # of people in one simulated future; more take minutes for each in SimPy
MOST_PLACES = 250_000  # at a time; the engine numbers 262,144 of them
_SHORTEST_STAY = 1 / 24  # days
_MOST_SCREENED = 0.5  # of the hardest need at selection +1; the highest level is +2
_RESERVED = ("commissioners", "providers", "people", *OUTSIDE)


def check_scenario(scenario: Scenario) -> Iterator[Finding]:
    """Report everything in a scenario that does not fit together."""
    yield from check_signed(scenario)
    for name, service in scenario.services.items():
        yield from _check_service(("services", name), service, scenario)
    yield from _check_handovers(scenario)
    yield from _check_places(scenario)
    yield from _check_size(scenario)
    for name, risk in scenario.risks.items():
        path: Path = ("risks", name)
        yield from _known((*path, "services"), risk.services, scenario.services, "services")
        ends = scenario.starts + datetime.timedelta(_days(scenario))
        if risk.on is not None and _days(scenario) and not scenario.starts <= risk.on < ends:
            yield Finding(
                (*path, "on"),
                f"found {risk.on}; the term runs from {scenario.starts} and ends before {ends}",
                "a dated risk lies inside the term",
                "move it or remove it",
            )
    for name, contract in scenario.contracts.items():
        if 0 < _days(scenario) <= contract.mobilisation:
            yield Finding(
                ("contracts", name, "mobilisation"),
                f"found {contract.mobilisation.written}, as long as the term or longer",
                "mobilisation ends within the term",
                "shorten it",
            )
    yield from _known(("baseline",), [scenario.baseline], scenario.contracts, "contracts")
    yield from check_behaviour(scenario)


def check_signed(signed: Signed) -> Iterator[Finding]:
    """Report what does not fit together in the parties, the term and the contracts."""
    yield from _check_term(signed)
    of_parties = list(_check_parties(signed))
    yield from of_parties
    for name, contract in signed.contracts.items():
        if not of_parties and _is_readable(contract):
            found = [*check_contract(contract, signed.signatories)]
            found += _check_dates(contract, signed) if _days(signed) else []
            for finding in found:
                yield replace(finding, path=("contracts", name, *finding.path))


def _check_dates(contract: Contract, signed: Signed) -> Iterator[Finding]:
    """Report adjustments and terms that lie outside the contract's term and so do nothing."""
    first, after = signed.timetable.starts, signed.timetable.ends
    allowed = f"the contract runs from {first} and ends before {after}"
    for index, change in enumerate(contract.adjustments):
        if not first <= change.on < after:
            path: Path = ("adjustments", index, "on")
            yield Finding(path, f"found {change.on}", allowed, "move it or remove it")
    for index, entry in enumerate(contract.terms):
        if entry.starts is not None and entry.starts >= after:
            path = ("terms", index, "starts")
            yield Finding(path, f"found {entry.starts}", allowed, "it never holds: remove it")
        if entry.ends is not None and entry.ends < first:
            path = ("terms", index, "ends")
            yield Finding(path, f"found {entry.ends}", allowed, "it never holds: remove it")


def _is_readable(found: object) -> bool:
    """Tell whether no number below is the stand-in for one that could not be read."""
    if isinstance(found, Frozen):
        return all(_is_readable(getattr(found, name)) for name in type(found).model_fields)
    if isinstance(found, dict):
        return all(map(_is_readable, found.values()))
    if isinstance(found, tuple):
        return all(map(_is_readable, found))
    return not (isinstance(found, float) and math.isnan(found))


def _days(scenario: Signed) -> int:
    """Length of the term, 0 where its dates are wrong."""
    both_or_neither = (scenario.years is None) == (scenario.ends is None)
    if both_or_neither or (scenario.years is not None and math.isnan(scenario.years)):
        return 0
    return max(0, scenario.timetable.days)


def _check_term(scenario: Signed) -> Iterator[Finding]:
    if (scenario.years is None) == (scenario.ends is None):
        yield Finding(
            ("years",) if scenario.years is not None else (),
            "found both 'years' and 'ends'"
            if scenario.ends
            else "found neither 'years' nor 'ends'",
            "the term has a length or a last day",
            "write for example 'years: 5'",
        )
    elif scenario.ends is not None and scenario.ends <= scenario.starts:
        yield Finding(
            ("ends",),
            f"found the last day {scenario.ends}, which is not after the start on "
            f"{scenario.starts}",
            "a term ends after it starts",
            "swap or correct the dates",
        )
    elif _days(scenario) > LONGEST_TERM_DAYS:
        yield Finding(
            ("years",) if scenario.years is not None else ("ends",),
            f"found a term of {_days(scenario):,} days",
            "a term is at most 11 years",
            "shorten it",
        )


def _check_parties(scenario: Signed) -> Iterator[Finding]:
    for group in ("commissioners", "providers"):
        for party in getattr(scenario.signatories, group):
            taken = group == "providers" and party in scenario.commissioners
            if party in _RESERVED or taken:
                yield Finding(
                    (group, party),
                    f"found the party '{party}'",
                    f"a party has a name of its own, and not one of {', '.join(_RESERVED)}",
                    "rename it",
                    at_key=True,
                )
    funds = {name: party.funds for name, party in scenario.commissioners.items()}
    if len(funds) == 1:
        for name, share in funds.items():
            if share is not None and abs(share - 1) > 0:
                yield Finding(
                    ("commissioners", name, "funds"),
                    f"found {share.written}, with no other commissioner to pay the rest",
                    "the only commissioner pays all",
                    "remove 'funds', or add the other commissioners",
                )
    else:
        missing = [name for name, share in funds.items() if share is None]
        for name in missing:
            yield Finding(
                ("commissioners", name),
                "found no 'funds'",
                "where several commissioners pay, each has its share of the payments",
                "add for example 'funds: 50%'",
            )
        if not missing:
            shares = {name: float(share) for name, share in funds.items() if share is not None}
            yield from check_shares(("commissioners",), shares, "funding shares")


def _check_service(path: Path, service: Service, scenario: Scenario) -> Iterator[Finding]:
    workers = service.workers
    yield from _known((*path, "workers"), workers, scenario.providers, "providers")
    for party, posts in workers.items():
        if posts * service.caseload < 1:
            yield Finding(
                (*path, "workers", party),
                f"found {posts.written} caseworkers with a caseload of {service.caseload.written}",
                "a provider of a service can hold at least one person",
                "raise it, or leave the provider out of this service",
            )
    if service.referred_to is not None:
        where = (*path, "referred_to")
        for party in service.referred_to:
            if party in scenario.providers and party not in workers:
                yield Finding(
                    (*where, party),
                    f"found '{party}', which has no caseworkers in this service",
                    "people are referred to providers with caseworkers",
                    "give it caseworkers under 'workers', or remove it",
                    at_key=True,
                )
        unknown = {name: 1 for name in service.referred_to if name not in scenario.providers}
        yield from _known(where, unknown, workers, "providers with caseworkers here")
        yield from check_shares(where, dict(service.referred_to), "shares of referrals")
    if service.needs:
        shares = {name: float(need.share) for name, need in service.needs.items()}
        yield from check_shares((*path, "needs"), shares, "shares of needs")
    for group in groups_of(service) if _is_readable(service) else ():
        if group.good_anyway > group.good_outcome:
            of = f" of {group.name}" if group.name else ""
            yield Finding(
                (*path, "good_anyway"),
                f"found good outcomes{of} in {100 * group.good_anyway:.4g}% without the service, "
                f"and in {100 * group.good_outcome:.4g}% with it",
                "no more comes anyway than comes with the service",
                "lower 'good_anyway', or raise 'good_outcome'",
            )
    yield from _check_screens((*path, "screens"), service)
    if len(service.season) == len(MONTHS):
        total = sum(service.season.values())
        if abs(total) > 1e-6:
            yield Finding(
                (*path, "season"),
                f"found twelve monthly differences that sum to {100 * total:+.4g}%",
                "differences from the yearly average sum to 0%",
                "correct them, or leave out the months that share the rest",
            )
    named = sum(service.season.values())
    others = len(MONTHS) - len(service.season)
    if others and named / others > 1:
        yield Finding(
            (*path, "season"),
            f"found monthly differences that sum to {100 * named:+.4g}%",
            "the other months make up for them and cannot fall below nothing",
            "lower them",
        )
    lengths = {(*path, "lasts"): service.lasts.mean}
    lengths |= {
        (*path, "needs", name, "lasts"): need.lasts
        for name, need in service.needs.items()
        if need.lasts is not None
    }
    for where, length in lengths.items():
        if length < _SHORTEST_STAY:
            yield Finding(
                where,
                f"found a mean stay of {length.written}",
                "a stay lasts an hour or more",
                "write for example '13 weeks'",
            )


def _check_screens(path: Path, service: Service) -> Iterator[Finding]:
    if service.screens is None:
        return
    if service.screens.ends[1] > _MOST_SCREENED:
        yield Finding(
            path,
            f"found {end_found(service.screens)}",
            f"a provider turns away at most {_MOST_SCREENED:.0%} of the hardest need at selection "
            "+1, which is all of it at +2",
            "write for example '20%'",
        )
    if len(service.needs) < 2:
        yield Finding(
            path,
            f"found 'screens' with {'one need' if service.needs else 'no needs'}",
            "people are turned away by need: a service that screens has two needs or more",
            "add them under 'needs', or remove 'screens'",
            at_key=True,
        )


def _check_size(scenario: Scenario) -> Iterator[Finding]:
    """Refuse futures with so many visits that nobody would wait for them."""
    if not all(map(_is_readable, (scenario.services, scenario.handovers, scenario.risks))):
        return
    days = _days(scenario)
    names = list(scenario.services)
    potential = np.zeros(len(names))
    for index, (name, service) in enumerate(scenario.services.items()):
        peak = math.exp(max(0.0, float(service.growth)) * days / DAYS_A_YEAR)
        for risk in scenario.risks.values():
            if not risk.services or name in risk.services:
                peak *= 1.0 + max(0.0, float(risk.demand))
        potential[index] = service.referrals / DAYS_A_YEAR * days * peak
        if potential[index] > MOST_VISITS:
            yield Finding(
                ("services", name, "referrals"),
                f"found up to {potential[index]:,.0f} referrals in one simulated future, with "
                "growth and risks",
                f"one future holds at most {MOST_VISITS:,} visits",
                "check the units of time and the risks, or model a part of the service",
            )
            return
    follow = np.zeros((len(names), len(names)))  # most next visits of a visit, as observed
    for index, service in enumerate(scenario.services.values()):
        follow[index, index] = service.relapse.chance
    for path in scenario.handovers:
        if path.sender in names and path.receiver in names:
            sender = names.index(path.sender)
            follow[sender, names.index(path.receiver)] += path.share * path.success
            follow[sender, sender] += path.share * (1 - path.success) * path.returns
    stay = min(float(service.lasts.mean) for service in scenario.services.values())
    rounds = min(int(days / max(stay, _SHORTEST_STAY)) + 1, 100_000)
    visits, now = potential.sum(), potential
    for _ in range(rounds):
        now = now @ follow
        visits += now.sum()
        if visits > MOST_VISITS or now.sum() < 1.0:
            break
    if visits > MOST_VISITS:
        yield Finding(
            ("services",),
            f"found people who come back so often that one simulated future has more than "
            f"{MOST_VISITS:,} visits",
            f"one future holds at most {MOST_VISITS:,}",
            "lower the shares of relapse and hand-overs, or lengthen the stays",
        )


def _check_places(scenario: Scenario) -> Iterator[Finding]:
    if not _is_readable(scenario.services):
        return
    held = {
        name: sum(places(float(posts), service.caseload) for posts in service.workers.values())
        for name, service in scenario.services.items()
    }
    if sum(held.values()) > MOST_PLACES:
        largest = max(held, key=lambda name: held[name])
        yield Finding(
            ("services", largest, "caseload"),
            f"found {held[largest]:,} places in this service, and {sum(held.values()):,} in all",
            f"all services together have at most {MOST_PLACES:,} places at a time",
            "check caseworkers and caseloads, or model a part of the services",
        )


def _check_handovers(scenario: Scenario) -> Iterator[Finding]:
    leaving: dict[str, float] = {}
    for index, handover in enumerate(scenario.handovers):
        path: Path = ("handovers", index)
        unknown = [
            *_known((*path, "from"), [handover.sender], scenario.services, "services"),
            *_known((*path, "to"), [handover.receiver], scenario.services, "services"),
        ]
        yield from unknown
        if unknown:
            continue
        if handover.sender == handover.receiver:
            yield Finding(
                (*path, "to"),
                f"found a hand-over from '{handover.sender}' to itself",
                "a hand-over leads to another service",
                "use 'relapse' for people who come back",
            )
        before = leaving.get(handover.sender, 0.0)
        leaving[handover.sender] = before + handover.share
        if before <= 1 + 1e-9 < leaving[handover.sender]:
            yield Finding(
                (*path, "share"),
                f"found hand-overs from '{handover.sender}' that sum to "
                f"{100 * leaving[handover.sender]:.4g}% of completions",
                "they sum to at most 100%",
                "lower the shares",
            )
        here = scenario.services[handover.sender].needs
        there = scenario.services[handover.receiver].needs
        lacking = [need for need in here if there and need not in there]
        if lacking or (there and not here):
            yield Finding(
                (*path, "to"),
                f"found people from '{handover.sender}' "
                + (f"with the needs {', '.join(lacking)}" if lacking else "without needs")
                + f", which '{handover.receiver}' does not know",
                "a service reached by a hand-over knows every need of the sending one, or has none",
                "add them to its needs" if lacking else "give the sending service the same needs",
            )


def _known(path: Path, found: Iterable[str], known: Iterable[str], what: str) -> Iterator[Finding]:
    """Report names that are not known, each where it stands: a key, an entry of a list, a value."""
    known = list(known)
    for index, name in enumerate(found):
        if name not in known:
            inside = {dict: (name,), tuple: (index,)}.get(type(found), ())
            yield Finding(
                (*path, *inside),
                f"found '{name}'",
                f"the {what} are {', '.join(known)}",
                did_you_mean(name, known) or "name one of them, or add it",
                at_key=isinstance(found, dict),
            )
