"""The folder of settlements: a chain that shows what was done to it, whole whatever happens."""

from __future__ import annotations

import datetime
import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from simulator._errors import AllianceError, CheckFailed, RunError
from simulator.contract.live.facts import Fact
from simulator.contract.live.ledger import Entry
from simulator.contract.live.statements import Known
from simulator.study import settlements
from simulator.study.settlements import Record, SettlementStore, ledger_of
from tests.conftest import FULL, ROOT

FOLDER = ("settlements", "savings")


def record(number: int, previous: str = "", period: str = "") -> Record:
    period = period or f"2026-{number:02}"
    day = datetime.date(2026, 1, 31) + datetime.timedelta(number)
    entry = Entry(day, day, "council", "north", 100 + number, "Price", "2.1", period, "settlement")
    return Record(
        contract="savings",
        period=period,
        until=day,
        version=1,
        number=number,
        status="locked",
        figures={period: {Fact("cost", "north", ""): Known(1.5 * number, False, "a.csv, row 2")}},
        entries=(entry,),
        fingerprint="f",
        previous=previous,
        prepared_by="Ann",
        prepared_on=day,
        approved_by="José",
        approved_on=day,
    )


def store_with(tmp_path: Path, count: int) -> SettlementStore:
    store = SettlementStore(tmp_path / "contract.yaml", "savings")
    for number in range(1, count + 1):
        chain = store.chain()
        store.lock(record(number, chain[-1].digest if chain else ""))
    return store


def test_what_is_locked_reads_back(tmp_path: Path) -> None:
    store = store_with(tmp_path, 3)
    first, second, third = store.chain()
    assert first == record(1)
    assert third == record(3, second.digest)
    assert ledger_of([first, second, third]) == [
        *first.entries,
        *second.entries,
        *third.entries,
    ]


def test_an_empty_folder_and_none_hold_an_empty_chain(tmp_path: Path) -> None:
    store = SettlementStore(tmp_path / "contract.yaml", "savings")
    assert store.chain() == []
    assert store.prepared("2026-01") is None
    store.folder.mkdir(parents=True)
    assert store.chain() == []


def edit(old: str, new: str) -> Callable[[list[Path]], None]:
    def attack(files: list[Path]) -> None:
        text = files[1].read_text(encoding="utf-8")
        assert old in text
        files[1].write_text(text.replace(old, new, 1), encoding="utf-8", newline="\n")

    return attack


def swap(files: list[Path]) -> None:
    one, other = files[1].read_bytes(), files[2].read_bytes()
    files[1].write_bytes(other)
    files[2].write_bytes(one)


def as_folder(files: list[Path]) -> None:
    files[1].unlink()
    files[1].mkdir()


def as_link(files: list[Path]) -> None:
    files[1].unlink()
    try:
        files[1].symlink_to(files[0])
    except OSError:
        pytest.skip("links are not allowed here")


def new_digest(files: list[Path]) -> None:
    """Change an amount and put the right digest to it, as one who knows the format would."""
    changed = record(2, SettlementStore(files[1].parents[2] / "c", "savings").chain()[0].digest)
    changed = replace(changed, entries=(replace(changed.entries[0], pence=1),))
    files[1].unlink()
    other = SettlementStore(files[1].parents[2] / "elsewhere" / "c.yaml", "savings")
    other.folder.mkdir(parents=True)
    other.folder.joinpath(files[0].name).write_bytes(files[0].read_bytes())
    os.replace(other.lock(changed), files[1])


ATTACKS: dict[str, Callable[[list[Path]], object]] = {
    "an amount": edit('"pence": 102', '"pence": 103'),
    "a name": edit('"Ann"', '"Eve"'),
    "a figure": edit('"value": 3.0', '"value": 3.1'),
    "the digest": edit('"digest": "', '"digest": "0'),
    "the format": edit("alliance-settlement/1", "alliance-settlement/2"),
    "a key given twice": edit(' "approved_by"', ' "approved_by": "Eve",\n "approved_by"'),
    "a blank": edit('"Ann",', '"Ann" ,'),
    "another key": edit(' "period"', ' "extra": 1,\n "period"'),
    "a key less": edit(' "why": "",\n', ""),
    "no number": edit('"value": 3.0', '"value": NaN'),
    "a list for a number": edit('"value": 3.0', '"value": []'),
    "cut to nothing": lambda files: files[1].write_bytes(b""),
    "cut in half": lambda files: files[1].write_bytes(files[1].read_bytes()[:300]),
    "noughts": lambda files: files[1].write_bytes(b"\0" * 500),
    "no text": lambda files: files[1].write_bytes(b"\xff\xfe\xfa"),
    "deep": lambda files: files[1].write_bytes(b"[" * 200_000),
    "a list": lambda files: files[1].write_bytes(b"[]"),
    "renamed": lambda files: files[1].rename(files[1].with_name("0002-2026-09-v1.json")),
    "hidden": lambda files: files[1].rename(files[1].with_name("0002-2026-02-v1.json.bak")),
    "taken out": lambda files: files[1].unlink(),
    "the first taken out": lambda files: files[0].unlink(),
    "swapped": swap,
    "a folder": as_folder,
    "a link to another": as_link,
    "a new digest": new_digest,
    "a copy": lambda files: (
        files[1].with_name("0004-2026-02-v2.json").write_bytes(files[1].read_bytes())
    ),
    "the number twice": lambda files: (
        files[1].with_name("0002-2026-01-v1.json").write_bytes(files[0].read_bytes())
    ),
}


