"""A file with the user's own defaults: ``gradstep --config gradstep.toml COMMAND``.

It is TOML. A table is a command, a key one of its long options without the dashes; what is typed goes before it:

    [record]
    level = "statistics"
    limit-mem = "16G"
    durable = true

Nothing is read that was not named by ``--config``.
"""

from __future__ import annotations

import argparse
import tomllib
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from .command import Exit, Failed


@dataclass(frozen=True, slots=True)
class Config:
    """The tables of a file, which is read and known to be TOML; none without a file."""

    file: str = ""
    tables: dict[str, dict[str, object]] = field(default_factory=dict)

    @classmethod
    def of(cls, file: Path) -> Config:
        """Raises Failed where there is no such file, or it is no TOML of tables."""
        try:
            tables = tomllib.loads(file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise Failed(f"{file}: there is no such file", Exit.NO_INPUT) from None
        except OSError as error:
            raise Failed(f"{file} cannot be read: {error.strerror or error}", Exit.IO) from None
        except ValueError as error:  # no TOML, no text
            raise Failed(f"{file} is no TOML: {error}", Exit.USAGE) from None
        for name, table in tables.items():
            if not isinstance(table, dict):
                raise Failed(f"{file}: {name} stands in no table; options are below the name of their command: [record]", Exit.USAGE)
        return cls(str(file), tables)

    def check_names(self, commands: Collection[str]) -> None:
        """Raises Failed for a table that is of no command."""
        for name in self.tables:
            if name not in commands:
                raise Failed(f"{self.file}: [{name}] is no command of gradstep; there are {', '.join(commands)}", Exit.USAGE)

    def before(self, words: list[str], command: str, declare: Callable[[argparse.ArgumentParser], None] | None = None) -> list[str]:
        """What is typed for a command, behind what the file says of it. ``declare`` declares the options, for a check of each that
        stands there. Raises Failed with the file's and the option's name."""
        found: list[str] = []
        for key, value in self.tables.get(command, {}).items():
            said = self._said(command, key, value)
            if declare is not None:
                self._check(command, key, said or [f"--{key}"], declare)
            found += said
        return [*found, *words]

    def _said(self, command: str, key: str, value: object) -> list[str]:
        if isinstance(value, bool):
            return [f"--{key}"] if value else []
        if isinstance(value, list):
            return [word for one in value for word in self._said(command, key, one)]
        if not isinstance(value, str | int | float):
            raise Failed(f"{self.file}: [{command}] {key} is neither text, number, true, false nor a list of those", Exit.USAGE)
        return [f"--{key}={value}"]

    def _check(self, command: str, key: str, words: list[str], declare: Callable[[argparse.ArgumentParser], None]) -> None:
        parser = _Options(add_help=False, allow_abbrev=False)
        declare(parser)
        try:
            unknown = parser.parse_known_args(words)[1]
        except ValueError as error:
            raise Failed(f"{self.file}: [{command}] {key}: {error}", Exit.USAGE) from None
        if unknown:
            raise Failed(f"{self.file}: [{command}] {key} is no option of gradstep {command}; --help lists them", Exit.USAGE)


class _Options(argparse.ArgumentParser):
    """The options of a command alone, none of which has to be there. Raises ValueError where another would end the program."""

    def add_argument(self, *names: Any, **options: Any) -> argparse.Action:
        if not names[0].startswith("-"):
            return argparse.Action([], names[0])  # it is typed
        return super().add_argument(*names, **options | ({"required": False} if "required" in options else {}))

    def error(self, message: str) -> NoReturn:
        raise ValueError(message)
