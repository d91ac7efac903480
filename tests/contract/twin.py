"""A slow, plain twin of settlement: floats, lists, loops and if-statements.

It reads what a contract says and works it out anew, by hand as it were: one future, one provider
after another. It shares no code with the package that evaluates, splits, adds up or limits. What
is worked out here is not rounded to the ledger's grain.
"""

from __future__ import annotations

import ast
import datetime
import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from simulator.contract.agreement import Agreement
from simulator.contract.expression import Expression
from simulator.contract.periods import Month
from simulator.contract.signatories import OUTSIDE
from simulator.contract.term import Term
from simulator.quantities import is_a_year

Row = list[float]
"""A figure of each provider."""
Columns = dict[str, list[list[float]]]
"""What happened, by provider and service; 'all' data in the first place of both."""


class Refused(Exception):
    """A payment is not a finite number, or ends do not rise."""


@dataclass
class Sheet:
    """One window: what happened, how long it is, and what it has from elsewhere."""

    columns: Columns
    years: float
    price_level: float
    amounts: dict[str, Row]
    before: dict[str, Row]


class Twin:
    """Settles one contract in one future."""

    def __init__(self, agreement: Agreement) -> None:
        self.agreement = agreement
        self.parties = agreement.signatories
        self.providers = self.parties.providers
        self.accounts = [*self.parties.commissioners, *self.providers, *OUTSIDE]

    # -- which figures differ by provider

    def varies(self, node: ast.expr, seen: frozenset[str] = frozenset()) -> bool:
        if isinstance(node, ast.Constant):
            return False
        if isinstance(node, ast.Attribute):
            return True  # one service of a column, or what a term pays
        if isinstance(node, ast.Name):
            return self.name_varies(node.id, seen)
        if isinstance(node, ast.Call):
            assert isinstance(node.func, ast.Name)
            if node.func.id in ("total", "only"):
                return False
            return any(self.varies(each, seen) for each in node.args)
        return any(
            self.varies(child, seen)
            for child in ast.iter_child_nodes(node)
            if isinstance(child, ast.expr)
        )

    def name_varies(self, name: str, seen: frozenset[str]) -> bool:
        if name == "years":
            return False
        if name in self.agreement.amounts:
            return isinstance(self.agreement.amounts[name], dict)
        if name in self.agreement.data:
            return self.agreement.data[name].of != "all"
        if name in self.agreement.measures:
            if name in seen:
                return False
            measure = self.agreement.measures[name]
            trees = [measure.measure.tree, *self.trees_in(measure)]
            return any(self.varies(tree, seen | {name}) for tree in trees)
        return True  # a column, or payments

    @staticmethod
    def trees_in(curve: Any) -> list[ast.expr]:
        found = [curve.at_least, curve.at_most]
        if curve.dead_band is not None:
            found += [curve.dead_band.down_to, curve.dead_band.up_to]
        for band in curve.bands:
            found += [band.up_to, band.rate]
        for point in curve.points:
            found += [point.at, point.value]
        for step in curve.steps:
            found += [step.below, step.value]
        return [each.tree for each in found if isinstance(each, Expression)]

    # -- measures

    def value(self, node: ast.expr, sheet: Sheet, paid: Paid) -> Row:
        """Return the value for each provider; the same for all where it is one for all."""
        count = len(self.providers)
        if isinstance(node, ast.Constant):
            assert isinstance(node.value, int | float)
            return [float(node.value)] * count
        if isinstance(node, ast.Name):
            return self.named(node.id, sheet, paid)
        if isinstance(node, ast.Attribute):
            assert isinstance(node.value, ast.Name)
            if node.value.id == "payments":
                return paid.by_key[node.attr]
            service = self.parties.services.index(node.attr)
            return [row[service] for row in self.column(node.value.id, sheet)]
        if isinstance(node, ast.UnaryOp):
            return [-x for x in self.value(node.operand, sheet, paid)]
        if isinstance(node, ast.BinOp):
            left, right = self.value(node.left, sheet, paid), self.value(node.right, sheet, paid)
            return [operate(node.op, a, b) for a, b in zip(left, right, strict=True)]
        if isinstance(node, ast.IfExp):
            return self.chosen(node, sheet, paid)
        assert isinstance(node, ast.Call)
        assert isinstance(node.func, ast.Name)
        if node.func.id == "before":
            assert isinstance(node.args[0], ast.Name)
            return sheet.before.get(node.args[0].id, [0.0] * count)
        if node.func.id == "only":
            assert isinstance(node.args[0], ast.Name)
            place = self.providers.index(node.args[0].id)
            return [self.value(node.args[1], sheet, paid)[place]] * count
        rows = [self.value(each, sheet, paid) for each in node.args]
        if node.func.id == "total":
            if not self.varies(node.args[0]):
                return rows[0]
            return [added(rows[0])] * count
        return [extreme(node.func.id, [row[i] for row in rows]) for i in range(count)]

    def chosen(self, node: ast.IfExp, sheet: Sheet, paid: Paid) -> Row:
        assert isinstance(node.test, ast.Compare)
        left = self.value(node.test.left, sheet, paid)
        right = self.value(node.test.comparators[0], sheet, paid)
        then, other = self.value(node.body, sheet, paid), self.value(node.orelse, sheet, paid)
        result = []
        for i in range(len(self.providers)):
            comparison = node.test.ops[0]
            if isinstance(comparison, ast.Lt):
                holds = left[i] < right[i]
            elif isinstance(comparison, ast.LtE):
                holds = left[i] <= right[i]
            elif isinstance(comparison, ast.Gt):
                holds = left[i] > right[i]
            else:
                holds = left[i] >= right[i]
            result.append(then[i] if holds else other[i])
        return result

    def named(self, name: str, sheet: Sheet, paid: Paid) -> Row:
        count = len(self.providers)
        if name == "years":
            return [sheet.years] * count
        if name == "payments":
            return paid.in_all
        if name in sheet.amounts:
            return sheet.amounts[name]
        if name in self.agreement.measures:
            measure = self.agreement.measures[name]
            values = self.curve(measure, self.value(measure.measure.tree, sheet, paid), sheet, paid)
            return values
        return [added(row) for row in self.column(name, sheet)]

    def column(self, name: str, sheet: Sheet) -> list[list[float]]:
        """Return a column by provider; a figure that is one for all stands in every row."""
        rows = sheet.columns.get(name)
        if rows is None:
            datum = self.agreement.data[name]
            assert datum.expected is not None
            figure = float(datum.expected) * (sheet.years if datum.over_time == "adds up" else 1.0)
            wide = len(self.parties.services) if datum.of == "each service" else 1
            rows = [[figure] * wide for _ in self.providers]
        return rows if len(rows) == len(self.providers) else [rows[0] for _ in self.providers]

    # -- curves

    def curve(self, curve: Any, values: Row, sheet: Sheet, paid: Paid) -> Row:
        def number(parameter: Any) -> Row:
            if isinstance(parameter, Expression):
                found = self.value(parameter.tree, sheet, paid)
                return [0.0 if math.isnan(x) else x for x in found]
            return [float(parameter)] * len(self.providers)

        level = sheet.price_level if in_money(curve) else 1.0

        def priced(parameter: Any) -> Row:
            """Return a rate, value or limit: what is written as money rises with prices."""
            risen = 1.0 if isinstance(parameter, Expression) else level
            return [x * risen for x in number(parameter)]

        result = []
        for i, x in enumerate(values):
            y = 0.0 if math.isnan(x) else x
            if curve.dead_band is not None:
                low = None if curve.dead_band.down_to is None else number(curve.dead_band.down_to)
                high = None if curve.dead_band.up_to is None else number(curve.dead_band.up_to)
                y = beyond(
                    y,
                    0.0 if low is None else min(low[i], 0.0),
                    0.0 if high is None else max(high[i], 0.0),
                    curve.dead_band.counts == "from the first",
                    curve.dead_band.edge == "counts",
                )
            if curve.bands:
                ends = [number(each.up_to)[i] for each in curve.bands[:-1]]
                y = in_bands(y, ends, [priced(each.rate)[i] for each in curve.bands])
            elif curve.points:
                places = [number(each.at)[i] for each in curve.points]
                y = on_scale(y, places, [priced(each.value)[i] for each in curve.points])
            elif curve.steps:
                ends = [number(each.below)[i] for each in curve.steps[:-1]]
                y = on_steps(y, ends, [priced(each.value)[i] for each in curve.steps])
            if curve.at_least is not None and y < priced(curve.at_least)[i]:
                y = priced(curve.at_least)[i]
            if curve.at_most is not None and y > priced(curve.at_most)[i]:
                y = priced(curve.at_most)[i]
            result.append(y)
        return result

    # -- terms

    def term(self, term: Term, sheet: Sheet, paid: Paid) -> dict[str, float]:
        """Return what each account receives by a term; payments are below nought."""
        values = self.curve(term, self.value(term.measure.tree, sheet, paid), sheet, paid)
        factors = self.value(term.times.tree, sheet, paid)
        each = [value * factor for value, factor in zip(values, factors, strict=True)]
        trees = [term.measure.tree, term.times.tree, *self.trees_in(term)]
        is_one = not any(self.varies(tree) for tree in trees)
        is_divided = is_one and term.split is not None
        if term.instead_of is not None:
            of = [paid.in_all if key == "payments" else paid.by_key[key] for key in term.instead_of]
            old = [added(list(row)) for row in zip(*of, strict=True)]
            if is_divided and term.split != "each":
                old = [added(old)] * len(old)
            else:
                is_one = False
            sign = -1.0 if term.payer == "providers" else 1.0
            each = [new - sign * gone for new, gone in zip(each, old, strict=True)]
        return self.moved(term, each, is_one, sheet, paid)

    def moved(
        self, term: Term, each: Row, is_one: bool, sheet: Sheet, paid: Paid
    ) -> dict[str, float]:
        if is_one and term.split is not None:
            each = [x * part for x, part in zip(each, self.parts(term, sheet, paid), strict=True)]
        elif is_one and "providers" not in (term.payer, term.payee):
            each = each[:1]  # a single sum between two parties
        if not all(math.isfinite(x) for x in each):
            raise Refused(term.name)
        accounts = dict.fromkeys(self.accounts, 0.0)
        for side, sign in ((term.payee, 1.0), (term.payer, -1.0)):
            for party, x in self.side(side, each):
                accounts[party] += sign * x
        return accounts

    def side(self, side: str, each: Row) -> list[tuple[str, float]]:
        if side == "providers":
            return list(zip(self.providers, each, strict=True))
        whole = added(each)
        if side == "commissioners":
            funding = self.parties.funding
            return [(party, whole * funding[party]) for party in self.parties.commissioners]
        return [(side, whole)]

    def parts(self, term: Term, sheet: Sheet, paid: Paid) -> Row:
        split, count = term.split, len(self.providers)
        if split == "each":
            return [1.0] * count
        if split == "equal":
            return [1 / count] * count
        if split == "by caseworkers":
            weights = [self.parties.caseworkers[party] for party in self.providers]
        elif isinstance(split, dict):
            weights = [float(split.get(party, 0.0)) for party in self.providers]
        else:
            assert split is not None
            assert not isinstance(split, str)
            found = self.value(split.by.tree, sheet, paid)
            weights = [0.0 if math.isnan(x) or x < 0 else x for x in found]
        whole = added(weights)
        if whole == 0:
            return [1 / count] * count
        return [weight / whole if math.isfinite(whole) else math.nan for weight in weights]

    # -- a window, and the account

    def settle(self, sheet: Sheet, active: Sequence[bool] | None = None) -> Settlement:
        """Return what every term moves in a window."""
        paid = Paid([0.0] * len(self.providers), {})
        rows = []
        for index, term in enumerate(self.agreement.terms):
            if active is not None and not active[index]:
                moved = dict.fromkeys(self.accounts, 0.0)
            else:
                moved = self.term(term, sheet, paid)
            rows.append([moved[account] for account in self.accounts])
            received = [moved[party] for party in self.providers]
            if term.payer not in OUTSIDE and term.payee not in OUTSIDE:
                both = zip(paid.in_all, received, strict=True)
                paid = Paid([a + b for a, b in both], dict(paid.by_key))
            if term.key:
                paid.by_key[term.key] = received
        return Settlement(rows, paid)

    def sheet(self, columns: Columns, years: float, price_level: float = 1.0) -> Sheet:
        """Return a window at the prices of the first year, of which nothing went before."""
        amounts = {}
        for name, amount in self.agreement.amounts.items():
            row = self.by_provider(amount)
            if is_yearly(amount):
                row = [x * years * price_level for x in row]
            amounts[name] = row
        return Sheet(columns, years, price_level, amounts, {})

    def by_provider(self, amount: Any) -> Row:
        if isinstance(amount, dict):
            return [float(amount[party]) for party in self.providers]
        return [float(amount)] * len(self.providers)


