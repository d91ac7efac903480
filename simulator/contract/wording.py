"""A contract in words: one sentence a term, made from the same data that calculates it."""

from __future__ import annotations

import ast
import math
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
    ast.Div: "per",
}
_BESIDE: dict[type[ast.AST], str] = {
    ast.Lt: "below",
    ast.LtE: "at most",
    ast.Gt: "above",
    ast.GtE: "at least",
}
_NOUNS = {
    "referred": "people referred",
    "declined": "people who decline",
    "started": "people who start",
    "completed": "people who complete",
    "good_outcomes": "good outcomes",
    "dropped_out": "people who drop out",
    "returned": "people who come again",
    "wait_days": "days waited",
    "service_days": "days in service",
    "handovers_due": "hand-overs due",
    "handovers_made": "hand-overs made",
    "staff_cost": "staff cost",
    "running_cost": "running cost",
    "vat_cost": "VAT cost",
    "cost": "cost",
    "payments": "the payments above",
    "years": "years",
}


def sentence(term: Term, agreement: Agreement) -> str:
    """Return what a term does, in a few short sentences."""
    payer, payee = _side(term.payer, agreement), _side(term.payee, agreement)
    pooled = term.is_pooled(agreement.pooled)
    if not pooled or term.split == "each":
        payer = "each provider" if term.payer == "providers" else payer
        payee = "each provider" if term.payee == "providers" else payee
    factor = term.factor_on_payments
    if factor:
        verb = "taken off" if factor < 0 else "added to"
        parts = [f"{_capital(_what(term, agreement))} of the payments above is {verb}"]
        parts[0] += "" if factor > 0 else " them"
    else:
        parts = [f"{_capital(payer)} {_verb(payer)} {payee} {_what(term, agreement)}"]
    if term.split is not None and term.split != "each" and pooled:
        parts[0] += f", {split_in_words(term.split, agreement)}"
    limits = _limits(term, _base(term, agreement))
    if limits:
        parts.append(limits)
    parts.append(_timing(term, agreement))
    if term.on_account is not None:
        text = f"Until then {_words(term.on_account, agreement)} is paid in monthly parts"
        if term.split is not None and not pooled:
            text += f", {split_in_words(term.split, agreement)}"
        parts.append(text)
    clause = f" (Clause {term.clause}.)" if term.clause else ""
    return ". ".join(parts) + "." + clause


def _timing(term: Term, agreement: Agreement) -> str:
    amount = agreement.amounts.get(term.measure.text)
    if amount is not None and not is_a_year(amount) and term.assessed == "term":
        return (
            "Paid once, in the first month"
            if term.settled == "monthly"
            else "Paid once, at the end"
        )
    return f"Worked out on {_OVER[term.assessed]}, settled {_WHEN[term.settled]}"


def _base(term: Term, agreement: Agreement) -> str:
    """Return what the limits of a term are a share of, in short."""
    if term.times.text in ("1", "years"):
        return ""
    if term.factor_on_payments:
        return "the payments above"
    name = term.times.text
    return f"the {name.replace('_', ' ')}" if name in agreement.amounts else "it"


def sentences_of_measures(agreement: Agreement) -> list[tuple[str, str]]:
    """Return each named measure that the sentences of the terms name, with its meaning."""
    said = " ".join(sentence(term, agreement) for term in agreement.terms)
    meanings: list[tuple[str, str]] = []
    for name, measure in reversed(list(agreement.measures.items())):
        if f"'{name}'" in said:
            words = _curve_words(measure, measure.measure, agreement) + _tail(measure)
            meanings.insert(0, (name, words))
            said += words
    return meanings


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
    curve: Curve = term
    measure = term.measure
    named = agreement.measures.get(measure.text)
    if named is not None and not term.bands and named.at_least is None and named.at_most is None:
        curve, measure = named, named.measure
    tree, times = measure.tree, term.times.tree
    if (
        isinstance(tree, ast.BinOp)
        and isinstance(tree.op, ast.Div)
        and ast.dump(tree.right) == ast.dump(times)
        and term.times.text != "years"
    ):
        above = Expression(ast.unparse(tree.left), tree.left)
        return _curve_words(curve, above, agreement, f" of {_base(term, agreement)}")
    words = _curve_words(term, term.measure, agreement)
    if term.times.text in ("1", "years") or term.factor_on_payments:
        return words
    return f"{_words(term.times, agreement)} times {words}"


