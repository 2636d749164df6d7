"""What can be opened passes the fields by; text does not."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QMimeData, QPoint, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent
from PySide6.QtWidgets import QApplication, QLineEdit, QPlainTextEdit, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from gradstep.gui.frame.drops import PastFields


@pytest.fixture
def window(qtbot: QtBot) -> QWidget:
    window = QWidget()
    column = QVBoxLayout(window)
    column.addWidget(QLineEdit())
    column.addWidget(QPlainTextEdit())
    qtbot.addWidget(window)
    PastFields(window)
    window.show()
    return window


def takes(widget: QWidget, data: QMimeData) -> bool:
    """Whether a widget would have what is dragged over it."""
    event = QDragEnterEvent(QPoint(3, 3), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(widget, event)
    return event.isAccepted()


def parts(window: QWidget) -> list[QWidget]:
    field, text = window.findChild(QLineEdit), window.findChild(QPlainTextEdit)
    assert field is not None
    assert text is not None
    return [field, text.viewport()]


@pytest.mark.parametrize("file", ["train.py", "run.gst"])
def test_a_file_that_can_be_opened_is_left_to_the_window(window: QWidget, file: str) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(f"/somewhere/{file}")])
    data.setText(f"file:///somewhere/{file}")
    assert [takes(part, data) for part in parts(window)] == [False, False]


def test_text_is_the_field_s(window: QWidget) -> None:
    data = QMimeData()
    data.setText("loss")
    assert [takes(part, data) for part in parts(window)] == [True, True]
