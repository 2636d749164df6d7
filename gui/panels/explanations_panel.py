"""Explanations: what went wrong with autograd in this run, in plain words, with the lines and what to write instead."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import Any

from PySide6.QtCore import QUrl, Signal, Slot
from PySide6.QtGui import QFontMetrics, QResizeEvent
from PySide6.QtWidgets import QTextBrowser, QVBoxLayout, QWidget

from .. import theme
from ..panel import Panel
from .notice import Stage

UNBROKEN = 90  # letters of a line of code that stand in one line
_REMARK, _AROUND = 180, 60  # pixels that what is said of a line of code needs beside it, and that stand around the three


class ExplanationsPanel(Panel):
    """One finding below the other; lines and nodes are links."""

    title = "Explanations"
    about = "What went wrong with autograd in this run: where, why, and what to write instead"

    line_picked = Signal(str, int)  # the user wants to see this line of the source
    node_picked = Signal(object)  # the user wants to see this graph node
    event_picked = Signal(int)  # the user wants to look at the moment of this event
    alert_wished = Signal(object)  # the user wants to see the alert of this graph node
    explain_wished = Signal()  # the user wants it looked for once more

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMinimumSize(260, 90)
        self._findings: Sequence[Mapping[str, Any]] = ()
        self._is_narrow = False
        self._text = QTextBrowser(self)
        self._text.setObjectName("explanations")
        self._text.setAccessibleName(self.tr("Explanations"))
        self._text.setOpenLinks(False)
        self._text.setFrameShape(QTextBrowser.Shape.NoFrame)
        self._text.anchorClicked.connect(self._followed)
        self._stage = Stage(self._text, self)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._stage)
        self.show_waiting()

    @Slot()
    def show_waiting(self) -> None:
        """Nothing is known yet."""
        self._findings = ()
        self._stage.show_notice(
            self.tr("When the program has ended or stopped at an error, what went wrong with its gradients is explained here.")
        )

    @Slot()
    def show_looking(self) -> None:
        """The tape is being looked through; what is shown of an earlier look stays until then."""
        if not self._findings:
            self._stage.show_notice(self.tr("Looking for what went wrong ..."))

    @Slot(object)
    def show_findings(self, findings: Sequence[Mapping[str, Any]]) -> None:
        """Show what was found, as JSON has it."""
        self._findings = findings
        if not findings:
            self._stage.show_notice(self.tr("Nothing to explain: no error of autograd, no NaN, no gradient that is missing or zero."))
            return
        self._stage.show_content()
        self._fill()

    def show_failure(self, why: str) -> None:
        """It could not be looked for, and why."""
        self._findings = ()
        text = self.tr("What happened could not be explained: {0}.").format(why.rstrip("."))
        self._stage.show_notice(text, [(self.tr("Try Again"), self.explain_wished.emit)])

    def show_finding(self, node: int | None, event: int | None) -> bool:
        """Scroll to what is known about a node or a moment; False where nothing is."""
        for number, finding in enumerate(self._findings):
            same = event is not None and finding.get("event") == event
            if same or (node is not None and finding.get("node") == node):
                self._text.scrollToAnchor(f"finding{number}")
                return True
        return False

    def count(self) -> int:
        """How many there are."""
        return len(self._findings)

    def restyle(self) -> None:
        if self._findings:
            self._fill()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """What is said of a line of code stands beside it, in a narrow panel below it."""
        super().resizeEvent(event)
        if self._findings and self._narrow() is not self._is_narrow:
            self._fill()

    # --------------------------------------------------------------------------------------------------------- inside

    def _narrow(self) -> bool:
        places = [place for finding in self._findings for place in finding["places"]]
        code = max((len(place["source"]) for place in places if len(place["source"]) <= UNBROKEN), default=0)
        where = max((self.fontMetrics().horizontalAdvance(_where(place)) for place in places), default=0)
        letter = QFontMetrics(theme.mono_font(theme.UI_SIZE)).horizontalAdvance("0")
        return where + code * letter + theme.scaled(_REMARK) + _AROUND > self.width()

    def _fill(self) -> None:
        self._is_narrow = self._narrow()
        look = theme.current()
        dim, link, code = (colour.name() for colour in (look.dim, look.accent_text, look.text))
        parts = []
        for number, finding in enumerate(self._findings):
            head = look.bad.name() if finding["severity"] != "note" else dim
            rows = "".join(self._place(number, place, link, dim, code) for place in finding["places"])
            node = finding.get("node")
            jump = ""
            if finding.get("event") is not None:
                jump = f'&nbsp;&nbsp; <a style="color:{link}" href="event:{number}">{html.escape(self.tr("Go to the moment"))}</a>'
            elif node is not None:
                jump = f'&nbsp;&nbsp; <a style="color:{link}" href="node:{number}">{html.escape(self.tr("Show the node"))}</a>'
            if node is not None and str(finding["code"]).startswith("nan"):
                jump += f'&nbsp;&nbsp; <a style="color:{link}" href="alert:{number}">{html.escape(self.tr("Show the alert"))}</a>'
            parts.append(
                f'<a name="finding{number}"></a><p style="margin:8px 10px 2px 10px">'
                f'<b style="color:{head}">{html.escape(finding["title"])}</b>'
                f'&nbsp;&nbsp;<span style="color:{dim}">{html.escape(finding["code"])}</span>{jump}</p>'
                f'<table style="margin:2px 10px" cellspacing="0" cellpadding="2">{rows}</table>'
                f'<p style="margin:4px 10px">{_marked(finding["text"])}</p>'
                f'<p style="margin:2px 10px 10px 10px"><b>{html.escape(self.tr("Fix:"))}</b> {_marked(finding["fix"])}</p>'
            )
        self._text.setHtml(f'<div style="color:{code}">{"<hr>".join(parts)}</div>')

    def _place(self, number: int, place: Mapping[str, Any], link: str, dim: str, code: str) -> str:
        places = self._findings[number]["places"]
        target = f"line:{number}:{places.index(place)}"
        where = _where(place)
        source = html.escape(place["source"])
        wrap = "nowrap" if len(place["source"]) <= UNBROKEN else "normal"  # else the table breaks it where there is room for it
        between, padding = ("</tr><tr><td></td>", 12) if self._is_narrow else ("", 16)
        return (
            f'<tr><td style="white-space:nowrap"><a style="color:{link}" href="{target}">{html.escape(where)}</a></td>'
            f"<td style=\"font-family:'{theme.MONO_FAMILY}';padding-left:12px;white-space:{wrap}\">{source}</td>{between}"
            f'<td style="color:{dim};padding-left:{padding}px">{_marked(place["what"])}</td></tr>'
        )

    def _followed(self, url: QUrl) -> None:
        kind, _, rest = url.toString().partition(":")
        number, _, place = rest.partition(":")
        finding = self._findings[int(number)]
        if kind == "line":
            at = finding["places"][int(place)]
            self.line_picked.emit(str(at["file"]), int(at["line"]))
            return
        if kind == "alert":
            self.alert_wished.emit(("node", int(finding["node"])))
            return
        if kind == "event":
            self.event_picked.emit(int(finding["event"]))
        if finding.get("node") is not None:
            self.node_picked.emit(("node", int(finding["node"])))


def _where(place: Mapping[str, Any]) -> str:
    return f"{PurePath(place['file']).name}:{place['line']}"


def _marked(text: str) -> str:
    """A text whose `words in backquotes` are code."""
    parts = html.escape(text).split("`")
    if len(parts) % 2 == 0:  # one of them is a word itself
        return html.escape(text)
    return "".join(f"<span style=\"font-family:'{theme.MONO_FAMILY}'\">{part}</span>" if at % 2 else part for at, part in enumerate(parts))
