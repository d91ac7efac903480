"""What a contract's own model cannot see alone: names, sides, splits and shares that must fit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from simulator._errors import did_you_mean
from simulator.contract.compose import Composition
from simulator.contract.contract import Contract, nth
from simulator.contract.curve import Frozen
from simulator.contract.expression import Expression
from simulator.contract.signatories import OUTSIDE, Signatories
from simulator.contract.statement import COLUMNS
from simulator.contract.term import Term
from simulator.contract.working import known_names, pooled_names
from simulator.quantities import is_a_year

__all__ = ["Finding", "check_contract", "check_shares"]

_SHARE_TOLERANCE = 1e-6
Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Finding:
    """A mistake at a path below the thing checked."""

    path: Path
    found: str
    allowed: str
    mend: str
    at_key: bool = False
    """Whether the key at the path is wrong and not its value."""


def check_shares(path: Path, shares: dict[str, float], what: str) -> Iterator[Finding]:
    """Report shares that do not sum to 100%."""
    total = sum(shares.values())
    if not shares:
        yield Finding(path, f"found {what} without any share", "they sum to 100%", "add shares")
    elif abs(total - 1) > _SHARE_TOLERANCE:
        parts = " + ".join(f"{share:.6g}" for share in (100 * s for s in shares.values()))
        yield Finding(
            path,
            f"found {what} of {parts} = {100 * total:.6g}%",
            "they sum to 100%",
            f"{'take off' if total > 1 else 'add'} {abs(100 * (total - 1)):.6g} percentage points",
        )


def check_contract(contract: Contract, signatories: Signatories) -> Iterator[Finding]:
    """Report everything in a contract that does not fit its parties and services."""
    if contract.funding is not None:
        yield from _check_parties(("funding",), contract.funding, signatories.commissioners)
        yield from check_shares(("funding",), dict(contract.funding), "funding shares")
    yield from _check_name_clashes(contract)
    composed = contract.compose()
    known = known_names(composed.amounts, composed.measures, signatories.services)
    position = {name: index for index, name in enumerate(contract.measures)}
    for name, measure in contract.measures.items():
        for used in sorted(measure.measure.names()):
            if position.get(used, -1) >= position[name]:
                yield Finding(
                    ("measures", name, "measure"),
                    f"found '{used}' in a measure that stands before it or is itself",
                    "a measure uses only measures defined above it",
                    "put the definitions in order",
                )
        yield from _check_names(("measures", name, "measure"), measure.measure.names(), known)
    for index, entry in enumerate(contract.terms):
        yield from _check_expressions(("terms", index), entry, known)
    for path, term in _terms(contract):
        yield from _check_term(path, term, contract, signatories, composed)
    yield from _check_bases(contract, composed, signatories)
    for key, cost in contract.costs.items():
        yield from _check_side(("costs", key, "who"), cost.who, signatories, outside=())


def _check_bases(
    contract: Contract, composed: Composition, signatories: Signatories
) -> Iterator[Finding]:
    """Refuse shares of payments that are worked out over another period than the payments."""

    def additive(name: str) -> bool:
        if name in composed.amounts:
            return is_a_year(composed.amounts[name])
        return name == "years" or name.partition(".")[0] in COLUMNS

    agreement = contract.agree("", signatories)
    before: list[Term] = []
    for path, term in _terms(contract):
        used = term.measure.names() | term.times.names()
        measures = [composed.measures[name] for name in used if name in composed.measures]
        if "payments" in used.union(*(measure.measure.names() for measure in measures)):
            for earlier in before:
                if earlier.assessed != term.assessed and not earlier.is_additive(additive):
                    yield Finding(
                        path,
                        f"found '{term.name}' assessed by {term.assessed} on the payments of "
                        f"'{earlier.name}', which are assessed by {earlier.assessed}",
                        "payments with bands, limits or sums paid once have no part for a shorter "
                        "period",
                        f"write 'assessed: {earlier.assessed}'",
                    )
        if agreement.is_payment(term):
            before.append(term)


def _terms(contract: Contract) -> Iterator[tuple[Path, Term]]:
    seen: dict[str, int] = {}
    for index, entry in enumerate(contract.terms):
        path: Path = ("terms", index)
        if isinstance(entry, Term):
            yield path, entry
        else:
            for term in entry.compose(nth(entry.form, seen)).terms:
                yield path, term


def _check_name_clashes(contract: Contract) -> Iterator[Finding]:
    seen: dict[str, Path] = {}
    reserved = {*COLUMNS, "years", "payments", "total", "min", "max"}
    groups: list[tuple[Path, list[str]]] = [
        (("amounts",), list(contract.amounts)),
        (("measures",), list(contract.measures)),
        (("costs",), [f"own_{name}" for name in contract.costs]),
    ]
    seen_forms: dict[str, int] = {}
    for index, entry in enumerate(contract.terms):
        if not isinstance(entry, Term):
            part = entry.compose(nth(entry.form, seen_forms))
            groups.append((("terms", index), [*part.amounts, *part.measures]))
    for path, names in groups:
        for name in names:
            where = (*path, name.removeprefix("own_")) if path[0] == "costs" else (*path, name)
            where = path if path[0] == "terms" else where
            if name in reserved or name in seen:
                yield Finding(
                    where,
                    f"found the name '{name}' defined "
                    + ("again" if name in seen else "over one that every measure knows"),
                    "every amount and measure of a contract has a name of its own",
                    "rename it",
                )
            seen[name] = where


def _check_term(
    path: Path,
    term: Term,
    contract: Contract,
    signatories: Signatories,
    composed: Composition,
) -> Iterator[Finding]:
    pooled = pooled_names(composed.amounts, composed.measures)
    yield from _check_side((*path, "from"), term.payer, signatories)
    yield from _check_side((*path, "to"), term.payee, signatories)
    if term.payer == term.payee:
        yield Finding(
            (*path, "to"),
            f"found '{term.payee}' on both sides of '{term.name}'",
            "payer and payee differ",
            "change 'from' or 'to'",
        )
    if isinstance(term.split, dict):
        yield from _check_parties((*path, "split"), term.split, signatories.providers)
        yield from check_shares((*path, "split"), dict(term.split), "a split")
    is_pooled = term.is_pooled(pooled)
    to_providers = "providers" in (term.payer, term.payee)
    if to_providers and is_pooled and term.split is None:
        yield Finding(
            (*path, "split"),
            f"found no split for '{term.name}', which is one amount for all providers",
            "a split is 'equal', 'by caseworkers', 'each' or a share for each provider",
            "add 'split'",
        )
    divides = term.split is not None and term.split != "each"
    if divides and not is_pooled and term.on_account is None:
        yield Finding(
            path,
            f"found a split for '{term.name}', whose amount is one for each provider",
            "a split divides an amount that is one for all",
            "write total(...) around the columns of its measures, or remove the split",
        )
    if term.on_account is not None:
        fixed = {"years", *composed.amounts}
        for name in sorted(term.on_account.names() - fixed):
            yield Finding(
                (*path, "on_account"),
                f"found '{name}' in a payment on account",
                "a payment on account follows from amounts, not from what happened",
                "name an amount a year",
            )
    once = {name for name, amount in composed.amounts.items() if not is_a_year(amount)}
    used = sorted((term.measure.names() | term.times.names()) & once)
    if contract.uplift and used and term.assessed != "term":
        yield Finding(
            path,
            f"found '{used[0]}', an amount that is not a year's, as a price beside an uplift",
            "prices that rise each April are rates of a band",
            "write the price as the rate of a band: 'bands: [{rate: £...}]'",
        )
    if not to_providers and not is_pooled:
        yield Finding(
            (*path, "measure"),
            f"found an amount by provider in '{term.name}', with no 'providers' among its sides",
            "an amount by provider is paid by or to the 'providers'",
            "write total(...) around the columns to pay one amount",
        )
    if contract.uplift and term.in_money and term.assessed == "term":
        yield Finding(
            (*path, "assessed"),
            f"found unit prices assessed over the whole term in '{term.name}', beside an uplift",
            "prices that rise each April are assessed by month, quarter or year",
            "write 'assessed: year', or remove the uplift",
        )


def _check_expressions(path: Path, found: object, known: list[str]) -> Iterator[Finding]:
    """Check every measure that is written below a path, where it is written."""
    if isinstance(found, Expression):
        yield from _check_names(path, found.names(), known)
    elif isinstance(found, Frozen):
        for name, info in type(found).model_fields.items():
            yield from _check_expressions((*path, info.alias or name), getattr(found, name), known)
    elif isinstance(found, dict):
        for key, value in found.items():
            yield from _check_expressions((*path, key), value, known)


def _check_names(path: Path, names: frozenset[str], known: list[str]) -> Iterator[Finding]:
    for name in sorted(names - set(known)):
        yield Finding(
            path,
            f"found '{name}' in a measure",
            "a measure uses columns of the statement, the contract's amounts and measures, "
            "'years' and 'payments'",
            did_you_mean(name, known) or f"the columns are {', '.join(COLUMNS)}",
        )


def _check_side(
    path: Path, side: str, signatories: Signatories, outside: tuple[str, ...] = OUTSIDE
) -> Iterator[Finding]:
    parties = (*signatories.commissioners, *signatories.providers)
    allowed = ("commissioners", "providers", *parties, *outside)
    if side not in allowed:
        yield Finding(
            path,
            f"found '{side}'",
            f"a side is one of {', '.join(allowed)}",
            did_you_mean(side, allowed) or "name one of them",
        )


def _check_parties(
    path: Path, shares: dict[str, float], parties: tuple[str, ...]
) -> Iterator[Finding]:
    for party in shares:
        if party not in parties:
            yield Finding(
                (*path, party),
                f"found '{party}'",
                f"the parties here are {', '.join(parties)}",
                did_you_mean(party, parties) or "name one of them",
                at_key=True,
            )
