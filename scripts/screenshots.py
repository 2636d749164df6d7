"""Pictures of the window in each of its states, and what differs from those that were looked at before.

scripts/screenshots.py FOLDER                          every state, theme and size
scripts/screenshots.py FOLDER --only nan past --themes dark --sizes 1366x768
scripts/screenshots.py FOLDER --sheets                 and contact sheets, to look at many at once
scripts/screenshots.py FOLDER --compare                and say which differ from the references; exit code 1 if any
scripts/screenshots.py --renew                         make the references anew: look at them before they are committed
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QImage, QPainter
from window_stage import Stage
from window_states import NAMES, SCENES

THEMES = ("light", "dark", "contrast")
SIZES = ((1366, 768), (1600, 1000), (2560, 1440))
CONTRAST = frozenset({"welcome", "paused", "past", "rewound", "nan", "raised", "crashed", "folded", "tensor_heat", "palette", "shortcuts"})
REFERENCES = Path(__file__).resolve().parent.parent / "tests" / "gui" / "references"
KEPT = ("welcome", "palette", "empty")
KEPT_SIZE = (1366, 768)
KEPT_THEMES = ("light", "dark")
COLOURS = 256  # of a reference
SMALL = 480  # pixels: the width at which pictures are compared
TOLERANCE = 9.0  # of 255: how far a patch of a small picture may be off on average
PATCH = 12  # pixels of a small picture; texts that are drawn a little differently differ by less than what is missing
REPAINT = 80  # milliseconds for another theme to be painted
ACROSS, THUMB = 3, 900  # of a contact sheet: pictures beside each other, and how wide each is


def small(image: QImage) -> QImage:
    """A picture to compare with."""
    return image.scaledToWidth(SMALL, Qt.TransformationMode.SmoothTransformation).convertToFormat(QImage.Format.Format_RGB888)


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
    return lines[:, : image.width() * 3].reshape(image.height(), image.width(), 3)


def _channels(codes: Any) -> Any:
    return np.stack([codes >> 16, codes >> 8 & 255, codes & 255], axis=1)


def few_colours(image: QImage) -> QImage:
    """The picture in 256 colours: half of the bytes, and nothing that the eye sees."""
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


def pictures(wanted: Sequence[str], themes: Sequence[str], size: tuple[int, int], folder: Path) -> Iterator[tuple[str, str, QImage]]:
    """Name, theme and picture of each state that is wanted: a window for each scene, seen in one theme after the other."""
    for names, scene in SCENES:
        if not set(names) & set(wanted):
            continue
        stage = Stage(themes[0], size, folder)
        try:
            last = [name for name in names if name in wanted][-1]
            for name, widget in scene(stage):
                if name in wanted:
                    stage.settle(widget)
                for theme in themes if name in wanted else ():
                    if theme == "contrast" and name not in CONTRAST and len(themes) > 1:
                        continue
                    stage.set_theme(theme)
                    stage.turn(REPAINT)
                    yield name, theme, stage.picture(widget)
                stage.set_theme(themes[0])
                if name == last:
                    break
        finally:
            stage.close()


def sheets(folder: Path, files: Sequence[Path]) -> None:
    """Pictures of one theme and size on sheets of nine, small enough to look at together."""
    for number in range(0, len(files), ACROSS * ACROSS):
        images = [(file.stem, QImage(str(file))) for file in files[number : number + ACROSS * ACROSS]]
        high = max(image.height() * THUMB // max(image.width(), image.height() * 16 // 10) for _, image in images) + 24
        sheet = QImage(ACROSS * (THUMB + 8), -(-len(images) // ACROSS) * (high + 8), QImage.Format.Format_RGB32)
        sheet.fill(0xFF808080)
        painter = QPainter(sheet)
        for place, (name, image) in enumerate(images):
            x, y = place % ACROSS * (THUMB + 8), place // ACROSS * (high + 8)
            room = QSize(THUMB, high - 24).boundedTo(image.size())
            painter.drawImage(x, y + 24, image.scaled(room, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation))
            painter.drawText(x + 6, y + 17, name)
        painter.end()
        sheet.save(str(folder / f"sheet_{files[0].stem.split('_', 1)[1].rsplit('_', 2)[-2]}_{number // 9:02}.png"))


def renew(folder: Path) -> int:
    """Make the references anew."""
    REFERENCES.mkdir(parents=True, exist_ok=True)
    for file in REFERENCES.glob("*.png"):
        file.unlink()
    for name, theme, image in pictures(KEPT, KEPT_THEMES, KEPT_SIZE, folder):
        few_colours(image).save(str(REFERENCES / f"{name}_{theme}.png"))
        print(f"{name}_{theme}.png")
    print(f"{sum(file.stat().st_size for file in REFERENCES.glob('*.png')) / 1e6:.2f} MB")
    return 0


def make(arguments: argparse.Namespace, scratch: Path) -> int:
    """Make the pictures that were asked for; how many differ from their reference."""
    folder, differ = arguments.folder, 0
    folder.mkdir(parents=True, exist_ok=True)
    for size in arguments.sizes:
        made: dict[str, list[Path]] = {theme: [] for theme in arguments.themes}
        for name, theme, image in pictures(arguments.only or NAMES, arguments.themes, size, scratch):
            file = folder / f"{name}_{theme}_{size[0]}x{size[1]}.png"
            image.save(str(file))
            made[theme].append(file)
            words, reference = "", REFERENCES / f"{name}_{theme}.png"
            if arguments.compare and size == KEPT_SIZE and reference.exists():
                off = difference(small(image), small(QImage(str(reference))))
                differ += off > TOLERANCE
                words = f"  differs by up to {off:.1f}" if off > TOLERANCE else f"  as before ({off:.1f})"
            print(f"{file.name}{words}", flush=True)
        for files in made.values() if arguments.sheets else ():
            sheets(folder, files)
    return differ


def main(argv: Sequence[str] | None = None) -> int:
    """Make the pictures; 1 where one differs from its reference."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--only", nargs="+", choices=NAMES, metavar="STATE", help=", ".join(NAMES))
    parser.add_argument("--themes", nargs="+", choices=THEMES, default=THEMES)
    parser.add_argument("--sizes", nargs="+", type=_size, default=SIZES, metavar="WxH")
    parser.add_argument("--sheets", action="store_true", help="contact sheets as well")
    parser.add_argument("--compare", action="store_true", help=f"with {REFERENCES.name}, at {KEPT_SIZE[0]}x{KEPT_SIZE[1]}")
    parser.add_argument("--renew", action="store_true", help="make the references anew")
    arguments = parser.parse_args(argv)
    if arguments.folder is None and not arguments.renew:
        parser.error("say into which folder")
    with tempfile.TemporaryDirectory(prefix="gradstep-pictures-") as scratch:
        os.environ["XDG_CACHE_HOME"] = scratch  # the runs of these windows are nothing to keep
        if os.environ["QT_QPA_PLATFORM"] == "offscreen":  # its screen is 800 x 800, and dialogs heed that
            screen = Path(scratch, "screen.json")
            screen.write_text(json.dumps({"screens": [{"name": "large", "x": 0, "y": 0, "width": 2560, "height": 1440}]}), encoding="utf-8")
            os.environ["QT_QPA_PLATFORM"] = f"offscreen:configfile={screen}"
        return renew(Path(scratch)) if arguments.renew else 1 if make(arguments, Path(scratch)) else 0


def _size(text: str) -> tuple[int, int]:
    size = QSize(*map(int, text.split("x")))
    return size.width(), size.height()


if __name__ == "__main__":
    sys.exit(main())
