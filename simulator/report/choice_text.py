"""A choice of a party in words: what one level more is worth, part by part, and what it does."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from simulator.parties.choice import Choice
from simulator.parties.levers import LEVERS
from simulator.report.tables import paragraph, table
from simulator.report.words import decimal, money

__all__ = ["choice_document", "choice_text"]

_PARTS = (
    ("Own cost", "own_cost"),
    ("Mission", "mission"),
    ("Risk", "risk"),
    ("Fear of running short", "solvency"),
    ("Chance of a notice", "notice"),
    ("Private effort so far", "effort"),
)
_BESIDE = 3
"""Levers in one table, which then fits the page."""
_SAME = 0.005
"""Levels no further from each other read the same."""
_LEVELS = (
    ("Did before", "before"),
    ("Best for itself, so far", "own"),
    ("Best for all, so far", "joint"),
    ("Does now", "after"),
)


_SO_FAR = (
    "What is best, for itself or for all, is looked for step by step: at each meeting six tenths "
    "of the way to where it now seems to lie, half a level at most. Private effort counts from "
    "what a party would do without any incentive: below that it would rather do more. The worth "
    "to all parties is less what the work costs them."
)
_FACTORS = (("Trust in the others", "trust"), ("Held to its word", "holds"))


def choice_text(heading: str, party: str, choices: Sequence[Choice], currency: str) -> str:
    """Return why a party does what it does, lever by lever.

    Args:
        heading: which future, contract and quarter.
        party: its name.
        choices: one for each lever it can move.
        currency: sign of its money.
    """
    if not choices:
        return "\n\n".join((heading, paragraph(f"{party} has nothing to decide.")))
    beside = [choices[first : first + _BESIDE] for first in range(0, len(choices), _BESIDE)]
    tables = [_worth(each, currency) for each in beside]
    return "\n\n".join(
        (paragraph(heading), *tables, paragraph(_SO_FAR), *_in_words(party, choices, currency))
    )


def _worth(choices: Sequence[Choice], currency: str) -> str:
    """Return a table of parts, a column for each lever."""
    header = ("One level more is worth", *(_title(each) for each in choices))
    terms = dict.fromkeys(name for each in choices for name in each.by_term)
    rows = [
        (name, *(money(each.by_term.get(name, 0.0), currency) for each in choices))
        for name in terms
    ]
    rows += [
        (label, *(money(getattr(each, part), currency) for each in choices))
        for label, part in _PARTS
    ]
    rows.append(("All parties together", *(money(each.together, currency) for each in choices)))
    rows.append(("Effective share", *map(_share, choices)))
    if any(each.manner == "by trust" for each in choices):
        rows += [
            (label, *(_percent(getattr(each, factor)) for each in choices))
            for label, factor in _FACTORS
        ]
    rows += [
        (label, *(decimal(getattr(each, level)) for each in choices)) for label, level in _LEVELS
    ]
    return table(header, rows)


def _title(choice: Choice) -> str:
    return LEVERS[choice.lever].title.capitalize()


def _share(choice: Choice) -> str:
    share = choice.effective_share
    if share is not None:
        return _percent(share)
    return "no gain" if choice.together <= 0 else "hardly any gain"


def _percent(share: float) -> str:
    return f"{decimal(100 * share, 0)}%"


def _in_words(party: str, choices: Sequence[Choice], currency: str) -> Iterator[str]:
    for each in choices:
        share = each.effective_share
        kept = "" if share is None else f", {_percent(share)} of that"
        beside = [
            f"{name} {'adds' if amount > 0 else 'takes'} {money(abs(amount), currency)}"
            for name, amount in (
                ("mission", each.mission),
                ("risk", each.risk),
                ("fear of running short", each.solvency),
                ("the chance of a notice", each.notice),
                ("private effort so far", each.effort),
            )
            if abs(amount) >= 0.5
        ]
        yield paragraph(
            f"{_title(each)}: over the {each.months} months ahead one level more is worth "
            f"{money(each.together, currency)} to all parties together. {party} keeps "
            f"{money(each.money, currency)} of money{kept}"
            f"{'; ' + ', '.join(beside) if beside else ''}.{_why(each)} It goes from "
            f"{decimal(each.before)} to {decimal(each.after)}."
        )


def _why(choice: Choice) -> str:
    """Say by its manner why it stands where it does, between its own best and the best for all."""
    own, joint = decimal(choice.own), decimal(choice.joint)
    way = f"from what is best for itself, {own}, to what is best for all, {joint}"
    if choice.manner == "never":
        return f" It looks to its own advantage, {own}; best for all is {joint}."
    if choice.manner == "always":
        return f" It does what is best for all, {joint}, whatever it pays; its own best is {own}."
    if choice.manner == "as others do":
        return f" It does what the others did last; its own best is {own}, best for all {joint}."
    if abs(choice.joint - choice.own) <= _SAME:
        return ""
    if choice.manner == "in kind":
        return (
            f" It answers in kind: it goes {_percent(choice.carried)} of the way {way}, as far as "
            "the others went last."
        )
    return (
        f" Trust and the relationship carry it {_percent(choice.carried)} of the way {way}: it "
        f"trusts the others {_percent(choice.trust)}, and the relationship holds it to its word "
        f"{_percent(choice.holds)} of the way."
    )


def choice_document(choices: Sequence[Choice]) -> list[dict[str, Any]]:
    """Return choices as plain values, ready for JSON."""
    return [
        {
            "lever": LEVERS[each.lever].name,
            "months_ahead": each.months,
            "by_term": dict(each.by_term),
            **{part: getattr(each, part) for _, part in _PARTS},
            "together": each.together,
            "effective_share": each.effective_share,
            "manner": each.manner,
            "trust": each.trust if each.manner == "by trust" else None,
            "holds": each.holds if each.manner == "by trust" else None,
            "carried": each.carried,
            **{level: getattr(each, level) for _, level in _LEVELS},
        }
        for each in choices
    ]
