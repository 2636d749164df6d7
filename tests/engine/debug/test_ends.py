"""However a program ends, the session ends in a named state, says why, and keeps what was recorded and printed."""

import json
import os
import re
import signal
import subprocess
import sys

import pytest

from gradstep.engine.debug.launch import Launch, RunFolder
from gradstep.engine.debug.states import State
from gradstep.engine.tape.reader import Tape
from gradstep.engine.tape.schema import NodeExit


def run_json(session):
    return json.loads((session.folder.path / "run.json").read_text())


def is_alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_script_that_ends_has_finished_and_its_output_is_there(start):
    session = start(
        """
        import sys
        print("out", __name__, sys.argv[1:], sys.path[0] == sys.argv[0].rpartition("/")[0])
        print("err", file=sys.stderr)
        """,
        args=("a b", "", "\udcff", "é"),
    )
    outcome = session.wait_until_ended()
    assert (outcome.how, outcome.exit_code) == (State.FINISHED, 0)
    assert session.printed == {"stdout": "out __main__ ['a b', '', '\\udcff', 'é'] True\n", "stderr": "err\n"}
    assert session.states == [State.STARTING, State.RUNNING_FORWARD, State.FINISHED]
    facts = run_json(session)
    assert facts["state"] == "finished"
    assert facts["exit_code"] == 0
    assert (session.folder.path / "stdout.log").read_text() == session.printed["stdout"]


@pytest.mark.parametrize(("argument", "code"), [("7", 7), ("None", 0), ("", 0), ("'bad news'", 1), ("True", 1)])
def test_sys_exit_gives_the_scripts_own_code(start, argument, code):
    outcome = start(f"import sys; sys.exit({argument})").wait_until_ended()
    assert (outcome.how, outcome.exit_code) == (State.FINISHED, code)


def test_sys_exit_with_a_text_prints_it(start):
    session = start("import sys; sys.exit('bad news')")
    session.wait_until_ended()
    assert session.printed["stderr"] == "bad news\n"


def test_an_exception_is_told_with_its_line_and_printed_as_python_prints_it(start, tmp_path):
    session = start(
        """
        def inner():
            raise ValueError("no good")
        try:
            inner()
        except ValueError as error:
            raise KeyError("worse") from error
        """
    )
    outcome = session.wait_until_ended()
    assert (outcome.how, outcome.exit_code) == (State.RAISED, 1)
    assert outcome.exception["type"] == "KeyError"
    assert (outcome.exception["file"], outcome.exception["line"]) == (str(tmp_path / "script.py"), 7)
    plain = subprocess.run([sys.executable, str(tmp_path / "script.py")], capture_output=True, text=True, check=False)
    assert session.printed["stderr"] == plain.stderr
    assert session.sentence.startswith("Raised: KeyError")


def test_an_excepthook_of_the_scripts_own_is_called(start):
    session = start(
        """
        import sys
        sys.excepthook = lambda kind, value, trace: print("caught", kind.__name__, trace.tb_lineno)
        1 / 0
        """
    )
    session.wait_until_ended()
    assert session.printed == {"stdout": "caught ZeroDivisionError 4\n"}


def test_a_keyboard_interrupt_of_its_own_ends_like_one(start):
    outcome = start("raise KeyboardInterrupt").wait_until_ended()
    assert outcome.how is State.RAISED
    assert outcome.exit_code == 130


def test_a_segfault_is_a_crash_with_pythons_stack(start):
    session = start(
        """
        import ctypes
        print("before")
        def broken():
            ctypes.string_at(0)
        broken()
        """
    )
    outcome = session.wait_until_ended()
    assert (outcome.how, outcome.signal, outcome.exit_code) == (State.CRASHED, "SIGSEGV", 139)
    assert "in broken" in outcome.fault
    assert session.printed["stdout"] == "before\n"
    assert run_json(session)["signal"] == "SIGSEGV"


def test_abort_is_a_crash(start):
    outcome = start("import os; os.abort()").wait_until_ended()
    assert (outcome.how, outcome.signal, outcome.exit_code) == (State.CRASHED, "SIGABRT", 134)


def test_os_exit_is_told_apart_from_an_end(start):
    outcome = start("import os; os._exit(3)").wait_until_ended()
    assert (outcome.how, outcome.exit_code) == (State.FINISHED, 3)
    assert "without cleaning up" in outcome.reason


