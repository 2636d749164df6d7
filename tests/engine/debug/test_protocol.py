"""Frames survive any cut, refuse what is not theirs, and a peer without the key gets nowhere."""

import contextlib
import json
import random
import struct

import pytest

from gradstep.engine.debug import protocol
from gradstep.engine.debug.protocol import (
    HANDSHAKE_CAP,
    HEADER_CAP,
    RAW_CAP,
    Decoder,
    Event,
    Handshake,
    ProtocolError,
    Refused,
    Request,
    Response,
    Role,
    encode,
)

MESSAGES = [
    Request(1, "launch", {"script": "träin & \U0001f600.py", "args": ["a b", "\udcff", ""]}),
    Response(1, "launch"),
    Response(2, "value", False, "no such tensor"),
    Response(3, "value", True, "", {"shape": [2, 3]}, bytes(range(256))),
    Event("stopped", {"reason": "entry", "node": 3}),
    Event("output", {"category": "stdout"}, b"\0\xff\n" * 1000),
]


def frame(header, raw=b"", magic=b"GS", version=protocol.VERSION):
    return struct.pack(">2sHII", magic, version, len(header), len(raw)) + header + raw


@pytest.mark.parametrize("size", [1, 2, 7, 13, 100_000])
def test_messages_come_out_whole_however_the_bytes_are_cut(size):
    data = b"".join(encode(message) for message in MESSAGES)
    decoder = Decoder()
    got = [message for start in range(0, len(data), size) for message in decoder.feed(data[start : start + size])]
    assert got == MESSAGES


def test_arguments_arrive_byte_for_byte():
    (got,) = Decoder().feed(encode(MESSAGES[0]))
    assert got.arguments["args"] == ["a b", "\udcff", ""]


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.1\r\n",
        b"X",
        b"G!",
        frame(b"{}", magic=b"SG"),
        frame(b"{}", version=protocol.VERSION + 1),
        struct.pack(">2sHII", b"GS", protocol.VERSION, HEADER_CAP + 1, 0),
        struct.pack(">2sHII", b"GS", protocol.VERSION, 2, RAW_CAP + 1),
        struct.pack(">2sHII", b"GS", protocol.VERSION, 2**32 - 1, 2**32 - 1),
        struct.pack(">2sHII", b"GS", protocol.VERSION, 0, 0),
        frame(b"[1]"),
        frame(b"{"),
        frame(b"\xff\xfe"),
        frame(b"[" * 100_000),
        frame(json.dumps({"type": "rumour"}).encode()),
        frame(json.dumps({"type": "request", "seq": "one", "command": "next", "arguments": {}}).encode()),
        frame(json.dumps({"type": "response", "request_seq": 1, "command": "next", "success": 1, "body": {}}).encode()),
        frame(json.dumps({"type": "event", "event": "stopped", "body": []}).encode()),
    ],
)
def test_what_is_not_a_frame_is_refused_at_once(data):
    decoder = Decoder()
    with pytest.raises(ProtocolError):
        list(decoder.feed(data))
    with pytest.raises(ProtocolError):
        list(decoder.feed(encode(MESSAGES[1])))  # what follows garbage is not believed either


def test_an_announced_length_over_the_cap_is_refused_before_its_bytes_arrive():
    with pytest.raises(ProtocolError, match="over the cap"):
        list(Decoder().feed(struct.pack(">2sHII", b"GS", protocol.VERSION, 2, RAW_CAP + 1)))


def test_messages_before_the_garbage_are_delivered():
    messages = Decoder().feed(encode(MESSAGES[4]) + b"garbage, and more of it")
    assert next(messages) == MESSAGES[4]
    with pytest.raises(ProtocolError):
        next(messages)


def test_random_damage_never_raises_anything_but_a_protocol_error():
    generator = random.Random(7)
    data = b"".join(encode(message) for message in MESSAGES[:5])
    for _ in range(1500):
        damaged = bytearray(data)
        for _ in range(generator.randrange(1, 4)):
            damaged[generator.randrange(len(damaged))] = generator.randrange(256)
        with contextlib.suppress(ProtocolError):
            list(Decoder().feed(bytes(damaged)))


def test_a_message_over_the_cap_is_not_sent():
    with pytest.raises(ValueError, match="over the cap"):
        encode(Event("output", {}, bytes(RAW_CAP + 1)))
    with pytest.raises(ValueError, match="over the cap"):
        encode(Event("output", {"text": "x" * HEADER_CAP}))


# ------------------------------------------------------------------------------------------------------------ handshake


def meet(server, client, size=1 << 16):
    """Lets both sides talk, ``size`` bytes at a time, until neither has anything left to say."""
    to_client, to_server = server.greeting(), client.greeting()
    while to_client or to_server:
        piece, to_client = to_client[:size], to_client[size:]
        if piece:
            to_server += client.feed(piece)
        piece, to_server = to_server[:size], to_server[size:]
        if piece:
            to_client += server.feed(piece)


@pytest.mark.parametrize("size", [1, 5, 1 << 16])
def test_two_sides_with_the_same_key_meet(size):
    server, client = Handshake(Role.SERVER, b"k" * 32), Handshake(Role.CLIENT, b"k" * 32)
    meet(server, client, size)
    assert server.done
    assert client.done


def test_a_wrong_key_is_refused():
    server, client = Handshake(Role.SERVER, b"k" * 32), Handshake(Role.CLIENT, b"x" * 32)
    with pytest.raises(Refused, match="key"):
        meet(server, client)
    assert not server.done


def test_a_replayed_conversation_is_refused():
    server, client = Handshake(Role.SERVER, b"k" * 32), Handshake(Role.CLIENT, b"k" * 32)
    spoken = client.greeting() + client.feed(server.greeting())
    with pytest.raises(Refused):
        Handshake(Role.SERVER, b"k" * 32).feed(spoken)


def test_reflecting_what_the_server_says_is_refused():
    server = Handshake(Role.SERVER, b"k" * 32)
    with pytest.raises(Refused, match="reflects"):
        server.feed(server.greeting())


def test_another_server_role_is_no_client():
    server, other = Handshake(Role.SERVER, b"k" * 32), Handshake(Role.SERVER, b"k" * 32)
    with pytest.raises(Refused, match="key"):
        meet(server, other)


@pytest.mark.parametrize("data", [b"hello\n", b"\n", b"x" * (HANDSHAKE_CAP + 1), b"gradstep 99 " + b"0" * 64 + b"\n", b"gradstep 1 zz\n"])
def test_something_else_than_a_greeting_is_refused(data):
    with pytest.raises(Refused):
        Handshake(Role.SERVER, b"k" * 32).feed(data)


def test_what_follows_the_handshake_is_kept():
    server, client = Handshake(Role.SERVER, b"k" * 32), Handshake(Role.CLIENT, b"k" * 32)
    proof = client.feed(server.greeting())
    server.feed(client.greeting() + proof + encode(MESSAGES[1]))
    assert server.done
    assert list(Decoder().feed(server.rest)) == [MESSAGES[1]]
