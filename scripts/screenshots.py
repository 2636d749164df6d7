"""Pictures of the window in each of its states, and what differs from those that were looked at before.

scripts/screenshots.py FOLDER                          every state, theme and size
scripts/screenshots.py FOLDER --only nan past --themes dark --sizes 1366x768
scripts/screenshots.py FOLDER --ratio 2 --letters 150  a screen of two pixels a point; letters of 150 %
scripts/screenshots.py FOLDER --sheets                 and contact sheets, to look at many at once
scripts/screenshots.py FOLDER --compare                those that have references, and which differ from them; exit code 1 if any
scripts/screenshots.py --renew [--only ...]            make the references anew: look at them before they are committed
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QImage, QPainter
from window_references import AT_ONCE, REFERENCES, SIZE, TOLERANCE, difference, keep, kept, reference, small
from window_stage import Stage
from window_states import NAMES, SCENES, Scene

THEMES = ("light", "dark", "contrast")
SIZES = ((1366, 768), (1600, 1000), (2560, 1440))
REFERENCE_THEMES = ("light", "dark")
REPAINT = 80  # milliseconds for another theme to be painted
ACROSS, THUMB = 3, 900  # of a contact sheet: pictures beside each other, and how wide each is


def pictures(
    wanted: Sequence[str], themes: Sequence[str], size: tuple[int, int], folder: Path, *, references: bool = False, percent: int = 100
) -> Iterator[tuple[str, str, QImage]]:
    """Name, theme and picture of each state that is wanted: a window for each scene, seen in one theme after the other. With
    ``references``, only those of which there are references; ``percent`` is the size of letters."""
    for names, scene in SCENES:
        chosen = [name for name in names if name in wanted and (not references or name in kept("light"))]
        most = AT_ONCE if references else len(names)  # what a window showed before may have moved its graph: as the tests picture them
        for part in (chosen[place : place + most] for place in range(0, len(chosen), most)):
            yield from _scene(scene, part, themes, Stage(themes[0], size, folder, percent), references)


def _scene(scene: Scene, wanted: Sequence[str], themes: Sequence[str], stage: Stage, references: bool) -> Iterator[tuple[str, str, QImage]]:
    try:
        seen = themes[0]
        for name, widget in scene(stage):
            if name in wanted:
                stage.settle(widget)
            for theme in themes if name in wanted else ():
                if references and name not in kept(theme):
                    continue
                if theme != seen:
                    stage.set_theme(theme)
                    stage.turn(REPAINT)
                seen = theme
                yield name, theme, stage.picture(widget)
            if seen != themes[0]:
                stage.set_theme(themes[0])
            seen = themes[0]
            if name == wanted[-1]:
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


def renew(names: Sequence[str], folder: Path) -> int:
    """Make the references of these states anew."""
    REFERENCES.mkdir(parents=True, exist_ok=True)
    for name, theme, image in pictures([name for name in names if name in kept("light")], REFERENCE_THEMES, SIZE, folder, references=True):
        keep(image, name, theme)
        print(reference(name, theme).name, flush=True)
    for file in REFERENCES.glob("*.png"):
        if file.stem.rsplit("_", 1)[0] not in kept(file.stem.rsplit("_", 1)[1]):
            file.unlink()
    print(f"{sum(file.stat().st_size for file in REFERENCES.glob('*.png')) / 1e6:.2f} MB")
    return 0


def make(arguments: argparse.Namespace, scratch: Path) -> int:
    """Make the pictures that were asked for; how many differ from their reference."""
    folder, differ = arguments.folder, 0
    folder.mkdir(parents=True, exist_ok=True)
    kind = (f"_x{arguments.ratio:g}" if arguments.ratio != 1 else "") + (f"_{arguments.letters}" if arguments.letters != 100 else "")
    for size in arguments.sizes:
        made: dict[str, list[Path]] = {theme: [] for theme in arguments.themes}
        wanted = arguments.only or NAMES
        for name, theme, image in pictures(
            wanted, arguments.themes, size, scratch, references=arguments.compare, percent=arguments.letters
        ):  # fmt: skip
            file = folder / f"{name}_{theme}_{size[0]}x{size[1]}{kind}.png"
            image.save(str(file))
            made[theme].append(file)
            words, before = "", reference(name, theme)
            if arguments.compare:
                off = difference(small(image), QImage(str(before)))
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
    parser.add_argument("--ratio", type=float, default=1.0, help="pixels of the screen a point")
    parser.add_argument("--letters", type=int, default=100, metavar="PERCENT", help="size of letters, 75 to 200")
    parser.add_argument("--sheets", action="store_true", help="contact sheets as well")
    parser.add_argument("--compare", action="store_true", help=f"only those that have {REFERENCES.name}, at {SIZE[0]}x{SIZE[1]}")
    parser.add_argument("--renew", action="store_true", help="make the references anew")
    arguments = parser.parse_args(argv)
    if arguments.compare:
        arguments.sizes, arguments.themes, arguments.ratio, arguments.letters = (SIZE,), REFERENCE_THEMES, 1.0, 100
    if arguments.folder is None and not arguments.renew:
        parser.error("say into which folder")
    if arguments.ratio != 1:
        os.environ["QT_SCALE_FACTOR"] = str(arguments.ratio)
    with tempfile.TemporaryDirectory(prefix="gradstep-pictures-") as scratch:
        os.environ["XDG_CACHE_HOME"] = os.environ["XDG_CONFIG_HOME"] = scratch  # what these windows do is nothing to keep
        if os.environ["QT_QPA_PLATFORM"] == "offscreen":  # its screen is 800 x 800, and dialogs heed that
            screen = Path(scratch, "screen.json")
            pixels = {"width": round(2560 * arguments.ratio), "height": round(1440 * arguments.ratio)}
            screen.write_text(json.dumps({"screens": [{"name": "large", "x": 0, "y": 0, **pixels}]}), encoding="utf-8")
            os.environ["QT_QPA_PLATFORM"] = f"offscreen:configfile={screen}"
        return renew(arguments.only or NAMES, Path(scratch)) if arguments.renew else 1 if make(arguments, Path(scratch)) else 0


def _size(text: str) -> tuple[int, int]:
    size = QSize(*map(int, text.split("x")))
    return size.width(), size.height()


if __name__ == "__main__":
    sys.exit(main())
