"""The child's main: prepares the recording and the control, then is the user's script and nothing else.

What it needs to know comes as the first request on an inherited socket, so that nothing of it shows in a list of
processes. Its descriptors are moved far up, out of the way of scripts that close or count theirs.
"""

from __future__ import annotations

import atexit
import faulthandler
import json
import os
import platform
import socket
import sys
import warnings
from typing import Any

from .launch import Launch
from .protocol import Decoder, Event, ProtocolError, Request, encode
from .pulse import Phase, Pulse
from .ranks import rank_of
from .targets import GROUP, OURS

OWN = "gradstep.engine.debug.ours:OwnEngine"  # the target where none is named
_HIGH = 1100  # above what ``os.closerange(3, 1024)`` reaches


def _far_up(descriptor: int) -> int:
    """The same file under a high number; the low one is closed."""
    import fcntl
    import resource

    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    lowest = _HIGH if limit == resource.RLIM_INFINITY or limit > _HIGH + 64 else max(3, limit - 16)
    moved = fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, lowest)
    os.close(descriptor)
    return moved


def _orders(link: socket.socket) -> dict[str, Any]:
    decoder = Decoder()
    while True:
        data = link.recv(1 << 16)
        if not data:
            sys.exit(1)  # the supervisor went away before it said anything
        for message in decoder.feed(data):
            if isinstance(message, Request) and message.command == "launch":
                return dict(message.arguments)
            raise ProtocolError("the first word must be launch")


def _lines_at_once() -> None:
    """Into a pipe Python would write its output in blocks of 8 KiB; a person who watches wants lines."""
    for stream in (sys.stdout, sys.stderr):
        if stream is not None and hasattr(stream, "reconfigure"):
            stream.reconfigure(line_buffering=True)


def main(descriptor: int) -> None:
    """Runs the script that the supervisor names on the socket ``descriptor``. Returns or raises as the script does."""
    link = socket.socket(fileno=_far_up(descriptor))
    orders = _orders(link)
    folder = orders.pop("folder")
    launch = Launch.of(orders)
    pulse = Pulse(os.path.join(folder, "pulse"))
    _watch_for_crashes(folder)
    if launch.output == "spool":
        _lines_at_once()

    from . import script  # the rest loads numpy and the engine: a crash in there is already watched
    from .answers import answer
    from .control import Control

    try:
        target = _target(launch)
        control = Control(link, pulse, answer, target, stop_on_entry=launch.stop_on_entry, rewind=launch.rewind)
        code = script.load(launch.script)
        tape = _record(launch, folder, control)
    except script.Refused as refused:
        link.sendall(encode(Event("refused", refused.body)))
        sys.exit(1)
    # Python 3.12 warns of a fork beside threads; the only thread that the script does not know of is ours, which minds forks
    warnings.filterwarnings("ignore", "This process .* is multi-threaded, use of fork", DeprecationWarning)
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_parent=lambda: _forked(control), after_in_child=lambda: _forget_all(control))

    if launch.breakpoints:
        control.set_breakpoints(launch.breakpoints)
        control.watch_lines()

    def ending(error: BaseException | None, whole: str) -> None:
        if isinstance(error, Exception):
            control.uncaught(error)
        pulse.phase(Phase.ENDED)
        control.send(Event("ended", _last_word(error, whole, control)))

    control.listen()
    control.send(Event("initialized", {"tape": tape, "pid": os.getpid(), "versions": _versions(control)}))
    pulse.phase(Phase.FORWARD)
    script.run(code, launch.script, list(launch.args), ending)


def _target(launch: Launch) -> Any:
    """The engine that runs the script, as the debugger sees it. Raises Refused where it cannot be loaded."""
    from .script import Refused
    from .target import load

    name = launch.target or (OWN if launch.engine == OURS else "")
    if not name:
        text = f"no engine is called {launch.engine!r}: no installed package names it in the entry points {GROUP}"
        raise Refused({"kind": "engine", "message": text})
    try:
        return load(name, launch.paths)
    except (ImportError, AttributeError) as error:
        text = f"the engine {launch.engine!r} cannot be loaded by {sys.executable}: {type(error).__name__}: {error}"
        raise Refused({"kind": "engine", "message": text}) from error


def _watch_for_crashes(folder: str) -> None:
    path = os.path.join(folder, "fault.log")
    descriptor = _far_up(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600))
    faulthandler.enable(file=descriptor)


def _record(launch: Launch, folder: str, control: Any) -> str:
    """Starts the recording; the tape's path. Raises Refused where it cannot be written."""
    from ..tape import log, recorder
    from ..tape.ring import Ring
    from .gate import turnstile
    from .script import Refused

    path = os.path.abspath(launch.tape) if launch.tape else os.path.join(folder, "tape.gst")
    limit = launch.disk_limit if launch.when_full else 0
    ring = None
    try:
        if launch.when_full == "ring" and limit:
            ring = Ring(path, limit, at_once=launch.unbuffered)
        writer = ring.first if ring is not None else log.Writer(path, at_once=launch.unbuffered, limit=limit)
    except OSError as error:
        raise Refused({"kind": "tape", "file": path, "message": f"the tape cannot be written: {error}"}) from error
    budget = min(launch.budget, limit // 2) if limit else launch.budget  # values must not crowd out what happened
    level = recorder.Level[launch.level.upper()]
    tape = control.target.start(launch, control)(writer, level, budget, sources=launch.sources, ring=ring)
    tape.attach(control, careful=launch.unbuffered)
    begin = {
        "script": launch.script,
        "args": list(launch.args),
        "engine": launch.engine,
        **({"kernels": launch.kernels} if launch.engine != OURS else {}),
        "pid": os.getpid(),
        "rank": rank_of(),
        "versions": _versions(control),
    }
    tape.note("begin", json.dumps(begin))
    tape.source(os.path.abspath(launch.script))  # also where no op ever mentions it
    tape.flush()
    control.target.install(tape)
    control.gate = turnstile(path, rank_of(), tape)
    if control.gate is not None:
        atexit.register(control.gate.close)
    atexit.register(tape.close)  # registered before the script's own, so it runs after them
    control.tape = tape
    return path


def _forget_all(control: Any) -> None:
    """In a forked child (a worker): it is not debugged, and what it inherited belongs to its parent."""
    control.target.forget()
    control.let_go()
    faulthandler.disable()


def _forked(control: Any) -> None:
    """In the parent: how many workers there were so far, none of which is on the tape."""
    control.forked += 1
    if control.tape is not None:
        control.tape.note("forked", str(control.forked))


def _last_word(error: BaseException | None, whole: str, control: Any) -> dict[str, Any]:
    from .script import facts

    body: dict[str, Any] = {"exception": None}
    if isinstance(error, SystemExit):
        code = error.code
        body["code"] = code if isinstance(code, int) else (0 if code is None else 1)
    elif error is not None:
        body["exception"] = facts(error, whole)
        identity, node, name = control.failed_node
        if identity == id(error):
            body["exception"] |= {"node": node, "node_name": name}
    if control.tape is not None:
        control.tape.note(
            "end", json.dumps(body["exception"] and {key: body["exception"][key] for key in ("type", "text", "file", "line")})
        )
        control.tape.flush()
        body["position"] = control.tape.position
        body["recording"] = control.tape.failed
    return body


def _versions(control: Any) -> dict[str, str]:
    import gradstep

    return {"python": platform.python_version(), "gradstep": getattr(gradstep, "__version__", ""), **control.target.versions()}
