"""The sheet of a window in a settlement's workbook: every line a live formula, to the penny.

Laid out as the explanation is: inputs are numbers, everything else is a formula over cells above.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from simulator.contract.agreement import Agreement
from simulator.contract.live.moves import Move
from simulator.contract.live.pence import NOISE, REMAINDER_DIGITS, share_out
from simulator.contract.live.settling import Due, is_divided
from simulator.contract.live.sheet import Line, Sheet, TermLines
from simulator.contract.term import Term
from simulator.report.cells import HEAD, INFINITE, CellSheet, address, style_of
from simulator.report.explanation import CLOSED, DUE_EARLIER, ON_ACCOUNT, limit_note

__all__ = ["LinesSheet"]


@dataclass
class LinesSheet:
    """Where lines stand on a sheet, and the formulas between them.

    Attributes:
        agreement: what was signed.
        sheet: the lines of the terms that are settled on it.
        title: what is worked out, and when.
    """

    agreement: Agreement
    sheet: Sheet
    title: str
    _pence_rows: dict[int, int] = field(default_factory=dict)
    """Where the whole pence of each line stand that says what a term pays."""

    @property
    def accounts(self) -> tuple[str, ...]:
        """The providers, then the commissioners: the columns after 'all'."""
        signatories = self.agreement.signatories
        return (*signatories.providers, *signatories.commissioners)

    def write(self, page: CellSheet, moves: Sequence[Move]) -> list[int]:
        """Write the lines, then each term in whole pence; return the row of each one's payment."""
        names = [self.agreement.signatories.name(each) for each in self.accounts]
        head = ("Line", "What", "All", *names, "Comes from")
        page.head(self.title, head, (6, 48, *[16] * (len(names) + 1), 40))
        for line in self.sheet.lines:
            self._write_line(page, line)
        row = HEAD + len(self.sheet.lines) + 1
        paid = []
        for move in moves:
            end = next(each for each in self.sheet.terms if each.index == move.due.index)
            row = self._write_move(page, move, end, row)
            paid.append(row - 3)
        return paid

    def _write_line(self, page: CellSheet, line: Line) -> None:
        row = HEAD + line.number - 1
        note = " ".join((line.source, limit_note(line, self.sheet, self.agreement.signatories)))
        page.text(row, 0, str(line.number))
        page.text(row, 1, line.label)
        follows = "lines above" if line.expression else ""
        page.text(row, 3 + len(self.accounts), note.strip() or line.said or follows)
        providers = self.agreement.signatories.providers
        columns = [2] if line.values.size == 1 else [3 + i for i in range(len(providers))]
        style = style_of(line.unit, list(line.values))
        for column, value in zip(columns, line.values, strict=True):
            if line.expression is None:
                page.number(row, column, float(value), style)
                continue
            formula = self._formula(line.expression.tree, column)
            if line.or_nought:
                formula = f"IFERROR({formula},0)"
            page.formula(row, column, formula, float(value), style)

    def _cell(self, name: str, column: int) -> str:
        line = self.sheet.line(int(name[1:]))
        there = 2 if line.values.size == 1 else column
        return address(HEAD + line.number - 1, there)

    def _formula(self, node: ast.expr, column: int) -> str:
        """Return the formula of an expression in a column."""

        def inner(part: ast.expr) -> str:
            return self._formula(part, column)

        match node:
            case ast.BinOp(left=left, op=ast.Div(), right=right):
                above, below = inner(left), inner(right)
                if isinstance(right, ast.Constant):
                    return f"({above}/{below})"
                nothing = f"IF({above}=0,NA(),SIGN({above})*{INFINITE:G})"
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
        providers = len(self.agreement.signatories.providers)
        if providers == 1 or sizes <= {1}:
            return self._formula(part, 2 if sizes <= {1} else 3)
        if isinstance(part, ast.Name):
            first, last = self._cell(part.id, 3), self._cell(part.id, 2 + providers)
            return f"SUM({first}:{last})"
        return "(" + "+".join(self._formula(part, 3 + index) for index in range(providers)) + ")"

    # -- whole pence -----------------------------------------------------------------------------

    def _write_move(self, page: CellSheet, move: Move, end: TermLines, row: int) -> int:
        """Write the rows of a term in pounds and whole pence; return the next free row."""
        term, due = self.agreement.terms[move.due.index], move.due
        page.text(row, 1, f"{term.name}: settled", "bold")
        row += 1
        divided = is_divided(term, term.is_pooled(self.agreement.pooled))
        pence = self._write_pence(page, due, end, row, divided)
        self._pence_rows[end.receipts] = pence
        taken = [(CLOSED, due.closed), (ON_ACCOUNT, due.on_account), (DUE_EARLIER, due.settled)]
        signs = ["+", "-", "-"]
        if move.corrects:
            taken.append((f"Entered for {due.period} before", move.entered))
            signs.append("-")
        for here, (label, amounts) in enumerate(taken, pence + 1):
            page.text(here, 1, label)
            for column, amount in self._by_column(amounts):
                page.number(here, column, amount / 100, "money")
        last = pence + 1 + len(taken)
        what = "correction due now" if move.corrects else "due now"
        page.text(last, 1, f"{term.name}: {what}", "bold")
        page.text(last + 1, 1, "Agrees with the settlement")
        for column, amount in self._by_column(move.paid):
            parts = "".join(
                f"{sign}{address(here, column)}" for here, sign in enumerate(signs, pence + 1)
            )
            formula = f"ROUND({address(pence, column)}{parts},2)"
            page.formula(last, column, formula, amount / 100, "money")
            check = f'IF(ABS({address(last, column)}-({amount / 100!r}))<0.005,"yes","no")'
            page.formula(last + 1, column, check, "yes", "text")
        return last + 3

    def _by_column(self, amounts: Sequence[int]) -> list[tuple[int, int]]:
        accounts = self.agreement.signatories.accounts
        return [(3 + i, amounts[accounts.index(each)]) for i, each in enumerate(self.accounts)]

    def _write_pence(
        self, page: CellSheet, due: Due, end: TermLines, row: int, divided: bool
    ) -> int:
        """Write what a term comes to in this window; return the row of whole pence."""
        signatories = self.agreement.signatories
        term = self.agreement.terms[due.index]
        count = len(signatories.providers)
        so_far = dict(self._by_column(due.so_far))
        line = self.sheet.line(end.receipts)
        if not end.has_providers:
            page.text(row, 1, "In whole pence")
            for column, pence in so_far.items():
                page.number(row, column, pence / 100, "money")
            return row
        page.text(row, 1, "In pounds")
        values = np.broadcast_to(line.values, (count,)).tolist()
        for index, value in enumerate(values):
            page.formula(row, 3 + index, self._line_cell(line, index), value, "number")
        others = [each for each in (term.payer, term.payee) if each in signatories.providers]
        is_among = "providers" in (term.payer, term.payee) and bool(others)
        if end.replaced and is_among:  # a provider on the other side: its pence are what is left
            return self._write_numbers(page, term, row + 1, so_far)
        if end.replaced:  # rounded together with what it stands instead of
            row += 1
            page.text(row, 1, "In pounds, with what it replaces")
            replaced = [self.sheet.line(number) for number in end.replaced]
            for index in range(count):
                cells = [self._line_cell(each, index) for each in replaced]
                parts = [np.broadcast_to(each.values, (count,))[index] for each in replaced]
                values[index] += sum(float(each) for each in parts)
                formula = "+".join([address(row - 1, 3 + index), *cells])
                page.formula(row, 3 + index, formula, values[index], "number")
        taken_back = dict(self._by_column(due.replaced))
        whole = {column: pence + taken_back[column] for column, pence in so_far.items()}
        result = row + (4 if divided else 1)
        if divided and not is_among:
            every = _rounded(f"SUM({address(row, 3)}:{address(row, 2 + count)})")
            self._apportion(page, row, result, 3, every, whole, values)
        for index in range(count):
            column, pence = 3 + index, whole[3 + index]
            if is_among and signatories.providers[index] in others:
                rest = [address(result, 3 + each) for each in range(count) if each != index]
                page.formula(result, column, f"-({'+'.join(rest)})", pence / 100, "money")
            elif is_among and divided:
                page.number(result, column, pence / 100, "money")
            elif not divided:
                formula = f"{_rounded(address(row, column))}/100"
                page.formula(result, column, formula, pence / 100, "money")
        page.text(result, 1, "In whole pence")
        if end.replaced:
            result = self._take_back(page, end, taken_back, so_far, result)
        return self._write_commissioners(page, term, result, so_far)

    def _line_cell(self, line: Line, provider: int) -> str:
        """Return the cell of a line that holds a provider's figure, or the one for all."""
        return address(HEAD + line.number - 1, 2 if line.values.size == 1 else 3 + provider)

    def _write_numbers(
        self, page: CellSheet, term: Term, row: int, so_far: Mapping[int, int]
    ) -> int:
        page.text(row, 1, "In whole pence")
        for index in range(len(self.agreement.signatories.providers)):
            page.number(row, 3 + index, so_far[3 + index] / 100, "money")
        return self._write_commissioners(page, term, row, so_far)

    def _take_back(
        self,
        page: CellSheet,
        end: TermLines,
        taken_back: Mapping[int, int],
        so_far: Mapping[int, int],
        result: int,
    ) -> int:
        """Write what a term replaces, in whole pence, and what is left; return its row."""
        page.text(result + 1, 1, "What it replaces, in whole pence")
        page.text(result + 2, 1, "In whole pence, less what it replaces")
        rows = [self._pence_rows.get(number) for number in end.replaced]
        for index in range(len(self.agreement.signatories.providers)):
            column = 3 + index
            cells = "+".join(address(each, column) for each in rows if each is not None)
            value = taken_back[column] / 100
            if None in rows or not cells:  # settled on another sheet
                page.number(result + 1, column, value, "money")
            else:
                page.formula(result + 1, column, cells, value, "money")
            left = f"ROUND({address(result, column)}-{address(result + 1, column)},2)"
            page.formula(result + 2, column, left, so_far[column] / 100, "money")
        return result + 2

    def _write_commissioners(
        self, page: CellSheet, term: Term, result: int, so_far: Mapping[int, int]
    ) -> int:
        """Write what the commissioners pay in whole pence; return the row of all parties."""
        signatories = self.agreement.signatories
        count, payers = len(signatories.providers), len(signatories.commissioners)
        first = 3 + count
        sides = {term.payer, term.payee}
        funded = [
            "commissioners" in sides and signatories.funding[party] > 0
            for party in signatories.commissioners
        ]
        if sum(funded) < 2:
            for index, party in enumerate(signatories.commissioners):
                pays = party in sides or funded[index]
                received = f"-SUM({address(result, 3)}:{address(result, 2 + count)})"
                formula = received if pays else "0"
                page.formula(result, first + index, formula, so_far[first + index] / 100, "money")
            return result
        if not all(funded):  # one who pays no part of it would break the order
            for index in range(payers):
                page.number(result, first + index, so_far[first + index] / 100, "money")
            return result
        shares = [signatories.funding[party] for party in signatories.commissioners]
        # what passes from the payer to the payee is divided, so that both ways come out alike
        pays = term.payer == "providers" or term.payer in signatories.providers
        sign = -1 if pays else 1
        rows = share_out([sign * so_far[3 + index] for index in range(count)], shares)
        row = result + 1
        blocks: list[int] = []
        lost = [0.0] * payers
        for provider, party in enumerate(signatories.providers):
            pence = sign * so_far[3 + provider]
            cell = f"({'-' if pays else ''}{address(result, 3 + provider)})"
            page.text(row, 1, f"Of {signatories.name(party)}, divided")
            pounds = [pence / 100 * share for share in shares]
            for index, share in enumerate(shares):
                formula = f"{cell}*{share!r}"
                page.formula(row, first + index, formula, pounds[index], "number")
            shown = {first + index: part for index, part in enumerate(rows[provider])}
            before = blocks[-1] if blocks else None
            total = f"ROUND({cell}*100,0)"
            self._apportion(page, row, row + 4, first, total, shown, pounds, before, lost)
            lost = [
                round(
                    each + round(value * 100, REMAINDER_DIGITS) - shown[first + index],
                    REMAINDER_DIGITS,
                )
                for index, (each, value) in enumerate(zip(lost, pounds, strict=True))
            ]
            blocks.append(row + 4)
            row += 5
        for index in range(payers):
            cells = "+".join(address(block, first + index) for block in blocks)
            formula = cells if pays else f"-({cells})"
            page.formula(result, first + index, formula, so_far[first + index] / 100, "money")
        page.text(row, 1, "In whole pence, all parties")
        for column, pence in so_far.items():
            page.formula(row, column, address(result, column), pence / 100, "money")
        return row

    def _apportion(
        self,
        page: CellSheet,
        pounds: int,
        result: int,
        first: int,
        total: str,
        so_far: Mapping[int, int],
        values: Sequence[float],
        before: int | None = None,
        lost_before: Sequence[float] = (),
    ) -> None:
        """Write the largest remainders: whole pence, what is lost, rank, and the result.

        ``before`` is the row of the result of an amount divided before, whose loss goes on.
        """
        floor, lost, rank = pounds + 1, pounds + 2, pounds + 3
        exact = [round(value * 100, REMAINDER_DIGITS) for value in values]
        whole_now = [math.floor(value) for value in exact]
        lost_now = [
            round(value - whole + carried, REMAINDER_DIGITS)
            for value, whole, carried in zip(
                exact, whole_now, lost_before or [0.0] * len(values), strict=True
            )
        ]
        for row, label in ((floor, "Whole pence"), (lost, "Lost by it"), (rank, "Order")):
            page.text(row, 1, label)
        page.group(floor, lost, rank)
        size = len(values)
        last = first + size - 1
        floors = f"SUM({address(floor, first, True)}:{address(floor, last, True)})"
        left = f"ROUND({total}-{floors},0)"
        for index, column in enumerate(range(first, last + 1)):
            now = lost_now[index]
            order = sum(each > now for each in lost_now) + lost_now[:index].count(now)
            pence = f"ROUND({address(pounds, column)}*100,{REMAINDER_DIGITS})"
            here = address(lost, column)
            range_ = f"{address(lost, first, True)}:{address(lost, last, True)}"
            page.formula(floor, column, f"INT({pence})", float(whole_now[index]), "count")
            whole = address(floor, column)
            carried = ""
            if before is not None:
                floor_before, lost_there = before - 3, before - 2
                carried = f"+{address(lost_there, column)}-({address(before, column)}*100"
                carried += f"-{address(floor_before, column)})"
            formula = f"ROUND({pence}-{whole}{carried},{REMAINDER_DIGITS})"
            page.formula(lost, column, formula, now, "number")
            ties = "0"
            if column > first:
                earlier = f"{address(lost, first, True)}:{address(lost, column - 1, True)}"
                ties = f"SUMPRODUCT(({earlier}={here})*1)"
            formula = f"SUMPRODUCT(({range_}>{here})*1)+{ties}"
            page.formula(rank, column, formula, float(order), "count")
            more = f"IF({address(rank, column)}<MOD({left},{size}),1,0)"
            formula = f"({whole}+INT({left}/{size})+{more})/100"
            page.formula(result, column, formula, so_far[column] / 100, "money")


def _rounded(cell: str) -> str:
    """Return whole pence of pounds, half a penny away from nought."""
    return f"SIGN({cell})*INT(ABS({cell})*100+0.5+{NOISE:f})"
