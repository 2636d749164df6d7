# expect: rule.factor
# input: 0
import torch


class Cosine(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):  #! forward
        ctx.save_for_backward(x)
        return torch.cos(x)

    @staticmethod
    def backward(ctx, g):  #! backward
        (x,) = ctx.saved_tensors
        return g * torch.sin(x)


x = torch.randn(5, requires_grad=True)
Cosine.apply(x).sum().backward()  #! used