def test_a_kill_from_outside_is_named(start):
    session = start("print('up')\nwhile True: pass")
    session.wait_for(lambda session: session.printed)
    os.kill(session.pid, signal.SIGKILL)
    outcome = session.wait_until_ended()
    assert (outcome.how, outcome.signal, outcome.exit_code) == (State.CRASHED, "SIGKILL", 137)
    assert "memory" in outcome.reason


def test_an_endless_loop_is_stopped_by_the_first_rung(start):
    session = start("print('up')\nwhile True: pass")
    session.wait_for(lambda session: session.printed)
    session.send("terminate")
    outcome = session.wait_until_ended()
    assert outcome.how is State.STOPPED
    assert outcome.reason == "ended by SIGINT."
    assert session.states[-2:] == [State.STOPPING, State.STOPPED]
    assert "KeyboardInterrupt" in session.printed["stderr"]


def test_a_script_that_ignores_every_polite_word_is_killed(start):
    session = start(
        """
        import signal
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        print("deaf")
        while True: pass
        """
    )
    session.wait_for(lambda session: session.printed)
    session.send("terminate")
    outcome = session.wait_until_ended()
    assert (outcome.how, outcome.reason) == (State.STOPPED, "ended by SIGKILL.")


def test_a_program_can_be_stopped_before_it_has_begun(start):
    session = start("print('ran')")
    session.wait_for(lambda session: session.can("terminate") or session.outcome)
    if session.outcome is None:
        session.send("terminate")
    assert session.wait_until_ended().how in (State.STOPPED, State.FINISHED)  # the program may be quicker


def test_kill_does_not_ask_first(start):
    session = start("import signal; signal.signal(signal.SIGINT, signal.SIG_IGN); print('deaf')\nwhile True: pass")
    session.wait_for(lambda session: session.printed)
    session.send("kill")
    assert session.wait_until_ended().signal == "SIGKILL"


def test_a_fork_in_the_script_is_an_ordinary_process_that_the_session_does_not_hear(start):
    session = start(
        """
        import os
        import gradstep.engine
        pid = os.fork()
        if pid == 0:
            print("child", flush=True)
            os._exit(4)
        print("parent", os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
        """
    )
    outcome = session.wait_until_ended()
    assert (outcome.how, outcome.exit_code) == (State.FINISHED, 0)
    assert session.printed["stdout"] == "child\nparent 4\n"


def test_nothing_is_left_of_processes_that_fled_the_group_and_ignore_signals(start):
    session = start(
        """
        import os, signal, time
        read, write = os.pipe()
        for number in range(3):
            if os.fork() == 0:
                os.setsid()
                if os.fork() == 0:
                    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                        signal.signal(name, signal.SIG_IGN)
                    os.write(write, b"%d\\n" % os.getpid())
                    while True:
                        time.sleep(1000)
                os._exit(0)
        data = b""
        while data.count(b"\\n") < 3:
            data += os.read(read, 100)
        print(data.decode().split())
        """
    )
    outcome = session.wait_until_ended()
    pids = [int(word.strip("[]',\n")) for word in session.printed["stdout"].split()]
    assert len(pids) == 3
    assert not any(is_alive(pid) for pid in pids)
    assert outcome.how is State.FINISHED
    assert outcome.left_behind == 3
    assert "3 processes were left behind" in outcome.reason


def test_a_script_that_closes_all_descriptors_runs_on(start):
    session = start(
        """
        import os
        os.closerange(3, 5000)
        file = open("/dev/null")
        print("still here")
        """
    )
    outcome = session.wait_until_ended()
    assert outcome.how is State.FINISHED
    assert "closed the link" in outcome.reason
    assert session.printed["stdout"] == "still here\n"


def test_a_script_that_closes_a_thousand_descriptors_does_not_touch_the_link(start):
    session = start("import os; os.closerange(3, 1024); print('still here')")
    assert session.wait_until_ended().reason == "exit code 0."


def test_a_program_that_replaces_itself_is_named(start):
    session = start("import os, sys; os.execv(sys.executable, [sys.executable, '-c', 'print(1); raise SystemExit(5)'])")
    outcome = session.wait_until_ended()
    assert outcome.exit_code == 5
    assert "replaced itself" in outcome.reason


def test_a_syntax_error_is_found_before_anything_runs(start, tmp_path):
    session = start("print('ran')\nif True\n    pass\n")
    outcome = session.wait_until_ended()
    assert outcome.how is State.FAILED
    assert "script.py line 2 is not valid Python" in outcome.reason
    assert "expected ':'" in outcome.reason
    assert outcome.refused["kind"] == "syntax"
    assert outcome.refused["line"] == 2
    assert outcome.exit_code == 1
    assert "stdout" not in session.printed
    assert "SyntaxError" in session.printed["stderr"]


