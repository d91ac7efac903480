"""A settlement as text: what each party receives, why, and who pays whom by when."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from typing import Any

from simulator.contract.live.ledger import Entry, balances
from simulator.contract.live.period_names import period_dates
from simulator.contract.periods import Month
from simulator.report.explanation import Explanation
from simulator.report.pounds import in_pounds
from simulator.report.tables import paragraph, table
from simulator.report.words import MADE_UP
from simulator.study.live import LiveContract
from simulator.study.settlements import Record

__all__ = [
    "entries_document",
    "explanation_document",
    "explanation_text",
    "settlement_document",
    "settlement_text",
]

_STATUS = {
    "draft": "Draft: some figures are provisional or it was asked for as a draft.",
    "prepared": "Prepared, not approved yet.",
    "locked": "Locked.",
    "shown": "Not kept: add --prepared-by NAME to keep it for approval.",
}


def _title(live: LiveContract, record: Record, period: Month) -> Iterator[str]:
    title = live.signed.title_of(live.key)
    heading = f"{title}: settlement of {record.period}, version {record.version}"
    yield heading
    yield "=" * len(heading)
    yield f"{live.signed.title}. {period_dates(period)}."
    if live.signed.illustrative:
        yield MADE_UP


def settlement_text(live: LiveContract, record: Record, period: Month) -> str:
    """Return a settlement as text."""
    lines = [*_title(live, record, period)]
    status = _STATUS[record.status]
    if record.status == "prepared":
        status = f"Prepared by {record.prepared_by} on {record.prepared_on}, not approved yet."
        if record.approved_by:
            status = (
                f"Prepared by {record.prepared_by} on {record.prepared_on}, approved by "
                f"{record.approved_by} on {record.approved_on}, not locked yet: add --lock."
            )
    if record.status == "locked":
        status = (
            f"Prepared by {record.prepared_by} on {record.prepared_on}, approved by "
            f"{record.approved_by} on {record.approved_on}, locked as number {record.number}."
        )
    lines.append(paragraph(status))
    if record.provisional:
        lines.append(f"{record.provisional} of its figures are provisional.")
    if record.why:
        lines.append(paragraph(f"Why: {record.why}"))
    lines += ["", *_by_term(live, record.entries), ""]
    lines += _payments(live, record)
    return "\n".join(lines)


def _by_term(live: LiveContract, entries: Sequence[Entry]) -> Iterator[str]:
    currency = live.signed.currency
    parties = _parties(live)
    kinds = {"on account": "paid on account", "settlement": "due now", "true-up": "corrections"}
    groups: dict[tuple[str, str], list[Entry]] = {}
    for term in dict.fromkeys(entry.term for entry in entries):
        for kind in kinds:
            found = [entry for entry in entries if (entry.term, entry.kind) == (term, kind)]
            if found:
                groups[term, kind] = found
    if not groups:
        yield "Nothing is due, and nothing was paid on account."
        return
    rows = []
    for (term, kind), found in groups.items():
        net = balances(found)
        rows.append((term, kinds[kind], *(in_pounds(net.get(p, 0), currency) for p in parties)))
    net = balances(entries)
    rows.append(("All terms", "together", *(in_pounds(net.get(p, 0), currency) for p in parties)))
    names = [live.agreement.signatories.name(party) for party in parties]
    yield table(("Term", "", *names), [tuple(c or " " for c in row) for row in rows], texts=2)
    total = in_pounds(sum(net.values()), currency)
    yield paragraph(f"Received; {chr(0x2212)} is paid. All parties together: {total}.")


def _payments(live: LiveContract, record: Record) -> Iterator[str]:
    """Say who pays whom what is not paid yet, and by when it is due or, when settled, was due."""
    name, currency = live.agreement.signatories.name, live.signed.currency
    owed: dict[tuple[str, str, datetime.date], int] = {}
    for entry in record.entries:
        if entry.kind != "on account":
            first, second = sorted((entry.payer, entry.payee))
            key = first, second, entry.pay_by
            sign = 1 if entry.payer == key[0] else -1
            owed[key] = owed.get(key, 0) + sign * entry.pence
    settled_on = record.approved_on or record.prepared_on or datetime.date.min
    for (first, second, day), pence in owed.items():
        payer, payee = (first, second) if pence > 0 else (second, first)
        if pence:
            amount = in_pounds(abs(pence), currency)
            due = ", which was due" if day < settled_on else ""
            yield f"{name(payer)} pays {name(payee)} {amount}{due} by {day.day} {day:%B %Y}."


def _parties(live: LiveContract) -> tuple[str, ...]:
    signatories = live.agreement.signatories
    return (*signatories.commissioners, *signatories.providers)


def explanation_text(
    live: LiveContract, record: Record, period: Month, explained: Explanation, changed: str = ""
) -> str:
    """Return how a party's figure came about, line by line."""
    name, currency = live.agreement.signatories.name, live.signed.currency
    lines = [*_title(live, record, period)]
    if changed:
        lines.append(paragraph(f"What if: {changed}. Nothing is kept."))
    verb = "receives" if explained.pence >= 0 else "pays"
    amount = in_pounds(abs(explained.pence), currency)
    lines += ["", f"{name(explained.party)} {verb} {amount} in all. [3] is the figure of line 3."]
    for section in explained.sections:
        rows = [(str(line.number), line.label, line.shown, line.how) for line in section.lines]
        lines += ["", section.title, ""]
        lines.append(_numbered(rows))
    if len(explained.sections) > 1:
        parts = in_pounds(explained.sections[0].pence, currency)
        for section in explained.sections[1:]:
            sign = "\N{MINUS SIGN}" if section.pence < 0 else "+"
            parts += f" {sign} {in_pounds(abs(section.pence), currency)}"
        lines += ["", paragraph(f"In all: {parts} = {in_pounds(explained.pence, currency)}.")]
    lines += ["", paragraph(f"Check: {explained.check}")]
    return "\n".join(lines)


