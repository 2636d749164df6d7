from pathlib import Path

from PySide6.QtGui import QFont, QFontInfo, QFontMetrics, QFontMetricsF

from gradstep.gui.theme import fonts, load_fonts, mono_font, ui_font

SIGNS = "\N{MULTIPLICATION SIGN}\N{MIDDLE DOT}…→\N{MINUS SIGN}\N{EN DASH}≤≥∂Σσμ∞√"
FOLDER = Path(fonts.__file__).parent


def test_qt_takes_every_bundled_file(qapp):
    assert set(load_fonts()) == {file.name for file in FOLDER.glob("*.ttf")}
    assert load_fonts() == load_fonts()


def test_both_families_are_found_and_not_replaced(qapp):
    load_fonts()
    for weight in (QFont.Weight.Normal, QFont.Weight.Medium, QFont.Weight.DemiBold, QFont.Weight.Bold):
        info = QFontInfo(ui_font(13, weight))
        assert info.family().startswith("Inter")
        assert info.weight() == weight
    for weight in (QFont.Weight.Normal, QFont.Weight.Bold):
        assert QFontInfo(mono_font(12, weight)).family() == "JetBrains Mono"


def test_mono_is_mono(qapp):
    load_fonts()
    metrics = QFontMetricsF(mono_font(12))
    assert metrics.horizontalAdvance("iiii") == metrics.horizontalAdvance("WWWW")


def test_the_signs_that_the_window_writes_are_in_the_fonts(qapp):
    load_fonts()
    for font in (ui_font(), mono_font()):
        metrics = QFontMetrics(font)
        assert [sign for sign in SIGNS if not metrics.inFontUcs4(ord(sign))] == []


def test_the_licence_lies_beside_each_family():
    for name in ("OFL-Inter.txt", "OFL-JetBrainsMono.txt"):
        text = (FOLDER / name).read_text()
        assert "SIL OPEN FONT LICENSE Version 1.1" in text
        assert text.startswith("Copyright")
