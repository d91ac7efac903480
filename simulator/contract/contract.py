"""A contract as it stands in a scenario, and its writing out for the parties who sign it."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union

from pydantic import (
    Discriminator,
    Field,
    GetJsonSchemaHandler,
    ModelWrapValidatorHandler,
    PrivateAttr,
    Tag,
    model_validator,
)
from pydantic_core import CoreSchema

from simulator._refuse import refuse
from simulator.contract.agreement import Agreement
from simulator.contract.amounts import Adjustment, Amount, WrittenAmount
from simulator.contract.curve import Frozen
from simulator.contract.data import Datum
from simulator.contract.forms import FORMS
from simulator.contract.forms.compose import Composition, Form, provenance
from simulator.contract.remedies import Remedies
from simulator.contract.signatories import Signatories
from simulator.contract.term import Identifier, Term
from simulator.contract.working import NamedMeasure
from simulator.quantities import Duration, Figure, Growth, MoneyMaybeAYear, Share, is_a_year

__all__ = ["FORMS", "Clause", "Contract", "LeverName", "OwnCost"]


def _which(found: Any) -> str:
    if isinstance(found, dict):
        return str(found["form"]) if "form" in found else "written out"
    return str(getattr(found, "form", "written out"))


if TYPE_CHECKING:
    AnyTerm = Form | Term
else:  # one line in FORMS is enough for a new form: the union is made from it
    _CHOICES = (*((form, name) for name, form in FORMS.items()), (Term, "written out"))
    AnyTerm = Annotated[
        Union[tuple(Annotated[model, Tag(name)] for model, name in _CHOICES)],  # noqa: UP007
        Discriminator(_which),
    ]


class OwnCost(Frozen):
    """What a contract costs a party to run, beside the payments: set-up, management, meetings."""

    who: str
    """'commissioners' (as they fund), 'providers' (each of them), or one party."""
    amount: MoneyMaybeAYear
    """Once, in the first month, or for each year."""
    what: str = ""
    """What it is spent on."""

    def term(self, key: str) -> Term:
        """Return the term that pays it to staff outside the contract."""
        return Term.model_validate(
            {
                "name": self.what or key.replace("_", " ").capitalize(),
                "measure": f"own_{key}",
                "from": self.who,
                "to": "staff",
                "split": "each" if self.who == "providers" else None,
                "assessed": "year" if is_a_year(self.amount) else "term",
            }
        )


LeverName = Literal[
    "quality",
    "hand_over",
    "cost",
    "prevention",
    "selection",
    "staffing",
    "padding",
    "enforcement",
    "audit",
]
"""What a party can do more or less of: the last two are the commissioners', the others a
provider's."""


class Clause(OwnCost):
    """A clause that lets the parties see more of what each of them does; any form can have it."""

    catches: dict[LeverName, Share] = Field(min_length=1)
    """For each lever, the share of the departures from what was agreed that it brings to light, of
    those nobody would notice without it."""


def _first_free(form: Form, taken: set[str]) -> Composition:
    """Return the terms of a form, with the first ending that keeps its names apart from others."""
    for number in itertools.count(1):
        part = form.compose(f"_{number}" if number > 1 else "")
        if not part.names & taken:
            return part
    raise AssertionError("some number is free")


