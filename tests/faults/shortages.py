"""Real shortages: a tiny file system that runs full, control groups with little memory or few processes, calls that fail.

What needs root, a compiler or a kernel's feature skips the case and says so.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

_SOURCE = Path(__file__).with_name("preload.c")
_CLONE_NEWNS = 0x00020000
_MS_PRIVATE, _MS_REC, _MS_RDONLY, _MS_REMOUNT, _MS_BIND = 1 << 18, 1 << 14, 1, 1 << 5, 1 << 12
_GROUPS = Path("/sys/fs/cgroup")


def root_only() -> None:
    """Skips where the case does not run as root."""
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("needs root on Linux")


def _mount(source: str, target: Path, kind: str, flags: int, options: str = "") -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mount(source.encode(), os.fsencode(target), kind.encode(), flags, options.encode()) != 0:
        pytest.skip(f"no file system can be mounted here: {os.strerror(ctypes.get_errno())}")


def _alone() -> None:
    """Mounts of this process and its children are nobody else's from now on, and go with them."""
    root_only()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(_CLONE_NEWNS) != 0:
        pytest.skip(f"no mounts of its own here: {os.strerror(ctypes.get_errno())}")
    _mount("none", Path("/"), "", _MS_REC | _MS_PRIVATE)


def tiny_disk(folder: Path, size: int) -> Path:
    """A file system of ``size`` bytes in ``folder``; it goes with the case's process."""
    _alone()
    folder.mkdir(exist_ok=True)
    _mount("tmpfs", folder, "tmpfs", 0, f"size={size}")
    return folder


def read_only(folder: Path) -> Path:
    """Nobody can write in ``folder`` any more, not even root."""
    _alone()
    folder.mkdir(parents=True, exist_ok=True)
    _mount(str(folder), folder, "", _MS_BIND)
    _mount(str(folder), folder, "", _MS_BIND | _MS_REMOUNT | _MS_RDONLY)
    return folder


@contextmanager
def group(controller: str, **limits: int) -> Iterator[Path]:
    """A control group below which a process can be put by writing its number into ``cgroup.procs``. ``limits``: ``memory`` in
    bytes, ``processes``."""
    root_only()
    one = _GROUPS / controller if (_GROUPS / controller).is_dir() else _GROUPS
    files = {"memory": ("memory.limit_in_bytes", "memory.max"), "processes": ("pids.max", "pids.max")}
    folder = one / f"gradstep-{os.getpid()}"
    try:
        folder.mkdir()
        for name, value in limits.items():
            old, new = files[name]
            (folder / (old if (folder / old).exists() else new)).write_text(str(value))
            if name == "memory" and (swap := folder / "memory.memsw.limit_in_bytes").exists():
                swap.write_text(str(value))
    except OSError as error:
        if folder.is_dir():
            folder.rmdir()
        pytest.skip(f"no control group can be made here: {error.strerror}")
    try:
        yield folder
    finally:
        (one / "cgroup.procs").write_text(str(os.getpid()))
        folder.rmdir()


@contextmanager
def inside(folder: Path) -> Iterator[None]:
    """This process, and what it starts meanwhile, is in the control group."""
    home = _own_group(folder)
    (folder / "cgroup.procs").write_text(str(os.getpid()))
    try:
        yield
    finally:
        (home / "cgroup.procs").write_text(str(os.getpid()))


def _own_group(folder: Path) -> Path:
    """The control group, of the same hierarchy, in which this process is now."""
    controller = folder.parent.name
    for line in Path("/proc/self/cgroup").read_text().splitlines():
        _, names, path = line.split(":", 2)
        if controller in names.split(","):
            return folder.parent / path.lstrip("/") if (folder.parent / path.lstrip("/")).is_dir() else folder.parent
    return folder.parent


def library(folder: Path) -> Path:
    """The preloaded library that lets calls fail, compiled now."""
    if sys.platform != "linux":
        pytest.skip("needs Linux")
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        pytest.skip("needs a C compiler")
    made = folder / "libfailing.so"
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", str(made), str(_SOURCE), "-ldl"], check=True, capture_output=True)
    return made
