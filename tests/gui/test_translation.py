from PySide6.QtCore import QCoreApplication, QTranslator

from gradstep.gui.translation import is_right_to_left, translate


class German(QTranslator):
    def translate(self, context, text, comment=None, n=-1):
        if text == "%n value(s) (is|are) shown":
            return "Ein Wert" if n == 1 else "%n Werte"
        return "Hallo" if (context, text) == ("Here", "Hello") else None


def test_one_and_many_have_their_english_forms():
    text = "%n value(s) (is|are) shown"
    assert translate("Here", text, 1) == "1 value is shown"
    assert translate("Here", text, 0) == "0 values are shown"
    assert translate("Here", text, 3) == "3 values are shown"


def test_a_text_that_counts_nothing_keeps_its_brackets():
    assert translate("Here", "Export (all)") == "Export (all)"


def test_a_translation_is_found_by_its_context(qapp):
    german = German()
    QCoreApplication.installTranslator(german)
    try:
        assert translate("Here", "Hello") == "Hallo"
        assert translate("There", "Hello") == "Hello"
        assert translate("Here", "%n value(s) (is|are) shown", 4) == "4 Werte"
    finally:
        QCoreApplication.removeTranslator(german)


def test_a_text_has_the_direction_of_its_first_letter_and_numbers_alone_that_of_latin():
    assert is_right_to_left("\u05e0\u05e9\u05de\u05e8 run.gst")
    assert is_right_to_left("12 \u0645\u0648\u062a\u0631")
    assert not is_right_to_left("run.gst \u05e0\u05e9\u05de\u05e8")
    assert not is_right_to_left("6\u00d76\u00d72")
    assert not is_right_to_left("")
