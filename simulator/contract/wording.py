"""A contract in words: one sentence a term, made from the same data that calculates it."""

from __future__ import annotations

import ast

from simulator.contract.agreement import Agreement
from simulator.contract.amounts import amount_is_a_year
from simulator.contract.curve import Curve
from simulator.contract.curve_words import curve_words, limits_words, tail_words
from simulator.contract.expression import Expression
from simulator.contract.limits import is_cost_reimbursement
from simulator.contract.live.period_names import day_in_words
from simulator.contract.phrases import words
from simulator.contract.split import DividedBy, Split, fixed_shares
from simulator.contract.term import Term

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


def sentence(term: Term, agreement: Agreement) -> str:
    """Return what a term does, in a few short sentences."""
    payer, payee = _side(term.payer, agreement), _side(term.payee, agreement)
    pooled = term.is_pooled(agreement.pooled)
    if not pooled or term.split == "each":
        payer = "each provider" if term.payer == "providers" else payer
        payee = "each provider" if term.payee == "providers" else payee
    factor = term.factor_on_payments
    limits = limits_words(term, agreement, _base(term, agreement))
    if term.is_limit_alone:
        together = " together" if len(term.replaced) > 1 else ""
        parts = [f"{_capital(_replaced(term, agreement))}{together} is {_small(limits)}"]
        parts[0] += "; what that takes off is" if pooled and term.split is not None else ""
    elif term.instead_of is not None:
        parts = [f"{_capital(_replaced(term, agreement))} is replaced by "]
        parts[0] += _what(term, agreement)
    elif factor:
        verb = "taken off" if factor < 0 else "added to"
        parts = [f"{_capital(_share_of_payments(term, agreement))} is {verb} them"]
    else:
        what = _what(term, agreement)
        if payer.startswith("the "):
            what = what.replace(", and takes back ", ", and take back ")
        parts = [f"{_capital(payer)} {_verb(payer)} {payee} {what}"]
    if term.split is not None and term.split != "each" and pooled:
        comma = "" if parts[0].endswith(" is") else ","
        said = split_in_words(term.split, agreement)
        if isinstance(term.split, DividedBy) and term.split.by.names() == set(term.replaced):
            said = "divided in proportion to these payments"
        parts[0] += f"{comma} {said}"
    if limits and not term.is_limit_alone:
        parts.append(limits)
    parts.append(_timing(term, agreement))
    if term.on_account is not None:
        text = f"Until then {words(term.on_account, agreement)} is paid in monthly parts"
        if term.split is not None and not pooled:
            text += f", {split_in_words(term.split, agreement)}"
        parts.append(text)
    held = _held(term)
    if held:
        parts.append(held)
    clause = f" (Clause {term.clause}.)" if term.clause else ""
    return ". ".join(parts) + "." + clause


def _share_of_payments(term: Term, agreement: Agreement) -> str:
    """Say what share of the payments above is added or taken off."""
    said = _what(term, agreement)
    one_rate = len(term.bands) == 1 and not term.in_money and term.dead_band is None
    measured = words(term.measure, agreement)
    if one_rate and said.endswith(f" of {measured}"):
        return f"{said.removesuffix(f' of {measured}')} of the payments above, times {measured},"
    return f"{said} of the payments above"


def _replaced(term: Term, agreement: Agreement) -> str:
    keys = term.instead_of or ()
    if "payments" in keys:
        return "what the terms above pay"
    *first, last = (f"'{t.name}'" for t in agreement.terms if t.key and t.key in keys)
    return f"what {', '.join(first)} and {last} pay" if first else f"what {last} pays"


def _held(term: Term) -> str:
    """Return from when to when a term holds, where it is not the whole contract."""
    starts = "" if term.starts is None else f"from {day_in_words(term.starts)}"
    ends = "" if term.ends is None else f"to {day_in_words(term.ends)}"
    dates = " ".join(part for part in (starts, ends) if part)
    return f"Holds {dates}" if dates else ""


def _timing(term: Term, agreement: Agreement) -> str:
    amount = agreement.amounts.get(term.measure.text)
    if amount is not None and not amount_is_a_year(amount) and term.assessed == "term":
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
            meaning = curve_words(measure, measure.measure, agreement) + tail_words(
                measure, agreement
            )
            meanings.insert(0, (name, meaning))
            said += meaning
    return meanings


def split_in_words(split: Split, agreement: Agreement) -> str:
    """Return how a pooled amount is divided."""
    if split == "each":
        return "each the whole amount"
    if isinstance(split, DividedBy):
        return f"divided in proportion to {words(split.by, agreement)}"
    listed = [
        f"{100 * share:.4g}% {agreement.signatories.name(party)}"
        for party, share in zip(
            agreement.signatories.providers,
            fixed_shares(split, agreement.signatories),
            strict=True,
        )
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
    bare = not (term.bands or term.points or term.steps or term.dead_band)
    if named is not None and bare and named.at_least is named.at_most is None:
        curve, measure = named, named.measure
    tree, times = measure.tree, term.times.tree
    if (
        isinstance(tree, ast.BinOp)
        and isinstance(tree.op, ast.Div)
        and ast.dump(tree.right) == ast.dump(times)
        and term.times.text != "years"
    ):
        above = Expression(ast.unparse(tree.left), tree.left)
        return curve_words(curve, above, agreement, f" of {_base(term, agreement)}")
    said = curve_words(term, term.measure, agreement)
    if term.times.text in ("1", "years") or term.factor_on_payments:
        return said
    return f"{words(term.times, agreement)} times {said}"


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


def _small(text: str) -> str:
    return f"{text[:1].lower()}{text[1:]}"


def _capital(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}"