class Contract(Frozen):
    """One named contract over the scenario's world: a ready-made form, or a list of terms."""

    terms: tuple[AnyTerm, ...] = Field(max_length=100)
    """Ready-made forms and written-out terms, in order of calculation."""
    title: str = ""
    """What to call the contract in results."""
    amounts: dict[Identifier, WrittenAmount] = {}
    """Named amounts for written-out terms, once or a year, for all or for each provider."""
    measures: dict[Identifier, NamedMeasure] = Field(default={}, max_length=100)
    """Named measures for written-out terms."""
    data: dict[Identifier, Datum] = Field(default={}, max_length=100)
    """What the contract counts beside the standard columns; actuals give it."""
    adjustments: tuple[Adjustment, ...] = Field(default=(), max_length=1000)
    """Dated changes of named amounts: compensation events and rebasing."""
    uplift: Growth = Field(
        default=Figure(0.0, "0% a year"),
        json_schema_extra=provenance("assumption: prices stay as signed unless stated"),
    )
    """Rise of the yearly amounts and unit prices on each 1 April."""
    funding: dict[Identifier, Share] | None = None
    """Each commissioner's share of the payments, where it differs from the world's."""
    paid_within: Duration = Field(
        default=Figure(30.0, "30 days"),
        json_schema_extra=provenance(
            "30 days, the term implied into public contracts for undisputed invoices (Procurement "
            "Act 2023, section 68)"
        ),
    )
    """Time from a settlement between the parties to its payment; payments on account and what a
    contract costs to run are paid at once."""
    mobilisation: Duration = Field(
        default=Figure(0.0, "0 days"),
        json_schema_extra=provenance("assumption: the service is at full strength from day one"),
    )
    """Time in which the caseworkers come into post, evenly, from the start of the term."""
    costs: dict[Identifier, OwnCost] = {}
    """What the contract costs the parties to set up and run."""
    clauses: dict[Identifier, Clause] = {}
    """Clauses that buy openness: a shared record, an open book, joint meetings, audit."""
    remedies: Remedies | None = None
    """What happens to a provider that keeps missing a standard; none means nothing beside the
    payments."""

    _is_shorthand: bool = PrivateAttr(default=False)

    @model_validator(mode="wrap")
    @classmethod
    def _spread_shorthand(
        cls, found: Any, handler: ModelWrapValidatorHandler[Contract]
    ) -> Contract:
        """Read ``{form: ..., ...}`` as a contract of that one form."""
        if not isinstance(found, dict) or "form" not in found:
            if isinstance(found, dict) and "terms" not in found:
                raise refuse(
                    "found neither 'form' nor 'terms'",
                    "a contract is one ready-made form or a list of terms; the forms are "
                    + ", ".join(FORMS),
                    "add for example 'form: unit price'",
                )
            return handler(found)
        if "terms" in found:
            raise refuse(
                "found 'terms' beside 'form'",
                "a contract is one ready-made form or a list of terms",
                "put the form into the list of terms",
                at="terms",
                at_key=True,
            )
        own = {key: value for key, value in found.items() if key in cls.model_fields}
        form = {key: value for key, value in found.items() if key not in cls.model_fields}
        contract = handler(own | {"terms": [form]})
        contract._is_shorthand = True
        return contract

    @property
    def is_shorthand(self) -> bool:
        """Whether the keys of its one form stand beside the contract's own in the file."""
        return self._is_shorthand

    @model_validator(mode="after")
    def _has_terms(self) -> Contract:
        if not self.terms:
            raise refuse(
                "found a contract without terms",
                "a contract has at least one",
                "add a ready-made form, for example {form: block, ...}",
            )
        return self

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Describe both ways to write a contract: with 'terms', or as one form."""
        long = handler.resolve_ref_schema(handler(core_schema))
        common = {key: value for key, value in long["properties"].items() if key != "terms"}
        variants = long["properties"]["terms"]["items"]["oneOf"]
        ways = [{"required": ["terms"], "properties": long["properties"]}]
        for variant in variants:
            form = handler.resolve_ref_schema(variant)
            if "form" in form["properties"]:
                ways.append(
                    {"required": form["required"], "properties": common | form["properties"]}
                )
        closed = [{"type": "object", "additionalProperties": False, **way} for way in ways]
        return {"title": "Contract", "description": cls.__doc__ or "", "anyOf": closed}

    def compose(self) -> Composition:
        """Return all terms with the names they use, the ready-made forms written out.

        A later definition of a name replaces an earlier one; ``checks`` reports it.
        """
        terms: list[Term] = []
        amounts: dict[str, Amount] = dict(self.amounts)
        measures = dict(self.measures)
        data = dict(self.data)
        for part in self.parts():
            terms += part.terms
            amounts |= part.amounts
            measures |= part.measures
            data |= part.data
        for key, cost in (self.costs | self.clauses).items():
            terms.append(cost.term(key))
            amounts[f"own_{key}"] = cost.amount
        return Composition(_named_apart(terms), amounts, measures, data)

    def parts(self) -> Iterator[Composition]:
        """Return what each of its terms comes to, in order.

        The names of a form end with nothing, or with _2, _3... where a form above has them.
        """
        taken: set[str] = set()
        for entry in self.terms:
            if isinstance(entry, Term):
                yield Composition((entry,))
                continue
            part = _first_free(entry, taken)
            taken |= part.names
            shared = ("starts", "ends", "clause", "settled")
            given = {key: getattr(entry, key) for key in shared if getattr(entry, key)}
            terms = tuple(term.model_copy(update=given) for term in part.terms)
            yield replace(part, terms=terms)

    @property
    def openness(self) -> dict[str, float]:
        """Return by lever the share of departures that its clauses together bring to light."""
        unseen: dict[str, float] = {}
        for clause in self.clauses.values():
            for lever, share in clause.catches.items():
                unseen[lever] = unseen.get(lever, 1.0) * (1.0 - float(share))
        return {lever: 1.0 - left for lever, left in unseen.items()}

    def agree(self, name: str, signatories: Signatories) -> Agreement:
        """Write the contract out for the parties who sign it."""
        funding = self.funding
        if funding is not None:
            signatories = Signatories(
                signatories.commissioners,
                signatories.providers,
                {
                    party: float(funding.get(party, 0.0)) / sum(funding.values())
                    for party in signatories.commissioners
                },
                signatories.caseworkers,
                signatories.services,
                signatories.names,
            )
        composed = self.compose()
        return Agreement(
            name,
            signatories,
            composed.terms,
            composed.amounts,
            composed.measures,
            composed.data,
            self.adjustments,
            float(self.uplift),
            self.openness,
            self.remedies,
        )


def _named_apart(terms: Sequence[Term]) -> tuple[Term, ...]:
    """Return terms whose names differ: 'Grant', 'Grant (2)'; a ledger tells them by their names."""
    taken: set[str] = set()
    apart = []
    for term in terms:
        name, number = term.name, 1
        while name in taken:
            number += 1
            name = f"{term.name} ({number})"
        taken.add(name)
        apart.append(term if name == term.name else term.model_copy(update={"name": name}))
    return tuple(apart)