def _curve_words(
    curve: Curve, measure: Expression, agreement: Agreement, edges_of: str = ""
) -> str:
    if not curve.bands:
        return _words(measure, agreement)
    special = _shortfall(curve, measure, agreement) or _score(curve, measure, agreement)
    if special:
        return special
    if edges_of and isinstance(measure.tree, ast.BinOp) and isinstance(measure.tree.op, ast.Sub):
        return _both_sides(curve, measure.tree, agreement, edges_of)
    unit, per_year = _unit(measure, agreement)
    if len(curve.bands) == 1:
        rate = curve.bands[0].rate
        if is_money(rate):
            return f"{_amount(rate)} for each {unit}"
        return f"{_share(rate)} of {_bracketed(measure, agreement)}"
    pieces = []
    before = ""
    for band in curve.bands:
        rate_text = _amount(band.rate) if is_money(band.rate) else _share(band.rate)
        if band.up_to is None:
            pieces.append(f"{rate_text} beyond {before}")
        else:
            before = _edge(band.up_to, per_year) + edges_of
            pieces.append(f"{rate_text} up to {before}")
    base = f"for each {unit}" if curve.in_money else f"of {_bracketed(measure, agreement)}"
    return f"{', '.join(pieces)}, {base}"


def _both_sides(curve: Curve, tree: ast.BinOp, agreement: Agreement, edges_of: str) -> str:
    """Say a share of ``a less b`` for both signs: what is received below, what is paid above."""
    base, cost = _words_of(tree.left, agreement), _words_of(tree.right, agreement)
    below: list[tuple[float, str]] = []
    above: list[tuple[float, str]] = []
    for low, high, rate in curve.edges:
        for said, near, far in ((below, max(low, 0.0), high), (above, max(-high, 0.0), -low)):
            if far > near:
                end = "" if math.isinf(far) else f" up to {100 * far:.6g}%{edges_of}"
                start = f" beyond {100 * near:.6g}%{edges_of}" if near and not end else ""
                said.append((near, f"{_share(rate)}{start}{end}"))
    got, paid = (
        ", then ".join(text for _, text in sorted(side, key=lambda each: each[0])) + _comma(side)
        for side in (below, above)
    )
    return f"{got} of what {cost} is below {base}, and takes back {paid} of what it is above"


def _comma(parts: list[tuple[float, str]]) -> str:
    return "," if len(parts) > 1 else ""


def _shortfall(curve: Curve, measure: Expression, agreement: Agreement) -> str:
    """Say ``r x max(0, a - b)``: so much for each unit by which a exceeds b."""
    bands, tree = curve.bands, measure.tree
    if len(bands) != 2 or bands[0].up_to != 0 or bands[0].rate != 0 or curve.in_money:
        return ""
    if not bands[1].rate > 0:
        return ""
    if not (isinstance(tree, ast.BinOp) and isinstance(tree.op, ast.Sub)):
        return ""
    if isinstance(tree.left, ast.Constant):
        standard, watched, side = tree.left.value, tree.right, "below"
    elif isinstance(tree.right, ast.Constant):
        standard, watched, side = tree.right.value, tree.left, "above"
    else:
        return ""
    assert isinstance(standard, int | float)
    rate = float(bands[1].rate)
    words = _words_of(watched, agreement)
    step = 0.01 / rate  # said as 1% for each so many: the way such clauses are written
    if 0 < standard < 1:
        points = f"{100 * step:.4g} percentage points" if round(100 * step, 6) != 1 else "point"
        return f"1% for each {points} by which {words} is {side} {100 * standard:.4g}%"
    return f"1% for each {step:.4g} by which {words} is {side} {standard:g}"


