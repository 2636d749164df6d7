"""What Debian and its descendants call the things that this program needs, and how to get them there.

Root installs packages with apt-get. Anybody else can still *borrow* them: apt-get downloads a package for any user and
dpkg-deb unpacks it, so its libraries serve from a folder of our own. Standard library only; the syntax is kept old, so
that an old Python can still read this file and be told that it is too old.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

# Debian policy 8.1 makes a library's package from its soname; these are the ones that go their own way
EXCEPTIONS = {
    "libglib-2.0.so.0": "libglib2.0-0",
    "libgobject-2.0.so.0": "libglib2.0-0",
    "libgthread-2.0.so.0": "libglib2.0-0",
    "libgmodule-2.0.so.0": "libglib2.0-0",
    "libgio-2.0.so.0": "libglib2.0-0",
    "libGLdispatch.so.0": "libglvnd0",
    "libbrotlicommon.so.1": "libbrotli1",
    "libbrotlidec.so.1": "libbrotli1",
    "libz.so.1": "zlib1g",
}


def package_of(soname: str) -> str:
    """The package that holds a shared library: ``libX11.so.6`` is in ``libx11-6``.

    The rule is Debian policy 8.1: name and version in lower case, with a hyphen between them where the name ends in a digit.
    """
    if soname in EXCEPTIONS:
        return EXCEPTIONS[soname]
    name, _, version = soname.partition(".so")
    name = name.lower().replace("_", "-")
    version = version.lstrip(".")
    return name + ("-" if version and name[-1:].isdigit() else "") + version


def venv_package() -> str:
    """The package that lets this Python make virtual environments with pip in them."""
    return "python{}.{}-venv".format(*sys.version_info[:2])


def has_apt() -> bool:
    return shutil.which("apt-get") is not None and shutil.which("dpkg-deb") is not None


def is_root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0


def install_line(packages: Iterable[str]) -> str:
    """The command with which an administrator installs ``packages`` for good."""
    return "sudo apt-get install --no-install-recommends " + " ".join(sorted(packages))


def install(packages: Iterable[str]) -> bool:
    """Installs packages for the whole machine; True if apt-get did. Only root may."""
    environment = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    quiet = ["-qq", "-o", "Dpkg::Use-Pty=0"]
    if subprocess.call(["apt-get", *quiet, "update"], env=environment) != 0:
        return False
    command = ["apt-get", *quiet, "install", "-y", "--no-install-recommends", *sorted(packages)]
    # dpkg's account of every file that it unpacks helps nobody; its errors go to stderr
    return subprocess.call(command, env=environment, stdout=subprocess.DEVNULL) == 0


class Loan:
    """Packages unpacked into ``folder`` for one user, without touching the machine.

    Only the packages themselves are fetched, not what they depend on: the caller asks for what is still missing until
    nothing is.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._state = folder / "apt"
        self._updated = False

    def _apt(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        options = ["-o", "Dir::State::Lists={}".format(self._state / "lists"), "-o", "Dir::Cache={}".format(self._state / "cache")]
        command = ["apt-get", "-qq", *options, *arguments]
        return subprocess.run(command, cwd=str(self._state), capture_output=True, text=True)

    def borrow(self, packages: Iterable[str]) -> list[str]:
        """Downloads and unpacks packages; returns those that could not be had."""
        if not self._updated:
            for part in ("lists/partial", "cache/archives/partial", "packages"):
                (self._state / part).mkdir(parents=True, exist_ok=True)
            self._updated = self._apt("update").returncode == 0
        missing = []
        for package in sorted(packages):
            # since 2024 Debian and Ubuntu call libraries whose interface holds a 64-bit time "...t64"
            if not any(self._apt("download", name).returncode == 0 for name in (package, package + "t64")):
                missing.append(package)
        for archive in sorted(self._state.glob("*.deb")):
            subprocess.check_call(["dpkg-deb", "-x", str(archive), str(self.folder)])
            archive.unlink()
        return missing

    def close(self) -> None:
        """Forgets the lists of packages (some tens of MB); what was unpacked stays."""
        shutil.rmtree(str(self._state), ignore_errors=True)

    def library_folders(self) -> list[str]:
        """The folders to put on ``LD_LIBRARY_PATH``; empty where nothing was borrowed."""
        found = {library.parent for pattern in ("usr/lib/**/*.so*", "lib/**/*.so*") for library in self.folder.glob(pattern)}
        return sorted(str(folder) for folder in found)


def missing_libraries(files: Iterable[Path], environment: dict[str, str]) -> list[str]:
    """The sonames that the loader cannot find for ``files``, directly or further down."""
    listing = subprocess.run(["ldd", *map(str, files)], env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    return sorted(set(re.findall(r"^\s*(\S+) => not found", listing.stdout, flags=re.MULTILINE)))
