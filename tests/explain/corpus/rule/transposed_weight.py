# expect: rule.value
# input: 1
import torch
from torch import nn


class MyLinear(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, weight):  #! forward
        ctx.save_for_backward(x, weight)
        return x @ weight.t()

    @staticmethod
    def backward(ctx, g):  #! backward
        x, weight = ctx.saved_tensors
        return g @ weight, x.t() @ g


weight = nn.Parameter(torch.randn(3, 3))
x = torch.randn(5, 3, requires_grad=True)
out = MyLinear.apply(x, weight)  #! used
out.pow(2).sum().backward()
