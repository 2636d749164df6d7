"""The window as a program: arguments, the application, and a report for machines without a display."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6 import __version_info__
from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QApplication

from gradstep.engine.debug.targets import engines
from gradstep.engine.extensions.switches import SAFE_MODE

from .files.settings import cannot_keep, kept, mend, throwaway
from .guard.faults import Faults
from .pseudo import LANGUAGES, speak
from .theme import Appearance, icon, load_fonts
from .unread_sources import forget_sources

if TYPE_CHECKING:
    from .main_window import MainWindow

forget_sources()  # of what comes now: the window, pyqtgraph, scipy

NAN_EXAMPLE = Path(__file__).parent / "examples" / "nan.py"
REFUSED = (6, 12)  # of PySide6 on Python before 3.12


def main(argv: Sequence[str] | None = None) -> int:
    """Open the window; gives the exit code."""
    arguments = parser().parse_args(argv)
    if __version_info__[:2] == REFUSED and sys.version_info < (3, 12):
        print(
            "gradstep: PySide6 6.12 on Python 3.10 and 3.11 loses references to None and True and aborts within seconds.\n"
            "Install PySide6-Essentials<6.12, or use Python 3.12 or newer: pip install 'PySide6-Essentials<6.12'",
            file=sys.stderr,
        )
        return 70
    for file, there in ((arguments.file, Path.exists), (arguments.python, Path.is_file)):
        if file and not there(Path(file)):
            print(f"gradstep: there is no file {file}", file=sys.stderr)
            return 66
    if arguments.headless_report is not None:
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    app = application(arguments.theme)
    if arguments.language:
        speak(app, arguments.language)
    if arguments.headless_report is not None:
        from .files.report import report

        return report(app, arguments.file or str(NAN_EXAMPLE), Path(arguments.headless_report), arguments.engine, arguments.python)
    faults = Faults()
    faults.install()
    window = begin(app, arguments)
    window.faults.watch(faults)
    try:
        return app.exec()
    finally:
        faults.uninstall()


def begin(app: QApplication, arguments: argparse.Namespace) -> MainWindow:
    """The window on the user's settings, or, where those cannot be kept, on others; it says so. It is shown, with what it is asked to
    open."""
    from .main_window import MainWindow

    settings, notice = throwaway() if arguments.safe_mode else kept(), ""
    if not arguments.safe_mode:
        notice = mend(Path(settings.fileName()))
        if why := cannot_keep(settings):
            settings, notice = throwaway(), why
    settings.sync()
    if arguments.reset_layout:
        settings.remove("layout")
        settings.remove("geometry")
        settings.remove("zoom")  # frame/zooms.py
    if arguments.safe_mode:
        os.environ[SAFE_MODE] = "1"  # for what we start, too
    window = MainWindow(Appearance.of(app), settings, arguments.file or "")
    if arguments.theme:
        Appearance.of(app, arguments.theme)  # for this time only: what was chosen last stays in the settings
        window.effects.tick_theme()
    window.runs.insist(arguments.engine, arguments.python)
    window.show()
    notice = window.plug_ins.begin() or notice
    if notice:
        window.message.show_error(notice)
    for lost in window.recovery.begin()[:1]:
        window.message.show_message(window.recovery.sentence(lost), window.recovery.answers(lost, window.open_file))
    if arguments.example:
        window.open_file(str(NAN_EXAMPLE))
    elif arguments.file:
        window.open_file(arguments.file)
    return window


def command(argv: Sequence[str]) -> int:
    """The entry point of ``gradstep [FILE]``."""
    return main(argv)


def application(theme: str = "") -> QApplication:
    """The application with its fonts and theme; the one that runs already, where one does."""
    running = QApplication.instance()
    app = running if isinstance(running, QApplication) else QApplication(["gradstep"])
    app.setApplicationName("gradstep")
    app.setOrganizationName("gradstep")
    app.setDesktopFileName("gradstep")
    QSettings.setDefaultFormat(QSettings.Format.IniFormat)
    load_fonts()
    Appearance.of(app, theme)
    app.setWindowIcon(icon("logo", "accent"))
    return app


def parser() -> argparse.ArgumentParser:
    """What may stand behind ``gradstep``."""
    parser = argparse.ArgumentParser(prog="gradstep", description="Step through backward(), node by node, also back in time.")
    parser.add_argument("file", nargs="?", help="a Python script to debug, a recorded tape (.gst), or a folder of ranks' tapes")
    parser.add_argument("--example", action="store_true", help="open the first bundled example")
    parser.add_argument("--engine", choices=engines(), default="", help="what runs the script, for this time (default: as chosen last)")
    parser.add_argument("--python", metavar="PATH", default="", help="the interpreter that runs the script, for this time")
    parser.add_argument(
        "--theme", choices=("system", "light", "dark", "contrast"), default="", help="instead of the theme that was chosen last"
    )
    parser.add_argument(
        "--safe-mode",
        action="store_true",
        help="this time no plug-ins but our own, all at its defaults, nothing kept",
    )
    parser.add_argument("--language", choices=LANGUAGES, default="", help="for translators: longer words, or from right to left")
    parser.add_argument("--reset-layout", action="store_true", help="forget where the panels were")
    parser.add_argument(
        "--headless-report", metavar="FOLDER", help="no window: run to the end of backward and leave run.gst, steps.txt and window.png"
    )
    return parser
