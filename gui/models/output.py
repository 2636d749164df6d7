"""The tail of what a program printed: bounded, harmless to show, with carriage returns carried out. No Qt."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from ..widgets.formats import harmless

LIMIT = 64 * 1024  # characters that are kept
LINE_LIMIT = 4096  # characters of one line that are kept


@dataclass(slots=True)
class OutputLine:
    """A line of one stream. ``number`` counts all lines of the program, so that a view knows what it has already."""

    number: int
    stream: str
    text: str


class OutputTail:
    """Lines of stdout and stderr in the order of arrival; the oldest go when there are too many characters."""

    def __init__(self, limit: int = LIMIT) -> None:
        self.limit = limit
        self.lines: deque[OutputLine] = deque()
        self.dropped = 0  # characters that are shown no longer
        self._kept = 0
        self._numbers = 0
        self._open: dict[str, OutputLine] = {}  # stream to its line that has no end yet
        self._returned: set[str] = set()  # streams whose next text overwrites their line

    def add(self, stream: str, text: str) -> int:
        """Take in what a stream wrote. Returns the number of the first line that is new or another one now."""
        first = self._numbers
        text = text.replace("\r\n", "\n")
        pieces = text.split("\n")
        for place, piece in enumerate(pieces):
            line = self._open.get(stream)
            if piece or (line is None and place < len(pieces) - 1):
                if line is None:
                    line = self._new(stream)
                first = min(first, line.number)
                self._write(stream, line, piece)
            if place < len(pieces) - 1:
                self._open.pop(stream, None)
                self._returned.discard(stream)
        self._drop()
        return first

    def clear(self) -> None:
        """Forget all of it."""
        self.lines.clear()
        self._open.clear()
        self._returned.clear()
        self.dropped = self._kept = 0

    def _new(self, stream: str) -> OutputLine:
        line = self._open[stream] = OutputLine(self._numbers, stream, "")
        self._numbers += 1
        self._kept += 1
        self.lines.append(line)
        return line

    def _write(self, stream: str, line: OutputLine, piece: str) -> None:
        before = len(line.text)
        parts = piece.split("\r")
        for place, part in enumerate(parts):
            if place:  # a carriage return: what comes next overwrites the line from its beginning
                self._returned.add(stream)
            if not part:
                continue
            shown = harmless(part)
            if stream in self._returned:
                line.text = shown + line.text[len(shown) :]
                self._returned.discard(stream)
            else:
                line.text += shown
        if len(line.text) > LINE_LIMIT:
            self.dropped += len(line.text) - LINE_LIMIT
            line.text = line.text[:LINE_LIMIT]
        self._kept += len(line.text) - before

    def _drop(self) -> None:
        while self._kept > self.limit and len(self.lines) > 1:
            line = self.lines.popleft()
            self._kept -= len(line.text) + 1
            self.dropped += len(line.text) + 1
            if self._open.get(line.stream) is line:
                del self._open[line.stream]