def test_a_missing_file_is_named(session, tmp_path):
    session.launch(Launch(str(tmp_path / "nowhere.py")))
    outcome = session.wait_until_ended()
    assert outcome.how is State.FAILED
    assert "nowhere.py cannot be read: No such file" in outcome.reason


def test_the_scripts_path_may_hold_anything(start):
    session = start("print(__file__)", name="a b/& 'q\" \U0001f600\n/x.py")
    assert session.wait_until_ended().how is State.FINISHED
    assert session.printed["stdout"].endswith("a b/& 'q\" \U0001f600\n/x.py\n")


def test_stderr_may_hold_any_bytes(start):
    session = start("import os; os.write(2, b'\\0\\xff\\x1b[31m' + b'x' * 200_000 + b'\\n')")
    outcome = session.wait_until_ended()
    assert (session.folder.path / "stderr.log").read_bytes() == b"\0\xff\x1b[31m" + b"x" * 200_000 + b"\n"
    assert outcome.output["stderr"]["bytes"] == 200_008


def test_a_flood_of_output_reaches_the_window_as_a_tail_and_a_number(session, write, tmp_path):
    skipped = []
    session._heard = lambda news: skipped.append(news.skipped) if hasattr(news, "skipped") else None
    session.launch(
        Launch(write("import os\nline = b'y' * 65535 + b'\\n'\nfor _ in range(1000): os.write(1, line)\nos.write(1, b'the end\\n')"))
    )
    outcome = session.wait_until_ended()
    assert outcome.output["stdout"]["bytes"] == 65_536_008
    assert session.printed["stdout"].endswith("the end\n")
    assert sum(skipped) + len(session.printed["stdout"]) == 65_536_008


def test_the_script_has_the_environment_and_folder_it_would_have(start, tmp_path, monkeypatch):
    monkeypatch.setenv("MINE", "yes")
    session = start(
        """
        import os, sys
        mask = os.umask(0); os.umask(mask)
        print(os.environ["MINE"], os.getcwd(), mask, sys.stdin.read() == "", sys.stdout.isatty())
        """
    )
    session.wait_until_ended()
    mask = os.umask(0)
    os.umask(mask)
    assert session.printed["stdout"] == f"yes {os.getcwd()} {mask} True False\n"


def test_the_environment_that_was_asked_for_goes_over_the_debuggers_own(start, monkeypatch):
    monkeypatch.setenv("MINE", "no")
    session = start(
        """
        import os, sys
        print(os.environ["MINE"], os.environ["NEW"], "/of/mine" in sys.path)
        """,
        env={"MINE": "yes", "NEW": "1", "PYTHONPATH": "/of/mine"},
    )
    session.wait_until_ended()
    assert session.printed["stdout"] == "yes 1 True\n"


def test_silence_of_native_code_is_noticed_and_ends_when_it_speaks(start):
    session = start(
        """
        import ctypes
        print("quiet now")
        ctypes.PyDLL(None).sleep(4)  # holds the interpreter
        """,
        silence=2.0,
    )
    session.wait_for(State.UNRESPONSIVE)
    assert session.sentence.startswith("Not responding for")
    assert session.wait_until_ended().how is State.FINISHED
    assert State.UNRESPONSIVE in session.states


def test_a_pass_that_ended_before_native_code_held_the_interpreter_is_known_to_have_ended(start):
    session = start(
        """
        import ctypes
        import torch
        x = torch.ones(2, requires_grad=True)
        (x * 2).sum().backward()
        ctypes.PyDLL(None).sleep(3)  # holds the interpreter: no thread of the debugger can hand anything over
        """,
        silence=1.0,
        stop_on_entry=False,
    )
    session.wait_for(State.UNRESPONSIVE)
    tape = Tape.open(session.tape)
    assert [type(event).__name__ for event in tape.events[-1:]] == ["RunEnd"]
    assert sum(isinstance(event, NodeExit) for event in tape.events) == 3
    session.wait_until_ended()


def test_a_memory_limit_freezes_the_program_and_loses_nothing(start):
    session = start(
        """
        held = []
        while len(held) < 40:
            held.append(bytearray(10 << 20))
        print("done", len(held))
        """,
        memory_limit=250 << 20,
    )
    session.wait_for(State.FROZEN)
    assert "your limit is" in session.sentence
    session.send("raiseLimit", memory_limit=4 << 30)
    assert session.wait_until_ended().how is State.FINISHED
    assert session.printed["stdout"] == "done 40\n"


