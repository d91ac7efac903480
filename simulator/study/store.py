"""Chunks of futures kept on disk until their run is done, so that an interruption costs little."""

from __future__ import annotations

import hashlib
import io
import os
import re
import shutil
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from simulator._errors import RunError
from simulator.contract.statement import Array
from simulator.study.replicate import PEOPLE, Outcomes

__all__ = ["ChunkStore", "NoStore", "Store", "read_whole", "write_whole"]

Span = tuple[int, int]
_NAME = re.compile(r"(\d{7})-(\d{7})\.chunk")
_ARRAYS = ("net", "present_value", "lowest_cash", "paid", "payments_sum")


class Store(Protocol):
    """Where finished chunks are kept."""

    def load(self) -> dict[Span, dict[str, Outcomes]]:
        """Return the chunks that are there and whole."""

    def save(self, span: Span, outcomes: Mapping[str, Outcomes]) -> None:
        """Keep a chunk."""


class NoStore:
    """Keeps nothing: for studies that live in memory alone."""

    def load(self) -> dict[Span, dict[str, Outcomes]]:
        """Return no chunks."""
        return {}

    def save(self, span: Span, outcomes: Mapping[str, Outcomes]) -> None:
        """Keep nothing."""


class ChunkStore:
    """A folder with a file for each chunk, named after what goes into the study.

    A file that does not match the digest it begins with counts as not there.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def load(self) -> dict[Span, dict[str, Outcomes]]:
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
            outcomes = _read(self.folder / name) if match else None
            if match and outcomes is not None:
                chunks[int(match[1]), int(match[2])] = outcomes
        return chunks

    def save(self, span: Span, outcomes: Mapping[str, Outcomes]) -> None:
        """Keep a chunk."""
        page = io.BytesIO()
        arrays: dict[str, Any] = _flat(outcomes)
        np.savez(page, **arrays)
        content = page.getvalue()
        write_whole(self.folder / f"{span[0]:07}-{span[1]:07}.chunk", content)

    def clear(self) -> None:
        """Remove what is kept: the run is written, and needs it no more."""
        shutil.rmtree(self.folder, ignore_errors=True)


def write_whole(file: Path, content: bytes) -> None:
    """Write a file that is never half there: its digest first, beside its place, then moved.

    Raises:
        RunError: it cannot be written.
    """
    draft = file.with_name(f".{file.name}-{uuid.uuid4().hex}")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        draft.write_bytes(hashlib.sha256(content).digest() + content)
        os.replace(draft, file)
    except OSError as error:
        raise _refused(file.parent, error) from error


def read_whole(file: Path) -> bytes | None:
    """Return what :func:`write_whole` wrote; None where it is not there or not whole."""
    try:
        data = file.read_bytes()
    except OSError:
        return None
    digest, content = data[:32], data[32:]
    return content if hashlib.sha256(content).digest() == digest else None


def _flat(outcomes: Mapping[str, Outcomes]) -> dict[str, Array]:
    arrays = {}
    for contract, kept in outcomes.items():
        for name in _ARRAYS:
            arrays[f"{contract}.{name}"] = getattr(kept, name)
        for name in PEOPLE:
            arrays[f"{contract}.people.{name}"] = kept.people[name]
    return arrays


def _read(file: Path) -> dict[str, Outcomes] | None:
    """Return what a chunk file holds; None where it is not whole."""
    content = read_whole(file)
    if content is None:
        return None
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        contracts = dict.fromkeys(name.split(".")[0] for name in arrays.files)
        return {
            contract: Outcomes(
                **{name: arrays[f"{contract}.{name}"] for name in _ARRAYS},
                people={name: arrays[f"{contract}.people.{name}"] for name in PEOPLE},
            )
            for contract in contracts
        }


def _refused(folder: Path, error: OSError) -> RunError:
    return RunError(f"{folder} cannot be written: {error.strerror}")
