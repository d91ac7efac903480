"""Laying a settlement out: from the terms of a window to lines that follow from each other."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from simulator.contract.account import OpenWindow
from simulator.contract.agreement import Agreement
from simulator.contract.amounts import amount_is_a_year, amount_is_money, level_of
from simulator.contract.curve import Curve, DeadBand
from simulator.contract.curve_words import scale_words
from simulator.contract.expression import Expression
from simulator.contract.live.needs import unit_of
from simulator.contract.live.sheet import Line, Sheet, TermLines, Unit, Where, evaluate, made
from simulator.contract.phrases import name_words, value_words, words
from simulator.contract.signatories import Signatories
from simulator.contract.split import DividedBy, fixed_shares
from simulator.contract.statement import COLUMNS, Array
from simulator.contract.term import Term
from simulator.contract.working import Working, used_names
from simulator.quantities import Figure

__all__ = ["lay_out"]


def lay_out(agreement: Agreement, window: OpenWindow, where: Where) -> Sheet:
    """Return the sheet of a window: how each of its terms comes to what it pays.

    Args:
        agreement: what was signed.
        window: with a statement of one world, without leading axes.
        where: says where inputs come from.
    """
    return _Layout(agreement, window, where).lay_out()


class _Layout:
    def __init__(self, agreement: Agreement, window: OpenWindow, where: Where) -> None:
        assert window.statement is not None
        self.agreement, self.window, self.where = agreement, window, where
        self.working: Working = agreement.working(window.statement, window.conditions)
        self.providers = len(agreement.signatories.providers)
        self.lines: list[Line] = []
        self.known: dict[str, str] = {}
        self.paid: list[str] = []  # lines of what each live term pays each provider
        self.paid_by: dict[str, str] = {}

    def lay_out(self) -> Sheet:
        """Return the sheet."""
        ends: list[TermLines] = []
        active = self.window.active(self.agreement)
        for index, term in enumerate(self.agreement.terms):
            is_payment = self.agreement.is_payment(term)
            is_asked = f"payments.{term.key}" in self.agreement.names_used
            if not active[index] or not (is_payment or is_asked):
                continue
            replaced = tuple(int(self._name(name)[1:]) for name in term.replaced)
            end = receipts = self._term(term)
            sides = ("providers", *self.agreement.signatories.providers)
            has_providers = term.payer in sides or term.payee in sides
            if term.key and not has_providers:
                label = f"{term.name}: of providers"
                receipts = self._input(label, np.zeros(self.providers), "money")
            self.paid_by[term.key] = receipts
            if not is_payment:
                continue
            ends.append(TermLines(index, int(end[1:]), has_providers, replaced))
            if has_providers:
                self.paid.append(receipts)
            for name in ("payments", *self._follow_payments):
                self.known.pop(name, None)
        return Sheet(tuple(self.lines), tuple(ends))

    @property
    def _follow_payments(self) -> list[str]:
        """The measures that later terms find changed by what a term pays."""
        definitions = self.agreement.definitions
        return [
            name
            for name, measure in self.agreement.measures.items()
            if "payments" in used_names((measure.measure, *measure.expressions()), definitions)
        ]

    # -- lines ---------------------------------------------------------------------------------

    def _input(self, label: str, values: Array, unit: Unit, source: str = "", of: str = "") -> str:
        values = np.atleast_1d(np.asarray(values, dtype=float))
        line = Line(len(self.lines) + 1, label, None, values, unit, source, of=of)
        self.lines.append(line)
        return line.name

    def _add(
        self, label: str, text: str, unit: Unit, note: str = "", or_nought: bool = False
    ) -> str:
        expression = made(text)
        values = evaluate(expression, self.lines)
        if or_nought:
            values = np.where(np.isnan(values), 0.0, values)
        line = Line(
            len(self.lines) + 1, label, expression, values, unit, note=note, or_nought=or_nought
        )
        self.lines.append(line)
        return line.name

    def _value(self, name: str) -> Array:
        return self.lines[int(name[1:]) - 1].values

    def _unit(self, name: str) -> Unit:
        return self.lines[int(name[1:]) - 1].unit

    # -- names and measures --------------------------------------------------------------------

    def _name(self, name: str) -> str:
        """Return the line that a name stands for; made when it is first used."""
        if name.startswith("payments."):
            key = name.removeprefix("payments.")
            if key not in self.paid_by:  # of a term that does not hold in this window
                label = f"Payments of {key.replace('_', ' ')}"
                self.paid_by[key] = self._input(label, np.zeros(self.providers), "money")
            return self.paid_by[key]
        if name not in self.known:
            self.known[name] = self._named(name)
        return self.known[name]

    def _named(self, name: str) -> str:
        label = _label(name, self.agreement)
        if name == "payments":
            if not self.paid:
                return self._input(label, np.zeros(self.providers), "money")
            return self._add(label, " + ".join(self.paid), "money")
        if name in self.agreement.measures:
            measure = self.agreement.measures[name]
            said = name.replace("_", " ").capitalize()
            return self._curve(said, measure.measure, measure)
        if name in self.agreement.amounts:
            is_money = amount_is_money(self.agreement.amounts[name])
            unit: Unit = "money" if is_money else "number"
            source = self.where(name) + self._scaling(name)
            return self._input(label, self.working.look_up(name), unit, source)
        head = name.partition(".")[0]
        if head in ("before", "years", "only"):
            return self._input(label, self.working.look_up(name), "number")
        unit = unit_of(head, self.agreement)
        return self._input(label, self.working.look_up(name), unit, self.where(name), of=name)

    def _scaling(self, name: str) -> str:
        """Say what an amount is multiplied by in this window, and that it was adjusted."""
        amount, conditions = self.agreement.amounts[name], self.window.conditions
        said = ""
        years = self.working.statement.years
        level = level_of(amount, conditions.price_level)
        if amount_is_a_year(amount) and (years != 1.0 or level != 1.0):
            written = f"{amount.written} " if isinstance(amount, Figure) else ""
            said = f": {written}× {years:.6g} years"
            said += f" × {level:.6g}, the price level" if level != 1.0 else ""
        return said + (", with adjustments" if name in conditions.added else "")

    def _text(self, expression: Expression) -> str:
        """Return a measure with the lines that its names stand for, making those that lack."""
        return ast.unparse(_Renamed(self._name).visit(ast.parse(expression.text, mode="eval")))

    def _number(self, parameter: Figure | Expression) -> str:
        """Return a number of a curve as it stands in a line."""
        if not isinstance(parameter, Expression):
            return f"({float(parameter)!r})"
        text = self._text(parameter)
        if not parameter.divides:
            return f"({text})"
        # with nothing to measure it is nought, which only a line of its own can say
        said = words(parameter, self.agreement)
        label = f"{said[0].upper()}{said[1:]}"
        return self._add(label, text, self._guess(text), or_nought=True)

    def _guess(self, text: str) -> Unit:
        """Return the unit of a measure: money if it adds and scales money without dividing it."""
        tree = ast.parse(text, mode="eval").body
        if isinstance(tree, ast.BinOp) and isinstance(tree.op, ast.Div | ast.Mult):
            parts = [self._guess(ast.unparse(side)) for side in (tree.left, tree.right)]
            if isinstance(tree.op, ast.Div):
                return "share" if parts == ["money", "money"] else "number"
            return next((unit for unit in ("money", "share") if unit in parts), "number")
        names = [node.id for node in ast.walk(tree) if isinstance(node, ast.Name)]
        lines = [name for name in names if name[:1] == "L" and name[1:].isdigit()]
        if any(isinstance(node, ast.Div) for node in ast.walk(tree)):
            return "number"
        units = [self._unit(line) for line in lines]
        return next((unit for unit in ("money", "share") if unit in units), "number")

    # -- curves --------------------------------------------------------------------------------

    def _curve(self, label: str, measure: Expression, curve: Curve) -> str:
        """Return the line of what a curve makes of a measure."""
        text = self._text(measure)
        if text[:1] == "L" and text[1:].isdigit():
            x = text
        else:
            x = self._add(label, text, self._guess(text), or_nought=measure.divides)
        if curve.dead_band is not None:
            x = self._dead_band(label, x, curve.dead_band)
        x = self._bands(label, x, curve)
        if curve.points or curve.steps:
            text = self._points(x, curve) if curve.points else self._steps(x, curve)
            said = scale_words(x, curve, self.agreement)
            x = self._add(f"{label}: on its scale", text, "money" if curve.in_money else "number")
            self.lines[-1] = replace(self.lines[-1], said=said)
        level = self._price_level(curve)
        if level:
            x = self._add(f"{label}: at prices now", f"{x} * {level}", "money")
        for word, limit, pick in (
            ("floor", curve.at_least, "max"),
            ("cap", curve.at_most, "min"),
        ):
            if limit is None:
                continue
            said = f"{label}: {word} {value_words(limit, self.agreement)}"
            end = self._number(limit)
            if level and not isinstance(limit, Expression):
                end = f"{end} * {level}"
            x = self._limit(said, x, f"{pick}({x}, {end})")
        return x

    def _limit(self, label: str, x: str, text: str) -> str:
        name = self._add(label, text, self._unit(x))
        self.lines[-1] = replace(self.lines[-1], limits=int(x[1:]))
        return name

    def _dead_band(self, label: str, x: str, dead: DeadBand) -> str:
        low = "0" if dead.down_to is None else f"min({self._number(dead.down_to)}, 0)"
        high = "0" if dead.up_to is None else f"max({self._number(dead.up_to)}, 0)"
        at = "=" if dead.edge == "counts" else ""
        above, below = (
            (x, x) if dead.counts == "from the first" else (f"{x} - {high}", f"{x} - {low}")
        )
        text = f"{above} if {x} >{at} {high} else {below} if {x} <{at} {low} else 0"
        outside = (evaluate(made(text), self.lines) != 0).any()
        note = "outside the dead band" if outside else "inside the dead band"
        return self._add(f"{label}: what counts", text, self._unit(x), note)

    def _bands(self, label: str, x: str, curve: Curve) -> str:
        if not curve.bands:
            return x
        unit: Unit = "money" if curve.in_money else self._unit(x)
        parts = []
        several = len(curve.bands) > 1
        low: Figure | Expression | None = None
        for band in curve.bands:
            rate = self._value_number(band.rate, curve)
            part = f"{rate} * {_portion(x, self._end(low), self._end(band.up_to))}"
            said = value_words(band.rate, self.agreement)
            if several:
                ends = [
                    f"{word} {value_words(end, self.agreement)}"
                    for word, end in (("from", low), ("to", band.up_to))
                    if end is not None
                ]
                said += f" {' '.join(ends)}"
            if isinstance(band.rate, Expression) or float(band.rate) or not several:
                parts.append(self._add(f"{label}: at {said}", part, unit))
            low = band.up_to
        if not parts:
            return self._add(f"{label}: no band pays", f"0 * {x}", unit)
        if len(parts) == 1:
            return parts[0]
        return self._add(f"{label}: all bands", " + ".join(parts), unit)

    def _end(self, end: Figure | Expression | None) -> str:
        return "" if end is None else self._number(end)

    def _points(self, x: str, curve: Curve) -> str:
        at = [self._number(point.at) for point in curve.points]
        value = [self._value_number(point.value, curve) for point in curve.points]
        text = value[-1]
        for index in range(len(at) - 2, -1, -1):
            part = f"(({x} - {at[index]}) / ({at[index + 1]} - {at[index]}))"
            inside = f"{value[index]} * (1 - {part}) + {value[index + 1]} * {part}"
            text = f"({inside} if {x} < {at[index + 1]} else {text})"
        return f"({value[0]} if {x} < {at[0]} else {text})"

    def _steps(self, x: str, curve: Curve) -> str:
        text = self._value_number(curve.steps[-1].value, curve)
        for step in reversed(curve.steps[:-1]):
            assert step.below is not None
            value, end = self._value_number(step.value, curve), self._number(step.below)
            text = f"({value} if {x} < {end} else {text})"
        return text

    # -- terms ---------------------------------------------------------------------------------

    def _term(self, term: Term) -> str:
        """Return the line of what each provider receives by a term."""
        amount = self._curve(term.name, term.measure, term)
        if term.times.text != "1":
            text = f"{amount} * ({self._text(term.times)})"
            amount = self._add(
                f"{term.name}: times {words(term.times, self.agreement)}", text, self._guess(text)
            )
        if term.instead_of is not None:
            replaced = " + ".join(self._name(name) for name in term.replaced)
            together = self._value(amount).size == 1 and term.split not in (None, "each")
            sign = "+" if term.payer == "providers" else "-"
            text = f"{amount} {sign} {'total' if together else ''}({replaced})"
            amount = self._add(f"{term.name}: less what it replaces", text, "money")
        if term.split is not None and self._value(amount).size == 1:
            amount = self._divided(term, amount)
        return self._received(term, amount)

    def _price_level(self, curve: Curve) -> str:
        """Return the line of the price level that a curve's value rises with, if it does."""
        level = curve.level(self.window.conditions.price_level)
        if level == 1.0:
            return ""
        if "price level" not in self.known:
            self.known["price level"] = self._input(
                "Price level", np.array([level]), "number", "the uplift of the contract"
            )
        return self.known["price level"]

    def _value_number(self, parameter: Figure | Expression, curve: Curve) -> str:
        """Return a rate or value of a curve; a measure has risen with prices already."""
        level = self._price_level(curve)
        number = self._number(parameter)
        return f"({number} / {level})" if level and isinstance(parameter, Expression) else number

    def _divided(self, term: Term, amount: str) -> str:
        split = term.split
        assert split is not None
        signatories = self.agreement.signatories
        if isinstance(split, DividedBy):
            text = self._text(split.by)
            weight = self._add(
                f"{term.name}: divided by", f"max({text}, 0)", self._guess(text), or_nought=True
            )
            share = self._add(
                f"{term.name}: share of each",
                f"{weight} / total({weight}) if total({weight}) > 0 else {weight} * 0 + "
                f"{1 / self.providers!r}",
                "share",
                or_nought=True,
            )
        else:
            given = split if isinstance(split, str) else "as agreed"
            key = f"split {given} {split if isinstance(split, dict) else ''}"
            if key not in self.known:
                values = fixed_shares(split, signatories)
                label = f"Share of each ({given})"
                self.known[key] = self._input(label, values, "share", "the split of the term")
            share = self.known[key]
        return self._add(f"{term.name}: of each", f"{share} * {amount}", "money")

    def _received(self, term: Term, amount: str) -> str:
        """Return the line of what each provider receives less what it pays by a term."""
        sign = {term.payee: "", term.payer: "-"}.get("providers")
        single = _weights(term, self.agreement.signatories)
        label = f"{term.name}: received by each provider"
        if sign == "" and single is None and self._value(amount).size == self.providers > 1:
            return amount
        if sign is None and single is None:
            return amount
        if "every" not in self.known:
            self.known["every"] = self._input("Every provider", np.ones(self.providers), "number")
        every = self.known["every"]
        parts = [f"{sign}{amount} * {every}"] if sign is not None else []
        if single is not None:
            who = self._input(f"{term.name}: who receives (1) and pays (-1)", single, "number")
            # of an amount for each of them the single party has the whole
            each = f"{amount} * {every}" if sign is not None else amount
            parts.append(f"total({each}) * {who}")
        return self._add(label, " + ".join(parts), "money")


