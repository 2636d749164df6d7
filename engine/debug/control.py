"""Stopping and going on, inside the user's program: the thread that listens, and the walk that waits for its word.

While the script runs, the listening thread answers what it can answer alone (pause, where). A thread that stops (before a
backward node, after a forward op, or between two lines of Python) sends ``stopped`` and then answers every question
itself, where the user's frames and its own modes are, until it is told to go on.
"""

from __future__ import annotations

import os
import queue
import select
import signal
import socket
import sys
import threading
import time
import traceback
import types
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..tape import recorder, stacks
from ..tape.schema import HookKind
from . import lines, whatif
from .evaluate import LIMIT, Deadline, TimeUp, private_signal
from .frames import between_lines, place, user_stack
from .gate import Turnstile
from .protocol import Decoder, Event, Message, ProtocolError, Request, Response, encode
from .pulse import Phase, Pulse
from .reasons import EVERYWHERE, Reasons, Why, hook_name, user_depth, user_place
from .recording import PausableRecorder
from .target import Node, Pass, Target

BEAT = 100  # milliseconds between two signs of life
TICK = 4  # milliseconds between two looks whether something waits to be written
_STEPS = frozenset({"next", "stepIn", "stepOut"})  # moves that most often end in a stop at once
MOVES = frozenset({"continue", "next", "stepIn", "stepOut", "goto"})


class Unanswerable(Exception):
    """A question that cannot be answered, and why."""


@dataclass
class Stop:
    """Where a thread stands still. ``stack`` are the user's frames, innermost first."""

    why: Why
    walk: Pass | None
    stack: list[types.FrameType]
    target: Target
    node: Node | None = None  # the node that is meant where that is not the walk's next
    thread: int = field(default_factory=threading.get_ident)


Answer = Callable[[str, Mapping[str, Any], Stop], tuple[dict[str, Any], bytes]]


