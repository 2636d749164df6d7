"""The language between a debugger's window and the program under it: frames, messages, and the handshake. No I/O here.

A frame is 12 bytes (magic, version, length of the header, length of the raw part), a JSON object, and raw bytes (the
numbers of a slice, a piece of output). Messages are those of the Debug Adapter Protocol: requests, responses that name
their request, and events. Nothing is ever unpickled or evaluated, and every length is checked before it is believed.

A peer on the socket proves that it knows the session's key before anything else is read: both sides send a nonce, and
an HMAC-SHA256 over both nonces and their own role, so that neither a replay nor a reflection of the other's answer helps.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import struct
from collections.abc import Iterator, Mapping
from dataclasses import field
from enum import Enum
from typing import Any, Union

from ..older import dataclass

VERSION = 1
MAGIC = b"GS"
HEADER_CAP = 1 << 18  # bytes of JSON in a frame
RAW_CAP = 1 << 20  # raw bytes in a frame
HANDSHAKE_CAP = 512  # bytes that a peer may send before it has proved itself
KEY_BYTES = 32

_PREFIX = struct.Struct(">2sHII")


class ProtocolError(Exception):
    """The other side said something that is not our language. The link cannot be trusted any more."""


@dataclass(frozen=True, slots=True)
class Request:
    """A wish: ``command`` with its arguments. ``seq`` is unique on its link; the response names it."""

    seq: int
    command: str
    arguments: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Response:
    """The answer to request ``seq``. Where ``success`` is False, ``message`` says why."""

    seq: int
    command: str
    success: bool = True
    message: str = ""
    body: Mapping[str, Any] = field(default_factory=dict)
    raw: bytes = b""


@dataclass(frozen=True, slots=True)
class Event:
    """Something happened: ``stopped``, ``continued``, ``output``, ``exited`` and so on."""

    event: str
    body: Mapping[str, Any] = field(default_factory=dict)
    raw: bytes = b""


Message = Union[Request, Response, Event]  # noqa: UP007  (before Python 3.10 no | joins classes)


def encode(message: Message) -> bytes:
    """The frame of ``message``. Raises ValueError where it is over the caps: the sender has to ask for less."""
    raw = b""
    if isinstance(message, Request):
        fields: dict[str, Any] = {"type": "request", "seq": message.seq, "command": message.command}
        fields["arguments"] = dict(message.arguments)
    elif isinstance(message, Response):
        fields = {"type": "response", "request_seq": message.seq, "command": message.command, "success": message.success}
        if message.message:
            fields["message"] = message.message
        fields["body"], raw = dict(message.body), message.raw
    else:
        fields, raw = {"type": "event", "event": message.event, "body": dict(message.body)}, message.raw
    header = json.dumps(fields, separators=(",", ":")).encode()
    if len(header) > HEADER_CAP or len(raw) > RAW_CAP:
        raise ValueError(f"a message of {len(header)} + {len(raw)} bytes is over the cap of {HEADER_CAP} + {RAW_CAP}")
    return _PREFIX.pack(MAGIC, VERSION, len(header), len(raw)) + header + raw


class Decoder:
    """Turns bytes, in whatever pieces they arrive, into messages. After a ProtocolError it takes no more."""

    def __init__(self) -> None:
        self._pending = bytearray()
        self._broken = ""

    def feed(self, data: bytes) -> Iterator[Message]:
        """The messages that ``data`` completes. Raises ProtocolError at the first frame that is not one of ours."""
        if self._broken:
            raise ProtocolError(self._broken)
        self._pending += data
        try:
            while (frame := self._frame()) is not None:
                yield _message(*frame)
        except ProtocolError as error:
            self._broken = str(error)
            self._pending.clear()
            raise

    def _frame(self) -> tuple[bytes, bytes] | None:
        if len(self._pending) < _PREFIX.size:
            if not (MAGIC.startswith(self._pending[:2]) or self._pending.startswith(MAGIC)):
                raise ProtocolError("this is not a gradstep frame")
            return None
        magic, version, header_size, raw_size = _PREFIX.unpack_from(self._pending)
        if magic != MAGIC:
            raise ProtocolError("this is not a gradstep frame")
        if version != VERSION:
            raise ProtocolError(f"the other side speaks version {version} of the protocol, this one {VERSION}")
        if not 2 <= header_size <= HEADER_CAP or raw_size > RAW_CAP:
            raise ProtocolError(f"a frame of {header_size} + {raw_size} bytes is over the cap of {HEADER_CAP} + {RAW_CAP}")
        end = _PREFIX.size + header_size
        if len(self._pending) < end + raw_size:
            return None
        header, raw = bytes(self._pending[_PREFIX.size : end]), bytes(self._pending[end : end + raw_size])
        del self._pending[: end + raw_size]
        return header, raw


def _message(header: bytes, raw: bytes) -> Message:
    try:
        fields = json.loads(header)
    except (ValueError, RecursionError) as error:  # json raises RecursionError on deep nesting
        raise ProtocolError(f"the header of a frame is not JSON: {error}") from None
    if not isinstance(fields, dict):
        raise ProtocolError("the header of a frame is not a JSON object")
    kind = fields.get("type")
    if kind == "request":
        return Request(_take(fields, "seq", int), _take(fields, "command", str), _take(fields, "arguments", dict))
    if kind == "response":
        seq, command, success = _take(fields, "request_seq", int), _take(fields, "command", str), _take(fields, "success", bool)
        return Response(seq, command, success, str(fields.get("message", "")), _take(fields, "body", dict), raw)
    if kind == "event":
        return Event(_take(fields, "event", str), _take(fields, "body", dict), raw)
    raise ProtocolError(f"no kind of message is called {kind!r}")


def _take(fields: Mapping[str, Any], name: str, kind: type) -> Any:
    value = fields.get(name)
    if not isinstance(value, kind):
        raise ProtocolError(f"a {fields.get('type')} has no {name}, or one of the wrong type")
    return value


# ------------------------------------------------------------------------------------------------------------ handshake


class Role(Enum):
    """Who speaks. The answer of one role is never a valid answer of the other."""

    SERVER = b"server"  # the supervisor, which listens
    CLIENT = b"client"  # the window or the command line, which connects


class Refused(Exception):
    """The peer did not prove that it knows the key."""


class Handshake:
    """One side of the proof. Send ``greeting()``, feed what arrives; once ``done``, ``rest`` holds what came after it.

    On the wire each side sends one line ``gradstep <version> <nonce>\\n`` and then, having seen the other's, one line with
    the hex digest of ``HMAC(key, role + own nonce + other's nonce)``.
    """

    def __init__(self, role: Role, key: bytes) -> None:
        self._role, self._key = role, key
        self._nonce = secrets.token_hex(KEY_BYTES)
        self._their_nonce = ""
        self._pending = b""
        self.done = False
        self.rest = b""

    def greeting(self) -> bytes:
        """What to send first."""
        return f"gradstep {VERSION} {self._nonce}\n".encode()

    def feed(self, data: bytes) -> bytes:
        """What to send in answer to ``data``. Raises Refused where the peer is not the one that holds the key."""
        self._pending += data
        answer = b""
        while not self.done and b"\n" in self._pending:
            line, self._pending = self._pending.split(b"\n", 1)
            if len(line) > HANDSHAKE_CAP:
                raise Refused("the peer sends something else than a greeting")
            if not self._their_nonce:
                self._their_nonce = self._read_greeting(line)
                answer += self._proof(self._role, self._nonce, self._their_nonce) + b"\n"
            else:
                other = Role.CLIENT if self._role is Role.SERVER else Role.SERVER
                if not hmac.compare_digest(line, self._proof(other, self._their_nonce, self._nonce)):
                    raise Refused("the peer does not know this session's key")
                self.done, self.rest, self._pending = True, self._pending, b""
        if len(self._pending) > HANDSHAKE_CAP:
            raise Refused("the peer sends something else than a greeting")
        return answer

    def _read_greeting(self, line: bytes) -> str:
        words = line.split(b" ")
        if len(words) != 3 or words[0] != b"gradstep" or len(words[2]) != 2 * KEY_BYTES:
            raise Refused("the peer sends something else than a greeting")
        if words[1] != str(VERSION).encode():
            raise Refused(f"the peer speaks version {words[1].decode(errors='replace')} of the protocol, this one {VERSION}")
        try:
            nonce = bytes.fromhex(words[2].decode("ascii")).hex()
        except ValueError:
            raise Refused("the peer sends something else than a greeting") from None
        if nonce == self._nonce:
            raise Refused("the peer reflects what it is sent")
        return nonce

    def _proof(self, role: Role, own: str, other: str) -> bytes:
        return hmac.new(self._key, role.value + own.encode() + other.encode(), hashlib.sha256).hexdigest().encode()
