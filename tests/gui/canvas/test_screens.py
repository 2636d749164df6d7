"""A window that is carried from one screen to another of a different ratio shows there what it showed here, as sharp as that screen is."""

import json
import os
import subprocess
import sys
import textwrap

_CARRIED = """
    import runpy, sys
    from PySide6.QtCore import QPoint, QRect
    from PySide6.QtWidgets import QApplication, QHBoxLayout, QWidget
    from gradstep.gui.canvas import GraphCanvas
    from gradstep.gui.theme import LIGHT, apply
    from gradstep.gui.widgets.picture import Picture
    from gradstep.plugins.layouts import layered_layout

    app = QApplication([])
    apply(app, LIGHT)
    screens = {screen.name(): screen for screen in app.screens()}
    graph = runpy.run_path(sys.argv[1])["transformer"](2).backward()

    class Window(QWidget):
        def __init__(self, screen):
            super().__init__()
            self.canvas, self.picture = GraphCanvas(), Picture(18)
            self.picture.show_icon("warning", "bad")
            row = QHBoxLayout(self)
            row.addWidget(self.picture)
            row.addWidget(self.canvas, 1)
            self.resize(700, 500)
            self.carry(screen)
            self.show()
            app.processEvents()
            self.canvas.show_graph(graph, layered_layout)
            self.image()
            self.canvas.centre_on(("node", 30), 0.8)

        def carry(self, screen):
            self.setGeometry(QRect(screens[screen].geometry().topLeft() + QPoint(40, 40), self.size()))
            app.processEvents()

        def image(self):
            return self.grab().toImage()

    carried, low, high = Window("low"), Window("low"), Window("high")
    assert carried.image() == low.image()
    middle = carried.canvas.centre
    carried.carry("high")
    assert carried.devicePixelRatioF() == 2.0
    assert (carried.canvas.centre - middle).manhattanLength() < 2, (carried.canvas.centre, middle)
    assert carried.picture.pixmap().toImage() == high.picture.pixmap().toImage()
    assert carried.image().size() == high.image().size() != low.image().size()
    assert (carried.canvas.centre - high.canvas.centre).manhattanLength() < 2
    carried.carry("low")
    assert (carried.canvas.centre - middle).manhattanLength() < 2
    assert carried.picture.pixmap().toImage() == low.picture.pixmap().toImage()
    print("carried")
"""


def test_a_window_that_is_carried_to_another_screen_shows_the_same_there(graphs, tmp_path):
    screens = [
        {"name": "low", "x": 0, "y": 0, "width": 1600, "height": 1000},
        {"name": "high", "x": 1600, "y": 0, "width": 3200, "height": 2000},
    ]
    file = tmp_path / "screens.json"
    file.write_text(json.dumps({"screens": screens}), encoding="utf-8")
    env = os.environ | {"QT_QPA_PLATFORM": f"offscreen:configfile={file}", "QT_SCREEN_SCALE_FACTORS": "low=1;high=2"}
    run = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(_CARRIED), graphs.__file__], capture_output=True, text=True, timeout=120, env=env
    )
    assert (run.returncode, run.stdout.strip()) == (0, "carried"), run.stderr
