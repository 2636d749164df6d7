"""The colours of numbers, looked at as people without one kind of cones see them."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pytest
from PySide6.QtGui import QColor

from gradstep.gui.theme import CONTRAST, DARK, LIGHT, MAPS, Theme, mapped

Colour = npt.NDArray[np.float64]
APART = 8.0  # CIE76; about 2.3 can just be told apart side by side

# linear RGB as dichromats see it: Machado, Oliveira and Fernandes, 2009, table 1, severity 1.0
SIGHT = {
    "all cones": np.eye(3),
    "no long": np.array([[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]),
    "no middle": np.array([[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]),
    "no short": np.array([[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]),
}
every = pytest.mark.parametrize("theme", [mapped(base, name) for base in (LIGHT, DARK, CONTRAST) for name in MAPS], ids=lambda t: t.name)


def linear(colour: QColor) -> Colour:
    c = np.array(colour.getRgbF()[:3])
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)


def lab(rgb: Colour) -> Colour:
    """CIE L*a*b* of linear RGB, D65."""
    xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]) @ rgb / [0.9505, 1.0, 1.089]
    f = np.where(xyz > 216 / 24389, np.cbrt(xyz), (24389 / 27 * xyz + 16) / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def seen(colour: QColor, sight: str) -> Colour:
    return lab(np.clip(SIGHT[sight] @ linear(colour), 0, 1))


@every
@pytest.mark.parametrize("sight", SIGHT)
def test_neighbours_and_signs_can_be_told_apart_by_everybody(theme: Theme, sight: str) -> None:
    for colours in (theme.ramp, theme.negative, theme.positive):
        for one, other in pairwise(colours):
            assert np.linalg.norm(seen(one, sight) - seen(other, sight)) >= APART, (one.name(), other.name())
    assert np.linalg.norm(seen(theme.negative[-1], sight) - seen(theme.positive[-1], sight)) >= 3 * APART


@every
def test_lightness_alone_says_what_is_larger(theme: Theme) -> None:
    for colours in (theme.ramp, theme.negative, theme.positive):
        steps = np.diff([seen(colour, "all cones")[0] for colour in colours])
        assert (steps > 5).all() or (steps < -5).all()


def test_a_map_changes_the_colours_of_numbers_and_nothing_else() -> None:
    other = mapped(DARK, "cividis")
    assert other.ramp != DARK.ramp
    assert other.text is DARK.text
    assert other.name != DARK.name
    assert mapped(DARK, "standard") is DARK
    with pytest.raises(KeyError, match="standard, viridis"):
        mapped(DARK, "rainbow")


def test_high_contrast_stays_so_with_any_map_of_colours():
    assert all(mapped(CONTRAST, name).is_strong for name in MAPS)
    assert not any(mapped(theme, name).is_strong for theme in (LIGHT, DARK) for name in MAPS)
