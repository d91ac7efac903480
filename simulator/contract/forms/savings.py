"""Ready-made forms against a benchmark: shared savings, and corridors of saving and loss."""

from __future__ import annotations

from abc import ABC
from collections.abc import Sequence
from typing import Literal

from pydantic import Field, model_validator

from simulator._refuse import refuse
from simulator.contract.amounts import Amount
from simulator.contract.curve import Band, DeadBand, Frozen, check_ends
from simulator.contract.expression import Expression, Measure, parse
from simulator.contract.forms.compose import (
    CASEWORKERS,
    NAMED,
    Composition,
    Form,
    bracket,
    composed,
    named,
    provenance,
    term,
    text_of,
)
from simulator.contract.parameter import Parameter
from simulator.contract.term import Split, Term
from simulator.contract.working import NamedMeasure
from simulator.quantities import Figure, Money, Share, is_a_year, is_money

__all__ = ["Corridor", "CorridorBand", "LimitOf", "Losses", "SharedSavings"]


class _AgainstBenchmark(Form, ABC):
    """What forms against a benchmark have in common: benchmark, spending, division."""

    benchmark: Parameter | None = None
    """What the spending is held against: a sum a year, or a measure; or give 'price_per_person'."""
    price_per_person: Money | None = None
    """The benchmark for one person and year, where it moves with the people served."""
    person_years: Measure | None = None
    """The people times years that 'price_per_person' is multiplied by."""
    spend: Measure = Field(
        default_factory=lambda: parse("total(cost)"),
        json_schema_extra={"default": "total(cost)", **provenance(NAMED)},
    )
    """What is held against the benchmark."""
    split: Split | None = Field(default="by caseworkers", json_schema_extra=provenance(CASEWORKERS))
    """How gains and losses are divided; 'null' where each provider has its own benchmark."""

    @model_validator(mode="after")
    def _one_benchmark(self) -> _AgainstBenchmark:
        by_head = self.price_per_person is not None, self.person_years is not None
        if by_head[0] != by_head[1] or (self.benchmark is None) != all(by_head):
            raise refuse(
                "found no whole benchmark, or two",
                "it is 'benchmark', or 'price_per_person' with 'person_years'",
                "keep one of the two",
            )
        sum_of = self.benchmark
        if isinstance(sum_of, Figure) and not (
            is_money(sum_of) and is_a_year(sum_of) and sum_of > 0
        ):
            raise refuse(
                f"found {sum_of.written}",
                "a benchmark is a sum of money a year above 0, or a measure",
                "write for example '£480,000 a year' or the name of an amount",
                at="benchmark",
            )
        return self

    def benchmark_names(self, name: str) -> tuple[dict[str, Amount], dict[str, NamedMeasure]]:
        """Return the definition of the benchmark, as an amount or as a measure."""
        if isinstance(self.benchmark, Figure):
            return {name: self.benchmark}, {}
        if self.benchmark is not None:
            return {}, {name: named(self.benchmark.text)}
        assert self.person_years is not None
        assert self.price_per_person is not None
        bands = [Band(rate=self.price_per_person)]
        return {}, {name: named(self.person_years.text, bands=bands)}


def _check_share(found: Figure | Expression | None, key: str) -> None:
    """Refuse a number that is not a share; a measure is known only when it is settled."""
    if isinstance(found, Figure) and (is_money(found) or is_a_year(found) or not 0 <= found <= 1):
        raise refuse(
            f"found {found.written}",
            "a share is a percentage or a number from 0 to 1, or a measure",
            "write for example '45%'",
            at=key,
        )


class LimitOf(Frozen):
    """A limit that is a share of something."""

    share: Share
    """How much of it."""
    of: Measure | None = None
    """Of what, for example the name of a declared figure; none means the benchmark."""

    def text(self, benchmark: str) -> str:
        """Return the limit as a measure."""
        of = benchmark if self.of is None else bracket(self.of.text)
        return f"{float(self.share)!r} * {of}"


class Losses(Frozen):
    """What the providers bear of a loss."""

    rate: Parameter
    """Their share of a loss: a number, or a measure of quality."""
    at_least: Share | None = None
    """The least that a measured rate can be."""
    at_most: Share | None = None
    """The most that a measured rate can be."""
    minimum: Parameter | None = None
    """The smallest loss that counts, as a share of the benchmark; none means as for savings."""
    limits: tuple[LimitOf, ...] = ()
    """The most they bear: the least of these."""

    @model_validator(mode="after")
    def _are_shares(self) -> Losses:
        _check_share(self.rate, "rate")
        _check_share(self.minimum, "minimum")
        for key in ("at_least", "at_most"):
            if isinstance(self.rate, Figure) and getattr(self, key) is not None:
                raise refuse(
                    f"found '{key}' beside a rate of {self.rate.written}",
                    "a rate that is a measure has limits; one number has none",
                    f"remove '{key}', or write a measure as 'rate'",
                    at=key,
                    at_key=True,
                )
        return self


