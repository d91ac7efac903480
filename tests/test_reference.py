"""Reference figures: the shipped scenarios come to what they came to before.

`ALLIANCE_UPDATE=1` writes the figures again; commit that alone and say why they changed.
"""

from __future__ import annotations

import json
import os
from typing import Any

import pytest

from simulator.report.document import document
from simulator.study.files import load
from simulator.study.replicator import replicate
from tests.conftest import ROOT

REFERENCE = ROOT / "results" / "reference"


def figures(name: str) -> dict[str, Any]:
    """Return the figures of a few futures, without what names the software."""
    scenario = load(ROOT / "scenarios" / f"{name}.yaml")
    doc = document(replicate(scenario, 4, seed=1), "reference", "reference")
    return {key: doc[key] for key in ("scenario", "contracts", "comparison")}


def flat(tree: Any, path: str = "") -> dict[str, Any]:
    if isinstance(tree, list | tuple):
        tree = dict(enumerate(tree))
    if not isinstance(tree, dict):
        return {path: tree}
    return {p: v for key, value in tree.items() for p, v in flat(value, f"{path}/{key}").items()}


@pytest.mark.parametrize("name", ["staying-well", "neutral"])
def test_figures_are_those_of_the_reference(name: str) -> None:
    path = REFERENCE / f"{name}.json"
    found = figures(name)
    if os.environ.get("ALLIANCE_UPDATE") == "1":
        text = json.dumps(found, indent=1, ensure_ascii=False) + "\n"
        path.write_text(text, encoding="utf-8", newline="\n")
    expected = flat(json.loads(path.read_text(encoding="utf-8")))
    found = flat(found)
    assert expected.keys() == found.keys()
    for key, value in expected.items():
        # other platforms may round the last bits of exp and log another way
        assert found[key] == (pytest.approx(value, rel=1e-9) if isinstance(value, float) else value)
