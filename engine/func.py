"""Functions that take functions, under the names of ``torch.func``: derivatives of functions, and functions over a batch.

``grad`` and ``vjp`` go backward over the graph that the function makes, ``jvp`` takes tangents along, ``vmap`` adds a
dimension; each may stand inside any other (``autograd/levels.py``). A derivative is of what the function was given; what
else it sees stays as it is, and is itself differentiated where a transform or a graph outside asks for it.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

from .autograd import levels as _levels
from .autograd import trees
from .autograd.bases import units
from .autograd.forward_ad import dual, parts
from .autograd.grad_mode import enable_grad, mode
from .autograd.gradients import grad as _gradients
from .autograd.levels import Batched, GradLevel, JvpLevel, VmapLevel, lifted
from .autograd.node import AccumulateGrad
from .autograd.vmap import vmap
from .nn.utils.stateless import functional_call
from .ops.pieces import stack
from .tensor import Tensor, wrap

__all__ = [
    "functional_call",
    "grad",
    "grad_and_value",
    "hessian",
    "jacfwd",
    "jacrev",
    "jvp",
    "linearize",
    "stack_module_state",
    "vjp",
    "vmap",
]

# ------------------------------------------------------------------------------------------------------------ going backward


def _place(x: Tensor) -> Tensor:
    """``x`` as a place of its own in the graph, at which the gradient of what is computed from it arrives."""
    if x.dtype.category < 2:
        raise RuntimeError("only Tensors of floating point dtype can require gradients")
    level = _levels.innermost(VmapLevel)
    if level is not None:
        x = lifted(x, level)
    if x._requires_grad:
        with enable_grad():
            made: Tensor = x.view_as(x)
        return made
    made = x._shadow()
    if type(x) is not Batched:
        made._cell = x._storage
    made._requires_grad = True
    return made


def _reaches_others(tensors: Sequence[Tensor], own: set[int]) -> bool:
    """Whether a gradient of one of ``tensors`` goes to a leaf that is none of ``own``."""
    stack_ = [t.grad_fn if t.grad_fn is not None else t._gradient_edge()[0] for t in tensors if t.requires_grad]  # type: ignore[index]
    seen = set(stack_)
    while stack_:
        node = stack_.pop()
        if isinstance(node, AccumulateGrad) and id(node.variable) not in own:
            return True
        for edge in node.next_edges:
            if edge is not None and edge[0] not in seen:
                seen.add(edge[0])
                stack_.append(edge[0])
    return False


def _settled(tensor: Any, own: set[int]) -> Any:
    """A result as the outside sees it: part of the graph only where that leads somewhere outside."""
    if not isinstance(tensor, Tensor):
        return tensor
    for level, tangent in (tensor._tangents or {}).items():
        tensor._tangents[level] = _settled(tangent, own)  # type: ignore[index]
    if not tensor.requires_grad or _reaches_others([tensor], own):
        return tensor
    return tensor._shadow()


def _seen_outside(tensor: Any) -> bool:
    """Whether a gradient would go through ``tensor``, in the graph of this level or of one outside."""
    if not isinstance(tensor, Tensor):
        return False
    return tensor.requires_grad or (type(tensor) is Batched and _seen_outside(tensor._value))


def _tensors_only(leaves: list[Any], message: str) -> None:
    for leaf in leaves:
        if not isinstance(leaf, Tensor):
            raise RuntimeError(f"{message}, got unsupported type {type(leaf)}")


class _Pullback:
    """What ``vjp`` gives beside the result: the gradients of the primals for gradients of the outputs, as often as wanted."""

    def __init__(self, places: list[Tensor], spec: trees.Spec, outs: list[Tensor], out_spec: trees.Spec) -> None:
        self._places, self._spec, self._outs, self._out_spec = places, spec, outs, out_spec
        self._own = {id(p) for p in places}
        self._others = _reaches_others(outs, self._own)

    def __call__(self, *cotangents: Any, retain_graph: bool = True, create_graph: bool | None = None) -> Any:
        del create_graph
        given: Any = cotangents if len(cotangents) > 1 else cotangents[0]
        vectors, spec = trees.flatten(given)
        if spec != self._out_spec and len(cotangents) == 1 and trees.count(self._out_spec) == 1:
            spec = self._out_spec
        if spec != self._out_spec:
            if len(cotangents) > 1 and self._out_spec.kind is None:
                vectors = vectors[:1]
            else:
                raise RuntimeError(
                    "Expected pytree structure of cotangents to be the same as pytree structure of outputs to the function. cotangents: "
                    f"{_plain(spec)}, primal output: {_plain(self._out_spec)}"
                )
        made = self.of(vectors, retain_graph)
        found = trees.unflatten(made, self._spec)
        return found if self._spec.kind is tuple else (found,)

    def of(self, vectors: list[Any], retain_graph: bool = True) -> list[Any]:
        """The gradients of the places, zeros where nothing arrives."""
        create = self._others or any(map(_seen_outside, vectors)) or any(type(o) is Batched and _seen_outside(o._value) for o in self._outs)
        live = [(o, v) for o, v in zip(self._outs, vectors, strict=False) if o.requires_grad]
        if not live:
            return [wrap(p._xp.zeros_like(p._data)) for p in self._places]
        outs, seeds = [o for o, _ in live], [v for _, v in live]
        with enable_grad():
            found = _gradients(outs, self._places, seeds, retain_graph=retain_graph or create, create_graph=create, allow_unused=True)
        made = [wrap(p._xp.zeros_like(p._data)) if g is None else _settled(g, self._own) for g, p in zip(found, self._places, strict=True)]
        return made if mode.enabled else [g._shadow() for g in made]


def _plain(spec: trees.Spec) -> str:
    return "*" if spec.kind is None else f"({', '.join(map(_plain, spec.children))})"


def _run(func: Callable[..., Any], places: Any, others: dict[str, Any]) -> Any:
    with _levels.inside(GradLevel()), enable_grad():
        return func(*places, **others)


def vjp(func: Callable[..., Any], *primals: Any, has_aux: bool = False) -> Any:
    """``func(*primals)`` and a function that gives, for gradients of the outputs, those of the primals.

    has_aux: func gives (outputs, others), and so does this: (outputs, function, others). Raises RuntimeError where func
    gives what is no tensor.
    """
    leaves, spec = trees.flatten(primals)
    places = [_place(x) for x in leaves]
    made = _run(func, trees.unflatten(list(places), spec), {})
    own = {id(p) for p in places}
    aux: Any = None
    if has_aux:
        if not (isinstance(made, tuple) and len(made) == 2):
            raise RuntimeError("vjp(f, *primals): output of function f should be a tuple: (output, aux) if has_aux is True")
        made, aux = made
        aux = trees.mapped(lambda t: _settled(t, own), aux)
    outs, out_spec = trees.flatten(made)
    _tensors_only(outs, "vjp(f, *primals): expected f(*primals) to return only tensors")
    pullback = _Pullback(places, spec, outs, out_spec)
    result = trees.unflatten([_settled(o, own) for o in outs], out_spec)
    if not mode.enabled:
        result = trees.mapped(lambda t: t._shadow(), result)
    return (result, pullback, aux) if has_aux else (result, pullback)


def _chosen(argnums: int | tuple[int, ...], args: tuple[Any, ...]) -> tuple[int, ...]:
    if not isinstance(argnums, (int, tuple)):
        raise RuntimeError(f"argnums must be int or Tuple[int, ...], got: {type(argnums)}")
    numbers = (argnums,) if isinstance(argnums, int) else argnums
    if not numbers:
        raise RuntimeError("argnums must be non-empty")
    for n in numbers:
        if not isinstance(n, int):
            raise RuntimeError(f"argnums must be int or Tuple[int, ...], got: {type(argnums)}")
        if not -len(args) <= n < len(args):
            raise RuntimeError(f"Got argnum={n}, but only {len(args)} positional inputs")
    places = tuple(n % len(args) for n in numbers)
    if len(set(places)) != len(places):
        raise RuntimeError(f"argnums elements must be unique, got {argnums}")
    return places


def _replaced(args: tuple[Any, ...], numbers: tuple[int, ...], values: Sequence[Any]) -> list[Any]:
    made = list(args)
    for n, value in zip(numbers, values, strict=True):
        made[n] = value
    return made


def _check_tensors(leaves: list[Any]) -> None:
    for leaf in leaves:
        if not isinstance(leaf, Tensor):
            raise ValueError(f"Thing passed to transform API must be Tensor, got {type(leaf)}")


def grad_and_value(func: Callable[..., Any], argnums: int | tuple[int, ...] = 0, has_aux: bool = False) -> Callable[..., Any]:
    """A function that gives the gradient of ``func``, which gives one number, by the arguments ``argnums``, and the number.

    has_aux: func gives (number, others), and this (gradient, (number, others)). Raises RuntimeError where func gives
    something else, and for arguments that are not floating-point.
    """

    @functools.wraps(func)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        numbers = _chosen(argnums, args)
        chosen: Any = args[argnums] if isinstance(argnums, int) else tuple(args[n] for n in numbers)
        leaves, spec = trees.flatten(chosen)
        _check_tensors(leaves)
        places = [_place(x) for x in leaves]
        tree = trees.unflatten(list(places), spec)
        made = _run(func, _replaced(args, numbers, (tree,) if isinstance(argnums, int) else tree), kwargs)
        own = {id(p) for p in places}
        aux: Any = None
        if has_aux:
            if not (isinstance(made, tuple) and len(made) == 2):
                raise RuntimeError("grad_and_value(f)(*args): output of function f should be a tuple: (output, aux) if has_aux is True")
            made, aux = made
        if not isinstance(made, Tensor):
            raise RuntimeError(f"grad_and_value(f)(*args): Expected f(*args) to return a Tensor, got {type(made)}")
        if made.dim() != 0:
            raise RuntimeError(
                f"grad_and_value(f)(*args): Expected f(*args) to return a scalar Tensor, got tensor with {made.dim()} dims. Maybe you "
                "wanted to use the vjp or jacrev APIs instead?"
            )
        pullback = _Pullback(places, spec, [made], trees.LEAF)
        gradients = trees.unflatten(pullback.of([None], retain_graph=has_aux), spec)
        value = _settled(made, own)
        value = value if mode.enabled else value._shadow()
        return (gradients, (value, trees.mapped(lambda t: _settled(t, own), aux))) if has_aux else (gradients, value)

    return wrapper


def grad(func: Callable[..., Any], argnums: int | tuple[int, ...] = 0, has_aux: bool = False) -> Callable[..., Any]:
    """A function that gives the gradient of ``func``, which gives one number, by the arguments ``argnums``.

    has_aux: func gives (number, others), and this (gradient, others). Errors as ``grad_and_value``.
    """
    both = grad_and_value(func, argnums, has_aux)

    @functools.wraps(func)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        gradients, value = both(*args, **kwargs)
        return (gradients, value[1]) if has_aux else gradients

    return wrapper


# ------------------------------------------------------------------------------------------------------------ going forward


def jvp(func: Callable[..., Any], primals: Any, tangents: Any, *, strict: bool = False, has_aux: bool = False) -> Any:
    """``func(*primals)`` and the product of its Jacobian with ``tangents``, of the primals' structure.

    strict: outputs that do not depend on the primals are an error; else their tangents are zeros. has_aux as in ``vjp``.
    """
    name = "jvp(f, primals, tangents): "
    if not isinstance(primals, tuple):
        raise RuntimeError(f"{name}Expected primals to be a tuple. E.g. it should be valid to call f(*primals).")
    leaves, spec = trees.flatten(primals)
    vectors, vector_spec = trees.flatten(tangents)
    if spec != vector_spec:
        raise RuntimeError(
            f"{name}Expected primals and tangents to have the same python structure. For example, if primals is a tuple of 3 tensors, "
            f"tangents also must be. Got primals with structure {spec} and tangents with structure {vector_spec}"
        )
    for what, given in (("primals", leaves), ("tangents", vectors)):
        for one in given:
            if not isinstance(one, Tensor):
                raise RuntimeError(f"{name}Expected {what} to only contain Tensors, got {type(one)}")
        if not given:
            raise RuntimeError(f"{name}Expected {what} to contain at least one Tensor.")
    level = JvpLevel()
    with _levels.inside(level):
        made = func(*trees.unflatten([dual(p, t, level) for p, t in zip(leaves, vectors, strict=True)], spec))
        aux: Any = None
        if has_aux:
            if not (isinstance(made, tuple) and len(made) == 2):
                raise RuntimeError(f"{name}output of function f should be a tuple: (output, aux) if has_aux is True")
            made, aux = made
            aux = trees.mapped(lambda t: parts(t, level)[0] if isinstance(t, Tensor) else t, aux)
        outs, out_spec = trees.flatten(made)
        _tensors_only(outs, f"{name}expected f(*primals) to return only tensors")
        pairs = [parts(o, level) for o in outs]
    if strict and any(t is None for _, t in pairs):
        raise RuntimeError(
            "jvp(f, primals, tangents, strict=True): The output of f is independent of the inputs. This is not allowed with strict=True."
        )
    primal = trees.unflatten([p for p, _ in pairs], out_spec)
    tangent = trees.unflatten([wrap(p._xp.zeros_like(p._data)) if t is None else t for p, t in pairs], out_spec)
    return (primal, tangent, aux) if has_aux else (primal, tangent)


def linearize(func: Callable[..., Any], *primals: Any) -> tuple[Any, Callable[..., Any]]:
    """``func(*primals)`` and the function of tangents that gives the product of the Jacobian there with them."""
    leaves, spec = trees.flatten(primals)
    made = func(*primals)
    _tensors_only(trees.flatten(made)[0], "linearize(f, *primals): expected f(*primals) to return only tensors")

    def jvp_fn(*tangents: Any) -> Any:
        vectors, vector_spec = trees.flatten(tangents)
        if vector_spec != spec:
            raise RuntimeError(f"Expected the tangents {vector_spec} to have the same argument pytree as the primals {spec}")
        for i, (p, t) in enumerate(zip(leaves, vectors, strict=True)):
            if p.shape != t.shape:
                raise RuntimeError(
                    f"tangent:{i} with shape {t.shape} in flattened pytree doesn't match the shape {p.shape} of the corresponding primal."
                )
            if p.device != t.device:
                raise RuntimeError(
                    f"tangent:{i} with device {t.device} in flattened pytree doesn't match the device {p.device} of the corresponding "
                    "primal."
                )
            if p.dtype is not t.dtype:
                raise RuntimeError(
                    f"tangent:{i} with dtype {t.dtype} in flattened pytree doesn't match the dtype {p.dtype} of the corresponding primal."
                )
        return jvp(func, primals, tangents)[1]

    return made, jvp_fn


# ------------------------------------------------------------------------------------------------------------ Jacobians


def jacrev(
    func: Callable[..., Any],
    argnums: int | tuple[int, ...] = 0,
    *,
    has_aux: bool = False,
    chunk_size: int | None = None,
    _preallocate_and_copy: bool = False,
) -> Callable[..., Any]:
    """A function that gives the Jacobian of ``func`` by the arguments ``argnums``, row by row (all rows in one batch).

    Of shape outputs' shape + argument's shape, in the structure of the outputs with that of the arguments inside.
    """
    del _preallocate_and_copy
    if not (chunk_size is None or chunk_size > 0):
        raise ValueError("jacrev: `chunk_size` should be greater than 0.")

    @functools.wraps(func)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        numbers = _chosen(argnums, args)

        def chosen_only(*chosen: Any) -> Any:
            return func(*_replaced(args, numbers, chosen), **kwargs)

        primals = tuple(args[n] for n in numbers)
        made = vjp(chosen_only, *primals, has_aux=has_aux)
        output, pullback = made[0], made[1]
        outs, out_spec = trees.flatten(output)
        leaves, spec = trees.flatten(primals)
        if not outs or not sum(o.numel() for o in outs):
            columns = [wrap(p._xp.zeros((0, *p.shape), p._data.dtype)) for p in leaves]
        else:
            columns = list(vmap(lambda *rows: tuple(pullback.of(list(rows))), chunk_size=chunk_size)(*units(outs)))
        jacobians: list[Any] = []
        before = 0
        for o in outs:
            count = o.numel()
            inner = [c.narrow(0, before, count).reshape((*o.shape, *c.shape[1:])) for c in columns]
            tree = trees.unflatten(inner, spec)
            jacobians.append(tree[0] if isinstance(argnums, int) else tree)
            before += count
        result = trees.unflatten(jacobians, out_spec)
        return (result, made[2]) if has_aux else result

    return wrapper


def jacfwd(
    func: Callable[..., Any],
    argnums: int | tuple[int, ...] = 0,
    has_aux: bool = False,
    *,
    chunk_size: int | None = None,
    randomness: str = "error",
) -> Callable[..., Any]:
    """As ``jacrev``, column by column (all in one batch), with tangents."""

    @functools.wraps(func)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        numbers = _chosen(argnums, args)

        def chosen_only(*chosen: Any) -> Any:
            return func(*_replaced(args, numbers, chosen), **kwargs)

        primals = tuple(args[n] for n in numbers)
        leaves, spec = trees.flatten(primals)
        found: dict[str, Any] = {}

        def along(*vectors: Any) -> Any:
            made = jvp(chosen_only, primals, trees.unflatten(list(vectors), spec), has_aux=has_aux)
            if has_aux:
                found["aux"] = trees.mapped(lambda t: t._value if type(t) is Batched and not t._mapped else t, made[2])
            flat, found["spec"] = trees.flatten(made[1])
            return tuple(flat)

        rows = vmap(along, chunk_size=chunk_size, randomness=randomness)(*units(leaves))
        jacobians: list[Any] = []
        for r in rows:
            before, inner = 0, []
            for p in leaves:
                part = r.narrow(0, before, p.numel()).movedim(0, -1)
                inner.append(part.reshape((*r.shape[1:], *p.shape)))
                before += p.numel()
            tree = trees.unflatten(inner, spec)
            jacobians.append(tree[0] if isinstance(argnums, int) else tree)
        result = trees.unflatten(jacobians, found["spec"])
        return (result, found["aux"]) if has_aux else result

    return wrapper


def hessian(func: Callable[..., Any], argnums: int | tuple[int, ...] = 0) -> Callable[..., Any]:
    """A function that gives the Hessian of ``func``: forward over backward."""
    return jacfwd(jacrev(func, argnums), argnums)


def stack_module_state(models: Sequence[Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The parameters and the buffers of several modules of one class, each name's stacked along a new first dimension.

    Raises RuntimeError for no modules, and for modules of different classes or modes.
    """
    if len(models) == 0:
        raise RuntimeError("stack_module_state: Expected at least one model, got 0.")
    if not (all(m.training for m in models) or all(not m.training for m in models)):
        raise RuntimeError("stack_module_state: Expected all models to have the same training/eval mode.")
    if not all(type(m) is type(models[0]) for m in models):
        raise RuntimeError("stack_module_state: Expected all models to be of the same class.")

    def stacked(name: str, parameters: bool) -> Any:
        found = [dict(m.named_parameters() if parameters else m.named_buffers())[name] for m in models]
        made = stack(found)
        return made.detach().requires_grad_(found[0].requires_grad) if parameters else made.detach()

    params = {name: stacked(name, True) for name, _ in models[0].named_parameters()}
    buffers = {name: stacked(name, False) for name, _ in models[0].named_buffers()}
    return params, buffers
