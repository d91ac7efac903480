"""The run as text: what stands in it, and when."""

from __future__ import annotations

from simulator.report.document import document
from simulator.report.run_text import run_text
from simulator.scenario.scenario import Scenario
from simulator.study.replicator import replicate


def test_those_turned_away_are_told_where_there_are_any(smallest: Scenario) -> None:
    doc = document(replicate(smallest, 2, seed=1), "run", "software")
    label = "Turned away"
    assert label not in run_text(smallest, doc)
    doc["contracts"]["alliance"]["people"]["turned_away"] = 12.3
    (line,) = (line for line in run_text(smallest, doc).splitlines() if label in line)
    assert line.split() == ["Turned", "away", "0", "12"]