def test_a_limit_of_the_tape_freezes_the_program_and_more_may_be_given(start, tmp_path):
    enough = tmp_path / "enough"
    session = start(
        f"""
        import os, torch
        while not os.path.exists({str(enough)!r}):
            torch.ones(64 << 10) * 2  # 256 KiB of elements each
        print("done")
        """,
        disk_limit=4 << 20,
    )
    session.wait_for(State.FROZEN)
    enough.touch()
    assert re.search(r"a tape of \d+ MiB, your limit is 4 MiB", session.sentence)
    session.send("raiseLimit", disk_limit=1 << 40)
    assert session.wait_until_ended().how is State.FINISHED
    assert session.printed["stdout"] == "done\n"


def test_too_many_processes_freeze_the_program_and_none_survives(start):
    session = start(
        """
        import os, time
        print("breeding")
        while True:
            if os.fork() == 0:
                time.sleep(1000)
        """,
        process_limit=20,
    )
    session.wait_for(State.FROZEN)
    session.send("kill")
    outcome = session.wait_until_ended()
    assert outcome.how is State.STOPPED
    assert outcome.left_behind >= 20


def test_native_code_that_holds_the_interpreter_and_hears_nothing_is_killed(start):
    session = start(
        """
        import ctypes, signal
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        print("deaf")
        while True:
            ctypes.PyDLL(None).sleep(1000)
        """
    )
    session.wait_for(lambda session: session.printed)
    session.send("terminate")
    assert session.wait_until_ended().reason == "ended by SIGKILL."


def test_a_run_folder_that_is_deleted_does_not_hurt_the_program(session, write, tmp_path):
    folder = RunFolder.make(tmp_path)
    script = write(
        """
        import shutil, sys, torch
        x = torch.ones(2) * 2
        shutil.rmtree(sys.argv[1])
        for _ in range(10): x = x * x * 0.5
        print("done", x.tolist())
        """
    )
    session.launch(Launch(script, (str(folder.path),)), folder)
    outcome = session.wait_until_ended()
    assert outcome.how is State.FINISHED
    assert session.printed["stdout"] == "done [2.0, 2.0]\n"
    assert not folder.path.exists()


def test_a_second_program_can_follow_the_first_in_one_session(start):
    assert start("print(1)").wait_until_ended().how is State.FINISHED
    session = start("print(2)")
    session.wait_until_ended()
    assert session.printed == {"stdout": "2\n"}


def test_a_script_that_wanders_off_keeps_its_relative_tape(session, write, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write(
        """
        import os, sys, torch
        os.chdir("/")
        sys.path.clear()
        sys.settrace(lambda *arguments: None)
        sys.stdout = open(os.devnull, "w")
        x = torch.ones(1) * 2
        os.write(1, __file__.encode())
        """
    )
    session.launch(Launch("script.py", tape="mine.gst"))
    assert session.wait_until_ended().how is State.FINISHED
    assert session.tape == str(tmp_path / "mine.gst")
    assert session.printed["stdout"] == str(tmp_path / "script.py")
    tape = Tape.open(tmp_path / "mine.gst")
    assert [op.name for op in tape.ops.values()] == ["mul"]
    tape.close()


def test_a_tape_that_exists_is_not_written_over(start, tmp_path):
    (tmp_path / "mine.gst").write_text("precious")
    outcome = start("print('ran')", tape=str(tmp_path / "mine.gst")).wait_until_ended()
    assert outcome.how is State.FAILED
    assert "the tape cannot be written" in outcome.reason
    assert (tmp_path / "mine.gst").read_text() == "precious"


def test_inherited_streams_are_the_debuggers_own(write, tmp_path):
    script = write("import sys; print(sys.stdin.read().upper(), flush=True); print('err', file=sys.stderr); sys.exit(9)")
    debugger = """
import sys
from gradstep.engine.debug.launch import Launch
from gradstep.engine.debug.session import Session
with Session() as session:
    session.launch(Launch(sys.argv[1], output="inherit", stdin="inherit"))
    sys.exit(session.wait_until_ended().exit_code)
"""
    command = [sys.executable, "-c", debugger, script]
    result = subprocess.run(command, input="words", capture_output=True, text=True, check=False)
    assert (result.stdout, result.stderr, result.returncode) == ("WORDS\n", "err\n", 9)
