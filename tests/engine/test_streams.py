"""Streams of random words: known answers, and going back to where a stream was."""

from __future__ import annotations

import numpy
import pytest

from gradstep.engine import devices
from gradstep.engine.streams import MersenneTwister, Philox, Stream


def streams() -> list[Stream]:
    return [MersenneTwister(5), Philox(5, devices.CPU)]


def test_the_twister_gives_the_words_of_its_authors() -> None:
    assert MersenneTwister(5489).words(3).tolist() == [3499211612, 581869302, 3890346734]


def test_philox_gives_the_words_of_its_authors() -> None:
    stream = Philox(0, devices.CPU)
    assert [f"{w:08x}" for w in stream.words(4).tolist()] == ["6627e8d5", "e169c58d", "bc57ac4c", "9b00dbd8"]


@pytest.mark.parametrize("stream", streams(), ids=lambda s: type(s).__name__)
def test_restoring_repeats_the_words_exactly(stream: Stream) -> None:
    stream.words(7)
    stream.next_normal = 0.25
    kept = stream.snapshot()
    first, number = stream.words(1000), stream.double()
    stream.next_normal = None
    for _ in range(2):
        stream.restore(kept)
        numpy.testing.assert_array_equal(stream.words(1000), first)
        assert stream.double() == number
        assert stream.next_normal in (0.25, None)
    stream.restore(kept)
    assert stream.next_normal == 0.25


@pytest.mark.parametrize("stream", streams(), ids=lambda s: type(s).__name__)
def test_a_snapshot_survives_a_new_seed(stream: Stream) -> None:
    kept = stream.snapshot()
    words = stream.words(5)
    stream.begin(99)
    assert stream.words(5).tolist() != words.tolist()
    stream.restore(kept)
    assert stream.words(5).tolist() == words.tolist()


@pytest.mark.parametrize("stream", streams(), ids=lambda s: type(s).__name__)
def test_packed_states_are_read_back(stream: Stream) -> None:
    stream.begin(11)
    stream.words(8)
    packed = stream.pack(11)
    words = stream.words(9)
    stream.begin(3)
    assert stream.unpack(packed) == 11
    assert stream.words(9).tolist() == words.tolist()
    with pytest.raises(RuntimeError, match="size"):
        stream.unpack(packed[:-1])


def test_a_snapshot_costs_nothing_while_nothing_is_drawn() -> None:
    stream = MersenneTwister(1)
    assert stream.snapshot()[0] is stream.snapshot()[0]
    before = stream.snapshot()
    stream.words(1)
    assert stream.snapshot()[0] is not before[0]