def _weights(term: Term, signatories: Signatories) -> Array | None:
    """Return what a single provider on a side receives of a pound; None where none is."""
    weights = np.zeros(len(signatories.providers))
    for side, sign in ((term.payee, 1.0), (term.payer, -1.0)):
        if side in signatories.providers:
            weights[signatories.providers.index(side)] += sign
    return weights if weights.any() else None


class _Renamed(ast.NodeTransformer):
    """Puts the names of lines in the place of the contract's names."""

    def __init__(self, line: Callable[[str], str]) -> None:
        self.line = line

    def visit_Call(self, node: ast.Call) -> ast.AST:
        assert isinstance(node.func, ast.Name)
        if node.func.id == "before":
            (inner,) = node.args
            assert isinstance(inner, ast.Name)
            return ast.Name(self.line(f"before.{inner.id}"), ast.Load())
        if node.func.id == "only":
            party, inner = node.args
            assert isinstance(party, ast.Name)
            chosen = ast.Name(self.line(f"only.{party.id}"), ast.Load())
            test = ast.Compare(chosen, [ast.GtE()], [ast.Constant(1)])
            kept = ast.IfExp(test, self.visit(inner), ast.Constant(0))
            return ast.Call(ast.Name("total", ast.Load()), [kept], [])
        node.args = [self.visit(argument) for argument in node.args]
        return node

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        assert isinstance(node.value, ast.Name)
        return ast.Name(self.line(f"{node.value.id}.{node.attr}"), ast.Load())

    def visit_Name(self, node: ast.Name) -> ast.AST:
        return ast.Name(self.line(node.id), ast.Load())


