"""Where what gradstep keeps for its user lies: settings, runs, logs; all in one folder where a profile is named. No third party."""

from __future__ import annotations

import errno
import os
from enum import Enum
from pathlib import Path

PROFILE = "GRADSTEP_PROFILE"  # in the environment: an absolute folder, here and in every child of ours


class Place(Enum):
    """A kind of what is kept: the variable of the XDG base directories that names its place, and the place below the home else."""

    SETTINGS = "XDG_CONFIG_HOME", ".config"
    CACHE = "XDG_CACHE_HOME", ".cache"
    STATE = "XDG_STATE_HOME", ".local/state"


def profile() -> Path | None:
    """The folder of the profile in which everything is kept; None where none is named."""
    named = os.environ.get(PROFILE) or ""
    return Path(named) if os.path.isabs(named) else None


def choose_profile(folder: Path) -> None:
    """Keep everything below ``folder`` from now on. It is made, for the user alone. Raises OSError where it cannot be, or cannot be
    written."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not os.access(folder, os.W_OK | os.X_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(folder))
    os.environ[PROFILE] = str(folder.resolve())


def place(of: Place) -> Path | None:
    """The folder for what is ``of`` a kind, which may not exist yet; None where no profile, no variable and no home is named."""
    chosen = profile()
    if chosen is not None:
        return chosen
    variable, below = of.value
    named = os.environ.get(variable) or ""
    if os.path.isabs(named):  # the specification: what is not absolute is to be ignored
        return Path(named) / "gradstep"
    home = os.environ.get("HOME") or ""
    return Path(home) / below / "gradstep" if os.path.isabs(home) else None
