"""Each case is run by a pytest of its own, below a warden, in folders of its own; its reports come back as if it had run here."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
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


class Isolation:
    """Runs cases, two at a time, in the order in which they will be asked for."""

    def __init__(self, items: list[pytest.Item], at_once: int = AT_ONCE) -> None:
        self._pool = ThreadPoolExecutor(at_once, thread_name_prefix="faults")
        self._left = len(items)
        self._results: dict[str, Future[list[pytest.TestReport]]] = {item.nodeid: self._pool.submit(run, item) for item in items}

    def reports(self, item: pytest.Item) -> list[pytest.TestReport]:
        """What the case said. After the last one nothing of this runs any more."""
        self._left -= 1
        try:
            return self._results.pop(item.nodeid).result()
        finally:
            if not self._left:
                self.close()

    def close(self) -> None:
        """Begin no further case, and wait for those that run."""
        self._pool.shutdown(wait=True, cancel_futures=True)


def run(item: pytest.Item) -> list[pytest.TestReport]:
    """Run one case to its end."""
    folder = Path(tempfile.mkdtemp(prefix="gf-"))
    try:
        for name in _FOLDERS:
            (folder / name).mkdir(mode=0o700, parents=True, exist_ok=True)
        verdict = _ask_warden(item, folder)
        reports = _read(item, folder / "reports")
        complaint = _complaint(verdict, reports)
        if complaint:
            reports.append(_failure(item, complaint))
        return reports
    finally:
        shutil.rmtree(folder, ignore_errors=True)


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


def _ask_warden(item: pytest.Item, folder: Path) -> dict[str, Any]:
    inner = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        f"--basetemp={folder / 't'}",
        f"--rootdir={item.config.rootpath}",
    ]
    inner += [f"{item.path}::{item.nodeid.partition('::')[2]}"]
    command = [sys.executable, _WARDEN, str(SILENCE), str(folder), *inner]
    warden = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment(folder), cwd=item.config.rootpath)
    try:
        out, err = warden.communicate()
    finally:
        warden.kill()
        warden.wait()
    try:
        verdict: dict[str, Any] = json.loads(out)
    except ValueError:
        return {
            "status": None,
            "survivors": [],
            "leftovers": [],
            "said": f"the warden ended with {warden.returncode}: {err.decode()[-2000:]}",
        }
    return verdict


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
