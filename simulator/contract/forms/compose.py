"""What every ready-made form is made with: the composition it comes to, and how to write it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from simulator._kinds import CURRENCIES
from simulator._refuse import refuse
from simulator.contract.amounts import Amount
from simulator.contract.curve import Frozen
from simulator.contract.data import Datum
from simulator.contract.days import Date
from simulator.contract.expression import Expression, parse
from simulator.contract.term import Settled, Term
from simulator.contract.working import Definitions, NamedMeasure
from simulator.quantities import Figure

__all__ = [
    "CASEWORKERS",
    "NAMED",
    "Composition",
    "Form",
    "bracket",
    "check_one_standard",
    "check_weights",
    "composed",
    "named",
    "part",
    "provenance",
    "term",
    "text_of",
    "weighted",
]

CASEWORKERS = "assumption: in proportion to planned caseworkers, the usual first offer 'by budget'"
"""Where the default split comes from."""
NAMED = "assumption: what the providers spend, unless another figure is named"
"""Where the default of a cost that is looked at comes from."""


@dataclass(frozen=True)
class Composition:
    """What a form comes to: terms, and the names they use."""

    terms: tuple[Term, ...]
    amounts: Mapping[str, Amount] = field(default_factory=dict)
    measures: Mapping[str, NamedMeasure] = field(default_factory=dict)
    data: Mapping[str, Datum] = field(default_factory=dict)

    @property
    def names(self) -> frozenset[str]:
        """Every name it gives: of amounts, measures and data, and the keys of its terms."""
        keys = (f"payments.{term.key}" for term in self.terms if term.key)
        return frozenset((*self.amounts, *self.measures, *self.data, *keys))

    @property
    def definitions(self) -> Definitions:
        """The names, without the terms."""
        return Definitions(self.amounts, self.measures, self.data)


class Form(Frozen, ABC):
    """Base of the ready-made forms: what people negotiate, and the terms it comes to."""

    form: str
    """Which form it is."""
    starts: Date | None = None
    """The first day its terms hold, the first of a month; none means from the start."""
    ends: Date | None = None
    """The last day its terms hold, the last of a month; none means to the end."""
    clause: str = ""
    """The clause of the contract it stands in."""
    settled: Settled | None = None
    """When its terms are settled; none means each as this form has it."""

    @abstractmethod
    def compose(self, suffix: str = "") -> Composition:
        """Return the terms of this form; ``suffix`` tells its names from those of another."""


def provenance(text: str) -> dict[str, Any]:
    """Mark a field's default with where it comes from; the run lists it."""
    return {"provenance": text}


def term(**keys: Any) -> Term:
    """Return a term; its measures may be given as text."""
    written = {"measure", "times", "on_account"} & keys.keys()
    return Term.model_validate(keys | {key: composed(keys[key]) for key in written})


def named(measure: str, **keys: Any) -> NamedMeasure:
    """Return a named measure of a text and a curve."""
    return NamedMeasure.model_validate({"measure": composed(measure), **keys})


def composed(text: str) -> Expression:
    """Read a measure made here, around one that was short enough when it was read."""
    return parse(text, longest=10_000)


def text_of(parameter: Figure | Expression) -> str:
    """Return a number or a measure as it can stand inside another measure."""
    return bracket(parameter.text) if isinstance(parameter, Expression) else repr(float(parameter))


def bracket(text: str) -> str:
    """Return a measure as it can stand inside another."""
    return text if text.isidentifier() else f"({text})"


def check_one_standard(at_least: Figure | None, at_most: Figure | None, allowed: str) -> None:
    """Refuse both standards, and none; ``allowed`` says that there is one."""
    if (at_least is None) == (at_most is None):
        raise refuse(
            f"found {'both standards' if at_least is not None else 'no standard'}",
            allowed,
            "keep the one that says when the provider does well",
        )


def check_weights(weights: Sequence[Figure], of: str, at: str) -> None:
    """Refuse weights that do not sum to 100%."""
    if abs(sum(weights) - 1) > 1e-6:
        raise refuse(
            f"found weights of {' + '.join(weight.written for weight in weights)} = "
            f"{100 * sum(weights):.6g}%",
            f"the weights of the {of} sum to 100%",
            "correct the weights",
            at=at,
        )


def weighted(parts: Mapping[str, Figure]) -> str:
    """Return the sum of names, each times its weight."""
    return " + ".join(
        name if weight == 1.0 else f"{float(weight)!r} * {name}" for name, weight in parts.items()
    )


def part(whole: Figure, share: Figure, ending: str = "") -> Figure:
    """Return a share of an amount of money, written in its currency."""
    symbol = next((sign for sign in CURRENCIES if sign in whole.written), CURRENCIES[0])
    return Figure(whole * share, f"{symbol}{whole * share!r}{ending}", "money")
