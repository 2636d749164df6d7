# expect: nothing
import torch


class DoubleInPlace(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.mark_dirty(x)
        x.mul_(2)
        return x

    @staticmethod
    def backward(ctx, g):
        return 2 * g


w = torch.randn(4, requires_grad=True)
y = DoubleInPlace.apply(w.clone())
y.sum().backward()
