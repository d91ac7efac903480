"""Every kind of mistake in a scenario file, with the whole of what the command says about it.

Beside each ``NAME.yaml`` stands ``NAME.txt``: what ``alliance check NAME.yaml`` writes to stderr.
After a change of wording, run

    ALLIANCE_UPDATE=1 python -m pytest tests/broken

which writes the ``.txt`` files anew, and read their diff: it is what people will see.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from simulator._errors import ScenarioError
from simulator.study.files import load

HERE = Path(__file__).parent
UPDATE = os.environ.get("ALLIANCE_UPDATE") == "1"
NAMES = sorted(path.stem for path in HERE.glob("*.yaml"))

# The command itself starts in half a second; the other files are loaded in process.
CHECKED = (
    "alias_bomb",
    "deep_nesting",
    "empty_file",
    "merge_bomb",
    "not_utf8",
    "several",
    "wrong_currency",
)
RUN = ("bare_number_as_share", "dates_reversed", "handover_to_nowhere", "not_a_number")
SECONDS = 10  # no file may keep anyone waiting for longer


def alliance(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the command in a folder."""
    return subprocess.run(
        [sys.executable, "-m", "simulator.cli", *arguments],
        cwd=folder,
        capture_output=True,
        encoding="utf-8",
        timeout=SECONDS,
        check=False,
    )


def expected_text(name: str) -> str:
    """Return the expected message of a file."""
    return (HERE / f"{name}.txt").read_text(encoding="utf-8")


def told(name: str) -> str:
    """Load a file and return what the command would write to stderr."""
    with pytest.raises(ScenarioError) as caught:
        load(f"{name}.yaml")
    count = len(caught.value.problems)
    return f"{caught.value}\n{count} problem{'s' if count > 1 else ''} found.\n"


def assert_refused(
    outcome: subprocess.CompletedProcess[str], expected: str, folder: Path, before: set[Path]
) -> None:
    assert expected == outcome.stderr
    assert outcome.stdout == ""
    assert outcome.returncode == 3
    assert "Traceback" not in outcome.stderr
    assert before == set(folder.rglob("*")), "something was written"


@pytest.fixture
def in_this_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    """Work where the files are, so that messages hold their names alone."""
    monkeypatch.chdir(HERE)


@pytest.mark.usefixtures("in_this_folder")
@pytest.mark.parametrize("name", NAMES)
def test_the_whole_message(name: str) -> None:
    found = told(name)
    if UPDATE:
        (HERE / f"{name}.txt").write_text(found, encoding="utf-8", newline="\n")
    assert expected_text(name) == found


@pytest.mark.usefixtures("in_this_folder")
@pytest.mark.parametrize("name", NAMES)
def test_every_message_can_be_read(name: str) -> None:
    *lines, last = told(name).splitlines()
    assert last.startswith(f"{len(lines)} problem")
    for line in lines:
        assert line.startswith(f"{name}.yaml:"), "each problem has one line, with its file"
        assert line.isprintable(), "what stands in a file must not steer a terminal"
        assert len(line) <= 400, "a message is read, not searched"
        assert not re.search(r"'(.+)'; did you mean '\1'", line), "the same word is no help"
        assert "pydantic" not in line
        assert "; ;" not in line


def test_every_file_has_its_message() -> None:
    assert sorted(path.stem for path in HERE.glob("*.txt")) == NAMES


@pytest.mark.parametrize("name", CHECKED)
def test_check_refuses(name: str, tmp_path: Path) -> None:
    file = Path(shutil.copy(HERE / f"{name}.yaml", tmp_path))
    outcome = alliance("check", file.name, folder=tmp_path)
    assert_refused(outcome, expected_text(name), tmp_path, {file})


@pytest.mark.parametrize("name", RUN)
def test_run_refuses_and_writes_nothing(name: str, tmp_path: Path) -> None:
    file = Path(shutil.copy(HERE / f"{name}.yaml", tmp_path))
    outcome = alliance("run", file.name, "--out", "results", folder=tmp_path)
    assert_refused(outcome, expected_text(name), tmp_path, {file})


@pytest.mark.parametrize(
    ("part", "times"), [(b"a: 1\n", 10_000_000), (b"1", 50_000_000)], ids=["many lines", "one line"]
)
def test_fifty_megabytes_are_refused_at_once(part: bytes, times: int, tmp_path: Path) -> None:
    file = tmp_path / "large.yaml"
    file.write_bytes(part * times)
    try:
        outcome = alliance("check", file.name, folder=tmp_path)
        expected = (
            "large.yaml: the file has more than 1,000,000 characters; a scenario has at most "
            "1,000,000; check that this is the file you meant\n1 problem found.\n"
        )
        assert_refused(outcome, expected, tmp_path, {file})
    finally:
        file.unlink()  # pytest keeps its folders for a while


def test_a_directory(tmp_path: Path) -> None:
    folder = tmp_path / "town"
    folder.mkdir()
    outcome = alliance("check", folder.name, folder=tmp_path)
    expected = (
        "town: this is a directory; a scenario is a file; name a YAML file inside it\n"
        "1 problem found.\n"
    )
    assert_refused(outcome, expected, tmp_path, {folder})


def test_a_file_that_does_not_exist(tmp_path: Path) -> None:
    outcome = alliance("run", "town.yaml", "--out", "results", folder=tmp_path)
    expected = "town.yaml: there is no such file; correct the name\n1 problem found.\n"
    assert_refused(outcome, expected, tmp_path, set())


def test_a_byte_of_nought(tmp_path: Path) -> None:
    file = tmp_path / "town.yaml"
    file.write_bytes("# in £\ntitle: Our\0town\n".encode())
    outcome = alliance("check", file.name, folder=tmp_path)
    expected = (
        "town.yaml:2:11: found the control character U+0000; a scenario is plain text; "
        "remove the character\n1 problem found.\n"
    )
    assert_refused(outcome, expected, tmp_path, {file})
