"""How a settled figure came about: numbered lines that add up to it exactly."""

from __future__ import annotations

import ast
import datetime
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from simulator._errors import SettlementError
from simulator.contract.live.layout import lay_out
from simulator.contract.live.ledger import Entry, balances
from simulator.contract.live.moves import Move, is_side, moves_of
from simulator.contract.live.period_names import period_dates, period_name
from simulator.contract.live.settling import Due, Settlement, is_divided
from simulator.contract.live.sheet import Line, Sheet, TermLines, renumbered
from simulator.contract.live.statements import Figures
from simulator.contract.signatories import Signatories
from simulator.report.pounds import in_pounds
from simulator.study.live import LiveContract

__all__ = [
    "CLOSED",
    "DUE_EARLIER",
    "ON_ACCOUNT",
    "Explained",
    "Explanation",
    "Section",
    "explain",
    "figure",
    "limit_note",
    "where_from",
    "window_words",
]

CLOSED = "Earlier windows of this term"
ON_ACCOUNT = "Paid on account until then"
DUE_EARLIER = "Due for earlier periods"
"""What is added to and taken off a window's amount, as explanations and workbooks call it."""

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
        on_account: what of it was paid on account before.
        check: the parties' figures, which add up to nought.
    """

    party: str
    sections: tuple[Section, ...]
    pence: int
    on_account: int
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

    def rename_last(self, label: str) -> None:
        """Give the last line another label."""
        self.lines[-1] = replace(self.lines[-1], label=label)

    def take(self) -> tuple[Explained, ...]:
        lines, self.lines = tuple(self.lines), []
        self.at += len(lines)
        return lines


def explain(
    live: LiveContract,
    settlement: Settlement,
    entries: Sequence[Entry],
    settled_until: datetime.date,
    figures: Figures,
    party: str,
    place: Callable[[str], str],
) -> Explanation:
    """Explain what a party receives by a settlement.

    Args:
        live: the contract.
        settlement: by the figures as known.
        entries: what the settlement adds to the ledger; the figure is the party's part of them.
        settled_until: the last day that earlier settlements cover.
        figures: that it was made from.
        party: a commissioner or provider.
        place: says where an amount stands in the contract's file.
    """
    currency, name = live.signed.currency, live.agreement.signatories.name
    pages, sections = _Pages(), []
    moves, beside = moves_of(settlement, entries, settled_until, live.agreement)
    sheets: dict[int, Sheet] = {}
    told: dict[int, dict[int, int]] = {}
    account = live.agreement.signatories.accounts.index(party)
    for move in moves:
        due = move.due
        term = live.agreement.terms[due.index]
        if party not in move.sides and not is_side(term, party, live.agreement.signatories):
            continue
        if move.corrects and not move.paid[account]:
            continue  # it concerns others
        key = id(due.window)
        if key not in sheets:
            sheets[key] = lay_out(live.agreement, due.window, where_from(live, due, figures, place))
        where = where_from(live, due, figures, place, party)
        _explain_term(pages, live, due, sheets[key], party, told.setdefault(key, {}), where)
        pence = move.paid[account]
        if move.corrects:
            _explain_correction(pages, move, account, currency)
        else:
            pages.rename_last("Due now")
        sections.append(Section(_title(live, move, settlement), pages.take(), pence))
    own = [entry for entry in beside if party in (entry.payer, entry.payee)]
    for is_on_account, title in (
        (True, "Paid on account in this period"),
        (False, "Corrections of payments on account, and of terms that are gone"),
    ):
        pence = 0
        groups: dict[tuple[str, str], list[Entry]] = {}
        for entry in own:
            if (entry.kind == "on account") == is_on_account:
                other = entry.payer if entry.payee == party else entry.payee
                groups.setdefault((entry.term, other), []).append(entry)
        for (label, other), found in groups.items():
            received = balances(found)[party]
            how = f"{'from' if received >= 0 else 'to'} {name(other)}, {_when(found)}"
            pages.add(label, how, in_pounds(received, currency), received)
            pence += received
        if pages.lines:
            sections.append(Section(title, pages.take(), pence))
    totals = balances(entries)
    total = totals.get(party, 0)
    if total != sum(section.pence for section in sections):
        raise SettlementError("an explanation does not add up; this is a mistake, please report it")
    order = live.agreement.signatories.parties
    parts = [f"{name(each)} {in_pounds(totals.get(each, 0), currency)}" for each in order]
    check = f"{', '.join(parts)}: together {in_pounds(sum(totals.values()), currency)}."
    before = balances(entry for entry in entries if entry.kind == "on account")
    return Explanation(party, tuple(sections), total, before.get(party, 0), check)


def _title(live: LiveContract, move: Move, settlement: Settlement) -> str:
    term, due = live.agreement.terms[move.due.index], move.due
    clause = f", clause {term.clause}" if term.clause else ""
    said = f"{term.name}{clause}: {window_words(due)}"
    if move.corrects:
        return f"{said}, correction of {due.period}"
    if due.period != period_name(settlement.period, live.grain):
        return f"{said}, settled for {due.period}"
    return said


def _when(entries: Sequence[Entry]) -> str:
    """Say for which periods payments are."""
    first, last = entries[0].period, entries[-1].period
    if len(entries) == 1:
        return first
    return f"{len(entries)} payments" + (f" for {first} to {last}" if first != last else "")


def window_words(due: Due) -> str:
    """Return the days on which a term was worked out."""
    first, last = due.window.first, due.window.last
    assert first is not None
    assert last is not None
    return period_dates(replace(last, first=first.first))


def _explain_correction(pages: _Pages, move: Move, account: int, currency: str) -> None:
    """Say what was entered before, and what is left to correct."""
    pages.rename_last(f"Due for {move.due.period} by the figures now")
    entered, paid = move.entered[account], move.paid[account]
    last = pages.add(
        f"Entered for {move.due.period} before", "in the ledger", in_pounds(entered, currency)
    )
    how = f"[{last - 1}] {_MINUS} [{last}]"
    pages.add("Correction due now", how, in_pounds(paid, currency), paid)


def _explain_term(
    pages: _Pages,
    live: LiveContract,
    due: Due,
    sheet: Sheet,
    party: str,
    numbers: dict[int, int],
    own: Callable[[str], str],
) -> None:
    """Add the lines of one term: its sheet, then whole pence, then what was paid before.

    Args:
        pages: takes the lines.
        live: the contract.
        due: of the term.
        sheet: of its window.
        party: whose figures are shown.
        numbers: of the sheet's lines that were told before; they are not told again.
        own: says where the party's own part of an input comes from.
    """
    signatories, currency = live.agreement.signatories, live.signed.currency
    term = live.agreement.terms[due.index]
    lines_of = next(each for each in sheet.terms if each.index == due.index)
    needed = sheet.needed(lines_of.receipts)
    summed = _summed(sheet, needed)
    is_provider = party in signatories.providers
    for number in needed:
        line = sheet.line(number)
        # of others, a figure of each provider is told only where their sum is asked for
        if number in numbers or not (is_provider or line.values.size == 1 or number in summed):
            continue
        numbers[number] = pages.at + len(pages.lines) + 1
        how = _how_of(line, sheet, numbers)
        if line.expression is None:
            is_own = line.values.size > 1 and is_provider and line.of
            how = own(line.of) if is_own and number not in summed else line.source
        note = limit_note(line, sheet, signatories, party)
        how += f" ({note})" if note else ""
        pages.add(line.label, how, _shown(line, signatories.providers, party, currency))
    if not is_provider:
        _add_receipts(pages, live, sheet, lines_of)
    account = signatories.accounts.index(party)
    last = numbers[lines_of.receipts] if is_provider else len(pages.lines) + pages.at
    divided = is_divided(term, term.is_pooled(live.agreement.pooled))
    name = signatories.name(party)
    rule = "half a penny away from nought"
    if divided and lines_of.has_providers:
        rule = "left-over pennies to the largest remainders"
    how = f"[{last}]; {rule}"
    if term.instead_of is not None:
        how = f"[{last}], rounded together with what it replaces; {rule}"
    if party not in signatories.providers and lines_of.has_providers:
        both = "commissioners" in (term.payer, term.payee)
        share = signatories.funding[party] if both else 1.0
        part = "" if share == 1 else f"{100 * share:.6g}% of "
        first = last - len(signatories.providers) + 1
        lines_told = f"[{first}]" if first == last else f"[{first}] to [{last}]"
        how = f"{_MINUS}{part}{lines_told}, each in whole pence"
    amount = due.so_far[account]
    rounded = pages.add(f"{name} in whole pence", how, in_pounds(amount, currency), amount)
    terms, so_far = f"[{rounded}]", amount
    for label, amount, sign, where in (
        (CLOSED, due.closed[account], "+", "by the figures as known now"),
        (ON_ACCOUNT, due.on_account[account], _MINUS, "at each month end"),
        (DUE_EARLIER, due.settled[account], _MINUS, "by the figures as known now"),
    ):
        if amount:
            number = pages.add(label, where, in_pounds(amount, currency), amount)
            terms += f" {sign} [{number}]"
            so_far += amount if sign == "+" else -amount
    if so_far != due.due[account]:
        raise SettlementError("an explanation does not add up; this is a mistake, please report it")
    pages.add("Due", terms, in_pounds(so_far, currency), so_far)


def _add_receipts(pages: _Pages, live: LiveContract, sheet: Sheet, end: TermLines) -> None:
    """Add what each provider receives by a term, which their own explanations work out."""
    signatories, line = live.agreement.signatories, sheet.line(end.receipts)
    if not end.has_providers:
        pages.add(
            line.label, "lines above", figure(float(line.values[0]), "money", live.signed.currency)
        )
        return
    values = np.broadcast_to(line.values, (len(signatories.providers),))
    for provider, value in zip(signatories.providers, values, strict=True):
        shown = figure(float(value), "money", live.signed.currency)
        pages.add(f"{signatories.name(provider)} receives", f"explain --party {provider}", shown)


def _how_of(line: Line, sheet: Sheet, numbers: Mapping[int, int]) -> str:
    """Say how a line follows from others; one whose parts are not told, that it is added up."""
    if line.expression is None:
        return ""
    if any(number not in numbers for number in line.follows_from):
        return "of each provider, added up"
    if line.said:
        return renumbered(line.said, lambda each: f"[{numbers[each]}]")
    return _how(line.expression.tree, numbers)


def limit_note(line: Line, sheet: Sheet, signatories: Signatories, party: str | None = None) -> str:
    """Return whether a limit was reached: by one party, or else by whom."""
    if not line.limits:
        return line.note
    before, after = np.broadcast_arrays(sheet.line(line.limits).values, line.values)
    reached = before != after
    if line.values.size == 1 or party in signatories.providers:
        place = 0 if line.values.size == 1 else signatories.providers.index(str(party))
        return "reached" if reached[place] else "not reached"
    who = [
        signatories.name(each)
        for each, is_reached in zip(signatories.providers, reached, strict=True)
        if is_reached
    ]
    return f"reached by {', '.join(who)}" if who else "not reached"


def _summed(sheet: Sheet, needed: Sequence[int]) -> set[int]:
    """Return the lines of which the sum over providers is asked for."""
    found: set[int] = set()
    for number in needed:
        expression = sheet.line(number).expression
        for node in ast.walk(expression.tree) if expression else ():
            match node:
                case ast.Call(func=ast.Name(id="total"), args=[part]):
                    names = (n.id for n in ast.walk(part) if isinstance(n, ast.Name))
                    found |= {int(name[1:]) for name in names if name[1:].isdigit()}
    return found


def _shown(line: Line, providers: Sequence[str], party: str, currency: str) -> str:
    if line.values.size == 1:
        return figure(float(line.values[0]), line.unit, currency)
    if party in providers:
        return figure(float(line.values[providers.index(party)]), line.unit, currency)
    if line.unit == "share":
        return "by provider"
    return f"{figure(float(line.values.sum()), line.unit, currency)} in all"


def figure(value: float, unit: str, currency: str) -> str:
    """Return a figure of a line as text: money, a share or a number."""
    if not math.isfinite(value):
        return "nothing to divide by"
    sign = _MINUS if value < 0 else ""
    size = abs(value)
    if unit == "money":
        exact = round(size, 2) == round(size, 6)
        return f"{sign}{currency}{size:,.2f}" if exact else f"{sign}{currency}{size:,.4f}"
    if unit == "share":
        return f"{sign}{100 * size:,.8g}%"
    if float(size).is_integer():
        return f"{sign}{size:,.0f}"
    return f"{sign}{size:,.10g}"


def _how(node: ast.expr, numbers: Mapping[int, int], depth: int = 0) -> str:
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
            return f"{value:,.12g}" if isinstance(value, int | float) else str(value)
        case ast.Call(func=ast.Name(id="total"), args=[part]):
            return f"sum({_how(part, numbers)})"
        case ast.Call(func=ast.Name(id=name), args=args):
            return f"{name}({', '.join(_how(part, numbers) for part in args)})"
        case ast.IfExp(test=ast.Compare(left=left, ops=[op], comparators=[right])):
            test = f"{inner(left)} {_SIGNS[type(op)]} {inner(right)}"
            text = f"{inner(node.body)} if {test}, else {inner(node.orelse)}"
            return f"({text})" if depth else text
        case ast.Name(id=name):
            return f"[{numbers[int(name[1:])]}]"
    return ast.unparse(node)


def where_from(
    live: LiveContract,
    due: Due,
    figures: Figures,
    place: Callable[[str], str],
    party: str | None = None,
) -> Callable[[str], str]:
    """Return what tells where an input of a window comes from: of one party, or of all."""
    first, last = due.window.first, due.window.last
    assert first is not None
    assert last is not None
    periods = zip(live.names_until(last), live.periods_until(last), strict=True)
    names = [name for name, period in periods if period.first >= first.first]

    def where(name: str) -> str:
        if name in live.agreement.amounts:
            return place(name)
        measure, _, service = name.partition(".")
        told = names[-1:] if measure in live.agreement.levels else names
        sources = [
            known.source
            for period in told
            for fact, known in figures.get(period, {}).items()
            if fact.measure == measure
            and service in ("", fact.service)
            and (party is None or fact.party in ("", party))
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
