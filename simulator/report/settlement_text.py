"""A settlement as text: what each party receives, why, and who pays whom by when."""

from __future__ import annotations

import datetime
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from simulator.contract.live.ledger import Entry, balances, netted
from simulator.contract.live.needs import unit_of
from simulator.contract.live.period_names import day_in_words, period_dates
from simulator.contract.live.statements import Changed
from simulator.contract.periods import Month
from simulator.report.explanation import Explanation, figure
from simulator.report.pounds import in_pounds
from simulator.report.tables import WIDTH, fits, paragraph, table
from simulator.report.words import MADE_UP
from simulator.study.live import LiveContract
from simulator.study.settlements import Record

__all__ = [
    "changed_words",
    "entries_document",
    "explanation_document",
    "explanation_text",
    "settlement_document",
    "settlement_text",
]

_MOST_CHANGED = 12  # figures told one by one; the workbook and --json have them all
_STATUS = {
    "draft": "Draft: some figures are provisional or it was asked for as a draft.",
    "shown": "Not kept: add --prepared-by NAME to keep it for approval.",
}


def _title(live: LiveContract, record: Record, period: Month) -> Iterator[str]:
    title = live.signed.title_of(live.key)
    version = f", version {record.version}" if record.status != "together" else ""
    heading = f"{title}: settlement of {record.period}{version}"
    yield heading
    yield "=" * len(heading)
    yield f"{live.signed.title}. {period_dates(period)}."
    if live.signed.illustrative:
        yield MADE_UP


def _standing(record: Record, entered_by: Sequence[tuple[int, str]]) -> Iterator[str]:
    """Say where a settlement stands: who prepared, approved and locked it, and why."""
    prepared = f"Prepared by {record.prepared_by} on {record.prepared_on}"
    approved = f"{prepared}, approved by {record.approved_by} on {record.approved_on}"
    if record.status == "together":
        numbers = ", ".join(str(number) for number, _ in entered_by)
        yield f"All that settlements number {numbers} entered for this time, by the latest figures."
        yield from (f"Number {number} corrected: {why}" for number, why in entered_by if why)
    elif record.status == "locked":
        yield f"{approved}, locked as number {record.number}."
    elif record.status == "prepared" and record.approved_by:
        yield f"{approved}, not locked yet: add --lock."
    elif record.status == "prepared":
        yield f"{prepared}, not approved yet."
    else:
        yield _STATUS[record.status]
    if record.provisional:
        yield f"{record.provisional} of its figures are provisional."
    if record.why:
        yield f"Why: {record.why}"


def settlement_text(
    live: LiveContract,
    record: Record,
    period: Month,
    changed: Sequence[Changed] = (),
    entered_by: Sequence[tuple[int, str]] = (),
    settles: Sequence[str] = (),
) -> str:
    """Return a settlement as text.

    Args:
        live: the contract.
        record: the settlement.
        period: its period.
        changed: figures that were settled otherwise before.
        entered_by: of what several settlements entered, their numbers and reasons.
        settles: the periods that it settles first.
    """
    lines = [*_title(live, record, period)]
    lines += map(paragraph, _standing(record, entered_by))
    if len(settles) > 1:
        lines.append(paragraph(f"Settles {', '.join(settles[:-1])} and {settles[-1]} together."))
    lines += _changed_lines(live, changed)
    lines += ["", *_by_term(live, record.entries), ""]
    lines += _payments(live, record)
    return "\n".join(lines)


def changed_words(live: LiveContract, each: Changed) -> str:
    """Say a figure that was settled otherwise before."""
    of = [live.agreement.signatories.name(each.fact.party)] if each.fact.party else []
    of += [each.fact.service] if each.fact.service else []
    unit = unit_of(each.fact.measure, live.agreement)
    before, now = (
        figure(known.value, unit, live.signed.currency) for known in (each.before, each.now)
    )
    what = " of ".join([each.fact.measure.replace("_", " "), *[", ".join(of)][: len(of)]])
    return f"{what} in {each.period}: {now} ({each.now.source}), settled on {before} before"


def _changed_lines(live: LiveContract, changed: Sequence[Changed]) -> Iterator[str]:
    """Say which figures were settled otherwise before."""
    if changed:
        yield "Figures that have changed:"
    for each in changed[:_MOST_CHANGED]:
        yield textwrap.fill(f"- {changed_words(live, each)}", WIDTH, subsequent_indent="  ")
    if len(changed) > _MOST_CHANGED:
        yield f"- and {len(changed) - _MOST_CHANGED} more"


