"""Follow a recording on another machine: its tapes are copied here as they grow, and every command and the window read them here.

    gradstep attach cluster:runs                     a folder: the job that was recorded there last, all its ranks
    gradstep attach me@cluster:runs/rank0.gst        one tape
    gradstep attach --window cluster:runs            and open the window on it
    gradstep attach --ssh "ssh -p 2222" --gradstep .venv/bin/gradstep cluster:project/runs

The job there is recorded as ever, by `gradstep record`. It is reached through ssh, with your keys, your configuration and nothing that
listens on a port; gradstep has to be installed there. The job does not notice: where the connection is lost it runs on, and this command
connects again and goes on where it stopped. So does the same line typed again. It ends when no tape is written any more. On stdout is
the path of each copy, as soon as it has begun.

Exit codes: 0 all of it is here, 2 the words make no sense, 66 there is no such recording, 69 the other machine cannot be reached, or has
no gradstep, 73 a file here is in the way, 74 a copy cannot be written, 130 interrupted: what came until then is here."""

from __future__ import annotations

import argparse
import os
import select
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO, NamedTuple

from ..debug.protocol import Decoder, Event, Message, ProtocolError, Request, Response, encode
from ..remote.mirror import Mirror, Occupied
from .command import Command, Exit, Failed, Level, say

SILENCE = 15.0  # seconds without a word after which a connection is taken for lost; an agent speaks every second
AGAIN = (1.0, 2.0, 4.0, 8.0)  # seconds before a connection is tried again; the last one from then on
_MOST = 1 << 20  # bytes that are read at a time


class Place(NamedTuple):
    """A recording on another machine."""

    host: str
    path: str


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("place", metavar="HOST:RUN", help="the machine, as ssh knows it, and a tape or a folder of tapes there")
    parser.add_argument("--to", metavar="PLACE", default="", help="the copy: a file, or a folder for a folder (default: its name, here)")
    parser.add_argument("--window", action="store_true", help="open the window on the copy as soon as something came")
    parser.add_argument("--ssh", metavar="COMMAND", default="ssh -T", help="what connects (default: ssh -T)")
    parser.add_argument("--gradstep", metavar="PATH", default="gradstep", help="the program there (default: gradstep)")


def _run(args: argparse.Namespace) -> int:
    place = _place(args.place)
    command = [*shlex.split(args.ssh), "--", place.host, f"{args.gradstep} agent --stdio"]
    following = _Following(place, command, args.to, args.window)
    try:
        following.run()
    except Occupied as error:
        raise Failed(str(error), Exit.NOT_CREATED) from None
    except KeyboardInterrupt:
        say(f"stopped following; {following.told()}. The program there runs on; the same line goes on where this one stopped", Level.INFO)
        return Exit.INTERRUPTED
    else:
        say(f"all of {args.place} is here: {following.told()}", Level.INFO)
        return Exit.OK
    finally:
        following.close()


def _place(word: str) -> Place:
    host, colon, path = word.partition("]:") if word.startswith("[") else word.partition(":")
    host = host.removeprefix("[")
    if not colon or not host or not path or host.startswith("-"):
        raise Failed(f"{word} names no recording on another machine: HOST:RUN, as in cluster:runs or me@cluster:runs/rank0.gst", Exit.USAGE)
    return Place(host, path)


class _Lost(Exception):
    """The connection ended, or what came over it made no sense."""


