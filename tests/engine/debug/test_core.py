"""The session's core moves through its states on what it is fed, and believes nobody without the key."""

import pytest

from gradstep.engine.debug.core import NotAllowed, Notice, Outcome, Output, SessionCore, Stopped
from gradstep.engine.debug.launch import Launch
from gradstep.engine.debug.protocol import Decoder, Event, Handshake, Request, Response, Role, encode
from gradstep.engine.debug.states import Action, State

KEY = b"k" * 32


class Line:
    """A core and the supervisor that a test plays."""

    def __init__(self):
        self.written, self.news = b"", []
        self.core = SessionCore(self.write, self.news.append)
        self.peer = Handshake(Role.SERVER, KEY)
        self.decoder = Decoder()

    def write(self, data):
        self.written += data

    def connect(self):
        self.core.starting(Launch("/some/where/train.py"))
        self.core.connected(KEY)
        self.core.feed(self.peer.greeting())
        answer = self.peer.feed(self.take())
        self.core.feed(answer)
        self.take()

    def take(self):
        written, self.written = self.written, b""
        return written

    def happen(self, event, raw=b"", **body):
        self.core.feed(encode(Event(event, body, raw)))

    def requests(self):
        return [message for message in self.decoder.feed(self.take()) if isinstance(message, Request)]


@pytest.fixture
def line():
    line = Line()
    line.connect()
    return line


@pytest.fixture
def paused(line):
    line.happen("initialized", tape="/tape.gst")
    line.happen("stopped", reason="entry", node=5, name="MulBackward0", run=1)
    return line


def ended(how="finished", **fields):
    return {"how": how, "reason": "exit code 0.", "exit_code": 0, **fields}


def states(line):
    return [news for news in line.news if isinstance(news, State)]


def test_a_run_from_the_start_to_the_end(paused):
    paused.core.request("continue")
    (request,) = paused.requests()
    paused.core.feed(encode(Response(request.seq, "continue", body={"phase": "backward"})))
    paused.happen("progress", phase="forward", position=3)
    paused.happen("exited", **ended())
    assert states(paused) == [
        State.STARTING, State.RUNNING_FORWARD, State.PAUSED, State.RUNNING_BACKWARD, State.RUNNING_FORWARD, State.FINISHED,
    ]  # fmt: skip
    assert paused.core.tape == "/tape.gst"
    assert paused.core.sentence == "Finished: exit code 0."


def test_the_reason_of_a_stop_is_a_sentence(paused):
    assert paused.core.sentence == "Paused: before the first node of backward, MulBackward0 (node #5)."


def test_what_makes_no_sense_is_not_sent(line):
    with pytest.raises(NotAllowed, match="next is not possible while the session is starting"):
        line.core.request("next")
    with pytest.raises(ValueError, match="no request"):
        line.core.request("dance")
    assert line.requests() == []


def test_a_choice_of_a_script_is_a_state_of_its_own():
    line = Line()
    line.core.choose("train.py")
    assert line.core.state is State.READY
    assert line.core.allows(Action.LAUNCH)
    line.core.choose("")
    assert line.core.state is State.IDLE
    line.core.show_trace()
    assert line.core.state is State.TRACE


def test_answers_go_to_whom_they_belong(paused):
    got = []
    paused.core.request("evaluate", lambda answer: got.append(("first", answer.body)), expression="1")
    paused.core.request("evaluate", lambda answer: got.append(("second", answer.body)), expression="2")
    first, second = paused.requests()
    paused.core.feed(encode(Response(second.seq, "evaluate", body={"result": "2"})))
    paused.core.feed(encode(Response(first.seq, "evaluate", body={"result": "1"})))
    assert got == [("second", {"result": "2"}), ("first", {"result": "1"})]


def test_questions_left_open_are_answered_by_the_end(paused):
    got = []
    paused.core.request("evaluate", got.append, expression="1")
    paused.happen("exited", **ended("crashed", reason="SIGSEGV."))
    assert [(answer.success, answer.message) for answer in got] == [(False, "the program has ended")]


def test_a_supervisor_that_vanishes_ends_the_session(paused):
    paused.core.lost("the supervisor ended unexpectedly")
    assert paused.core.state is State.CRASHED
    paused.core.lost("again")
    assert sum(isinstance(news, Outcome) for news in paused.news) == 1


def test_a_supervisor_that_does_not_come_up_is_a_failure_to_start():
    line = Line()
    line.core.starting(Launch("train.py"))
    line.core.lost("no such file")
    assert line.core.state is State.FAILED
    assert line.core.sentence == "Not started: no such file"


def test_a_peer_without_the_key_is_not_believed():
    line = Line()
    line.peer = Handshake(Role.SERVER, b"x" * 32)
    line.core.starting(Launch("train.py"))
    line.core.connected(KEY)
    line.core.feed(line.peer.greeting())
    line.core.feed(b"0" * 64 + b"\n" + encode(Event("initialized", {"tape": "/evil"})))
    assert line.core.state is State.FAILED
    assert line.core.tape == ""


def test_garbage_ends_the_session_instead_of_raising(paused):
    paused.core.feed(b"garbage, and not a frame")
    assert paused.core.state is State.CRASHED
    assert "cannot be trusted" in paused.core.sentence


def test_output_is_decoded_across_pieces_and_bad_bytes_are_shown(line):
    line.happen("output", b"caf\xc3", category="stdout")
    line.happen("output", b"\xa9 \xff\n", category="stdout")
    line.happen("output", b"late", category="stdout", skipped=100)
    printed = [news for news in line.news if isinstance(news, Output)]
    assert "".join(news.text for news in printed) == "café \\xff\nlate"
    assert printed[-1].skipped == 100


def test_silence_and_a_word_after_it(line):
    line.happen("initialized", tape="t")
    line.happen("unresponsive", seconds=5.0)
    line.happen("unresponsive", seconds=12.2)
    assert line.core.sentence.startswith("Not responding for 12 s.")
    line.happen("responsive", phase="backward")
    assert states(line)[-2:] == [State.UNRESPONSIVE, State.RUNNING_BACKWARD]


def test_a_frozen_program_that_was_paused_is_paused_again(paused):
    paused.happen("frozen", message="1.0 GiB")
    paused.happen("continued", phase="paused")
    assert states(paused)[-2:] == [State.FROZEN, State.PAUSED]


def test_a_stop_that_arrives_while_stopping_does_not_pause(paused):
    paused.core.request("terminate")
    paused.happen("stopping", signal="SIGINT", seconds=1.0)
    paused.happen("stopped", reason="step")
    assert paused.core.state is State.STOPPING
    paused.happen("exited", **ended("stopped"))
    assert paused.core.state is State.STOPPED


def test_what_a_later_supervisor_may_say_is_passed_over(line):
    line.happen("weather", forecast="rain")
    line.happen("linkLost", message="gone")
    assert line.news[-1] == Notice("linkLost", "gone")
    line.happen("stopped", reason="step", colour="red")
    assert line.core.stop == Stopped("step")


def test_a_stop_inside_a_hook_says_in_which_and_for_which_node():
    where = {"file": "train.py", "line": 20, "function": "watch"}
    stop = Stopped("step", run=1, node=5, name="TanhBackward0", where=where, what="op", met="vector_norm", op=9)
    assert stop.sentence == "after vector_norm (op #9) in watch, line 20, for TanhBackward0 (node #5)."
    ahead = Stopped("step", phase="forward", where={**where, "function": "<module>"}, what="op", met="tanh", op=5)
    assert ahead.sentence == "after tanh (op #5), line 20."
