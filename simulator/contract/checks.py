"""What a contract's own model cannot see alone: names, sides, splits and shares that must fit."""

from __future__ import annotations

from collections.abc import Iterator

from simulator._errors import did_you_mean
from simulator.contract.amounts import Amount, amount_is_a_year, amount_is_money, shapes_differ
from simulator.contract.contract import Contract
from simulator.contract.curve import Frozen
from simulator.contract.expression import Expression
from simulator.contract.finding import Finding, Path
from simulator.contract.forms.compose import Composition
from simulator.contract.linked import check_bases, check_keys, check_term_names, terms_of
from simulator.contract.signatories import OUTSIDE, Signatories
from simulator.contract.split import DividedBy
from simulator.contract.statement import COLUMNS
from simulator.contract.term import Term
from simulator.contract.working import known_names, pooled_names, used_names
from simulator.quantities import Figure, is_a_year

__all__ = ["check_contract", "check_shares"]

_SHARE_TOLERANCE = 1e-6


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
    definitions = composed.definitions
    keys = [term.key for term in composed.terms if term.key]
    known = known_names(definitions, signatories.services, keys, signatories.providers)
    position = {name: index for index, name in enumerate(contract.measures)}
    for name, measure in contract.measures.items():
        for used in sorted(measure.uses()):
            if position.get(used, -1) >= position[name]:
                yield Finding(
                    ("measures", name, "measure"),
                    f"found '{used}' in a measure that stands before it or is itself",
                    "a measure uses only measures defined above it",
                    "put the definitions in order, or write before(...) for the window before",
                )
        yield from _check_expressions(("measures", name), measure, known)
    for index, entry in enumerate(contract.terms):
        yield from _check_expressions(("terms", index), entry, known)
    yield from _check_remedies(contract, known, composed)
    yield from check_term_names(contract)
    yield from check_keys(contract, definitions)
    yield from check_amounts(contract, signatories)
    for path, term in terms_of(contract):
        yield from _check_sides(path, term, signatories)
        if term.uses() <= set(known):  # else what it comes to cannot be told
            yield from _check_term(path, term, contract, signatories, composed)
    yield from check_bases(contract, composed)
    for group, costs in (("costs", contract.costs), ("clauses", contract.clauses)):
        for key, cost in costs.items():
            yield from _check_side((group, key, "who"), cost.who, signatories, outside=())


def _check_remedies(
    contract: Contract, known: list[str], composed: Composition
) -> Iterator[Finding]:
    """Report standards whose measures nobody knows, or that follow from payments."""
    if contract.remedies is None:
        return
    for name, standard in contract.remedies.standards.items():
        path: Path = ("remedies", "standards", name, "measure")
        names = standard.measure.names()
        yield from _check_names(path, names, known)
        if not names <= set(known):
            continue
        used = used_names([standard.measure], composed.definitions)
        other = [each for each in sorted(used) if each.partition(".")[0] in ("payments", "before")]
        given = [
            each
            for each in sorted(used)
            if each.partition(".")[0] in composed.data or each in composed.amounts
        ]
        for each in other + given:
            yield Finding(
                path,
                f"found '{each}' in a standard",
                "a standard is kept or missed by what happened in the quarter",
                "use columns of the statement, and measures of these",
            )


def _check_name_clashes(contract: Contract) -> Iterator[Finding]:
    seen: dict[str, Path] = {}
    reserved = {*COLUMNS, "years", "payments", "total", "only", "min", "max", "before"}
    groups: list[tuple[Path, list[str]]] = [
        (("amounts",), list(contract.amounts)),
        (("measures",), list(contract.measures)),
        (("data",), list(contract.data)),
        (("costs",), [f"own_{name}" for name in contract.costs]),
        (("clauses",), [f"own_{name}" for name in contract.clauses]),
    ]
    for index, part in enumerate(contract.parts()):
        groups.append((("terms", index), [*part.amounts, *part.measures, *part.data]))
    for path, names in groups:
        for name in names:
            written = name.removeprefix("own_") if path[0] in ("costs", "clauses") else name
            where = (*path, written)
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


def _check_sides(path: Path, term: Term, signatories: Signatories) -> Iterator[Finding]:
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


