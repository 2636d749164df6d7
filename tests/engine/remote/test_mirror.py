"""What an agent says is believed only where it makes sense."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gradstep.engine.debug.protocol import Event, ProtocolError
from gradstep.engine.remote.mirror import Mirror
from gradstep.engine.tape.log import HEAD, MAGIC

IDENTITY = (MAGIC + bytes(HEAD.size - len(MAGIC))).hex()


def tape(name: str = "run.gst", identity: str = IDENTITY, start: object = 0) -> Event:
    return Event("tape", {"name": name, "identity": identity, "start": start})


@pytest.fixture
def mirror(tmp_path: Path) -> Mirror:
    return Mirror(tmp_path)


@pytest.mark.parametrize("name", ["../run.gst", "/run.gst", ".gst", "run.txt", "a\0.gst", "..", "", None, 3])
def test_only_a_name_of_a_tape_is_one(mirror: Mirror, tmp_path: Path, name: Any) -> None:
    with pytest.raises(ProtocolError):
        mirror.take(tape(name))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "event",
    [
        Event("bytes", {"name": "other.gst", "offset": 0}, b"x"),
        Event("bytes", {"name": "run.gst", "offset": 7}, b"x"),
        Event("bytes", {"name": "run.gst", "offset": -1}, b"x"),
        Event("bytes", {"name": "run.gst"}, b"x"),
        Event("cut", {"name": "run.gst", "size": 99}),
        Event("cut", {"name": "run.gst", "size": "1"}),
        tape(start=3),
        tape("else.gst", start=3),
        tape("else.gst", identity="00" * HEAD.size),
        tape("else.gst", identity="x"),
    ],
    ids=lambda event: f"{event.event} {dict(event.body)}",
)
def test_what_does_not_fit_is_refused_and_changes_nothing(mirror: Mirror, tmp_path: Path, event: Event) -> None:
    mirror.take(tape())
    mirror.take(Event("bytes", {"name": "run.gst", "offset": 0}, b"four"))
    with pytest.raises(ProtocolError):
        mirror.take(event)
    assert (tmp_path / "run.gst").read_bytes() == b"four"
    mirror.close()


def test_a_single_tape_stays_single(tmp_path: Path) -> None:
    mirror = Mirror(tmp_path, "copy.gst")
    mirror.take(tape())
    with pytest.raises(ProtocolError):
        mirror.take(tape("second.gst"))
    assert [file.name for file in mirror.files] == ["copy.gst"]
    mirror.close()


def test_a_cut_is_followed(mirror: Mirror, tmp_path: Path) -> None:
    mirror.take(tape())
    mirror.take(Event("bytes", {"name": "run.gst", "offset": 0}, b"four"))
    mirror.take(Event("cut", {"name": "run.gst", "size": 2}))
    mirror.take(Event("bytes", {"name": "run.gst", "offset": 2}, b"x"))
    assert (tmp_path / "run.gst").read_bytes() == b"fox"
    assert not mirror.has_ended
    mirror.take(Event("ended", {"name": "run.gst"}))
    assert mirror.has_ended
    mirror.close()
