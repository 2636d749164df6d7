# expect: rule.factor
import torch
from torch import nn


class MeanSquare(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):  #! forward
        ctx.save_for_backward(x)
        return x.pow(2).mean()

    @staticmethod
    def backward(ctx, g):  #! backward
        (x,) = ctx.saved_tensors
        return 2 * x * g


net = nn.Linear(3, 4)
loss = MeanSquare.apply(net(torch.randn(2, 3)))  #! used
loss.backward()
