"""Layers that learn the size of their input from the first one that they are given, and then are ordinary layers."""

from __future__ import annotations

from typing import Any

from .. import creation, dtypes
from ..autograd.grad_mode import no_grad
from ..tensor import Tensor
from .conv import Conv1d, Conv2d, Conv3d, ConvTranspose1d, ConvTranspose2d, ConvTranspose3d
from .linear import Linear
from .module import Module
from .normalization import BatchNorm1d, BatchNorm2d, BatchNorm3d, InstanceNorm1d, InstanceNorm2d, InstanceNorm3d
from .parameter import Buffer, Parameter

_NO_SHAPE = (
    "Can't access the shape of an uninitialized parameter or buffer. This error usually happens in `load_state_dict` when trying to load "
    "an uninitialized parameter into an initialized one. Call `forward` to initialize the parameters before accessing their attributes."
)


def _materialized(tensor: Tensor, becomes: type[Tensor], shape: Any, device: Any, dtype: Any) -> None:
    """Give a tensor without a shape one, with arbitrary values, and its final class."""
    place, kind = tensor.device if device is None else device, tensor.dtype if dtype is None else dtype
    tensor.data = creation.empty(tuple(shape), device=place, dtype=kind)
    tensor.__class__ = becomes


class UninitializedParameter(Parameter):
    """A parameter whose shape is not known yet; ``materialize`` gives it one."""

    uninitialised = True

    def __new__(cls, requires_grad: bool = True, device: Any = None, dtype: Any = None) -> Any:
        """A parameter without elements."""
        return Parameter.__new__(cls, creation.empty(0, device=device, dtype=dtype), requires_grad)

    @property
    def shape(self) -> Any:
        raise RuntimeError(_NO_SHAPE)

    def materialize(self, shape: Any, device: Any = None, dtype: Any = None) -> None:
        """Take a shape, with arbitrary values; it is a Parameter from then on."""
        _materialized(self, Parameter, shape, device, dtype)

    def __repr__(self) -> str:
        return "<UninitializedParameter>"

    def __deepcopy__(self, memo: dict[int, Any]) -> Parameter:
        if id(self) not in memo:
            memo[id(self)] = type(self)(self.requires_grad, self.device, self.dtype)
        return memo[id(self)]  # type: ignore[no-any-return]


class UninitializedBuffer(Buffer):
    """A buffer whose shape is not known yet; ``materialize`` gives it one."""

    uninitialised = True

    def __new__(cls, requires_grad: bool = False, device: Any = None, dtype: Any = None, persistent: bool = True) -> Any:
        """A buffer without elements."""
        made = Buffer.__new__(cls, creation.empty(0, device=device, dtype=dtype), persistent=persistent)
        return made.requires_grad_(requires_grad)

    @property
    def shape(self) -> Any:
        raise RuntimeError(_NO_SHAPE)

    def materialize(self, shape: Any, device: Any = None, dtype: Any = None) -> None:
        """Take a shape, with arbitrary values; it is a Tensor from then on."""
        _materialized(self, Tensor, shape, device, dtype)

    def __repr__(self) -> str:
        return "<UninitializedBuffer>"


def is_lazy(value: Any) -> bool:
    """Whether a parameter or buffer has no shape yet."""
    return getattr(value, "uninitialised", False)


def _waits(module: Any) -> bool:
    """Whether the module has parameters or buffers without a shape."""
    return any(is_lazy(t) for t in (*module._parameters.values(), *module._buffers.values()))


def _wait(module: Any) -> None:
    """Have the module's parameters made before its first forward."""
    module._initialize_hook = module.register_forward_pre_hook(_learn, with_kwargs=True)


