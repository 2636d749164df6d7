"""Sequences of different lengths in one tensor: packed, padded, and back."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from ... import creation, dtypes
from ...ops.pieces import cat, stack
from ...tensor import Tensor


class _Packed(NamedTuple):
    data: Any
    batch_sizes: Any
    sorted_indices: Any = None
    unsorted_indices: Any = None


class PackedSequence(_Packed):
    """Sequences laid out step by step, longest first.

    data: the elements that exist, (total, *). batch_sizes: how many sequences have a step 0, a step 1, ... (int64, CPU).
    sorted_indices brings a batch into this order, unsorted_indices back; None where it was in order already.
    """

    def __new__(cls, data: Any, batch_sizes: Any = None, sorted_indices: Any = None, unsorted_indices: Any = None) -> PackedSequence:
        """Raises ValueError without batch sizes or with those on a GPU."""
        if batch_sizes is None:
            if not (isinstance(data, (list, tuple)) and len(data) == 2):
                raise AssertionError("PackedSequence expects data and batch_sizes")
            data, batch_sizes = data
        if unsorted_indices is None:
            unsorted_indices = invert_permutation(sorted_indices)
        if batch_sizes.device.type != "cpu":
            raise ValueError(
                "batch_sizes should always be on CPU. Instances of PackedSequence should never be created manually. They should be "
                "instantiated by functions like pack_sequence and pack_padded_sequences in nn.utils.rnn. "
                "https://pytorch.org/docs/stable/nn.html#torch.nn.utils.rnn.pack_sequence"
            )
        return super().__new__(cls, data, batch_sizes, sorted_indices, unsorted_indices)

    def to(self, *args: Any, **kwargs: Any) -> PackedSequence:
        """The same sequences of another type or on another device."""
        return type(self)(self.data.to(*args, **kwargs), self.batch_sizes, self.sorted_indices, self.unsorted_indices)

    def double(self) -> PackedSequence:
        """The same sequences in float64."""
        return self.to(dtypes.float64)

    def float(self) -> PackedSequence:
        """The same sequences in float32."""
        return self.to(dtypes.float32)

    def cpu(self) -> PackedSequence:
        """The same sequences on the CPU."""
        return self.to("cpu")

    def cuda(self, *args: Any) -> PackedSequence:
        """The same sequences on a GPU."""
        return self.to(*(args or ("cuda",)))

    @property
    def is_cuda(self) -> bool:
        """Whether the elements lie on a GPU."""
        return bool(self.data.is_cuda)


def invert_permutation(permutation: Any) -> Any:
    """The permutation that undoes another; None for None."""
    if permutation is None:
        return None
    made = creation.empty_like(permutation)
    made[permutation] = creation.arange(permutation.numel(), device=permutation.device)
    return made


def pack_padded_sequence(input: Any, lengths: Any, batch_first: bool = False, enforce_sorted: bool = True) -> PackedSequence:
    """Pack a padded batch (T, B, *) ((B, T, *) if ``batch_first``).

    Raises RuntimeError for lengths that are not positive, not within the input, or (if ``enforce_sorted``) not descending.
    """
    lengths = lengths if isinstance(lengths, Tensor) else creation.tensor(list(lengths), dtype=dtypes.int64)
    if lengths.device.type != "cpu":
        raise RuntimeError(f"'lengths' argument should be a 1D CPU int64 tensor, but got {lengths.dim()}D {lengths.device} tensor")
    order = None
    if not enforce_sorted:
        lengths, order = lengths.sort(descending=True)
        order = order.to(input.device)
        input = input.index_select(0 if batch_first else 1, order)
    if batch_first:
        input = input.transpose(0, 1)
    counts: list[int] = lengths.tolist()
    if len(counts) != input.size(1):
        raise RuntimeError(f"Expected `len(lengths)` to be equal to batch_size, but got {len(counts)} (batch_size={input.size(1)})")
    if any(n <= 0 for n in counts):
        raise RuntimeError("Length of all samples has to be greater than 0, but found an element in 'lengths' that is <= 0")
    if any(a < b for a, b in pairwise(counts)):
        raise RuntimeError(
            "`lengths` array must be sorted in decreasing order when `enforce_sorted` is True. You can pass `enforce_sorted=False` to "
            "pack_padded_sequence and/or pack_sequence to sidestep this requirement if you do not need ONNX exportability."
        )
    if counts[0] > input.size(0):
        raise RuntimeError("Expected lengths to be at most the length of the input, but the longest is larger")
    sizes = [sum(n > t for n in counts) for t in range(counts[0])]
    data = cat([input[t, :n] for t, n in enumerate(sizes)], 0)
    return PackedSequence(data, creation.tensor(sizes, dtype=dtypes.int64), order)


def pad_packed_sequence(
    sequence: PackedSequence, batch_first: bool = False, padding_value: float = 0.0, total_length: int | None = None
) -> tuple[Any, Any]:
    """The padded batch of a packed one, and the lengths.

    Raises ValueError for a ``total_length`` shorter than the longest sequence.
    """
    sizes: list[int] = sequence.batch_sizes.tolist()
    longest = len(sizes)
    if total_length is not None and total_length < longest:
        raise ValueError(
            "Expected total_length to be at least the length of the longest sequence in input, but got "
            f"total_length={total_length} and max sequence length being {longest}"
        )
    data = sequence.data
    steps: list[Any] = []
    start = 0
    for n in sizes:
        step = data[start : start + n]
        start += n
        missing = sizes[0] - n
        filler = data.new_full((missing, *data.shape[1:]), padding_value)
        steps.append(cat([step, filler], 0) if missing else step)
    steps += [data.new_full((sizes[0], *data.shape[1:]), padding_value)] * ((total_length or longest) - longest)
    padded = stack(steps, 1 if batch_first else 0)
    lengths = creation.tensor([sum(n > i for n in sizes) for i in range(sizes[0])], dtype=dtypes.int64)
    order = sequence.unsorted_indices
    if order is not None:
        return padded.index_select(0 if batch_first else 1, order), lengths[order.cpu()]
    return padded, lengths


def pad_sequence(sequences: Any, batch_first: bool = False, padding_value: float = 0.0, padding_side: str = "right") -> Any:
    """Tensors (L, *) of different lengths as one (T, B, *) ((B, T, *) if ``batch_first``).

    Raises RuntimeError for an unknown side.
    """
    if not isinstance(sequences, Tensor) and not hasattr(sequences, "__iter__"):
        raise RuntimeError(f"pad_sequence: Expected iterable for input sequences, but got arg of type: {type(sequences)}")
    listed = list(sequences.unbind(0)) if isinstance(sequences, Tensor) else list(sequences)
    if not listed:
        raise RuntimeError("received an empty list of sequences")
    if padding_side not in ("left", "right"):
        raise RuntimeError(f"Expected padding_side to be one of left or right, but got {padding_side}.")
    longest = max(s.size(0) for s in listed)
    out = listed[0].new_full((len(listed), longest, *listed[0].shape[1:]), padding_value)
    if not batch_first:
        out = out.transpose(0, 1)
    for i, s in enumerate(listed):
        n = s.size(0)
        steps = slice(longest - n, None) if padding_side == "left" else slice(0, n)
        out[(i, steps) if batch_first else (steps, i)] = s
    return out


def unpad_sequence(padded_sequences: Any, lengths: Any, batch_first: bool = False) -> list[Any]:
    """The tensors that ``pad_sequence`` padded."""
    if not batch_first:
        padded_sequences = padded_sequences.transpose(0, 1)
    return [s[: int(n)] for s, n in zip(padded_sequences, lengths, strict=True)]


def pack_sequence(sequences: Sequence[Any], enforce_sorted: bool = True) -> PackedSequence:
    """Pack tensors (L, *) of different lengths."""
    lengths = creation.tensor([s.size(0) for s in sequences], dtype=dtypes.int64)
    return pack_padded_sequence(pad_sequence(sequences), lengths, enforce_sorted=enforce_sorted)


def unpack_sequence(packed_sequences: PackedSequence) -> list[Any]:
    """The tensors that ``pack_sequence`` packed."""
    padded, lengths = pad_packed_sequence(packed_sequences, batch_first=True)
    return unpad_sequence(padded, lengths, batch_first=True)
