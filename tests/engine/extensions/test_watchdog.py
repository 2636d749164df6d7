"""A plug-in that does not come back is interrupted in its own code, whoever took what was raised; ours never is."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import types
from collections.abc import Iterator
from pathlib import Path

import pytest

from gradstep.engine.extensions.catalogue import Feature
from gradstep.engine.extensions.guard import Guard, PluginError
from gradstep.engine.extensions.mark import Left, Mark, left_behind
from gradstep.engine.extensions.switches import Switches
from gradstep.engine.extensions.watchdog import TookTooLong, Watchdog

FEATURE = Feature("my-package", "1.2", "", "gradstep.panels", "slow", "my_package:Slow")
FILE = "/somewhere/my_package.py"
SOURCE = """
import threading, time
def spins():
    while True:
        pass
def sleeps():
    time.sleep(3600)
def waits():
    lock = threading.Lock()
    with lock:
        lock.acquire()
def takes_all():
    try:
        spins()
    except BaseException:
        pass
def takes_exceptions():
    while True:
        try:
            spins()
        except Exception:
            pass
def returns():
    return sum(range(50))
def calls(other):
    other()
"""


@pytest.fixture
def package() -> types.ModuleType:
    module = types.ModuleType("my_package")
    exec(compile(SOURCE, FILE, "exec"), vars(module))
    return module


@pytest.fixture
def logged() -> list[str]:
    return []


@pytest.fixture
def watchdog(logged: list[str], tmp_path: Path) -> Iterator[Watchdog]:
    made = Watchdog(lambda file: FEATURE if file == FILE else None, logged.append, Mark(tmp_path / "at-work"), limit=3, tick=0.005)
    made.start()
    yield made
    made.stop()


@pytest.fixture
def guard(watchdog: Watchdog, tmp_path: Path) -> Guard:
    switches = Switches(tmp_path / "plugins.json", safe=False)
    switches.switch_package("my-package", True)
    made = Guard(switches)
    made.watching = watchdog.inside
    return made


@pytest.mark.parametrize("name", ["spins", "sleeps", "waits", "takes_all", "takes_exceptions"])
def test_what_does_not_come_back_is_a_failure(guard: Guard, package: types.ModuleType, name: str, logged: list[str]) -> None:
    with (
        pytest.raises(PluginError, match=r"slow of my-package failed: TookTooLong: the window stood still for 0\.015 s"),
        guard.inside(FEATURE),
    ):
        getattr(package, name)()
    assert guard.records[FEATURE.id].failures == 1
    assert "has held the window up" in logged[0]
    assert f'File "{FILE}"' in logged[0]


def test_the_third_time_it_is_switched_off(guard: Guard, package: types.ModuleType) -> None:
    for _ in range(3):
        with pytest.raises(PluginError), guard.inside(FEATURE):
            package.spins()
    assert not guard.switches.is_on(FEATURE)


def test_code_that_a_plug_in_brought_along_is_interrupted_too(guard: Guard) -> None:
    helper = types.ModuleType("helper")
    exec(compile(SOURCE, "/somewhere/else/helper.py", "exec"), vars(helper))
    with pytest.raises(PluginError, match="TookTooLong"), guard.inside(FEATURE):
        helper.spins()


def test_a_window_whose_event_loop_turned_since_it_was_suspected_is_not_interrupted(package: types.ModuleType) -> None:
    watchdog = Watchdog(lambda file: FEATURE if file == FILE else None, lambda text: None)  # nobody is in a hurry

    def dialog() -> None:
        watchdog._suspect = watchdog._turns
        watchdog.turned()
        watchdog._asked(signal.SIGURG, sys._getframe(1))

    def hang() -> None:
        watchdog._suspect = watchdog._turns
        watchdog._asked(signal.SIGURG, sys._getframe(1))

    with watchdog.inside(FEATURE):
        package.calls(dialog)
    with pytest.raises(TookTooLong), watchdog.inside(FEATURE):
        package.calls(hang)


def test_code_of_ours_that_a_plug_in_called_is_not_interrupted(
    watchdog: Watchdog, guard: Guard, package: types.ModuleType, logged: list[str]
) -> None:
    ours = types.ModuleType("ours")
    source = "def work(done):\n    kept = []\n    while not done():\n        kept.append(1)\n    return kept\n"
    exec(compile(source, str(Path(sys.modules[Guard.__module__].__file__ or "").with_name("ours.py")), "exec"), vars(ours))
    finished: list[list[int]] = []

    def both() -> None:
        package.calls(lambda: finished.append(ours.work(lambda: bool(logged))))
        package.spins()

    with pytest.raises(PluginError, match="TookTooLong"), guard.inside(FEATURE):
        both()
    assert finished
    assert finished[0]


def test_many_short_calls_beside_a_hasty_watchdog_hit_nothing_else(package: types.ModuleType, tmp_path: Path) -> None:
    watchdog = Watchdog(lambda file: FEATURE if file == FILE else None, lambda text: None, limit=1, tick=0.0001)
    switches = Switches(tmp_path / "plugins.json", safe=False)
    switches.switch_package("my-package", True)
    guard = Guard(switches)
    guard.watching = watchdog.inside
    watchdog.start()
    whole = broken = 0
    try:
        for _ in range(3000):
            guard.records.clear()  # it may be unlucky, three times too
            try:
                with guard.inside(FEATURE):
                    package.returns()
                whole += 1
            except PluginError:
                broken += 1
        assert whole + broken == 3000
        assert whole > 0
    finally:
        watchdog.stop()


def test_a_late_signal_hits_nobody(watchdog: Watchdog, package: types.ModuleType) -> None:
    with watchdog.inside(FEATURE):
        package.returns()
    signal.raise_signal(signal.SIGURG)
    package.returns()


def test_a_plug_in_that_the_event_loop_called_is_interrupted_too(watchdog: Watchdog, package: types.ModuleType) -> None:
    with pytest.raises(TookTooLong) as raised:
        package.spins()
    assert not raised.value.in_call


def test_other_threads_are_not_watched(watchdog: Watchdog, package: types.ModuleType) -> None:
    found: list[int] = []

    def call() -> None:
        with watchdog.inside(FEATURE):
            found.append(package.returns())

    thread = threading.Thread(target=call)
    thread.start()
    thread.join()
    assert found == [sum(range(50))]


def test_a_limit_of_its_own_is_waited_for(watchdog: Watchdog, package: types.ModuleType) -> None:
    with pytest.raises(TookTooLong, match=r"stood still for 0\.1 s"), watchdog.inside(FEATURE, 20):
        package.spins()


def test_it_gives_the_signal_back(watchdog: Watchdog) -> None:
    watchdog.stop()
    assert signal.getsignal(signal.SIGURG) is signal.SIG_DFL
    assert not watchdog.is_on


# -------------------------------------------------------------------------------------------------------------- marks

INSIDE = """
import sys, time
from pathlib import Path
from gradstep.engine.extensions.mark import Mark
mark = Mark(Path(sys.argv[1]))
{steps}
print("there", flush=True)
sys.stdin.read()
"""


def kill_in(folder: Path, steps: str) -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", INSIDE.format(steps=steps), str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "there\n"
    assert left_behind(folder) == []  # it lives
    child.kill()
    child.communicate()


@pytest.mark.parametrize(
    ("steps", "found"),
    [
        ("mark.set('a/panels/b')", [Left("a/panels/b", False)]),
        ("mark.set('a/panels/b'); mark.set_hung('a/panels/b')", [Left("a/panels/b", True)]),
        ("mark.set('a/panels/b'); mark.set('')", []),
        ("mark.set('a/panels/b'); mark.set('" + "n" * 600 + "')", [Left("n" * 509, False)]),
        ("mark.set('a/panels/b'); mark.close(); mark.set('a/panels/b')", []),
    ],
    ids=["inside", "hung", "outside", "a long name", "closed"],
)
def test_a_window_that_is_killed_leaves_what_it_was_in(tmp_path: Path, steps: str, found: list[Left]) -> None:
    kill_in(tmp_path, steps)
    assert left_behind(tmp_path) == found
    assert left_behind(tmp_path) == []  # it is told once


def test_a_folder_that_cannot_be_written_has_no_marks(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    mark = Mark(tmp_path / "file")
    mark.set("a/panels/b")
    mark.close()
    assert left_behind(tmp_path / "file") == []
