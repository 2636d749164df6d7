"""A program that is started on this machine for a debugger on another one: its keeper, and the way back to it."""

from __future__ import annotations

import dataclasses
import json
import os
import platform
import select
import shutil
import socket
import subprocess
import sys
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

from ..debug.launch import BOOTSTRAP, Launch, RunFolder, orders
from ..debug.protocol import KEY_BYTES, Refused
from .entrance import knock

START = 20.0  # seconds that a keeper may take to be there
_FIELDS = {field.name for field in dataclasses.fields(Launch)}


class NotHosted(Exception):
    """A program cannot be run here, or is here no more. ``kind`` as in an ``Outcome``'s ``refused``: file, version, supervisor, gone."""

    def __init__(self, kind: str, text: str) -> None:
        super().__init__(text)
        self.kind = kind


def own_versions() -> dict[str, Any]:
    """What is here."""
    return {"gradstep": version("gradstep"), "python": platform.python_version()}


def hosted(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Start the program that ``launch`` names, in the folder that this process stands in. What the answer says: ``run``, its folder,
    ``door`` and ``key``. Raises NotHosted."""
    launch = _launch(arguments.get("launch"))
    folder = RunFolder.make()
    door, key = os.path.join(os.path.dirname(folder.socket), "keeper"), os.urandom(KEY_BYTES).hex()
    told = {"orders": orders(launch, folder).decode(), "folder": str(folder.path), "door": door, "key": key, "stay": launch.stay}
    spec, spec_end = os.pipe()
    ready, ready_end = os.pipe()
    log = os.open(folder.path / "keeper.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    try:
        _started.append(
            subprocess.Popen(
                [sys.executable, "-I", "-S", BOOTSTRAP, "keeper", str(spec), str(ready_end)],
                stdin=subprocess.DEVNULL,  # ssh waits for whoever holds its pipes
                stdout=subprocess.DEVNULL,
                stderr=log,  # what it and the supervisor have to complain of
                pass_fds=(spec, ready_end),
                start_new_session=True,  # it outlives the connection
            )
        )
    except OSError as error:
        raise NotHosted("supervisor", f"{sys.executable} cannot be started there: {error.strerror}") from None
    finally:
        os.close(log)
        os.close(spec)
        os.close(ready_end)
    with open(spec_end, "wb") as orders_end, open(ready, "rb", buffering=0) as answer:
        orders_end.write(json.dumps(told).encode() + b"\n")
        orders_end.flush()
        if not select.select([answer], [], [], START)[0] or not answer.read(1):
            raise NotHosted("supervisor", f"the run in {folder.path} did not come up there")
    return {"run": str(folder.path), "door": door, "key": key, "script": launch.script}


_started: list[subprocess.Popen[bytes]] = []  # nobody waits for them; whoever forgets them is warned


def _launch(fields: object) -> Launch:
    """What is asked for, with its places as they are here."""
    if not isinstance(fields, dict):
        raise NotHosted("version", "nothing was named to be run")
    if unknown := sorted(set(fields) - _FIELDS):
        text = f"gradstep {version('gradstep')} there does not know {', '.join(unknown)}: bring both to the same version"
        raise NotHosted("version", text)
    launch = Launch.of({**Launch("").plain(), **fields})
    script = os.path.abspath(os.path.expanduser(launch.script))
    if not os.path.isfile(script):
        raise NotHosted("file", f"there is no {script} there")
    python = os.path.expanduser(launch.python)
    if not python:
        python = sys.executable
    elif os.path.dirname(python):
        python = os.path.abspath(python)
    elif shutil.which(python) is None:
        raise NotHosted("interpreter", f"no program there is called {python}: name an interpreter by its path")
    return dataclasses.replace(launch, script=script, python=python, cwd=os.getcwd(), tape="", machine="", reach=())


def connected(arguments: Mapping[str, Any]) -> socket.socket:
    """The way to a program that was started before. Raises NotHosted."""
    run, door, key = (str(arguments.get(name, "")) for name in ("run", "door", "key"))
    try:
        link, _ = knock(door, bytes.fromhex(key))
    except (OSError, ValueError, Refused) as error:
        rest = f"; what it recorded is in {run}" if os.path.isdir(run) else ""
        raise NotHosted("gone", f"the program is not there any more ({_why(error)}){rest}") from None
    return link


def _why(error: Exception) -> str:
    if isinstance(error, (FileNotFoundError, ConnectionRefusedError)):
        return "the door is closed"
    return str(error) or "its keeper has ended"
