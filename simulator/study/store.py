"""Chunks of futures kept on disk until their run is done, so that an interruption costs little."""

from __future__ import annotations

import hashlib
import io
import os
import re
import shutil
import uuid
import zipfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

import numpy as np

from simulator._errors import RunError
from simulator.contract.statement import Array
from simulator.study.replicate import Kept, Outcomes

__all__ = [
    "UNFINISHED",
    "ChunkStore",
    "Chunks",
    "NoStore",
    "Store",
    "read_whole",
    "remove_if_empty",
    "write_whole",
]

Span = tuple[int, int]
UNFINISHED = ".unfinished"
"""Folder beside the results in which every run that is not done keeps what is."""
_NAME = re.compile(r"(\d{7})-(\d{7})\.chunk")
AnyKept = TypeVar("AnyKept", bound=Kept)


class Store(Protocol[AnyKept]):
    """Where finished chunks are kept."""

    def expect(self, replications: int) -> None:
        """Hear how many futures will be asked for."""

    def load(self) -> dict[Span, dict[str, AnyKept]]:
        """Return the chunks that are there and whole."""

    def save(self, span: Span, outcomes: Mapping[str, AnyKept]) -> None:
        """Keep a chunk."""


class NoStore(Generic[AnyKept]):
    """Keeps nothing: for studies that live in memory alone."""

    def expect(self, replications: int) -> None:
        """Do nothing."""

    def load(self) -> dict[Span, dict[str, AnyKept]]:
        """Return no chunks."""
        return {}

    def save(self, span: Span, outcomes: Mapping[str, AnyKept]) -> None:
        """Keep nothing."""


class Chunks(Generic[AnyKept]):
    """A folder with a file for each chunk, named after what goes into the study.

    A file that is damaged, or stands under another name than its own, counts as not there.

    Args:
        folder: where they are kept.
        kind: what is kept of each contract.
    """

    def __init__(self, folder: Path, kind: type[AnyKept]) -> None:
        self.folder = folder
        self._kind = kind
        self._expected = folder / "expected"
        self._asked = 0

    def expect(self, replications: int) -> None:
        """Remember the largest number of futures that was ever asked for, with the first chunk."""
        self._asked = replications

    def load(self) -> dict[Span, dict[str, AnyKept]]:
        """Return the chunks that are there and whole."""
        chunks = {}
        try:
            names = sorted(os.listdir(self.folder))
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise _refused(self.folder, error) from error
        for name in names:
            match = _NAME.fullmatch(name)
            span = (int(match[1]), int(match[2])) if match else (0, 0)
            outcomes = self._read(self.folder / name, span) if span[0] < span[1] else None
            if outcomes is not None:
                chunks[span] = outcomes
        return chunks

    def save(self, span: Span, outcomes: Mapping[str, AnyKept]) -> None:
        """Keep a chunk."""
        page = io.BytesIO()
        arrays: dict[str, Any] = {
            f"{contract}.{name}": array
            for contract, kept in outcomes.items()
            for name, array in kept.arrays().items()
        }
        np.savez(page, **arrays)
        if self._asked > self._most():
            write_whole(self._expected, str(self._asked).encode("ascii"))
        write_whole(self.folder / f"{span[0]:07}-{span[1]:07}.chunk", page.getvalue())

    def clear(self, replications: int) -> None:
        """Remove what is kept, unless a longer run is not done yet and needs it.

        Args:
            replications: futures of the run that is done.
        """
        if replications >= self._most():
            _remove_folder(self.folder)

    def _most(self) -> int:
        content = read_whole(self._expected)
        return int(content) if content else 0

    def _read(self, file: Path, span: Span) -> dict[str, AnyKept] | None:
        """Return what a chunk file holds; None where it is not whole."""
        content = read_whole(file)
        if content is None:
            return None
        arrays: dict[str, dict[str, Array]] = {}
        try:
            with np.load(io.BytesIO(content), allow_pickle=False) as page:
                for name in page.files:
                    contract, _, array = name.partition(".")
                    arrays.setdefault(contract, {})[array] = page[name]
            outcomes = {contract: self._kind.of(each) for contract, each in arrays.items()}
        except (ValueError, KeyError, zipfile.BadZipFile):  # not what this version writes
            return None
        length = span[1] - span[0]
        return outcomes if all(len(each.net) == length for each in outcomes.values()) else None


class ChunkStore(Chunks[Outcomes]):
    """Chunks of futures with everything that is reported of them."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, Outcomes)


def _remove_folder(folder: Path) -> None:
    """Remove a folder of things kept, and the one for all of them where that is empty then."""
    shutil.rmtree(folder, ignore_errors=True)
    remove_if_empty(folder)


def remove_if_empty(folder: Path) -> None:
    """Remove a folder and the one for all things kept, each where nothing is left in it."""
    for each in (folder, folder.parent):
        if folder.parent.name == UNFINISHED:
            with suppress(OSError):  # another run may keep something there
                each.rmdir()


def write_whole(file: Path, content: bytes) -> None:
    """Write a file that is never half there: beside its place, then moved.

    It begins with a digest of its folder's name, its own name and its content.

    Raises:
        RunError: it cannot be written.
    """
    draft = file.with_name(f".{file.name}-{uuid.uuid4().hex}")
    for once_more in (True, False):
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            draft.write_bytes(_digest(file, content) + content)
            os.replace(draft, file)
        except FileNotFoundError as error:  # another run has just removed the folder
            if not once_more:
                raise _refused(file.parent, error) from error
        except OSError as error:
            with suppress(OSError):
                draft.unlink()
            raise _refused(file.parent, error) from error
        else:
            return


def read_whole(file: Path) -> bytes | None:
    """Return what :func:`write_whole` wrote there; None where it is not there or not whole."""
    try:
        data = file.read_bytes() if file.is_file() else b""
    except OSError:
        return None
    digest, content = data[:32], data[32:]
    return content if digest == _digest(file, content) else None


def _digest(file: Path, content: bytes) -> bytes:
    name = f"{file.parent.name}/{file.name}".encode()
    return hashlib.sha256(name + b"\0" + content).digest()


def _refused(folder: Path, error: OSError) -> RunError:
    return RunError(f"{folder} cannot be written: {error.strerror}")
