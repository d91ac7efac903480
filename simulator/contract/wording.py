"""A contract in words: one sentence a term, made from the same data that calculates it."""

from __future__ import annotations

import ast
from collections.abc import Mapping

from simulator.contract.agreement import Agreement
from simulator.contract.curve import Curve
from simulator.contract.expression import Expression
from simulator.contract.limits import is_cost_reimbursement
from simulator.contract.statement import COLUMNS
from simulator.contract.term import Term, shares
from simulator.quantities import Figure, is_a_year, is_money

__all__ = ["sentence", "sentences_of_measures", "split_in_words"]

_WHEN = {
    "monthly": "each month",
    "quarterly": "each quarter",
    "annually": "after each financial year",
    "at the end": "when the contract ends",
}
_OVER = {
    "month": "each month by itself",
    "quarter": "the quarter so far",
    "year": "the financial year so far",
    "term": "the whole term so far",
}
_SIGNS: dict[type[ast.AST], str] = {
    ast.Add: "plus",
    ast.Sub: "less",
    ast.Mult: "times",
    ast.Div: "over",
}
_NOUNS = {name: what.split(",")[0] for name, (_, what) in COLUMNS.items()} | {
    "cost": "cost",
    "started": "people who start",
    "completed": "people who complete",
    "good_outcomes": "good outcomes",
    "referred": "people referred",
    "declined": "people who decline",
    "dropped_out": "people who drop out",
    "wait_days": "days waited",
    "payments": "the payments of the terms above",
    "years": "years",
}


def sentence(term: Term, agreement: Agreement) -> str:
    """Return what a term does, in a sentence or two."""
    money = _what(term, agreement)
    payer, payee = _side(term.payer, agreement), _side(term.payee, agreement)
    by_provider = not term.is_pooled(agreement.pooled) and "providers" in (term.payer, term.payee)
    if by_provider:
        payee = "each provider" if term.payee == "providers" else payee
        payer = "Each provider" if term.payer == "providers" else payer
    verb = "pays" if by_provider and term.payer == "providers" else _verb(payer)
    parts = [f"{payer[0].upper()}{payer[1:]} {verb} {payee} {money}"]
    if term.split is not None and term.is_pooled(agreement.pooled):
        parts[0] += f", {split_in_words(term.split, agreement)}"
    base = "" if term.times.text in ("1", "years") else _words(term.times, agreement)
    limits = _limits(term, base.removeprefix("minus "))
    if limits:
        parts.append(limits)
    parts.append(f"Worked out on {_OVER[term.assessed]}, settled {_WHEN[term.settled]}")
    if term.on_account is not None:
        account = _words(term.on_account, agreement)
        text = f"Until then {account} is paid on account in monthly parts"
        if term.split is not None and not term.is_pooled(agreement.pooled):
            text += f", {split_in_words(term.split, agreement)}"
        parts.append(text)
    clause = f" (clause {term.clause})" if term.clause else ""
    return ". ".join(parts) + "." + clause


def sentences_of_measures(agreement: Agreement) -> list[tuple[str, str]]:
    """Return each named measure with its meaning."""
    return [
        (name, _capital(_curve_words(measure, measure.measure, agreement) + _tail(measure)))
        for name, measure in agreement.measures.items()
    ]


def split_in_words(split: object, agreement: Agreement) -> str:
    """Return how a pooled amount is divided."""
    if split == "each":
        return "each the whole amount"
    parts = shares(split, agreement.signatories)  # type: ignore[arg-type]
    listed = [
        f"{100 * share:.4g}% {agreement.signatories.name(party)}"
        for party, share in zip(agreement.signatories.providers, parts, strict=True)
        if share
    ]
    how = {"equal": " in equal parts", "by caseworkers": " by planned caseworkers"}
    return f"divided{how.get(split, '') if isinstance(split, str) else ''}: {', '.join(listed)}"


def _what(term: Term, agreement: Agreement) -> str:
    """Return what is paid; ``T x curve(x / T)`` is said as the curve of ``x`` by share of T."""
    if is_cost_reimbursement(term):
        return "its cost"
    named = agreement.measures.get(term.measure.text)
    curve, measure = (named, named.measure) if named is not None else (term, term.measure)
    if named is not None and term.bands:
        curve, measure = term, term.measure
    tree = measure.tree
    times = term.times.tree
    if (
        isinstance(tree, ast.BinOp)
        and isinstance(tree.op, ast.Div)
        and ast.dump(tree.right) == ast.dump(times)
    ):
        inner = Expression(ast.unparse(tree.left), tree.left)
        return _curve_words(curve, inner, agreement, f" of {_words(term.times, agreement)}")
    words = _curve_words(term, term.measure, agreement)
    if term.times.text in ("1", "years"):
        return words
    if isinstance(times, ast.UnaryOp):
        return f"less: from {_words_of(times.operand, agreement)} is taken {words}"
    return f"{_words(term.times, agreement)} times {words}"


