from PySide6.QtWidgets import QMessageBox, QWidget

from gradstep.gui.frame import dialogs


def test_the_words_about_the_program_name_its_libraries_and_licence(qtbot, monkeypatch):
    said = []
    monkeypatch.setattr(QMessageBox, "about", lambda parent, title, text: said.append(text))
    dialogs.about(QWidget())
    assert "Apache-2.0" in said[0]
    assert "PySide6" in said[0]
    assert "numpy" in said[0]
