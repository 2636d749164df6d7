"""Another machine that is this one: an ssh of ours, a home there, and what is in it."""

from __future__ import annotations

import json
import os
import shlex
import signal
import sys
import textwrap
from contextlib import suppress
from pathlib import Path

from gradstep.engine.debug.launch import Launch
from gradstep.engine.debug.machines import Machine
from gradstep.engine.debug.runs import runs

# as ssh, to a machine with runs of its own; a file "down" beside it: the machine is not reached, and its words are what is in it
SSH_TO_CLUSTER = """\
#!/bin/sh
while [ "$1" != "--" ]; do shift; done
shift 2
here="$(dirname "$0")"
if [ -e "$here/down" ]; then cat "$here/down" >&2; exit 255; fi
echo $$ >> "$here/connections"
cd "$here/home"
HOME="$here/home" XDG_CACHE_HOME="$here/home/.cache" exec sh -c "$*"
"""


class Cluster:
    """A machine that is reached by an ssh of ours; scripts and runs on it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.home = folder, folder / "home"
        (self.home / "project").mkdir(parents=True)
        self._ssh = folder / "ssh"
        self._ssh.write_text(SSH_TO_CLUSTER)
        self._ssh.chmod(0o700)
        self.machine = Machine("cluster", "project", sys.executable, "", f"{shlex.quote(str(self._ssh))} -T")

    def write(self, text: str, name: str = "train.py") -> str:
        """A script there."""
        (self.home / "project" / name).write_text(textwrap.dedent(text))
        return name

    def launch(self, script: str, machine: Machine | None = None, **options: object) -> Launch:
        """What runs a script there."""
        machine = machine or self.machine
        options = {"python": machine.python, "machine": machine.host, "reach": machine.reach(), **options}
        return Launch(script, **options)  # type: ignore[arg-type]

    @property
    def connections(self) -> list[int]:
        """The process of each connection that was made."""
        file = self.folder / "connections"
        return [int(word) for word in file.read_text().split()] if file.exists() else []

    def cut(self) -> None:
        """Break the connection that there is."""
        with suppress(ProcessLookupError):
            os.kill(self.connections[-1], signal.SIGKILL)

    def down(self, words: str = "ssh: connect to host cluster port 22: Network is unreachable\n") -> None:
        """The machine is not reached any more."""
        (self.folder / "down").write_text(words)

    def up(self) -> None:
        """It is reached again."""
        (self.folder / "down").unlink()

    @property
    def runs(self) -> list[Path]:
        """The folders of runs that are there."""
        return sorted((self.home / ".cache" / "gradstep" / "runs").glob("run-*"))

    @property
    def is_busy(self) -> bool:
        """Whether a supervisor is alive there."""
        return any(run.alive for run in runs(self.home / ".cache" / "gradstep" / "runs"))

    @property
    def keepers(self) -> list[int]:
        """The processes there that hold runs."""
        found = []
        for place in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                if b"\0keeper\0" in (place / "cmdline").read_bytes() and (place / "cwd").readlink().is_relative_to(self.folder):
                    found.append(int(place.name))
        return found

    def end(self) -> None:
        """End what runs there."""
        for number in self.keepers:
            os.kill(number, signal.SIGTERM)
        for run in self.runs:
            with suppress(OSError, ValueError):
                number = json.loads((run / "run.json").read_text())["supervisor"]
                os.kill(number, signal.SIGTERM)
