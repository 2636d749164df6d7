"""Makes the environment that the program and its tests run in, on a machine that has nothing but Python.

``prepare`` makes ``.venv``, installs gradstep into it, sees to it that Qt can load its libraries, and notes in a stamp what
it did, so that the next time takes no time. Standard library only; the syntax is kept old, so that an old Python can still
read this file and be told that it is too old.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NoReturn

import debian

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
STAMP = VENV / "gradstep.json"
LOAN = VENV / "debian"
FONTS = LOAN / "fonts.conf"  # only where fontconfig itself is borrowed
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
NEEDED = (3, 11)
TORCH = "torch==2.13.0"  # the oracle of the parity tests: this one and no other
ORACLE = (TORCH, "expecttest")  # and what PyTorch's own database of ops asks for
TOO_OLD, NO_ENVIRONMENT, INTERRUPTED = 2, 3, 130  # exit codes

FONTS_CONF = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>/usr/share/fonts</dir>
  <dir>{0}/usr/share/fonts</dir>
  <dir prefix="xdg">fonts</dir>
  <cachedir prefix="xdg">fontconfig</cachedir>
</fontconfig>
"""
QT_MODULES = ("QtCore", "QtGui", "QtWidgets", "QtNetwork", "QtOpenGL", "QtOpenGLWidgets", "QtSvg", "QtTest")


def say(text: str) -> None:
    """A line about what is being done, at once and in step with what pip and apt-get print."""
    print("gradstep: " + text, flush=True)


def fail(text: str, code: int = NO_ENVIRONMENT) -> NoReturn:
    sys.stdout.flush()
    print("gradstep: " + text, file=sys.stderr, flush=True)
    raise SystemExit(code)


def check_python() -> None:
    """Goes on under a newer Python where this one is too old, or says that there is none."""
    if sys.version_info[:2] >= NEEDED:
        return
    for minor in range(19, NEEDED[1] - 1, -1):
        better = shutil.which(f"python3.{minor}")
        if better:
            say(f"this is Python {platform.python_version()}; going on with {better}")
            os.execv(better, [better, *sys.argv])
    fail("needs Python {}.{} or newer; this is Python {} ({})".format(*NEEDED, platform.python_version(), sys.executable), TOO_OLD)


def has_display() -> bool:
    """Whether a window can be shown. Only where X or Wayland may be missing can it not."""
    if os.environ.get("QT_QPA_PLATFORM", "").partition(":")[0] in ("offscreen", "minimal"):
        return False
    return sys.platform in ("win32", "darwin") or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def run_environment() -> dict[str, str]:
    """The variables under which the program runs: borrowed libraries and fonts are found, everything else is as it was."""
    environment = dict(os.environ)
    if FONTS.exists():
        environment.setdefault("FONTCONFIG_FILE", str(FONTS))
    folders = debian.Loan(LOAN).library_folders()
    if folders:
        given = environment.get("LD_LIBRARY_PATH")
        environment["LD_LIBRARY_PATH"] = os.pathsep.join([*folders, *([given] if given else [])])
    return environment


def prepare(extras: Iterable[str], torch: bool = False) -> None:
    """Makes ``.venv`` hold gradstep with ``extras`` (and the tests' PyTorch). Exits with a message where it cannot be done."""
    check_python()
    wanted = set(extras) | (set(ORACLE) if torch else set()) | set(_platforms())
    stamp = _read_stamp()
    done = set(stamp.get("done", [])) if stamp.get("key") == _key() else set()
    if wanted <= done and PYTHON.exists():
        return
    loan = debian.Loan(LOAN)
    try:
        _make_venv(loan)
        kept = sorted(name for name in done | wanted if name in ("gui", "test"))
        _pip("gradstep and what it needs ({})".format(", ".join(kept)), "-e", "{}[{}]".format(ROOT, ",".join(kept)))
        if torch:
            _pip("PyTorch for the parity tests", *ORACLE)
        _provide_qt_libraries(loan)
    except KeyboardInterrupt:
        fail("interrupted; the next start goes on from here", INTERRUPTED)
    finally:
        loan.close()
    STAMP.write_text(json.dumps({"key": _key(), "done": sorted(done | wanted)}))
    say(f"the environment is ready: {VENV}")


