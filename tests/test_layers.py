"""Imports run one way: a later package imports earlier ones, never back."""

from __future__ import annotations

import ast

from tests.conftest import ROOT

ORDER = ("", "contract", "scenario", "parties", "engine", "study", "report", "cli")
# the engine reads the levers; the levers know nothing of scenarios
PLACE = {name: index for index, name in enumerate(ORDER)}


def test_no_package_imports_a_later_one() -> None:
    package = ROOT / "simulator"
    for path in package.rglob("*.py"):
        parts = path.relative_to(package).parts
        if path == package / "__init__.py":
            continue  # the public functions, imported when they are used
        here = PLACE[parts[0] if len(parts) > 1 else ""]
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("simulator."):
                there = (node.module or "").split(".")[1]
                assert PLACE.get(there, 0) <= here, f"{path.name} imports {node.module}"