def _curve_words(
    curve: Curve, measure: Expression, agreement: Agreement, edges_of: str = ""
) -> str:
    unit, per_year = _unit(measure, agreement)
    if not curve.bands:
        return _words(measure, agreement)
    if len(curve.bands) == 1:
        rate = curve.bands[0].rate
        if is_money(rate):
            return f"{rate.written} for each {unit}"
        return f"{_share(rate)} of {_bracketed(measure, agreement)}"
    pieces = []
    before = ""
    for band in curve.bands:
        rate = f"{band.rate.written}" if is_money(band.rate) else _share(band.rate)
        if band.up_to is None:
            pieces.append(f"{rate} beyond {before}")
        else:
            before = _edge(band.up_to, per_year) + edges_of
            pieces.append(f"{rate} up to {before}")
    base = f"for each {unit}" if curve.in_money else f"of {_bracketed(measure, agreement)}"
    return f"{base}: {', '.join(pieces)}"


def _bracketed(measure: Expression, agreement: Agreement) -> str:
    words = _words(measure, agreement)
    return f"({words})" if isinstance(measure.tree, ast.BinOp) else words


def _edge(figure: Figure, per_year: bool) -> str:
    text = figure.written
    return f"{text} a year" if per_year and not is_a_year(figure) else text


def _unit(measure: Expression, agreement: Agreement) -> tuple[str, bool]:
    """Return what one unit of a measure is called, and whether the measure counts a year's worth."""
    tree = measure.tree
    per_year = (
        isinstance(tree, ast.BinOp)
        and isinstance(tree.op, ast.Div)
        and isinstance(tree.right, ast.Name)
        and tree.right.id == "years"
    )
    if per_year:
        tree = tree.left  # type: ignore[attr-defined]
    if isinstance(tree, ast.Name) and tree.id in COLUMNS:
        return COLUMNS[tree.id][0], per_year
    if isinstance(tree, ast.Attribute) and isinstance(tree.value, ast.Name):
        return f"{COLUMNS[tree.value.id][0]} in {tree.attr}", per_year
    return f"unit of ({_words_of(tree, agreement)})", per_year


def _limits(curve: Curve, base: str = "") -> str:
    low, high = curve.at_least, curve.at_most
    of = f" of {base}" if base else ""
    parts = [
        *([f"never below {_limit(low)}{of}"] if low is not None else []),
        *([f"never above {_limit(high)}{of}"] if high is not None else []),
    ]
    return _capital(", ".join(parts)) if parts else ""


def _limit(figure: Figure) -> str:
    return f"{figure.written}".replace("-", "\N{MINUS SIGN}")


def _tail(curve: Curve) -> str:
    limits = _limits(curve)
    return f"; {limits[0].lower()}{limits[1:]}" if limits else ""


def _share(rate: Figure) -> str:
    return rate.written if "%" in rate.written else f"{100 * rate:.6g}%"


def _words(expression: Expression, agreement: Agreement) -> str:
    return _words_of(expression.tree, agreement)


def _words_of(node: ast.expr, agreement: Agreement) -> str:
    match node:
        case ast.BinOp(left=left, op=op, right=right):
            a, b = _words_of(left, agreement), _words_of(right, agreement)
            a = f"({a})" if isinstance(left, ast.BinOp) and _looser(left.op, op) else a
            b = f"({b})" if isinstance(right, ast.BinOp) else b
            return f"{a} {_SIGNS[type(op)]} {b}"
        case ast.UnaryOp(operand=operand):
            return f"minus {_words_of(operand, agreement)}"
        case ast.Constant(value=value):
            return f"{value:g}" if isinstance(value, int | float) else str(value)
        case ast.Call(func=ast.Name(id="total"), args=[inner]):
            return f"the {_words_of(inner, agreement)} of all providers"
        case ast.Call(func=ast.Name(id=name), args=[one, two]):
            word = "lesser" if name == "min" else "greater"
            return f"the {word} of {_words_of(one, agreement)} and {_words_of(two, agreement)}"
        case ast.Attribute(value=ast.Name(id=column), attr=service):
            return f"{_NOUNS.get(column, column)} in {service}"
        case ast.Name(id=name):
            return _name(name, agreement.amounts)
    return ast.unparse(node)


def _looser(inner: ast.operator, outer: ast.operator) -> bool:
    tight = (ast.Mult, ast.Div)
    return isinstance(outer, tight) and not isinstance(inner, tight)


def _name(name: str, amounts: Mapping[str, Figure]) -> str:
    if name in amounts:
        figure = amounts[name]
        shown = figure.written
        if "." in shown or "'" in shown:
            shown = f"£{float(figure):,.0f}" + (" a year" if is_a_year(figure) else "")
        return f"the {name.replace('_', ' ').removeprefix('own ')} of {shown}"
    return _NOUNS.get(name, f"'{name}'")


def _side(side: str, agreement: Agreement) -> str:
    signatories = agreement.signatories
    if side == "providers":
        return "the providers" if len(signatories.providers) > 1 else signatories.providers[0]
    if side != "commissioners":
        return signatories.name(side)
    if len(signatories.commissioners) == 1:
        return signatories.name(signatories.commissioners[0])
    funded = [
        f"{signatories.name(party)} ({100 * signatories.funding[party]:.4g}%)"
        for party in signatories.commissioners
    ]
    return f"{', '.join(funded[:-1])} and {funded[-1]}"


def _verb(payer: str) -> str:
    several = payer.startswith("the ") or " and " in payer
    return "pay" if several else "pays"


def _capital(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}"