def _portion(x: str, low: str, high: str) -> str:
    """Return the part of a measure inside a band, counted from nought."""
    inside = f"max({x}, {low})" if low else x
    inside = f"min({inside}, {high})" if high else inside
    below = _start(low, high)
    return inside if not below else f"({inside} - {below})"


def _start(low: str, high: str) -> str:
    """Return how much of a band lies below nought, nothing where it is none for certain."""
    least, most = _constant(low), _constant(high)
    if least is not None and most is not None:
        start = max(0.0, least) if low else 0.0
        start = min(start, most) if high else start
        return f"({start!r})" if start else ""
    text = f"max(0, {low})" if low else "0"
    return f"min({text}, {high})" if high else text


def _constant(text: str) -> float | None:
    """Return the number that an end is; nought for none, None for a measure."""
    try:
        return float(text.strip("()") or 0)
    except ValueError:
        return None


def _label(name: str, agreement: Agreement) -> str:
    head, _, rest = name.partition(".")
    if name == "payments":
        return "Payments above"
    if name == "years":
        return "Length of the period in years"
    if head == "only":
        return f"{agreement.signatories.name(rest)} alone"
    if head == "before":
        return f"{rest.replace('_', ' ').capitalize()} at the end of the period before"
    if name in agreement.amounts:
        return name.replace("_", " ").capitalize()
    said = COLUMNS[head][1] if head in COLUMNS else name_words(head, agreement)
    said = said.removeprefix("the ").removesuffix(", pounds")
    return f"{said[0].upper()}{said[1:]}" + (f" ({rest})" if rest else "")