@pytest.mark.parametrize("name", ATTACKS)
def test_tampering_shows(name: str, tmp_path: Path) -> None:
    store = store_with(tmp_path, 3)
    files = sorted(store.folder.glob("*.json"))
    ATTACKS[name](files)
    with pytest.raises((CheckFailed, RunError), match=r"0002|0003|0004|number 1 was") as caught:
        store.chain()
    assert "json" in str(caught.value), "the file is named"
    before = sorted(path.name for path in store.folder.iterdir())
    with pytest.raises(AllianceError):
        store.lock(record(4, "whatever"))
    assert sorted(path.name for path in store.folder.iterdir()) == before


def test_line_ends_of_another_system_are_no_tampering(tmp_path: Path) -> None:
    store = store_with(tmp_path, 2)
    for file in store.folder.glob("*.json"):
        file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    assert len(store.chain()) == 2


def test_control_characters_in_a_record_are_refused(tmp_path: Path) -> None:
    store = store_with(tmp_path, 1)
    store.save(replace(record(2), prepared_by="\x1b[2J", status="prepared"))
    with pytest.raises(CheckFailed, match="cannot be printed"):
        store.prepared("2026-02")


def test_what_is_prepared_belongs_to_its_period_and_contract(tmp_path: Path) -> None:
    store = store_with(tmp_path, 1)
    prepared = replace(record(2, store.chain()[0].digest), status="prepared")
    file = store.save(prepared)
    assert store.prepared("2026-02") == prepared
    file.rename(file.with_name("prepared-2026-03.json"))
    with pytest.raises(CheckFailed, match="this is the settlement of 2026-02"):
        store.prepared("2026-03")


def test_locking_takes_away_what_was_prepared(tmp_path: Path) -> None:
    store = store_with(tmp_path, 0)
    store.save(replace(record(1), status="prepared"))
    store.lock(record(1))
    assert sorted(path.name for path in store.folder.glob("*.json")) == ["0001-2026-01-v1.json"]
    assert not [path for path in store.folder.iterdir() if "json-" in path.name]


def test_locking_what_does_not_follow_is_refused(tmp_path: Path) -> None:
    store = store_with(tmp_path, 2)
    head = store.chain()[-1].digest
    for wrong in (record(2, head), record(4, head), record(3), record(3, head[:-1] + "x")):
        with pytest.raises(RunError, match="locked in the meantime as number 2"):
            store.lock(wrong)
    assert len(store.chain()) == 2


def test_a_file_system_without_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(1, "no links here")

    monkeypatch.setattr(os, "link", refuse)
    store = store_with(tmp_path, 2)
    assert [each.number for each in store.chain()] == [1, 2]


