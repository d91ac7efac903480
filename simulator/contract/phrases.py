"""Measures and amounts in words: the parts of sentences about a contract."""

from __future__ import annotations

import ast

from simulator.contract.agreement import Agreement
from simulator.contract.expression import Expression
from simulator.contract.statement import COLUMNS
from simulator.quantities import Figure, is_a_year, is_money

__all__ = [
    "amount_words",
    "is_multiple",
    "money_words",
    "name_words",
    "share_words",
    "sum_words",
    "unit_words",
    "value_words",
    "words",
    "words_of",
]

_SIGNS: dict[type[ast.AST], str] = {
    ast.Add: "plus",
    ast.Sub: "less",
    ast.Mult: "times",
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
    "turned_away": "people turned away",
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


def amount_words(figure: Figure) -> str:
    """Return an amount of money as a sentence says it."""
    return money_words(float(figure), figure)


def money_words(value: float, like: Figure) -> str:
    """Return a sum of money in the currency of another."""
    symbol = next(sign for sign in "£€$" if sign in like.written)
    whole = round(value, 6)  # parts of a penny are said, arithmetic's noise is not
    if round(whole, 2) == whole:
        return f"{symbol}{whole:,.{0 if whole == round(whole) else 2}f}"
    return f"{symbol}{whole:,.6f}".rstrip("0")


def share_words(rate: Figure) -> str:
    """Return a share as a percentage, a multiple as a number."""
    if "%" in rate.written:
        return rate.written
    return f"{float(rate):.6g}" if is_multiple(rate) else f"{100 * rate:.6g}%"


def is_multiple(rate: Figure) -> bool:
    """Tell whether nobody would say a rate as a percentage: 12.5, where it is not written 1250%."""
    return abs(rate) > 2 and "%" not in rate.written


def value_words(parameter: Figure | Expression, agreement: Agreement) -> str:
    """Return a number as it was written, or the measure in its place."""
    if isinstance(parameter, Expression):
        said = words(parameter, agreement)
        tree = parameter.tree
        is_share = isinstance(tree, ast.BinOp) and bool(_share_of(tree.left))
        return f"({said})" if isinstance(tree, ast.BinOp) and not is_share else said
    if parameter.written == str(float(parameter)):  # made by a form, not written by anybody
        return f"{float(parameter):.8g}".replace("-", "\N{MINUS SIGN}")
    return parameter.written.replace("-", "\N{MINUS SIGN}")


def words(expression: Expression, agreement: Agreement) -> str:
    """Return a measure in words."""
    return words_of(expression.tree, agreement)


def words_of(node: ast.expr, agreement: Agreement) -> str:
    """Return a part of a measure in words."""
    match node:
        case ast.BinOp(left=left, op=ast.Mult(), right=right) if _share_of(left):
            b = words_of(right, agreement)
            return f"{_share_of(left)} of {f'({b})' if isinstance(right, ast.BinOp) else b}"
        case ast.BinOp(left=left, op=op, right=right):
            a, b = words_of(left, agreement), words_of(right, agreement)
            a = f"({a})" if isinstance(left, ast.BinOp) and _looser(left.op, op) else a
            is_share = isinstance(right, ast.BinOp) and bool(_share_of(right.left))
            b = f"({b})" if isinstance(right, ast.BinOp) and not is_share else b
            if isinstance(op, ast.Div):
                one = _one_of(right)
                return f"{a} per {one}" if one else f"{a} divided by {b}"
            return f"{a} {_SIGNS[type(op)]} {b}"
        case ast.UnaryOp(operand=operand):
            return f"minus {words_of(operand, agreement)}"
        case ast.Constant(value=value):
            return f"{value:g}" if isinstance(value, int | float) else str(value)
        case ast.Call(
            func=ast.Name(id="total"), args=[ast.Attribute(value=ast.Name("payments")) as inner]
        ):
            return words_of(inner, agreement).replace("what ", "all that ", 1)
        case ast.Call(func=ast.Name(id="total"), args=[inner]):
            return f"all providers' {words_of(inner, agreement)}"
        case ast.Call(func=ast.Name(id="only"), args=[ast.Name(id=party), inner]):
            return f"{_possessive(agreement.signatories.name(party))} {words_of(inner, agreement)}"
        case ast.Call(func=ast.Name(id="before"), args=[inner]):
            return f"{words_of(inner, agreement)} of the period before"
        case ast.Call(func=ast.Name(id="min" | "max" as name), args=args):
            few = len(args) == 2
            word = {"min": ("least", "lesser"), "max": ("greatest", "greater")}[name][few]
            *first, last = (words_of(inner, agreement) for inner in args)
            return f"(the {word} of {', '.join(first)} and {last})"
        case ast.IfExp(test=ast.Compare(left=left, ops=[op], comparators=[right])):
            a, b, then, other = (
                words_of(inner, agreement) for inner in (left, right, node.body, node.orelse)
            )
            return f"({then} if {a} is {_BESIDE[type(op)]} {b}, else {other})"
        case ast.Attribute(value=ast.Name(id="payments"), attr=key):
            paid = next((term.name for term in agreement.terms if term.key == key), key)
            return f"what '{paid}' pays"
        case ast.Attribute(value=ast.Name(id=column), attr=service):
            return f"{name_words(column, agreement)} in {service}"
        case ast.Name(id=name):
            return name_words(name, agreement)
    return ast.unparse(node)


def unit_words(node: ast.expr, agreement: Agreement) -> tuple[str, bool]:
    """Return what one of a measure is called, if it has such a name, and whether it is a rate."""
    match node:
        case ast.Call(func=ast.Name(id="total"), args=[ast.Name() | ast.Attribute() as inner]):
            unit, per_year = unit_words(inner, agreement)
            return f"{unit} with any provider" if unit else "", per_year
        case ast.Call(func=ast.Name(id="only"), args=[ast.Name(id=party), inner]):
            unit, per_year = unit_words(inner, agreement)
            return f"{unit} with {agreement.signatories.name(party)}" if unit else "", per_year
    per_year = (
        isinstance(node, ast.BinOp)
        and isinstance(node.op, ast.Div)
        and isinstance(node.right, ast.Name)
        and node.right.id == "years"
    )
    if per_year:
        node = node.left  # type: ignore[attr-defined]
    if isinstance(node, ast.Name) and node.id in COLUMNS:
        return COLUMNS[node.id][0], per_year
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        column = COLUMNS.get(node.value.id, (node.value.id,))[0]
        return f"{column} in {node.attr}", per_year
    return "", per_year


def _share_of(node: ast.expr) -> str:
    """Return a number below 1 as a percentage: '5%' in '5% of the target'."""
    minus = isinstance(node, ast.UnaryOp)
    inner = node.operand if isinstance(node, ast.UnaryOp) else node
    if not isinstance(inner, ast.Constant) or not isinstance(inner.value, float):
        return ""
    share = f"{100 * inner.value:.6g}%"
    return (f"minus {share}" if minus else share) if 0 < inner.value < 1 else ""


def _possessive(name: str) -> str:
    return f"{name}'" if name.endswith("s") else f"{name}'s"


def _one_of(node: ast.expr) -> str:
    """Return what one of a column is called: 'per person who starts'."""
    if isinstance(node, ast.Call) and len(node.args) == 1:
        node = node.args[0]
    return COLUMNS[node.id][0] if isinstance(node, ast.Name) and node.id in COLUMNS else ""


def _looser(inner: ast.operator, outer: ast.operator) -> bool:
    tight = (ast.Mult, ast.Div)
    return isinstance(outer, tight) and not isinstance(inner, tight)


def name_words(name: str, agreement: Agreement) -> str:
    """Return a name in words: an amount with its size, a column, data or a measure."""
    if name in agreement.data:
        what = agreement.data[name].what or name.replace("_", " ")
        return f"the {what[0].lower()}{what[1:]}" if not what[:2].isupper() else f"the {what}"
    if name not in agreement.amounts:
        return _NOUNS.get(name, f"'{name}'")
    amount = agreement.amounts[name]
    if isinstance(amount, Figure):
        shown = sum_words(amount)
        return shown if name.startswith(("own_", "advance")) else f"the {_spaced(name)} of {shown}"
    each = (f"{agreement.signatories.name(p)} {sum_words(f)}" for p, f in amount.items())
    return f"the {_spaced(name)} of each ({', '.join(each)})"


def _spaced(name: str) -> str:
    return name.replace("_", " ")


def sum_words(figure: Figure) -> str:
    """Return an amount with its 'a year'."""
    shown = amount_words(figure) if is_money(figure) else f"{float(figure):,.0f}"
    return shown + (" a year" if is_a_year(figure) else "")
