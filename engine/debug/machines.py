"""Another machine on which a script is run: how it is reached, and the Python there."""

from __future__ import annotations

import os
import shlex

from ..older import dataclass

QUIET = ("-o", "BatchMode=yes", "-o", "ConnectTimeout=20")  # ssh must not ask: there is nobody who could answer it
STAY = 1800.0  # seconds for which a program is kept there while the connection is lost


@dataclass(frozen=True, slots=True)
class Machine:
    """``host`` as ssh knows it; ``folder`` there in which the script runs, from the user's home on; ``python`` there, from that folder on,
    which has gradstep unless ``gradstep`` is its place; ``ssh`` is what connects."""

    host: str
    folder: str = ""
    python: str = ""
    gradstep: str = ""
    ssh: str = "ssh -T"

    def reach(self) -> tuple[str, ...]:
        """The command that starts an agent there and speaks with it on its stdin and stdout. Raises ValueError where it makes no sense."""
        words = shlex.split(self.ssh)
        if not words or not self.host or self.host.startswith("-"):
            raise ValueError(f"{self.ssh} {self.host}: what connects, and the machine, as in ssh -T cluster")
        quiet = QUIET if os.path.basename(words[0]) == "ssh" else ()
        agent = _word(self.gradstep) if self.gradstep else f"{_word(self.python)} -P -m gradstep" if self.python else "gradstep"
        line = f"exec {agent} agent --stdio"
        return (*words, *quiet, "--", self.host, f"cd {_word(self.folder)} && {line}" if self.folder else line)


def _word(path: str) -> str:
    """A path for a shell there, whose home a ~ names."""
    home, rest = ("~/", path[2:]) if path.startswith("~/") else ("", path)
    return home if home and not rest else path if path == "~" else home + shlex.quote(rest)


def split_place(word: str) -> tuple[str, str]:
    """HOST:PATH, or [HOST]:PATH, as its two halves; the first is "" where no machine is named: a path that starts with / or . or has a
    slash before its colon."""
    host, colon, path = word.partition("]:") if word.startswith("[") else word.partition(":")
    host = host.removeprefix("[")
    return (host, path) if colon and host and path and os.sep not in host and not host.startswith("-") else ("", word)
