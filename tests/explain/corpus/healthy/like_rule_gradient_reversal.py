# expect: nothing
import torch
from torch import nn


class Reverse(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, strength):
        ctx.strength = strength
        return x.view_as(x)

    @staticmethod
    def backward(ctx, g):
        return -ctx.strength * g, None


features, domain = nn.Linear(3, 4), nn.Linear(4, 2)
optimizer = torch.optim.SGD([*features.parameters(), *domain.parameters()], lr=0.1)
for _ in range(2):
    out = domain(Reverse.apply(features(torch.randn(5, 3)), 0.5))
    optimizer.zero_grad()
    nn.functional.cross_entropy(out, torch.tensor([0, 1, 0, 1, 1])).backward()
    optimizer.step()