def _check_term(
    path: Path,
    term: Term,
    contract: Contract,
    signatories: Signatories,
    composed: Composition,
) -> Iterator[Finding]:
    pooled = pooled_names(composed.definitions)
    is_pooled = term.is_pooled(pooled)
    to_providers = "providers" in (term.payer, term.payee)
    amounts = [part.is_pooled(pooled) for part in (term.measure, term.times, *term.expressions())]
    advance = term.on_account is not None and term.on_account.is_pooled(pooled)
    if to_providers and term.split is None and (all(amounts) or advance):
        what = "" if all(amounts) else "the payment on account of "
        yield Finding(
            (*path, "split"),
            f"found no split for {what}'{term.name}', which is one amount for all providers",
            "a split is 'equal', 'by caseworkers', 'each', a share for each provider, or "
            "{by: measure}",
            "add 'split'",
        )
    if term.split == "by caseworkers" and not signatories.caseworkers:
        yield Finding(
            (*path, "split"),
            f"found '{term.name}' split by caseworkers, in a file that has none",
            "caseworkers stand under 'services' in a file with a world",
            "write 'split: equal' or a share for each provider",
        )
    if isinstance(term.split, DividedBy) and term.split.by.is_pooled(pooled):
        yield Finding(
            (*path, "split"),
            f"found a split by {term.split.by.text}, which is one for all providers",
            "a split is in proportion to something that differs by provider",
            "name a column, or an amount for each provider",
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
        by = term.split.by.names() if isinstance(term.split, DividedBy) else set()
        for name in sorted((term.on_account.names() | by) - fixed):
            yield Finding(
                (*path, "on_account"),
                f"found '{name}' in a payment on account",
                "a payment on account follows from amounts, not from what happened",
                "name an amount a year",
            )
    once = {name for name, amount in composed.amounts.items() if not amount_is_a_year(amount)}
    used = sorted(term.uses() & once)
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
    if not to_providers and term.instead_of is not None:
        yield Finding(
            (*path, "instead_of"),
            f"found '{term.name}' instead of payments, with no 'providers' among its sides",
            "what the providers are paid is replaced by another payment to or by the 'providers'",
            "write 'to: providers', or leave out 'instead_of'",
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
    elif isinstance(found, tuple):
        for index, value in enumerate(found):
            yield from _check_expressions((*path, index), value, known)


def _check_names(path: Path, names: frozenset[str], known: list[str]) -> Iterator[Finding]:
    for name in sorted(names - set(known)):
        head, _, rest = name.partition(".")
        if head == "payments" and path[0] == "terms":
            continue  # the keys of terms are checked in their order
        if head == "before":
            measures = [each.partition(".")[2] for each in known if each.startswith("before.")]
            yield Finding(
                path,
                f"found before({rest})",
                "before(...) takes a measure that the contract names under 'measures'",
                did_you_mean(rest, measures) or f"name a measure, or write '{rest}' itself",
            )
            continue
        yield Finding(
            path,
            f"found '{name}' in a measure",
            "a measure uses columns of the statement, the contract's amounts, measures and data, "
            "'years' and 'payments'",
            did_you_mean(name, known) or f"the columns are {', '.join(COLUMNS)}",
        )


def _check_side(
    path: Path, side: str, signatories: Signatories, outside: tuple[str, ...] = OUTSIDE
) -> Iterator[Finding]:
    parties = signatories.parties
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


def check_amounts(contract: Contract, signatories: Signatories) -> Iterator[Finding]:
    """Report amounts by provider that leave one out, and adjustments that fit no amount."""
    composed = contract.compose()
    written: list[tuple[Path, Amount]] = [
        (("amounts", name), amount) for name, amount in contract.amounts.items()
    ]
    for index, part in enumerate(contract.parts()):
        written += [(("terms", index), amount) for amount in part.amounts.values()]
    for where, amount in written:
        if isinstance(amount, dict):
            yield from _check_by_provider(where, amount, signatories)
    for index, each in enumerate(contract.adjustments):
        path: Path = ("adjustments", index)
        if each.amount not in composed.amounts:
            yield Finding(
                (*path, "amount"),
                f"found '{each.amount}'",
                f"the amounts here are {', '.join(composed.amounts) or 'none'}",
                did_you_mean(each.amount, composed.amounts) or "name one of them",
            )
            continue
        amount = composed.amounts[each.amount]
        new = each.to if each.to is not None else each.by
        key = "to" if each.to is not None else "by"
        assert new is not None
        if isinstance(new, dict):
            yield from _check_by_provider((*path, key), new, signatories)
        if shapes_differ(each, amount):
            yield Finding(
                (*path, key),
                f"found {'one amount' if isinstance(amount, dict) else 'amounts by provider'}",
                f"'{each.amount}' is {'by provider' if isinstance(amount, dict) else 'for all'}",
                "write the change as the amount is written",
            )
        if amount_is_money(new) != amount_is_money(amount):
            yield Finding(
                (*path, key),
                f"found {'money' if amount_is_money(new) else 'a number'} for '{each.amount}', "
                f"which is {'money' if amount_is_money(amount) else 'a number a year'}",
                "money changes by money, and a volume by a volume",
                "write the change as the amount is written",
            )
            continue
        yearly, is_yearly = amount_is_a_year(new), amount_is_a_year(amount)
        kind = "an amount a year" if is_yearly else "an amount once"
        if (each.to is not None and yearly != is_yearly) or (yearly and not is_yearly):
            yield Finding(
                (*path, key),
                f"found {'an amount a year' if yearly else 'an amount once'} for "
                f"'{each.amount}', which is {kind}",
                "an amount a year becomes another a year; it can also be raised once"
                if is_yearly
                else "an amount once is changed by amounts once",
                "write the change as the amount is written",
            )
        if yearly and each.on.day != 1:
            yield Finding(
                (*path, "on"),
                f"found {each.on}",
                "a change a year begins on the first of a month",
                "write the first of the month",
            )


def _check_by_provider(
    path: Path, amount: dict[str, Figure], signatories: Signatories
) -> Iterator[Finding]:
    yield from _check_parties(path, dict(amount), signatories.providers)
    missing = [party for party in signatories.providers if party not in amount]
    if missing:
        yield Finding(
            path,
            f"found no amount for {', '.join(missing)}",
            "an amount by provider names every provider",
            "add it; nought is written '£0'",
        )
    if len({is_a_year(figure) for figure in amount.values()}) > 1:
        yield Finding(
            path,
            "found amounts a year beside amounts once",
            "all are a year, or none is",
            "write 'a year' after every one, or after none",
        )
