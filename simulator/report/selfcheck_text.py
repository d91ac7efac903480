"""Closed forms beside what the product comes to, as text, page and document."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from simulator._version import __version__
from simulator.report.tables import paragraph, table
from simulator.study.closed_forms import Check

__all__ = ["selfcheck_document", "selfcheck_page", "selfcheck_text"]

_MINUS = "\N{MINUS SIGN}"


def selfcheck_text(checks: Sequence[Check]) -> str:
    """Return the checks by subject, with how many agree."""
    lines = []
    for subject, found in _by_subject(checks).items():
        lines += [subject, ""]
        rows = [
            (check.what, _figure(check.expected), _figure(check.obtained), _agrees(check))
            for check in found
        ]
        lines += [table(("Figure", "Expected", "Obtained", ""), rows), ""]
    lines.append(paragraph(_verdict(checks)))
    return "\n".join(lines)


def selfcheck_page(checks: Sequence[Check]) -> str:
    """Return the page of the documents, in Markdown."""
    lines = [
        "# What the product is checked against",
        "",
        "This page is written by `alliance selfcheck --page docs/validation.md`. Each figure of",
        "theory stands beside what the product comes to: a contract in the contract language, its",
        "own settlement, and the review by which parties decide. Figures are rounded to six",
        "decimals.",
        "",
    ]
    for subject, found in _by_subject(checks).items():
        lines += [f"## {subject}", "", "| Figure | Expected | Obtained | Agrees within |"]
        lines.append("|---|---:|---:|---:|")
        lines += [
            f"| {check.what} | {_figure(check.expected)} | {_figure(check.obtained)} | "
            f"{check.within:g} |"
            for check in found
        ]
        lines.append("")
    lines.append(_verdict(checks))
    return "\n".join(lines) + "\n"


def selfcheck_document(checks: Sequence[Check]) -> dict[str, Any]:
    """Return the checks for JSON."""
    return {
        "schema": "alliance-selfcheck/1",
        "software": __version__,
        "holds": all(check.holds for check in checks),
        "checks": [
            {
                "subject": check.subject,
                "what": check.what,
                "expected": check.expected,
                "obtained": check.obtained,
                "within": check.within,
                "holds": check.holds,
            }
            for check in checks
        ],
    }


def _by_subject(checks: Sequence[Check]) -> dict[str, list[Check]]:
    groups: dict[str, list[Check]] = {}
    for check in checks:
        groups.setdefault(check.subject, []).append(check)
    return groups


def _figure(value: float) -> str:
    rounded = round(value, 6) or 0.0  # no nought below nought
    return f"{rounded:.6f}".replace("-", _MINUS)


def _agrees(check: Check) -> str:
    return "agrees" if check.holds else f"differs by more than {check.within:g}"


def _verdict(checks: Sequence[Check]) -> str:
    agree = sum(check.holds for check in checks)
    return f"{agree} of {len(checks)} figures agree."
