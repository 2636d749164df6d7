"""A script on another machine, and how it is run there: what the user named, kept among the files that were opened last."""

from __future__ import annotations

import json
import os
import shlex
from dataclasses import asdict, dataclass, fields
from typing import Any

from gradstep.engine.debug.machines import STAY, Machine
from gradstep.engine.debug.targets import OURS
from gradstep.engine.tape.visible import visible

from ..translation import translate


@dataclass(frozen=True, slots=True)
class Errand:
    """``folder`` there, from the home on; ``script``, ``python`` and ``gradstep`` from that folder on, the latter "" for those there that
    a shell finds; ``ssh`` is what connects; ``stay``: seconds for which the program is kept there without a connection."""

    host: str = ""
    folder: str = ""
    script: str = ""
    arguments: str = ""
    python: str = ""
    engine: str = OURS
    ssh: str = Machine("").ssh
    gradstep: str = ""
    stay: float = STAY

    @property
    def machine(self) -> Machine:
        """Where, and how it is reached."""
        return Machine(self.host, self.folder, self.python, self.gradstep, self.ssh)

    @property
    def place(self) -> str:
        """The script and its machine in one word, by which breakpoints, watches and notes are kept."""
        return f"{self.host}:{os.path.join(self.folder, self.script)}"

    @property
    def name(self) -> str:
        """What it is called in titles and sentences."""
        return translate("Errand", "{0} on {1}").format(visible(os.path.basename(self.script)), visible(self.host))

    @property
    def problem(self) -> str:
        """Why it cannot be run, for people; "" where nothing is missing."""
        try:
            shlex.split(self.arguments)
            self.machine.reach()
        except ValueError as error:
            return str(error)
        if self.host.count(":") == 1:  # more of them are an address
            return translate("Errand", "name the machine alone; the folder there is named for itself")
        return "" if self.script else translate("Errand", "name a script")

    def options(self) -> dict[str, Any]:
        """The fields of a Launch that say where and how. Raises ValueError where there is a ``problem``."""
        return {
            "args": tuple(shlex.split(self.arguments)), "python": self.python, "engine": self.engine, "cwd": "", "env": {},
            "machine": self.host, "reach": self.machine.reach(), "stay": self.stay,
        }  # fmt: skip

    def text(self) -> str:
        """For the settings."""
        return json.dumps(asdict(self))

    @classmethod
    def of(cls, text: str) -> Errand | None:
        """From the settings; None where that is not one."""
        try:
            found = json.loads(text)
            kept = {field.name: found[field.name] for field in fields(cls) if field.name in found}
        except (ValueError, TypeError):
            return None
        kinds = {field.name: float if field.name == "stay" else str for field in fields(cls)}
        return cls(**kept) if kept and all(isinstance(value, kinds[name]) for name, value in kept.items()) else None
