"""The picture of a heat map on screens of one and of two pixels a point."""

import numpy as np
import pytest

from gradstep.gui import theme
from gradstep.gui.panels.heat_picture import Overlay, _mark


@pytest.mark.parametrize("ratio", [1, 2, 3])
def test_the_lines_of_a_hatch_go_down_pixel_by_pixel_on_any_screen(qapp, ratio):
    theme.apply(qapp, theme.LIGHT)
    pixels = np.zeros((30 * ratio, 30 * ratio), np.uint32)
    _mark(pixels, np.full(pixels.shape, Overlay.NAN, np.uint8), True, ratio)
    line = pixels == theme.current().bad.rgb()
    assert line[0, : 6 * ratio].sum() == 2 * ratio  # of a period, the same share whatever the screen
    assert np.array_equal(line[1:, :-1], line[:-1, 1:])  # each row is the one above, moved by one pixel
