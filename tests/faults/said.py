"""Everything that a case made anybody say on stderr or in a log: each line must be one that the case expects."""

from __future__ import annotations

import re

TRACEBACK = re.compile(r"^(Traceback \(most recent call last\):|  File \".*\", line \d+, in .*|    .*|\s*[~^]+\s*)$")


class Said:
    """Lines that were heard, and patterns of those that were expected."""

    def __init__(self) -> None:
        self._heard: dict[str, str] = {}  # who said it: a line may come in pieces
        self._expected: list[re.Pattern[str]] = []

    def hear(self, text: str, who: str) -> None:
        """``who`` said ``text``, which goes on where the last one of theirs ended."""
        self._heard[who] = self._heard.get(who, "") + text

    def expect(self, *patterns: str) -> None:
        """Lines that match one of these from their beginning may be said."""
        self._expected += [re.compile(pattern) for pattern in patterns]

    def expect_exception(self, last: str) -> None:
        """The script may print a traceback whose last line matches."""
        self._expected += [TRACEBACK, re.compile(last)]

    @property
    def lines(self) -> list[str]:
        """All that was heard."""
        return [line for _, line in self._said()]

    def _said(self) -> list[tuple[str, str]]:
        return [(who, line) for who, text in self._heard.items() for line in text.splitlines() if line.strip()]

    def count(self, pattern: str) -> int:
        """How many lines match."""
        return sum(re.search(pattern, line) is not None for line in self.lines)

    def unknown(self) -> list[str]:
        """Lines that nobody expected, with who said them."""
        return [f"{who}: {line[:300]}" for who, line in self._said() if not any(pattern.match(line) for pattern in self._expected)]
