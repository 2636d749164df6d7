"""Which family an op belongs to, read off its name, whether written ``mul``, ``MulBackward0`` or ``torch.mul``.

The family decides the hue of a node, of its row in the events tree and of its bar in the timeline. Plain Python: the
command line and the exporters use the same families.
"""

from __future__ import annotations

import re
from functools import lru_cache

CATEGORIES: tuple[str, ...] = (
    "elementwise",
    "reduce",
    "shape",
    "linalg",
    "conv",
    "norm",
    "activation",
    "loss",
    "index",
    "random",
    "leaf",
    "custom",
)

_SUFFIX = re.compile(r"(backward\d*|_)$")

# the first family with a pattern that fits wins, so the special stands before the general
_PATTERNS: tuple[tuple[str, str], ...] = (
    ("leaf", r"^accumulategrad$|^parameter$|^input$|^leaf$"),
    ("loss", r"loss$|^(binary)?crossentropy|^kldiv|^nll|^mse|^l1$|^huber"),
    ("reduce", r"vectornorm|^norm$"),
    ("norm", r"norm$|norm\d?d$|^normalize$|^localresponse"),
    ("conv", r"conv|pool|^interpolate|^upsample|^unfold$|^fold$|^im2col|^col2im|^pad$|pad\d?d$"),
    ("linalg", r"^(add|sparse)?(mm|mv|bmm|baddbmm|addbmm|addr)$|matmul|^(bi)?linear|dot$|^(inner|outer|ger|cross|det|trace|inv)$"),
    ("linalg", r"^einsum|^tensordot|^kron|^linalg|cholesky|^qr|^svd|^eig|^inverse$|logdet|^solve|scaleddotproduct|^cdist"),
    ("activation", r"relu|gelu|silu|mish|^[sc]?elu$|^glu$|tanh|sigmoid|soft(max|min|plus|sign)|swish|shrink$|threshold"),
    ("random", r"dropout|^rand|^normal|^bernoulli|^multinomial|^poisson|^uniform|^exponential"),
    ("index", r"embedding|^index|gather|scatter|^take|^masked|^where$|sort|^topk|^unique|^select|^slice|^put|^[gs]etitem|^nonzero"),
    ("shape", r"view|^t$|transpose|permute|reshape|expand|squeeze|flatten|stack$|^cat$|concat|split|chunk|unbind|^alias|^clone$"),
    ("shape", r"^copy|^detach|^to$|^tocopy|contiguous|movedim|swap|^flip|^roll|^rot90|repeat|^tile$|^narrow|^diag|^tri[lu]"),
    ("shape", r"asstrided|broadcast|meshgrid"),
    ("reduce", r"^(nan)?sum|^(nan)?mean|^prod$|^a?(max|min)\d?$|^aminmax|^std|^var|logsumexp|^median|^mode$|^any$|^all$|^argm"),
    ("reduce", r"cum(sum|prod|max|min)|^quantile|^count|^kthvalue"),
)
_COMPILED = tuple((category, re.compile(pattern)) for category, pattern in _PATTERNS)


@lru_cache(maxsize=4096)
def category_of(op: str) -> str:
    """The family of an op, one of CATEGORIES; ``elementwise`` for a name that fits nowhere."""
    name = re.split(r"[.:]", op)[-1].lower()
    while (shorter := _SUFFIX.sub("", name)) != name and shorter:
        name = shorter
    name = name.replace("_", "")
    for unsafe in ("unsafe", "native", "cudnn", "mkldnn"):
        name = name.removeprefix(unsafe) or name
    return next((category for category, pattern in _COMPILED if pattern.search(name)), "elementwise")
