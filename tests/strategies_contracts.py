"""Hypothesis strategies for contracts over the whole language of terms, and statements to go with.

Every measure is made with its dimension, money or number, so that a contract can be written in
another currency unit and must pay the same. What is drawn is the contract as it is written.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np
from hypothesis import strategies as st

from simulator.contract.agreement import Agreement
from simulator.contract.checks import check_contract
from simulator.contract.contract import Contract
from simulator.contract.data import levels
from simulator.contract.signatories import Signatories
from simulator.contract.statement import COLUMNS, Statement

Written = dict[str, Any]

MONEY, NUMBER = "money", "number"
COLUMNS_OF = {
    MONEY: ["cost", "staff_cost", "running_cost", "vat_cost"],
    NUMBER: ["referred", "started", "completed", "good_outcomes", "wait_days", "handovers_due"],
}
RATIOS = ("good_outcomes / completed", "handovers_made / handovers_due", "vat_cost / cost")
POOLED_RATIOS = ("total(good_outcomes) / total(completed)", "total(staff_cost) / total(cost)")
NUMBERS = ("0", "1", "2", "0.5", "0.25", "10", "100", "365")
SIDES = (
    *[("commissioners", "providers")] * 6,
    ("payer_0", "providers"),
    ("providers", "commissioners"),
    ("providers", "staff"),
    ("provider_0", "commissioners"),
    ("provider_0", "providers"),
    ("providers", "provider_0"),
    ("suppliers", "provider_0"),
    ("commissioners", "hmrc"),
)


class _Maker:
    """Draws one contract, remembering the names it has given."""

    def __init__(self, draw: st.DrawFn, parties: Signatories, calm: bool, assessed: str) -> None:
        self.draw = draw
        self.parties = parties
        self.calm = calm
        self.assessed = assessed
        # names by kind and by whether they are one for all
        self.names: dict[tuple[str, bool], list[str]] = {
            (MONEY, True): [],
            (NUMBER, True): ["years"],
            (MONEY, False): self._columns(MONEY),
            (NUMBER, False): self._columns(NUMBER),
        }
        self.yearly: dict[bool, list[str]] = {True: [], False: []}
        self.keys: list[str] = []
        self.guarded = False  # whether what divides is at least 1

    def one(self, choices: Any) -> Any:
        return self.draw(st.sampled_from(list(choices)))

    def chance(self, of_ten: int) -> bool:
        return bool(self.draw(st.integers(0, 9)) >= 10 - of_ten)

    def _columns(self, kind: str) -> list[str]:
        columns = COLUMNS_OF[kind]
        return [*columns, *(f"{columns[0]}.{each}" for each in self.parties.services)]

    # -- numbers and measures

    def figure(self, kind: str, low: int = 0, high: int = 1_000) -> str:
        number = self.draw(st.integers(low, high))
        if kind == NUMBER:
            return str(number)
        number *= 100
        return f"-£{-number}" if number < 0 else f"£{number}"

    def leaf(self, kind: str, pooled: bool) -> str:
        if pooled and (not self.names[kind, True] or self.chance(4)):
            return f"total({self.leaf(kind, False)})"
        return str(self.one(self.names[kind, pooled]))

    def share(self, pooled: bool) -> str:
        if self.chance(4):
            return str(self.one(NUMBERS))
        if not self.calm and self.chance(2):
            kind = self.one((MONEY, NUMBER))
            return f"({self.leaf(kind, pooled)} / {self.leaf(kind, pooled)})"
        ratio = str(self.one(POOLED_RATIOS if pooled else (*RATIOS, *POOLED_RATIOS)))
        above, below = ratio.split(" / ")
        return f"({above} / max({below}, 1))" if self.guarded else f"({ratio})"

    def measure(self, kind: str, pooled: bool, depth: int = 2) -> str:
        if depth == 0 or self.chance(3):
            return self.leaf(kind, pooled)
        depth -= 1
        here = self.measure(kind, pooled, depth)
        other = self.measure(kind, pooled or self.chance(5), depth)
        way = self.one(["+", "-", "*", "*", "min", "max", "if", "total", "ratio", "minus"])
        if way in "+-":
            return f"({here} {way} {other})"
        if way == "*":
            return f"{self.share(pooled)} * ({here})"
        if way in ("min", "max"):
            return f"{way}({here}, {other}" + (
                f", {self.leaf(kind, pooled)})" * self.chance(3) or ")"
            )
        if way == "if":
            compared = self.one((MONEY, NUMBER))
            sign = self.one(["<", "<=", ">", ">="])
            a, b = (self.measure(compared, pooled, depth) for _ in range(2))
            return f"({here} if {a} {sign} {b} else {other})"
        if way == "total" and pooled:
            return f"total({self.measure(kind, False, depth)})"
        if way == "ratio" and kind == NUMBER:
            return f"max({self.share(pooled)}, 0)"
        return f"-({here})" if way == "minus" else here

    def number_or_measure(self, kind: str, pooled: bool, low: int = 0, high: int = 1_000) -> str:
        if self.chance(8):
            return self.figure(kind, low, high)
        return self.measure(kind, pooled, 1)

    # -- curves

    def curve(self, of: str, to: str, pooled: bool) -> Written:
        keys: Written = {}
        ways = ["bands", "points", "steps"]
        if of == to:
            ways += ["none", "none"]
        if of == MONEY and to == NUMBER:
            ways.remove("bands")
        way = self.one(ways)
        if self.chance(3):
            keys["dead_band"] = self.dead_band(of, pooled)
        if way == "bands":
            ends = self.ends(of, pooled, self.draw(st.integers(0, 3)))
            scale = MONEY if of != to else NUMBER
            rates = [self.number_or_measure(scale, pooled, -3, 20) for _ in range(len(ends) + 1)]
            if any("£" in rate for rate in rates):  # money rates stand together
                rates = [self.figure(MONEY, -3, 20) for _ in rates]
            keys["bands"] = [
                {"up_to": end, "rate": rate} for end, rate in zip(ends, rates, strict=False)
            ] + [{"rate": rates[-1]}]
        elif way in ("points", "steps"):
            ends = self.ends(of, pooled, 1 if way == "steps" else 2)
            values = [self.number_or_measure(to, pooled, -50, 50) for _ in range(len(ends) + 1)]
            at = {"points": "at", "steps": "below"}[way]
            keys[way] = [{at: end, "value": v} for end, v in zip(ends, values, strict=False)]
            keys[way] += [{"value": values[-1]}] if way == "steps" else []
        if self.chance(4):
            low, high = sorted(self.draw(st.integers(-500, 500)) for _ in range(2))
            written = [self.figure(to, end, end) for end in (low, high)]
            limits = [end if self.chance(8) else self.measure(to, pooled, 1) for end in written]
            keys |= dict(zip(("at_least", "at_most"), limits, strict=True))
            if self.chance(4):
                del keys[self.one(("at_least", "at_most"))]
        return keys

    def dead_band(self, of: str, pooled: bool) -> Written:
        ends: Written = {
            "down_to": self.figure(of, -60, 0),
            "up_to": self.figure(of, 0, 60) if self.chance(7) else self.measure(of, pooled, 1),
        }
        if self.chance(3):
            del ends[self.one(ends)]
        counts = self.one(["from the first", "only beyond"])
        edge = self.one(["counts", "does not count"])
        return {**ends, "counts": counts, "edge": edge}

    def ends(self, kind: str, pooled: bool, count: int) -> list[str]:
        if count == 1 and self.chance(2):
            return [self.measure(kind, pooled, 1)]
        places = self.draw(
            st.lists(st.integers(-300, 300), min_size=count, max_size=count, unique=True)
        )
        written = [self.figure(kind, place, place) for place in sorted(places)]
        if not self.calm and count > 1 and self.chance(1):
            written[-1] = self.measure(kind, pooled, 1)  # it may fall: then it is refused
        return written

    # -- the parts of a contract

    def amounts(self) -> Written:
        made: Written = {}
        for index in range(self.draw(st.integers(2, 4))):
            name, once = f"amount_{index}", self.chance(2) and index > 1
            pooled = index == 0 or self.chance(5)
            ending = "" if once else " a year"
            texts = [f"{self.figure(MONEY, 0, 3_000)}{ending}" for _ in self.parties.providers]
            made[name] = (
                texts[0] if pooled else dict(zip(self.parties.providers, texts, strict=True))
            )
            self.names[MONEY, pooled].append(name)
            if not once:
                self.yearly[pooled].append(name)
        return made

    def data(self) -> Written:
        made: Written = {}
        for index in range(self.draw(st.integers(0, 3))):
            name, kind = f"datum_{index}", self.one((MONEY, NUMBER))
            of = self.one(["all", "each provider", "each service"])
            low, high = self.one([(0, 500), (0, 500), (-200, 300), (40, 40)])
            made[name] = {
                "of": of,
                "over_time": self.one(["adds up", "latest"]),
                "lowest": self.figure(kind, low, low),
                "highest": self.figure(kind, high, high),
                "expected": self.figure(kind, low, high),
            }
            if self.chance(2):
                del made[name]["highest"]
            self.names[kind, of == "all"].append(name)
            if of == "each service":
                self.names[kind, False] += [f"{name}.{each}" for each in self.parties.services]
        return made

    def measures(self) -> Written:
        made: Written = {}
        for index in range(self.draw(st.integers(0, 3))):
            name, kind, pooled = f"measure_{index}", self.one((MONEY, NUMBER)), self.chance(5)
            of = self.one((MONEY, NUMBER))
            text = self.measure(of, pooled)
            curve = self.curve(of, kind, pooled)
            if of == kind and self.chance(4):
                text = f"{text} + 0.5 * before({name})"
            made[name] = {"measure": text, **curve}
            if self.is_pooled_as_made(made[name], pooled):
                self.names[kind, pooled].append(name)
                self.names[kind, pooled].append(f"before({name})")
        return made

    @staticmethod
    def is_pooled_as_made(made: Written, pooled: bool) -> bool:
        """Tell whether a measure meant to differ by provider is not made of numbers alone."""
        return pooled or bool(re.search(r"[a-z]", str(made["measure"])))

    def split(self) -> Any:
        providers = self.parties.providers
        shares: Written = {providers[0]: "rest"}
        for party in providers[1:]:
            shares[party] = f"{self.draw(st.integers(0, 100 // len(providers)))}%"
        kind = self.one((MONEY, NUMBER))
        by = {"by": self.measure(kind, False, 1)}
        return self.one(["equal", "by caseworkers", "each", shares, by, by])

    def term(self, index: int, linked: bool, when: Written) -> Written:
        # sums over providers of what they pay each other are nought but for their last digits
        payer, payee = self.one(SIDES[:-4] + SIDES[-2:] if linked and not self.assessed else SIDES)
        payer = payer if payer != "payer_0" else self.parties.commissioners[0]
        pooled = self.chance(5) or "providers" not in (payer, payee)
        if payer == "provider_0" and payee == "providers" and len(self.parties.providers) == 1:
            payer = "commissioners"
        made: Written = {"name": f"Term {index}", "from": payer, "to": payee, **when}
        times_money = self.chance(4)
        of, to = self.one((MONEY, NUMBER)), NUMBER if times_money else MONEY
        made["measure"] = self.measure(of, pooled)
        made |= self.curve(of, to, pooled)
        if times_money:
            self.guarded = self.calm  # 0/0 is nought in a curve alone
            made["times"] = self.measure(MONEY, pooled, 1)
            self.guarded = False
        elif self.chance(2):
            made["times"] = self.one(NUMBERS)
        if linked and index and "providers" in (payer, payee) and self.chance(2):
            made["instead_of"] = self.one(["payments", *self.keys])
        elif linked and index and not pooled and to == NUMBER and self.chance(3):
            paid = self.one(["payments", *(f"payments.{key}" for key in self.keys)])
            made["times"] = self.one([paid, f"-{paid}"])
        if pooled or ("instead_of" in made and self.chance(5)):
            made["split"] = self.split()
        if self.yearly[pooled] and self.chance(3) and "providers" in (payer, payee):
            made["on_account"] = self.one(self.yearly[pooled])
        made["settled"] = self.one(["monthly", "quarterly", "annually", "at the end"])
        if self.chance(4):
            made["key"] = f"key_{index}"
        return made

    def window(self) -> Written:
        when: Written = {
            "assessed": self.assessed or self.one(["month", "quarter", "year", "term"])
        }
        if not self.assessed:
            if self.chance(2):
                when["starts"] = self.one(["2026-07-01", "2026-11-01", "2027-04-01"])
            if self.chance(2):
                when["ends"] = self.one(["2027-05-31", "2027-12-31", "2028-03-31"])
        return when

    def adjustments(self, amounts: Written) -> list[Written]:
        made = []
        for _ in range(self.draw(st.integers(0, 4))):
            name = self.one(amounts)
            amount = amounts[name]
            figures = list(amount.values()) if isinstance(amount, dict) else [amount]
            is_yearly = any("a year" in figure for figure in figures)
            way = self.one(["by", "to"])
            yearly = is_yearly and (way == "to" or self.chance(5))
            ending = " a year" if yearly else ""
            texts = [f"{self.figure(MONEY, 0, 3_000)}{ending}" for _ in self.parties.providers]
            new = dict(zip(self.parties.providers, texts, strict=True))
            month = f"{self.draw(st.integers(2026, 2028))}-{self.draw(st.integers(1, 12)):02}"
            day = "01" if yearly else f"{self.draw(st.integers(1, 28)):02}"
            value = new if isinstance(amount, dict) else texts[0]
            made.append({"amount": name, "on": f"{month}-{day}", way: value})
        return made

    def contract(self, most_terms: int) -> Written:
        linked = self.chance(6)
        made: Written = {"amounts": self.amounts(), "data": self.data()}
        if linked:
            self.names[MONEY, False].append("payments")
        made["measures"] = self.measures()
        together = self.window()
        made["terms"] = []
        for index in range(self.draw(st.integers(1, most_terms))):
            term = self.term(index, linked, together if linked else self.window())
            made["terms"].append(term)
            if "key" in term:
                self.keys.append(term["key"])
                if linked:
                    self.names[MONEY, False].append(f"payments.{term['key']}")
        made["adjustments"] = self.adjustments(made["amounts"]) if not self.assessed else []
        made["uplift"] = "0% a year" if self.assessed else self.one(["0% a year", "2.5% a year"])
        return made


def read(written: Written) -> Contract:
    """Return a contract as it is written."""
    return Contract.model_validate(written)


@st.composite
def written_contracts(
    draw: st.DrawFn,
    parties: Signatories,
    calm: bool = False,
    assessed: str = "",
    most_terms: int = 4,
) -> Written:
    """Return a contract of written-out terms that no check refuses, as it is written.

    Args:
        draw: of the strategy.
        parties: who signs.
        calm: whether it divides by nothing that may be nought alone, and its ends cannot fall.
        assessed: the window of every term; none means any, with dates and adjustments.
        most_terms: how many terms it has at most.
    """
    written = _Maker(draw, parties, calm, assessed).contract(most_terms)
    # what no check would let through is mended where that is simple, and left out where not
    for _ in range(4):
        findings = list(check_contract(read(written), parties))
        if not findings:
            return written
        if any("uplift" in finding.found + finding.allowed for finding in findings):
            written["uplift"] = "0% a year"
        for finding in sorted(findings, key=lambda each: str(each.path), reverse=True):
            _mend(written, finding.path, finding.found)
        if not written["terms"]:
            break
    written["terms"] = [
        {"name": "Fee", "measure": "amount_0", "split": "equal", "on_account": "amount_0"}
    ]
    return written | {"measures": {}, "uplift": "0% a year"}


def _mend(written: Written, path: tuple[str | int, ...], found: str) -> None:
    if path[0] != "terms" or len(written["terms"]) <= int(path[1]):
        return
    index = int(path[1])
    term = written["terms"][index]
    if "no split" in found or "found a split by" in found:
        term["split"] = "equal"
    elif "found a split for" in found:
        term.pop("split", None)
    elif "payment on account" in found:
        term.pop("on_account", None)
    else:
        del written["terms"][index]


def in_other_units(written: Any, factor: int) -> Any:
    """Return what is written with every amount of money multiplied."""
    if isinstance(written, dict):
        return {key: in_other_units(value, factor) for key, value in written.items()}
    if isinstance(written, list):
        return [in_other_units(value, factor) for value in written]
    if isinstance(written, str):
        return re.sub(r"£(\d+)", lambda match: f"£{int(match[1]) * factor}", written)
    return written


def is_money_datum(written: Written, name: str) -> bool:
    """Tell whether a datum of such a contract counts money."""
    return "£" in written["data"][name]["lowest"]


def statement_for(
    agreement: Agreement,
    seed: int,
    lead: tuple[int, ...] = (),
    years: float = 1.0,
    calm: bool = False,
    huge: bool = True,
) -> Statement:
    """Return what could have happened: nothing at all, little, much, far too much.

    Args:
        agreement: whose data it has, but for some that a simulation would take as expected.
        seed: of the random numbers.
        lead: leading axes.
        years: its length.
        calm: whether nobody completes who did not start, and nothing is missing alone.
        huge: whether figures may be a million times what a town sees.
    """
    random = np.random.default_rng(seed)
    parties = agreement.signatories
    size = len(parties.providers), len(parties.services)
    shape = (*lead, *size)

    def scale() -> np.ndarray:
        """Return for each future how large a group of figures is; nought for some."""
        sizes = [0.0, 1.0, 1.0, 1.0, 2.0**10, 2.0**20] if huge else [0.0, 1.0, 1.0, 2.0]
        whole = random.choice(sizes, (*lead, 1, 1))
        return whole * random.choice([0.0, 1.0, 1.0, 1.0], shape)

    def part(of: np.ndarray) -> np.ndarray:
        some = np.floor(of * random.random(shape))
        return np.where(
            random.random(shape) < 0.2, of, np.where(random.random(shape) < 0.1, 0, some)
        )

    columns = {name: np.zeros(shape) for name in COLUMNS}
    columns["referred"] = np.floor(400 * random.random(shape)) * scale()
    for name, of in (
        ("declined", "referred"),
        ("started", "referred"),
        ("completed", "started"),
        ("good_outcomes", "completed"),
        ("handovers_due", "completed"),
        ("handovers_made", "handovers_due"),
        ("dropped_out", "referred"),
        ("returned", "referred"),
    ):
        columns[name] = part(columns[of])
    columns["wait_days"] = np.floor(columns["started"] * 60 * random.random(shape))
    columns["service_days"] = columns["completed"] * 90
    cost = scale()
    for name in ("staff_cost", "running_cost", "vat_cost"):
        columns[name] = np.floor(200_000 * random.random(shape)) * cost
    columns["cost"] = columns["staff_cost"] + columns["running_cost"] + columns["vat_cost"]
    if not calm:
        for name in random.choice(list(COLUMNS), 3):
            columns[name] = columns[name] * random.choice([0.0, 1.0], (*lead, 1, 1))
    wide = {"all": (1, 1), "each provider": (size[0], 1), "each service": size}
    for name, datum in agreement.data.items():
        if random.random() < 0.2:
            continue
        low, high = datum.bounds
        high = high if np.isfinite(high) else low + 2.0**20
        of_all = (*lead, *wide[datum.of])
        figures = np.floor(low + (high - low) * random.random(of_all))
        ends = np.where(random.random(of_all) < 0.5, low, high)
        columns[name] = np.where(random.random(of_all) < 0.3, ends, figures)
    return Statement(columns, years, levels(agreement.data))
