import numpy as np
import pytest

from gradstep.gui.canvas.dress import dimmed
from gradstep.gui.canvas.ink import BAD, RAMP_FIRST, RAMP_STEPS, THIN, ZERO, NormScale, edge_inks, node_ink
from gradstep.gui.canvas.status import ALERT, Look, look_of
from gradstep.gui.categories import CATEGORIES
from gradstep.gui.theme import CONTRAST, DARK, LIGHT, contrast


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
@pytest.mark.parametrize("state", [*Look, *(look + ALERT for look in Look)])
@pytest.mark.parametrize("category", CATEGORIES)
def test_the_text_of_every_node_can_be_read(theme, category: str, state: int):
    ink = node_ink(theme, category, state)
    assert contrast(ink.text, ink.fill) >= 4.5
    assert contrast(ink.detail, ink.fill) >= 4.5


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
def test_larger_norms_are_wider_lines_too(theme):
    inks = edge_inks(theme)
    widths = [inks[RAMP_FIRST + step][1] for step in range(RAMP_STEPS)]
    assert widths == sorted(widths)
    assert widths[0] < widths[-1]
    assert all(inks[kind + THIN][1] <= inks[kind][1] for kind in range(THIN) if kind in inks)


def test_the_scale_grows_by_decades_and_never_shrinks():
    scale = NormScale().including(np.array([3e-7, 12.0]))
    assert (scale.low, scale.high) == (-7, 2)
    assert scale.including(np.array([0.5])) == scale
    assert scale.including(np.array([np.inf, np.nan, 0.0])) == scale


def test_norms_take_the_steps_of_the_ramp_and_zero_its_own_sign():
    inks = NormScale(-4, 0).inks(np.array([1e-9, 1e-4, 1e-2, 1.0, 50.0, 0.0]))
    assert inks.tolist() == [
        RAMP_FIRST, RAMP_FIRST, RAMP_FIRST + RAMP_STEPS // 2, RAMP_FIRST + RAMP_STEPS - 1, RAMP_FIRST + RAMP_STEPS - 1, ZERO,
    ]  # fmt: skip
    assert BAD not in inks


def test_a_status_is_known_by_its_name():
    assert look_of("done") is Look.DONE
    assert look_of(Look.READY) is Look.READY
    with pytest.raises(ValueError, match="no such status of a node: 'gone'"):
        look_of("gone")


def test_in_high_contrast_the_words_of_a_dimmed_node_can_still_be_read():
    ink = node_ink(CONTRAST, "elementwise", int(Look.PENDING))
    faint = dimmed(CONTRAST, ink)
    assert contrast(faint.text, faint.fill) >= 4.5
    assert contrast(faint.detail, faint.fill) >= 3
    assert contrast(faint.text, faint.fill) < contrast(ink.text, ink.fill) / 2
