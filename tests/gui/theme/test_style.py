import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage, QPalette
from PySide6.QtWidgets import QApplication, QComboBox, QLabel, QLineEdit

from gradstep.gui import theme as dress
from gradstep.gui.theme import CONTRAST, DARK, LIGHT, Appearance, Look, Mode, Theme, apply, contrast, current, palette, style_sheet

both = pytest.mark.parametrize("theme", [LIGHT, DARK, CONTRAST], ids=lambda theme: theme.name)


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


def test_high_contrast_has_seven_to_one_for_all_text():
    for token in ("text", "dim", "faint", "accent_text", "ready_text", "good", "bad", "past", "pending_text", "group_text"):
        for surface in ("canvas", "panel", "raised", "field"):
            assert contrast(getattr(CONTRAST, token), getattr(CONTRAST, surface)) >= 7, f"{token} on {surface}"


def test_fonts_in_use_grow_and_come_back_to_what_they_were(qtbot, qapp: QApplication):
    appearance = Appearance(qapp)
    own, plain = QLabel("1.0"), QLabel("loss")
    own.setFont(dress.mono_font(11))
    for label in (own, plain):
        qtbot.addWidget(label)
        label.show()
    for percent in (75, 150, 200, 100):
        appearance.set_look(Look(percent=percent))
        QApplication.processEvents()
        assert own.font().pixelSize() == round(11 * percent / 100)
        assert plain.font().pixelSize() == qapp.font().pixelSize() == round(13 * percent / 100)
        assert dress.ui_font(20).pixelSize() == 20 * percent // 100
    assert appearance.theme is LIGHT
    appearance.deleteLater()


def test_a_calm_look_lets_nothing_move(qapp: QApplication):
    appearance = Appearance(qapp)
    appearance.set_look(Look(calm=True))
    assert dress.is_calm()
    assert not qapp.isEffectEnabled(Qt.UIEffect.UI_General)
    appearance.set_look(Look())
    assert not dress.is_calm()
    appearance.deleteLater()


def test_another_colour_map_is_another_theme_and_says_so(qapp: QApplication):
    appearance = Appearance(qapp)
    seen: list[Theme] = []
    appearance.changed.connect(seen.append)
    appearance.set_look(Look(colour_map="cividis"))
    assert current().ramp == dress.mapped(LIGHT, "cividis").ramp
    appearance.set_look(Look())
    assert [theme.name for theme in seen] == ["light cividis", "light"]
    appearance.deleteLater()


@both
def test_the_hint_in_an_empty_field_can_be_read(qtbot, qapp, theme: Theme):
    apply(qapp, theme)
    field = QLineEdit()
    qtbot.addWidget(field)
    field.setPlaceholderText("Filter")
    field.ensurePolished()
    assert contrast(field.palette().color(QPalette.ColorRole.PlaceholderText), theme.field) >= 4.5
    readable = field.grab().toImage()
    field.setEnabled(False)
    assert darkest(field.grab().toImage(), theme) < darkest(readable, theme), "one that is off looks so"


def darkest(image: QImage, theme: Theme) -> float:
    """The strongest contrast of a pixel inside the frame of a field."""
    inside = image.copy(8, 6, 60, image.height() - 12)
    return max(contrast(inside.pixelColor(x, y), theme.field) for x in range(inside.width()) for y in range(inside.height()))
