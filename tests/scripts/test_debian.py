"""Names of Debian's packages, and borrowing them without being root."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

pytestmark = pytest.mark.skipif(os.name == "nt", reason="there is no apt-get on Windows")

APT = """#!/bin/sh
echo "$@" >>"$LOG"
for last; do :; done
case "$last" in
  update) ;;
  libfoo1t64|libbar-2) touch "./$last.deb" ;;
  *) exit 100 ;;
esac
"""
UNPACK = """#!/bin/sh
mkdir -p "$3/usr/lib/x86_64-linux-gnu" && touch "$3/usr/lib/x86_64-linux-gnu/$(basename "$2" .deb).so.1"
"""
LDD = """#!/bin/sh
printf '\\tlinux-vdso.so.1 (0x00)\\n\\tlibz.so.1 => /lib/libz.so.1 (0x00)\\n\\tlibGL.so.1 => not found\\n\\tlibEGL.so.1 => not found\\n'
printf '\\tlibGL.so.1 => not found\\n'
"""


@pytest.fixture
def debian(script: Callable[[str], ModuleType]) -> ModuleType:
    return script("debian")


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand-ins for Debian's programs on the path, and the file where apt-get notes how it was called."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name, text in {"apt-get": APT, "dpkg-deb": UNPACK, "ldd": LDD}.items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    log = tmp_path / "log"
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("LOG", str(log))
    return log


@pytest.mark.parametrize(
    ("soname", "package"),
    [
        ("libGL.so.1", "libgl1"),
        ("libX11.so.6", "libx11-6"),
        ("libxkbcommon-x11.so.0", "libxkbcommon-x11-0"),
        ("libgssapi_krb5.so.2", "libgssapi-krb5-2"),
        ("libdbus-1.so.3", "libdbus-1-3"),
        ("libxcb-cursor.so.0", "libxcb-cursor0"),
        ("libglib-2.0.so.0", "libglib2.0-0"),
        ("libGLdispatch.so.0", "libglvnd0"),
    ],
)
def test_a_package_is_named_after_its_library(debian: ModuleType, soname: str, package: str) -> None:
    assert debian.package_of(soname) == package


def test_each_library_that_the_loader_misses_is_named_once(debian: ModuleType, programs: Path) -> None:
    assert debian.missing_libraries([Path("QtGui.so")], dict(os.environ)) == ["libEGL.so.1", "libGL.so.1"]


def test_a_loan_finds_a_package_under_its_newer_name(debian: ModuleType, programs: Path, tmp_path: Path) -> None:
    loan = debian.Loan(tmp_path / "loan")
    assert loan.borrow(["libfoo1", "libbar-2"]) == []
    [folder] = loan.library_folders()
    assert {file.name for file in Path(folder).iterdir()} == {"libfoo1t64.so.1", "libbar-2.so.1"}


def test_a_loan_says_what_it_could_not_get(debian: ModuleType, programs: Path, tmp_path: Path) -> None:
    assert debian.Loan(tmp_path / "loan").borrow(["libbar-2", "libnone3"]) == ["libnone3"]


def test_a_loan_reads_the_lists_once_and_leaves_the_machines_own_alone(debian: ModuleType, programs: Path, tmp_path: Path) -> None:
    loan = debian.Loan(tmp_path / "loan")
    loan.borrow(["libbar-2"])
    loan.borrow(["libfoo1"])
    calls = programs.read_text().splitlines()
    assert [call.split()[-1] for call in calls] == ["update", "libbar-2", "libfoo1", "libfoo1t64"]
    assert all(f"Dir::State::Lists={tmp_path}" in call and f"Dir::Cache={tmp_path}" in call for call in calls)


def test_closing_a_loan_keeps_what_was_unpacked(debian: ModuleType, programs: Path, tmp_path: Path) -> None:
    loan = debian.Loan(tmp_path / "loan")
    loan.borrow(["libbar-2"])
    loan.close()
    assert not (tmp_path / "loan/apt").exists()
    assert loan.library_folders()
