"""The door lets in the one peer that knows the key, whoever else knocks, and a channel survives any reader."""

import os
import socket
import stat

import pytest

from gradstep.engine.debug.link import CANDIDATES, HANDSHAKE_SECONDS, Channel, Door
from gradstep.engine.debug.protocol import Event, Handshake, Role, encode

KEY = b"k" * 32


@pytest.fixture
def refusals():
    return []


@pytest.fixture
def door(tmp_path, refusals):
    door = Door(str(tmp_path / "control"), KEY, refusals.append)
    yield door
    door.close()


@pytest.fixture
def knock(door, tmp_path):
    peers = []

    def knock():
        peer = socket.socket(socket.AF_UNIX)
        peer.connect(str(tmp_path / "control"))
        peers.append(peer)
        return peer, door.accept(0.0)

    yield knock
    for peer in peers:
        peer.close()


def prove(peer, key=KEY):
    client = Handshake(Role.CLIENT, key)
    peer.sendall(client.greeting() + client.feed(peer.recv(4096)))
    return client


def test_the_socket_is_for_its_owner_alone(door, tmp_path):
    assert stat.S_IMODE(os.stat(tmp_path / "control").st_mode) == 0o600


def test_who_knows_the_key_comes_in_and_the_door_is_gone(door, knock, tmp_path):
    peer, connection = knock()
    prove(peer)
    channel = door.hear(connection)
    assert channel is not None
    assert not (tmp_path / "control").exists()
    channel.send(Event("hello"))
    channel.close("done")


def test_who_does_not_know_the_key_is_sent_away_and_the_right_one_still_comes_in(door, knock, refusals):
    wrong, connection = knock()
    prove(wrong, b"x" * 32)
    assert door.hear(connection) is None
    assert "key" in refusals[0]
    right, connection = knock()
    prove(right)
    channel = door.hear(connection)
    assert channel is not None
    channel.close("done")


@pytest.mark.parametrize("noise", [b"GET / HTTP/1.0\r\n\r\n", b"\0" * 600, b"x" * 600 + b"\n", os.urandom(2000)])
def test_noise_is_sent_away(door, knock, refusals, noise):
    peer, connection = knock()
    peer.sendall(noise)
    assert door.hear(connection) is None
    assert len(refusals) == 1
    assert connection not in door.candidates


def test_a_peer_that_says_nothing_or_a_byte_at_a_time_holds_nobody_up(door, knock, refusals):
    knock()
    slow, slowly = knock()
    slow.sendall(b"g")
    assert door.hear(slowly) is None
    assert door.late(HANDSHAKE_SECONDS - 1) == []
    right, connection = knock()
    prove(right)
    channel = door.hear(connection)
    assert channel is not None
    assert refusals == ["somebody else came first"] * 2
    channel.close("done")


def test_a_peer_that_takes_too_long_is_late(door, knock, refusals):
    _, connection = knock()
    assert door.late(HANDSHAKE_SECONDS) == [connection]
    door.refuse(connection, "no answer in time")
    assert refusals == ["no answer in time"]


def test_in_a_crowd_the_one_that_has_waited_longest_goes_first(door, knock, refusals):
    crowd = [knock()[1] for _ in range(CANDIDATES - 1)]
    assert door.crowded == []
    crowd.append(knock()[1])
    assert door.crowded == [crowd[0]]


def test_a_peer_that_hangs_up_is_forgotten(door, knock, refusals):
    peer, connection = knock()
    peer.close()
    assert door.hear(connection) is None
    assert refusals == ["the peer went away"]


def test_a_channel_keeps_what_its_reader_does_not_take_and_loses_nothing():
    ours, theirs = socket.socketpair()
    channel = Channel(ours)
    messages = [Event("output", {"number": number}, os.urandom(50_000)) for number in range(40)]
    for message in messages:
        channel.send(message)
    assert channel.waiting > 0
    reader, got = Channel(theirs), []
    while len(got) < len(messages):
        got += list(reader.receive())
        channel.flush()
    assert got == messages
    assert channel.waiting == 0
    channel.close("done")
    assert list(reader.receive()) == []
    assert reader.closed == "the other side closed the link"


def test_a_garbled_link_is_closed_and_says_why():
    ours, theirs = socket.socketpair()
    channel = Channel(ours)
    theirs.sendall(encode(Event("good")) + b"garbage garbage garbage")
    assert [message.event for message in channel.receive()] == ["good"]
    assert "another language" in channel.closed
    theirs.close()


def test_the_last_words_of_one_who_went_away_are_heard_though_nothing_can_be_sent_to_it():
    ours, theirs = socket.socketpair()
    channel = Channel(ours)
    theirs.sendall(encode(Event("refused", {"message": "no numpy"})))
    theirs.close()
    channel.send(Event("configuration", {}))
    channel.send(Event("more", {}))
    assert not channel.waiting
    assert [message.event for message in channel.receive()] == ["refused"]
    assert channel.closed
