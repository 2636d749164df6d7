"""Tensor: an array on a device, its place in the autograd graph, and its gradient. No arithmetic: ``methods.py`` binds the ops."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from . import devices, dtypes
from .autograd import hooks as _hooks
from .autograd.grad_mode import mode
from .autograd.hooks import HookDict, RemovableHandle
from .autograd.node import Edge, Node, accumulate_node
from .devices import ArrayModule, device
from .dtypes import dtype
from .tape import recorder

_new = object.__new__
_DTYPES = dtypes._BY_NUMPY


class Storage:
    """What a tensor, its views and its detached aliases share: how often the memory was changed in place."""

    __slots__ = ("id", "version")

    def __init__(self) -> None:
        self.version = 0
        self.id = 0  # the first tensor's with it that a tape met


class ViewOf:
    """How a view came to be. ``version`` is the storage's at which ``_edge`` was right: after an in-place change it is made anew."""

    __slots__ = ("custom", "multiple", "no_grad", "op", "version")

    def __init__(self, op: str, version: int, multiple: bool, no_grad: bool, custom: bool = False) -> None:
        self.op = op
        self.version = version
        self.multiple = multiple  # made by an op that returns several views (split, unbind)
        self.no_grad = no_grad  # made inside no_grad
        self.custom = custom  # given by a user's Function


