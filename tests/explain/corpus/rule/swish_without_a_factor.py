# expect: rule.value
import torch


class Swish(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * torch.sigmoid(x)

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        s = torch.sigmoid(x)
        return grad * (s + x * s)  # (1 - s) is missing


torch.manual_seed(0)
lin = torch.nn.Linear(5, 5)
Swish.apply(lin(torch.randn(3, 5))).sum().backward()
