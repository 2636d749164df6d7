"""How tensors print, character for character as PyTorch prints them, and ``set_printoptions``."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

from . import devices, dtypes
from .tensor import Tensor


@dataclass(frozen=True, slots=True)
class Options:
    """What ``set_printoptions`` chooses."""

    precision: int = 4
    threshold: float = 1000  # tensors of more elements are summarised
    edgeitems: int = 3
    linewidth: int = 80
    sci_mode: bool | None = None


_PROFILES = {
    "default": Options(),
    "short": Options(precision=2, edgeitems=2),
    "full": Options(threshold=math.inf),
}
_options = Options()


def set_printoptions(
    precision: int | None = None,
    threshold: float | None = None,
    edgeitems: int | None = None,
    linewidth: int | None = None,
    profile: str | None = None,
    sci_mode: bool | None = None,
) -> None:
    """Choose how tensors print: digits after the point, from how many elements on to summarise, how many elements at the
    edges of a summary, characters a line, and scientific notation (None: where numbers need it).

    ``profile`` is "default", "short" or "full"; what is given beside it goes on top.
    """
    global _options
    base = _options if profile is None else _PROFILES[profile]
    given = {"precision": precision, "threshold": threshold, "edgeitems": edgeitems, "linewidth": linewidth}
    _options = replace(base, **{k: v for k, v in given.items() if v is not None}, sci_mode=sci_mode)  # type: ignore[arg-type]


def get_printoptions() -> dict[str, Any]:
    """The options in force."""
    return {name: getattr(_options, name) for name in Options.__dataclass_fields__}


class _Format:
    """One width and notation for all numbers of a tensor."""

    def __init__(self, values: list[Any], is_float: bool) -> None:
        self.is_float = is_float
        self.whole = True
        self.scientific = False
        self.width = 1
        if not is_float:
            self.width = max((len(str(v)) for v in values), default=1)
            return
        finite = [v for v in values if v != 0 and math.isfinite(v)]
        if not finite:
            return
        self.whole = all(v == math.floor(v) for v in finite)
        sizes = [abs(v) for v in finite]
        low, high = min(sizes), max(sizes)
        self.scientific = high / low > 1000.0 or high > 1.0e8 or low < 1.0e-4 if _options.sci_mode is None else _options.sci_mode
        digits = _options.precision
        if self.scientific:
            self.width = max(len(f"{v:.{digits}e}") for v in finite)
        elif self.whole:
            self.width = max(len(f"{v:.0f}") for v in finite) + 1  # the point
        else:
            self.width = max(len(f"{v:.{digits}f}") for v in finite)

    def text(self, value: Any) -> str:
        """The number in this format."""
        if not self.is_float:
            made = str(value)
        elif self.scientific:
            made = f"{value:{self.width}.{_options.precision}e}"
        elif self.whole:
            made = f"{value:.0f}" + ("." if math.isfinite(value) else "")
        else:
            made = f"{value:.{_options.precision}f}"
        return str(made.rjust(self.width))


class _ComplexFormat:
    """Formats for both parts."""

    def __init__(self, values: list[complex]) -> None:
        self.real = _Format([v.real for v in values], True)
        self.imag = _Format([v.imag for v in values], True)
        self.width = self.real.width + self.imag.width + 1

    def text(self, value: complex) -> str:
        """The number as ``1.5000+2.0000j``."""
        imag = (self.imag.text(value.imag) + "j").lstrip()
        return self.real.text(value.real) + ("" if imag[0] in "+-" else "+") + imag


def _edges(count: int, summarised: bool) -> tuple[list[int], list[int]]:
    """The numbers of the pieces to show before and after the dots; no second part where all are shown."""
    edge = _options.edgeitems
    if summarised and count > 2 * edge:
        return list(range(edge)), list(range(count - edge, count))
    return list(range(count)), []


def _shown(array: Any) -> Any:
    """The elements that a summary shows."""
    for dim, count in enumerate(array.shape):
        first, last = _edges(count, True)
        if last:
            array = array.take(first + last, axis=dim)
    return array


def _vector(values: list[Any], form: _Format | _ComplexFormat, indent: int, summarised: bool) -> str:
    a_line = max(1, (_options.linewidth - indent) // (form.width + 2))
    first, last = _edges(len(values), summarised)
    words = [form.text(values[i]) for i in first]
    if last:
        words += [" ...", *(form.text(values[i]) for i in last)]
    lines = [", ".join(words[i : i + a_line]) for i in range(0, len(words), a_line)]
    return "[" + (",\n" + " " * (indent + 1)).join(lines) + "]"


def _nested(array: Any, form: _Format | _ComplexFormat, indent: int, summarised: bool) -> str:
    if array.ndim == 0:
        return str(form.text(array.tolist()))
    if array.ndim == 1:
        return _vector(list(array.tolist()), form, indent, summarised)
    first, last = _edges(array.shape[0], summarised)
    parts = [_nested(array[i], form, indent + 1, summarised) for i in first]
    if last:
        parts += ["...", *(_nested(array[i], form, indent + 1, summarised) for i in last)]
    between = "," + "\n" * int(array.ndim - 1) + " " * (indent + 1)
    return f"[{between.join(parts)}]"


def _body(array: Any, indent: int) -> str:
    """The numbers of an array, nested in brackets."""
    if array.size == 0:
        return "[]"
    summarised = array.size > _options.threshold
    if summarised and not _options.edgeitems:
        return "[...]"
    values = (_shown(array) if summarised else array).reshape(-1).tolist()
    category = dtypes.of(array.dtype).category
    form = _ComplexFormat(values) if category == 3 else _Format(values, category == 2)
    return _nested(array, form, indent, summarised)


def _suffixes(tensor: Tensor) -> list[str]:
    """What stands behind the numbers: device, size, dtype, grad_fn or requires_grad."""
    made = []
    place, kind, default = tensor.device, tensor.dtype, dtypes.get_default_dtype()
    if place.type != devices.default_device().type:
        made.append(f"device='{place}'")
    if tensor.numel() == 0:
        if tensor.ndim != 1:
            made.append(f"size={tuple(tensor.shape)}")
        if kind is not default:
            made.append(f"dtype={kind!r}")
        return made + _history(tensor)
    if not _options.edgeitems:
        made.append(f"size={tuple(tensor.shape)}")
    if kind not in (default, default.to_complex(), dtypes.int64, dtypes.bool_):
        made.append(f"dtype={kind!r}")
    return made + _history(tensor)


def _history(tensor: Tensor) -> list[str]:
    try:
        node = tensor.grad_fn
    except RuntimeError:  # a view whose base was changed in a way that cannot be followed
        return ["grad_fn=<Invalid>"]
    if node is not None:
        return [f"grad_fn=<{node.name().rpartition('::')[2]}>"]
    return ["requires_grad=True"] if tensor.requires_grad else []


def text(tensor: Tensor) -> str:
    """The tensor as PyTorch prints it: ``tensor([1., 2.], grad_fn=<AddBackward0>)``."""
    name = "tensor" if type(tensor).__name__ in ("Tensor", "Parameter") else type(tensor).__name__
    indent = len(name) + 1
    parts = [f"{name}({_body(tensor._xp.to_host(tensor._data), indent)}"]
    used = len(parts[0]) - parts[0].rfind("\n") + 1
    for suffix in _suffixes(tensor):
        if used + len(suffix) + 2 > _options.linewidth:
            parts.append(",\n" + " " * indent + suffix)
            used = indent + len(suffix)
        else:
            parts.append(", " + suffix)
            used += len(suffix) + 2
    return "".join(parts) + ")"


TORCH = {"get_printoptions": get_printoptions, "set_printoptions": set_printoptions}
TENSOR = {"__repr__": text, "__str__": text}
