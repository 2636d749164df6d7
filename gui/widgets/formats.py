"""How numbers, shapes, sizes and raw text are written in the window. No Qt: what is shown can be tested without a window.

Numbers in tensors are never localised: they are copied into code.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import PurePath

import numpy as np

from ..translation import translate

_ALL = 17  # decimals tell any two numbers apart


@dataclass(frozen=True, slots=True)
class NumberStyle:
    """How the user wants numbers. ``small`` and ``large`` are the powers of ten below and from which an exponent is written."""

    digits: int = 4  # significant digits of statistics
    least: int = 1  # decimals in tables
    most: int = _ALL
    small: int = -4
    large: int = 6


_style: list[NumberStyle] = [NumberStyle()]
MINUS_INFINITY, INFINITY = "-inf", "inf"
_SHORT = {
    "float8_e4m3fn": "f8e4m3", "float8_e5m2": "f8e5m2",
    "float16": "f16", "bfloat16": "bf16", "float32": "f32", "float64": "f64", "complex64": "c64", "complex128": "c128",
    "bool": "bool", "uint8": "u8", "int8": "i8", "int16": "i16", "int32": "i32", "int64": "i64",
}  # fmt: skip
_CONTROL = re.compile(
    r"\x1b\[[0-9;:?]*[ -/]*[@-~]"  # a control sequence (colours, cursor)
    r"|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)"  # an operating system command (titles, links)
    r"|[\x00-\x08\x0b-\x1f\x7f-\x9f]"
    r"|[\u200e\u200f\u202a-\u202e\u2066-\u2069]"  # what turns the direction of writing
)


def shape_text(shape: Sequence[int]) -> str:
    """``64x512`` with the multiplication sign, ``scalar`` for no dimensions."""
    return "\u00d7".join(str(size) for size in shape) if shape else translate("Formats", "scalar")


@lru_cache(maxsize=256)
def file_name(path: str) -> str:
    """The name of a file without the folder."""
    return PurePath(path).name


def outs_text(words: str) -> str:
    """Types with shapes as a tape has them in words (``float32 [2, 3]``), as the window writes them."""

    def one(found: re.Match[str]) -> str:
        return f"{shape_text([int(size) for size in found[2].split(', ') if size])} {dtype_text(found[1])}"

    return re.sub(r"(\w+) \[(\d{1,18}(?:, \d{1,18})*|)\]", one, words)


def dtype_text(dtype: str) -> str:
    """The short name of a dtype: ``f32`` for ``float32``."""
    return _SHORT.get(dtype, dtype)


def set_style(style: NumberStyle) -> None:
    """Numbers are written in this style from now on."""
    _style[:] = [style]


def number(value: float, digits: int = 0) -> str:
    """A statistic in at most ``digits`` significant digits (0: as many as the user wants): ``0.93``, ``1.2e-07``, ``nan``, ``-inf``."""
    if value != value:
        return "nan"
    if math.isinf(value):
        return INFINITY if value > 0 else MINUS_INFINITY
    if value == 0:
        return "0"
    style = _style[0]
    digits = digits or style.digits
    if 10.0**style.small <= abs(value) < 10.0 ** min(digits, style.large):
        text = f"{value:.{digits}g}"  # the same, and quicker, but where it would be rounded up to another power of ten
        return text if "e" not in text else np.format_float_positional(value, precision=digits, unique=False, fractional=False, trim="-")
    mantissa, exponent = f"{value:.{max(digits - 2, 1)}e}".split("e")
    if "." in mantissa:
        mantissa = mantissa.rstrip("0").rstrip(".")
    return f"{mantissa}e{int(exponent):+03d}"


def count_text(count: int) -> str:
    """A number of things in at most five characters: ``812``, ``12.3k``, ``4.0M``."""
    if count < 1000:
        return str(count)
    size = float(count)
    units = iter("kMGT")
    unit = next(units)
    size /= 1000
    while size >= 999.5 and unit != "T":
        size, unit = size / 1000, next(units)
    return f"{size:.1f}{unit}" if size < 99.95 else f"{size:.0f}{unit}"


def exact(value: object) -> str:
    """One element of a tensor, with the fewest digits that give the same value of the same dtype back: what is copied."""
    return _element(value, NumberStyle(least=1, small=_style[0].small, large=_style[0].large))


def shown(value: object) -> str:
    """One element of a tensor in a table, with as many decimals as the user wants."""
    return _element(value, _style[0])


def _element(value: object, style: NumberStyle) -> str:
    if isinstance(value, np.bool_ | bool):
        return "True" if value else "False"
    if isinstance(value, np.complexfloating):
        sign = "-" if math.copysign(1.0, float(value.imag)) < 0 else "+"
        return f"{_element(value.real, style)}{sign}{_element(abs(value.imag), style)}j"
    if not isinstance(value, np.floating):
        return str(value)
    if np.isnan(value):
        return "nan"
    if np.isinf(value):
        return INFINITY if value > 0 else MINUS_INFINITY
    size = abs(float(value))
    if size and (size >= 10.0**style.large or size < 10.0**style.small):
        precision = style.most if style.most < _ALL else None
        return np.format_float_scientific(value, precision=precision, unique=True, trim="-", exp_digits=2)
    if style.most < _ALL:
        return np.format_float_positional(value, precision=style.most, min_digits=min(style.least, style.most), unique=True, trim="k")
    if style.least > 1:
        return np.format_float_positional(value, min_digits=style.least, unique=True, trim="k")
    return np.format_float_positional(value, unique=True, trim="0" if style.least else "-")


def seconds(value: float) -> str:
    """A duration with its unit: ``18.4 us`` (with the micro sign), ``3.2 ms``, ``1.5 s``."""
    if value < 0 or value != value:
        return ""
    for factor, unit in ((1e6, "\u00b5s"), (1e3, "ms")):
        if value * factor < 1000:
            return f"{value * factor:.3g} {unit}"
    return f"{value:.3g} s"


def byte_size(count: int) -> str:
    """``512 B``, ``3.1 KiB``, ``2.0 GiB``."""
    if count < 1024:
        return f"{count} B"
    size = float(count)
    for unit in ("KiB", "MiB", "GiB"):
        size /= 1024
        if size < 1024:
            return f"{size:.1f} {unit}"
    return f"{size / 1024:.1f} TiB"


def short_name(node: str) -> str:
    """A backward node's name without its ending: ``Addmm`` for ``AddmmBackward0``."""
    return re.sub(r"Backward\d*$", "", node) or node


def one_line(text: str, limit: int = 200) -> str:
    """The text on one line, cut at ``limit`` characters."""
    flat = " ".join(text.split())
    return flat if len(flat) <= limit else flat[: limit - 1] + "\u2026"


def harmless(text: str) -> str:
    """Program output made safe to show: colour sequences are dropped, other control characters and the ones that turn
    the direction of writing are spelled out (``\\x07``), new lines and tabs stay."""

    def spelled(match: re.Match[str]) -> str:
        found = match.group()
        if found.startswith(("\x1b[", "\x1b]")) and len(found) > 2:
            return ""
        return f"\\x{ord(found):02x}" if ord(found) < 256 else f"\\u{ord(found):04x}"

    return _CONTROL.sub(spelled, text)
