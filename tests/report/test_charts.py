"""Charts say what was found, draw without a network, and have their table beside them."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest

from simulator._errors import UsageError
from simulator.report.charts import COLOURS, cash_chart, grid_chart, tornado_chart
from simulator.report.draw import check_chart, drawn
from simulator.report.run_tables import CASH
from simulator.report.sweep_tables import GRID, TORNADO
from simulator.report.tabular import Cell, Table


def bar(path: str, low: float | None, high: float | None, clear: str = "yes") -> tuple[Cell, ...]:
    where = ("m", path, "1", "2", "3", "E", "")
    swing = 0.0 if low is None or high is None else abs(high - low)
    best = 1 if swing == 90.0 else 2
    return (*where, low, 10.0, high, swing, 1.0, clear, best, best, "none")


BARS = TORNADO.filled(
    [
        bar("<b>", -50.0, 40.0),
        bar("same side", 20.0, 30.0),
        bar("half", None, 15.0),
        bar("no", 9.0, 11.0, "no"),
    ]
)


def pounds(value: float) -> str:
    return f"£{value:.0f}"


def texts(spec: Any) -> list[str]:
    """Return every text that a chart shows beside its axes."""
    found = spec["title"]["text"] + spec["title"]["subtitle"]
    for layer in spec["layer"]:
        found += [row["text"] for row in layer.get("data", {}).get("values", []) if "text" in row]
    return found


def test_a_tornado_says_what_moves_most_and_labels_each_end() -> None:
    spec = tornado_chart(BARS, "m", "words", pounds, "note")
    assert spec["title"]["text"] == ["<b> moves it most: £-50 to £40"]
    assert spec["title"]["subtitle"][-1] == "note"
    assert texts(spec)[4:] == ["1", "3", "1 \N{MIDDLE DOT} 3", "3"], "each end where it lies"
    bars = spec["layer"][0]["data"]["values"]
    assert {row["path"] for row in bars} == {"<b>", "same side", "half"}
    # both ends on one side: the farther one first, the nearer one drawn over it
    assert [row["at"] for row in bars if row["path"] == "same side"] == [30.0, 20.0]
    labels = {
        (row["path"], row["side"]): row["at"]
        for layer in spec["layer"][1:3]
        for row in layer["data"]["values"]
    }
    assert ("same side", "left") not in labels
    assert labels["same side", "right"] == 30.0
    assert labels["half", "right"] == 15.0


def test_a_tornado_names_all_that_may_move_most() -> None:
    rows = [bar("a", -50.0, 40.0), bar("b", -40.0, 50.0)]
    spec = tornado_chart(TORNADO.filled(rows), "m", "words", pounds, "note")
    assert spec["title"]["text"] == ["a or b moves it most"]


def test_a_tornado_of_nothing_clear_says_so() -> None:
    spec = tornado_chart(TORNADO.filled([bar("no", 9.0, 11.0, "no")]), "m", "words", pounds, "note")
    assert spec["title"]["text"] == ["No range moves this clearly"]
    assert drawn(Path("x.svg"), [spec], []).startswith(b"<svg")


def cells(one_row: bool) -> Table:
    sides = ("above", "below", "too close", "cannot run")
    down = [("none", "none")] if one_row else [("y.path", "1"), ("y.path", "2")]
    return GRID.filled(
        [
            ("m", "x.path", str(place), 1.0 * place, path, y, 1.0, 1.0, 0.1, side, "none")
            for path, y in down
            for place, side in enumerate(sides)
        ]
    )


@pytest.mark.parametrize("one_row", [True, False])
def test_a_grid_shows_each_side_by_sign_and_colour(one_row: bool) -> None:
    spec = grid_chart(cells(one_row), "m", "words", 0.0, pounds, "note")
    points = "1 of 4" if one_row else "2 of 8"
    assert spec["title"]["text"] == [f"Above £0 at {points} points"]
    signs = [row["sign"] for row in spec["data"]["values"]]
    assert len(set(signs)) == 4
    assert b"</svg>" in drawn(Path("x.svg"), [spec], [])


def cash(lowest: float) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for contract in ("a", "b"):
        for account in ("council", "north", "staff"):
            for place, month in enumerate(("2026-04", "2026-05", "2026-06")):
                at = 100.0 * place
                rows.append((contract, account, month, 1.0, 1.0, 1.0, at, lowest, at, at + 50))
    return CASH.filled(rows)


@pytest.mark.parametrize(
    ("chance", "said"),
    [
        (0.304, "North runs out of cash in 30% of futures under Block"),
        (0.002, "North runs out of cash in 1% of futures under Block"),
        (0.0, "No provider runs out of cash in any of these futures"),
    ],
)
def test_cash_says_how_often_it_runs_out(chance: float, said: str) -> None:
    """As counted over whole futures: months by themselves would tell of fewer."""
    names, titles = {"council": "Council", "north": "North"}, {"a": "Alliance", "b": "Block"}
    short = {("a", "north"): 0.0, ("b", "north"): chance}
    spec = cash_chart(cash(-10.0), names, titles, {"north": 500.0}, short, "£", "note")
    assert spec["title"]["text"] == [said]
    assert spec["title"]["subtitle"][-1] == "note"
    panels = spec["concat"]
    assert [panel["title"]["text"] for panel in panels] == [
        "Council, £",
        "North, £. Grey line: reserves gone",
    ]
    # names at the end of equal lines are moved apart
    labels = panels[1]["layer"][2]["data"]["values"]
    assert {row["contract"] for row in labels} == {"Alliance", "Block"}
    assert labels[0]["at"] != labels[1]["at"]
    colours = panels[0]["layer"][0]["encoding"]["color"]["scale"]["range"]
    assert colours == list(COLOURS[:2])


def test_pictures_and_pages_are_whole(tmp_path: Path) -> None:
    specs = [tornado_chart(BARS, "m", "a < b & c", pounds, "note")] * 2
    for one in (specs, specs[:1]):
        root = ET.fromstring(drawn(tmp_path / "x.svg", one, []))
        assert root.tag.endswith("svg")
        assert drawn(tmp_path / "x.png", one, []).startswith(b"\x89PNG")
    page = drawn(tmp_path / "x.html", specs, [BARS]).decode("utf-8")
    assert page.count("<svg role=") == 2
    assert "<caption>What moves the answer" in page
    assert '<th scope="col" class="figure">swing</th>' in page
    assert "&lt;b&gt;" in page
    assert "<b>" not in page
    assert "<script" not in page
    assert "http-equiv" not in page
    assert 'src="' not in page


def test_specifications_are_plain_data() -> None:
    spec = tornado_chart(BARS, "m", "words", pounds, "note")
    assert json.loads(json.dumps(spec)) == spec


@pytest.mark.parametrize("name", ["chart", "chart.pdf", "chart.svg.txt"])
def test_a_picture_of_another_kind_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match=r"\.svg, \.png, \.html are allowed"):
        check_chart(Path(name))
