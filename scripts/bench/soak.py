"""A day of work in one command: thousands of random actions on a window whose scripts really run, and what is left of them.

    .venv/bin/python scripts/bench/soak.py [--actions 10000] [--seed 1] [--every 1000] [--trace FILE]

An action is what a hand does in a few seconds: a command, a click, a drag, a word in a field, another panel, another script; 10,000 of
them are about eight hours. What is done is drawn from the seed alone, never from what the window shows, so a run can be repeated; what an
action meets (where the program stands just then) depends on the machine. After every thousand the window comes to rest: the program is
ended, its tape put away, what the user made is taken back, Qt's cache of pictures is emptied. Then descriptors, threads, processes,
running timers, Qt's objects and memory are counted: from the first thousand on none of them may grow. Memory is two figures. ``in use`` is
what somebody holds, what the allocators have handed out and not got back: a leak is seen in it, and it alone is judged. ``resident`` is
what the process has: more, by what lies unused between pieces in use, which no program can give back. Exceptions and warnings of Qt are
failures at once, with the actions that led to them, and so is a process that outlives the window. Exit code 1 where anything failed.
``--trace`` writes each action before it is done, for a run that does not come back."""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import faulthandler
import gc
import os
import random
import statistics
import sys
import tempfile
import threading
import time
import traceback
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar, TextIO

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from PySide6.QtCore import QObject, QPoint, QPointF, Qt, QTimer, QtMsgType, qInstallMessageHandler
from PySide6.QtGui import QInputMethodEvent, QPixmapCache, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QLineEdit, QMenu, QWidget
from window_stage import Stage

from gradstep.engine.debug.breakpoints import BreakKind
from gradstep.engine.debug.states import ALIVE
from gradstep.gui.actions import COMMANDS
from gradstep.gui.files.export import export_canvas
from gradstep.gui.guide.examples import EXAMPLES, FOLDER
from gradstep.gui.preferences.schema import Page

TRAIN = """
import time
import torch
from torch import nn
torch.manual_seed(0)
model = nn.Sequential(nn.Linear(8, 16), nn.Tanh(), nn.Linear(16, 1))
optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
x = torch.randn(32, 8)
model[0].weight.register_hook(lambda gradient: gradient * 1.0)
for step in range(100_000):
    optimizer.zero_grad()
    loss = (model(x) ** 2).mean()
    loss.backward()
    optimizer.step()
    print("step", step, "loss", loss.item())
    time.sleep(0.05)
"""
RAISES = "import torch\nx = torch.ones(3, requires_grad=True)\ny = (x * 2).sum()\ny.backward()\ny.backward()\n"
CRASHES = "import os, torch\nx = torch.ones(3, requires_grad=True)\n(x * 2).sum().backward()\nos.abort()\n"
WRONG = "import torch\nx = torch.ones(3,\n"
# a dialog of the system's would wait for a hand, and the end of the window for nothing
LEFT_OUT = frozenset({"open", "open_tape", "open_ranks", "save_tape", "export", "export_whole", "export_data", "compare_with", "quit"})
HARMLESS = "This plugin does not support"  # said by the platform that has no screen
WORDS = ("relu", "+nan", "$norm(>1)", "back", "(", "$module(0", "x" * 200, "löss", "", ":12", "#4", "-view")
EXPRESSIONS = ("loss", "1 / 0", "model", "x.shape", "[", "model[0].weight.grad.norm()", "open('/nowhere')", "")
KEYS = (
    Qt.Key.Key_Down, Qt.Key.Key_Up, Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Return, Qt.Key.Key_Escape, Qt.Key.Key_Tab,
    Qt.Key.Key_Space, Qt.Key.Key_I, Qt.Key.Key_O, Qt.Key.Key_K, Qt.Key.Key_B, Qt.Key.Key_PageDown, Qt.Key.Key_Home, Qt.Key.Key_End,
    Qt.Key.Key_Plus, Qt.Key.Key_Minus, Qt.Key.Key_Backspace, Qt.Key.Key_Delete,
)  # fmt: skip
SETTLED = 1000  # actions after which nothing may grow
# of Qt's own: a thread and a descriptor that wait for the end of a process, from the first one on
SPARE = {"descriptors": 2, "threads": 2, "processes": 0, "timers": 0}
SMALL = 80  # bytes of an average small object of Python
OBJECTS = 40  # of Qt's: by how many two rests may differ
# By how many MiB and objects memory may grow with a thousand actions. At rest it differs by 2 to 3 MiB from one time to the next (which
# letters Qt has painted at which sizes, which panel stands where), which is a slope of 0.3 over ten rests; a leak of 1 KiB an action is 1.
PER_THOUSAND = {"used": 1.0, "python": 1000.0}
ENOUGH = 4  # rests, of which a slope says something
LAST = 5.0  # seconds within which all timers of a window at rest must have ended
PATIENCE = 60.0  # seconds until a program must have ended


