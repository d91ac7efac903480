"""Run folders: named by content, written whole or not at all, with a manifest of what they hold."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
import uuid
from collections.abc import Mapping
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from simulator._errors import RunError
from simulator._version import __version__

__all__ = [
    "MANIFEST",
    "check_folder",
    "digest",
    "manifest",
    "run_identity",
    "software_identity",
    "study_identity",
    "write_file",
    "write_folder",
]

MANIFEST = "manifest.json"
_SCHEMA = "alliance-manifest/1"
_LIBRARIES = ("numba", "numpy", "scipy", "simpy", "pydantic")


def run_identity(
    tree: Mapping[str, Any],
    replications: int,
    seed: int,
    software: str | None = None,
    command: Mapping[str, Any] | None = None,
    drawn: int = 0,
) -> str:
    """Return the identity of a run: what goes in decides it, and no clock does.

    Args:
        tree: the merged scenario as plain values.
        replications: number of futures.
        seed: of the study.
        software: what makes it; this version unless another is named.
        command: what was asked for, where it is another thing than a run.
        drawn: number of futures with inputs drawn.
    """
    asked = [command] if command else []
    asked += [{"drawn": drawn}] if drawn else []
    return _identity(tree, replications, seed, software or software_identity(), *asked)


def study_identity(tree: Mapping[str, Any], seed: int, engine: str) -> str:
    """Return the identity of all futures of a scenario, however many of them a run has.

    Args:
        tree: the merged scenario as plain values.
        seed: of the study.
        engine: what carries the people; the platform counts too, as it decides the last bits.
    """
    where = [platform.system(), platform.machine(), platform.python_version(), *_versions()]
    return _identity(tree, seed, engine, software_identity(), where)


def _identity(*parts: Any) -> str:
    content = json.dumps(parts)
    return hashlib.sha256(content.encode("ascii")).hexdigest()[:12]


def software_identity() -> str:
    """Return the version with a digest of the package's own source, the same on every platform."""
    root = Path(__file__).parent.parent
    source = hashlib.sha256()
    for path in sorted(root.rglob("*.py"), key=lambda path: path.relative_to(root).as_posix()):
        source.update(path.relative_to(root).as_posix().encode())
        source.update(path.read_bytes().replace(b"\r\n", b"\n"))
    return f"{__version__}+{source.hexdigest()[:12]}"


def digest(content: bytes) -> str:
    """Return the SHA-256 of a file's content."""
    return hashlib.sha256(content).hexdigest()


def manifest(
    doc: Mapping[str, Any],
    engine: str,
    files: Mapping[str, str],
    command: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return what a run was made from and with, and the digest of every file it wrote.

    No time of day and no name of a computer or a user is in it.

    Args:
        doc: the run's document.
        engine: what carried the people.
        files: content by name.
        command: what was asked for, where it was another thing than a run.
    """
    hashes = {name: digest(text.encode("utf-8")) for name, text in files.items()}
    return {
        "schema": _SCHEMA,
        "run_id": doc["run_id"],
        **({"command": command} if command else {}),
        "software": doc["software"],
        "seed": doc["seed"],
        "replications": doc["replications"],
        **({"drawn": doc["drawn"]["replications"]} if "drawn" in doc else {}),
        "inputs": {name: hashes[name] for name in ("scenario.yaml",)},
        "outputs": {name: value for name, value in hashes.items() if name != "scenario.yaml"},
        "engine": engine,
        "environment": {
            "python": platform.python_version(),
            "system": platform.system(),
            "processor": platform.machine(),
            "libraries": dict(zip(_LIBRARIES, _versions(), strict=True)),
        },
    }


def _versions() -> list[str]:
    def one(library: str) -> str:
        try:
            return version(library)
        except PackageNotFoundError:
            return "not installed"

    return [one(library) for library in _LIBRARIES]


def write_folder(folder: Path, files: Mapping[str, str]) -> None:
    """Write a run folder whole: into a folder beside it first, then moved into place.

    A folder that already holds the same run is left as it is, whatever computer it was made on.

    Raises:
        RunError: the folder exists and holds something else, or cannot be written.
    """
    content = {name: text.encode("utf-8") for name, text in files.items()}
    draft = folder.parent / f".draft-{uuid.uuid4().hex}"
    try:
        if _holds(folder, content):
            return
        check_folder(folder)
        folder.parent.mkdir(parents=True, exist_ok=True)
        draft.mkdir()
        for name, data in content.items():
            (draft / name).write_bytes(data)
        _move(draft, folder, content)
    except OSError as error:
        raise RunError(f"{folder} cannot be written: {error.strerror}") from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def write_file(file: Path, content: bytes) -> None:
    """Write a file whole: beside its place first, then moved; what stood there is replaced.

    Raises:
        RunError: it cannot be written.
    """
    draft = file.parent / f".draft-{uuid.uuid4().hex}"
    try:
        if file.is_dir():
            raise IsADirectoryError(0, "it is a folder")
        file.parent.mkdir(parents=True, exist_ok=True)
        draft.write_bytes(content)
        os.replace(draft, file)
    except (OSError, ValueError) as error:
        with suppress(OSError, ValueError):
            draft.unlink()
        reason = getattr(error, "strerror", None) or str(error)
        raise RunError(f"{file} cannot be written: {reason}") from error


def check_folder(folder: Path) -> None:
    """Refuse a folder that a run cannot be written to, before time is spent on the run.

    Raises:
        RunError: it exists and is not an earlier run or empty, or cannot be looked at.
    """
    try:
        if not folder.exists() and not folder.is_symlink():
            return
        if folder.is_dir() and not any(folder.iterdir()) and not _is_where_we_are(folder):
            return
        if (folder / MANIFEST).is_file():
            return  # perhaps the same run; told apart when it is written
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise RunError(f"{folder} cannot be written: {reason}") from error
    raise _taken(folder)


def _is_where_we_are(folder: Path) -> bool:
    """Tell whether a folder cannot be replaced: the current one, or one behind a link."""
    return folder.is_symlink() or folder.resolve() == Path.cwd().resolve()


def _taken(folder: Path) -> RunError:
    return RunError(
        f"{folder} already holds something else, or is in use; give another folder with --out"
    )


def _move(draft: Path, folder: Path, content: Mapping[str, bytes]) -> None:
    """Move a finished draft into place; another run of the same may have come first."""
    try:
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()  # not every system moves a folder onto an empty one
        os.rename(draft, folder)
    except OSError:
        if _holds(folder, content):
            return
        if folder.exists():
            raise _taken(folder) from None
        raise


def _holds(folder: Path, content: Mapping[str, bytes]) -> bool:
    """Tell whether a folder holds this run; the manifest may tell of another computer."""
    if not folder.is_dir():
        return False
    there = {path.name: path for path in folder.iterdir()}
    return set(there) >= set(content) and all(
        there[name].is_file() and (name == MANIFEST or there[name].read_bytes() == data)
        for name, data in content.items()
    )
