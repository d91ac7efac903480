"""Ready-made forms that say who among several parties pays: lead provider and pooled budget."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, model_validator

from simulator._refuse import refuse
from simulator.contract.amounts import Amount
from simulator.contract.curve import Band, Frozen
from simulator.contract.expression import Measure, parse
from simulator.contract.forms.compose import (
    CASEWORKERS,
    Composition,
    Form,
    composed,
    named,
    provenance,
    term,
)
from simulator.contract.split import DividedBy
from simulator.contract.term import Identifier, Split, Term
from simulator.contract.working import NamedMeasure
from simulator.quantities import Figure, Money, MoneyAYear, Share

__all__ = ["LeadProvider", "OverspendLayer", "PooledBudget", "Subcontract"]


class Subcontract(Frozen):
    """What the lead pays one other provider: a sum, a price for each unit, or a share."""

    amount: MoneyAYear | None = None
    """A sum a year."""
    price: Money | None = None
    """A price for each unit of 'per'."""
    per: Measure | None = None
    """What is counted at this provider, for example 'completed'."""
    share: Share | None = None
    """A share of what the lead is paid."""

    @model_validator(mode="after")
    def _one_way(self) -> Subcontract:
        _check_one_way(self, ("amount", "price", "share"))
        return self


class LeadProvider(Form):
    """One provider is paid for all and pays the others; it keeps or bears the difference."""

    form: Literal["lead provider"]
    lead: Identifier
    """The provider that is paid."""
    amount: MoneyAYear | None = None
    """The sum a year it is paid; or give 'price' and 'per'."""
    price: Money | None = None
    """The price it is paid for each unit of 'per', of all providers together."""
    per: Measure | None = None
    """What is counted, over all providers."""
    subcontracts: dict[Identifier, Subcontract] = Field(min_length=1)
    """What it pays each of the others."""

    @model_validator(mode="after")
    def _one_way(self) -> LeadProvider:
        _check_one_way(self, ("amount", "price"))
        if self.lead in self.subcontracts:
            raise refuse(
                f"found a subcontract of '{self.lead}' with itself",
                "the lead pays the other providers",
                "remove it",
                at="subcontracts",
            )
        return self

    def compose(self, suffix: str = "") -> Composition:
        """Return the terms of this form; ``suffix`` tells its names from those of another."""
        key = f"lead_payment{suffix}"
        measure = "" if self.per is None else f"total({self.per.text})"
        amounts: dict[str, Amount] = {}
        terms = [_pays("Payment to the lead", key, self, measure, amounts, to=self.lead)]
        for party, deal in self.subcontracts.items():
            sides = {"from": self.lead, "to": party}
            name, own = f"Subcontract ({party.replace('_', ' ')})", f"subcontract_{party}{suffix}"
            if deal.share is not None:
                keys: dict[str, Any] = sides | {"bands": [Band(rate=deal.share)]}
                terms.append(term(name=name, key=own, measure=f"total(payments.{key})", **keys))
            else:
                measure = "" if deal.per is None else f"only({party}, {deal.per.text})"
                terms.append(_pays(name, own, deal, measure, amounts, **sides))
        return Composition(tuple(terms), amounts)


def _pays(
    name: str,
    key: str,
    deal: LeadProvider | Subcontract,
    measure: str,
    amounts: dict[str, Amount],
    **sides: str,
) -> Term:
    """Return the term that pays a sum a year or a price, and note the amount it uses."""
    if deal.amount is None:
        assert deal.price is not None
        return term(name=name, key=key, measure=measure, bands=[Band(rate=deal.price)], **sides)
    amounts[key] = deal.amount
    return term(name=name, key=key, measure=key, settled="annually", on_account=key, **sides)


def _check_one_way(deal: LeadProvider | Subcontract, ways: tuple[str, ...]) -> None:
    """Refuse none or several ways to pay, and a price without what it is paid for."""
    found = [key for key in ways if getattr(deal, key) is not None]
    if len(found) != 1:
        raise refuse(
            f"found {' and '.join(repr(key) for key in found) or 'no way to pay'}",
            f"a payment is one of {', '.join(ways)}",
            "keep one of them",
        )
    if (deal.price is None) != (deal.per is None):
        raise refuse(
            "found 'price' without 'per'" if deal.per is None else "found 'per' without 'price'",
            "a price is paid for each unit of something",
            "write for example 'price: £480' and 'per: completed'",
        )


class OverspendLayer(Frozen):
    """A part of an overspend, and who bears it."""

    what: str
    """What the parties call it: other underspends, risk pool, provider shares."""
    up_to: MoneyAYear | None = None
    """How much of the overspend falls into this layer; left out in the last one."""
    borne_by: dict[Identifier, Share] = Field(min_length=1)
    """Shares of commissioners and providers by name; 'commissioners' as they fund, 'providers' as
    they spent."""

    @model_validator(mode="after")
    def _whole(self) -> OverspendLayer:
        total = sum(self.borne_by.values())
        if abs(total - 1) > 1e-6:
            raise refuse(
                f"found shares of {100 * total:.6g}%",
                "those who bear a layer bear 100% of it together",
                "correct the shares",
                at="borne_by",
            )
        return self


class PooledBudget(Form):
    """Contributions to one budget, spending paid from it, and an order of who bears overspends."""

    form: Literal["pooled budget"]
    contributions: dict[Identifier, MoneyAYear] = Field(min_length=1)
    """What each commissioner puts in a year; unspent money stays theirs in this proportion."""
    overspend: tuple[OverspendLayer, ...] = Field(max_length=9)
    """Who bears what is spent beyond the budget, in order."""
    underspend_share: Share = Field(
        default=Figure(0.0, "0%"),
        json_schema_extra=provenance("unspent money goes back to those who put it in"),
    )
    """The providers' share of what is not spent."""
    split: Split = Field(default="by caseworkers", json_schema_extra=provenance(CASEWORKERS))
    """How payments on account and the share of an underspend are divided."""

    @model_validator(mode="after")
    def _fits(self) -> PooledBudget:
        ends = [layer.up_to is not None for layer in self.overspend]
        if not ends or not all(ends[:-1]) or ends[-1]:
            raise refuse(
                "found a layer without an end before the last, or a last layer with one"
                if ends
                else "found no layer",
                "every layer but the last has 'up_to'; the last bears the rest",
                "add or remove 'up_to'",
                at="overspend",
            )
        if not sum(self.contributions.values()) > 0:
            raise refuse(
                "found a pooled budget of nothing",
                "somebody puts money in",
                "give a contribution above 0",
                at="contributions",
            )
        return self

    def compose(self, suffix: str = "") -> Composition:
        """Return the terms of this form; ``suffix`` tells its names from those of another."""
        puts_in = {party: f"{party}_contribution{suffix}" for party in self.contributions}
        amounts: dict[str, Amount] = {puts_in[p]: sum_ for p, sum_ in self.contributions.items()}
        budget, within = f"pooled_budget{suffix}", f"within_budget{suffix}"
        measures = {
            budget: named(" + ".join(puts_in.values())),
            within: named(f"cost * min(1, {budget} / total(cost))"),
        }
        part = dict.fromkeys(puts_in, "")  # of each commissioner, where there are several
        if len(puts_in) > 1:
            part = {party: f" * {party}_part{suffix}" for party in puts_in}
            for party, name in puts_in.items():
                measures[f"{party}_part{suffix}"] = named(f"{name} / {budget}")
        terms: list[Term] = []
        for party, name in puts_in.items():
            terms.append(
                term(
                    name=f"Spending within the budget ({party.replace('_', ' ')})",
                    key=f"within_budget_{party}{suffix}",
                    measure=f"{within}{part[party]}",
                    settled="quarterly",
                    on_account=name,
                    split=self.split,
                    **{"from": party},
                )
            )
        terms += self._overspend(suffix, budget, amounts, measures)
        if self.underspend_share > 0:
            measures[f"unspent{suffix}"] = named(f"max({budget} - total(cost), 0)")
            for party in puts_in:
                terms.append(
                    term(
                        name=f"Share of the underspend ({party.replace('_', ' ')})",
                        key=f"underspend_{party}{suffix}",
                        measure=f"unspent{suffix}{part[party]}",
                        bands=[Band(rate=self.underspend_share)],
                        settled="annually",
                        split=self.split,
                        **{"from": party},
                    )
                )
        return Composition(tuple(terms), amounts, measures)

    def _overspend(
        self,
        suffix: str,
        budget: str,
        amounts: dict[str, Amount],
        measures: dict[str, NamedMeasure],
    ) -> list[Term]:
        """Return who pays which layer of an overspend; what 'providers' bear nobody pays."""
        over = f"overspend{suffix}"
        measures[over] = named(f"max(total(cost) - {budget}, 0)")
        nothing = Figure(0.0, "0%")
        terms: list[Term] = []
        below: list[Band] = []
        for index, layer in enumerate(self.overspend, 1):
            above: list[Band] = []
            end = None
            if layer.up_to is not None:
                limit, end_of = f"limit_of_layer_{index}{suffix}", f"end_of_layer_{index}{suffix}"
                amounts[limit] = layer.up_to
                before = f"end_of_layer_{index - 1}{suffix} + " if index > 1 else ""
                measures[end_of] = named(f"{before}{limit}")
                end, above = composed(end_of), [Band(rate=nothing)]
            for party, share in layer.borne_by.items():
                if party == "providers" or share == 0:
                    continue
                terms.append(
                    term(
                        name=f"{layer.what} ({party.replace('_', ' ')})",
                        key=f"overspend_{index}_{party}{suffix}",
                        measure=over,
                        bands=[*below, Band(up_to=end, rate=share), *above],
                        settled="annually",
                        split=DividedBy(by=parse("cost")),
                        **{"from": party},
                    )
                )
            below = [Band(up_to=end, rate=nothing)]
        return terms
