"""Example 7: a backward with a wrong formula.

A Function of one's own computes the softplus. The forward is right and the loss goes down, but slower than it should.

What to find: step into the backward of Softplus (F11) and compare what it returns with what is known of the derivative. "Explanations"
finds an element that disagrees, with both numbers; which term was forgotten?
"""

import torch

torch.manual_seed(0)


class Softplus(torch.autograd.Function):
    """log(1 + exp(x)), whose derivative is the sigmoid of x."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return torch.log1p(torch.exp(x))

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        return grad * torch.exp(x) / (1 + torch.exp(x)) ** 2  # the derivative of the sigmoid, not the sigmoid


x = torch.randn(6, dtype=torch.float64, requires_grad=True)
Softplus.apply(x).sum().backward()

print("its own backward:", x.grad)
print("the derivative:  ", torch.sigmoid(x.detach()))
