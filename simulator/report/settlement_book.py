"""The workbook of a settlement: every line a live formula, down to the same pennies.

One sheet for each window that is settled, laid out as the explanation is: inputs are numbers,
everything else is a formula over cells above. Needs the extra 'report'.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from simulator.contract.layout import lay_out
from simulator.contract.pence import REMAINDER_DIGITS
from simulator.contract.settling import Due, Settlement
from simulator.contract.sheet import Line, Sheet, TermLines
from simulator.contract.statements import Figures
from simulator.report.explanation import where_from
from simulator.report.tabular import Cell
from simulator.report.workbook import Cover, Page, book_of
from simulator.study.live import LiveContract

__all__ = ["settlement_book"]

_HEAD = 3  # rows above the lines of a sheet
_HUGE = "1E+300"  # stands for a number divided by nought, which only a limit can bring back
_KINDS = {"year": "Year", "quarter": "Quarter", "month": "Month", "term": "Term"}


def settlement_book(
    live: LiveContract,
    settlement: Settlement,
    figures: Figures,
    place: Callable[[str], str],
    cover: Cover,
) -> bytes:
    """Return the workbook of a settlement.

    Args:
        live: the contract.
        settlement: through the period.
        figures: that it was made from.
        place: says where an amount stands in the contract's file.
        cover: the first sheet.

    Raises:
        RunError: the library is missing.
    """
    pages = []
    windows = {id(due.window): due for due in settlement.dues}
    for number, first in enumerate(windows.values(), 1):
        sheet = lay_out(live.agreement, first.window, where_from(live, first, figures, place))
        dues = [due for due in settlement.dues if due.window is first.window]
        kind = _KINDS[live.agreement.terms[first.index].assessed]
        pages.append(Page(f"{kind} {number}", partial(_write, _Layout(live, sheet), dues)))
    return book_of(cover, pages)


def _write(layout: _Layout, dues: Sequence[Due], sheet: Any, styles: Mapping[str, Any]) -> None:
    layout.write(_Sheet(sheet, styles), dues)


@dataclass
class _Layout:
    """Where lines stand on a sheet, and the formulas between them."""

    live: LiveContract
    sheet: Sheet

    @property
    def accounts(self) -> tuple[str, ...]:
        """The providers, then the commissioners: the columns after 'all'."""
        signatories = self.live.agreement.signatories
        return (*signatories.providers, *signatories.commissioners)

    def write(self, page: _Sheet, dues: Sequence[Due]) -> None:
        """Write the sheet: its lines, then each term in whole pence."""
        name = self.live.agreement.signatories.name
        page.head(("Line", "What", "All", *(name(each) for each in self.accounts), "Comes from"))
        for line in self.sheet.lines:
            self._write_line(page, line)
        row = _HEAD + len(self.sheet.lines) + 1
        for due in dues:
            end = next(each for each in self.sheet.terms if each.index == due.index)
            row = self._write_due(page, due, end, row)

    def _write_line(self, page: _Sheet, line: Line) -> None:
        row = _HEAD + line.number - 1
        note = line.source + (f" {line.note}" if line.note else "")
        page.text(row, 0, str(line.number))
        page.text(row, 1, line.label)
        page.text(row, 3 + len(self.accounts), note.strip() or "lines above")
        providers = self.live.agreement.signatories.providers
        columns = [2] if line.values.size == 1 and len(providers) != 1 else []
        if not columns:
            columns = [3 + index for index in range(len(providers))]
        if line.values.size == 1:
            columns = [2]
        for column, value in zip(columns, line.values, strict=True):
            if line.expression is None:
                page.number(row, column, float(value), line.unit)
                continue
            formula = self._formula(line.expression.tree, column)
            if line.or_nought:
                formula = f"IFERROR({formula},0)"
            page.formula(row, column, formula, float(value), line.unit)

    def _cell(self, name: str, column: int) -> str:
        line = self.sheet.line(int(name[1:]))
        there = 2 if line.values.size == 1 else column
        return _address(_HEAD + line.number - 1, there)

    def _formula(self, node: ast.expr, column: int) -> str:
        """Return the formula of an expression in a column."""

        def inner(part: ast.expr) -> str:
            return self._formula(part, column)

        match node:
            case ast.BinOp(left=left, op=ast.Div(), right=right):
                above, below = inner(left), inner(right)
                if isinstance(right, ast.Constant):
                    return f"({above}/{below})"
                nothing = f"IF({above}=0,NA(),SIGN({above})*{_HUGE})"
                return f"IF({below}=0,{nothing},{above}/{below})"
            case ast.BinOp(left=left, op=op, right=right):
                sign = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*"}[type(op)]
                return f"({inner(left)}{sign}{inner(right)})"
            case ast.UnaryOp(operand=operand):
                return f"(-{inner(operand)})"
            case ast.Constant(value=value):
                return repr(float(value))  # type: ignore[arg-type]
            case ast.Call(func=ast.Name(id="total"), args=[part]):
                return self._total(part)
            case ast.Call(func=ast.Name(id=name), args=args):
                return f"{name.upper()}({','.join(inner(part) for part in args)})"
            case ast.IfExp(test=ast.Compare(left=left, ops=[op], comparators=[right])):
                sign = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">="}[type(op)]
                test = f"IFERROR({inner(left)}{sign}{inner(right)},FALSE)"
                return f"IF({test},{inner(node.body)},{inner(node.orelse)})"
            case ast.Name(id=name):
                return self._cell(name, column)
        raise AssertionError(ast.dump(node))

    def _total(self, part: ast.expr) -> str:
        """Return the sum of an expression over providers; of one that is one for all, itself."""
        names = [node.id for node in ast.walk(part) if isinstance(node, ast.Name)]
        sizes = {self.sheet.line(int(n[1:])).values.size for n in names if n[1:].isdigit()}
        providers = len(self.live.agreement.signatories.providers)
        if providers == 1 or sizes <= {1}:
            return self._formula(part, 2 if sizes <= {1} else 3)
        if isinstance(part, ast.Name):
            first, last = self._cell(part.id, 3), self._cell(part.id, 2 + providers)
            return f"SUM({first}:{last})"
        return "(" + "+".join(self._formula(part, 3 + index) for index in range(providers)) + ")"

    # -- whole pence -----------------------------------------------------------------------------

    def _write_due(self, page: _Sheet, due: Due, end: TermLines, row: int) -> int:
        """Write the rows of a term in pounds and whole pence; return the next free row."""
        term = self.live.agreement.terms[due.index]
        page.text(row, 1, f"{term.name}: settled", bold=True)
        row += 1
        pooled = term.is_pooled(self.live.agreement.pooled)
        pence = self._write_pence(page, due, end, row, pooled)
        closed, before = pence + 1, pence + 2
        rows = (
            (closed, "Earlier windows of this term", due.closed),
            (before, "Paid on account until now", due.on_account),
            (before + 1, "Settled before", due.settled),
        )
        for here, label, amounts in rows:
            page.text(here, 1, label)
            for column, amount in self._by_column(amounts):
                page.number(here, column, amount / 100, "money")
        last = before + 2
        page.text(last, 1, f"{term.name}: due now", bold=True)
        page.text(last + 1, 1, "Agrees with the settlement")
        for column, amount in self._by_column(due.due):
            cells = [_address(each, column) for each in (pence, closed, before, before + 1)]
            formula = f"ROUND({cells[0]}+{cells[1]}-{cells[2]}-{cells[3]},2)"
            page.formula(last, column, formula, amount / 100, "money")
            check = f'IF(ABS({_address(last, column)}-({amount / 100!r}))<0.005,"yes","no")'
            page.formula(last + 1, column, check, "yes", "text")
        return last + 3

    def _by_column(self, amounts: Sequence[int]) -> list[tuple[int, int]]:
        accounts = self.live.agreement.signatories.accounts
        return [(3 + i, amounts[accounts.index(each)]) for i, each in enumerate(self.accounts)]

    def _write_pence(self, page: _Sheet, due: Due, end: TermLines, row: int, pooled: bool) -> int:
        """Write what a term comes to in this window; return the row of whole pence."""
        signatories = self.live.agreement.signatories
        count, payers = len(signatories.providers), len(signatories.commissioners)
        so_far = dict(self._by_column(due.so_far))
        pounds = row
        line = self.sheet.line(end.receipts)
        weights = self._weights(due, end)
        page.text(pounds, 1, "In pounds")
        for index in range(count):
            there = 2 if line.values.size == 1 else 3 + index
            cell = _address(_HEAD + line.number - 1, there)
            if not end.has_providers:
                cell = "0"
            size = line.values[0 if line.values.size == 1 else index]
            value = float(size) if end.has_providers else 0.0
            page.formula(pounds, 3 + index, cell, value, "number")
        every = f"SUM({_address(pounds, 3)}:{_address(pounds, 2 + count)})"
        if not end.has_providers:
            every = _address(_HEAD + line.number - 1, 2)
        for index in range(payers):
            value = float(due.window.entitle(self.live.agreement)[due.index][index])
            formula = f"{every}*({weights[index]!r})"
            page.formula(pounds, 3 + count + index, formula, value, "number")
        result = pounds + (4 if pooled or payers > 1 else 1)
        page.text(result, 1, "In whole pence")
        groups = []
        if pooled and end.has_providers:
            groups.append((3, count, _rounded(every)))
        else:
            for column in range(3, 3 + count):
                formula = f"{_rounded(_address(pounds, column))}/100"
                page.formula(result, column, formula, so_far[column] / 100, "money")
        moved = due.window.entitle(self.live.agreement)[due.index]
        if moved[:payers].any():
            received = f"SUM({_address(result, 3)}:{_address(result, 2 + count)})"
            if payers > 1:
                groups.append((3 + count, payers, f"ROUND(-{received}*100,0)"))
            else:
                column = 3 + count
                page.formula(result, column, f"-{received}", so_far[column] / 100, "money")
        else:
            for column in range(3 + count, 3 + count + payers):
                page.number(result, column, so_far[column] / 100, "money")
        for first, size, total in groups:
            part = moved[signatories.provider_slice] if first == 3 else moved[:payers]
            values = [float(value) for value in part]
            self._apportion(page, pounds, result, first, size, total, so_far, values)
        return result

    def _apportion(
        self,
        page: _Sheet,
        pounds: int,
        result: int,
        first: int,
        size: int,
        total: str,
        so_far: Mapping[int, int],
        values: Sequence[float],
    ) -> None:
        """Write the largest remainders: whole pence, what is lost, rank, and the result."""
        floor, lost, rank = pounds + 1, pounds + 2, pounds + 3
        exact = [round(value * 100, REMAINDER_DIGITS) for value in values]
        whole_now = [math.floor(value) for value in exact]
        lost_now = [
            round(value - whole, REMAINDER_DIGITS)
            for value, whole in zip(exact, whole_now, strict=True)
        ]
        for row, label in ((floor, "Whole pence"), (lost, "Lost by it"), (rank, "Order")):
            page.text(row, 1, label)
        last = first + size - 1
        floors = f"SUM({_address(floor, first, True)}:{_address(floor, last, True)})"
        left = f"ROUND({total}-{floors},0)"
        for index, column in enumerate(range(first, last + 1)):
            now = lost_now[index]
            order = sum(each > now for each in lost_now) + lost_now[:index].count(now)
            pence = f"ROUND({_address(pounds, column)}*100,{REMAINDER_DIGITS})"
            here = _address(lost, column)
            range_ = f"{_address(lost, first, True)}:{_address(lost, last, True)}"
            page.formula(floor, column, f"INT({pence})", float(whole_now[index]), "number")
            whole = _address(floor, column)
            page.formula(lost, column, f"ROUND({pence}-{whole},{REMAINDER_DIGITS})", now, "number")
            before = "0"
            if column > first:
                earlier = f"{_address(lost, first, True)}:{_address(lost, column - 1, True)}"
                before = f"SUMPRODUCT(({earlier}={here})*1)"
            formula = f"SUMPRODUCT(({range_}>{here})*1)+{before}"
            page.formula(rank, column, formula, float(order), "number")
            more = f"IF({_address(rank, column)}<MOD({left},{size}),1,0)"
            formula = f"({whole}+INT({left}/{size})+{more})/100"
            page.formula(result, column, formula, so_far[column] / 100, "money")

    def _weights(self, due: Due, end: TermLines) -> list[float]:
        """Return what each commissioner receives of a pound that the providers receive."""
        agreement = self.live.agreement
        term, signatories = agreement.terms[due.index], agreement.signatories
        received, paid = term.sides(np.ones(len(signatories.providers)), signatories)
        moved = received - paid
        payers = len(signatories.commissioners)
        every = (
            moved[signatories.provider_slice].sum() if end.has_providers else moved[:payers].max()
        )
        if not every:
            return [0.0] * payers
        return [float(weight) for weight in moved[:payers] / every]


def _rounded(cell: str) -> str:
    """Return whole pence of pounds, half a penny away from nought."""
    return f"SIGN({cell})*INT(ABS({cell})*100+0.5+0.000001)"


def _address(row: int, column: int, fixed: bool = False) -> str:
    letters = ""
    number = column + 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return f"${letters}${row + 1}" if fixed else f"{letters}{row + 1}"


class _Sheet:
    """One worksheet being written."""

    def __init__(self, sheet: Any, styles: Mapping[str, Any]) -> None:
        self.sheet, self.styles = sheet, styles

    def head(self, names: Sequence[str]) -> None:
        """Write the header and set the widths."""
        self.sheet.set_column(0, 0, 6)
        self.sheet.set_column(1, 1, 48)
        self.sheet.set_column(2, len(names) - 2, 16)
        self.sheet.set_column(len(names) - 1, len(names) - 1, 40)
        for column, name in enumerate(names):
            self.sheet.write_string(_HEAD - 1, column, name, self.styles["bold"])
        self.sheet.freeze_panes(_HEAD, 2)

    def text(self, row: int, column: int, text: str, bold: bool = False) -> None:
        """Write a text."""
        self.sheet.write_string(row, column, text, self.styles["bold" if bold else "text"])

    def number(self, row: int, column: int, value: float, unit: str) -> None:
        """Write a number."""
        self.sheet.write_number(row, column, value, self.styles[unit])

    def formula(self, row: int, column: int, formula: str, value: Cell, unit: str) -> None:
        """Write a formula with the value it has."""
        self.sheet.write_formula(row, column, f"={formula}", self.styles[unit], value)
