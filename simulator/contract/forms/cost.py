"""Ready-made forms that pay cost: target cost, fixed-price incentive and grant."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from pydantic import Field, model_validator

from simulator._refuse import refuse
from simulator.contract.amounts import Amount, YearlyAmount
from simulator.contract.curve import Band
from simulator.contract.expression import Measure, parse
from simulator.contract.forms.compose import (
    CASEWORKERS,
    NAMED,
    Composition,
    Form,
    composed,
    named,
    provenance,
    term,
)
from simulator.contract.forms.sharing import SharedDifference, less
from simulator.contract.split import DividedBy
from simulator.contract.term import Split, Term
from simulator.quantities import AnyAmount, Figure, MoneyMaybeAYear, Share, is_a_year, is_money

__all__ = ["FixedPriceIncentive", "Grant", "TargetCost"]


class TargetCost(SharedDifference):
    """Cost paid, a fee, a share of the difference from a target, and perhaps a greatest price."""

    form: Literal["target cost"]
    target: MoneyMaybeAYear
    """Target cost of all providers together, for each year or once for the whole term."""
    fee: AnyAmount = Field(
        default=Figure(0.0, "0%"), json_schema_extra=provenance("no fee unless stated")
    )
    """The fee: a share of the cost (8%), or a sum as the target is written."""
    compared: Literal["cost", "cost and fee"] = Field(
        default="cost",
        json_schema_extra=provenance("assumption: the target is one of cost, the fee apart"),
    )
    """What is held against the target."""
    guaranteed_maximum: MoneyMaybeAYear | None = None
    """The most that cost, fee and share together come to; as the target is written."""
    split: Split = Field(default="by caseworkers", json_schema_extra=provenance(CASEWORKERS))
    """How share and fee are divided; what a greatest price cuts follows what each would be paid."""

    @model_validator(mode="after")
    def _fits(self) -> TargetCost:
        fee = {"fee": self.fee} if is_money(self.fee) else {}
        most = {"guaranteed_maximum": self.guaranteed_maximum}
        _check_sums({"target": self.target, **fee, **most}, "target", "guaranteed_maximum")
        if not is_money(self.fee) and not ("%" in self.fee.written or 0 <= self.fee <= 1):
            raise _wrong_fee(self.fee)
        if not self.fee >= 0 or (not is_money(self.fee) and self.fee > 1):
            raise _wrong_fee(self.fee)
        return self

    def compose(self, suffix: str = "") -> Composition:
        """Return the terms of this form; ``suffix`` tells its names from those of another."""
        target, fee, spent = f"target{suffix}", f"fee{suffix}", "total(cost)"
        amounts: dict[str, Amount] = {target: self.target}
        period = _period(self.target)
        terms = [_cost(target, suffix, self.split, self.target)]
        if self.fee and is_money(self.fee):
            amounts[fee], spent = self.fee, f"{spent} + {fee}"
            account = {"on_account": fee} if is_a_year(self.fee) else {}
            terms.append(
                term(name="Fee", key=fee, measure=fee, split=self.split, **account, **period)
            )
        elif self.fee:
            spent = f"{spent} * {1 + self.fee!r}"
            bands = [Band(rate=self.fee)]
            keys = period | {"settled": "quarterly"}
            terms.append(term(name="Fee", key=fee, measure="cost", bands=bands, **keys))
        base = f"({spent})" if self.compared == "cost and fee" and self.fee else "total(cost)"
        terms.append(_share(target, base, self.share_bands(), suffix, self.split, period))
        if self.guaranteed_maximum is not None:
            name = f"guaranteed_maximum{suffix}"
            amounts[name] = self.guaranteed_maximum
            terms.append(_most("Guaranteed maximum price", name, terms, period))
        return Composition(tuple(terms), amounts)


class FixedPriceIncentive(Form):
    """Cost and a target profit, shared either way, up to a ceiling price."""

    form: Literal["fixed-price incentive"]
    target_cost: MoneyMaybeAYear
    """What the work is expected to cost, for each year or once for the whole term."""
    target_profit: MoneyMaybeAYear
    """The profit at the target cost; as the target cost is written."""
    buyer_share: Share
    """The commissioners' share of every pound above or below the target cost."""
    ceiling_price: MoneyMaybeAYear
    """The most the commissioners pay; as the target cost is written."""
    split: Split = Field(default="by caseworkers", json_schema_extra=provenance(CASEWORKERS))
    """How profit and share are divided; what the ceiling cuts follows what each would be paid."""

    @model_validator(mode="after")
    def _fits(self) -> FixedPriceIncentive:
        sums = {
            "target_cost": self.target_cost,
            "target_profit": self.target_profit,
            "ceiling_price": self.ceiling_price,
        }
        _check_sums(sums, "target_cost", "ceiling_price", self.target_profit)
        return self

    def compose(self, suffix: str = "") -> Composition:
        """Return the terms of this form; ``suffix`` tells its names from those of another."""
        target, profit = f"target_cost{suffix}", f"target_profit{suffix}"
        ceiling = f"ceiling_price{suffix}"
        amounts = {
            target: self.target_cost,
            profit: self.target_profit,
            ceiling: self.ceiling_price,
        }
        period = _period(self.target_cost)
        account = {"on_account": profit} if is_a_year(self.target_profit) else {}
        terms = [
            _cost(target, suffix, self.split, self.target_cost),
            term(
                name="Target profit",
                key=profit,
                measure=profit,
                split=self.split,
                **account,
                **period,
            ),
        ]
        bands = (Band(rate=less(self.buyer_share)),)
        terms.append(_share(target, "total(cost)", bands, suffix, self.split, period))
        terms.append(_most("Ceiling price", ceiling, terms, period))
        measures = {}
        if self.buyer_share > 0:  # else the ceiling is reached at no cost, or at every one
            reached = f"({ceiling} - {target} - {profit}) / {float(self.buyer_share)!r} + {target}"
            measures[f"point_of_total_assumption{suffix}"] = named(reached)
        return Composition(tuple(terms), amounts, measures)