class Tensor:
    """An n-dimensional array that autograd can follow, as ``torch.Tensor``.

    ``requires_grad`` tensors that no op made are leaves: backward adds into their ``grad``. Others have a ``grad_fn``.
    """

    __slots__ = ("__dict__", "__weakref__", "_base", "_cell", "_data", "_edge", "_id", "_output", "_requires_grad")

    _data: Any
    _edge: Node | None
    _output: int  # the number of this tensor among its op's outputs
    _requires_grad: bool
    _base: Tensor | None
    _cell: Storage | None
    _id: int

    # seldom set, so they live in the instance dictionary only where they are
    _grad: Tensor | None = None
    _view: ViewOf | None = None
    _accumulator: weakref.ref[Any] | None = None
    _backward_hooks: HookDict | None = None
    _post_accumulate_grad_hooks: HookDict | None = None
    _retains: bool = False
    _retained_at: tuple[weakref.ref[Node], int] | None = None
    _inference: bool = False
    _tangents: dict[Any, Any] | None = None  # by level of autograd/levels.py
    _name: str = ""
    __array_priority__ = 1000  # numpy leaves mixed arithmetic to us

    if TYPE_CHECKING:  # the ops are bound by methods.py

        def __getattr__(self, name: str) -> Any: ...

        __add__: Any
        __radd__: Any
        __sub__: Any
        __rsub__: Any
        __mul__: Any
        __rmul__: Any
        __truediv__: Any
        __rtruediv__: Any
        __floordiv__: Any
        __mod__: Any
        __pow__: Any
        __rpow__: Any
        __matmul__: Any
        __neg__: Any
        __invert__: Any
        __and__: Any
        __or__: Any
        __xor__: Any
        __eq__: Any
        __ne__: Any
        __lt__: Any
        __le__: Any
        __gt__: Any
        __ge__: Any
        __getitem__: Any
        __setitem__: Any

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        Tensor._subclassed(cls)

    @staticmethod
    def _subclassed(cls: type[Tensor]) -> None:
        """Told of each subclass (bound by overrides.py)."""

    def __new__(cls, *args: Any, **kwargs: Any) -> Tensor:
        """``Tensor(data)`` makes a float tensor of a sequence, ``Tensor(2, 3)`` an uninitialised one of that shape (here: zeros)."""
        module = devices.CPU
        if len(args) == 1 and isinstance(args[0], Tensor):
            array = args[0]._data.astype(dtypes.get_default_dtype().numpy)
        elif args and all(isinstance(a, int) and not isinstance(a, bool) for a in args):
            array = module.zeros(args, dtypes.get_default_dtype().numpy)
        else:
            array = module.array(args[0] if args else (), dtypes.get_default_dtype().numpy)
        made = wrap(array)
        if cls is not Tensor:
            made = made._as(cls)
        return made

    def _as(self, cls: type[Tensor]) -> Any:
        """The same array and graph as an object of a subclass."""
        other = _new(cls)
        other._data, other._edge, other._output = self._data, self._edge, self._output
        other._requires_grad, other._base, other._cell, other._id = self._requires_grad, self._base, self._storage, 0
        return other

    # ------------------------------------------------------------------------------------ what it is

    @property
    def _storage(self) -> Storage:
        cell = self._cell
        if cell is None:
            cell = Storage()
            cell.id = self._id  # a tape that met the tensor took its memory for its own
            if self._edge is not None:
                cell = self._edge.adopt(self, cell)
            self._cell = cell
        return cell

    @property
    def _xp(self) -> ArrayModule:
        return devices.module_of(self._data)

    @property
    def shape(self) -> Size:
        """The sizes of the dimensions."""
        return Size(self._data.shape)

    @property
    def dtype(self) -> dtype:
        """The type of the elements."""
        return _DTYPES[self._data.dtype]

    @property
    def device(self) -> device:
        """Where the elements lie."""
        return devices.device_of(self._data)

    @property
    def ndim(self) -> int:
        """The number of dimensions."""
        return self._data.ndim  # type: ignore[no-any-return]

    @property
    def itemsize(self) -> int:
        """The bytes of one element."""
        return self._data.itemsize  # type: ignore[no-any-return]

    @property
    def nbytes(self) -> int:
        """The bytes of all elements."""
        return self._data.nbytes  # type: ignore[no-any-return]

    def size(self, dim: int | None = None) -> Any:
        """All sizes, or the size of one dimension."""
        if dim is None:
            return self.shape
        if not -self.ndim <= dim < max(self.ndim, 1):
            n = max(self.ndim, 1)
            raise IndexError(f"Dimension out of range (expected to be in range of [{-n}, {n - 1}], but got {dim})")
        return self._data.shape[dim]

    def dim(self) -> int:
        """The number of dimensions."""
        return self._data.ndim  # type: ignore[no-any-return]

    def numel(self) -> int:
        """The number of elements."""
        return self._data.size  # type: ignore[no-any-return]

    def element_size(self) -> int:
        """The bytes of one element."""
        return self._data.itemsize  # type: ignore[no-any-return]

    def stride(self, dim: int | None = None) -> Any:
        """How many elements of memory lie between neighbours along each dimension, or along one."""
        strides = tuple(s // self._data.itemsize for s in self._data.strides)
        return strides if dim is None else strides[dim]

    def is_contiguous(self) -> bool:
        """Whether the elements lie in row-major order without gaps."""
        return bool(self._data.flags.c_contiguous)

    def is_floating_point(self) -> bool:
        """Whether the elements are real floating-point numbers."""
        return self.dtype.is_floating_point

    def is_complex(self) -> bool:
        """Whether the elements are complex numbers."""
        return self.dtype.is_complex

    def is_inference(self) -> bool:
        """Whether the tensor was made in ``inference_mode``."""
        return self._inference

    @property
    def is_cuda(self) -> bool:
        """Whether the elements lie on a GPU."""
        return self.device.type == "cuda"

    def get_device(self) -> int:
        """The number of the GPU, -1 for the CPU."""
        place = self.device
        return -1 if place.type == "cpu" else place.index or 0

    def data_ptr(self) -> int:
        """The address of the first element."""
        return self._xp.address(self._data)

    # ------------------------------------------------------------------------------------ autograd

    @property
    def requires_grad(self) -> bool:
        """Whether gradients are computed for this tensor. Setting it is allowed on leaves."""
        if self._view is not None:
            self._refresh(strict=False)
        return self._requires_grad

    @requires_grad.setter
    def requires_grad(self, wanted: bool) -> None:
        if not self.is_leaf:
            more = (
                " If you want to use a computed variable in a subgraph that doesn't require differentiation use var_no_grad = var.detach()."
            )
            raise RuntimeError("you can only change requires_grad flags of leaf variables." + ("" if wanted else more))
        if wanted and self.dtype.category < 2:
            raise RuntimeError("only Tensors of floating point and complex dtype can require gradients")
        if wanted and self._inference and not mode.inference:
            raise RuntimeError("Setting requires_grad=True on inference tensor outside InferenceMode is not allowed.")
        self._requires_grad = bool(wanted)

    def requires_grad_(self, requires_grad: bool = True) -> Tensor:
        """Set ``requires_grad`` and return the tensor.

        Raises RuntimeError for integer tensors, and for turning it off on a tensor that an op made.
        """
        if requires_grad and self.dtype.category < 2:
            raise RuntimeError("only Tensors of floating point dtype can require gradients")
        if mode.transforms:
            self._may_become_leaf()
        if self.is_leaf or not requires_grad:
            self.requires_grad = requires_grad
        return self

    @property
    def is_leaf(self) -> bool:
        """Whether no recorded op made this tensor."""
        if self._view is not None:
            self._refresh(strict=False)
        return self._edge is None

    @property
    def grad_fn(self) -> Node | None:
        """The backward node of the op that made this tensor; None for leaves."""
        if self._view is not None:
            self._refresh()
        return self._edge

    @property
    def output_nr(self) -> int:
        """The number of this tensor among its op's outputs."""
        return self._output

    @property
    def _version(self) -> int:
        if self._inference:
            raise RuntimeError("Inference tensors do not track version counter.")
        cell = self._cell
        return 0 if cell is None else cell.version

    @property
    def grad(self) -> Tensor | None:
        """The gradient that backward added up for this leaf (or for a tensor with ``retain_grad``)."""
        if self._grad is None and not self._retains and self._edge is not None:
            import warnings

            warnings.warn(
                "The .grad attribute of a Tensor that is not a leaf Tensor is being accessed. Its .grad attribute won't be "
                "populated during autograd.backward(). If you indeed want the .grad field to be populated for a non-leaf "
                "Tensor, use .retain_grad() on the non-leaf Tensor. If you access the non-leaf Tensor by mistake, make sure "
                "you access the leaf Tensor instead.",
                UserWarning,
                stacklevel=2,
            )
            if recorder.current is not None:
                recorder.current.asked_for_grad(self)
        elif self._grad is None and self._retains and recorder.current is not None:
            recorder.current.asked_for_grad(self, True)
        return self._grad

    @grad.setter
    def grad(self, grad: Tensor | None) -> None:
        if grad is not None:
            if not isinstance(grad, Tensor):
                raise TypeError(f"assigned grad expected to be a Tensor or None but got grad of type {type(grad).__name__}")
            if grad is self:
                raise RuntimeError("can't assign Variable as its own grad")
            if grad.dtype is not self.dtype:
                raise RuntimeError(
                    f"attempting to assign a gradient with dtype '{grad.dtype.legacy.lower()}' to a tensor with grad_dtype "
                    f"'{self.dtype.legacy}'. The gradient must match the tensor's grad_dtype (defaults to the tensor's dtype). You can set "
                    "the tensor's grad_dtype attribute with a specific dtype, or None to allow any dtype. Set grad_dtype with caution. "
                    "Diverging the dtypes of a tensor and its gradient may break downstream systems that assume they match."
                )
            if grad.device.type != self.device.type:
                raise RuntimeError(
                    f"attempting to assign a gradient with device type '{grad.device.type}' to a tensor with device type "
                    f"'{self.device.type}'. Please ensure that the gradient and the tensor are on the same device"
                )
            if grad._data.shape != self._data.shape:
                raise RuntimeError(
                    f"attempting to assign a gradient of size '{list(grad._data.shape)}' to a tensor of size "
                    f"'{list(self._data.shape)}'. Please ensure that the gradient and the tensor are the same size"
                )
        self._grad = grad

    @grad.deleter
    def grad(self) -> None:
        self._grad = None

    @property
    def data(self) -> Tensor:
        """The same memory as a tensor that autograd does not know: changes through it are not noticed."""
        made = wrap(self._data)
        if recorder.current is not None:
            self._storage  # noqa: B018  # a recorder has to tell what it was before a change and after
        self._left("data", made)
        return made

    @data.setter
    def data(self, other: Tensor) -> None:
        if not isinstance(other, Tensor):
            raise TypeError(f"Variable data has to be a tensor, but got {type(other).__name__}")
        self._data = other._data

    def detach(self) -> Tensor:
        """The same memory, not part of the graph. In-place changes of either are seen, and noticed, by both."""
        other = wrap(self._data.view())
        other._cell = self._storage
        if self._inference:
            other._inference = True
        self._left("detach", other)
        return other

    def _left(self, name: str, made: Tensor | None = None) -> None:
        """The numbers are taken where gradients do not follow: into ``made``, or into Python. For whoever asks why a gradient is None."""
        if self._requires_grad and recorder.current is not None and not mode.quiet:
            recorder.current.left(name, self, made)

    def detach_(self) -> Tensor:
        """Take this tensor out of the graph: it becomes a leaf.

        Raises RuntimeError for views.
        """
        if self._base is not None and self._base.requires_grad:
            raise RuntimeError(
                "Can't detach views in-place. Use detach() instead. If you are using DistributedDataParallel (DDP) for training, and "
                "gradient_as_bucket_view is set as True, gradients are views of DDP buckets, and hence detach_() cannot be called on these "
                "gradients. To fix this error, please refer to the Optimizer.zero_grad() function in torch/optim/optimizer.py as the "
                "solution."
            )
        self._storage  # noqa: B018  # the node that kept this output has to see what changes from now on
        self._edge, self._output, self._requires_grad = None, 0, False
        return self

    def retain_grad(self) -> None:
        """Keep the gradient of this tensor in ``grad`` although it is no leaf.

        Raises RuntimeError for a tensor that requires no gradient.
        """
        if not self.requires_grad:
            raise RuntimeError("can't retain_grad on Tensor that has requires_grad=False")
        if self._edge is None or self._retains:
            return
        self._retains = True
        retain(self)
        if recorder.current is not None:
            recorder.current.hook_from_here(-self._edge.id)

    @property
    def retains_grad(self) -> bool:
        """Whether ``retain_grad`` was called on this non-leaf."""
        return self._retains

    def register_hook(self, hook: Callable[[Tensor], Tensor | None]) -> RemovableHandle:
        """Call ``hook(grad)`` whenever a gradient for this tensor is complete; what it returns replaces the gradient.

        Raises RuntimeError for a tensor that requires no gradient.
        """
        if not self.requires_grad:
            raise RuntimeError("cannot register a hook on a tensor that doesn't require gradient")
        if self._edge is not None:
            hooks = self._edge.tensor_hooks(self._output)
        else:
            if self._backward_hooks is None:
                self._backward_hooks = HookDict()
            hooks = self._backward_hooks
        return _hooks.register(hooks, hook)

    def register_post_accumulate_grad_hook(self, hook: Callable[[Tensor], None]) -> RemovableHandle:
        """Call ``hook(leaf)`` whenever backward has added into ``leaf.grad``.

        Raises RuntimeError unless the tensor is a leaf that requires a gradient.
        """
        if not self.requires_grad:
            raise RuntimeError("cannot register a hook on a tensor that doesn't require gradient")
        if not self.is_leaf:
            raise RuntimeError("post accumulate grad hooks cannot be registered on non-leaf tensors")
        if self._post_accumulate_grad_hooks is None:
            self._post_accumulate_grad_hooks = HookDict()
        return _hooks.register(self._post_accumulate_grad_hooks, hook)

    def _gradient_edge(self) -> Edge | None:
        """Where a gradient for this tensor goes; None where it requires none."""
        if self._view is not None:
            self._refresh()
        if self._edge is not None:
            return (self._edge, self._output)
        return (accumulate_node(self), 0) if self._requires_grad else None

    def _slot(self) -> tuple[Any, Any, Any]:
        array = self._data
        return (array.shape, _DTYPES[array.dtype], devices.device_of(array))

    def _bump(self, like: int = 0) -> None:
        """Count a change in place. ``like``: the id of a new tensor of the tape that has the same elements."""
        storage = self._storage
        storage.version += 1
        if recorder.current is not None and (self._id or not mode.quiet):  # what a tape has not met, it need not see change
            recorder.current.mutated(self, storage.version - 1, storage.version, like)

    def _refresh(self, strict: bool = True) -> None:
        """Make the edge of a view right again after an in-place change of its base (bound by inplace.py).

        Raises RuntimeError, if ``strict``, where PyTorch forbids it: for views made without grad, and for one of several.
        """

    # ------------------------------------------------------------------------------------ for transforms

    def _may_become_leaf(self) -> None:
        """Raises RuntimeError inside transforms (bound by autograd/levels.py)."""

    def _sample(self) -> Any:
        """The array; of a batch that of its first sample."""
        return self._data

    def _copied(self) -> Tensor:
        """The value in memory of its own, not part of the graph."""
        return wrap(devices.copied(self._data))

    def _shadow(self, copied: bool = False) -> Tensor:
        """The value, or a copy of it, with the tangents, but not part of the graph."""
        made = wrap(devices.copied(self._data) if copied else self._data)
        if self._tangents is None:
            self._tangents = {}  # one for both: the tangents of a result come after it was kept
        made._tangents = self._tangents
        return made

    def _overwrite(self, out: Tensor) -> None:
        """Write ``out``'s value and tangents into this tensor's memory (bound by autograd/levels.py)."""

    # ------------------------------------------------------------------------------------ views

    def _is_view(self) -> bool:
        return self._base is not None

    # ------------------------------------------------------------------------------------ Python's protocols

    def item(self) -> Any:
        """The only element as a Python number.

        Raises RuntimeError unless there is exactly one.
        """
        if self._data.size != 1:
            raise RuntimeError(f"a Tensor with {self._data.size} elements cannot be converted to Scalar")
        self._left("item")
        return self._at_hand().item()

    def _at_hand(self) -> Any:
        """The array in the memory of the host, when its elements are there."""
        data = self._data
        return data if type(data) is devices.CPU.ndarray else devices.module_of(data).to_host(data)

    def tolist(self) -> Any:
        """The elements as nested lists of Python numbers."""
        self._left("tolist")
        return self._at_hand().tolist()

    def numpy(self, *, force: bool = False) -> Any:
        """The elements as a numpy array that shares their memory.

        Raises RuntimeError for tensors that require a gradient and TypeError for those on a GPU, unless ``force``.
        """
        if self._data.dtype.kind == "V":  # numpy by itself has no such type
            raise TypeError(f"Got unsupported ScalarType {self.dtype.legacy}: convert the tensor first, with .float()")
        if force:
            return self._xp.to_host(self._data)
        if self.requires_grad:
            raise RuntimeError("Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead.")
        if self.device.type != "cpu":
            raise TypeError(
                f"can't convert {self.device} device type tensor to numpy. Use Tensor.cpu() to copy the tensor to host memory first."
            )
        return self._data

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        array = self.numpy()
        return array if dtype is None else array.astype(dtype)

    def __len__(self) -> int:
        if self._data.ndim == 0:
            raise TypeError("len() of a 0-d tensor")
        return self._data.shape[0]  # type: ignore[no-any-return]

    def __iter__(self) -> Iterator[Any]:
        if self._data.ndim == 0:
            raise TypeError("iteration over a 0-d tensor")
        return iter(self.unbind(0))

    def __bool__(self) -> bool:
        if self._data.size != 1:
            word = "no values" if self._data.size == 0 else "more than one value"
            raise RuntimeError(f"Boolean value of Tensor with {word} is ambiguous")
        return bool(self._at_hand().item())

    def _number(self) -> Any:
        if self._data.size != 1:
            raise ValueError("only one element tensors can be converted to Python scalars")
        return self._at_hand().item()

    def __float__(self) -> float:
        number = self._number()
        self._left("item")
        return float(number)

    def __int__(self) -> int:
        number = self._number()
        self._left("item")
        return int(number)

    def __complex__(self) -> complex:
        return complex(self._number())

    def __index__(self) -> int:
        if self._data.size != 1 or self.dtype.category > 1:
            raise TypeError("only integer tensors of a single element can be converted to an index")
        return int(self._at_hand().item())

    def __hash__(self) -> int:
        return id(self)

    def __contains__(self, element: Any) -> bool:
        return bool((self == element).any())

    def __format__(self, spec: str) -> str:
        if self._data.ndim == 0 and type(self) is Tensor:
            return format(self._at_hand().item(), spec)
        return object.__format__(self, spec)


class Size(tuple[int, ...]):
    """The shape of a tensor: a tuple that prints as ``torch.Size([2, 3])`` and knows ``numel()``."""

    __slots__ = ()

    def numel(self) -> int:
        """The number of elements of a tensor of this shape."""
        total = 1
        for n in self:
            total *= n
        return total

    def __repr__(self) -> str:
        return f"torch.Size({list(self)})"

    def __getitem__(self, index: Any) -> Any:
        found = tuple.__getitem__(self, index)
        return Size(found) if isinstance(index, slice) else found

    def __add__(self, other: Any) -> Size:
        return Size(tuple.__add__(self, tuple(other)))


def retain(tensor: Tensor) -> None:
    """Have the node of ``tensor`` keep its gradient, and no node that it had before."""
    node, before = tensor._edge, tensor._retained_at
    assert node is not None
    old = before[0]() if before is not None else None
    if old is not None and before is not None:
        old.own_hooks().retain.pop(before[1], None)
    tensor._retained_at = (weakref.ref(node), tensor._output)
    node.own_hooks().retain[tensor._output] = weakref.ref(tensor)


def view_of(source: Tensor, op: str, multiple: bool) -> ViewOf:
    """How a view that ``op`` makes now of ``source`` came to be; a view of a view is as restricted as that one."""
    before = source._view
    multiple = multiple or (before is not None and before.multiple)
    no_grad = not mode.enabled or (before is not None and before.no_grad)
    return ViewOf(op, source._storage.version, multiple, no_grad, before is not None and before.custom)


def settle(tensor: Tensor) -> None:
    """Make the edge of a view right again where an in-place change of its base has made it wrong."""
    view, base = tensor._view, tensor._base
    if view is None or base is None:
        return
    if base._view is None and view.version == tensor._storage.version and (tensor._requires_grad or not base._requires_grad):
        return
    tensor._refresh()


def wrap(array: Any) -> Tensor:
    """``array`` as a tensor that requires no gradient; the memory is shared."""
    made = _new(Tensor)
    made._data = array
    made._edge = None
    made._output = 0
    made._requires_grad = False
    made._base = None
    made._cell = None
    made._id = 0
    return made


def type_name(tensor: Tensor) -> str:
    """How PyTorch's messages name a tensor's type: ``torch.FloatTensor``, ``torch.cuda.LongTensor``."""
    return f"torch.{'cuda.' if tensor.is_cuda else ''}{tensor.dtype.legacy}Tensor"
