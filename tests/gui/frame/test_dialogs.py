from PySide6.QtWidgets import QWidget

from gradstep.gui.frame import dialogs


def test_the_words_about_the_program_name_its_libraries_and_licence_and_hold_nothing_up(qtbot):
    parent = QWidget()
    qtbot.addWidget(parent)
    box = dialogs.about(parent)
    assert box.isVisible()
    assert "gradstep" in box.text()
    lines = box.informativeText().splitlines()
    assert [line.split()[0] for line in lines if line] == ["Python", "PySide6-Essentials", "pyqtgraph", "numpy", "networkx", "Licence:"]
    assert lines[-1].endswith("Apache-2.0")
    box.close()
