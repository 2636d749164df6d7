"""What is no tape: a folder, a pipe, a device, a link that leads to itself, nothing at all. Refused at once, with a reason, unchanged."""

from __future__ import annotations

import os
import socket
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from gradstep.engine.tape.log import HEAD, MAGIC, head_bytes

from .prison import Prison

READ = ("records", "inspect", "verify", "explain", "check", "diff", "flow", "ledger", "replay", "export")


def _newer(path: Path) -> None:
    head = HEAD.pack(MAGIC, 7, 0, bytes(16), 0)[:-4]
    path.write_bytes(head + struct.pack("<I", zlib.crc32(head)))


def _socket(path: Path) -> None:
    here = os.getcwd()
    os.chdir(path.parent)  # a socket's name must be short
    try:
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(path.name)
    finally:
        os.chdir(here)


def _chain(path: Path) -> None:
    for number in range(60):
        (path.parent / f"link{number}").symlink_to(f"link{number + 1}")
    path.symlink_to("link0")


MADE: dict[str, tuple[Callable[[Path], object], str]] = {
    "a folder": (lambda path: path.mkdir(), "is a folder"),
    "a pipe": (os.mkfifo, "not an ordinary file"),
    "a socket": (_socket, ""),
    "a device without end": (lambda path: path.symlink_to("/dev/zero"), "not an ordinary file"),
    "a link to itself": (lambda path: path.symlink_to(path.name), "symbolic links"),
    "sixty links": (_chain, "symbolic links"),
    "a link to nothing": (lambda path: path.symlink_to("nothing"), "no such file"),
    "nothing in it": (lambda path: path.write_bytes(b""), "is empty"),
    "a script": (lambda path: path.write_bytes(b"import torch\n"), "not a tape"),
    "half a head": (lambda path: path.write_bytes(head_bytes(bytes(16))[:20]), "not a tape"),
    "a newer version": (_newer, "newer gradstep (format 7)"),
    "zeros": (lambda path: path.write_bytes(bytes(100_000)), "not a tape"),
    "a memory of a process": (lambda path: path.symlink_to("/proc/self/mem"), ""),
}


@pytest.mark.parametrize("name", MADE)
def test_what_is_no_tape_is_refused_with_a_reason(cell: Prison, out: Path, tmp_path: Path, name: str) -> None:
    make, said = MADE[name]
    file = tmp_path / "x.gst"
    make(file)
    for reader in READ:
        outcome = cell.read(reader, file)
        assert (outcome.verdict, outcome.faults) == ("refused", []), reader
        assert outcome.said
        assert said in outcome.said or reader == "records", (reader, outcome.said)


def test_a_file_that_may_not_be_read_is_refused(cell: Prison, tmp_path: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may read everything")
    file = tmp_path / "x.gst"
    file.write_bytes(head_bytes(bytes(16)))
    file.chmod(0)
    assert cell.read("inspect", file).verdict == "refused"
