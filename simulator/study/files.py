"""Opening scenario files: bytes to text, parents, files side by side, settings."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from simulator._errors import Problem, ScenarioError
from simulator._kinds import plain
from simulator.scenario.build import build, build_signed
from simulator.scenario.layers import beside, over, set_values
from simulator.scenario.scenario import Scenario
from simulator.scenario.signed import ContractFile
from simulator.scenario.yaml_text import MAX_CHARACTERS, Document, read_yaml, too_large

__all__ = ["load", "load_signed", "read_documents"]


_MOST_PARENTS = 20  # generations of files; nobody keeps more in mind


def load(files: str | Path | Sequence[str | Path], settings: Sequence[str] = ()) -> Scenario:
    """Read and check a scenario.

    Args:
        files: one file, or several that add to each other.
        settings: ``path=value`` laid over them.

    Raises:
        ScenarioError: with all problems found.
        UsageError: a setting cannot be understood.
    """
    return build(read_documents(files, settings))


def load_signed(
    files: str | Path | Sequence[str | Path], settings: Sequence[str] = ()
) -> Scenario | ContractFile:
    """Read and check contracts that may stand in a file without a world; else as :func:`load`."""
    return build_signed(read_documents(files, settings))


def read_documents(
    files: str | Path | Sequence[str | Path], settings: Sequence[str] = ()
) -> Document:
    """Read files, their parents and settings into one document; arguments as in :func:`load`."""
    names = [files] if isinstance(files, str | Path) else list(files)
    documents = [_with_parents(Path(name), ()) for name in names]
    whole = documents[0]
    for other in documents[1:]:
        whole = beside(whole, other)
    return set_values(whole, settings) if settings else whole


def _with_parents(file: Path, children: tuple[Path, ...]) -> Document:
    """Read a file and lay it over the parent it extends."""
    document = read_yaml(read_text(file), str(file))
    if "extends" not in document.tree:
        return document
    parent = document.tree.pop("extends")
    name, line, column = document.values.pop(("extends",))
    document.keys.pop(("extends",))

    def refuse(found: str, mend: str) -> ScenarioError:
        allowed = "'extends' names one scenario file, relative to this one"
        return ScenarioError([Problem(name, line, column, "extends", found, allowed, mend)])

    if not isinstance(parent, str):
        raise refuse("found something that is not a file name", "write 'extends: base.yaml'")
    path = file.parent / parent
    if not _is_file(path):
        raise refuse(f"found {plain(parent)}, which is not a file", "correct the name")
    lineage = (*children, file.resolve())
    if len(lineage) > _MOST_PARENTS:
        raise refuse(f"found more than {_MOST_PARENTS} files that extend each other", "join some")
    if path.resolve() in lineage:
        raise refuse(f"found '{parent}', which extends this file in turn", "break the circle")
    return over(_with_parents(path, lineage), document)


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # a name too long, a folder that may not be searched
        return False


def read_text(file: Path) -> str:
    """Return the text of a scenario file: UTF-8, with or without a byte order mark, any line ends.

    Raises:
        ScenarioError: it cannot be opened, is too large, or is not UTF-8.
    """

    def refuse(
        found: str, allowed: str, mend: str, line: int = 0, column: int = 0
    ) -> ScenarioError:
        return ScenarioError([Problem(str(file), line, column, "", found, allowed, mend)])

    try:
        if file.is_dir():
            raise refuse(
                "this is a directory", "a scenario is a file", "name a YAML file inside it"
            )
        if file.is_fifo() and file != Path("/dev/stdin"):
            raise refuse("this is a pipe", "a scenario is a file", "save it as a file first")
        with file.open("rb") as stream:
            data = stream.read(4 * MAX_CHARACTERS + 1)
    except FileNotFoundError:
        raise refuse("there is no such file", "", "correct the name") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise refuse(f"it cannot be read: {reason}", "", "check the file") from None
    if len(data) > 4 * MAX_CHARACTERS:
        raise ScenarioError([too_large(str(file))])
    data = data.removeprefix(b"\xef\xbb\xbf")  # the byte order mark that Windows editors write
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        before = data[: error.start]
        line = before.count(b"\n") + 1
        column = len(before[before.rfind(b"\n") + 1 :].decode("utf-8")) + 1
        raise refuse(
            f"found the byte 0x{data[error.start]:02X}, which is not UTF-8",
            "a scenario is UTF-8 text",
            "save the file again as UTF-8",
            line,
            column,
        ) from None
    return text.replace("\r\n", "\n").replace("\r", "\n")
