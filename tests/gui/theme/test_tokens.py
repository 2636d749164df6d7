import pytest
from PySide6.QtGui import QColor

from gradstep.gui.theme import CONTRAST, DARK, LIGHT, Theme, contrast, mix

ENOUGH = 4.5

both = pytest.mark.parametrize("theme", [LIGHT, DARK, CONTRAST], ids=lambda theme: theme.name)


def test_contrast_is_21_between_black_and_white_and_1_with_itself():
    assert contrast(QColor("black"), QColor("white")) == pytest.approx(21.0)
    assert contrast(QColor("#777777"), QColor("#777777")) == pytest.approx(1.0)
    assert contrast(QColor("#767676"), QColor("white")) == pytest.approx(4.54, abs=0.01)


def test_mix_goes_from_one_colour_to_the_other():
    black, white = QColor("black"), QColor("white")
    assert mix(black, white, 0.0).name() == "#000000"
    assert mix(black, white, 1.0).name() == "#ffffff"
    assert mix(black, white, 0.5).name() == "#808080"


@both
@pytest.mark.parametrize("token", ["text", "dim", "faint", "accent_text", "ready_text", "good", "bad", "past"])
def test_every_text_can_be_read_on_every_surface(theme: Theme, token: str):
    text = getattr(theme, token)
    for surface in ("canvas", "panel", "raised", "field"):
        assert contrast(text, getattr(theme, surface)) >= ENOUGH, f"{token} on {surface}"


@both
def test_text_on_coloured_fills_can_be_read(theme: Theme):
    assert contrast(theme.on_accent, theme.accent) >= ENOUGH
    assert contrast(theme.on_accent, theme.accent_bright) >= ENOUGH
    assert contrast(theme.on_selection, theme.selection) >= ENOUGH
    assert contrast(theme.bad, theme.bad_fill) >= ENOUGH
    assert contrast(theme.pending_text, theme.pending_fill) >= ENOUGH
    for fill in theme.group_fills:
        assert contrast(theme.group_text, fill) >= ENOUGH
        assert contrast(theme.faint, fill) >= ENOUGH


@both
def test_controls_and_states_stand_out_from_the_surface(theme: Theme):
    for token in ("outline", "ready", "bad", "good"):
        assert contrast(getattr(theme, token), theme.panel) >= 3.0, token


@both
def test_an_op_has_the_hue_of_its_family_under_every_spelling(theme: Theme):
    assert theme.category("mm") is theme.categories["linalg"]
    assert theme.category("AddmmBackward0") is theme.categories["linalg"]
    assert theme.category("torch.relu_") is theme.categories["activation"]