class Control:
    """The debuggee's side of the link. ``answer`` is asked what needs a stopped thread."""

    def __init__(self, link: socket.socket, pulse: Pulse, answer: Answer, target: Target, *, stop_on_entry: bool, rewind: bool) -> None:
        self._socket, self._pulse, self._answer, self.target = link, pulse, answer, target
        self._identity = _identity(link.fileno())
        self._rewind = rewind
        self._send_lock = threading.Lock()
        self._unsent = b""
        self._turn = threading.RLock()  # held by the thread that stands still; the others wait for it at their next node
        self._state = threading.Lock()
        self._stop: Stop | None = None
        self._orders: queue.SimpleQueue[Request | None] = queue.SimpleQueue()
        self.deadline = Deadline()
        self.reasons = Reasons(target, self.say, entry=stop_on_entry, depth=EVERYWHERE if stop_on_entry else 0)
        self._attention = stop_on_entry  # a running walk has to ask for reasons: all that it looks at
        self._lines = lines.Lines(self._at_line)
        self._hooks_off: set[str] = set()  # names of hooks that are not called
        self._hooks: dict[int, list[str]] = {}  # by thread: the hooks that run, innermost last
        self._unpacking: set[str] = set()  # those of them of which it was said that they are called all the same
        self._walks: dict[int, list[Pass]] = {}  # by thread, innermost last
        self._done: dict[int, list[int]] = {}  # by run: the nodes that have run
        self._told = 0  # id of the exception that was stopped for
        self.failed_node = (0, 0, "")  # the last exception that came out of a node (its id), and that node
        self.tape: PausableRecorder | None = None
        self.gate: Turnstile | None = None  # where the ranks of a job wait for each other
        self.forked = 0  # processes that the program forked
        self._signal = private_signal()
        self._relines = False  # other lines are to be watched, which the main thread has to see to

    # -------------------------------------------------------------------------------------------------------- the link

    def listen(self) -> None:
        """Starts the listening thread; call it from the main thread."""
        if self._signal is not None:
            signal.signal(self._signal, self._interrupted)
            signal.siginterrupt(self._signal, False)
        threading.Thread(target=self._listen, name="gradstep-control", daemon=True).start()

    def send(self, message: Message, *, soon: bool = False) -> bool:
        """Sends a message; False where the link is gone. ``soon``: with the next one, at the next beat at the latest: the answer to a
        step and the stop behind it are one piece then, which wakes everybody on the way once."""
        try:
            data = encode(message)
        except ValueError as error:
            assert isinstance(message, Response)
            data = encode(Response(message.seq, message.command, False, f"the answer is too long: {error}"))
        with self._send_lock:
            self._unsent += data
            return soon or self._flush()

    def _flush(self) -> bool:
        """Sends what waits; with the lock held."""
        data, self._unsent = self._unsent, b""
        if not self._linked():
            return False
        try:
            self._socket.sendall(data)
        except OSError:
            self._lose()
            return False
        return True

    def _linked(self) -> bool:
        """Whether the descriptor still is our link: a script may have closed it, and its number may be a file of the script."""
        if self._socket.fileno() < 0:
            return False
        if _identity(self._socket.fileno()) != self._identity:
            self._lose()
            return False
        return True

    def _lose(self) -> None:
        self._socket.detach()  # closing it could close what is not ours any more
        self._orders.put(None)  # whoever stands still must not do so for ever

    def let_go(self) -> None:
        """For a forked child: the link belongs to the parent."""
        if self._socket.fileno() >= 0 and _identity(self._socket.fileno()) == self._identity:
            self._socket.close()
        self._attention = False
        self.gate = None

    def _listen(self) -> None:
        decoder = Decoder()
        poll = select.poll()
        poll.register(self._socket.fileno(), select.POLLIN)
        due = asked = 0.0
        while self._socket.fileno() >= 0:
            now = time.monotonic()
            ready = poll.poll(BEAT if self._stop is not None and now - asked > 1.0 else TICK)
            now = time.monotonic()
            if now >= due:
                self._beat()
                due = now + BEAT / 1000
            elif (tape := recorder.current) is not None:
                tape.tick()
            if not ready:
                continue
            asked = now
            if not self._linked():
                return self._keep_beating()
            try:
                data = self._socket.recv(1 << 16, socket.MSG_DONTWAIT)
                if not data:
                    os._exit(86)  # the supervisor is gone, and it takes care of us on no system but this one
                for message in decoder.feed(data):
                    if isinstance(message, Request):
                        self._hear(message)
            except (BlockingIOError, InterruptedError):
                continue
            except (OSError, ProtocolError):
                self._lose()
        return self._keep_beating()

    def _keep_beating(self) -> None:
        waiting = threading.Event()
        due = 0.0
        while not waiting.wait(TICK / 1000):
            if (now := time.monotonic()) >= due:
                self._beat()
                due = now + BEAT / 1000
            elif (tape := recorder.current) is not None:
                tape.tick()

    def _beat(self) -> None:
        tape = recorder.current
        if tape is not None:
            self._pulse.at(tape.position)
            tape.flush()
        self._pulse.beat()
        if self._unsent:
            with self._send_lock:
                if self._unsent:
                    self._flush()

    # ------------------------------------------------------------------------------------------------------ obedience

    def _hear(self, request: Request) -> None:
        try:
            self._obey(request)
        except (TypeError, ValueError, AttributeError, KeyError, OverflowError) as error:  # arguments of other types than they have
            self.send(Response(request.seq, request.command, False, f"{request.command} with such arguments is no request: {error}"))

    def _obey(self, request: Request) -> None:
        if request.command == "pause":
            self.send(Response(request.seq, request.command))
            self._request_pause()
        elif request.command == "where":
            self.send(Response(request.seq, request.command, True, "", self._stacks()))
        elif request.command == "ping":
            self.send(Response(request.seq, request.command))
        elif request.command == "setBreakpoints":
            self._set_breakpoints(request)
        elif request.command == "setHooks":
            self._hooks_off = {str(name) for name in request.arguments.get("off", ())}
            self.send(Response(request.seq, request.command, True, "", {"off": sorted(self._hooks_off)}))
        elif request.command == "record":
            why = self.target.record(bool(request.arguments.get("on", True)))
            self.send(Response(request.seq, request.command, not why, why))
        else:
            with self._state:
                if self._stop is not None:
                    self._orders.put(request)
                    return
            self.send(Response(request.seq, request.command, False, "the program is running: pause it first"))

    def set_breakpoints(self, breakpoints: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Other breakpoints from now on; how each stands. Lines are watched once ``watch_lines`` was called in the main thread."""
        with self._state:
            states = self.reasons.points.set(breakpoints)
            self._attention = self._attention or self.reasons.watchful
        if not self._lines.exact:
            for state in states:
                if state["verified"] and any(p.breakpoint.id == state["id"] and p.place[0] for p in self.reasons.points.points):
                    state["message"] = "another tool watches the lines of this program: it stops there only where the line runs an op"
        return states

    def watch_lines(self, frame: types.FrameType | None = None) -> None:
        """Watch the lines that have breakpoints. In the main thread."""
        self._lines.watch(self.reasons.points.line_places(), frame)

    def _set_breakpoints(self, request: Request) -> None:
        states = self.set_breakpoints(request.arguments.get("breakpoints", ()))
        self.send(Response(request.seq, request.command, True, "", {"breakpoints": states}))
        with self._state:
            self._relines = True
            stop = self._stop
        if stop is not None:
            self._orders.put(Request(0, "watchLines"))
        elif self._signal is not None and (main := threading.main_thread().ident) is not None:
            signal.pthread_kill(main, self._signal)

    def recording_stopped(self, sentence: str) -> bool:
        """Nothing is recorded any more; False where the link is gone and nobody hears it."""
        return self.send(Event("recordingStopped", {"message": sentence}))

    def say(self, text: str) -> None:
        """A line of the debugger's own for the output."""
        self.send(Event("output", {"category": "console"}, f"{text}\n".encode()))

    def _request_pause(self) -> None:
        with self._state:
            self.reasons.pause = self._attention = True
        if self._signal is not None and (main := threading.main_thread().ident) is not None:
            signal.pthread_kill(main, self._signal)

    def _interrupted(self, number: int, frame: types.FrameType | None) -> None:
        """The private signal: the end of an evaluation's time, or a wish to pause the main thread wherever it is."""
        self.deadline.interrupt()
        if self._relines and self._stop is None:
            self._relines = False
            self.watch_lines(frame)
        if self.reasons.pause and self._stop is None and between_lines(frame):
            self.halt(Why("pause"), None, frame)

    def _stacks(self) -> dict[str, Any]:
        names = {thread.ident: thread.name for thread in threading.enumerate()}
        me = threading.get_ident()
        stacks = []
        for ident, frame in sys._current_frames().items():
            if ident == me:
                continue
            stack = [place(one) for one in user_stack(frame)[:64]]
            stacks.append({"thread": ident, "name": names.get(ident, ""), "main": ident == threading.main_thread().ident, "frames": stack})
        return {"threads": stacks, "running": self._pulse.read().name if self._pulse.read().node else ""}

    # -------------------------------------------------------------------------------------------------------- the walk

    def drive(self, walk: Pass) -> None:
        """Takes all steps of a walk, and stops where it should."""
        self._take(walk, self.opened(walk), considered=False)

    def resume(self, walk: Pass) -> None:
        """As ``drive``, for a pass that was ``opened``, ran by itself until here and was told to go on."""
        self._take(walk, len(self._walks.get(threading.get_ident(), ())), considered=True)

    def _take(self, walk: Pass, depth: int, considered: bool) -> None:
        done, pulse = self._done[walk.run], self._pulse
        try:
            while (node := walk.next_node) is not None:
                if considered:  # the program stood before this one
                    considered = False
                elif self._attention:
                    self._consider(walk, node, depth, sys._getframe(1))
                    node = walk.next_node  # another one after steps back
                    if node is None:
                        break
                elif self._go_on(walk, done):
                    continue
                pulse.enter(walk.run, node.id, node.name())
                try:
                    walk.step()
                except BaseException as error:
                    self.failed(error, walk, node, sys._getframe(1))
                    raise
                finally:
                    pulse.leave()
                done.append(node.id)
            self.tell_due(walk, sys._getframe(1))
        finally:
            self.closed(walk)

    def _go_on(self, walk: Pass, done: list[int]) -> bool:
        """Runs what runs the engine's own rules alone, until there is something to look at; False where the first node does not."""
        pulse, run = self._pulse, walk.run
        node: Node | None = None

        def before(one: Node) -> bool:
            nonlocal node
            if self._attention:
                return False
            pulse.enter(run, one.id, one.name(), after=node is not None)
            node = one
            done.append(one.id)
            return True

        try:
            return self.target.go_on(walk, before)
        except BaseException as error:
            if node is not None:
                done.pop()
                self.failed(error, walk, node, sys._getframe(2))
            raise
        finally:
            if node is not None:
                pulse.leave()

    # A pass that runs by itself says what ``drive`` would do: opened, at_node and ran for each node, closed.

    def opened(self, walk: Pass) -> int:
        """A pass begins in this thread; how many are open now."""
        walks = self._walks.setdefault(threading.get_ident(), [])
        walks.append(walk)
        self._done[walk.run] = []
        walk.rewindable = self._rewind and self._attention
        self._pulse.phase(Phase.BACKWARD)
        return len(walks)

    def at_node(self, walk: Pass, node: Node, frame: types.FrameType) -> None:
        """``node`` runs next; ``frame`` is where the user's code called the pass."""
        if self._attention:
            self._consider(walk, node, len(self._walks.get(threading.get_ident(), ())), frame)
        if self.gate is not None:
            self.gate.at_node(node.id, node.name())
        self._pulse.enter(walk.run, node.id, node.name())

    def ran(self, walk: Pass, node: Node) -> None:
        """``node`` has run."""
        self._pulse.leave()
        if (done := self._done.get(walk.run)) is not None:
            done.append(node.id)

    def failed(self, error: BaseException, walk: Pass, node: Node, frame: types.FrameType) -> None:
        """An exception came out of ``node``; the pass is over."""
        self.failed_node = (id(error), node.id, node.name())
        if (why := self.reasons.at_exception(error)) is not None:
            self._told = id(error)
            self.halt(why, walk, frame, node=node)

    def tell_due(self, walk: Pass, frame: types.FrameType) -> None:
        """After the last node: stops for what that met."""
        if self.reasons.due is not None:
            self.halt(self.reasons.due, walk, frame)

    def closed(self, walk: Pass) -> None:
        """The pass is over."""
        walks = self._walks.get(threading.get_ident(), [])
        if walk in walks:
            walks.remove(walk)
        self._done.pop(walk.run, None)
        if self.gate is not None and not walks:
            self.gate.passed()
        self._leave_walk(walks)

    def _leave_walk(self, walks: list[Pass]) -> None:
        outer = walks[-1] if walks else None
        if outer is None:
            self.reasons.frames = 0
            self._walks.pop(threading.get_ident(), None)
            self._hooks.pop(threading.get_ident(), None)
            self._pulse.phase(Phase.BACKWARD if self._walks else Phase.FORWARD)
        elif outer.current is not None:
            self._pulse.enter(outer.run, outer.current.id, outer.current.name())
            hooks = self._hooks.get(threading.get_ident())
            self._pulse.hook(hooks[-1] if hooks else "")

    def _consider(self, walk: Pass, node: Node, depth: int, frame: types.FrameType) -> None:
        """Stops before ``node`` if there is a reason to. Where another thread stands still, this one waits for it."""
        with self._turn:
            why = self.reasons.before_node(walk, node, depth, user_place(frame))
            if why is None and walk.taken == 0 and self.reasons.points.lines and not self._lines.exact:
                why = self._line_of(frame)  # the line that called backward()
            if why is not None:
                self.halt(why, walk, frame)

    def after_node(self, run: int, node: Node, grads: Sequence[Any]) -> None:
        """A node passed gradients on."""
        if self.reasons.points.values and (walk := self._innermost()) is not None and walk.run == run:
            self.reasons.after_node(walk, node, grads, user_place(sys._getframe(1)))

    def after_op(self, name: str, outs: Sequence[Any], number: int, module: str) -> None:
        """A forward op was recorded, and there are reasons to look: a good moment to stop."""
        reasons = self.reasons
        if self._stop is None:
            frame = sys._getframe(1)
            why = reasons.after_op(name, outs, number, module, frame)
            if why is None and reasons.points.lines and not self._lines.exact:
                why = self._line_of(frame)
            if why is not None:
                self.halt(why, None, frame)

    def _line_of(self, frame: types.FrameType | None) -> Why | None:
        """Where lines cannot be watched: a breakpoint on the line of an op."""
        while frame is not None and not (stacks.is_kept(frame.f_code.co_filename) and self._lines.asks(frame.f_code.co_filename)):
            frame = frame.f_back
        return self.reasons.at_line(frame) if frame is not None else None

    def _at_line(self, frame: types.FrameType) -> None:
        if self._stop is None and (why := self.reasons.at_line(frame)) is not None:
            self.halt(why, None, frame)

    def at_module(self, path: str, type: str) -> None:
        """A module's forward is entered."""
        if self.reasons.points.modules and self._stop is None:
            frame = sys._getframe(1)
            if (why := self.reasons.at_module(path, type, frame)) is not None:
                self.halt(why, None, frame)

    def before_hook(self, function: Any, node: Node | None, values: Sequence[Any], kind: HookKind) -> bool:
        """A hook is about to be called: stops where it should; False where the hook is switched off."""
        name = hook_name(function)
        if self._is_off(name, kind):
            return False
        reasons = self.reasons
        if (self._attention or reasons.frames or reasons.points.hooks) and self._stop is None:
            walk = self._innermost()
            why = reasons.before_hook(function, node, values, within=walk is not None)
            if why is not None:
                self.halt(why, walk, sys._getframe(1), node=node if walk is not None else None)
        if self._is_off(name, kind):  # it was switched off while the program stood before it
            return False
        self._hooks.setdefault(threading.get_ident(), []).append(name)
        self._pulse.hook(name)
        return True

    def after_hook(self) -> None:
        """A hook has returned, or raised."""
        hooks = self._hooks.get(threading.get_ident())
        if hooks:
            hooks.pop()
        self._pulse.hook(hooks[-1] if hooks else "")

    def _is_off(self, name: str, kind: HookKind) -> bool:
        """Whether a hook is not to be called. One that unpacks always is: nobody else can read what was packed."""
        if name not in self._hooks_off:
            return False
        if kind is HookKind.UNPACK and name not in self._unpacking:
            self._unpacking.add(name)
            self.say(f"{name} is switched off but called: what was packed cannot be read without it. Switch off its pack hook.")
        return kind is not HookKind.UNPACK

    def uncaught(self, error: BaseException) -> None:
        """An exception ends the program: stops at the line that raised it, with its variables."""
        if self._told != id(error) and (why := self.reasons.at_exception(error)) is not None:
            frames = [entry for entry, _ in traceback.walk_tb(error.__traceback__)]
            inner = next((f for f in reversed(frames) if stacks.is_kept(f.f_code.co_filename)), None)
            self.halt(why, None, inner)

    # -------------------------------------------------------------------------------------------------- standing still

    def halt(self, why: Why, walk: Pass | None, frame: types.FrameType | None, node: Node | None = None) -> None:
        """Stands still until told to go on. A link that breaks is a word to go on: nobody else would ever say it."""
        with self._turn:
            if why.reason == "pause" and not self.reasons.pause:
                return  # another thread stood still for it
            self.reasons.settle()
            self._attention = True  # the other threads wait at their next node
            stop = Stop(why, walk or self._innermost(), user_stack(frame), self.target, node)
            if walk is not None:
                walk.rewindable = self._rewind
            before = self._pulse.read().phase
            self._pulse.phase(Phase.PAUSED)
            try:
                if self._tell(stop):
                    while not self._serve(self._orders.get(), stop):
                        pass
            finally:
                with self._state:
                    self._stop = None
                    self._attention = self.reasons.watchful
                self._pulse.phase(before)
                self._refuse_rest()

    def _innermost(self) -> Pass | None:
        walks = self._walks.get(threading.get_ident())
        return walks[-1] if walks else None

    def _tell(self, stop: Stop) -> bool:
        """Says where the program stands; False where nobody listens."""
        tape = recorder.current
        if tape is not None:
            tape.flush()
        with self._state:
            self._stop = stop
        return self.send(Event("stopped", self._described(stop)))

    def _described(self, stop: Stop) -> dict[str, Any]:
        tape, walk, why = recorder.current, stop.walk, stop.why
        between = walk is not None and walk.current is None and stop.node is None
        node = stop.node
        if node is None and walk is not None:
            node = walk.next_node if between else walk.current
        return {
            "reason": why.reason,
            "phase": "forward" if walk is None else "backward",
            "thread": stop.thread,
            "position": tape.position if tape is not None else -1,
            "run": walk.run if walk is not None else 0,
            "node": node.id if node is not None else 0,
            "name": node.name() if node is not None else "",
            "taken": walk.taken if walk is not None else 0,
            "depth": len(self._walks.get(stop.thread, ())),
            "between_nodes": between,
            "can_step_back": between and walk is not None and walk.undoable > 0,
            "undoable": walk.undoable if walk is not None else 0,
            "where": place(stop.stack[0]) if stop.stack else {},
            "breakpoint": why.breakpoint,
            "text": why.text,
            "what": why.what,
            "met": why.name,
            "op": why.op,
            "breakpoints": self.reasons.points.plain(),
        }

    def _serve(self, request: Request | None, stop: Stop) -> bool:
        """Carries out one order; True where the program goes on."""
        if request is None:
            return True  # the link broke
        if request.command == "watchLines":
            if threading.current_thread() is threading.main_thread():
                self._relines = False
                self.watch_lines(stop.stack[0] if stop.stack else None)
            return False
        try:
            if request.command in ("stepBack", "reverseContinue"):
                self._back(stop, whole=request.command == "reverseContinue")
                self.send(Response(request.seq, request.command), soon=True)
                return not self._tell(stop)
            if request.command == "whatIf":
                self._explore(request, stop)
                return not self._tell(stop)
            if request.command in MOVES:
                self._move(request, stop)
                with self._state:
                    self._stop = None
                phase = "forward" if stop.walk is None else "backward"
                self.send(Response(request.seq, request.command, True, "", {"phase": phase}), soon=request.command in _STEPS)
                return True
        except Unanswerable as error:
            self.send(Response(request.seq, request.command, False, str(error)))
            return False
        self._reply(request, stop)
        return False

    def _move(self, request: Request, stop: Stop) -> None:
        depth = len(self._walks.get(stop.thread, ()))
        if request.command == "goto":
            goal = request.arguments.get("node")
            if type(goal) is not int:
                raise Unanswerable("goto needs the number of a node")
            if stop.walk is not None and all(node.id != goal for node in stop.walk.needed):
                raise Unanswerable(f"node #{goal} does not run in this backward pass")
            if stop.walk is not None and goal in self._done.get(stop.walk.run, ()):
                raise Unanswerable(f"node #{goal} has run already: step back, or look at it on the tape")
            self.reasons.goal = goal
        elif request.command != "continue":
            self.reasons.depth = {"next": max(depth, 1), "stepIn": EVERYWHERE, "stepOut": max(depth - 1, 1)}[request.command]
            here = user_depth(stop.stack[0] if stop.stack else None)
            within = stop.walk is not None  # there, ops are steps only inside hooks and the user's own Functions
            self.reasons.frames = {"next": 0 if within else here, "stepIn": EVERYWHERE, "stepOut": 0 if within else here - 1}[
                request.command
            ]

    def _back(self, stop: Stop, *, whole: bool) -> None:
        """Undoes the last step, or all of them as far as they can be undone."""
        walk = stop.walk
        if walk is None or walk.current is not None:
            raise Unanswerable("stepping back works between two nodes of a backward pass: press next to get there")
        if why := self.target.cannot_rewind(walk):
            raise Unanswerable(why)
        if not walk.step_back():
            if walk.taken == 0:
                why = "this is its first node"
            elif walk.forgets:
                why = f"of its {walk.taken} steps those before this one were forgotten: they held more than {walk.undo_bytes >> 20} MiB"
            else:
                why = "what ran before the first stop was not kept"
            raise Unanswerable(f"there is nothing to step back to in this backward pass: {why}")
        steps = 1
        while whole and walk.step_back():
            steps += 1
        done = self._done.get(walk.run, [])
        del done[max(0, len(done) - steps) :]
        stop.why = Why("step")

    def _explore(self, request: Request, stop: Stop) -> None:
        """Runs the rest of the pass as it is and with edits, and says where both lie on the tape."""
        walk = stop.walk
        if walk is None or walk.current is not None:
            raise Unanswerable("what-if works between two nodes of a backward pass: press next to get there")
        if why := self.target.cannot_rewind(walk):
            raise Unanswerable(why)
        edits = request.arguments.get("edits", ())
        stay = str(request.arguments.get("stay", "edited"))
        if not edits or stay not in whatif.STAY:
            raise Unanswerable(f"what-if needs edits, and where to stay: {', '.join(whatif.STAY)}")
        try:
            found = whatif.explore(walk, lambda one: self._edit(one, stop), edits, stay)
        except Unanswerable:
            raise
        except Exception as error:  # the user's hook or Function raised: the pass is over
            raise Unanswerable(f"the pass ended while it was run ahead: {type(error).__name__}: {error}") from None
        stop.why, stop.node = Why("step"), None
        self.send(Response(request.seq, request.command, True, "", found.plain()))

    def _edit(self, fields: Mapping[str, Any], stop: Stop) -> None:
        self._answer("edit", fields, stop)

    def _reply(self, request: Request, stop: Stop) -> None:
        """Answers a question, within its time."""
        first = threading.Lock()  # held by whoever answers

        def late() -> None:
            if first.acquire(blocking=False):
                self.send(Response(request.seq, request.command, False, f"no answer within {LIMIT:g} s"))

        try:
            body, raw = self.deadline.run(lambda: self._answer(request.command, request.arguments, stop), LIMIT, late)
            answer = Response(request.seq, request.command, True, "", body, raw)
        except TimeUp:
            return late()
        except Unanswerable as error:
            answer = Response(request.seq, request.command, False, str(error))
        except (Exception, SystemExit) as error:  # a user's expression, __repr__ or __len__ may raise anything
            answer = Response(request.seq, request.command, False, f"{type(error).__name__}: {error}")
        if first.acquire(blocking=False):
            self.send(answer)

    def _refuse_rest(self) -> None:
        """Orders that came when the program was already told to go on."""
        while True:
            try:
                request = self._orders.get_nowait()
            except queue.Empty:
                return
            if request is not None:
                self.send(Response(request.seq, request.command, False, "the program is running: pause it first"))


def _identity(descriptor: int) -> tuple[int, int] | None:
    try:
        found = os.fstat(descriptor)
    except OSError:
        return None
    return found.st_dev, found.st_ino
