# expect: severed.undefined
import torch
from torch import nn


class Scale(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, scale):
        ctx.save_for_backward(x, scale)
        return x * scale

    @staticmethod
    def backward(ctx, grad):
        _, scale = ctx.saved_tensors
        return grad * scale, None


scale = nn.Parameter(torch.ones(3))
layer = nn.Linear(2, 3)
optimizer = torch.optim.SGD([scale, *layer.parameters()], lr=0.1)
y = Scale.apply(layer(torch.randn(4, 2)), scale)  #! cut
loss = y.sum()
loss.backward()
optimizer.step()
