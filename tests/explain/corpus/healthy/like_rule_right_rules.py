# expect: nothing
import torch
from torch import nn

calls = []


class Exp(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        calls.append("exp")
        result = x.exp()
        ctx.save_for_backward(result)
        return result

    @staticmethod
    def backward(ctx, g):
        (result,) = ctx.saved_tensors
        return g * result


class LeakyAbs(torch.autograd.Function):
    """With a kink at 0, where one of the inputs is."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return torch.where(x > 0, x, -0.1 * x)

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return torch.where(x > 0, g, -0.1 * g)


class Dropout(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, p):
        mask = (torch.rand_like(x) > p).to(x.dtype) / (1 - p)
        ctx.save_for_backward(mask)
        return x * mask

    @staticmethod
    def backward(ctx, g):
        return g * ctx.saved_tensors[0], None


net = nn.Linear(4, 4)
x = torch.tensor([[0.0, 1.0, -1.0, 2.0]], requires_grad=True)
out = Dropout.apply(Exp.apply(LeakyAbs.apply(x) * 0.1), 0.25)
net(out).sum().backward()
assert calls == ["exp"]
