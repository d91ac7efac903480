"""Charts as data: from a table to a Vega-Lite specification, with nothing drawn.

Each title says what was found. Text is horizontal, labels stand beside what they name, and no
colour tells anything alone. The table a chart is made from is shown beside it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from simulator.report.tabular import Cell, Table, records

__all__ = ["COLOURS", "cash_chart", "grid_chart", "tornado_chart"]

Spec = dict[str, Any]
Say = Callable[[float], str]
COLOURS = ("#12436D", "#28A197", "#801650", "#F46A25")
"""The categorical palette of UK government statistics; told apart in print and by most eyes."""
_INK, _GREY, _GRID, _PAPER = "#0B0C0C", "#6F777B", "#DDDDDD", "#FFFFFF"
_SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"
_MINUS, _DOT = "\N{MINUS SIGN}", "\N{MIDDLE DOT}"
_MOST_BARS = 15
_CONFIG = {
    "background": _PAPER,
    "font": "Arial, Helvetica, sans-serif",
    "title": {"anchor": "start", "fontSize": 16, "subtitleFontSize": 12, "color": _INK},
    "axis": {
        "gridColor": _GRID,
        "labelColor": _INK,
        "titleColor": _INK,
        "labelFontSize": 12,
        "titleFontSize": 12,
        "labelAngle": 0,
        "tickCount": 6,
        "labelLimit": 420,
    },
    "text": {"fontSize": 12, "color": _INK},
    "view": {"stroke": None},
}


def _chart(title: Sequence[str], subtitle: Sequence[str], body: Spec) -> Spec:
    return {
        "$schema": _SCHEMA,
        "config": _CONFIG,
        "padding": 12,
        "title": {"text": list(title), "subtitle": list(subtitle)},
        **body,
    }


def _number(cell: Cell) -> float:
    assert isinstance(cell, int | float)
    return float(cell)


def tornado_chart(rows: Table, measure: str, words: str, say: Say, note: str) -> Spec:
    """Return a tornado: a bar for each number, from its low to its high end.

    Args:
        rows: the table of a tornado.
        measure: which of its measures.
        words: the measure in words.
        say: shows what the measure comes to.
        note: what it was made from; stands under the title.
    """
    found = [
        row
        for row in records(rows)
        if row["measure"] == measure and row["distinguishable"] == "yes"
    ][:_MOST_BARS]
    if not found:
        empty: Spec = {"data": {"values": [{}]}, "mark": {"type": "text", "text": ""}}
        return _chart(["No range moves this clearly"], [words, note], empty | {"encoding": {}})
    base = _number(found[0]["at_value"])
    bars: list[Spec] = []
    labels: list[Spec] = []
    for row in found:
        ends = [
            (_number(row[f"at_{end}"]), str(row[end]), end)
            for end in ("low", "high")
            if row[f"at_{end}"] is not None
        ]
        # the farther end first, so that the nearer one is drawn over it
        for at, _, end in sorted(ends, key=lambda each: -abs(each[0] - base)):
            bars.append({"path": row["path"], "at": at, "to": base, "end": end})
        for side in ("left", "right"):
            there = sorted(each for each in ends if (each[0] < base) == (side == "left"))
            if there:  # both on one side: in the order in which they lie, beyond the farther one
                edge = there[0][0] if side == "left" else there[-1][0]
                text = " \N{MIDDLE DOT} ".join(text for _, text, _ in there)
                labels.append({"path": row["path"], "text": text, "side": side, "at": edge})
    first = found[0]
    widest = [_number(first[key]) for key in ("at_low", "at_high") if first[key] is not None]
    widest.append(base)
    most = [str(row["path"]) for row in found if row["best_rank"] == 1]
    title = f"{' or '.join(most[:3])} moves it most"
    if len(most) == 1:
        title += f": {say(min(widest))} to {say(max(widest))}"
    every = [bar["at"] for bar in bars] + [base]
    space = 0.16 * ((max(every) - min(every)) or 1.0)  # for the labels at the ends
    domain = [min(every) - space, max(every) + space]
    x = {
        "field": "at",
        "type": "quantitative",
        "title": words,
        "scale": {"domain": domain, "nice": False},
        "axis": {"labelOverlap": "greedy"},
    }
    scale = {"domain": ["low", "high"], "range": [COLOURS[0], COLOURS[3]]}
    layers: list[Spec] = [
        {
            "data": {"values": bars},
            "mark": {"type": "bar", "height": {"band": 0.7}},
            "encoding": {
                "x": x,
                "x2": {"field": "to"},
                "color": {"field": "end", "type": "nominal", "scale": scale, "legend": None},
            },
        }
    ]
    for side, align, shift in (("left", "right", -4), ("right", "left", 4)):
        layers.append(
            {
                "data": {"values": [each for each in labels if each["side"] == side]},
                "mark": {"type": "text", "align": align, "dx": shift},
                "encoding": {"x": x, "text": {"field": "text", "type": "nominal"}},
            }
        )
    centre = {"x": {"datum": base}, "y": None}
    rule = {"type": "rule", "color": _INK}
    layers.append({"data": {"values": [{}]}, "mark": rule, "encoding": centre})
    return _chart(
        [title],
        [
            words,
            f"At the central values {say(base)}. Labels are the ends of each range: blue at the "
            "low end, orange at the high end.",
            note,
        ],
        {
            "width": 560,
            "height": {"step": 24},
            "encoding": {
                "y": {
                    "field": "path",
                    "type": "nominal",
                    "sort": [row["path"] for row in found],
                    "title": None,
                }
            },
            "layer": layers,
        },
    )


def grid_chart(rows: Table, measure: str, words: str, bound: float, say: Say, note: str) -> Spec:
    """Return a map: above or below a bound, too close to tell, or impossible, by sign and colour.

    Args:
        rows: the table of a grid, with a column 'side'.
        measure: which of its measures.
        words: the measure in words.
        bound: what it is held against.
        say: shows what the measure comes to.
        note: what it was made from; stands under the title.
    """
    found = [row for row in records(rows) if row["measure"] == measure]
    above = sum(row["side"] == "above" for row in found)
    signs = {
        "above": "+",
        "below": "\N{MINUS SIGN}",
        "too close": "\N{MIDDLE DOT}",
        "cannot run": "x",
    }
    values = [{**row, "sign": signs[str(row["side"])]} for row in found]
    paper = ["#5694CA", "#F4A98A", "#F3F2F1", "#B1B4B6"]
    one_row = found[0]["y_path"] == "none"
    encoding: Spec = {
        "x": {
            "field": "x",
            "type": "ordinal",
            "sort": None,
            "title": found[0]["x_path"],
            "axis": {"labelOverlap": "greedy", "labelSeparation": 8},
        },
    }
    if not one_row:
        encoding["y"] = {"field": "y", "type": "ordinal", "sort": None, "title": None}
    return _chart(
        [f"Above {say(bound)} at {above} of {len(found)} points"],
        [
            words,
            f"+ above {say(bound)}, {_MINUS} below, {_DOT} too close to tell, "
            "x cannot be run" + ("" if one_row else f". From top to bottom: {found[0]['y_path']}"),
            note,
        ],
        {
            "width": {"step": 44},
            "height": 30 if one_row else {"step": 30},
            "data": {"values": values},
            "encoding": encoding,
            "layer": [
                {
                    "mark": {"type": "rect", "stroke": _PAPER},
                    "encoding": {
                        "color": {
                            "field": "side",
                            "type": "nominal",
                            "scale": {"domain": list(signs), "range": paper},
                            "legend": None,
                        }
                    },
                },
                {
                    "mark": {"type": "text", "fontSize": 14},
                    "encoding": {"text": {"field": "sign", "type": "nominal"}},
                },
            ],
        },
    )


def cash_chart(
    rows: Table,
    names: Mapping[str, str],
    titles: Mapping[str, str],
    held: Mapping[str, float],
    short: Mapping[tuple[str, str], float],
    currency: str,
    note: str,
) -> Spec:
    """Return each party's cash since the start: median, and 5th to 95th percentile.

    Args:
        rows: the cash table of a run.
        names: of the parties shown, in order.
        titles: of the contracts, in order.
        held: reserves of the providers.
        short: for each contract and provider, the share of futures in which its cash runs out.
        currency: the sign of all amounts.
        note: what it was made from; stands under the title.
    """
    found = [row for row in records(rows) if row["account"] in names]
    columns = len(names) if len(names) < 4 else 2
    panels = []
    colours = {name: COLOURS[place % len(COLOURS)] for place, name in enumerate(titles)}
    contract, party = max(short, key=lambda each: short[each])
    chance = short[contract, party]
    finding = (
        f"{names[party]} runs out of cash in {max(1, math.floor(100 * chance + 0.5))}% of futures "
        f"under {titles[contract]}"
        if chance > 0
        else "No provider runs out of cash in any of these futures"
    )
    for account, name in names.items():
        inside = [row for row in found if row["account"] == account]
        panels.append(_panel(name, inside, titles, colours, held.get(account), currency))
    return _chart(
        [finding],
        [
            "Cash received less paid since the start. Line: median. Band: 5th to 95th percentile "
            "at each month end.",
            note,
        ],
        {"concat": panels, "columns": columns, "spacing": 28},
    )


def _aprils(values: Sequence[Spec]) -> list[str]:
    """Return the first days of the financial years among these months."""
    months = dict.fromkeys(str(row["month"]) for row in values)
    return [month for month in months if month.endswith("-04-01")]


def _labels(values: Sequence[Spec], titles: Sequence[str], held: float | None) -> list[Spec]:
    """Return each contract's name at the end of its line, moved apart where they would overlap."""
    heights = [_number(row[key]) for row in values for key in ("p05", "p95")]
    heights += [] if held is None else [-held]
    apart = 0.075 * (max(heights) - min(heights))
    ends = [[row for row in values if row["contract"] == title][-1] for title in titles]
    labels: list[Spec] = []
    for row in sorted(ends, key=lambda each: _number(each["p50"])):
        at = _number(row["p50"])
        if labels:
            at = max(at, labels[-1]["at"] + apart)
        labels.append({"month": row["month"], "contract": row["contract"], "at": at})
    return labels


