"""One connection to another machine: the process that makes it, the frames over it, and why it failed, in words that help."""

from __future__ import annotations

import os
import shlex
import socket
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress

from ..debug import tree
from ..debug.link import Channel
from ..debug.machines import QUIET

SAID = 3  # lines of what the process said that are told
LAST_WORDS = 4096  # bytes of what the process said that are kept
_ENDING = 2.0  # seconds that it may take to end once it has closed the connection


class Line:
    """Runs ``command``, which is to speak frames on its stdin and stdout. Raises OSError where it cannot be started."""

    def __init__(self, command: Sequence[str]) -> None:
        me = os.getpid()
        ours, theirs = socket.socketpair()
        try:
            self._process = subprocess.Popen(
                command, stdin=theirs.fileno(), stdout=theirs.fileno(), stderr=subprocess.PIPE, preexec_fn=lambda: tree.die_with(me)
            )  # the relay has one thread
        except OSError:
            ours.close()
            raise
        finally:
            theirs.close()
        assert self._process.stderr is not None
        self.stderr = self._process.stderr.fileno()
        os.set_blocking(self.stderr, False)
        self.channel = Channel(ours)
        self.heard = self.begun = time.monotonic()
        self.said = b""

    def listen(self) -> bool:
        """Take in what the process says on stderr; False once it says no more."""
        try:
            data = os.read(self.stderr, LAST_WORDS)
        except BlockingIOError:
            return True
        self.said = (self.said + data)[-LAST_WORDS:]
        return bool(data)

    def end(self, *, wait: bool = False) -> int:
        """End the process, ``wait``: where it does not end by itself at once. Its exit code."""
        if wait:
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(_ENDING)
            while self._more():
                continue
        self._process.kill()
        code: int = self._process.wait()
        self.channel.closing = lambda: None
        self.channel.close("done")
        assert self._process.stderr is not None
        self._process.stderr.close()
        return code

    def _more(self) -> bool:
        before = len(self.said)
        return self.listen() and len(self.said) != before

    @property
    def words(self) -> str:
        """The last lines that the process said, in one."""
        lines = [line.strip() for line in self.said.decode(errors="replace").splitlines() if line.strip()]
        return "; ".join(lines[-SAID:])[-600:]


def why_not(machine: str, reach: Sequence[str], code: int, said: str, why: str) -> str:
    """Why a connection could not be made, and what to do. ``code``: how ssh ended; ``said``: its words; ``why``: what was noticed here."""
    low = said.lower()
    words = reach[: reach.index("--")] if "--" in reach else reach[:1]
    test = shlex.join(words).removesuffix(" " + shlex.join(QUIET))
    if "permission denied" in low or "authentication" in low:
        return (
            f"{machine} did not let you in ({said}). gradstep asks for no passwords: put your key there (ssh-copy-id {machine}), or unlock "
            "it (ssh-add), and try again."
        )
    if "host key verification failed" in low:
        return f"{machine} is not known to ssh here, or has another key than it had. Connect once in a terminal, and look: ssh {machine}"
    if "is no request that is taken here" in low:
        return f"gradstep on {machine} is older than this one and cannot run programs for it: bring both to the same version."
    if "speaks version" in low:
        return f"gradstep on {machine} is of another version ({said}): bring both to the same."
    if "no module named" in low or code in (126, 127) or "not found" in low:
        return (
            f"gradstep does not answer on {machine}: {said or 'it is not found there'}. Name a Python there that has it, or install it "
            "there (python -m pip install gradstep)."
        )
    if code == 255:
        return f"{machine} is not reached: {said or why}. Does `{test} {machine}` work in a terminal?"
    if "another language" in why and not said:
        other = "gradstep there is of another version" if "version" in why else "its shell prints something of its own when it starts"
        return f"{machine} did not answer as gradstep here does ({why}): {other}."
    return f"gradstep on {machine} ended before it answered: {said or why}."
