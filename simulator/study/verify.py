"""Comparing a run folder with the same run made again: the first difference, and whose it is."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from simulator._errors import Problem, ScenarioError
from simulator.study.folder import MANIFEST, digest

__all__ = ["Difference", "Recorded", "first_difference", "read_run"]

_MOST_REPLICATIONS = 1_000_000  # what a run takes
_MOST_BYTES = 2**28  # of one file of a run; far beyond any that a run writes
_FILE = re.compile(r"[a-z][a-z_]*\.[a-z]+")  # how a run names its files
_RUN = re.compile(r"[0-9a-f]{12}")
_SOFTWARE = re.compile(r"[0-9A-Za-z.+-]{1,60}")
_NEEDED = ("run_id", "software", "seed", "replications", "inputs", "outputs", "engine")


@dataclass(frozen=True)
class Recorded:
    """A run as its folder tells it.

    Attributes:
        manifest: what it was made from and with.
        files: what the files it wrote hold now; None for one that is not there.
        strangers: what else lies in the folder.
    """

    manifest: Mapping[str, Any]
    files: Mapping[str, bytes | None]
    strangers: tuple[str, ...] = ()

    @property
    def hashes(self) -> dict[str, str]:
        """The digest of every file, as the manifest has it."""
        return {**self.manifest["inputs"], **self.manifest["outputs"]}


@dataclass(frozen=True)
class Difference:
    """Where a run and the same run made again first differ.

    Attributes:
        file: its name.
        line: from 1; 0 where the file as a whole is meant.
        found: the line as it is in the folder, or what is wrong with the file.
        expected: the line as it comes out now.
        changed: whether the file was changed after the run wrote it.
    """

    file: str
    line: int
    found: str
    expected: str
    changed: bool

    @property
    def told(self) -> str:
        """What stands behind the file's name in a message."""
        if self.line == 0:
            return f" {self.found}"
        whose = (
            "the file was changed after the run wrote it"
            if self.changed
            else "the file is as the run wrote it; the computation gives something else now"
        )
        return (
            f":{self.line}: found '{_short(self.found)}', recomputed "
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
        if not file.exists():
            raise refuse("there is no such file", "name the folder of a run")
        manifest = json.loads(_content(file) or b"")
    except (OSError, ValueError, RecursionError) as error:  # a JSON error is a ValueError
        reason = getattr(error, "strerror", None) or "it is not JSON"
        raise refuse(f"it cannot be read: {reason}", "restore it, or run again") from None
    if not isinstance(manifest, dict) or any(key not in manifest for key in _NEEDED):
        raise refuse("it does not tell how the run was made", "restore it, or run again")
    listed = [manifest["inputs"], manifest["outputs"]]
    drawn = manifest.get("drawn", 0)
    numbers = [manifest["seed"], manifest["replications"], drawn]
    names = [name for group in listed if isinstance(group, dict) for name in group]
    texts = ((_RUN, "run_id"), (_SOFTWARE, "software"))
    whole = (
        all(isinstance(group, dict) for group in listed)
        and all(type(number) is int and 0 <= number < 2**32 for number in numbers)
        and 0 < manifest["replications"] <= _MOST_REPLICATIONS
        and drawn <= _MOST_REPLICATIONS
        and "scenario.yaml" in manifest["inputs"]
        and manifest["engine"] in ("compiled", "reference")
        and all(_FILE.fullmatch(name) for name in names)
        and all(shape.fullmatch(str(manifest[key])) for shape, key in texts)
    )
    if not whole:
        raise refuse("it does not tell how the run was made", "restore it, or run again")
    there = sorted(path.name for path in folder.iterdir())
    strangers = tuple(name for name in there if name not in (*names, MANIFEST))
    return Recorded(manifest, {name: _content(folder / name) for name in names}, strangers)


def first_difference(
    recorded: Recorded, again: Mapping[str, str], run_id: str, software: str
) -> Difference | None:
    """Return where a run first differs from the same run made again.

    Args:
        recorded: the run.
        again: content by name, as it comes out now.
        run_id: the identity that follows from the scenario, the seed and this software.
        software: what makes it now; the files tell it, so where they are equal it made them.
    """
    for name, content in again.items():
        if name not in recorded.hashes:
            return Difference(name, 0, "is not listed in the manifest", "", changed=True)
        data = recorded.files[name]
        if data is None:
            return Difference(name, 0, "is missing from the folder", "", changed=True)
        expected = content.encode("utf-8")
        if data != expected:
            changed = digest(data) != recorded.hashes[name]
            return _differing_line(name, data, expected, changed)
        if digest(data) != recorded.hashes[name]:
            return Difference(MANIFEST, 0, f"has another digest of {name}", "", changed=True)
    for name in recorded.hashes:
        if name not in again:
            return Difference(MANIFEST, 0, f"lists {name}, which is no file of this run", "", True)
    for what, named, derived in (
        ("run", recorded.manifest["run_id"], run_id),
        ("software", recorded.manifest["software"], software),
    ):
        if named != derived:
            found = f"names the {what} {named}; from its content it is {derived}"
            return Difference(MANIFEST, 0, found, "", changed=True)
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
    """Return what a file holds; None where it is no plain file that can be read."""
    try:
        if not file.is_file() or file.stat().st_size > _MOST_BYTES:
            return None
        return file.read_bytes()
    except OSError:
        return None


def _short(line: str) -> str:
    text = "".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in line)
    return text if len(text) <= 160 else f"{text[:157]}..."