@dataclass(frozen=True)
class Rest:
    """What there is when the window is at rest."""

    actions: int
    used: float  # MiB that somebody holds
    resident: float  # MiB that the process has
    descriptors: int
    threads: int
    processes: int
    timers: int
    objects: Counter[str]
    python: int  # objects that the collector knows

    def line(self) -> str:
        return (
            f"{self.actions:>7} {self.used:>8.1f} {self.resident:>8.1f} {self.descriptors:>12} {self.threads:>8} {self.processes:>10} "
            f"{self.timers:>7} {sum(self.objects.values()):>8} {self.python:>9}"
        )


HEAD = "actions   in use resident  descriptors  threads  processes  timers  objects    python"


class Soak:
    """One window, one seed. ``run`` does so many actions and comes to rest."""

    def __init__(self, seed: int, folder: Path, trace: TextIO | None = None) -> None:
        self._random = random.Random(seed)
        self._folder, self._trace = folder, trace
        self.faults: list[str] = []
        self.done: deque[str] = deque(maxlen=12)  # the last actions
        self.count = 0
        self._scripts = [self._script("train.py", TRAIN)] * 6 + [self._script("raises.py", RAISES), self._script("crashes.py", CRASHES)]
        self._scripts += [self._script("wrong.py", WRONG)]
        self._scripts += [str(FOLDER / name) for name, *_ in EXAMPLES if name != "long_run.py"]  # that one takes half a minute
        self._hooks = sys.excepthook, sys.unraisablehook, threading.excepthook
        sys.excepthook = self._raised
        sys.unraisablehook = lambda what: self._fault(f"unraisable: {what.exc_value!r} in {what.object!r}")
        threading.excepthook = lambda what: self._fault(f"in thread {what.thread}: {what.exc_value!r}")
        self._before = qInstallMessageHandler(self._said)
        self.stage = Stage("light", (1366, 768), folder)
        self.window = self.stage.window
        self._commands = [command.name for command in COMMANDS if command.name not in LEFT_OUT]
        self._panels = list(vars(self.window.panels))
        self._acts: list[tuple[int, Callable[[], str]]] = [
            (30, self._command), (8, self._step), (4, self._open), (6, self._canvas_click), (4, self._canvas_drag), (4, self._canvas_wheel),
            (8, self._panel_), (8, self._select), (8, self._moment), (5, self._value), (4, self._page), (5, self._type), (8, self._key),
            (4, self._click), (2, self._chooser), (3, self._breakpoint), (3, self._watch), (2, self._note), (3, self._evaluate),
            (2, self._dock), (2, self._size), (2, self._preferences), (2, self._dialog), (1, self._export), (2, self._menu),
            (3, self._wait),
        ]  # fmt: skip

    # ----------------------------------------------------------------------------------------------------------- faults

    def _fault(self, what: str) -> None:
        self.faults.append(f"{what.rstrip()}\n  after {' | '.join(self.done)} (action {self.count})")

    def _raised(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        self._fault("".join(traceback.format_exception(kind, error, trace)))
        for name in ("last_exc", "last_type", "last_value", "last_traceback"):  # they would hold what its frames hold
            vars(sys).pop(name, None)

    def _said(self, kind: QtMsgType, context: Any, text: str) -> None:
        if kind is not QtMsgType.QtDebugMsg and HARMLESS not in text:
            self._fault(f"Qt: {text}")

    # ----------------------------------------------------------------------------------------------------------- actions

    def act(self) -> None:
        """One action."""
        self.count += 1
        (act,) = self._random.choices([act for _, act in self._acts], [weight for weight, _ in self._acts])
        self.done.append(act.__name__)
        self.done[-1] = f"{act.__name__.strip('_')} {act()}".strip()
        if self._random.random() < 0.3:
            self.stage.turn(self._random.choice((1, 5, 20)))
        else:
            QApplication.processEvents()

    def _note_down(self, what: str) -> str:
        """What is about to be done, for who looks on."""
        if self._trace is not None:
            print(self.count, what, file=self._trace, flush=True)
        return what

    def _script(self, name: str, text: str) -> str:
        file = self._folder / name
        file.write_text(text, encoding="utf-8")
        return str(file)

    def _one(self, of: Any) -> Any:
        """One of a list, None of an empty one; draws once either way."""
        share = self._random.random()
        found = list(of)
        return found[int(share * len(found))] if found else None

    def _command(self) -> str:
        name = self._note_down(self._one(self._commands))
        self.window.actions_[name].trigger()
        return str(name)

    def _step(self) -> str:
        name = self._note_down(self._one(("step", "step", "step_back", "continue", "pause", "step_into", "step_out", "reverse", "run_to")))
        self.window.actions_[name].trigger()
        self.stage.turn(15)
        return str(name)

    def _open(self) -> str:
        """Another script, after the end of the one that runs."""
        file = self._note_down(self._one(self._scripts))
        if self.window.session.state in ALIVE:
            self.window.session.kill()
            self._until_ended()
        self.window.open_file(file)
        self.stage.turn(self._random.choice((1, 50, 400)))
        return Path(file).name

    def _until_ended(self) -> None:
        session, end = self.window.session, time.monotonic() + PATIENCE
        while session.state in ALIVE:
            if time.monotonic() > end:
                self._fault(f"the program did not end: {session.state}, {session.sentence}")
                return
            session.kill()  # again: one that was to be restarted has begun anew
            self.stage.turn(20)

    def _place(self, widget: QWidget) -> QPoint:
        return QPoint(int(self._random.random() * widget.width()), int(self._random.random() * widget.height()))

    def _canvas_click(self) -> str:
        canvas, place, twice = self.window.canvas, self._place(self.window.canvas), self._random.random() < 0.3
        self._note_down("canvas click")
        (QTest.mouseDClick if twice else QTest.mouseClick)(canvas, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, place)
        return ""

    def _canvas_drag(self) -> str:
        canvas, start, end = self.window.canvas, self._place(self.window.canvas), self._place(self.window.canvas)
        self._note_down("canvas drag")
        QTest.mousePress(canvas, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, start)
        for share in (0.3, 0.6, 1.0):
            QTest.mouseMove(canvas, start + (end - start) * share)
        QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, end)
        return ""

    def _canvas_wheel(self) -> str:
        canvas, place, turn = self.window.canvas, QPointF(self._place(self.window.canvas)), self._random.choice((-360, -120, 120, 360))
        self._note_down("canvas wheel")
        event = QWheelEvent(
            place, canvas.mapToGlobal(place), QPoint(0, 0), QPoint(0, turn), Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier,
            Qt.ScrollPhase.NoScrollPhase, False,
        )  # fmt: skip
        QApplication.sendEvent(canvas, event)
        return str(turn)

    def _panel_(self) -> str:
        name = self._note_down(self._one(self._panels))
        self.window.docks.bring(getattr(self.window.panels, name))
        return str(name)

    def _select(self) -> str:
        tape = self.window.model.tape
        key = self._one([*(("node", id) for id in tape.nodes), *(("op", id) for id in tape.ops)] if tape is not None else ())
        self._note_down(f"select {key}")
        self.window.model.select(key)
        return str(key)

    def _moment(self) -> str:
        at = int(self._random.random() * (self.window.model.last + 2)) - 1
        self._note_down(f"moment {at}")
        self.window.navigator.look_at(at)
        return str(at)

    def _value(self) -> str:
        what = self._note_down(self._one(("lock_value", "pin_value", "unpin", "close", "previous_write", "next_write", "go", "copy")))
        viewer = self.window.panels.tensor.current
        if what == "unpin":
            viewer.pin("", None)
        elif what == "go":
            viewer.go_to((0, 0))
        elif what == "copy":
            viewer.copy()
        elif what == "close":
            self._close_locked()
        else:
            self.window.actions_[what].trigger()
        return str(what)

    def _close_locked(self) -> None:
        panel = self.window.panels.tensor
        while panel.locked:
            panel.unlock(1)

    def _page(self) -> str:
        viewer = self.window.panels.tensor.current
        name = self._note_down(self._one(viewer.pages))
        self.window.docks.bring(self.window.panels.tensor)
        viewer.show_page(name)
        return str(name)

    def _fields(self) -> list[QLineEdit]:
        return [field for field in self.window.findChildren(QLineEdit) if field.isVisible() and field.isEnabled()]

    def _type(self) -> str:
        word, field = self._one(WORDS), self._one(self._fields())
        self._note_down(f"type {word}")
        if field is not None:
            field.setFocus()
            field.selectAll()
            _enter(field, word)
            return f"{word} into {field.accessibleName()}"
        return ""

    def _key(self) -> str:
        key, widget = self._one(KEYS), QApplication.focusWidget()
        self._note_down(f"key {key}")
        if widget is not None and widget.window() is self.window:
            QTest.keyClick(widget, key)
        return str(key.name)

    def _click(self) -> str:
        """Somewhere in a panel that is in sight, on no button: some of those open a dialog of the system's."""
        panel = self._one(panel for panel in vars(self.window.panels).values() if self.window.docks.in_sight(panel))
        share = self._random.random(), self._random.random()
        self._note_down("click")
        if panel is None:
            return ""
        place = QPoint(int(share[0] * panel.width()), int(share[1] * panel.height()))
        widget = panel.childAt(place) or panel
        if widget.inherits("QAbstractButton") or widget.inherits("QComboBox"):
            return ""
        QTest.mouseClick(widget, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, widget.mapFrom(panel, place))
        return f"{type(panel).__name__} {type(widget).__name__}"

    def _chooser(self) -> str:
        which, word = self._one((self.window.around.palette, self.window.around.quick_open)), self._one(WORDS)
        self._note_down("chooser")
        which.open()
        _enter(which.chooser.field, word)
        self.stage.turn(5)
        QTest.keyClick(which.chooser.field, Qt.Key.Key_Escape)
        return str(word)

    def _breakpoint(self) -> str:
        kind, target, what = (
            self._one(BreakKind),
            self._one(("mul", "AccumulateGrad", "nan", "", "train.py:9", "norm > 1")),
            self._random.random(),
        )
        self._note_down(f"breakpoint {kind}")
        points = self.window.breakpoints
        if what < 0.5:
            points.add(kind, target)
        elif what < 0.9:
            points.remove([point.id for point in points.all][:2])
        else:
            points.clear()
        return f"{kind.value} {target}"

    def _watch(self) -> str:
        expression, what = self._one(EXPRESSIONS), self._random.random()
        self._note_down(f"watch {expression}")
        if what < 0.6:
            self.window.watches.add(expression)
        else:
            self.window.watches.remove([watch.id for watch in self.window.watches.all][:2])
        return str(expression)

    def _note(self) -> str:
        self._note_down("note")
        self.window.actions_["bookmark"].trigger()
        return ""

    def _evaluate(self) -> str:
        expression = self._note_down(self._one(EXPRESSIONS))
        self.window.inquiries.evaluate(expression)
        return str(expression)

    def _dock(self) -> str:
        dock, what = self._one(self.window.docks.all()), self._one(("float", "hide", "show", "reset", "save"))
        self._note_down(f"dock {what}")
        if what == "float":
            dock.setFloating(not dock.isFloating())
        elif what in ("hide", "show"):
            dock.setVisible(what == "show")
        elif what == "save":
            self.window.around.layouts.save("mine")
            self.window.around.layouts.load("mine")
        else:
            self.window.actions_["reset_layout"].trigger()
        return str(what)

    def _size(self) -> str:
        size = self._one(((1366, 768), (1600, 1000), (1024, 700), (2000, 1200)))
        self._note_down(f"size {size}")
        self.window.resize(*size)
        return str(size)

    def _preferences(self) -> str:
        name, value = self._one((
            ("appearance/theme", "dark"), ("appearance/theme", "light"), ("appearance/theme", "contrast"), ("appearance/percent", 125),
            ("appearance/percent", 100), ("graph/shown", "forward_graph"), ("numbers/digits", 6), ("alerts/zero", False),
        ))  # fmt: skip
        self._note_down(f"preference {name}")
        self.window.preferences.set(name, value)
        return f"{name} {value}"

    def _dialog(self) -> str:
        what = self._note_down(self._one(("preferences", "shortcuts", "op_reference", "about", "run_configuration", "help", "save_layout")))
        if what == "preferences":
            self.window.around.show_preferences(self._one(Page))
        else:
            self.window.actions_[what].trigger()
        self.stage.turn(5)
        self._close_dialogs()
        return str(what)

    def _close_dialogs(self) -> None:
        for dialog in self.window.findChildren(QDialog):
            if dialog.isVisible():
                dialog.close()

    def _export(self) -> str:
        suffix, whole = self._one((".png", ".svg", ".pdf")), self._random.random() < 0.3
        self._note_down(f"export {suffix}")
        if self.window.canvas.drawn is not None:
            export_canvas(self.window.canvas, self._folder / f"view{suffix}", whole=whole)
        return str(suffix)

    def _menu(self) -> str:
        """A menu is opened and left."""
        menu = self._one(action.menu() for action in self.window.menuBar().actions())
        self._note_down("menu")
        if isinstance(menu, QMenu):
            menu.popup(self.window.mapToGlobal(QPoint(20, 30)))
            self.stage.turn(2)
            menu.close()
        return ""

    def _wait(self) -> str:
        self._note_down("wait")
        self.stage.turn(self._random.choice((30, 120, 300)))
        return ""

    # ----------------------------------------------------------------------------------------------------------- resting

    def warm_up(self) -> None:
        """What is made when it is first wanted is made now, so that it is no growth later."""
        self.window.open_file(self._scripts[0])
        self.stage.turn(1500)
        for what in ("shortcuts", "op_reference", "help"):
            self.window.actions_[what].trigger()
        self.window.around.show_preferences(Page.KEYS)
        for name in self._panels:
            self.window.docks.bring(getattr(self.window.panels, name))
            self.stage.turn(20)
        self.window.actions_["beside_graphs"].trigger()
        self.stage.turn(300)
        self._close_dialogs()

    def run(self, actions: int) -> Rest:
        """So many actions, then rest."""
        for _ in range(actions):
            self.act()
        return self.rest()

    def rest(self) -> Rest:
        """Put everything away and count what is left."""
        window = self.window
        popup = QApplication.activePopupWidget()
        while popup is not None:
            popup.close()
            popup = QApplication.activePopupWidget()
        self._close_dialogs()
        window.around.palette.chooser.close_()
        window.around.quick_open.chooser.close_()
        window.breakpoints.clear()
        window.watches.remove([watch.id for watch in window.watches.all])
        window.actions_["kill"].trigger()
        self._until_ended()
        self._close_locked()
        window.panels.tensor.viewer.pin("", None)
        window.opening.close()
        window.preferences.reset_all()
        window.resize(1366, 768)
        window.around.layouts.reset()
        window.docks.hide()
        window.guide.tour.leave()
        QApplication.clipboard().clear()
        QPixmapCache.clear()
        self.stage.turn(1500)  # what runs beside the window notices that it is not needed
        gc.unfreeze()  # what is kept from the collector until another tape is opened or closed
        for _ in range(3):
            gc.collect()
            self.stage.turn(20)
        end = time.monotonic() + LAST
        while self._running() and time.monotonic() < end:  # what waits a moment before it looks again has looked by then
            self.stage.turn(20)
        _C.malloc_trim(0)
        return self._counted()

    def _running(self) -> int:
        return sum(timer.isActive() for timer in self.window.findChildren(QTimer))

    def _counted(self) -> Rest:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
        objects = [*self.window.findChildren(QObject), *QApplication.allWidgets(), *QApplication.instance().findChildren(QObject)]  # type: ignore[union-attr]
        files, tasks = os.listdir("/proc/self/fd"), os.listdir("/proc/self/task")
        running = self._running()
        kinds = Counter(type(one).__name__ for one in {id(one): one for one in objects}.values())
        resident = pages * os.sysconf("SC_PAGE_SIZE") / (1 << 20)
        return Rest(self.count, _in_use(), resident, len(files), len(tasks), len(_children()), running, kinds, len(gc.get_objects()))

    def close(self) -> None:
        """End the window, and give the hooks back. Nothing that it had started may outlive it."""
        self.stage.close()
        end = time.monotonic() + PATIENCE
        while (left := _children()) and time.monotonic() < end:
            self.stage.turn(10)
        for process in left:
            self._fault(f"outlives the window: {process}")
        sys.excepthook, sys.unraisablehook, threading.excepthook = self._hooks
        qInstallMessageHandler(self._before)


