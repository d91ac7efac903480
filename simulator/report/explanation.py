"""How a settled figure came about: numbered lines that add up to it exactly."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from simulator.contract.layout import lay_out
from simulator.contract.ledger import Entry, balances
from simulator.contract.period_names import period_dates, period_name
from simulator.contract.settling import Due, Settlement
from simulator.contract.sheet import Line, Sheet
from simulator.contract.statements import Figures
from simulator.report.pounds import in_pounds
from simulator.study.live import LiveContract

__all__ = ["Explained", "Explanation", "Section", "explain", "where_from"]

_MINUS = "\N{MINUS SIGN}"
_SIGNS: dict[type[ast.AST], str] = {
    ast.Add: "+",
    ast.Sub: _MINUS,
    ast.Mult: "×",
    ast.Div: "÷",
    ast.Lt: "<",
    ast.LtE: "≤",
    ast.Gt: ">",
    ast.GtE: "≥",
}


@dataclass(frozen=True)
class Explained:
    """One numbered line.

    Attributes:
        number: from 1 through the whole explanation.
        label: what it is.
        how: how it follows from other lines, or where it comes from.
        shown: the figure as text.
        pence: the figure in whole pence where it is an amount settled; else none.
    """

    number: int
    label: str
    how: str
    shown: str
    pence: int | None = None


@dataclass(frozen=True)
class Section:
    """The lines of one term, or of what is paid beside the terms settled now."""

    title: str
    lines: tuple[Explained, ...]
    pence: int


@dataclass(frozen=True)
class Explanation:
    """How what a party receives for a period came about.

    Attributes:
        party: identifier.
        sections: their pence add up to ``pence``.
        pence: what the party receives in all (below nought: pays).
        check: the parties' figures, which add up to nought.
    """

    party: str
    sections: tuple[Section, ...]
    pence: int
    check: str


class _Pages:
    """Numbers lines through all sections."""

    def __init__(self) -> None:
        self.lines: list[Explained] = []
        self.at = 0

    def add(self, label: str, how: str, shown: str, pence: int | None = None) -> int:
        number = self.at + len(self.lines) + 1
        self.lines.append(Explained(number, label, how, shown, pence))
        return number

    def take(self) -> tuple[Explained, ...]:
        lines, self.lines = tuple(self.lines), []
        self.at += len(lines)
        return lines


def explain(
    live: LiveContract,
    settlement: Settlement,
    entries: Sequence[Entry],
    figures: Figures,
    party: str,
    place: Callable[[str], str],
) -> Explanation:
    """Explain what a party receives for the last period of a settlement.

    Args:
        live: the contract.
        settlement: through the period.
        entries: what the settlement adds to the ledger; the figure is the party's part of them.
        figures: that it was made from.
        party: a commissioner or provider.
        place: says where an amount stands in the contract's file.
    """
    currency, name = live.signed.currency, live.agreement.signatories.name
    pages, sections = _Pages(), []
    own = [entry for entry in entries if party in (entry.payer, entry.payee)]
    period = period_name(settlement.period, live.grain)
    again = {entry.term for entry in entries if (entry.kind, entry.period) == ("true-up", period)}
    corrects = not any(entry.kind == "settlement" and entry.period == period for entry in entries)
    explained: set[str] = set()
    sheets: dict[int, Sheet] = {}
    for due in settlement.dues:
        term = live.agreement.terms[due.index]
        account = live.agreement.signatories.accounts.index(party)
        corrected = _net(own, party, period, term.name) if term.name in again else None
        if not (due.due[account] or due.so_far[account]) or (corrects and corrected is None):
            continue
        explained.add(term.name)
        key = id(due.window)
        if key not in sheets:
            sheets[key] = lay_out(live.agreement, due.window, where_from(live, due, figures, place))
        _explain_term(pages, live, due, sheets[key], party)
        pence = due.due[account]
        if corrected is not None:
            before = pence - corrected
            entered = pages.add(
                "Entered for this period before", "from the ledger", in_pounds(before, currency)
            )
            pages.add(
                "Correction due now",
                f"[{entered - 1}] {_MINUS} [{entered}]",
                in_pounds(corrected, currency),
                corrected,
            )
            pence = corrected
        clause = f", clause {term.clause}" if term.clause else ""
        title = f"{term.name}{clause}: {_window_words(due)}"
        sections.append(Section(title, pages.take(), pence))
    for kind, title in (
        ("on account", "Paid on account in this period"),
        ("settlement", "Earlier periods, settled with this one"),
        ("true-up", "Corrections of periods settled before"),
    ):
        pence = 0
        for entry in (each for each in own if each.kind == kind):
            if kind != "on account" and entry.period == period and entry.term in explained:
                continue
            sign = 1 if entry.payee == party else -1
            other = entry.payer if sign > 0 else entry.payee
            how = f"{'from' if sign > 0 else 'to'} {name(other)}, {entry.period}"
            pages.add(entry.term, how, in_pounds(sign * entry.pence, currency), sign * entry.pence)
            pence += sign * entry.pence
        if pages.lines:
            sections.append(Section(title, pages.take(), pence))
    totals = balances(entries)
    total = totals.get(party, 0)
    assert total == sum(section.pence for section in sections), "lines add up to the figure"
    order = (*live.agreement.signatories.commissioners, *live.agreement.signatories.providers)
    parts = [f"{name(each)} {in_pounds(totals.get(each, 0), currency)}" for each in order]
    check = f"{', '.join(parts)}: together {in_pounds(sum(totals.values()), currency)}."
    return Explanation(party, tuple(sections), total, check)


def _net(entries: Sequence[Entry], party: str, period: str, term: str) -> int:
    """Return what a party receives by the entries of one period and term."""
    return sum(
        entry.pence if entry.payee == party else -entry.pence
        for entry in entries
        if (entry.period, entry.term) == (period, term)
    )


def _window_words(due: Due) -> str:
    first, last = due.window.first, due.window.last
    assert first is not None
    assert last is not None
    return period_dates(replace(last, first=first.first))


def _explain_term(pages: _Pages, live: LiveContract, due: Due, sheet: Sheet, party: str) -> None:
    """Add the lines of one term: its sheet, then whole pence, then what was paid before."""
    signatories, currency = live.agreement.signatories, live.signed.currency
    term = live.agreement.terms[due.index]
    lines_of = next(each for each in sheet.terms if each.index == due.index)
    end = lines_of.receipts
    numbers: dict[int, int] = {}
    for number in _needed(sheet, end):
        line = sheet.line(number)
        numbers[number] = pages.at + len(pages.lines) + 1
        how = line.source if line.expression is None else _how(line.expression.tree, numbers)
        how += f" ({line.note})" if line.note else ""
        pages.add(line.label, how, _shown(line, signatories.providers, party, currency))
    account = signatories.accounts.index(party)
    last = numbers[end]
    pooled = term.is_pooled(live.agreement.pooled)
    if not lines_of.has_providers:
        label, how = f"{signatories.name(party)} in whole pence", f"[{last}]; half a penny up"
    elif party in signatories.providers:
        rule = "left-over pennies to the largest remainders" if pooled else "half a penny up"
        label, how = f"{signatories.name(party)} in whole pence", f"[{last}]; {rule}"
    else:
        label = f"{signatories.name(party)} in whole pence"
        share = signatories.funding[party]
        part = "" if share == 1 else f"{100 * share:.6g}% of "
        how = f"minus {part}the whole pence of all providers together, from [{last}]"
    rounded = pages.add(label, how, in_pounds(due.so_far[account], currency), due.so_far[account])
    terms, so_far = f"[{rounded}]", due.so_far[account]
    for label, amount, sign in (
        ("Earlier windows of this term", due.closed[account], "+"),
        ("Paid on account until now", due.on_account[account], _MINUS),
        ("Settled before", due.settled[account], _MINUS),
    ):
        if amount:
            number = pages.add(label, "from the ledger", in_pounds(amount, currency), amount)
            terms += f" {sign} [{number}]"
            so_far += amount if sign == "+" else -amount
    assert so_far == due.due[account], "lines add up to what is due"
    pages.add("Due now", terms, in_pounds(so_far, currency), so_far)


def _needed(sheet: Sheet, end: int) -> list[int]:
    """Return the numbers of the lines that a line follows from, in order, with its own."""
    found: set[int] = set()
    left = [end]
    while left:
        number = left.pop()
        if number in found:
            continue
        found.add(number)
        expression = sheet.line(number).expression
        left += [int(name[1:]) for name in expression.names()] if expression else []
    return sorted(found)


def _shown(line: Line, providers: Sequence[str], party: str, currency: str) -> str:
    if line.values.size == 1:
        return _figure(float(line.values[0]), line.unit, currency)
    if party in providers:
        return _figure(float(line.values[providers.index(party)]), line.unit, currency)
    if line.unit == "share":
        return "by provider"
    return f"{_figure(float(line.values.sum()), line.unit, currency)} in all"


def _figure(value: float, unit: str, currency: str) -> str:
    sign = _MINUS if value < 0 else ""
    size = abs(value)
    if unit == "money":
        exact = round(size, 2) == round(size, 6)
        return f"{sign}{currency}{size:,.2f}" if exact else f"{sign}{currency}{size:,.4f}"
    if unit == "share":
        return f"{sign}{100 * size:.6g}%"
    if float(size).is_integer():
        return f"{sign}{size:,.0f}"
    return f"{sign}{size:,.6g}"


def _how(node: ast.expr, numbers: dict[int, int], depth: int = 0) -> str:
    """Return an expression over lines as a formula that people read."""

    def inner(part: ast.expr) -> str:
        return _how(part, numbers, depth + 1)

    match node:
        case ast.BinOp(left=left, op=op, right=right):
            text = f"{inner(left)} {_SIGNS[type(op)]} {inner(right)}"
            return f"({text})" if depth else text
        case ast.UnaryOp(operand=operand):
            return f"{_MINUS}{inner(operand)}"
        case ast.Constant(value=value):
            return f"{value:,.6g}" if isinstance(value, int | float) else str(value)
        case ast.Call(func=ast.Name(id="total"), args=[part]):
            return f"all of {inner(part)}"
        case ast.Call(func=ast.Name(id=name), args=args):
            word = {"min": "the least of", "max": "the greatest of"}[name]
            return f"{word} {' and '.join(inner(part) for part in args)}"
        case ast.IfExp(test=ast.Compare(left=left, ops=[op], comparators=[right])):
            test = f"{inner(left)} {_SIGNS[type(op)]} {inner(right)}"
            text = f"{inner(node.body)} if {test}, else {inner(node.orelse)}"
            return f"({text})" if depth else text
        case ast.Name(id=name):
            return f"[{numbers[int(name[1:])]}]"
    return ast.unparse(node)


def where_from(
    live: LiveContract, due: Due, figures: Figures, place: Callable[[str], str]
) -> Callable[[str], str]:
    """Return what tells where an input of a window comes from."""
    first, last = due.window.first, due.window.last
    assert first is not None
    assert last is not None
    names = [
        name
        for name, period in zip(live.names_until(last), live.periods_until(last), strict=True)
        if period.first >= first.first
    ]

    def where(name: str) -> str:
        if name in live.agreement.amounts:
            return place(name)
        measure, _, service = name.partition(".")
        sources = [
            known.source
            for period in names
            for fact, known in figures.get(period, {}).items()
            if fact.measure == measure and service in ("", fact.service)
        ]
        return _joined(sources)

    return where


_ROWS = re.compile(r"(.*), rows? (\d+)(?: to (\d+))?")


def _joined(sources: Sequence[str]) -> str:
    """Return the rows of each file in one: 'actuals.csv, rows 2 to 31'."""
    rows: dict[str, list[int]] = {}
    others = []
    for source in dict.fromkeys(sources):
        match = _ROWS.fullmatch(source)
        if match:
            first, last = int(match[2]), int(match[3] or match[2])
            rows.setdefault(match[1], []).extend(range(first, last + 1))
        else:
            others.append(source)
    parts = []
    for file, numbers in rows.items():
        low, high = min(numbers), max(numbers)
        if low == high:
            parts.append(f"{file}, row {low}")
        elif len(set(numbers)) == high - low + 1:
            parts.append(f"{file}, rows {low} to {high}")
        else:
            parts.append(f"{file}, {len(set(numbers))} rows from {low} to {high}")
    return "; ".join([*parts, *others])