def _learn(module: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    """Before the first forward: make the parameters, and the module what it is to become."""
    module.initialize_parameters(*args, **kwargs)
    if _waits(module):
        raise RuntimeError(f"module {module._get_name()} has not been fully initialized")
    module._initialize_hook.remove()
    del module._initialize_hook
    module.__class__ = module.cls_to_become


class LazyLinear(Linear):
    """A Linear whose ``in_features`` comes from the first input."""

    cls_to_become: type[Module] = Linear
    has_uninitialized_params = _waits

    def __init__(self, out_features: int, bias: bool = True, device: Any = None, dtype: Any = None) -> None:
        super().__init__(0, 0, False, device, dtype)
        self.weight = UninitializedParameter(device=device, dtype=dtype)
        self.out_features = out_features
        if bias:
            self.bias = UninitializedParameter(device=device, dtype=dtype)
        _wait(self)

    def reset_parameters(self) -> None:
        """Draw weight and bias anew, if they have a shape."""
        if self.in_features != 0 and not _waits(self):
            super().reset_parameters()

    def initialize_parameters(self, input: Any) -> None:
        """Give the parameters the shapes that fit the input, and draw them; those of a state dict are kept."""
        if _waits(self):
            with no_grad():
                self.in_features = input.shape[-1]
                self.weight.materialize((self.out_features, self.in_features))
                if self.bias is not None:
                    self.bias.materialize((self.out_features,))
                self.reset_parameters()
        if self.in_features == 0:
            if input.shape[-1] != self.weight.shape[-1]:
                raise AssertionError(
                    f"The in_features inferred from input: {input.shape[-1]} is not equal to in_features from self.weight: "
                    f"{self.weight.shape[-1]}"
                )
            self.in_features = input.shape[-1]

    def extra_repr(self) -> str:
        return f"in_features={self.in_features}, out_features={self.out_features}, bias={self.bias is not None}"


def _start_conv(module: Any, out_channels: int, bias: bool, device: Any, dtype: Any) -> None:
    """What the lazy convolutions do after the ordinary one's ``__init__`` with no channels."""
    module.weight = UninitializedParameter(device=device, dtype=dtype)
    module.out_channels = out_channels
    if bias:
        module.bias = UninitializedParameter(device=device, dtype=dtype)
    _wait(module)


def _make_conv(module: Any, input: Any, *args: Any, **kwargs: Any) -> None:
    """Give a convolution's parameters the shapes that fit the input, and draw them; those of a state dict are kept."""
    if not _waits(module):
        return
    n = module.dims
    if input.dim() not in (n + 1, n + 2):
        raise RuntimeError(
            f"Expected {n + 1}D (unbatched) or {n + 2}D (batched) input to {type(module).__name__}, but got input of size: {input.shape}"
        )
    module.in_channels = input.shape[-n - 1]
    if module.in_channels % module.groups != 0:
        raise ValueError("in_channels must be divisible by groups")
    ends = (module.in_channels, module.out_channels)
    first, second = ends if module.transposed else ends[::-1]
    with no_grad():
        module.weight.materialize((first, second // module.groups, *module.kernel_size))
        if module.bias is not None:
            module.bias.materialize((module.out_channels,))
        module.reset_parameters()


class LazyConv1d(Conv1d):
    """A Conv1d whose ``in_channels`` come from the first input."""

    cls_to_become: type[Module] = Conv1d
    has_uninitialized_params = _waits
    initialize_parameters = _make_conv

    def __init__(
        self,
        out_channels: int,
        kernel_size: Any,
        stride: Any = 1,
        padding: Any = 0,
        dilation: Any = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(0, 0, kernel_size, stride, padding, dilation, groups, False, padding_mode, device, dtype)
        _start_conv(self, out_channels, bias, device, dtype)

    def reset_parameters(self) -> None:
        """Draw weight and bias anew, if they have a shape."""
        if self.in_channels != 0 and not _waits(self):
            super().reset_parameters()


class LazyConv2d(LazyConv1d):
    """A Conv2d whose ``in_channels`` come from the first input."""

    dims = 2
    cls_to_become = Conv2d


class LazyConv3d(LazyConv1d):
    """A Conv3d whose ``in_channels`` come from the first input."""

    dims = 3
    cls_to_become = Conv3d


class LazyConvTranspose1d(ConvTranspose1d):
    """A ConvTranspose1d whose ``in_channels`` come from the first input."""

    cls_to_become: type[Module] = ConvTranspose1d
    has_uninitialized_params = _waits
    initialize_parameters = _make_conv

    def __init__(
        self,
        out_channels: int,
        kernel_size: Any,
        stride: Any = 1,
        padding: Any = 0,
        output_padding: Any = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: Any = 1,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(0, 0, kernel_size, stride, padding, output_padding, groups, False, dilation, padding_mode, device, dtype)
        _start_conv(self, out_channels, bias, device, dtype)

    def reset_parameters(self) -> None:
        """Draw weight and bias anew, if they have a shape."""
        if self.in_channels != 0 and not _waits(self):
            super().reset_parameters()


class LazyConvTranspose2d(LazyConvTranspose1d):
    """A ConvTranspose2d whose ``in_channels`` come from the first input."""

    dims = 2
    cls_to_become = ConvTranspose2d


class LazyConvTranspose3d(LazyConvTranspose1d):
    """A ConvTranspose3d whose ``in_channels`` come from the first input."""

    dims = 3
    cls_to_become = ConvTranspose3d


def _start_norm(module: Any, affine: bool, track_running_stats: bool, bias: bool, device: Any, dtype: Any) -> None:
    """What the lazy normalisations do after the ordinary one's ``__init__`` with no features."""
    module.affine, module.track_running_stats = affine, track_running_stats
    if affine:
        module.weight = UninitializedParameter(device=device, dtype=dtype)
        if bias:
            module.bias = UninitializedParameter(device=device, dtype=dtype)
    if track_running_stats:
        module.running_mean = UninitializedBuffer(device=device, dtype=dtype)
        module.running_var = UninitializedBuffer(device=device, dtype=dtype)
        module.num_batches_tracked = creation.tensor(0, dtype=dtypes.int64, device=device)
    _wait(module)


def _make_norm(module: Any, input: Any) -> None:
    """Give a normalisation's parameters and statistics the shapes that fit the input; those of a state dict are kept."""
    if not _waits(module):
        return
    module.num_features = input.shape[1]
    for tensor in (module.weight, module.bias, module.running_mean, module.running_var):
        if tensor is not None:
            tensor.materialize((module.num_features,))
    module.reset_parameters()


class LazyBatchNorm1d(BatchNorm1d):
    """A BatchNorm1d whose ``num_features`` come from the first input."""

    cls_to_become: type[Module] = BatchNorm1d
    has_uninitialized_params = _waits
    initialize_parameters = _make_norm

    def __init__(
        self,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__(0, eps, momentum, False, False, device, dtype)
        _start_norm(self, affine, track_running_stats, bias, device, dtype)

    def reset_parameters(self) -> None:
        """Forget the statistics, and scale by 1 and shift by 0, if there is something to scale."""
        if self.num_features != 0 and not _waits(self):
            super().reset_parameters()


class LazyBatchNorm2d(LazyBatchNorm1d):
    """A BatchNorm2d whose ``num_features`` come from the first input."""

    dims = BatchNorm2d.dims
    cls_to_become = BatchNorm2d


class LazyBatchNorm3d(LazyBatchNorm1d):
    """A BatchNorm3d whose ``num_features`` come from the first input."""

    dims = BatchNorm3d.dims
    cls_to_become = BatchNorm3d


class LazyInstanceNorm1d(InstanceNorm1d):
    """An InstanceNorm1d whose ``num_features`` come from the first input."""

    cls_to_become: type[Module] = InstanceNorm1d
    has_uninitialized_params = _waits
    initialize_parameters = _make_norm

    def __init__(
        self,
        eps: float = 1e-5,
        momentum: float = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__(0, eps, momentum, False, False, device, dtype)
        _start_norm(self, affine, track_running_stats, bias, device, dtype)

    def reset_parameters(self) -> None:
        """Forget the statistics, and scale by 1 and shift by 0, if there is something to scale."""
        if self.num_features != 0 and not _waits(self):
            super().reset_parameters()


class LazyInstanceNorm2d(LazyInstanceNorm1d):
    """An InstanceNorm2d whose ``num_features`` come from the first input."""

    dims = InstanceNorm2d.dims
    cls_to_become = InstanceNorm2d


class LazyInstanceNorm3d(LazyInstanceNorm1d):
    """An InstanceNorm3d whose ``num_features`` come from the first input."""

    dims = InstanceNorm3d.dims
    cls_to_become = InstanceNorm3d