def _children() -> list[str]:
    """The processes that this one has started and that are there, by what they run."""
    numbers = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text(encoding="ascii").split()
    found = []
    for number in numbers:
        with contextlib.suppress(OSError):  # it ended just now
            words = Path(f"/proc/{number}/cmdline").read_bytes().split(b"\0")
            found.append(b" ".join(words).decode(errors="replace").strip() or f"process {number}, ended and not waited for")
    return found


class _Handed(ctypes.Structure):
    """What ``mallinfo2`` of the C library tells, in bytes."""

    _fields_: ClassVar = [
        (name, ctypes.c_size_t)
        for name in ("arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks", "fsmblks", "uordblks", "fordblks", "keepcost")
    ]


_C = ctypes.CDLL(None)
_C.mallinfo2.restype = _Handed


def _in_use() -> float:
    """MiB that were handed out by the C library (Qt's objects, arrays, large objects of Python) and, at the size of an average one,
    small objects of Python, which has a heap of its own for them."""
    handed = _C.mallinfo2()
    return float(handed.uordblks + handed.hblkhd + sys.getallocatedblocks() * SMALL) / (1 << 20)


def _enter(field: QLineEdit, word: str) -> None:
    """As an input method does it, which knows all letters."""
    event = QInputMethodEvent()
    event.setCommitString(word)
    QApplication.sendEvent(field, event)