def execute(arguments: list[str], environment: dict[str, str]) -> NoReturn:
    """Becomes the environment's Python with these arguments. The working folder stays off its path (``-P``): a user's own
    ``gui`` or ``gradstep`` folder that lies there is none of ours."""
    command = [str(PYTHON), "-P", *arguments]
    sys.stdout.flush()
    if os.name == "nt":  # execve there returns to the shell at once
        raise SystemExit(subprocess.call(command, env=environment))
    os.execve(str(PYTHON), command, environment)


def _key() -> str:
    """Changes whenever ``.venv`` is another one or has to hold something else."""
    digest = hashlib.sha256()
    for part in (platform.machine(), str(ROOT)):
        digest.update(part.encode() + b"\0")
    for file in (VENV / "pyvenv.cfg", ROOT / "pyproject.toml", Path(__file__), Path(debian.__file__)):
        digest.update(file.read_bytes() if file.exists() else b"")
    return digest.hexdigest()


def _read_stamp() -> dict[str, Any]:
    try:
        stamp = json.loads(STAMP.read_text())
    except (OSError, ValueError):  # not made yet, or cut off while it was written
        return {}
    return stamp if isinstance(stamp, dict) else {}


def _works(*command: object) -> bool:
    try:
        return subprocess.call(list(map(str, command)), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) == 0
    except OSError:
        return False


def _make_venv(loan: debian.Loan) -> None:
    """Makes ``.venv`` with pip in it, by whichever way this machine allows."""
    if _works(PYTHON, "-c", f"import sys, pip; sys.exit(sys.version_info[:2] < {NEEDED!r})"):
        return
    say(f"making {VENV} with Python {platform.python_version()}")
    if not _works(sys.executable, "-c", "import venv, ensurepip") and debian.has_apt() and debian.is_root():
        say(f"this Python cannot make one with pip in it: installing Debian's {debian.venv_package()} with apt-get")
        if not debian.install([debian.venv_package()]):
            fail(f"apt-get could not install {debian.venv_package()} (its reason is above)")
    if _works(sys.executable, "-c", "import venv, ensurepip"):
        if subprocess.call([sys.executable, "-m", "venv", "--clear", str(VENV)]) != 0:
            fail(f"could not make {VENV} (the reason is above)")
        return
    if subprocess.call([sys.executable, "-m", "venv", "--clear", "--without-pip", str(VENV)]) != 0:
        fail("this Python has no module venv. " + _advice([debian.venv_package()]))
    pip = _foreign_pip(loan)
    if pip is None or subprocess.call([*pip, "install", "--quiet", "--disable-pip-version-check", "pip"]) != 0:
        shutil.rmtree(str(VENV), ignore_errors=True)
        fail("this Python has no pip and there is none to be had without being root. " + _advice([debian.venv_package()]))


def _foreign_pip(loan: debian.Loan) -> list[str] | None:
    """A pip from outside that can install into ``.venv``: the machine's own, or the one in a package of Debian's."""
    if _works(sys.executable, "-m", "pip", "--python", PYTHON, "--version"):
        return [sys.executable, "-m", "pip", "--python", str(PYTHON)]
    if debian.has_apt():
        say("this Python has no pip, and only root may install it: taking the one in Debian's python3-pip-whl for .venv alone")
        loan.borrow(["python3-pip-whl"])
    folders = (LOAN / "usr/share/python-wheels", Path("/usr/share/python-wheels"))
    wheels = [wheel for folder in folders for wheel in sorted(folder.glob("pip-*.whl"))]
    return [str(PYTHON), str(wheels[0] / "pip")] if wheels else None


