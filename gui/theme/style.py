"""What Qt needs of a theme: the palette, the style sheet over Fusion, and ``apply``, which installs both."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, QSize, Qt
from PySide6.QtGui import QColor, QFont, QPalette, QPixmapCache
from PySide6.QtWidgets import QAbstractButton, QApplication, QWidget

from . import fonts
from .fonts import load_fonts, ui_font
from .icons import set_icon_theme
from .tokens import Theme, mix

_current: list[Theme] = []
_DESIGNED = "designedPixels"  # a widget's property: the size of its own font at a scale of 1
_ICON = "designedIcon"  # a button's property: the size of its icon at a scale of 1


def apply(app: QApplication, theme: Theme, scale: float = 1.0) -> None:
    """Dress the whole application: Fusion, bundled fonts, palette, style sheet, icons. May be called again at any time.

    ``scale``: how many times larger fonts are than designed; those that widgets have already change with it.
    """
    load_fonts()
    before = fonts.scale()
    fonts.set_scale(scale)
    if app.style().objectName().lower() != "fusion":
        app.setStyle("Fusion")
    _current[:] = [theme]
    set_icon_theme(theme)
    app.setFont(ui_font())
    app.setPalette(palette(theme))
    app.setStyleSheet(style_sheet(theme))
    QPixmapCache.clear()  # Qt keeps 10 MiB of pictures, and would keep those in the old colours until newer ones take their place
    if scale != before:
        _resize_fonts(app, before, scale)


def _resize_fonts(app: QApplication, before: float, now: float) -> None:
    """Fonts that a widget was given for itself do not follow the application's."""
    for widget in app.allWidgets():
        if isinstance(widget, QAbstractButton) and (side := widget.property(_ICON)):
            size_icon(widget, side)
        if widget.testAttribute(Qt.WidgetAttribute.WA_SetFont):
            font = widget.font()
            designed = widget.property(_DESIGNED) or font.pixelSize() / before
            if font.pixelSize() > 0:
                widget.setProperty(_DESIGNED, designed)  # so that rounding does not add up
                font.setPixelSize(max(1, round(designed * now)))
                widget.setFont(font)


def mark_file(name: str) -> str:
    """The file of a sign that a style sheet draws."""
    return (Path(__file__).parent / f"{name}.svg").as_posix()


def size_icon(button: QAbstractButton, pixels: int) -> None:
    """Give a button an icon of so many pixels beside letters of the usual size; it grows with them."""
    button.setProperty(_ICON, pixels)
    button.setIconSize(QSize(fonts.scaled(pixels), fonts.scaled(pixels)))


def resize_font(widget: QWidget, pixels: float) -> None:
    """Give a widget letters of its own, of so many pixels where all others have the usual size; they grow with those. 0: the letters of
    what is around it."""
    widget.setProperty(_DESIGNED, pixels or None)
    font = QFont()
    if pixels:
        font = widget.font()
        font.setPixelSize(fonts.scaled(pixels))
    widget.setFont(font)


def zoom_of(widget: QObject | None) -> float:
    """How many times larger a widget's letters are than the window's; 1 without a widget."""
    pixels = widget.font().pixelSize() if isinstance(widget, QWidget) else 0
    return pixels / fonts.scaled(fonts.UI_SIZE) if pixels > 0 else 1.0


def current() -> Theme:
    """The theme that was applied last. Widgets that paint read it when they paint and repaint on ``changeEvent``."""
    if not _current:
        raise RuntimeError("no theme is in effect yet: call theme.apply(app, theme) before the first widget is made")
    return _current[0]


