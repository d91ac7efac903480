"""The workbook of a settlement: who pays whom, what for, and every line behind it as a formula.

First the payments, then a sheet for each window that is settled or corrected. Needs the extra
'report'.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from simulator.contract.live.layout import lay_out
from simulator.contract.live.ledger import Entry, balances, netted
from simulator.contract.live.moves import Move, moves_of
from simulator.contract.live.period_names import day_in_words
from simulator.contract.live.settling import Settlement
from simulator.contract.live.statements import Changed, Figures
from simulator.report.cells import HEAD, CellSheet, address, style_of
from simulator.report.explanation import where_from, window_words
from simulator.report.settlement_lines import LinesSheet
from simulator.report.workbook import Cover, Page, book_of
from simulator.study.live import LiveContract

__all__ = ["settlement_book"]

_KINDS = {"year": "Year", "quarter": "Quarter", "month": "Month", "term": "Term"}
_PARTIES = 4  # the column of the first party on the page of payments


def settlement_book(
    live: LiveContract,
    settlement: Settlement,
    entries: Sequence[Entry],
    settled_until: datetime.date,
    figures: Figures,
    changed: Sequence[Changed],
    place: Callable[[str], str],
    cover: Cover,
    settled_on: datetime.date,
) -> bytes:
    """Return the workbook of a settlement.

    Args:
        live: the contract.
        settlement: by the figures as known.
        entries: what it adds to the ledger.
        settled_until: the last day that earlier settlements cover.
        figures: that it was made from.
        changed: those of them that earlier settlements took for something else.
        place: says where an amount stands in the contract's file.
        cover: the first sheet.
        settled_on: the day; what was due before is said to be so.

    Raises:
        RunError: the library is missing.
    """
    moves, beside = moves_of(settlement, entries, settled_until, live.agreement)
    groups: dict[int, list[Move]] = {}
    for move in moves:
        groups.setdefault(id(move.due.window), []).append(move)
    paid: dict[int, tuple[str, int]] = {}  # where the sheets say what each move pays
    pages: list[Page] = []
    for group in groups.values():
        due = group[0].due
        lines = lay_out(live.agreement, due.window, where_from(live, due, figures, place))
        kind = _KINDS[live.agreement.terms[due.index].assessed]
        name = _free(f"{kind} to {due.period}", [page.name for page in pages])
        title = f"{window_words(due)}, settled for {due.period}"
        sheet = LinesSheet(live.agreement, lines.only([each.due.index for each in group]), title)
        pages.append(Page(name, _write_lines(sheet, group, name, paid)))
    first = _Payments(live, entries, moves, beside, changed, settled_on, paid)
    # the sheets are written before the page that points to them
    return book_of(cover, [Page("Payments", first.write), *pages], last=1)


def _free(name: str, taken: Sequence[str]) -> str:
    """Return a name of a sheet that no other has."""
    number, free = 1, name
    while free in taken:
        number += 1
        free = f"{name} ({number})"
    return free


def _write_lines(
    lines: LinesSheet, group: Sequence[Move], name: str, paid: dict[int, tuple[str, int]]
) -> Callable[[Any, Mapping[str, Any]], None]:
    def write(sheet: Any, styles: Mapping[str, Any]) -> None:
        rows = lines.write(CellSheet(sheet, styles), group)
        paid.update({id(move): (name, row) for move, row in zip(group, rows, strict=True)})

    return write


@dataclass
class _Payments:
    """The page of who pays whom, what for, and which figures have changed."""

    live: LiveContract
    entries: Sequence[Entry]
    moves: Sequence[Move]
    beside: Sequence[Entry]
    changed: Sequence[Changed]
    settled_on: datetime.date
    paid: Mapping[int, tuple[str, int]]

    def write(self, sheet: Any, styles: Mapping[str, Any]) -> None:
        """Write the page."""
        page = CellSheet(sheet, styles)
        parties, names = self._parties()
        head = ("From", "To", "Pay by", f"Amount, {self.live.signed.currency}", "What")
        page.head("Payments due", head, (34, 24, 24, 16, 16))
        sheet.set_column(_PARTIES, _PARTIES + len(parties) - 1, 16)
        row = HEAD
        for each in netted(self.entries):
            page.text(row, 0, names[each.payer])
            page.text(row, 1, names[each.payee])
            due = "was due " if each.day < self.settled_on else ""
            page.text(row, 2, due + day_in_words(each.day))
            page.number(row, 3, each.pence / 100, "money")
            page.text(row, 4, "correction" if each.corrects else "settlement")
            row += 1
        if row == HEAD:
            page.text(row, 0, "Nothing is due.")
            row += 1
        row = self._write_terms(page, row, parties, names)
        self._write_changed(page, row + 1)

    def _parties(self) -> tuple[tuple[str, ...], dict[str, str]]:
        """Return the parties, as the other sheets order them, and names that differ."""
        signatories = self.live.agreement.signatories
        parties = (*signatories.providers, *signatories.commissioners)
        names = {party: signatories.name(party) for party in parties}
        written = [name.casefold() for name in names.values()]  # as a spreadsheet compares them
        several = {name for name in written if written.count(name) > 1}
        return parties, {
            party: f"{name} ({party})" if name.casefold() in several else name
            for party, name in names.items()
        }

    def _write_terms(
        self, page: CellSheet, row: int, parties: Sequence[str], names: Mapping[str, str]
    ) -> int:
        """Write what each term pays whom, with checks; return the next free row."""
        accounts = self.live.agreement.signatories.accounts
        payments = HEAD, row - 1
        row += 1
        page.text(row, 0, "What for", "heading")
        row += 1
        labels = ("Term", "Clause", "Period", "What", *(names[each] for each in parties))
        for column, label in enumerate(labels):
            page.text(row, column, label, "bold")
        first = row = row + 1
        for move in self.moves:
            term = self.live.agreement.terms[move.due.index]
            what = "correction" if move.corrects else "due now"
            self._write_texts(page, row, (term.name, term.clause, move.due.period, what))
            name, there = self.paid[id(move)]
            for column, party in enumerate(parties):
                value = move.paid[accounts.index(party)] / 100
                cell = f"'{name}'!{address(there, 3 + column)}"
                page.formula(row, _PARTIES + column, cell, value, "money")
            row += 1
        row = self._write_entries(page, row, parties, is_on_account=False)
        now = [entry for entry in self.entries if entry.kind != "on account"]
        self._write_texts(page, row, ("Due now",), "bold")
        self._write_texts(page, row + 1, ("Agrees with the payments above",))
        net = balances(now)
        for column, party in enumerate(parties, _PARTIES):
            value = net.get(party, 0) / 100
            due = "0"
            if row > first:
                due = f"ROUND(SUM({address(first, column)}:{address(row - 1, column)}),2)"
            page.formula(row, column, due, value, "money")
            check = f"IF(ABS({address(row, column)}-({self._of(party, names, payments)}))<0.005"
            page.formula(row + 1, column, f'{check},"yes","no")', "yes", "text")
        row += 2
        due_row, first = row - 2, row
        row = self._write_entries(page, row, parties, is_on_account=True)
        self._write_texts(page, row, ("In all, with payments on account",), "bold")
        self._write_texts(page, row + 1, ("Agrees with what the settlement enters",))
        net = balances(self.entries)
        for column, party in enumerate(parties, _PARTIES):
            value = net.get(party, 0) / 100
            total = address(due_row, column)
            if row > first:
                total += f"+SUM({address(first, column)}:{address(row - 1, column)})"
            page.formula(row, column, f"ROUND({total},2)", value, "money")
            check = f'IF(ABS({address(row, column)}-({value!r}))<0.005,"yes","no")'
            page.formula(row + 1, column, check, "yes", "text")
        return row + 2

    def _of(self, party: str, names: Mapping[str, str], payments: tuple[int, int]) -> str:
        """Return the formula of what a party receives by the payments at the top of the page."""
        first, last = payments
        amounts = f"{address(first, 3, True)}:{address(last, 3, True)}"
        parts = []
        for column in (1, 0):
            cells = f"{address(first, column, True)}:{address(last, column, True)}"
            name = names[party].replace('"', '""')
            parts.append(f'SUMPRODUCT(({cells}="{name}")*{amounts})')
        return " - ".join(parts)

    def _write_entries(
        self, page: CellSheet, row: int, parties: Sequence[str], is_on_account: bool
    ) -> int:
        """Write payments that no sheet works out, by term and period; return the next row."""
        groups: dict[tuple[str, str, str], list[Entry]] = {}
        for entry in self.beside:
            if (entry.kind == "on account") == is_on_account:
                key = entry.term, entry.clause, entry.period
                groups.setdefault(key, []).append(entry)
        for key, found in groups.items():
            what = "on account" if is_on_account else "correction"
            self._write_texts(page, row, (*key, what))
            net = balances(found)
            for column, party in enumerate(parties, _PARTIES):
                page.number(row, column, net.get(party, 0) / 100, "money")
            row += 1
        return row

    def _write_changed(self, page: CellSheet, row: int) -> None:
        """Write the figures that earlier settlements took for something else."""
        if not self.changed:
            return
        page.text(row, 0, "Figures that have changed", "heading")
        labels = ("Figure", "Of", "Period", "Settled on", "Now", "Comes from")
        self._write_texts(page, row + 1, labels, "bold")
        name = self.live.agreement.signatories.name
        for place, each in enumerate(self.changed, row + 2):
            fact = each.fact
            of = ", ".join(part for part in (fact.party and name(fact.party), fact.service) if part)
            self._write_texts(page, place, (fact.measure.replace("_", " "), of, each.period))
            values = each.before.value, each.now.value
            for column, value in enumerate(values, 3):
                page.number(place, column, value, style_of("number", values))
            page.text(place, 5, each.now.source)

    @staticmethod
    def _write_texts(page: CellSheet, row: int, texts: Sequence[str], style: str = "text") -> None:
        for column, text in enumerate(texts):
            page.text(row, column, text, style)
