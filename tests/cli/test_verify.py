"""`alliance verify`: a run made again from its folder, and the first difference named."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.cli.test_commands import SMALLEST, alliance, alliance_here


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    done = alliance("run", SMALLEST, "--replications", 60, "--out", "run", cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder / "run"


@pytest.fixture
def run(made: Path, tmp_path: Path) -> Path:
    return shutil.copytree(made, tmp_path / "run")


def test_an_untouched_run_is_verified(run: Path) -> None:
    done = alliance("verify", "run", cwd=run.parent)
    assert done.returncode == 0, done.stderr
    assert "60 simulated futures made again, all 11 files the same to the byte." in done.stdout
    told = json.loads(alliance("verify", "run", "--json", "--workers", 1, cwd=run.parent).stdout)
    assert told["verified"] is True
    assert sorted(told["files"]) == sorted(
        path.name for path in run.iterdir() if path.name != "manifest.json"
    )


def test_the_manifest_tells_all_and_names_no_computer(run: Path) -> None:
    manifest = json.loads((run / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["schema"] == "alliance-manifest/1"
    assert (manifest["seed"], manifest["replications"]) == (1, 60)
    assert manifest["engine"] == "compiled"
    assert list(manifest["environment"]) == ["python", "system", "processor", "libraries"]
    assert "numba" in manifest["environment"]["libraries"]
    assert str(run.parent) not in (run / "manifest.json").read_text(encoding="utf-8")


@pytest.mark.parametrize("table", ["parties.csv", "people.csv", "comparison.csv", "run.txt"])
def test_one_changed_digit_is_named(run: Path, table: str) -> None:
    file = run / table
    lines = file.read_bytes().decode("utf-8").split("\n")
    place = next(i for i, line in reversed(list(enumerate(lines))) if any(map(str.isdigit, line)))
    before = lines[place]
    digit = next(char for char in before if char.isdigit())
    lines[place] = before.replace(digit, str((int(digit) + 1) % 10), 1)
    file.write_bytes("\n".join(lines).encode("utf-8"))
    done = alliance_here("verify", "run", cwd=run.parent)
    assert done.returncode == 6
    assert done.stdout == ""
    assert f"{table}:{place + 1}: found '{lines[place].strip()}" in done.stderr.replace("\\x0d", "")
    assert f"recomputed '{before.strip()}" in done.stderr.replace("\\x0d", "")
    assert "the file was changed after the run wrote it" in done.stderr


def test_the_first_of_several_differences_is_named(run: Path) -> None:
    for name in ("people.csv", "run.json"):
        (run / name).write_bytes((run / name).read_bytes() + b"more\n")
    done = alliance_here("verify", "run", cwd=run.parent)
    assert done.returncode == 6
    assert "run.json:" in done.stderr
    assert "people.csv" not in done.stderr


def test_other_software_is_told_apart_from_a_changed_file(run: Path) -> None:
    """As if an earlier version had computed another figure, and written it down properly."""
    import hashlib

    file = run / "people.csv"
    file.write_bytes(file.read_bytes().replace(b'"referred"', b'"came"', 1))
    manifest = json.loads((run / "manifest.json").read_text(encoding="utf-8"))
    manifest["outputs"]["people.csv"] = hashlib.sha256(file.read_bytes()).hexdigest()
    manifest["software"] = "0.0.9+abcdef"
    (run / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    done = alliance_here("verify", "run", cwd=run.parent)
    assert done.returncode == 6
    assert "the computation gives something else now" in done.stderr
    assert "It was made with version 0.0.9+abcdef; this is 0.1.0+" in done.stderr


@pytest.mark.parametrize(
    ("forge", "said"),
    [
        (lambda m: m["outputs"].pop("people.csv"), "people.csv is not listed in the manifest"),
        (
            lambda m: m["outputs"].update({"run.txt": "0" * 64}),
            "manifest.json has another digest of run.txt",
        ),
        (
            lambda m: m["outputs"].update({"more.csv": "0" * 64}),
            "manifest.json lists more.csv, which is no file of this run",
        ),
        (
            lambda m: m.update({"run_id": "f" * 12}),
            f"manifest.json names the run {'f' * 12}; from its content it is ",
        ),
        (
            lambda m: m.update({"software": "9.9+forged"}),
            "manifest.json names the software 9.9+forged; from its content it is ",
        ),
    ],
)
def test_a_forged_manifest_is_named(run: Path, forge: Any, said: str) -> None:
    manifest = json.loads((run / "manifest.json").read_text(encoding="utf-8"))
    forge(manifest)
    (run / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    done = alliance_here("verify", "run", cwd=run.parent)
    assert done.returncode == 6
    assert said in done.stderr


def test_what_does_not_belong_to_a_run_is_told(run: Path) -> None:
    (run / "forged.csv").write_text("1,2", encoding="utf-8")
    done = alliance_here("verify", "run", cwd=run.parent)
    assert done.returncode == 0
    assert "Not part of it, and not looked at: 'forged.csv'." in " ".join(done.stdout.split())


def test_a_changed_scenario_cannot_be_made_again(run: Path) -> None:
    file = run / "scenario.yaml"
    file.write_bytes(file.read_bytes() + b"# a remark\n")
    done = alliance_here("verify", "run", cwd=run.parent)
    assert done.returncode == 6
    assert "scenario.yaml was changed after the run wrote it" in done.stderr


@pytest.mark.parametrize("name", ["scenario.yaml", "parties.csv"])
def test_a_missing_file_is_named(run: Path, name: str) -> None:
    (run / name).unlink()
    done = alliance_here("verify", "run", cwd=run.parent)
    assert done.returncode == 6
    assert f"{name} is missing from the folder" in done.stderr


WHOLE = (
    '{"run_id": "0123456789ab", "software": "0.1", "seed": 1, "replications": 5, '
    '"engine": "compiled", "inputs": {"scenario.yaml": "x"}, "outputs": {}}'
)


def test_the_pattern_of_the_broken_manifests_is_whole(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text(WHOLE, encoding="utf-8")
    done = alliance_here("verify", ".", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (6, ".: scenario.yaml is missing from the folder\n")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "there is no such file"),
        ("{", "it cannot be read: it is not JSON"),
        ("[]", "it does not tell how the run was made"),
        ('{"run_id": 1}', "it does not tell how the run was made"),
        (
            '{"run_id": "x", "software": "x", "seed": -1, "replications": 5, "engine": "compiled", '
            '"inputs": {"scenario.yaml": "x"}, "outputs": {}}',
            "it does not tell how the run was made",
        ),
        *(
            (WHOLE.replace(old, new, 1), "it does not tell how the run was made")
            for old, new in (
                ('"seed": 1', '"seed": true'),
                ('"replications": 5', '"replications": 4000000000'),
                ('"outputs": {}', '"outputs": {"../other": "x"}'),
                ('"outputs": {}', '"outputs": {"a\\u0000b": "x"}'),
                ('"run_id": "0123456789ab"', '"run_id": "\\u001b[31m"'),
                ('"engine": "compiled"', '"engine": "abacus"'),
                ('"software": "0.1"', '"software": "\\u001b[31m"'),
            )
        ),
        ("[" * 200_000, "it cannot be read: it is not JSON"),
    ],
)
def test_what_is_not_a_run_is_refused(tmp_path: Path, content: str | None, said: str) -> None:
    if content is not None:
        (tmp_path / "manifest.json").write_text(content, encoding="utf-8")
    done = alliance_here("verify", ".", cwd=tmp_path)
    assert done.returncode == 3
    assert said in done.stderr
    assert "Traceback" not in done.stderr
