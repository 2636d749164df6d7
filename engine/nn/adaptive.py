"""A softmax over very many classes, in clusters by how frequent they are."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from . import functional as F
from .containers import ModuleList, Sequential
from .linear import Linear
from .module import Module


class _ASMoutput(NamedTuple):
    """What the layer gives: the targets' log probabilities (N,), and minus their mean."""

    output: Any
    loss: Any


class AdaptiveLogSoftmaxWithLoss(Module):
    """Log probabilities of frequent classes from one layer, of the others from small layers a cluster (Grave et al., 2017).

    ``cutoffs`` are the first classes of the clusters; the i-th one's layer has ``in_features / div_value**i`` hidden features.
    Raises ValueError for cutoffs that are not positive, increasing and below ``n_classes``.
    """

    def __init__(
        self,
        in_features: int,
        n_classes: int,
        cutoffs: Sequence[int],
        div_value: float = 4.0,
        head_bias: bool = False,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        cutoffs = list(cutoffs)
        if not cutoffs:
            raise ValueError("cutoffs should be a sequence of length larger than 0")
        increasing = all(a < b for a, b in pairwise([0, *cutoffs, n_classes]))
        if not increasing or any(int(c) != c for c in cutoffs):
            raise ValueError(
                "cutoffs should be a sequence of unique, positive integers sorted in an increasing order, where each value is between 1 "
                "and n_classes-1"
            )
        self.in_features, self.n_classes, self.div_value, self.head_bias = in_features, n_classes, div_value, head_bias
        self.cutoffs = [*cutoffs, n_classes]
        self.shortlist_size, self.n_clusters = cutoffs[0], len(cutoffs)
        self.head_size = self.shortlist_size + self.n_clusters
        self.head = Linear(in_features, self.head_size, head_bias, device, dtype)
        self.tail = ModuleList()
        for number, (begin, end) in enumerate(pairwise(self.cutoffs), 1):
            hidden = int(in_features // div_value**number)
            self.tail.append(
                Sequential(Linear(in_features, hidden, False, device, dtype), Linear(hidden, end - begin, False, device, dtype))
            )

    def reset_parameters(self) -> None:
        """Draw all weights anew."""
        self.head.reset_parameters()
        for first, second in self.tail:
            first.reset_parameters()
            second.reset_parameters()

    def forward(self, input_: Any, target_: Any) -> _ASMoutput:
        """Of features (N, in_features) or (in_features) and classes (N) or (). Raises RuntimeError for other shapes and classes."""
        if target_.dim() > 1:
            raise RuntimeError("0D or 1D target tensor expected, multi-target not supported")
        if target_.dim() == 1 and input_.size(0) != target_.size(0):
            raise RuntimeError("Input and target should have the same size in the batch dimension.")
        if input_.dim() != target_.dim() + 1:
            raise RuntimeError(
                f"{target_.dim()}D target tensor expects {target_.dim() + 1}D input tensors, but found inputs with size {input_.size()}"
            )
        batched = target_.dim() > 0
        input, target = (input_, target_) if batched else (input_.unsqueeze(0), target_.unsqueeze(0))
        output, places = input.new_zeros(target.size(0)), target.new_zeros(target.size(0))
        seen = 0
        for number, (begin, end) in enumerate(pairwise([0, *self.cutoffs])):
            chosen = (target >= begin) & (target < end)
            rows = chosen.nonzero().squeeze()
            if rows.numel() == 0:
                continue
            seen += rows.numel()
            if number == 0:
                places.index_copy_(0, rows, target[chosen])
                continue
            logs = F.log_softmax(self.tail[number - 1](input.index_select(0, rows)), dim=1)
            places.index_fill_(0, rows, self.shortlist_size + number - 1)
            output.index_copy_(0, rows, logs.gather(1, (target[chosen] - begin).unsqueeze(1)).squeeze(1))
        if seen != target.size(0):
            raise RuntimeError(
                f"Target values should be in [0, {self.n_classes - 1}], but values in range [{target.min().item()}, "
                f"{target.max().item()}] were found. "
            )
        head = F.log_softmax(self.head(input), dim=1)
        output += head.gather(1, places.unsqueeze(1)).squeeze()
        loss = (-output).mean()
        return _ASMoutput(output if batched else output.squeeze(0), loss)

    def _all_logs(self, input: Any, head_output: Any) -> Any:
        """The log probabilities of all classes, given the head's output."""
        out = input.new_zeros((head_output.size(0), self.n_classes))
        head = F.log_softmax(head_output, dim=1)
        out[:, : self.shortlist_size] = head[:, : self.shortlist_size]
        for number, (begin, end) in enumerate(pairwise(self.cutoffs)):
            logs = F.log_softmax(self.tail[number](input), dim=1)
            out[:, begin:end] = logs + head[:, self.shortlist_size + number].unsqueeze(1)
        return out

    def log_prob(self, input: Any) -> Any:
        """The log probabilities (N, n_classes) of all classes, of features (N, in_features)."""
        return self._all_logs(input, self.head(input))

    def predict(self, input: Any) -> Any:
        """The most probable class (N) of each row of features (N, in_features)."""
        head = self.head(input)
        found = head.argmax(dim=1)
        rare = found >= self.shortlist_size
        if not rare.any():
            return found
        if rare.all():
            return self._all_logs(input, head).argmax(dim=1)
        found[rare] = self._all_logs(input[rare], head[rare]).argmax(dim=1)
        return found