class SharedSavings(_AgainstBenchmark):
    """A share of what is saved against a benchmark, and perhaps of what is lost."""

    form: Literal["shared savings"]
    share: Parameter
    """The providers' share of a saving: a number, or a measure."""
    minimum: Parameter = Field(
        default=Figure(0.0, "0%"),
        json_schema_extra=provenance("every pound counts unless stated"),
    )
    """The smallest saving that counts, as a share of the benchmark: a number, or a measure."""
    counts: Literal["from the first", "only beyond"] = Field(
        default="from the first",
        json_schema_extra=provenance(
            "evidence: the best documented programme shares from the first pound"
        ),
    )
    """What counts once the minimum is reached: all of the saving, or only what is beyond."""
    edge: Literal["counts", "does not count"] = Field(
        default="counts",
        json_schema_extra=provenance(
            "evidence: in the best documented programme a saving of exactly the minimum counts"
        ),
    )
    """Whether a saving of exactly the minimum counts."""
    quality: Measure | None = None
    """What the share of a saving is multiplied by, between 0 and 1."""
    withheld: Share = Field(
        default=Figure(0.0, "0%"), json_schema_extra=provenance("nothing is withheld unless stated")
    )
    """Part of a gain that is held back, before the limits."""
    gain_limits: tuple[LimitOf, ...] = ()
    """The most the providers gain: the least of these."""
    losses: Losses | None = None
    """What they bear of a loss; none means nothing."""

    @model_validator(mode="after")
    def _are_shares(self) -> SharedSavings:
        _check_share(self.share, "share")
        _check_share(self.minimum, "minimum")
        return self

    def compose(self, suffix: str = "") -> Composition:
        """Return the terms of this form; ``suffix`` tells its names from those of another."""
        benchmark, saved = f"benchmark{suffix}", f"saved{suffix}"
        amounts, measures = self.benchmark_names(benchmark)
        measures[saved] = named(
            f"{benchmark} - {bracket(self.spend.text)}", dead_band=self._dead_band(benchmark)
        )
        measures |= self._rates(suffix)

        def side(what: str, counted: str, rate: str, limits: Sequence[LimitOf]) -> Term:
            least = ", ".join(limit.text(benchmark) for limit in limits)
            least = f"min({least})" if len(limits) > 1 else least
            loses = what == "losses"
            measured = f"{rate}{suffix}" in measures
            share = self.losses.rate if self.losses is not None and loses else self.share
            return term(
                name=f"Share of {what}",
                key=f"share_of_{what}{suffix}",
                measure=f"{counted} * {rate}{suffix}" if measured else counted,
                bands=[] if measured else [Band(rate=share)],
                at_most=composed(least) if limits else None,
                split=self.split,
                settled="annually",
                **({"from": "providers", "to": "commissioners"} if loses else {}),
            )

        terms = [side("savings", f"max({saved}, 0)", "gain_rate", self.gain_limits)]
        if self.losses is not None:
            terms.append(side("losses", f"max(-{saved}, 0)", "loss_rate", self.losses.limits))
        return Composition(tuple(terms), amounts, measures)

    def _dead_band(self, benchmark: str) -> DeadBand | None:
        """Return what does not count of a saving or a loss, in pounds."""
        other = self.losses.minimum if self.losses is not None else None
        up, down = self.minimum, self.minimum if other is None else other
        if all(isinstance(each, Figure) and not each for each in (up, down)):
            return None
        ends = {
            "up_to": composed(f"{text_of(up)} * {benchmark}"),
            "down_to": composed(f"-{text_of(down)} * {benchmark}"),
        }
        return DeadBand(counts=self.counts, edge=self.edge, **ends)

    def _rates(self, suffix: str) -> dict[str, NamedMeasure]:
        """Return the providers' shares of savings and of losses, where they are measured."""
        factors = [text_of(self.share)]
        factors += [] if self.quality is None else [bracket(self.quality.text)]
        factors += [] if self.withheld == 0 else [f"(1 - {float(self.withheld)!r})"]
        rates: dict[str, NamedMeasure] = {}
        if len(factors) > 1 or isinstance(self.share, Expression):
            rates[f"gain_rate{suffix}"] = named(" * ".join(factors))
        if self.losses is not None and isinstance(self.losses.rate, Expression):
            bounds = {"at_least": self.losses.at_least, "at_most": self.losses.at_most}
            rates[f"loss_rate{suffix}"] = named(text_of(self.losses.rate), **bounds)
        return rates


class CorridorBand(Frozen):
    """A band of saving or loss and the providers' share inside it."""

    up_to: Share | None = None
    """Where the band ends, as a share of the benchmark; left out in the last band."""
    providers: Share
    """The share of each pound inside the band that the providers keep or bear."""


class Corridor(_AgainstBenchmark):
    """Saving and loss against a benchmark, kept and borne in shares that change by band."""

    form: Literal["corridor"]
    bands: tuple[CorridorBand, ...]
    """The providers' share by size of saving; of loss too, unless 'losses' is given."""
    losses: tuple[CorridorBand, ...] = ()
    """Their share by size of loss, where it differs."""

    @model_validator(mode="after")
    def _in_order(self) -> Corridor:
        if not self.bands:
            raise refuse("found no band", "a corridor has one or more", "add one", at="bands")
        for key in ("bands", "losses"):
            check_ends([band.up_to for band in getattr(self, key)], key, "up_to")
        return self

    def compose(self, suffix: str = "") -> Composition:
        """Return the terms of this form; ``suffix`` tells its names from those of another."""
        benchmark = f"benchmark{suffix}"
        amounts, measures = self.benchmark_names(benchmark)
        only = term(
            name="Corridor",
            key=f"corridor{suffix}",
            measure=f"({benchmark} - {bracket(self.spend.text)}) / {benchmark}",
            bands=self._both_ways(),
            times=benchmark,
            split=self.split,
            settled="annually",
        )
        return Composition((only,), amounts, measures)

    def _both_ways(self) -> list[Band]:
        """Return the bands from the greatest loss to the greatest saving."""
        gains, losses = self.bands, self.losses or self.bands
        down = [None, *(band.up_to for band in reversed(losses[:-1]))]
        bands = [
            Band(up_to=Figure(0.0) if end is None else _minus(end), rate=band.providers)
            for end, band in zip([*down[1:], None], reversed(losses), strict=True)
        ]
        return bands + [Band(up_to=band.up_to, rate=band.providers) for band in gains]


def _minus(figure: Figure) -> Figure:
    return Figure(-figure, f"-{figure.written}")
