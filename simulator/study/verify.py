"""Comparing a run folder with the same run made again: the first difference, and whose it is."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from simulator._errors import Problem, ScenarioError
from simulator.study.folder import MANIFEST, digest

__all__ = ["Difference", "Recorded", "first_difference", "read_run"]

_NEEDED = ("run_id", "software", "seed", "replications", "inputs", "outputs", "engine")


@dataclass(frozen=True)
class Recorded:
    """A run as its folder tells it.

    Attributes:
        manifest: what it was made from and with.
        files: what the files it wrote hold now; None for one that is not there.
    """

    manifest: Mapping[str, Any]
    files: Mapping[str, bytes | None]

    @property
    def hashes(self) -> dict[str, str]:
        """The digest of every file, as the manifest has it."""
        return {**self.manifest["inputs"], **self.manifest["outputs"]}


@dataclass(frozen=True)
class Difference:
    """Where a run and the same run made again first differ.

    Attributes:
        file: its name.
        line: from 1; 0 where the file is not there.
        found: the line as it is in the folder.
        expected: the line as it comes out now.
        changed: whether the file was changed after the run wrote it.
    """

    file: str
    line: int
    found: str
    expected: str
    changed: bool

    def __str__(self) -> str:
        if self.line == 0:
            return f"{self.file} is missing from the folder"
        whose = (
            "the file was changed after the run wrote it"
            if self.changed
            else "the file is as the run wrote it; the computation gives something else now"
        )
        return (
            f"{self.file}:{self.line}: found '{_short(self.found)}', recomputed "
            f"'{_short(self.expected)}'; {whose}"
        )


def read_run(folder: Path) -> Recorded:
    """Read a run folder.

    Raises:
        ScenarioError: it is not one, or its manifest cannot be understood.
    """
    file = folder / MANIFEST

    def refuse(found: str, mend: str) -> ScenarioError:
        allowed = "a run folder is what 'alliance run' writes"
        return ScenarioError([Problem(str(file), 0, 0, "", found, allowed, mend)])

    try:
        manifest = json.loads(file.read_bytes().decode("utf-8"))
    except FileNotFoundError:
        raise refuse("there is no such file", "name the folder of a run") from None
    except (OSError, ValueError) as error:  # a JSON or UTF-8 error is a ValueError
        reason = getattr(error, "strerror", None) or "it is not JSON"
        raise refuse(f"it cannot be read: {reason}", "restore it, or run again") from None
    if not isinstance(manifest, dict) or any(key not in manifest for key in _NEEDED):
        raise refuse("it does not tell how the run was made", "restore it, or run again")
    listed = [manifest["inputs"], manifest["outputs"]]
    numbers = [manifest["seed"], manifest["replications"]]
    names = [name for group in listed if isinstance(group, dict) for name in group]
    whole = (
        all(isinstance(group, dict) for group in listed)
        and all(isinstance(number, int) and 0 <= number < 2**32 for number in numbers)
        and manifest["replications"] > 0
        and "scenario.yaml" in manifest["inputs"]
        and all(Path(name).name == name for name in names)
    )
    if not whole:
        raise refuse("it does not tell how the run was made", "restore it, or run again")
    return Recorded(manifest, {name: _content(folder / name) for name in names})


def first_difference(recorded: Recorded, again: Mapping[str, str]) -> Difference | None:
    """Return where the files of a run first differ from those of the same run made again.

    Args:
        recorded: the run.
        again: content by name, as it comes out now.
    """
    for name in recorded.hashes:
        data = recorded.files[name]
        expected = again.get(name, "").encode("utf-8")
        if data is None:
            return Difference(name, 0, "", "", changed=True)
        if data != expected:
            changed = digest(data) != recorded.hashes[name]
            return _differing_line(name, data, expected, changed)
    return None


def _differing_line(name: str, data: bytes, expected: bytes, changed: bool) -> Difference:
    ours, theirs = (
        content.decode("utf-8", "backslashreplace").split("\n") for content in (data, expected)
    )
    shared = min(len(ours), len(theirs))
    place = next((i for i in range(shared) if ours[i] != theirs[i]), shared)
    found, wanted = (lines[place] if place < len(lines) else "" for lines in (ours, theirs))
    return Difference(name, place + 1, found, wanted, changed)


def _content(file: Path) -> bytes | None:
    try:
        return file.read_bytes()
    except OSError:
        return None


def _short(line: str) -> str:
    text = "".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in line)
    return text if len(text) <= 160 else f"{text[:157]}..."