def _panel(
    name: str,
    found: Sequence[Mapping[str, Cell]],
    titles: Mapping[str, str],
    colours: Mapping[str, str],
    held: float | None,
    currency: str,
) -> Spec:
    values = [
        {
            "month": f"{row['month']}-01",
            "contract": titles[str(row["contract"])],
            "p05": row["so_far_p05"],
            "p50": row["so_far_p50"],
            "p95": row["so_far_p95"],
        }
        for row in found
    ]
    scale = {"domain": list(titles.values()), "range": list(colours.values())}
    colour = {"field": "contract", "type": "nominal", "scale": scale, "legend": None}
    x = {
        "field": "month",
        "type": "temporal",
        "title": None,
        "axis": {"format": "%b %Y", "values": _aprils(values), "labelOverlap": "greedy"},
    }
    money = {"type": "quantitative", "title": None, "axis": {"format": ",.0f"}}
    layers: list[Spec] = [
        {
            "mark": {"type": "area", "opacity": 0.25},
            "encoding": {
                "x": x,
                "y": {"field": "p05", **money},
                "y2": {"field": "p95"},
                "color": colour,
            },
        },
        {
            "mark": {"type": "line", "strokeWidth": 2},
            "encoding": {
                "x": x,
                "y": {"field": "p50", **money},
                "color": colour,
                "strokeDash": {"field": "contract", "type": "nominal", "legend": None},
            },
        },
    ]
    layers.append(
        {
            "data": {"values": _labels(values, list(titles.values()), held)},
            "mark": {"type": "text", "align": "left", "dx": 5, "fontSize": 11},
            "encoding": {
                "x": x,
                "y": {"field": "at", **money},
                "text": {"field": "contract", "type": "nominal"},
                "color": colour,
            },
        }
    )
    if held is not None:
        layers.append(
            {
                "mark": {"type": "rule", "strokeWidth": 2, "color": _GREY},
                "encoding": {"y": {"datum": -held, "type": "quantitative"}},
            }
        )
    note = "" if held is None else ". Grey line: reserves gone"
    return {
        "title": {"text": f"{name}, {currency}{note}", "fontSize": 13, "anchor": "start"},
        "width": 360,
        "height": 190,
        "data": {"values": values},
        "layer": layers,
    }