def _advice(packages: Iterable[str]) -> str:
    if debian.has_apt():
        return "Run this once, then try again:\n    " + debian.install_line(packages)
    return "Install Python's venv and pip with your system's package manager, then try again."


def _pip(what: str, *arguments: str) -> None:
    say(f"installing {what}")
    if subprocess.call([str(PYTHON), "-m", "pip", "install", "--disable-pip-version-check", *arguments]) != 0:
        fail(f"pip could not install {what} (its reason is above; without a network it cannot download)")


# --------------------------------------------------------------------------------------------------- Qt's libraries


def _platforms() -> list[str]:
    """Qt's platform plugins that have to load here: offscreen always, and the one of the display."""
    if not sys.platform.startswith("linux"):
        return []
    shown = {"xcb": "DISPLAY", "wayland": "WAYLAND_DISPLAY"}
    return ["offscreen", *(name for name, variable in shown.items() if has_display() and os.environ.get(variable))]


def _qt_files() -> list[Path]:
    """The shared objects of PySide6 that the window loads."""
    [folder] = [found for found in VENV.glob("lib/python*/site-packages/PySide6") if found.is_dir()]
    modules = [folder / (name + ".abi3.so") for name in QT_MODULES]
    plugins = [folder / f"Qt/plugins/platforms/libq{name}.so" for name in _platforms()]
    return [file for file in modules + plugins if file.exists()]


def _qt_problem() -> str:
    """Why Qt does not start offscreen, in its own words; empty if it does."""
    code = "from PySide6 import {}; QtWidgets.QApplication([])".format(", ".join(QT_MODULES))
    environment = dict(run_environment(), QT_QPA_PLATFORM="offscreen")
    trial = subprocess.run([str(PYTHON), "-P", "-c", code], env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return "" if trial.returncode == 0 else trial.stdout.decode(errors="replace").strip()


def _provide_qt_libraries(loan: debian.Loan) -> None:
    """Brings in the system libraries that Qt is linked against, or says which are missing."""
    if not sys.platform.startswith("linux"):
        return
    say("trying whether Qt can load its libraries")
    missing = debian.missing_libraries(_qt_files(), run_environment()) if shutil.which("ldd") else []
    if missing:
        packages = sorted({debian.package_of(soname) for soname in missing})
        say("Qt misses {}".format(", ".join(missing)))
        if not debian.has_apt():
            fail("install these with your system's package manager (Debian calls the packages {})".format(" ".join(packages)))
        if debian.is_root():
            say("installing Debian's {} with apt-get".format(" ".join(packages)))
            if not debian.install(packages):
                fail("apt-get could not install them (its reason is above). " + _advice(packages))
        else:
            say(f"only root may install packages: unpacking them for this folder alone, into {LOAN}")
            _borrow_libraries(loan, packages)
            say("to have them for good: " + debian.install_line(packages))
    problem = _qt_problem()
    if problem:
        fail(f"Qt does not start:\n{problem}")


def _borrow_libraries(loan: debian.Loan, first: list[str]) -> None:
    """Borrows packages until the loader finds everything: each may need further ones."""
    packages = first
    if "libfontconfig1" in packages:  # no use without fonts, nor without being told where they are
        packages = [*packages, "fonts-dejavu-core"]
        LOAN.mkdir(parents=True, exist_ok=True)
        FONTS.write_text(FONTS_CONF.format(LOAN))
    while packages:
        refused = loan.borrow(packages)
        if refused:
            fail("could not download {}. ".format(" ".join(refused)) + _advice(first))
        say("  unpacked {}".format(" ".join(packages)))
        before = packages
        packages = sorted({debian.package_of(soname) for soname in debian.missing_libraries(_qt_files(), run_environment())})
        if packages == before:
            fail("{} did not bring what Qt misses. ".format(" ".join(packages)) + _advice(first))