class Grant(Form):
    """A fixed sum a year for a purpose; what is not spent can be asked back."""

    form: Literal["grant"]
    amount: YearlyAmount
    """The grant a year: one for all providers together, or one for each."""
    clawback: bool = Field(
        default=False,
        json_schema_extra=provenance("assumption: unspent money is kept unless stated"),
    )
    """Whether what is not spent goes back at the year end."""
    eligible: Measure = Field(
        default_factory=lambda: parse("cost"),
        json_schema_extra={"default": "cost", **provenance(NAMED)},
    )
    """The spending that the grant is for, by provider."""
    split: Split | None = Field(default="by caseworkers", json_schema_extra=provenance(CASEWORKERS))
    """How a grant for all together is divided; not used where each has its own."""

    @model_validator(mode="after")
    def _one_division(self) -> Grant:
        if isinstance(self.amount, dict) and "split" in self.model_fields_set:
            raise refuse(
                "found 'split' beside a grant for each provider",
                "a grant for all together is divided; one for each provider is not",
                "remove 'split', or write one amount",
                at="split",
                at_key=True,
            )
        return self

    def compose(self, suffix: str = "") -> Composition:
        """Return the terms of this form; ``suffix`` tells its names from those of another."""
        name = f"grant{suffix}"
        own = isinstance(self.amount, dict)
        spent = self.eligible.text if own else f"total({self.eligible.text})"
        only = term(
            name="Grant",
            key=name,
            measure=f"min({name}, {spent})" if self.clawback else name,
            split=None if own else self.split,
            settled="annually",
            on_account=name,
        )
        return Composition((only,), {name: self.amount})


def _wrong_fee(fee: Figure) -> Exception:
    return refuse(
        f"found a fee of {fee.written}",
        "a fee is a share of the cost from 0% to 100%, or a sum of money",
        "write for example '8%' or '£20,000 a year'",
        at="fee",
    )


def _check_sums(
    sums: dict[str, Figure | None], target: str, most: str, profit: float = 0.0
) -> None:
    """Refuse sums of different periods, a target of nought, and a greatest price below it."""
    given = {key: figure for key, figure in sums.items() if figure is not None}
    for key, figure in given.items():
        if is_a_year(figure) != is_a_year(given[target]):
            raise refuse(
                f"found {figure.written} beside a {target.replace('_', ' ')} of "
                f"{given[target].written}",
                "the sums of one contract hold for each year, or all for the whole term",
                f"write '{key}' as '{target}' is written",
                at=key,
            )
    if given[target] <= 0:
        raise refuse(
            f"found a {target.replace('_', ' ')} of {given[target].written}",
            "shares of under- and overspend need a target above 0",
            "give the cost the parties aim for",
            at=target,
        )
    if most in given and given[most] < given[target] + profit:
        raise refuse(
            f"found {given[most].written}, below the target",
            "the most that is paid is not below what is paid at the target",
            f"raise '{most}'",
            at=most,
        )


def _period(target: Figure) -> dict[str, Any]:
    """Return the window and the date of terms: of each year, or of the whole term."""
    if is_a_year(target):
        return {"assessed": "year", "settled": "annually"}
    return {"assessed": "term", "settled": "at the end"}


def _cost(target: str, suffix: str, split: Split, size: Figure) -> Term:
    """Return the term that pays each provider its cost, with the target on account."""
    account = {"on_account": target, "split": split} if is_a_year(size) else {}
    return term(
        name="Reimbursed cost",
        key=f"reimbursed_cost{suffix}",
        measure="cost",
        assessed=_period(size)["assessed"],
        settled="quarterly",
        **account,
    )


def _share(
    target: str,
    spent: str,
    bands: tuple[Band, ...],
    suffix: str,
    split: Split,
    period: dict[str, Any],
) -> Term:
    """Return the term that shares the difference between a target and what was spent."""
    return term(
        name="Share of under- and overspend",
        key=f"share{suffix}",
        measure=f"({target} - {spent}) / {target}",
        bands=bands,
        times=target,
        split=split,
        **period,
    )


def _most(label: str, name: str, terms: Sequence[Term], period: dict[str, Any]) -> Term:
    """Return the term that limits what some terms pay together, cut in proportion."""
    keys = tuple(each.key for each in terms)
    paid = " + ".join(f"payments.{key}" for key in keys)
    return term(
        name=label,
        key=name,
        measure=f"total({paid})",
        at_most=composed(name),
        instead_of=keys,
        split=DividedBy(by=composed(paid)),
        **period,
    )
