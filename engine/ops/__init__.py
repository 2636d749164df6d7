"""The declared ops, by family. ``FAMILIES`` lists the modules; each ends in the tables of names under which users find its
functions: ``TORCH`` (torch.NAME), ``TENSOR`` (methods and operators), ``IN_PLACE`` (methods that write into the tensor),
``FUNCTIONAL`` (torch.nn.functional.NAME). The floors stand in ``FAMILIES``' order: a family uses those before it."""

FAMILIES = (
    "shape",
    "casts",
    "pieces",
    "complexes",
    "arithmetic",
    "compare",
    "functions",
    "choose",
    "index",
    "getitem",
    "assign",
    "reduce",
    "extremes",
    "scan",
    "softmax",
    "specials",
    "activation",
    "rearrange",
    "windows",
    "scatter",
    "grids",
    "linalg",
    "draws",
)
