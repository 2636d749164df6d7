"""Loops are found by what repeats."""

import numpy as np
import pytest

from gradstep.gui.folding.repeats import repeats


def found(text: str, least: int = 1) -> list[tuple[int, int, int]]:
    items = np.array([ord(letter) for letter in text], np.int64)
    return repeats(items, np.ones(len(items), np.int64), least)


@pytest.mark.parametrize(
    ("text", "loops"),
    [
        ("", []),
        ("abcdef", []),
        ("abab", []),  # twice is no loop
        ("xaaay", [(1, 1, 3)]),
        ("xabababy", [(1, 2, 3)]),
        ("aaab" * 3, [(0, 4, 3)]),  # the loop that covers most, not the small ones in it
        ("aaaa", [(0, 1, 4)]),  # and not "aa" twice
        ("xabcabcabcaby", [(1, 3, 3)]),  # a turn that was begun is no turn
        ("aaaxbcbcbc", [(0, 1, 3), (4, 2, 3)]),
    ],
)
def test_loops_from_left_to_right(text, loops):
    assert found(text) == loops


def test_a_loop_of_little_is_none():
    assert found("xaaay", least=4) == []
    assert found("xaaay", least=3) == [(1, 1, 3)]


def test_what_has_no_size_does_not_count():
    items, sizes = np.array([1, 2, 1, 2, 1, 2], np.int64), np.array([1, 0, 1, 0, 1, 0], np.int64)
    assert repeats(items, sizes, 4) == []
    assert repeats(items, sizes, 3) == [(0, 2, 3)]


def test_no_two_loops_share_an_item():
    random = np.random.default_rng(0)
    for _ in range(200):
        items = random.integers(0, 3, 60)
        loops = repeats(items, np.ones(60, np.int64), 3)
        for begin, period, times in loops:
            turn = items[begin : begin + period]
            assert (items[begin : begin + period * times].reshape(times, period) == turn).all()
        ends = [begin + period * times for begin, period, times in loops]
        assert all(end <= begin for end, (begin, _, _) in zip(ends, loops[1:], strict=False))