def palette(theme: Theme) -> QPalette:
    """All roles of all groups, so that nothing is left to the platform's own light or dark."""
    role = QPalette.ColorRole
    result = QPalette()
    colours = {
        role.Window: theme.panel,
        role.WindowText: theme.text,
        role.Base: theme.field,
        role.AlternateBase: mix(theme.field, theme.raised, 0.6),
        role.Text: theme.text,
        role.PlaceholderText: theme.faint,
        role.Button: theme.raised,
        role.ButtonText: theme.text,
        role.BrightText: theme.bad,
        role.ToolTipBase: theme.raised,
        role.ToolTipText: theme.text,
        role.Highlight: theme.selection,
        role.HighlightedText: theme.on_selection,
        role.Link: theme.ready_text,
        role.LinkVisited: theme.ready_text,
        role.Accent: theme.ready,
        role.Light: mix(theme.raised, theme.text, 0.10),
        role.Midlight: mix(theme.raised, theme.text, 0.05),
        role.Mid: theme.border,
        role.Dark: mix(theme.border, QColor("black"), 0.3),
        role.Shadow: QColor("black"),
    }
    for which, colour in colours.items():
        result.setColor(which, colour)
    off = QPalette.ColorGroup.Disabled
    for which in (role.WindowText, role.Text, role.ButtonText, role.HighlightedText):
        result.setColor(off, which, mix(theme.panel, theme.dim, 0.62))
    result.setColor(off, role.Highlight, theme.raised)
    return result


def style_sheet(theme: Theme) -> str:
    """The rules that Fusion and the palette cannot express: radii, hair lines, paddings, tabs, docks, scroll bars."""
    names: dict[str, str] = {
        token: value.name() for token in Theme.__dataclass_fields__ if isinstance(value := getattr(theme, token), QColor)
    }
    names["hover"] = mix(theme.raised, theme.text, 0.06).name()
    names["pressed"] = mix(theme.raised, theme.text, 0.12).name()
    names["handle"] = mix(theme.panel, theme.outline, 0.55).name()
    names["disabled"] = mix(theme.panel, theme.dim, 0.62).name()
    names["past_fill"] = mix(theme.panel, theme.past, 0.12).name()
    names["ready_fill"] = mix(theme.panel, theme.ready, 0.10).name()
    names["warn_fill"] = mix(theme.panel, theme.accent, 0.12).name()
    names["tick"] = "dark" if theme.dark else "light"  # on the colour of a box
    names["bare_tick"] = "light" if theme.dark else "dark"  # on the menu itself
    names |= {f"px{size}": f"{max(1, round(size * fonts.scale()))}px" for size in (12, 14, 15, 16, 20, 24, 34)}
    names["float_right"] = f"{8 + fonts.scaled(20)}px"  # of a dock's buttons, which grow with its title
    names["marks"] = Path(__file__).parent.as_posix()
    return (_SHEET + (_LARGER if fonts.scale() != 1.0 else "")) % names


_LARGER = """
QAbstractButton, QAbstractItemView, QMenu, QTabBar, QComboBox { icon-size: %(px16)s; }
QMenu::indicator { width: %(px16)s; height: %(px16)s; }
QTreeView::branch { width: %(px16)s; }
"""