def test_many_lock_at_once_and_one_does(tmp_path: Path) -> None:
    """Each locks another period, so that nothing but the number keeps them apart."""
    start = threading.Barrier(8)
    told: list[str] = []

    def lock(index: int) -> None:
        store = SettlementStore(tmp_path / "contract.yaml", "savings")
        start.wait()
        try:
            store.lock(record(1, period=f"2026-{index + 1:02}"))
            told.append("locked")
        except RunError as error:
            told.append(str(error))

    threads = [threading.Thread(target=lock, args=(index,)) for index in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert told.count("locked") == 1
    assert sum("locked in the meantime" in each for each in told) == 7
    assert len(SettlementStore(tmp_path / "contract.yaml", "savings").chain()) == 1


class _PowerCut(BaseException):
    """Ends the process as far as the code knows."""


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("step", ["fsync", "link", "unlink", "mkdir"])
def test_a_power_cut_at_each_step_leaves_the_old_or_the_new(
    step: str, when: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = store_with(tmp_path, 1)
    head = store.chain()[0].digest
    store.save(replace(record(2, head), status="prepared"))
    owner = os if step in ("fsync", "link") else Path
    act = getattr(owner, step)

    def cut(*arguments: object, **named: object) -> None:
        if when == "after":
            act(*arguments, **named)
        raise _PowerCut

    with monkeypatch.context() as patched:
        patched.setattr(owner, step, cut)
        with pytest.raises(_PowerCut):
            store.lock(record(2, head))
    chain = store.chain()
    assert len(chain) == (2 if step == "unlink" or (step, when) == ("link", "after") else 1)
    assert chain == [record(1), record(2, head)][: len(chain)]
    if len(chain) == 1:
        store.lock(record(2, head))
    store.lock(record(3, store.chain()[-1].digest))
    assert len(store.chain()) == 3


LOCK_WITHOUT_END = """
import sys
from dataclasses import replace
from pathlib import Path
from simulator.study.settlements import SettlementStore
from tests.study.test_settlements import record

store = SettlementStore(Path(sys.argv[1]), "savings")
print("ready", flush=True)
while True:
    chain = store.chain()
    each = record(len(chain) + 1, chain[-1].digest if chain else "", "2026-01")
    store.save(replace(each, status="prepared"))
    store.lock(each)
"""


def test_killed_at_any_moment_the_chain_is_whole(tmp_path: Path) -> None:
    luck = random.Random(1)
    store = SettlementStore(tmp_path / "contract.yaml", "savings")
    locked = 0
    for _ in range(40 if FULL else 4):
        process = subprocess.Popen(
            [sys.executable, "-c", LOCK_WITHOUT_END, str(tmp_path / "contract.yaml")],
            stdout=subprocess.PIPE,
            cwd=ROOT,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
        )
        assert process.stdout is not None
        with process:
            assert process.stdout.readline().strip() == b"ready"
            time.sleep(luck.uniform(0.0, 0.15))
            process.kill()
        chain = store.chain()
        assert len(chain) >= locked
        locked = len(chain)
        store.prepared("2026-01")  # whole, if it is there
    assert locked > 0


def test_a_file_where_the_folder_should_be(tmp_path: Path) -> None:
    (tmp_path / "settlements").write_text("mine", encoding="utf-8")
    store = SettlementStore(tmp_path / "contract.yaml", "savings")
    with pytest.raises(RunError, match="cannot be"):
        store.chain()
    with pytest.raises(RunError, match="cannot be written"):
        store.save(record(1))
    with pytest.raises(RunError, match="cannot be written"):
        store.lock(record(1))
    assert (tmp_path / "settlements").read_text(encoding="utf-8") == "mine"


def test_a_folder_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = store_with(tmp_path, 1)
    before = sorted(path.name for path in store.folder.iterdir())

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(RunError, match="cannot be written: Permission denied"):
        store.save(record(2))
    monkeypatch.undo()
    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(RunError, match="cannot be written: Permission denied"):
        store.save(record(2))
    assert sorted(path.name for path in store.folder.iterdir()) == before


def test_nobody_locks_while_another_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = store_with(tmp_path, 1)
    monkeypatch.setattr(settlements, "_PATIENCE", 0.05)
    following = record(2, store.chain()[0].digest)
    other = SettlementStore(tmp_path / "contract.yaml", "savings")
    with store._alone(), pytest.raises(RunError, match="wait until nobody else settles"):
        other.lock(following)
    other.lock(following)
    assert len(store.chain()) == 2


@pytest.mark.parametrize("make", [Path.mkdir, lambda file: file.write_bytes(b"mine" * 500)])
def test_something_else_where_the_lock_stands(
    make: Callable[[Path], object], tmp_path: Path
) -> None:
    store = store_with(tmp_path, 1)
    file = store.folder / ".lock"
    file.unlink()
    make(file)
    with pytest.raises(RunError, match=r"cannot be locked: .*; wait until nobody else settles"):
        store.lock(record(2, store.chain()[0].digest))
    assert len(store.chain()) == 1


def test_what_was_read_may_not_have_changed(tmp_path: Path) -> None:
    """One approves while the other prepares again: what nobody looked at is never approved."""
    store = store_with(tmp_path, 0)
    read = replace(record(1), status="prepared", approved_by="")
    store.save(read)
    newer = replace(read, prepared_by="Eve")
    store.save(newer)
    for act in (store.save, store.lock):
        with pytest.raises(RunError, match="changed in the meantime; look at it again"):
            act(replace(record(1), status="locked"), read)
    assert store.prepared("2026-01") == newer
    assert store.chain() == []
    store.lock(record(1), newer)
    assert store.chain() == [record(1)]