class _Following:
    """One recording, over as many connections as it takes."""

    def __init__(self, place: Place, command: list[str], to: str, window: bool) -> None:
        self._place, self._command, self._to, self._window = place, command, to, window
        self._mirror: Mirror | None = None
        self._copy = Path()  # what the window is to open
        self._told: set[Path] = set()  # copies whose path was printed
        self._only = ""  # the name of the tape there, where it is one and no folder

    def run(self) -> None:
        """Follow to the end. Raises Failed where it cannot begin."""
        tries, came = 0, -1
        while True:
            try:
                self._connect()
            except (_Lost, ProtocolError) as error:
                if self._mirror is None:
                    raise Failed(self._unreachable(error), Exit.UNAVAILABLE) from None
                if not tries or self._mirror.size != came:
                    tries, came = 0, self._mirror.size
                    say(f"the connection to {self._place.host} was lost ({error}); the program there runs on. Trying again")
                pause = AGAIN[min(tries, len(AGAIN) - 1)]
                tries += 1
                select.select([], [], [], pause)
                continue
            return

    @property
    def files(self) -> list[Path]:
        """The copies."""
        return self._mirror.files if self._mirror is not None else []

    def told(self) -> str:
        """What is here by now, for people."""
        if self._mirror is None or not self.files:
            return "nothing came yet"
        count = len(self.files)
        return f"{self._mirror.size:,} bytes in {self.files[0] if count == 1 else f'{count} tapes in {self._mirror.folder}'}"

    def close(self) -> None:
        """Hold the copies no more."""
        if self._mirror is not None:
            self._mirror.close()

    # ------------------------------------------------------------------------------------------------------------------

    def _connect(self) -> None:
        """One connection, to the end of the recording. Raises _Lost, ProtocolError."""
        try:
            process = subprocess.Popen(self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        except OSError as error:
            raise _Lost(f"{self._command[0]}: {error.strerror}") from None
        try:
            self._talk(process)
        finally:
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                assert pipe is not None
                try:
                    pipe.close()
                except BrokenPipeError:
                    continue

    def _talk(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        _ask(process.stdin, Request(1, "look", {"path": self._place.path}))
        was_lost = self._mirror is not None
        for message in _messages(process.stdout.fileno()):
            if isinstance(message, Response):
                if not message.success:
                    raise Failed(f"{self._place.host}: {message.message}", Exit.NO_INPUT)
                if message.command == "look":
                    mirror = self._begin(str(message.body.get("path")), bool(message.body.get("folder")))
                    _ask(process.stdin, Request(2, "follow", {"have": mirror.have(self._only)}))
                elif was_lost:
                    say(f"connected to {self._place.host} again; nothing is missing", Level.INFO)
            elif isinstance(message, Event) and self._mirror is not None:
                self._mirror.take(message)
                self._tell_of_new()
                if self._mirror.has_ended:
                    return
            else:
                raise ProtocolError("something came before the answer")

    def _begin(self, path: str, is_folder: bool) -> Mirror:
        if self._mirror is not None:
            return self._mirror
        name = os.path.basename(path)
        to = Path(self._to or name or self._place.host)
        if is_folder:
            folder = to
        else:
            to = to / name if to.is_dir() else to
            folder, self._only = to.parent, name
        folder.mkdir(parents=True, exist_ok=True)
        self._copy = to
        self._mirror = Mirror(folder, "" if is_folder else to.name)
        say(f"following {self._place.host}:{path} into {to}; open it here at any time: gradstep {shlex.quote(str(to))}", Level.INFO)
        return self._mirror

    def _tell_of_new(self) -> None:
        """Print the path of each copy once something of it is here."""
        assert self._mirror is not None
        for file in self._mirror.begun():
            if file not in self._told:
                self._told.add(file)
                print(file, flush=True)
                if self._window:
                    self._open_window()

    def _open_window(self) -> None:
        self._window = False
        subprocess.Popen([sys.executable, "-P", "-m", "gradstep", str(self._copy)], start_new_session=True)

    def _unreachable(self, error: Exception) -> str:
        why = "its shell prints something of its own when it starts" if isinstance(error, ProtocolError) else "see what was said above"
        there = shlex.join(self._command)
        return (
            f"{self._place.host} did not answer as gradstep does ({error}; {why}). Is it reached by `{shlex.join(self._command[:-1])}`, "
            f"and is gradstep there? Its place is named by --gradstep PATH. What was run: {there}"
        )


def _ask(to: IO[bytes], request: Request) -> None:
    try:
        to.write(encode(request))
        to.flush()
    except BrokenPipeError:
        raise _Lost("it ended at once") from None


def _messages(source: int) -> Iterator[Message]:
    """What comes on a descriptor. Raises _Lost where it ends or is silent, ProtocolError where it is nothing of ours."""
    decoder = Decoder()
    while select.select([source], [], [], SILENCE)[0]:
        data = os.read(source, _MOST)
        if not data:
            raise _Lost("it was closed")
        yield from decoder.feed(data)
    raise _Lost(f"nothing was heard for {SILENCE:.0f} s")


COMMAND = Command("attach", __doc__ or "", _arguments, _run)
