import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QApplication, QComboBox, QLineEdit

from gradstep.gui.theme import DARK, LIGHT, Appearance, Mode, Theme, apply, contrast, current, palette, style_sheet

both = pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)


@both
def test_every_pair_of_palette_roles_that_carries_text_can_be_read(theme: Theme):
    role = QPalette.ColorRole
    colours = palette(theme)
    for text, surface in (
        (role.WindowText, role.Window),
        (role.Text, role.Base),
        (role.Text, role.AlternateBase),
        (role.ButtonText, role.Button),
        (role.ToolTipText, role.ToolTipBase),
        (role.HighlightedText, role.Highlight),
        (role.PlaceholderText, role.Base),
        (role.Link, role.Base),
    ):
        assert contrast(colours.color(text), colours.color(surface)) >= 4.5, (text, surface)


@both
def test_the_style_sheet_names_only_colours_that_exist(qapp, theme: Theme):
    sheet = style_sheet(theme)
    assert "%" not in sheet
    assert theme.panel.name() in sheet


@both
def test_apply_dresses_widgets(qtbot, qapp, theme: Theme):
    apply(qapp, theme)
    assert current() is theme
    field, box = QLineEdit(), QComboBox()
    for widget in (field, box):
        qtbot.addWidget(widget)
        widget.resize(120, 30)
    assert field.grab().toImage().pixelColor(60, 15).name() == theme.field.name()
    assert qapp.font().family() == "Inter"
    assert qapp.style().objectName() == "fusion" or qapp.styleSheet()


def test_the_system_decides_until_the_user_does(qapp: QApplication):
    appearance = Appearance(qapp)
    seen: list[Theme] = []
    appearance.changed.connect(seen.append)
    appearance.follow(Qt.ColorScheme.Dark)
    assert appearance.theme is DARK
    appearance.follow(Qt.ColorScheme.Dark)
    appearance.follow(Qt.ColorScheme.Light)
    assert seen == [DARK, LIGHT]
    appearance.set_mode(Mode.DARK)
    assert current() is DARK
    appearance.follow(Qt.ColorScheme.Light)
    assert appearance.theme is DARK, "the user's choice wins"
    appearance.deleteLater()