@dataclass
class Paid:
    """What the terms above pay each provider, in all and by key."""

    in_all: Row
    by_key: dict[str, Row]


@dataclass
class Settlement:
    """Payments by term and account, and what the providers had of them."""

    rows: list[Row]
    paid: Paid


class TwinAccount(Twin):
    """Keeps the account of a contract, month by month, adding up from the start each time."""

    def __init__(self, agreement: Agreement, months: Sequence[Month]) -> None:
        super().__init__(agreement)
        self.months = months
        self.worked_out: dict[tuple[object, ...], tuple[Settlement, dict[str, Row]]] = {}

    def keep(self, statements: Sequence[Columns]) -> list[list[Row]]:
        """Return what is paid in each month, by term and account."""
        terms = self.agreement.terms
        so_far = [[0.0] * len(self.accounts) for _ in terms]
        months = []
        for now, month in enumerate(self.months):
            paid = []
            for index, term in enumerate(terms):
                moved = [0.0] * len(self.accounts)
                if term.on_account is not None and in_force(term, month):
                    moved = self.advance(term, now)
                if now in self.dates(term.settled):
                    due = self.due(index, now, statements)
                    moved = [d - p for d, p in zip(due, so_far[index], strict=True)]
                so_far[index] = [p + m for p, m in zip(so_far[index], moved, strict=True)]
                paid.append(moved)
            months.append(paid)
        return months

    def dates(self, settled: str) -> list[int]:
        last = len(self.months) - 1
        found = []
        for number, month in enumerate(self.months):
            day = month.end  # the day after the month
            ends_quarter = day.day == 1 and day.month in (1, 4, 7, 10)
            ends_year = day.day == 1 and day.month == 4
            if (
                number == last
                or settled == "monthly"
                or (settled == "quarterly" and ends_quarter)
                or (settled == "annually" and ends_year)
            ):
                found.append(number)
        return found

    def advance(self, term: Term, now: int) -> Row:
        month = self.months[now]
        amounts = {name: self.amount(name, [now]) for name in self.agreement.amounts}
        sheet = Sheet({}, month.years, self.level(month.first), amounts, {})
        nothing = Paid([], {})
        assert term.on_account is not None
        each = self.value(term.on_account.tree, sheet, nothing)
        is_one = not self.varies(term.on_account.tree)
        moved = self.moved(term, each, is_one, sheet, nothing)
        return [moved[account] for account in self.accounts]

    def due(self, index: int, now: int, statements: Sequence[Columns]) -> Row:
        """Return what a term comes to in all its windows up to now."""
        term = self.agreement.terms[index]
        whole = [0.0] * len(self.accounts)
        before: dict[str, Row] = {}
        for window in self.windows(term, now):
            settled, before = self.window(term, window, statements, before)
            whole = [a + b for a, b in zip(whole, settled.rows[index], strict=True)]
        return whole

    def windows(self, term: Term, now: int) -> list[list[int]]:
        """Return the months of each window of a term, in order."""
        found: dict[tuple[int, ...], list[int]] = {}
        for number, month in enumerate(self.months[: now + 1]):
            day = month.first
            year = day.year if day.month >= 4 else day.year - 1
            name = {
                "month": (day.year, day.month),
                "quarter": (day.year, (day.month - 1) // 3),
                "year": (year,),
                "term": (),
            }[term.assessed]
            if in_force(term, month):
                found.setdefault(name, []).append(number)
        return list(found.values())

    def window(
        self,
        term: Term,
        numbers: list[int],
        statements: Sequence[Columns],
        before: dict[str, Row],
    ) -> tuple[Settlement, dict[str, Row]]:
        """Return what a window comes to, and what its measures come to at its end."""
        key = (term.assessed, term.starts, term.ends, tuple(numbers))
        if key not in self.worked_out:
            years = math.fsum(self.months[number].years for number in numbers)
            weighted = math.fsum(
                self.months[number].years * self.level(self.months[number].first)
                for number in numbers
            )
            amounts = {name: self.amount(name, numbers) for name in self.agreement.amounts}
            columns = self.added_up([statements[number] for number in numbers])
            sheet = Sheet(columns, years, weighted / years, amounts, before)
            held = [
                all(in_force(each, self.months[number]) for number in numbers)
                for each in self.agreement.terms
            ]
            settled = self.settle(sheet, held)
            asked = set()
            for measure in self.agreement.measures.values():
                asked |= carried_in([measure.measure.tree, *self.trees_in(measure)])
            for each in self.agreement.terms:
                split = getattr(each.split, "by", None)
                trees = [each.measure.tree, each.times.tree, *self.trees_in(each)]
                asked |= carried_in([*trees, *([split.tree] if split else [])])
            left = {name: self.named(name, sheet, settled.paid) for name in asked}
            self.worked_out[key] = settled, left
        return self.worked_out[key]

    def added_up(self, several: list[Columns]) -> Columns:
        whole: Columns = {}
        for name, rows in several[0].items():
            datum = self.agreement.data.get(name)
            if datum is not None and datum.over_time == "latest":
                whole[name] = several[-1][name]
                continue
            total = [list(row) for row in rows]
            for other in several[1:]:
                for i, row in enumerate(other[name]):
                    for j, x in enumerate(row):
                        total[i][j] += x
            whole[name] = total
        return whole

    def level(self, day: datetime.date) -> float:
        level, start = 1.0, self.months[0].first
        for year in range(start.year, day.year + 1):
            if start < datetime.date(year, 4, 1) <= day:
                level *= 1.0 + self.agreement.uplift
        return level

    def amount(self, name: str, numbers: list[int]) -> Row:
        """Return an amount in a window: month by month where it is one a year."""
        amount = self.agreement.amounts[name]
        signed = self.by_provider(amount)
        changes = sorted(
            (each for each in self.agreement.adjustments if each.amount == name),
            key=lambda each: each.on,
        )
        if not is_yearly(amount):
            for each in changes:
                if each.on < self.months[numbers[-1]].end:
                    new = self.by_provider(each.to if each.to is not None else each.by)
                    signed = new if each.to is not None else plus(signed, new)
            return signed
        parts: list[Row] = []
        for number in numbers:
            month = self.months[number]
            a_year = [x * self.level(month.first) for x in signed]
            once = [0.0] * len(self.providers)
            for each in changes:
                if each.on >= month.end:
                    continue
                new = self.by_provider(each.to if each.to is not None else each.by)
                rises = 0
                for year in range(each.on.year, month.first.year + 1):
                    rises += each.on < datetime.date(year, 4, 1) <= month.first
                risen = [x * (1.0 + self.agreement.uplift) ** rises for x in new]
                if each.to is not None:
                    a_year = risen
                elif is_yearly(each.by):
                    a_year = plus(a_year, risen)
                elif each.on >= month.first:
                    once = plus(once, new)
            parts.append(plus([x * month.years for x in a_year], once))
        return [math.fsum(part[i] for part in parts) for i in range(len(self.providers))]


def plus(a: Row, b: Row) -> Row:
    return [x + y for x, y in zip(a, b, strict=True)]


def is_yearly(amount: Any) -> bool:
    figures = list(amount.values()) if isinstance(amount, dict) else [amount]
    return any(is_a_year(figure) for figure in figures)


def in_force(term: Term, month: Month) -> bool:
    last_day = month.end - datetime.timedelta(days=1)
    if term.starts is not None and month.first < term.starts:
        return False
    return term.ends is None or last_day <= term.ends


def carried_in(trees: list[ast.expr]) -> set[str]:
    """Return the measures asked for with before(...)."""
    return {
        node.args[0].id
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "before"
        and isinstance(node.args[0], ast.Name)
    }


def in_money(curve: Any) -> bool:
    """Tell whether what a curve gives rises with prices: money stands in its rates or values."""
    figures = [band.rate for band in curve.bands]
    figures += [each.value for each in (*curve.points, *curve.steps)]
    return any(
        not isinstance(figure, Expression) and any(sign in figure.written for sign in "£€$")
        for figure in figures
    )


def added(row: Row) -> float:
    total = 0.0
    for x in row:
        total = total + x
    return total


def operate(op: ast.operator, a: float, b: float) -> float:
    if isinstance(op, ast.Add):
        return a + b
    if isinstance(op, ast.Sub):
        return a - b
    if isinstance(op, ast.Mult):
        return a * b
    if b != 0:
        return a / b
    if a == 0 or math.isnan(a):
        return math.nan
    return math.copysign(math.inf, a) * math.copysign(1.0, b)


def extreme(name: str, values: Row) -> float:
    if any(math.isnan(x) for x in values):
        return math.nan
    return min(values) if name == "min" else max(values)


def beyond(x: float, low: float, high: float, is_cliff: bool, edge_counts: bool) -> float:
    """Return what counts of x outside a dead band."""
    if x > 0 and (x > high or (edge_counts and x == high)):
        return x if is_cliff else x - high
    if x < 0 and (x < low or (edge_counts and x == low)):
        return x if is_cliff else x - low
    return 0.0


def refuse_falling(ends: Row) -> None:
    for left, right in itertools.pairwise(ends):
        if right < left:
            raise Refused("ends fall")


def in_bands(x: float, ends: Row, rates: Row) -> float:
    """Walk from nought to x and count each stretch at the rate of its band."""
    refuse_falling(ends)
    total, start = 0.0, -math.inf
    for end, rate in zip([*ends, math.inf], rates, strict=True):
        if x > 0:
            width = max(0.0, min(x, end) - max(start, 0.0)) if end > 0 else 0.0
        else:
            width = -max(0.0, min(end, 0.0) - max(start, x)) if start < 0 else 0.0
        if rate != 0:
            total += rate * width
        start = end
    return total


def on_scale(x: float, places: Row, values: Row) -> float:
    refuse_falling(places)
    if x < places[0] or (x == places[0] < places[1]):
        return values[0]
    for left in reversed(range(len(places))):
        if x >= places[left]:
            if left == len(places) - 1 or x == places[left]:
                return values[left]
            part = (x - places[left]) / (places[left + 1] - places[left])
            return values[left] * (1.0 - part) + values[left + 1] * part
    return math.nan


def on_steps(x: float, ends: Row, values: Row) -> float:
    refuse_falling(ends)
    for end, value in zip(ends, values, strict=False):
        if x < end:
            return value
    return values[-1]