def _slope(rests: list[Rest], name: str) -> float:
    """By how much a figure grows with a thousand actions: the line that comes nearest to all rests, so that one of them decides nothing."""
    thousands, figures = [rest.actions / 1000 for rest in rests], [getattr(rest, name) for rest in rests]
    return statistics.linear_regression(thousands, figures).slope


def growth(rests: list[Rest]) -> list[str]:
    """What grew, in words. Objects and memory are compared from the first thousand actions on: until then caches fill."""
    found = []
    first, last = rests[0], rests[-1]
    for name in ("descriptors", "threads", "processes", "timers"):
        one, other = max(getattr(rest, name) for rest in rests[: max(1, len(rests) // 3)]), getattr(last, name)
        if other > one + SPARE[name]:
            found.append(f"{name}: {one} after {first.actions} actions, {other} after {last.actions}")
    settled = [rest for rest in rests if rest.actions >= SETTLED]
    if len(settled) < 2:
        return found
    first = settled[0]
    more = {kind: count - first.objects[kind] for kind, count in last.objects.items() if count > first.objects[kind]}
    if sum(more.values()) > OBJECTS:
        found.append(f"objects: {sum(more.values())} more: {sorted(more.items(), key=lambda item: -item[1])[:16]}")
    for name, most in PER_THOUSAND.items():
        slope = _slope(settled, name) if len(settled) >= ENOUGH else 0.0
        if slope > most:
            found.append(
                f"{name}: {slope:.1f} more with every thousand actions from {first.actions} to {last.actions}; at most {most} may be"
            )
    return found


def soak(actions: int, every: int, seed: int, trace: TextIO | None = None, say: Callable[[str], object] = print) -> list[str]:
    """So many actions; what failed, in words."""
    with tempfile.TemporaryDirectory(prefix="gradstep-soak-") as folder:
        os.environ["XDG_CACHE_HOME"] = folder
        run = Soak(seed, Path(folder), trace)
        try:
            run.warm_up()
            say(f"seed {seed}\n{HEAD}\n{run.rest().line()}")
            rests: list[Rest] = []
            while run.count < actions:
                rests.append(run.run(min(every, actions - run.count)))
                say(rests[-1].line())
        finally:
            run.close()
        return run.faults + growth(rests)


def main() -> int:
    """Soak and say."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else "")
    for name, default in (("actions", 10_000), ("every", 1000), ("seed", 1)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--trace", type=Path)
    arguments = parser.parse_args()
    faulthandler.enable()
    began = time.monotonic()
    trace = open(arguments.trace, "w", encoding="utf-8") if arguments.trace is not None else None  # noqa: SIM115 (open until the end)
    failed = soak(arguments.actions, arguments.every, arguments.seed, trace, lambda text: print(text, flush=True))
    print(f"{time.monotonic() - began:.0f} s; " + ("nothing failed" if not failed else f"{len(failed)} failed:"))
    for text in failed:
        print(text)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
