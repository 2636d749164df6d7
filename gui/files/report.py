"""The main job on a machine without a display: run, step through the first backward, leave a tape, a text and a picture."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QEventLoop, QTimer
from PySide6.QtWidgets import QApplication

from gradstep.engine.debug.states import ENDED, State

from ..guide.tour import SEEN
from ..main_window import MainWindow
from ..models.row_table import Row
from ..theme import Appearance
from ..widgets.formats import number
from .settings import throwaway

LONGEST = 120_000  # milliseconds that one step may take
SIZE = (1600, 1000)
AFTER = 8  # steps; the picture of a finding shows some of what came before it and after it


def report(app: QApplication, file: str, folder: Path, engine: str = "", python: str = "") -> int:
    """Write ``run.gst``, ``steps.txt`` and ``window.png`` into ``folder`` and print their paths. Gives the exit code: 0, or
    1 where the script could not be run or did not stop in time."""
    folder.mkdir(parents=True, exist_ok=True)
    settings = throwaway()
    settings.setValue(SEEN, True)  # no tour over the picture
    window = MainWindow(Appearance.of(app), settings)
    window.runs.insist(engine, python)
    window.resize(*SIZE)
    window.show()
    try:
        return _run(window, file, folder)
    finally:
        window.close()
        window.deleteLater()
        app.processEvents()


def _run(window: MainWindow, file: str, folder: Path) -> int:
    session, model = window.session, window.model
    picture = folder / "window.png"
    resting = ENDED | {State.PAUSED, State.TRACE}

    if not _until(window, lambda: session.state in resting and session.state is not State.STARTING, lambda: window.open_file(file)):
        print(f"gradstep: {file} did not come to a stop within {LONGEST // 1000} s")
        return 1
    stop = session.stop_info
    run = stop.run if stop is not None else 0
    taken = 0
    while session.state is State.PAUSED and session.stop_info is not None and session.stop_info.run == run:
        before = session.stop_info
        if not _until(window, lambda before=before: session.stop_info is not before or session.state in ENDED, session.next):  # type: ignore[misc]
            return 1
        taken += 1
        alert = window.navigator.first_alert()
        if alert is not None and alert.event >= 0 and not picture.exists() and taken > AFTER:
            window.navigator.go_to_alert(alert)
            window.docks[window.panels.alerts].raise_()
            _picture(window, picture)
    model.catch_up()
    if not picture.exists():
        half = _steps(window)[taken // 2 : taken // 2 + 1]
        if half:
            model.move_to(half[0].first)
            model.select(("node", half[0].key))
        _picture(window, picture)
    while session.state is State.PAUSED:
        last = session.stop_info
        if not _until(window, lambda last=last: session.stop_info is not last or session.state in ENDED, session.continue_):  # type: ignore[misc]
            return 1
    model.catch_up()
    text = folder / "steps.txt"
    text.write_text(_text(window, file), encoding="utf-8")
    tape = folder / "run.gst"
    if session.tape and Path(session.tape).exists():
        shutil.copyfile(session.tape, tape)
    print(_text(window, file))
    print(f"tape:    {tape.resolve()}\nsteps:   {text.resolve()}\npicture: {picture.resolve()}")
    return 0 if session.state is State.FINISHED or session.state is State.RAISED else 1


def _picture(window: MainWindow, file: Path) -> None:
    """Save what the window shows, with the view where the program stands afterwards."""
    QApplication.processEvents()
    window.grab().save(str(file))
    window.model.go_live()


def _until(window: MainWindow, reached: Callable[[], bool], act: Callable[[], object]) -> bool:
    """Do something and wait until it had its effect; False where that took too long."""
    loop = QEventLoop()
    timer = QTimer(singleShot=True, interval=LONGEST)
    timer.timeout.connect(loop.quit)

    def look(*_: object) -> None:
        if reached():
            loop.quit()

    signals = (window.session.state_changed, window.session.stopped, window.session.ended)
    for signal in signals:
        signal.connect(look)
    try:
        act()
        if not reached():
            timer.start()
            loop.exec()
    finally:
        for signal in signals:
            signal.disconnect(look)
    return reached()


def _steps(window: MainWindow) -> list[Row]:
    return [row for steps in window.model.history.runs for row in steps.rows if not row.gone]


def _text(window: MainWindow, file: str) -> str:
    """The steps of all backward passes, a line each, and the findings."""
    model = window.model
    reader = model.reader
    lines = [f"{Path(file).name}: {window.session.sentence}", ""]
    if reader is None:
        return "\n".join([*lines, window.message.text])
    for steps in model.history.runs:
        lines.append(f"backward {model.history.runs.index(steps)}")
        for i, row in enumerate(r for r in steps.rows if not r.gone):
            facts = reader.facts(row)
            frame = reader.frame(row)
            place = f"{Path(frame.file).name}:{frame.line}" if frame is not None else ""
            lines.append(f"  {i + 1:4}  {facts.name:<28} |g| {number(facts.norm, 3):>10}  {facts.bad_text():<10} {place}".rstrip())
        lines.append("")
    for alert in model.alerts.alerts():
        place = f" ({Path(alert.frame.file).name}:{alert.frame.line})" if alert.frame is not None else ""
        lines.append(f"! {alert.text}{place}")
    if window.message.text:
        lines.append(window.message.text)
    return "\n".join(lines) + "\n"
