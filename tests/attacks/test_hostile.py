"""Tapes that are made to do harm, with right checksums: refused, or read as what they are, and nothing else happens."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gradstep.engine.cli.main import main
from gradstep.engine.tape.visible import visible

from .hostile import HOSTILE, TEXTS
from .prison import Prison
from .readers import READERS, records

LARGE = ("a million names", "a million calls", "half a million hooks", "20,000 passes of 20,000 nodes", "a chain of 100,000 nodes")
READ = ("records", "states", "inspect", "explain", "replay", "export")


@pytest.mark.parametrize("name", [name for name in HOSTILE if name not in LARGE])
def test_a_hostile_tape_does_no_harm(cell: Prison, out: Path, name: str) -> None:
    file = out / "hostile.gst"
    HOSTILE[name](file)
    try:
        wrong = [f"{reader}: {fault}" for reader in READ for fault in cell.read(reader, file).faults]
    finally:
        file.unlink()
    assert wrong == []
    assert not (out / "owned").exists()


@pytest.mark.parametrize("name", LARGE)
def test_a_large_hostile_tape_takes_no_more_than_its_size_allows(cell: Prison, out: Path, name: str) -> None:
    file = out / "hostile.gst"
    HOSTILE[name](file)
    try:
        faults = cell.read("inspect", file).faults
    finally:
        file.unlink()
    assert faults == []


@pytest.mark.parametrize("name", TEXTS)
def test_what_a_terminal_would_obey_is_written_out(capsys: pytest.CaptureFixture[str], out: Path, name: str) -> None:
    """In no command's output stands a character that moves the cursor, sets a title or turns the direction of the text."""
    file = out / "text.gst"
    HOSTILE[name](file)
    whole = records(str(file))
    assert TEXTS[name][: 1 << 20] in {record.name for record in whole.found if type(record).__name__ == "Tensor"}
    for words in (("inspect",), ("verify",), ("flow",), ("ledger",), ("replay",), ("diff", "--iterations", "0", "0"), ("explain",)):
        assert main([words[0], str(file), *words[1:]]) in (0, 1, 65)
        told = "".join(capsys.readouterr())
        assert visible(told, keep="\n") == told, words
    file.unlink()


def test_a_tape_in_json_holds_every_character(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    HOSTILE["control characters"](tmp_path / "x.gst")
    assert main(["inspect", str(tmp_path / "x.gst"), "--json"]) == 0
    assert TEXTS["control characters"] in json.loads(capsys.readouterr().out)["tells"]["paths"]


def test_every_reader_is_attacked() -> None:
    assert set(READ) <= set(READERS)