_SHEET = """
QMainWindow, QDialog { background: %(panel)s; }
QMainWindow::separator { background: %(border)s; width: 1px; height: 1px; }
QMainWindow::separator:hover { background: %(ready)s; }
QToolTip { background: %(raised)s; color: %(text)s; border: 1px solid %(outline)s; padding: 5px 7px; }

QMenuBar { background: %(panel)s; color: %(text)s; border-bottom: 1px solid %(border)s; padding: 2px 6px; }
QMenuBar::item { padding: 4px 9px; border-radius: 5px; background: transparent; }
QMenuBar::item:selected { background: %(hover)s; }
QMenu { background: %(panel)s; color: %(text)s; border: 1px solid %(border)s; padding: 5px; }
QMenu::item { padding: 5px 26px 5px 12px; border-radius: 5px; }
QMenu::item:selected { background: %(selection)s; color: %(on_selection)s; }
QMenu::item:disabled { color: %(disabled)s; }
QMenu::icon { padding-left: 8px; }
QMenu::indicator { width: 16px; height: 16px; padding-left: 4px; }
QMenu::indicator:checked { image: url(%(marks)s/mark-check-%(bare_tick)s.svg); }
QMenu::separator { height: 1px; background: %(border)s; margin: 5px 8px; }

QToolBar { background: %(panel)s; border: none; border-bottom: 1px solid %(border)s; spacing: 3px; padding: 5px 8px; }
QToolBar::separator { background: %(border)s; width: 1px; margin: 5px 6px; }
QToolButton { background: transparent; color: %(text)s; border: 1px solid transparent; border-radius: 7px; padding: 4px 6px; }
QToolButton:hover { background: %(hover)s; }
QToolButton:pressed, QToolButton:checked { background: %(pressed)s; }
QToolButton:focus { border-color: %(ready)s; }
QToolButton:disabled { color: %(disabled)s; }
QToolButton[words="true"] { background: %(raised)s; border-color: %(border)s; }
QToolButton[words="true"]:hover { background: %(hover)s; border-color: %(outline)s; }
QToolButton[words="true"]:pressed, QToolButton[words="true"]:checked { background: %(pressed)s; border-color: %(outline)s; }
QToolButton[words="true"]:focus { border-color: %(ready)s; }
QToolBar QToolButton#qt_toolbar_ext_button { padding: 0; width: 20px; image: url(%(marks)s/mark-down.svg); }
QToolButton[primary="true"]:enabled { background: %(accent)s; color: %(on_accent)s; }
QToolButton[primary="true"]:hover:enabled { background: %(accent_bright)s; }

#pastGroup { background: %(raised)s; border: 1px solid %(border)s; border-radius: 8px; }
#pastGroup[past="true"] { background: %(past_fill)s; border-color: %(past)s; }
#pastGroup[past="true"] #placeLabel { color: %(past)s; font-weight: 600; }
#pastGroup QToolButton { padding: 3px 5px; }
#stateDot { color: %(faint)s; padding: 0 2px 0 8px; }
#stateDot[tone="running"] { color: %(ready)s; }
#stateDot[tone="paused"] { color: %(accent)s; }
#stateDot[tone="good"] { color: %(good)s; }
#stateDot[tone="bad"] { color: %(bad)s; }
#processLabel, #tapeLabel { padding-right: 10px; }
#messageBar { background: %(ready_fill)s; border: none; border-bottom: 1px solid %(border)s; }
#messageBar[kind="bad"] { background: %(bad_fill)s; }
#messageBar[kind="warning"] { background: %(warn_fill)s; }

QPushButton { background: %(raised)s; color: %(text)s; border: 1px solid %(outline)s; border-radius: 7px; padding: 5px 14px; }
QPushButton:hover { background: %(hover)s; }
QPushButton:pressed { background: %(pressed)s; }
QPushButton:focus { border-color: %(ready)s; }
QPushButton:default { border: 1px solid %(ready)s; }
QPushButton:disabled { color: %(disabled)s; border-color: %(border)s; }
QPushButton[primary="true"]:enabled { background: %(accent)s; color: %(on_accent)s; border-color: %(accent)s; font-weight: 600; }
QPushButton[primary="true"]:hover:enabled { background: %(accent_bright)s; }

QPushButton[role="entry"] { background: transparent; border: 1px solid transparent; text-align: left; padding: 0; }
QPushButton[role="entry"]:hover { background: %(hover)s; }
QPushButton[role="entry"]:pressed { background: %(pressed)s; }
QPushButton[role="entry"]:focus { border-color: %(ready)s; }
#welcomeTitle { font-size: %(px34)s; font-weight: 700; }

QLineEdit, QAbstractSpinBox, QComboBox, QPlainTextEdit, QTextEdit {
    background: %(field)s; color: %(text)s; border: 1px solid %(outline)s; border-radius: 6px; padding: 3px 7px;
    selection-background-color: %(selection)s; selection-color: %(on_selection)s; placeholder-text-color: %(faint)s; }
QPlainTextEdit, QTextEdit { border: none; border-radius: 0; padding: 2px; }
QPlainTextEdit[role="field"] { border: 1px solid %(outline)s; border-radius: 6px; }
QPlainTextEdit[role="field"]:focus { border-color: %(ready)s; }
QPlainTextEdit[role="field"]:disabled { color: %(disabled)s; border-color: %(border)s; }
#tourBubble { background: %(panel)s; border: 2px solid %(accent)s; border-radius: 10px; }
#chooser { background: %(panel)s; border: 1px solid %(outline)s; border-radius: 10px; }
#chooserNote { padding: 10px 14px; }
#graphTitle { padding: 5px 8px 5px 14px; }
QLineEdit:focus, QAbstractSpinBox:focus, QComboBox:focus { border-color: %(ready)s; }
QLineEdit:disabled, QComboBox:disabled, QAbstractSpinBox:disabled {
    color: %(disabled)s; placeholder-text-color: %(disabled)s; border-color: %(border)s; }
QComboBox { padding: 3px 22px 3px 9px; }
QComboBox::drop-down { border: none; width: 22px; }
QComboBox::down-arrow { image: url(%(marks)s/mark-down.svg); width: 12px; height: 12px; }
QAbstractSpinBox { padding-right: 18px; }
QComboBox[role="tight"] { padding: 3px 2px 3px 7px; }
QAbstractSpinBox[role="tight"] { padding: 3px 4px 3px 7px; min-width: 58px; }
QAbstractSpinBox::up-button { subcontrol-origin: border; subcontrol-position: top right; width: 18px; border: none; background: none; }
QAbstractSpinBox::down-button { subcontrol-origin: border; subcontrol-position: bottom right; width: 18px; border: none; background: none; }
QAbstractSpinBox::up-arrow { image: url(%(marks)s/mark-up.svg); width: 10px; height: 10px; }
QAbstractSpinBox::down-arrow { image: url(%(marks)s/mark-down.svg); width: 10px; height: 10px; }
QCheckBox { spacing: 7px; }
QCheckBox::indicator, QGroupBox::indicator, QAbstractItemView::indicator { width: %(px14)s; height: %(px14)s; border: 1px solid %(outline)s;
    border-radius: 4px; background: %(field)s; }
QCheckBox::indicator:focus { border-color: %(ready)s; }
QCheckBox::indicator:checked, QGroupBox::indicator:checked, QAbstractItemView::indicator:checked { background: %(ready)s;
    border-color: %(ready)s; image: url(%(marks)s/mark-check-%(tick)s.svg); }
QCheckBox::indicator:disabled { border-color: %(border)s; }
QRadioButton { spacing: 7px; }
QRadioButton::indicator { width: %(px14)s; height: %(px14)s; border: 1px solid %(outline)s; border-radius: 8px; background: %(field)s; }
QRadioButton::indicator:focus { border-color: %(ready)s; }
QRadioButton::indicator:checked { background: qradialgradient(cx: 0.5, cy: 0.5, radius: 0.5, fx: 0.5, fy: 0.5,
    stop: 0 %(ready)s, stop: 0.5 %(ready)s, stop: 0.6 %(field)s, stop: 1 %(field)s); border-color: %(ready)s; }
QComboBox QAbstractItemView { background: %(panel)s; border: 1px solid %(border)s; padding: 4px; outline: none; }

QAbstractItemView { background: %(field)s; color: %(text)s; border: none; outline: none; alternate-background-color: %(raised)s; }
QTreeView, QListView, QTableView { background: %(panel)s; }
QTreeView::item, QListView::item { min-height: %(px24)s; padding: 0 4px; }
QAbstractItemView::item:hover { background: %(hover)s; }
QAbstractItemView::item:selected { background: %(selection)s; color: %(on_selection)s; }
QHeaderView { background: %(panel)s; }
QHeaderView::section { background: %(panel)s; color: %(dim)s; border: none; border-bottom: 1px solid %(border)s; padding: 5px 7px;
    font-weight: 500; }
QTableView > QHeaderView::section { padding: 5px 3px; }
EventTreeView > QHeaderView::section { padding: 5px 6px; }
QTableCornerButton::section { background: %(panel)s; border: none; }

QTabWidget::pane { border: none; border-top: 1px solid %(border)s; }
QTabBar { background: %(panel)s; qproperty-drawBase: 0; }
QTabBar::tab { background: transparent; color: %(dim)s; padding: 8px 9px 7px 9px; border: none; border-bottom: 2px solid transparent;
    font-weight: 500; }
TabPages QTabBar::tab { padding: 8px 7px 7px 7px; }
QTabBar::tab:selected { color: %(text)s; border-bottom-color: %(accent)s; font-weight: 600; }
QTabBar::tab:hover:!selected { color: %(text)s; }
QTabBar::tab:focus { color: %(ready_text)s; }
QTabBar::scroller { width: 52px; }
QTabBar::tear { width: 0; image: none; }
QTabBar QToolButton { background: %(raised)s; border: 1px solid %(outline)s; border-radius: 5px; margin: 4px 1px; padding: 0; }
QTabBar QToolButton:hover { background: %(hover)s; }
QTabBar QToolButton:disabled { border-color: transparent; background: %(panel)s; }
QTabBar QToolButton::left-arrow { image: url(%(marks)s/mark-left.svg); width: 12px; height: 12px; }
QTabBar QToolButton::right-arrow { image: url(%(marks)s/mark-right.svg); width: 12px; height: 12px; }
QTabBar QToolButton::left-arrow:disabled, QTabBar QToolButton::right-arrow:disabled { image: none; }
QDockWidget { color: %(text)s; font-weight: 600; titlebar-close-icon: url(%(marks)s/mark-close.svg);
    titlebar-normal-icon: url(%(marks)s/mark-float.svg); }
QDockWidget::close-button, QDockWidget::float-button { border: none; border-radius: 4px; padding: 0; subcontrol-origin: margin;
    subcontrol-position: top right; position: absolute; top: -2px; bottom: -2px; width: %(px20)s; }
QDockWidget::close-button { right: 6px; }
QToolButton[role="chain"] { border: none; border-radius: 4px; padding: 0; background: transparent; }
QToolButton[role="chain"]:hover { background: %(hover)s; }
QDockWidget::float-button { right: %(float_right)s; }
QDockWidget::close-button:hover, QDockWidget::float-button:hover { background: %(hover)s; }
QDockWidget::title { background: %(panel)s; padding: 7px 10px; border-bottom: 1px solid %(border)s; text-align: left; }

QStatusBar { background: %(panel)s; color: %(dim)s; border-top: 1px solid %(border)s; }
QStatusBar::item { border: none; }
QGroupBox { border: 1px solid %(border)s; border-radius: 8px; margin-top: 10px; padding: 10px; }
QGroupBox::title { subcontrol-origin: margin; left: 10px; padding: 0 4px; color: %(dim)s; }
QProgressBar { background: %(raised)s; border: none; border-radius: 3px; height: 6px; text-align: center; color: %(text)s; }
QProgressBar::chunk { background: %(ready)s; border-radius: 3px; }
QSlider::groove:horizontal { background: %(border)s; height: 4px; border-radius: 2px; }
QSlider::sub-page:horizontal { background: %(outline)s; height: 4px; border-radius: 2px; }
QSlider::handle:horizontal { background: %(raised)s; border: 1px solid %(outline)s; border-radius: 6px; width: 11px; margin: -5px 0; }
QSlider::handle:horizontal:hover, QSlider::handle:horizontal:focus { border-color: %(ready)s; }
QSplitter::handle { background: %(border)s; }

QScrollBar:vertical { background: transparent; width: 12px; margin: 0; }
QScrollBar:horizontal { background: transparent; height: 12px; margin: 0; }
QScrollBar::handle { background: %(handle)s; border-radius: 4px; margin: 2px; }
QScrollBar::handle:vertical { min-height: 28px; }
QScrollBar::handle:horizontal { min-width: 28px; }
QScrollBar::handle:hover { background: %(outline)s; }
QAbstractScrollArea::corner { background: transparent; border: none; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }

QLabel[role="dim"] { color: %(dim)s; }
QLabel[role="dim"]:disabled { color: %(disabled)s; }
QLabel[role="faint"] { color: %(faint)s; }
QLabel[role="title"] { font-size: %(px15)s; font-weight: 600; }
QLabel[role="heading"] { font-weight: 600; }
QLabel[role="bad"] { color: %(bad)s; }
QFrame[role="card"] { background: %(raised)s; border: 1px solid %(border)s; border-radius: 8px; }
QFrame[role="line"] { background: %(border)s; border: none; max-height: 1px; }
"""
