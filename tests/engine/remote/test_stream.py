"""Bytes that are kept until the other side has them."""

from __future__ import annotations

import random

import pytest

from gradstep.engine.debug.protocol import ProtocolError
from gradstep.engine.remote.stream import Outgoing


def test_a_stream_over_connections_that_break_arrives_once_and_whole() -> None:
    chance = random.Random(0)
    for _ in range(200):
        whole, came, stream = chance.randbytes(chance.randrange(500)), b"", Outgoing()
        given = 0
        while len(came) < len(whole):
            more = whole[given : given + chance.randrange(60)]
            stream.add(more)
            given += len(more)
            place, piece = stream.due(chance.randrange(1, 50), stream.end)
            if chance.random() < 0.3:  # it is lost on its way, and all behind it
                stream.again(len(came))
                continue
            assert place == len(came)
            came += piece
            if chance.random() < 0.5:
                stream.heard(len(came))
        assert came == whole


def test_what_the_other_side_has_is_not_kept() -> None:
    stream = Outgoing()
    stream.add(b"abcdef")
    assert stream.due(4, stream.end) == (0, b"abcd")
    stream.heard(3)
    assert stream.kept == 3
    assert stream.due(10, 5) == (4, b"e")
    assert stream.due(10, 5) == (5, b"")


@pytest.mark.parametrize("place", [-1, 7, 1, None, "2", 2.0])
def test_a_place_that_cannot_be_is_refused(place: object) -> None:
    stream = Outgoing()
    stream.add(b"abcdef")
    stream.due(4, stream.end)
    stream.heard(2)
    with pytest.raises(ProtocolError):
        stream.again(place)
    with pytest.raises(ProtocolError):
        stream.heard(5)  # it was never sent
