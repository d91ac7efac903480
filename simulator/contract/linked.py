"""Checks of terms that use what other terms pay: their order, and the periods both hold in."""

from __future__ import annotations

from collections.abc import Iterator

from simulator._errors import did_you_mean
from simulator.contract.amounts import amount_is_a_year
from simulator.contract.contract import Contract
from simulator.contract.finding import Finding, Path
from simulator.contract.forms.compose import Composition
from simulator.contract.signatories import OUTSIDE
from simulator.contract.statement import COLUMNS
from simulator.contract.term import Term
from simulator.contract.working import Definitions, used_names

__all__ = ["check_bases", "check_keys", "check_term_names", "terms_of"]


def terms_of(contract: Contract) -> Iterator[tuple[Path, Term]]:
    """Return the terms of a contract, forms written out, each with where it stands."""
    for index, part in enumerate(contract.parts()):
        for term in part.terms:
            yield ("terms", index), term


def check_bases(contract: Contract, composed: Composition) -> Iterator[Finding]:
    """Refuse shares of payments that are worked out over another period than the payments."""

    def additive(name: str) -> bool:
        head = name.partition(".")[0]
        if name in composed.amounts:
            return amount_is_a_year(composed.amounts[name])
        if head in composed.data:
            return composed.data[head].over_time == "adds up"
        return name == "years" or head in COLUMNS

    terms = list(terms_of(contract))
    for place, (path, term) in enumerate(terms):
        now, before = _uses(term, composed.definitions)
        now |= set(term.replaced)
        for other_place, (_, other) in enumerate(terms):
            # payments.key finds a term of any sides; payments holds those between the parties
            asked = {f"payments.{other.key}"} if other.key else set()
            asked |= set() if {other.payer, other.payee} & set(OUTSIDE) else {"payments"}
            used = before | now if other_place < place else before
            if term is other or not asked & used:
                continue
            if _is_same_period(term, other):
                continue
            if other.is_additive(additive) and _covers(other, term):
                continue
            yield _other_period(path, term, other)


def _uses(term: Term, definitions: Definitions) -> tuple[set[str], set[str]]:
    """Return the names a term needs in its window, and those it needs of the window before."""
    expressions = list(term.all_expressions())
    every = used_names(expressions, definitions)
    carried = [
        each
        for name, measure in definitions.measures.items()
        if f"before.{name}" in every
        for each in (measure.measure, *measure.expressions())
    ]
    now = used_names(expressions, definitions, before=False)
    return set(now), set(used_names(carried, definitions))


def _is_same_period(a: Term, b: Term) -> bool:
    return a.window_key() == b.window_key()


def _covers(a: Term, b: Term) -> bool:
    """Tell whether a term holds whenever another does."""
    begun = a.starts is None or (b.starts is not None and a.starts <= b.starts)
    return begun and (a.ends is None or (b.ends is not None and b.ends <= a.ends))


def _other_period(path: Path, term: Term, other: Term) -> Finding:
    if other.assessed != term.assessed:
        return Finding(
            path,
            f"found '{term.name}' assessed by {term.assessed} on the payments of "
            f"'{other.name}', which are assessed by {other.assessed}",
            "payments with bands, limits or sums paid once have no part for a shorter period",
            f"write 'assessed: {other.assessed}'",
        )
    return Finding(
        path,
        f"found '{term.name}' on the payments of '{other.name}', which hold at other times",
        "a term on payments holds at no other times than they do",
        "give both the same 'starts' and 'ends'",
    )


def check_keys(contract: Contract, definitions: Definitions) -> Iterator[Finding]:
    """Refuse keys that are used twice, or before the term that has them."""
    terms = list(terms_of(contract))
    every = {term.key for _, term in terms} - {""}
    above: set[str] = set()
    for path, term in terms:
        now, before = _uses(term, definitions)
        asked = _keys(now | set(term.replaced)) - above | _keys(before) - every
        for key in sorted(asked):
            yield Finding(
                path,
                f"found the payments of '{key}' in '{term.name}'",
                "a term uses what terms above it pay; "
                + (f"their keys are {', '.join(sorted(above))}" if above else "none has a key"),
                did_you_mean(key, above) or "give a term above this one that 'key'",
            )
        if term.key and term.key in above:
            yield Finding(
                path,
                f"found the key '{term.key}' again",
                "every term of a contract has a key of its own, or none",
                "rename it",
            )
        above |= {term.key} - {""}


def check_term_names(contract: Contract) -> Iterator[Finding]:
    """Refuse terms that are written out under one name: nothing would tell them apart."""
    seen: set[str] = set()
    for index, entry in enumerate(contract.terms):
        if not isinstance(entry, Term):
            continue
        if entry.name in seen:
            yield Finding(
                ("terms", index, "name"),
                f"found the name '{entry.name}' again",
                "every written-out term of a contract has a name of its own",
                "rename it",
            )
        seen.add(entry.name)


def _keys(names: set[str]) -> set[str]:
    return {name.partition(".")[2] for name in names if name.startswith("payments.")}