def _by_term(live: LiveContract, entries: Sequence[Entry]) -> Iterator[str]:
    parties = live.agreement.signatories.parties
    kinds = {
        "on account": "paid on account",
        "true-up on account": "on account, true-up",
        "settlement": "due now",
        "true-up": "true-up",
    }
    groups: dict[tuple[str, str], list[Entry]] = {}
    order = [term.name for term in live.agreement.terms]  # what no term holds now stands last
    terms = dict.fromkeys(entry.term for entry in entries)
    for term in sorted(terms, key=lambda each: order.index(each) if each in order else len(order)):
        for kind in kinds:
            found = [entry for entry in entries if (entry.term, entry.kind) == (term, kind)]
            if found:
                groups[term, kinds[kind]] = found
    if not groups:
        yield "Nothing is due, and nothing was paid on account."
        return
    now = [entry for entry in entries if entry.kind != "on account"]
    if len(now) < len(entries):
        groups["All terms", "due now"] = now
    groups["All terms", "in all"] = list(entries)
    nets = {key: balances(found) for key, found in groups.items()}

    def received(key: tuple[str, str], party: str) -> str:
        return in_pounds(nets[key].get(party, 0), live.signed.currency)

    names = [live.agreement.signatories.name(party) for party in parties]
    header = ("Term", "", *names)
    rows = [(*key, *(received(key, party) for party in parties)) for key in groups]
    if fits(header, rows, texts=2):
        yield table(header, rows, texts=2)
    else:  # a party at a time: no figure is ever cut
        by_party = [
            (name if place == 0 else " ", *key, received(key, party))
            for name, party in zip(names, parties, strict=True)
            for place, key in enumerate(groups)
        ]
        yield table(("Party", "Term", "", "Amount"), by_party, texts=3)
    total = in_pounds(sum(balances(entries).values()), live.signed.currency)
    yield paragraph(f"Received; {chr(0x2212)} is paid. All parties together: {total}.")


def _payments(live: LiveContract, record: Record) -> Iterator[str]:
    """Say who pays whom what is not paid yet, and by when it is due or, when settled, was due."""
    name, currency = live.agreement.signatories.name, live.signed.currency
    settled_on = record.approved_on or record.prepared_on or datetime.date.min
    for each in netted(record.entries):
        pays = f"{name(each.payer)} pays {name(each.payee)} {in_pounds(each.pence, currency)}"
        due = ", which was due" if each.day < settled_on else ""
        what = " (correction)" if each.corrects else ""
        yield f"{pays}{due} by {day_in_words(each.day)}{what}."


def explanation_text(
    live: LiveContract,
    record: Record,
    period: Month,
    explained: Explanation,
    changed: Sequence[Changed] = (),
    entered_by: Sequence[tuple[int, str]] = (),
    tried: tuple[str, Mapping[str, int], Mapping[str, int]] | None = None,
) -> str:
    """Return how a party's figure came about, line by line.

    Args:
        live: the contract.
        record: what is explained.
        period: its period.
        explained: the lines.
        changed: figures that were settled otherwise before.
        entered_by: of what several settlements entered, their numbers and reasons.
        tried: a change that is only tried, and what each party receives without and with it.
    """
    name, currency = live.agreement.signatories.name, live.signed.currency
    lines = [*_title(live, record, period)]
    lines += map(paragraph, _standing(record, entered_by))
    lines += _changed_lines(live, changed)
    if tried is not None:
        lines += _tried_lines(live, *tried)
    verb = "receives" if explained.pence >= 0 else "pays"
    amount = in_pounds(abs(explained.pence), currency)
    said = f"{name(explained.party)} {verb} {amount} in all"
    if explained.on_account:
        now, before = explained.pence - explained.on_account, explained.on_account
        said += f": {in_pounds(now, currency)} now, {in_pounds(before, currency)} on account before"
    lines += ["", paragraph(f"{said}. [3] is the figure of line 3; sum() is over all providers.")]
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


def _tried_lines(
    live: LiveContract, said: str, before: Mapping[str, int], now: Mapping[str, int]
) -> Iterator[str]:
    """Say what a change that is only tried makes of each party's figure."""
    currency = live.signed.currency
    yield paragraph(f"What if: {said}. Nothing is kept.")
    yield ""
    rows = []
    for party in live.agreement.signatories.parties:
        without, with_it = before.get(party, 0), now.get(party, 0)
        figures = (in_pounds(each, currency) for each in (without, with_it, with_it - without))
        rows.append((live.agreement.signatories.name(party), *figures))
    yield table(("Party", "As it is", "With the change", "Difference"), rows)


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


def settlement_document(
    live: LiveContract, record: Record, changed: Sequence[Changed] = ()
) -> dict[str, Any]:
    """Return a settlement for JSON; ``changed`` are figures that were settled otherwise before."""
    received, parties = balances(record.entries), live.agreement.signatories.parties
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
        "why": record.why,
        "provisional_figures": record.provisional,
        "changed_figures": [
            {
                "period": each.period,
                "measure": each.fact.measure,
                "party": each.fact.party,
                "service": each.fact.service,
                "settled_on": each.before.value,
                "now": each.now.value,
                "source": each.now.source,
            }
            for each in changed
        ],
        "entries": entries_document(record.entries),
        "received_pence": {party: received.get(party, 0) for party in parties},
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
