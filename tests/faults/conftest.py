"""Every test of this folder runs alone, in a process of its own (``isolation.py``); here is what it finds there."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from gradstep.engine.debug.launch import Launch, RunFolder
from gradstep.engine.debug.session import Session

from .catalogue import Way
from .command import Commands
from .isolation import Isolation, Reporter, is_inside
from .said import Said

LONG = "GRADSTEP_FAULTS_LONG"  # set: cases that take long run as well
_isolation = pytest.StashKey[Isolation]()


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "fault(number, way, long): one of the forty faults, and the way in which it is met")
    if is_inside():
        config.pluginmanager.register(Reporter(config))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        mark = item.get_closest_marker("fault")
        if mark is not None and mark.args[2] and LONG not in os.environ:
            item.add_marker(pytest.mark.skip("takes long: scripts/faults.py runs it"))


def _is_case(item: pytest.Item) -> bool:
    return item.get_closest_marker("fault") is not None and item.get_closest_marker("skip") is None


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> bool | None:
    """Outside: let another pytest run the case, and say what it said."""
    if is_inside() or not _is_case(item):
        return None
    stash = item.config.stash
    if _isolation not in stash:
        given_singly = hasattr(item.config, "workerinput")  # under xdist each worker hears of its cases one by one
        stash[_isolation] = Isolation([] if given_singly else [one for one in item.session.items if _is_case(one)])
    return _tell(item, stash[_isolation].reports(item))


def _tell(item: pytest.Item, reports: list[pytest.TestReport]) -> bool:
    item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    for report in reports:
        report.nodeid = item.nodeid
        item.ihook.pytest_runtest_logreport(report=report)
    item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
    return True


def pytest_sessionfinish(session: pytest.Session) -> None:
    if _isolation in session.config.stash:
        session.config.stash[_isolation].close()


# ------------------------------------------------------------------------------------------------ what a case is given


@pytest.fixture(autouse=True)
def said(capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture, request: pytest.FixtureRequest) -> Iterator[Said]:
    """What was said on stderr and in logs, by this process and by all that it heard; an unexpected line fails the case."""
    said = Said()
    yield said
    if request.node.get_closest_marker("fault") is None:
        return
    out, err = capfd.readouterr()
    said.hear(err, "the case's own process")
    said.hear("\n".join(record.getMessage() for record in caplog.records), "its log")
    print(out + err)
    unknown = said.unknown()
    assert not unknown, "nobody expected: " + "\n".join(unknown)


@pytest.fixture(scope="session")
def cases() -> set[tuple[int, Way]]:
    """The numbers and ways of all cases in this folder, as they are marked in its files."""
    marks = re.compile(r"^@fault\((\d+), (API|CLI|WINDOW)", re.MULTILINE)
    texts = [file.read_text(encoding="utf-8") for file in Path(__file__).parent.glob("test_*.py")]
    return {(int(number), Way[way]) for text in texts for number, way in marks.findall(text)}


@pytest.fixture
def figure(record_property: Callable[[str, object], None]) -> Callable[[str], None]:
    """Notes something that was measured, for the table."""

    def figure(text: str) -> None:
        record_property("figure", text)

    return figure


@pytest.fixture
def alive(capfd: pytest.CaptureFixture[str]) -> Callable[[], None]:
    """A sign of life, for a case that does many things one after the other: a slow machine is no hang."""

    def alive() -> None:
        with capfd.disabled():
            print(".", end="", flush=True)

    return alive


@pytest.fixture
def gradstep(tmp_path: Path, said: Said) -> Commands:
    """The command line."""
    return Commands(tmp_path, said)


@pytest.fixture
def session(said: Said) -> Iterator[Session]:
    """A session that is over when the case is."""
    with Session() as session:
        yield session
        session.close()
        said.hear(session.printed.get("stderr", "") + session.printed.get("console", "") + "\n", "the script")


@pytest.fixture
def start(session: Session, tmp_path: Path) -> Callable[..., Session]:
    """Starts a script, given as text, by the API."""

    def start(text: str, name: str = "script.py", **options: Any) -> Session:
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        runs = tmp_path / "runs"
        runs.mkdir(exist_ok=True)
        options = {"stop_on_entry": False} | options
        session.launch(Launch(str(file), **options), RunFolder.make(runs))
        return session

    return start


@pytest.fixture
def person(qtbot: Any, tmp_path: Path, said: Said) -> Iterator[Any]:
    """A person in front of a window."""
    from .window import Person  # here, so that cases without a window load no Qt

    person = Person(qtbot, tmp_path, said)
    yield person
    person.close()
