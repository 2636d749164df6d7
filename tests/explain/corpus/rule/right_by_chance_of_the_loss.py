# expect: rule.value
import torch


class Swish(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, beta):  #! forward
        ctx.beta = beta
        ctx.save_for_backward(x)
        return x * torch.sigmoid(beta * x)

    @staticmethod
    def backward(ctx, g):  #! backward
        (x,) = ctx.saved_tensors
        s = torch.sigmoid(ctx.beta * x)
        return g * (s + x * s * (1 - s)), None


x = torch.linspace(-2, 2, 6, requires_grad=True)
Swish.apply(x, 1.7).mean().backward()  #! used
