"""The pulse outlives the process that beats it."""

import os
import signal

import pytest

from gradstep.engine.debug.pulse import Phase, Pulse


@pytest.fixture
def pulse(tmp_path):
    pulse = Pulse(str(tmp_path / "pulse"), create=True)
    yield pulse
    pulse.close()


def test_a_fresh_pulse_is_flat(pulse):
    reading = pulse.read()
    assert (reading.beat, reading.node, reading.phase, reading.name) == (0, 0, Phase.STARTING, "")


def test_what_a_killed_process_wrote_last_is_there(pulse, tmp_path):
    child = os.fork()
    if child == 0:
        try:
            other = Pulse(str(tmp_path / "pulse"))
            other.beat()
            other.at(1234)
            other.phase(Phase.BACKWARD)
            other.enter(7, 99, "MulBackward0")
        finally:
            os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(child, 0)
    reading = pulse.read()
    assert (reading.beat, reading.position, reading.run, reading.node, reading.name) == (1, 1234, 7, 99, "MulBackward0")
    assert reading.phase is Phase.BACKWARD


def test_a_node_that_was_left_is_not_named(pulse):
    pulse.enter(1, 5, "AddBackward0")
    pulse.leave()
    assert (pulse.read().node, pulse.read().steps) == (0, 1)


def test_a_long_name_is_cut_and_never_breaks_a_reading(pulse):
    pulse.enter(1, 5, "ü" * 500)
    assert pulse.read().name.startswith("ü" * 30)


def test_a_pulse_is_made_once(pulse, tmp_path):
    with pytest.raises(FileExistsError):
        Pulse(str(tmp_path / "pulse"), create=True)


def test_a_hook_is_named_until_it_has_returned_or_its_node_was_left(pulse):
    pulse.enter(1, 5, "AddBackward0")
    pulse.hook("clip")
    assert pulse.read().hook == "clip"
    pulse.hook("")
    assert pulse.read().hook == ""
    pulse.hook("clip")
    pulse.leave()
    assert (pulse.read().node, pulse.read().hook) == (0, "")
