"""The ledger of a live contract as text, table and document."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from simulator.contract.live.ledger import Entry, balances
from simulator.report.pounds import in_pounds
from simulator.report.settlement_text import entries_document
from simulator.report.tables import paragraph, table
from simulator.report.tabular import Column, Table
from simulator.study.live import LiveContract
from simulator.study.settlements import Record, ledger_of

__all__ = ["ledger_document", "ledger_table", "ledger_text"]


def ledger_text(
    live: LiveContract, chain: Sequence[Record], difference: Sequence[Entry] | None
) -> str:
    """Return the settlements, their entries and what each party has received in all."""
    title = f"{live.signed.title_of(live.key)}: ledger"
    if not chain:
        return f"{title}\nNothing is settled yet."
    name, currency = live.agreement.signatories.name, live.signed.currency
    entries = ledger_of(chain)
    lines = [title, "=" * len(title), "", "Settlements", ""]
    lines.append(
        table(
            ("Number", "Period", "Version", "Prepared by", "Approved by", "Locked on", "Digest"),
            [
                (
                    str(each.number),
                    each.period,
                    str(each.version),
                    each.prepared_by,
                    each.approved_by,
                    str(each.approved_on),
                    each.digest[:12],
                )
                for each in chain
            ],
            texts=7,
        )
    )
    for record in chain:
        lines += ["", f"Entries of number {record.number}, {record.period}", ""]
        lines.append(
            table(
                ("Date", "From", "To", "Term", "Period", "Kind", "Amount"),
                [
                    (
                        str(each.date),
                        name(each.payer),
                        name(each.payee),
                        f"{each.term} ({each.clause})" if each.clause else each.term,
                        each.period,
                        each.kind,
                        in_pounds(each.pence, currency),
                    )
                    for each in record.entries
                ],
                texts=6,
            )
            if record.entries
            else "Nothing was paid."
        )
    net = balances(entries)
    parties = live.agreement.signatories.parties
    lines += ["", "Received less paid, in all", ""]
    lines.append(
        table(
            ("Party", "Amount"),
            [(name(party), in_pounds(net.get(party, 0), currency)) for party in parties],
        )
    )
    total = in_pounds(sum(net.values()), currency)
    agrees = "agrees with" if not difference else "does not agree with"
    lines.append(
        paragraph(
            f"All parties together: {total}. The ledger {agrees} what the contract comes to on the "
            "figures of the last settlement."
        )
    )
    lines += [
        f"- differs in {each.term}, {each.period}: {name(each.payer)} owes {name(each.payee)} "
        f"{in_pounds(each.pence, currency)} more"
        for each in difference or ()
    ]
    lines.append(f"Digest of the last settlement: {chain[-1].digest}")
    return "\n".join(lines)


def ledger_table(live: LiveContract, chain: Sequence[Record]) -> Table:
    """Return the entries as a table: one row a payment, from one party to another."""
    currency, name = live.signed.currency, live.agreement.signatories.name
    columns = (
        Column("settlement", "whole", "number of the locked settlement that entered it"),
        Column("version", "whole", "1 for the first settlement of a period"),
        Column("date", meaning="last day of the period; of a correction, the day it was made"),
        Column("pay_by", meaning="day by which it is paid"),
        Column("from", meaning="who pays"),
        Column("to", meaning="who receives"),
        Column("from_name", meaning="who pays, by name"),
        Column("to_name", meaning="who receives, by name"),
        Column("amount", "money", f"in {currency}"),
        Column("term", meaning="the term it rests on"),
        Column("clause", meaning="the clause the term stands in"),
        Column("period", meaning="what it is for"),
        Column("kind", meaning="on account, settlement, true-up, or true-up on account"),
        Column("why", meaning="what a correction corrects"),
    )
    shape = Table("ledger", "Every payment, entered once on both sides", columns)
    return shape.filled(
        [
            (
                record.number,
                record.version,
                each.date.isoformat(),
                each.pay_by.isoformat(),
                each.payer,
                each.payee,
                name(each.payer),
                name(each.payee),
                each.pence / 100,
                each.term,
                each.clause,
                each.period,
                each.kind,
                record.why,
            )
            for record in chain
            for each in record.entries
        ]
    )


def ledger_document(
    live: LiveContract, chain: Sequence[Record], difference: Sequence[Entry] | None
) -> dict[str, Any]:
    """Return the ledger for JSON; amounts are whole pence."""
    entries = ledger_of(chain)
    return {
        "schema": "alliance-ledger/1",
        "contract": live.key,
        "currency": live.signed.currency,
        "settlements": [
            {
                "number": each.number,
                "period": each.period,
                "version": each.version,
                "prepared_by": each.prepared_by,
                "approved_by": each.approved_by,
                "locked_on": str(each.approved_on),
                "why": each.why,
                "digest": each.digest,
            }
            for each in chain
        ],
        "entries": entries_document(entries),
        "received_pence": balances(entries),
        "reconciles": not difference,
    }
