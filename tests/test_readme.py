"""The README's commands are the ones that are run."""

from __future__ import annotations

import re

from simulator.cli.app import app
from tests.conftest import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"```sh\n(.*?)\n```", README, re.DOTALL)


def test_the_first_two_commands_do_everything() -> None:
    run, test = COMMANDS[:2]
    assert run.endswith(".venv/bin/alliance run scenarios/staying-well.yaml")
    assert test.endswith(".venv/bin/python tests/run.py")
    for command in (run, test):
        assert command.startswith("python3 -m venv .venv && .venv/bin/pip install")
        assert "\n" not in command


def test_continuous_integration_runs_the_test_command() -> None:
    lines = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    assert COMMANDS[1] == lines[-1]


def test_every_command_is_in_the_readme() -> None:
    for command in app.registered_commands:
        assert command.callback is not None
        assert f"| `alliance {command.callback.__name__}" in README


def test_nothing_names_an_index() -> None:
    text = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    assert all(re.fullmatch(r"[A-Za-z0-9_.-]+==[A-Za-z0-9_.+!-]+", line) for line in text.split())
