"""Each case is run by a pytest of its own, below a warden, in folders of its own; its reports come back as if it had run here."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

SILENCE = 90.0  # seconds without a sign of life after which a case is ended
INSIDE = "GRADSTEP_FAULTS_INSIDE"  # where the pytest inside writes its reports
AT_ONCE = 2
_WARDEN = str(Path(__file__).with_name("warden.py"))
_FOLDERS = ("tmp", "run", "home", "home/.config", "home/.cache", "home/.local/state", "home/.local/share")


def is_inside() -> bool:
    """Whether this pytest runs one case for another."""
    return INSIDE in os.environ


class Nursery:
    """The process that every warden is forked from. It has loaded what cases need, and is started with the first of them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._folder = ""

    @property
    def _door(self) -> str:
        return os.path.join(self._folder, "door")

    def _open(self) -> None:
        with self._lock:
            if self._process is not None:
                return
            self._folder = tempfile.mkdtemp(prefix="gn-")
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
                listener.bind(self._door)
                listener.listen()
                number = listener.fileno()
                self._process = subprocess.Popen([sys.executable, "-P", _WARDEN, str(number)], stdin=subprocess.PIPE, pass_fds=[number])

    def ask(self, given: dict[str, Any]) -> dict[str, Any] | None:
        """What a warden says of the case that is ``given``; None where it did not live to say it."""
        self._open()
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as link:
            try:
                link.connect(self._door)
                link.sendall(json.dumps(given).encode() + b"\n")
                verdict: dict[str, Any] = json.loads(b"".join(iter(lambda: link.recv(1 << 16), b"")))
            except (OSError, ValueError):
                return None
        return verdict

    def close(self) -> None:
        """Nothing is forked any more; wardens whose cases run end by themselves."""
        if self._process is not None:
            self._process.communicate()
            shutil.rmtree(self._folder)
            self._process = None


class Isolation:
    """Runs cases, two at a time, in the order in which they will be asked for; ``ahead`` are begun before anybody asks."""

    def __init__(self, ahead: list[pytest.Item]) -> None:
        self._nursery = Nursery()
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="faults")
        self._results: dict[str, Future[list[pytest.TestReport]]] = {item.nodeid: self._begun(item) for item in ahead}

    def _begun(self, item: pytest.Item) -> Future[list[pytest.TestReport]]:
        return self._pool.submit(run, item, self._nursery)

    def reports(self, item: pytest.Item) -> list[pytest.TestReport]:
        """What the case said. After the last that was begun ahead nothing of this runs any more."""
        known = bool(self._results)
        try:
            return (self._results.pop(item.nodeid, None) or self._begun(item)).result()
        finally:
            if known and not self._results:
                self.close()

    def close(self) -> None:
        """Begin no further case, and wait for those that run."""
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._nursery.close()


def run(item: pytest.Item, nursery: Nursery) -> list[pytest.TestReport]:
    """Run one case to its end."""
    folder = Path(tempfile.mkdtemp(prefix="gf-"))
    try:
        for name in _FOLDERS:
            (folder / name).mkdir(mode=0o700, parents=True, exist_ok=True)
        verdict = nursery.ask(_given(item, folder)) or _GONE
        reports = _read(item, folder / "reports")
        complaint = _complaint(verdict, reports)
        if complaint:
            reports.append(_failure(item, complaint))
        reports[-1].user_properties.append(("seconds", verdict["seconds"]))
        return reports
    finally:
        shutil.rmtree(folder, ignore_errors=True)


_GONE = {"status": None, "survivors": [], "leftovers": [], "said": "its warden was gone", "seconds": 0.0}


def _given(item: pytest.Item, folder: Path) -> dict[str, Any]:
    top = str(item.config.rootpath)
    words = ["-q", "-p", "no:cacheprovider", f"--basetemp={folder / 't'}", f"--rootdir={top}"]
    case = f"{item.path}::{item.nodeid.partition('::')[2]}"
    return {"arguments": [*words, case], "environment": environment(folder), "folder": str(folder), "top": top, "silence": SILENCE}


def environment(folder: Path) -> dict[str, str]:
    """What a case finds instead of the user's folders."""
    home = folder / "home"
    own = {
        INSIDE: str(folder / "reports"), "TMPDIR": str(folder / "tmp"), "XDG_RUNTIME_DIR": str(folder / "run"), "HOME": str(home),
        "XDG_CONFIG_HOME": str(home / ".config"), "XDG_CACHE_HOME": str(home / ".cache"), "XDG_STATE_HOME": str(home / ".local/state"),
        "XDG_DATA_HOME": str(home / ".local/share"), "PYTHONDONTWRITEBYTECODE": "1",
    }  # fmt: skip
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "RANK", "WORLD_SIZE"))}
    return {**kept, **own}


def _read(item: pytest.Item, file: Path) -> list[pytest.TestReport]:
    found = []
    for line in file.read_text(encoding="utf-8").splitlines() if file.exists() else ():
        report = item.config.hook.pytest_report_from_serializable(config=item.config, data=json.loads(line))
        assert isinstance(report, pytest.TestReport)
        found.append(report)
    return found


def _complaint(verdict: dict[str, Any], reports: list[pytest.TestReport]) -> str:
    lines = []
    if verdict["status"] is None:
        lines.append(f"ended after {SILENCE:g} s of silence")
    elif not any(report.when == "teardown" for report in reports):
        lines.append(f"its process ended with {verdict['status']} in the middle")
    lines += [f"survived: {one}" for one in verdict["survivors"]]
    lines += [f"left in the temporary folder: {one}" for one in verdict["leftovers"]]
    if lines and not any(report.failed for report in reports):
        lines.append(verdict["said"])
    return "\n".join(lines)


def _failure(item: pytest.Item, text: str) -> pytest.TestReport:
    return pytest.TestReport(item.nodeid, item.location, dict.fromkeys(item.keywords, 1), "failed", text, "teardown")


class Reporter:
    """Inside: writes every report down where the pytest outside reads it, and gives a sign of life with each."""

    def __init__(self, config: pytest.Config) -> None:
        self._config, self._file = config, os.environ[INSIDE]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """One phase of the case is over."""
        data = self._config.hook.pytest_report_to_serializable(config=self._config, report=report)
        with open(self._file, "a", encoding="utf-8") as stream:
            stream.write(json.dumps(data) + "\n")
