"""Layers that take the batch normalisation behind them into their weights, for evaluation."""

from __future__ import annotations

import copy
from typing import Any

from ... import creation
from ..parameter import Parameter


def _scale_and_shift(bias: Any, mean: Any, variance: Any, eps: float, weight: Any, shift: Any) -> tuple[Any, Any]:
    """What the layer's outputs are multiplied by, and the bias that they have then."""
    scale = (variance + eps).rsqrt() if weight is None else weight * (variance + eps).rsqrt()
    fused = ((creation.zeros_like(mean) if bias is None else bias) - mean) * scale
    return scale, fused if shift is None else fused + shift


def _parameters(weight: Any, bias: Any, new_weight: Any, new_bias: Any) -> tuple[Parameter, Parameter]:
    kind, wanted = (weight.dtype, False) if bias is None else (bias.dtype, bias.requires_grad)
    return Parameter(new_weight.detach().to(weight.dtype), weight.requires_grad), Parameter(new_bias.detach().to(kind), wanted)


def fuse_conv_bn_weights(
    conv_w: Any, conv_b: Any, bn_rm: Any, bn_rv: Any, bn_eps: float, bn_w: Any, bn_b: Any, transpose: bool = False
) -> tuple[Parameter, Parameter]:
    """Weight and bias of a convolution that also normalises; ``transpose`` for transposed ones."""
    scale, shift = _scale_and_shift(conv_b, bn_rm, bn_rv, bn_eps, bn_w, bn_b)
    shape = [1, -1] if transpose else [-1, 1]
    return _parameters(conv_w, conv_b, conv_w * scale.reshape(shape + [1] * (conv_w.ndim - 2)), shift)


def fuse_linear_bn_weights(
    linear_w: Any, linear_b: Any, bn_rm: Any, bn_rv: Any, bn_eps: float, bn_w: Any, bn_b: Any
) -> tuple[Parameter, Parameter]:
    """Weight and bias of a linear layer that also normalises."""
    scale, shift = _scale_and_shift(linear_b, bn_rm, bn_rv, bn_eps, bn_w, bn_b)
    return _parameters(linear_w, linear_b, linear_w * scale.unsqueeze(-1), shift)


def _check(layer: Any, bn: Any) -> None:
    if layer.training or bn.training:
        raise AssertionError("Fusion only for eval!")
    if bn.running_mean is None or bn.running_var is None:
        raise AssertionError("bn.running_mean and bn.running_var must not be None")


def fuse_conv_bn_eval(conv: Any, bn: Any, transpose: bool = False) -> Any:
    """A convolution that gives what ``bn(conv(x))`` gives. Raises AssertionError in training."""
    _check(conv, bn)
    fused = copy.deepcopy(conv)
    fused.weight, fused.bias = fuse_conv_bn_weights(
        conv.weight, conv.bias, bn.running_mean, bn.running_var, bn.eps, bn.weight, bn.bias, transpose
    )
    return fused


def fuse_linear_bn_eval(linear: Any, bn: Any) -> Any:
    """A linear layer that gives what ``bn(linear(x))`` gives. Raises AssertionError in training, and where the sizes differ."""
    _check(linear, bn)
    if bn.num_features not in (linear.out_features, 1):
        raise AssertionError(
            "To fuse, linear.out_features == bn.num_features or bn.num_features == 1, got linear.out_features="
            f"{linear.out_features} and bn.num_features={bn.num_features}"
        )
    fused = copy.deepcopy(linear)
    fused.weight, fused.bias = fuse_linear_bn_weights(
        linear.weight, linear.bias, bn.running_mean, bn.running_var, bn.eps, bn.weight, bn.bias
    )
    return fused
