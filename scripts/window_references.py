"""Small pictures of the window as it was when it was looked at, and how far a new picture is from one.

A reference is a picture at a quarter of its size in few colours: a missing button is seen in it, the edge of a letter is not, so that
it holds on another machine too. What is compared is the mean of each patch.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QImage
from window_states import NAMES

REFERENCES = Path(__file__).resolve().parent.parent / "tests" / "gui" / "references"
SIZE = (1366, 768)
QUARTER = 4
COLOURS = 128  # of a reference
PATCH = 6  # pixels of a small picture on each side; half a row of a table
TOLERANCE = 24.0  # of 255: how far the mean of a patch may be off
IN_THE_DARK = frozenset({"welcome", "palette", "empty", "paused", "network", "tensor_heat", "explained_none"})
AT_ONCE = 8  # states of a scene that one window shows, one after the other
UNSTEADY = {  # differ from one run or machine to the next, and why
    "run_without_script": "the interpreters of the machine", "run_of_script": "the interpreters of the machine",
    "about": "versions of what is installed", "missing_module": "the path of the interpreter",
    "running_forward": "how far a program without an end got", "stopping_offered": "how far it got", "stopped": "how far it got",
    "panel_statistics": "sorted by measured times",
    **dict.fromkeys(("pseudo_panels", "pseudo_rtl_panels"), "sorted by measured times"),
    **dict.fromkeys(("pseudo_paused", "pseudo_rtl_paused"), "what the status bar says of the process and the tape"),
    "kernels": "measured times", "tape_limit": "how far it got",
    **dict.fromkeys(("attach_dialog", "attach_failed", "attach_following", "attach_lost"), "where the copies lie"),
    **dict.fromkeys(("elsewhere_dialog", "elsewhere_failed", "elsewhere_paused", "elsewhere_lost"), "where the ssh of the pictures lies"),
    **dict.fromkeys(("tape_headless", "tape_repaired", "tape_copy", "tape_growing"), "on which record the changed byte falls"),
    **dict.fromkeys(("tape_damaged", "tape_unfinished"), "on which record the changed byte falls"),
    **dict.fromkeys(("crashed", "not_responding"), "how much of the last moment was written"),
    **dict.fromkeys(("explained_double", "explained_second", "explained_ranks"), "which node of the graph was current when all were drawn"),
    **dict.fromkeys(("explained_nan", "explained_none", "explained_formula"), "on a busy machine, which events are in view at the end"),
    "frozen": "on a busy machine, whether the graph is drawn when the limit is reached",
    "long_run": "which events are in view when the graph is folded",
    **dict.fromkeys(("value_found", "value_found_table", "value_found_wrong"), "which groups were open when the program ended"),
    "plugin_failed": "which events are in view when the panel fails", "disk_full": "whether the graph is drawn before the bar comes",
}  # fmt: skip


def kept(theme: str) -> tuple[str, ...]:
    """The states of which there are references in a theme."""
    return tuple(name for name in NAMES if name not in UNSTEADY and (theme == "light" or name in IN_THE_DARK))


def reference(name: str, theme: str) -> Path:
    """The file of a reference."""
    return REFERENCES / f"{name}_{theme}.png"


def small(image: QImage) -> QImage:
    """A picture to compare with a reference."""
    size = QSize(-(-image.width() // QUARTER), -(-image.height() // QUARTER))
    smooth = Qt.TransformationMode.SmoothTransformation
    return image.scaled(size, Qt.AspectRatioMode.IgnoreAspectRatio, smooth).convertToFormat(QImage.Format.Format_RGB888)


def difference(one: QImage, other: QImage) -> float:
    """How far the patch is off in which two small pictures differ most, 0 to 255; infinite for other sizes."""
    if one.size() != other.size():
        return float("inf")
    off = np.abs(_pixels(one).astype(np.float64) - _pixels(other)).mean(axis=2)
    rows, columns = off.shape[0] // PATCH, off.shape[1] // PATCH
    return float(off[: rows * PATCH, : columns * PATCH].reshape(rows, PATCH, columns, PATCH).mean(axis=(1, 3)).max())


def _pixels(image: QImage) -> Any:
    image = image.convertToFormat(QImage.Format.Format_RGB888)
    lines = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return lines[:, : image.width() * 3].reshape(image.height(), image.width(), 3).copy()  # the image is gone when this returns


def _channels(codes: Any) -> Any:
    return np.stack([codes >> 16, codes >> 8 & 255, codes & 255], axis=1)


def few_colours(image: QImage) -> QImage:
    """The picture in few colours: the most frequent, and those that would be off most."""
    pixels = _pixels(image).astype(np.int32)
    codes = (pixels[..., 0] << 16) | (pixels[..., 1] << 8) | pixels[..., 2]
    colours, places, counts = np.unique(codes, return_inverse=True, return_counts=True)
    order = np.argsort(-counts, kind="stable")
    chosen = list(order[: COLOURS * 5 // 8])
    far = np.full(len(colours), np.inf)
    for place in range(COLOURS):  # the others are those that would be off most
        if place >= len(chosen):
            chosen.append(int((far * np.minimum(counts, 40)).argmax()))
        if place < len(chosen):
            far = np.minimum(far, np.abs(_channels(colours) - _channels(colours[chosen[place]][None])).sum(axis=1))
    table = colours[chosen]
    parts = np.array_split(_channels(colours), max(1, len(colours) // 4096))
    nearest = np.concatenate([np.abs(part[:, None] - _channels(table)[None]).sum(axis=2).argmin(axis=1) for part in parts])
    lines = np.ascontiguousarray(nearest.astype(np.uint8)[places].reshape(codes.shape))
    made = QImage(lines.data, image.width(), image.height(), image.width(), QImage.Format.Format_Indexed8)
    made.setColorTable([0xFF000000 | int(colour) for colour in table])
    return made.copy()


def keep(image: QImage, name: str, theme: str) -> None:
    """Make a picture a reference: in few colours, unless those would be off themselves, as those of a heat map are."""
    whole = small(image)
    few = few_colours(whole)
    (few if difference(few, whole) <= TOLERANCE / 3 else whole).save(str(reference(name, theme)))
