"""Where the window keeps what it remembers, and what happens when that file is damaged."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from pathlib import Path

from PySide6.QtCore import QByteArray, QFileInfo, QIODevice, QLockFile, QSaveFile, QSettings

from gradstep.engine.places import Place, place, profile

from ..translation import translate

_PATIENCE = 300  # milliseconds in which the owner of a new lock must have written its name


def kept() -> QSettings:
    """The user's settings, or those of the profile that was named."""
    folder = profile()
    if folder is not None:
        return QSettings(str(folder / "gradstep.ini"), QSettings.Format.IniFormat)
    return QSettings(QSettings.Format.IniFormat, QSettings.Scope.UserScope, "gradstep", "gradstep")


def throwaway() -> QSettings:
    """Settings of a window that nobody sees: nothing of the user's is read or changed."""
    folder = tempfile.mkdtemp(prefix="gradstep-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return QSettings(str(Path(folder) / "settings.ini"), QSettings.Format.IniFormat)


def cannot_keep(settings: QSettings) -> str:
    """Why the user's settings cannot be written, "" where they can: there is no home, or it is read-only."""
    file = Path(settings.fileName())
    if place(Place.SETTINGS) is not None:
        folder = next((folder for folder in file.parents if folder.exists()), file.parent)
        writable = os.access(folder, os.W_OK) and (not file.exists() or os.access(file, os.W_OK))
        if writable:
            return ""
        said = translate("Settings", "{0} cannot be written: gradstep starts with settings that will not be kept.")
        return said.format(file)
    return translate("Settings", "There is no home folder (HOME is not set): gradstep starts with settings that will not be kept.")


def mend(file: Path) -> str:
    """Look at a settings file before it is used. A good one is copied beside (``.good``); a damaged one is put aside (``.bad``)
    and the last good one takes its place.

    Gives a sentence for the user where the file was damaged, "" otherwise. Nothing here raises: settings are not worth a
    window that does not open.
    """
    good, bad = file.with_name(file.name + ".good"), file.with_name(file.name + ".bad")
    try:
        _unlock(file.with_name(file.name + ".lock"))
        if not file.exists():
            return ""
        if _sound(file):
            if not good.exists() or good.read_bytes() != file.read_bytes():
                _copy(file, good)
            return ""
        file.replace(bad)
        if good.exists() and _sound(good):
            _copy(good, file)
            said = translate("Settings", "Your settings were damaged: the last good ones are back. The damaged file is {0}.")
        else:
            said = translate("Settings", "Your settings were damaged: gradstep starts with its defaults. The damaged file is {0}.")
        return said.format(bad)
    except OSError as error:
        return translate("Settings", "Your settings cannot be read ({0}): gradstep starts with its defaults.").format(error)


def _unlock(lock: Path) -> None:
    """Remove locks without an owner in them: what a window leaves that is killed between making a lock and writing its number into
    it. Qt waits thirty seconds for such an owner, on the thread that paints. A living owner writes within microseconds. ``.rmlock``
    is the lock under which Qt removes one."""
    for left in sorted(lock.parent.glob(f"{lock.name}*"), reverse=True):  # the lock of a lock first
        if not QFileInfo(str(left)).size():
            ownerless = QLockFile(str(left))
            ownerless.setStaleLockTime(_PATIENCE)
            if ownerless.tryLock(2 * _PATIENCE):
                ownerless.unlock()


def _sound(file: Path) -> bool:
    """Whether this is what QSettings writes. It reads anything: an empty file, zeros and a picture are to it files without settings."""
    try:
        lines = [line.strip() for line in file.read_bytes().decode("utf-8").splitlines() if line.strip()]
    except UnicodeDecodeError:
        return False
    return bool(lines) and all(_is_line(line) for line in lines)


def _is_line(line: str) -> bool:
    heading = line.startswith("[") and line.endswith("]")
    return "\0" not in line and (heading or "=" in line or line.startswith((";", "#")))


def _copy(source: Path, target: Path) -> None:
    """The copy appears as a whole or not at all."""
    saved = QSaveFile(str(target))
    if saved.open(QIODevice.OpenModeFlag.WriteOnly):
        saved.write(QByteArray(source.read_bytes()))
        if saved.commit():
            return
    raise OSError(f"{target}: {saved.errorString()}")
