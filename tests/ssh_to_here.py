"""An ssh that goes nowhere: what the shell of another machine would be given, one here is given."""

from __future__ import annotations

from pathlib import Path

SSH = """\
#!/bin/sh
# as ssh: options, --, the machine, a line for its shell; the process that it becomes is written down
while [ "$1" != "--" ]; do shift; done
shift 2
echo $$ >> "$(dirname "$0")/connections"
exec sh -c "exec $*"
"""


def ssh_to_here(folder: Path) -> Path:
    """The program, in this folder."""
    file = folder / "ssh"
    file.write_text(SSH, encoding="utf-8")
    file.chmod(0o700)
    return file


def connections(ssh: Path) -> list[int]:
    """The process of each connection that was made through it, the newest last."""
    file = ssh.with_name("connections")
    return [int(word) for word in file.read_text(encoding="utf-8").split()] if file.exists() else []