def _score(curve: Curve, measure: Expression, agreement: Agreement) -> str:
    """Say a score from -100 over 0 to +100 by the three values that give it."""
    bands, tree = curve.bands, measure.tree
    scored = len(bands) == 2 and bands[0].up_to == 0 and bands[0].rate > 0 and bands[1].rate > 0
    if not scored or (curve.at_least, curve.at_most) != (-1, 1) or not isinstance(tree, ast.BinOp):
        return ""
    down, up = 1 / bands[0].rate, 1 / bands[1].rate
    if isinstance(tree.right, ast.Constant):
        middle, watched, sign = tree.right.value, tree.left, 1.0
    elif isinstance(tree.left, ast.Constant):
        middle, watched, sign = tree.left.value, tree.right, -1.0
    else:
        return ""
    assert isinstance(middle, int | float)
    worst, best = middle - sign * down, middle + sign * up
    return (
        f"the score of {_words_of(watched, agreement)}: −100% at {worst:.4g}, "
        f"0 at {middle:.4g}, +100% at {best:.4g}"
    )


def _amount(figure: Figure) -> str:
    symbol = next(sign for sign in "£€$" if sign in figure.written)
    pence = 2 if round(float(figure), 2) != round(float(figure)) else 0
    return f"{symbol}{float(figure):,.{pence}f}"


def _bracketed(measure: Expression, agreement: Agreement) -> str:
    words = _words(measure, agreement)
    return f"({words})" if isinstance(measure.tree, ast.BinOp) else words


def _edge(figure: Figure, per_year: bool) -> str:
    text = figure.written.replace("-", "\N{MINUS SIGN}")
    return f"{text} a year" if per_year and not is_a_year(figure) else text


def _unit(measure: Expression, agreement: Agreement) -> tuple[str, bool]:
    """Return what a unit of a measure is called, and whether the measure is a yearly rate."""
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
    if (curve.at_least, curve.at_most) == (-1, 1):
        return ""
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
            if isinstance(op, ast.Div):
                b = _one_of(right) or b
            return f"{a} {_SIGNS[type(op)]} {b}"
        case ast.UnaryOp(operand=operand):
            return f"minus {_words_of(operand, agreement)}"
        case ast.Constant(value=value):
            return f"{value:g}" if isinstance(value, int | float) else str(value)
        case ast.Call(func=ast.Name(id="total"), args=[inner]):
            return f"all providers' {_words_of(inner, agreement)}"
        case ast.Call(func=ast.Name(id=name), args=args):
            few = len(args) == 2
            word = {"min": ("least", "lesser"), "max": ("greatest", "greater")}[name][few]
            *first, last = (_words_of(inner, agreement) for inner in args)
            return f"(the {word} of {', '.join(first)} and {last})"
        case ast.IfExp(test=ast.Compare(left=left, ops=[op], comparators=[right])):
            a, b, then, other = (
                _words_of(inner, agreement) for inner in (left, right, node.body, node.orelse)
            )
            return f"({then} if {a} is {_BESIDE[type(op)]} {b}, else {other})"
        case ast.Attribute(value=ast.Name(id=column), attr=service):
            return f"{_NOUNS.get(column, column)} in {service}"
        case ast.Name(id=name):
            return _name(name, agreement.amounts)
    return ast.unparse(node)


def _one_of(node: ast.expr) -> str:
    """Return what one of a column is called: 'per person who starts'."""
    if isinstance(node, ast.Call) and len(node.args) == 1:
        node = node.args[0]
    return COLUMNS[node.id][0] if isinstance(node, ast.Name) and node.id in COLUMNS else ""


def _looser(inner: ast.operator, outer: ast.operator) -> bool:
    tight = (ast.Mult, ast.Div)
    return isinstance(outer, tight) and not isinstance(inner, tight)


def _name(name: str, amounts: Mapping[str, Figure]) -> str:
    if name not in amounts:
        return _NOUNS.get(name, f"'{name}'")
    figure = amounts[name]
    shown = _amount(figure) if is_money(figure) else f"{float(figure):,.0f}"
    shown += " a year" if is_a_year(figure) else ""
    if name.startswith(("own_", "advance_")):
        return shown
    return f"the {name.replace('_', ' ')} of {shown}"


def _side(side: str, agreement: Agreement) -> str:
    signatories = agreement.signatories
    parties = {"providers": signatories.providers, "commissioners": signatories.commissioners}
    if side in parties:
        names = parties[side]
        return f"the {side}" if len(names) > 1 else signatories.name(names[0])
    return {"staff": "staff", "suppliers": "suppliers", "hmrc": "HM Revenue and Customs"}.get(
        side, signatories.name(side)
    )


def _verb(payer: str) -> str:
    return "pay" if payer.startswith("the ") else "pays"


def _capital(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}"
