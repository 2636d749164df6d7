"""The table of forty faults in three ways: ``scripts/faults.py`` prints it."""

from __future__ import annotations

import argparse
import os
import re
import time
from collections import defaultdict
from pathlib import Path

import pytest

from .catalogue import FAULTS, Way
from .conftest import LONG

HERE = Path(__file__).parent
_REASON = re.compile(r"^Skipped: ")


class Table:
    """A pytest plugin that notes what became of each case."""

    def __init__(self, only: set[int]) -> None:
        self._only = only
        self._cases: dict[str, tuple[int, Way]] = {}
        self._outcomes: dict[str, str] = {}  # passed, failed, or why it was skipped
        self.figures: dict[tuple[int, Way], list[str]] = defaultdict(list)
        self.seconds: dict[str, float] = {}  # of a processor, by case

    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """Keep the cases that are asked for."""
        kept = []
        for item in items:
            mark = item.get_closest_marker("fault")
            if mark is not None and (not self._only or mark.args[0] in self._only):
                self._cases[item.nodeid] = mark.args[:2]
                kept.append(item)
        kept.sort(key=lambda item: self._cases[item.nodeid][0])
        items[:] = kept

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """One phase of a case is over."""
        if report.nodeid not in self._cases:
            return
        if report.failed:
            self._outcomes[report.nodeid] = "failed"
        elif report.skipped:
            reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else "skipped"
            self._outcomes.setdefault(report.nodeid, _REASON.sub("", reason))
        elif report.when == "call":
            self._outcomes.setdefault(report.nodeid, "passed")
        for name, value in report.user_properties:
            if name == "seconds":
                self.seconds[report.nodeid] = float(str(value))
        if report.when == "teardown" or report.skipped:
            self.figures[self._cases[report.nodeid]] += [str(text) for name, text in report.user_properties if name == "figure"]

    def cell(self, number: int, way: Way) -> str:
        """What a cell of the table says."""
        fault = FAULTS[number]
        if way in fault.absent:
            return "-"
        found = [self._outcomes.get(node, "not run") for node, place in self._cases.items() if place == (number, way)]
        failed, passed = found.count("failed"), found.count("passed")
        others = sorted(set(found) - {"failed", "passed"})
        words = [f"{failed} of {len(found)} FAILED"] if failed else [f"{passed} passed"] if passed else []
        return "; ".join(words + [word for word in others if not words or "long" not in word]) or "no case"

    def lines(self) -> list[str]:
        """The table, in Markdown."""
        ways = list(Way)
        lines = [
            "| # | fault (* its cases are narrower, see below) | " + " | ".join(way.value for way in ways) + " |",
            "|---|---|" + "---|" * len(ways),
        ]
        for number, fault in FAULTS.items():
            if not self._only or number in self._only:
                mark = "*" if fault.narrower else ""
                lines.append(f"| {number}{mark} | {fault.title} | " + " | ".join(self.cell(number, way) for way in ways) + " |")
        lines.append("")
        for number, fault in FAULTS.items():
            if not self._only or number in self._only:
                lines += [f"{number}, {way.value}: does not exist, for {reason}" for way, reason in fault.absent.items()]
                lines += [f"{number}: narrower than the fault: {fault.narrower}"] if fault.narrower else []
        lines.append("")
        for (number, way), texts in sorted(self.figures.items(), key=lambda item: (item[0][0], item[0][1].value)):
            lines += [f"{number}, {way.value}: {text}" for text in texts]
        return lines

    def held(self) -> int:
        """Faults of which every way that there is has passed."""
        return sum(all(self.cell(n, way) == "-" or self.cell(n, way).endswith("passed") for way in Way) for n in FAULTS)


def main(arguments: list[str]) -> int:
    """Run the cases and print the table; the exit code is pytest's."""
    parser = argparse.ArgumentParser(prog="faults.py", description=__doc__)
    parser.add_argument("--only", type=int, nargs="+", default=[], metavar="N", help="these faults alone")
    parser.add_argument("--short", action="store_true", help="without the cases that take long")
    given = parser.parse_args(arguments)
    if not given.short:
        os.environ[LONG] = "1"
    table, began = Table(set(given.only)), time.monotonic()
    code = pytest.main([str(HERE), "-q", "-p", "no:cacheprovider"], plugins=[table])
    print("\n" + "\n".join(table.lines()))
    spent = f"{time.monotonic() - began:.0f} s, {sum(table.seconds.values()):.0f} s of a processor"
    print(f"\n{table.held()} of {len(set(given.only) or FAULTS)} hold in every way that there is; {spent}")
    return int(code)
