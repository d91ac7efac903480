"""Every kind of mistake in a CSV of actuals, with the whole of what the command says about it.

Beside each ``NAME.csv`` stands ``NAME.txt``: what ``alliance settle`` writes to stderr when it is
given as the actuals of ``contract.yaml``. After a change of wording, run

    ALLIANCE_UPDATE=1 python -m pytest tests/broken_actuals

which writes the ``.txt`` files anew, and read their diff: it is what people will see.
"""

from __future__ import annotations

import datetime
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from simulator._errors import ScenarioError
from simulator.cli.settle import Preparing, settle

HERE = Path(__file__).parent
UPDATE = os.environ.get("ALLIANCE_UPDATE") == "1"
NAMES = sorted(path.stem for path in HERE.glob("*.csv"))

# Most are settled under the contract told by quarter, for its first quarter.
ASKED = {
    "period_coarse_to_date": ("monthly", "2026-04"),
    "period_not_settled": ("quarterly", "2026Q3"),
    "period_of_year": ("quarterly", "2026-27"),
    "to_date_falls": ("quarterly", "2026Q2"),
    "to_date_leaves_too_many": ("quarterly", "2026Q2"),
    "to_date_without_past": ("quarterly", "2026Q2"),
}
COMMANDS = ("other_encoding", "several")  # as a command, too, which takes half a second each


def told(name: str) -> str:
    """Settle with a file and return what the command would write to stderr."""
    contract, period = ASKED.get(name, ("quarterly", "2026Q1"))
    day = datetime.date(2026, 7, 15)
    asked = Preparing(Path(f"{name}.csv"), "period", False, "", "", "", False, day)
    with pytest.raises(ScenarioError) as caught:
        settle(Path("contract.yaml"), contract, period, None, asked, None, False)
    count = len(caught.value.problems)
    return f"{caught.value}\n{count} problem{'s' if count > 1 else ''} found.\n"


def expected_text(name: str) -> str:
    return (HERE / f"{name}.txt").read_text(encoding="utf-8")


@pytest.fixture(autouse=True)
def _in_this_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(HERE)


@pytest.mark.parametrize("name", NAMES)
def test_the_whole_message(name: str) -> None:
    found = told(name)
    if UPDATE:
        (HERE / f"{name}.txt").write_text(found, encoding="utf-8", newline="\n")
    assert expected_text(name) == found


@pytest.mark.parametrize("name", NAMES)
def test_every_message_can_be_read(name: str) -> None:
    *lines, last = expected_text(name).splitlines()
    assert last.startswith(f"{len(lines)} problem")
    for line in lines:
        assert line.startswith(f"{name}.csv"), "each problem has one line, with its file"
        assert line.isprintable(), "what stands in a file must not steer a terminal"
        assert len(line) <= 400, "a message is read, not searched"
        assert line.count("; ") >= 2, "what was found, what is allowed and how to mend it"
        assert not re.search(r"'(.+)'; did you mean '\1'", line), "the same word is no help"
        assert "; ;" not in line


def test_every_file_has_its_message() -> None:
    assert sorted(path.stem for path in HERE.glob("*.txt")) == NAMES


def test_nothing_is_written() -> None:
    assert not (HERE / "settlements").exists()


@pytest.mark.parametrize("name", COMMANDS)
def test_the_command_says_the_same(name: str) -> None:
    asked = "settle contract.yaml --contract quarterly --period 2026Q1"
    outcome = subprocess.run(
        [sys.executable, "-m", "simulator.cli", *asked.split(), "--actuals", f"{name}.csv"],
        cwd=HERE,
        env=os.environ | {"PYTHONPATH": str(HERE.parent.parent)},
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    assert (outcome.stdout, outcome.stderr) == ("", expected_text(name))
    assert outcome.returncode == 3
