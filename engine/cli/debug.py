"""Step through a script's backward pass in the terminal, here or on another machine.

    gradstep debug train.py --epochs 1
    gradstep debug cluster:project/train.py                  there, in its folder, by the gradstep that is on PATH there
    gradstep debug --python .venv/bin/python cluster:project/train.py
    gradstep debug --ssh "ssh -p 2222" me@cluster:train.py
    printf 'next 3\\ngrads\\n' | gradstep debug --json train.py

The program stops before the first node of its first backward pass, and takes commands then, from the terminal or from a pipe: `help` lists
them. Ctrl+C stops a program that runs. At the end of the commands the program is ended. What it prints is printed here.

Another machine is reached through ssh, with your keys, your configuration and nothing that listens on a port; gradstep has to be installed
there. ssh asks for nothing: where it would ask for a password use a key. --python is a path there, from the script's folder on, and
--gradstep the program there where that Python has none. The recording comes here as it grows. Where the connection is lost the program
stays there, and it is made again; --stay says for how long at most.

Exit codes: the script's own, or 128 + n, where it ended; 0 where it was ended by a command; 2 the words make no sense, 66 no such script,
69 the other machine or its interpreter will not do, 73 the tape cannot be made."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import threading
from collections.abc import Callable
from typing import Any

from ..debug.breakpoints import BreakKind, BreakpointTable
from ..debug.conditions import ConditionError
from ..debug.core import NotAllowed, Notice, Output, Stopped
from ..debug.launch import Launch
from ..debug.machines import STAY, Machine, split_place
from ..debug.protocol import Response
from ..debug.session import Session
from ..debug.states import ENDED, State
from .amounts import seconds
from .command import Command, Exit, Failed, Level, say
from .engines import add_arguments, chosen
from .running import REFUSALS, must_exist

_PROMPT = "(gradstep) "
_SHORT = {  # as pdb has them
    "n": "next", "s": "in", "step": "in", "r": "out", "c": "continue", "w": "where", "p": "print", "b": "break", "cl": "clear", "q": "quit",
}  # fmt: skip


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-o", "--output", metavar="T", help="keep the tape here as well (default: in the runs of gradstep alone)")
    parser.add_argument("--folder", metavar="PATH", default="", help="in which it runs (default: this one; there: the script's)")
    parser.add_argument("--json", action="store_true", help="answer in JSON, an object a line; what the program prints goes to stderr")
    parser.add_argument("--run", action="store_true", help="do not stop before the first node: at breakpoints and Ctrl+C alone")
    parser.add_argument("--ssh", metavar="COMMAND", default=Machine("").ssh, help="what connects to the machine (default: ssh -T)")
    parser.add_argument("--gradstep", metavar="PATH", default="", help="the program there (default: that of --python, or on PATH)")
    parser.add_argument("--stay", type=_stay, default=STAY, metavar="S", help="how long it stays there unconnected: 0, 30m (default), 2h")
    add_arguments(parser)
    parser.add_argument("script", metavar="[HOST:]SCRIPT", help="the script, here or on another machine")
    parser.add_argument("args", nargs=argparse.REMAINDER, metavar="ARGS", help="its arguments")


def _stay(text: str) -> float:
    return 0.0 if text == "0" else seconds(text)


def _run(args: argparse.Namespace) -> int:
    if args.output and os.path.exists(args.output):
        raise Failed(f"{args.output} is there already; delete it or name another with -o", Exit.NOT_CREATED)
    launch = _launch(args)
    desk = _Desk(args.json)
    with desk.session as session:
        try:
            session.launch(launch)
            desk.settle()
            if session.state not in ENDED:
                desk.take_commands()
        except KeyboardInterrupt:
            say("interrupted: the program is ended", Level.INFO)
    return _ended(desk, args.output)


def _launch(args: argparse.Namespace) -> Launch:
    host, script = ("", args.script) if os.path.exists(args.script) else split_place(args.script)
    common = {"args": tuple(args.args), "stop_on_entry": not args.run, "stay": args.stay}
    if not host:
        must_exist(script)
        runner = chosen(args.engine, args.python, script)
        folder = args.folder or os.getcwd()
        return Launch(os.path.abspath(script), engine=runner.engine, python=runner.python, cwd=folder, **common)
    folder = args.folder or os.path.dirname(script)
    script = script if args.folder else os.path.basename(script)
    machine = Machine(host, folder, args.python or "", args.gradstep, args.ssh)
    try:
        reach = machine.reach()
    except ValueError as error:
        raise Failed(str(error), Exit.USAGE) from None
    return Launch(script, engine=args.engine, python=machine.python, machine=host, reach=reach, **common)


def _ended(desk: _Desk, output: str) -> int:
    """The session is over: keep the tape, say how it ended; the exit code."""
    session = desk.session
    outcome = session.outcome
    if session.tape and os.path.exists(session.tape):
        where = session.tape
        if output:
            shutil.copyfile(where, output)
            where = output
        say(f"recorded {where} ({os.path.getsize(where)} bytes)", Level.INFO)
    if outcome is None or (outcome.how is State.STOPPED and desk.left):
        return Exit.OK
    if outcome.how is State.FAILED:
        say(outcome.reason, Level.ERROR)
        return int(REFUSALS.get(str(outcome.refused.get("kind", "")), Exit.FAILED))
    say(session.sentence, Level.INFO)
    return outcome.exit_code


class _Desk:
    """A session, and the words for it."""

    def __init__(self, as_json: bool) -> None:
        self._as_json = as_json
        self._stops = 0
        self._points = BreakpointTable()
        self.left = False  # the user ended it
        self.session = Session(self._heard)
        self._commands: dict[str, tuple[Callable[[str], object], str]] = {
            "next": (self._times("next"), "[N]  run a node of backward, or N"),
            "in": (self._times("stepIn"), "[N]  run to the next op, hook or node, wherever it is"),
            "out": (self._times("stepOut"), "  leave the function, or the inner backward"),
            "back": (self._times("stepBack"), "[N]  undo a node, or N"),
            "rewind": (self._times("reverseContinue"), "  undo as far as can be"),
            "continue": (self._times("continue"), "  run to the next stop, or to the end"),
            "goto": (self._goto, "NODE  run until this node is the next"),
            "where": (self._where, "  the user's frames, innermost first"),
            "grads": (self._grads, "  the leaves, and what is in their .grad"),
            "pending": (self._pending, "[NODE]  what waits at a node, and what it keeps"),
            "print": (self._print, "EXPRESSION  evaluate it in the program"),
            "edit": (self._edit, "[SLOT] = EXPRESSION  another gradient for the next node; grad is the one that waits"),
            "break": (
                self._break,
                "[KIND] TARGET  stop at a node or op by name or #number, at FILE:LINE, at a module, hook, value, exception",
            ),
            "clear": (self._clear, "[N]  take a breakpoint away, or all"),
            "tape": (lambda _: self._show({"tape": self.session.tape}, self.session.tape), "  where the recording is"),
            "help": (self._help, "  these words; their first letters will do, and those of pdb: n, s, r, c, w, p, b, cl, q"),
            "quit": (self._quit, "  end the program"),
        }

    # --------------------------------------------------------------------------------------------------- the terminal

    def take_commands(self) -> None:
        """Take commands until the program has ended."""
        talks = sys.stdin.isatty()
        if talks:
            import readline  # noqa: F401  (the line can be edited, and lines before it come back)
        while self.session.state not in ENDED and not self.left:
            try:
                line = input(_PROMPT if talks else "")
            except EOFError:
                self._quit("")
                return
            self._obey(line.strip())

    def _obey(self, line: str) -> None:
        word, _, rest = line.partition(" ")
        if not word or word.startswith("#"):
            return
        word = _SHORT.get(word, word)
        found = [name for name in self._commands if name == word] or [name for name in self._commands if name.startswith(word)]
        if len(found) != 1:
            self._fail(f"{word} is {'no command' if not found else ' or '.join(found)}; help lists them")
            return
        try:
            self._commands[found[0]][0](rest.strip())
        except (NotAllowed, ConditionError, ValueError) as error:
            self._fail(str(error))

    def _heard(self, news: object) -> None:
        """In the thread that reads the link."""
        if isinstance(news, Stopped):
            self._stops += 1
        elif isinstance(news, Output):
            stream = sys.stderr if self._as_json or news.category != "stdout" else sys.stdout
            stream.write(news.text)
            stream.flush()
        elif isinstance(news, Notice):
            say(news.text, Level.INFO if news.kind == "connectionMade" else Level.WARNING)

    def _show(self, body: dict[str, Any], text: str) -> None:
        print(json.dumps(body) if self._as_json else text, flush=True)

    def _fail(self, why: str) -> None:
        if self._as_json:
            print(json.dumps({"error": why}), flush=True)
        else:
            say(why)

    # -------------------------------------------------------------------------------------------------------- waiting

    def settle(self, stops: int = 0) -> None:
        """Wait until the program stands still, and say where. Ctrl+C stops it; again: interrupts us."""
        asked = False
        while True:
            try:
                self.session.wait_for(lambda session: self._is_still(session, stops), threading.TIMEOUT_MAX)
                break
            except KeyboardInterrupt:
                if asked or not self.session.can("pause"):
                    raise
                asked = True
                self.session.send("pause")
        stop = self.session.stop
        if self.session.state is State.PAUSED and stop is not None:
            body = {"reason": stop.reason, "node": stop.node, "name": stop.name, "run": stop.run, "phase": stop.phase, "where": stop.where}
            self._show({"stopped": body | {"position": stop.position, "undoable": stop.undoable}}, f"-> {stop.sentence}")
        elif self.session.state is State.FROZEN:
            self._show({"frozen": self.session.sentence}, f"-> {self.session.sentence}")

    def _is_still(self, session: Session, stops: int) -> bool:
        return session.state in ENDED or session.state is State.FROZEN or (session.state is State.PAUSED and self._stops > stops)

    def _ask(self, command: str, **arguments: Any) -> Response | None:
        """The answer; None where there is none, which was said."""
        answer = self.session.ask(command, threading.TIMEOUT_MAX, **arguments)
        if answer.success:
            return answer
        if self.session.state not in ENDED:
            self._fail(answer.message)
        return None

    # ------------------------------------------------------------------------------------------------------- commands

    def _times(self, command: str) -> Callable[[str], None]:
        def move(words: str) -> None:
            for _ in range(int(words or 1)):
                if not self._move(command) or self.session.state is not State.PAUSED:
                    return

        return move

    def _move(self, command: str, **arguments: Any) -> bool:
        stops = self._stops
        if self._ask(command, **arguments) is None:
            return False
        self.settle(stops)
        return True

    def _goto(self, words: str) -> None:
        self._move("goto", node=int(words.removeprefix("#")))

    def _where(self, _: str) -> None:
        if (answer := self._ask("stack")) is not None:
            frames = answer.body.get("frames", ())
            lines = [f"{frame.get('file')}:{frame.get('line')} in {frame.get('function')}" for frame in frames]
            self._show({"frames": frames}, "\n".join(lines) or "no frame of the user's")

    def _grads(self, _: str) -> None:
        if (answer := self._ask("grads")) is not None:
            leaves = answer.body.get("leaves", ())
            lines = [f"{_described(leaf['leaf'])}: {_grad(leaf['grad'])}" for leaf in leaves]
            self._show({"leaves": leaves}, "\n".join(lines) or "no leaf takes a gradient")

    def _pending(self, words: str) -> None:
        answer = self._ask("pending", node=self._node(words))
        if answer is None:
            return
        body = answer.body
        waits = [f"slot {slot}: {_described(value)}" for slot, value in enumerate(body.get("pending", ()))]
        keeps = [f"keeps {kept['name']}: {_described(kept['value'])}" for kept in body.get("saved", ())]
        self._show(dict(body), "\n".join([f"{body.get('name')} (node #{body.get('node')})", *(f"  {line}" for line in waits + keeps)]))

    def _node(self, words: str) -> int:
        stop = self.session.stop
        return int(words.removeprefix("#")) if words else stop.node if stop is not None else 0

    def _print(self, words: str) -> None:
        if (answer := self._ask("evaluate", expression=words)) is not None:
            self._show(dict(answer.body), str(answer.body.get("result")))

    def _edit(self, words: str) -> None:
        slot, equals, expression = words.partition("=")
        if not equals or not expression.strip():
            raise ValueError("edit [SLOT] = EXPRESSION, as in edit = grad * 2")
        answer = self._ask("edit", node=self._node(""), index=int(slot.strip() or 0), expression=expression.strip())
        if answer is not None:
            self._show(dict(answer.body), f"waits now: {_described(answer.body.get('value'))}")

    def _break(self, words: str) -> None:
        first, _, rest = words.partition(" ")
        kinds = {kind.value: kind for kind in BreakKind}
        if words and first in kinds:
            self._points.add(kinds[first], rest.strip())
        elif words:
            self._points.add(BreakKind.LINE if words.rpartition(":")[2].isdigit() else BreakKind.NODE, words)
        self._tell_points()

    def _clear(self, words: str) -> None:
        if words:
            self._points.remove(int(words))
        else:
            self._points.clear()
        self._tell_points()

    def _tell_points(self) -> None:
        if (answer := self._ask("setBreakpoints", breakpoints=self._points.plain())) is None:
            return
        standing = {state["id"]: state for state in answer.body.get("breakpoints", ())}
        lines = []
        for point in self._points:
            state = standing.get(point.id, {})
            lines.append(
                f"{point.id}: {point.kind.value} {point.target}".rstrip() + (f"  ({why})" if (why := state.get("message")) else "")
            )
        self._show({"breakpoints": list(standing.values())}, "\n".join(lines) or "no breakpoints")

    def _help(self, _: str) -> None:
        about = {name: text for name, (_, text) in self._commands.items()}
        self._show({"commands": about}, "\n".join(f"{name} {text}" for name, text in about.items()))

    def _quit(self, _: str) -> None:
        self.left = True


def _described(value: Any) -> str:
    """A tensor in a few words."""
    if not value:
        return "nothing"
    name = value.get("name") or (f"#{value['tensor']}" if value.get("tensor") else "a value")
    return f"{name} {value.get('dtype')}{list(value.get('shape', ()))}"


def _grad(value: Any) -> str:
    return "no gradient" if not value else f"{value.get('dtype')}{list(value.get('shape', ()))}, norm {value.get('norm')}"


COMMAND = Command("debug", __doc__ or "", _arguments, _run)
