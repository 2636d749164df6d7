# expect: hook.not-none
import torch
from torch import nn

torch.manual_seed(0)
model = nn.Sequential(nn.Linear(6, 4), nn.Tanh(), nn.Linear(4, 1))
weight = model[0].weight


def halved(leaf):  #! hook
    return leaf.grad * 0.5


weight.register_post_accumulate_grad_hook(halved)
for _ in range(2):
    loss = model(torch.randn(5, 6)).mean()
    loss.backward()  #! used
