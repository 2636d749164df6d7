"""Pictures of the window in each of its states, and what differs from those that were looked at before.

scripts/screenshots.py FOLDER                          every state, theme and size
scripts/screenshots.py FOLDER --only nan past --themes dark --sizes 1366x768
scripts/screenshots.py FOLDER --compare REFERENCES     and say which differ from small pictures of the same name; exit code 1 if any
scripts/screenshots.py FOLDER --small                  small pictures, to compare with later
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
from PySide6.QtCore import QEventLoop, QSize, Qt, QTimer
from PySide6.QtGui import QImage

from gradstep.engine.debug.states import ENDED, State
from gradstep.gui.app import application
from gradstep.gui.files.settings import throwaway
from gradstep.gui.guide.examples import FOLDER as EXAMPLES
from gradstep.gui.guide.tour import SEEN
from gradstep.gui.main_window import MainWindow
from gradstep.gui.theme import Appearance

THEMES = ("light", "dark", "contrast")
SIZES = ((1366, 768), (1600, 1000), (2560, 1440))
SMALL = 480  # pixels: the width of a picture to compare with
TOLERANCE = 6.0  # of 255: how far a patch of a small picture may be off on average
PATCH = 12  # pixels of a small picture; texts that are drawn a little differently differ by less than what is missing
LONGEST = 60.0  # seconds for a state to be reached
CRASH = "import os\nimport torch\nx = torch.ones(2, requires_grad=True)\n(x * 2).sum().backward()\nos.abort()\n"


class Stage:
    """A window of its own on settings of its own."""

    def __init__(self, theme: str, size: tuple[int, int], folder: Path) -> None:
        app: Any = application()
        settings = throwaway()
        settings.setValue("preferences/appearance/theme", theme)
        settings.setValue("preferences/appearance/calm", True)
        settings.setValue(SEEN, True)
        self.folder = folder
        self.window = MainWindow(Appearance.of(app), settings)
        self.window.opening.remembers = False
        self.window.resize(*size)
        self.window.show()
        self.settle()

    def until(self, reached: Callable[[], bool]) -> None:
        """Let the event loop run until something holds."""
        end = time.monotonic() + LONGEST
        while not reached():
            if time.monotonic() > end:
                raise TimeoutError(f"not reached within {LONGEST:.0f} s")
            loop = QEventLoop()
            QTimer.singleShot(10, loop.quit)
            loop.exec()

    def settle(self) -> None:
        """Let what was started for this state come to rest: two pictures in a row are the same."""
        last = None
        for _ in range(40):
            waited = time.monotonic() + 0.25
            self.until(lambda waited=waited: time.monotonic() > waited)  # type: ignore[misc]
            now = self.window.grab().toImage()
            if now == last:
                return
            last = now

    def open(self, name: str) -> None:
        """Open a bundled example, or a script by its path, and wait until it stands still."""
        self.window.open_file(str(EXAMPLES / name))
        self.until(lambda: self.window.session.state in ENDED | {State.PAUSED, State.TRACE})

    def step(self, name: str = "step", count: int = 1) -> None:
        session = self.window.session
        for _ in range(count):
            before = session.stop_info
            self.window.actions_[name].trigger()
            self.until(lambda before=before: session.stop_info is not before or session.state in ENDED)  # type: ignore[misc]
            self.settle()

    def finish(self) -> None:
        while self.window.session.state is State.PAUSED:
            self.step("continue")
        self.until(lambda: self.window.session.state in ENDED)

    def alert(self) -> None:
        """Stand at the first NaN of example 1."""
        self.open("nan.py")
        self.step(count=10)
        found = self.window.navigator.first_alert()
        if found is not None:
            self.window.navigator.go_to_alert(found)

    def close(self) -> None:
        self.window.close()
        self.window.deleteLater()
        self.until(lambda: True)


def _crashed(stage: Stage) -> None:
    script = stage.folder / "crash.py"
    script.write_text(CRASH, encoding="utf-8")
    stage.open(str(script))
    stage.finish()
    script.unlink()


def _past(stage: Stage) -> None:
    stage.open("hook.py")
    stage.step(count=5)
    stage.window.actions_["previous_event"].trigger()
    stage.window.actions_["previous_event"].trigger()


def _panel(name: str) -> Callable[[Stage], None]:
    def show(stage: Stage) -> None:
        stage.alert()
        stage.window.docks.bring(getattr(stage.window.panels, name))

    return show


def _ended(name: str) -> Callable[[Stage], None]:
    def run(stage: Stage) -> None:
        stage.open(name)
        stage.finish()
        stage.until(lambda: stage.window.panels.explanations.count() > 0)

    return run


def _after(name: str, count: int, command: str) -> Callable[[Stage], None]:
    def run(stage: Stage) -> None:
        stage.open(name)
        stage.step(count=count)
        stage.window.actions_[command].trigger()

    return run


def _tape(stage: Stage) -> None:
    stage.open("double_backward.py")
    stage.finish()
    tape = stage.window.model.tape
    assert tape is not None
    copy = stage.folder / "double_backward.gst"
    copy.write_bytes(Path(str(tape.path)).read_bytes())
    stage.window.actions_["close"].trigger()
    stage.open(str(copy))
    copy.unlink()


def _paused(stage: Stage) -> None:
    stage.open("hook.py")
    stage.step(count=3)


def _tour(stage: Stage) -> None:
    stage.open("nan.py")
    stage.window.guide.tour.open()


PANELS = (
    "events", "source", "step", "tensor", "timeline", "hooks", "alerts", "explanations", "history", "breakpoints", "watches", "what_if",
    "contributions", "flow", "statistics", "compare", "ranks", "stack", "console", "output", "notes", "find", "plugins",
)  # fmt: skip
STATES: dict[str, Callable[[Stage], None]] = {
    "welcome": lambda stage: None,
    "starting": lambda stage: stage.window.open_file(str(EXAMPLES / "nan.py")),
    "paused": _paused,
    "past": _past,
    "nan": Stage.alert,
    "raised": _ended("in_place.py"),
    "crashed": _crashed,
    "tape": _tape,
    "finished": _ended("four_ranks.py"),
    "folded": _after("long_run.py", 2, "fold_all"),
    "tour": _tour,
    **{f"panel_{name}": _panel(name) for name in PANELS},
}
# of windows of their own: the picture is theirs
BESIDE: dict[str, Callable[[Stage], Any]] = {
    "preferences": lambda stage: stage.window.around.show_preferences(),
    "shortcuts": lambda stage: stage.window.around.show_sheet(),
    "op_reference": lambda stage: stage.window.guide.show_ops("addmm"),
}
MAIN = ("welcome", "paused", "past", "nan", "raised")  # pictured in high contrast too


def small(image: QImage) -> QImage:
    """A picture to compare with."""
    return image.scaledToWidth(SMALL, Qt.TransformationMode.SmoothTransformation).convertToFormat(QImage.Format.Format_RGB888)


def difference(one: QImage, other: QImage) -> float:
    """How far the patch is off in which two small pictures differ most, 0 to 255; infinite for other sizes."""
    if one.size() != other.size():
        return float("inf")
    pixels = [_pixels(image) for image in (one, other)]
    off = np.abs(pixels[0] - pixels[1]).mean(axis=2)
    rows, columns = off.shape[0] // PATCH, off.shape[1] // PATCH
    return float(off[: rows * PATCH, : columns * PATCH].reshape(rows, PATCH, columns, PATCH).mean(axis=(1, 3)).max())


def _pixels(image: QImage) -> Any:
    image = image.convertToFormat(QImage.Format.Format_RGB888)
    lines = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return lines[:, : image.width() * 3].reshape(image.height(), image.width(), 3).astype(np.float64)


def picture(state: str, theme: str, size: tuple[int, int], folder: Path) -> QImage:
    """A window brought to a state, seen when it has come to rest."""
    stage = Stage(theme, size, folder)
    try:
        if state in BESIDE:
            beside = BESIDE[state](stage)
            stage.settle()
            image: QImage = beside.grab().toImage()
            beside.close()
            return image
        STATES[state](stage)
        if state != "starting":
            stage.settle()
        return stage.window.grab().toImage()
    finally:
        stage.close()


def wanted(arguments: argparse.Namespace) -> Iterator[tuple[str, str, tuple[int, int]]]:
    """Which pictures are made."""
    for state in arguments.only or (*STATES, *BESIDE):
        for theme in arguments.themes:
            for size in arguments.sizes:
                if theme != "contrast" or state in MAIN or arguments.only:
                    yield state, theme, size


def main(argv: Sequence[str] | None = None) -> int:
    """Make the pictures; 1 where one differs from its reference."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", nargs="+", choices=(*STATES, *BESIDE), metavar="STATE", help=", ".join((*STATES, *BESIDE)))
    parser.add_argument("--themes", nargs="+", choices=THEMES, default=THEMES)
    parser.add_argument("--sizes", nargs="+", type=_size, default=SIZES, metavar="WxH")
    parser.add_argument("--small", action="store_true", help=f"{SMALL} pixels wide")
    parser.add_argument("--compare", type=Path, metavar="REFERENCES")
    arguments = parser.parse_args(argv)
    arguments.folder.mkdir(parents=True, exist_ok=True)
    differ = 0
    for state, theme, size in wanted(arguments):
        name = f"{state}_{theme}_{size[0]}x{size[1]}.png"
        image = picture(state, theme, size, arguments.folder)
        (small(image) if arguments.small else image).save(str(arguments.folder / name))
        words = ""
        if arguments.compare is not None and (arguments.compare / name).exists():
            off = difference(small(image), QImage(str(arguments.compare / name)))
            differ += off > TOLERANCE
            words = f"  differs by up to {off:.1f}" if off > TOLERANCE else f"  as before ({off:.1f})"
        print(f"{name}{words}", flush=True)
    return 1 if differ else 0


def _size(text: str) -> tuple[int, int]:
    size = QSize(*map(int, text.split("x")))
    return size.width(), size.height()


if __name__ == "__main__":
    sys.exit(main())