def _numbered(rows: Sequence[tuple[str, str, str, str]]) -> str:
    return table(
        ("Line", "What", "Figure", "How"),
        [tuple(cell or " " for cell in row) for row in rows],
        texts=2,
        prose=1,
    )


def entries_document(entries: Sequence[Entry]) -> list[dict[str, Any]]:
    """Return ledger entries for JSON; amounts are whole pence."""
    return [
        {
            "date": entry.date.isoformat(),
            "pay_by": entry.pay_by.isoformat(),
            "from": entry.payer,
            "to": entry.payee,
            "pence": entry.pence,
            "term": entry.term,
            "clause": entry.clause,
            "period": entry.period,
            "kind": entry.kind,
        }
        for entry in entries
    ]


def settlement_document(live: LiveContract, record: Record) -> dict[str, Any]:
    """Return a settlement for JSON."""
    return {
        "schema": "alliance-settlement/1",
        "title": live.signed.title,
        "illustrative": live.signed.illustrative,
        "contract": live.key,
        "period": record.period,
        "version": record.version,
        "number": record.number,
        "status": record.status,
        "currency": live.signed.currency,
        "prepared_by": record.prepared_by,
        "approved_by": record.approved_by,
        "provisional_figures": record.provisional,
        "entries": entries_document(record.entries),
        "received_pence": {
            party: balances(record.entries).get(party, 0) for party in _parties(live)
        },
        "digest": record.digest,
    }


def explanation_document(
    live: LiveContract, record: Record, explained: Explanation
) -> dict[str, Any]:
    """Return an explanation for JSON."""
    return {
        "schema": "alliance-explanation/1",
        "contract": live.key,
        "period": record.period,
        "version": record.version,
        "party": explained.party,
        "currency": live.signed.currency,
        "received_pence": explained.pence,
        "sections": [
            {
                "title": section.title,
                "pence": section.pence,
                "lines": [
                    {
                        "number": line.number,
                        "label": line.label,
                        "figure": line.shown,
                        "how": line.how,
                        **({} if line.pence is None else {"pence": line.pence}),
                    }
                    for line in section.lines
                ],
            }
            for section in explained.sections
        ],
        "check": explained.check,
    }
