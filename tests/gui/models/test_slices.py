"""A typed index is read as NumPy reads it, and what names nothing is said."""

from __future__ import annotations

import numpy as np
import pytest

from gradstep.engine.tape.overview import Plane, first_plane
from gradstep.gui.models.slices import element_of, plane_of

SHAPE = (4, 5, 6, 7)


@pytest.mark.parametrize(
    ("text", "index"),
    [
        ("[..., 3, :]", None), ("3, 4", np.s_[3, 4]), ("[1, :, 2, :]", np.s_[1, :, 2, :]), ("[-1, -2]", np.s_[-1, -2]),
        ("[:, 0, :, -1]", np.s_[:, 0, :, -1]), ("[..., 3, 1]", np.s_[..., 3, 1]), ("2, 1, 0", np.s_[2, 1, 0]),
        ("[1, 1, 1, 1]", np.s_[1, 1, 1, 1]),
        ("[0, ..., 0,]", np.s_[0, ..., 0]),
    ],
)  # fmt: skip
def test_an_index_shows_what_numpy_gives(text: str, index: object) -> None:
    value = np.arange(np.prod(SHAPE)).reshape(SHAPE)
    plane = plane_of(text, SHAPE, first_plane(SHAPE))
    rows, columns = plane.size(SHAPE)
    shown = plane.oriented(value[plane.index(SHAPE, (0, rows, 0, columns))])
    if index is None:  # three free dimensions: the first of them stays where it was
        assert shown.tolist() == value[0, :, 3, :].tolist()
    else:
        assert shown.ravel().tolist() == np.asarray(value[index]).ravel().tolist()


def test_a_dimension_that_is_not_shown_stays_where_it_is() -> None:
    assert plane_of("[..., 2, :]", SHAPE, Plane(2, 3, (3, 0, 0, 0))).text() == "[3, :, 2, :]"


def test_t_turns_the_plane() -> None:
    plane = plane_of("[0, 1].T", SHAPE, first_plane(SHAPE))
    assert (plane.rows, plane.columns) == (3, 2)
    assert plane_of(plane.text(), SHAPE, first_plane(SHAPE)) == plane


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[9]", "9 is out of range: dimension 0 has 4"), ("[1, 2, 3, 4, 5]", "5 indices for 4 dimensions"), ("[x]", "'x' is no index"),
        ("[..., ...]", "one ... is enough"), ("[1:2]", "'1:2' is no index"),
    ],
)  # fmt: skip
def test_what_names_nothing_is_said(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words.replace("...", r"\.\.\.")):
        plane_of(text, SHAPE, first_plane(SHAPE))


@pytest.mark.parametrize(
    ("text", "index"), [("1, 2, 3, 4", (1, 2, 3, 4)), ("[-1, -1, -1, -1]", (3, 4, 5, 6)), ("839", (3, 4, 5, 6)), ("-840", (0, 0, 0, 0))]
)
def test_one_element_is_named_by_its_index_or_its_place(text: str, index: tuple[int, ...]) -> None:
    assert element_of(text, SHAPE) == index


@pytest.mark.parametrize("text", ["", "1, 2", "4, 0, 0, 0", "840", "a"])
def test_no_such_element(text: str) -> None:
    with pytest.raises(ValueError, match=r"index|indices|element|range"):
        element_of(text, SHAPE)
