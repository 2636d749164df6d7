# expect: nan.hook
import torch
from torch import nn


def unit(gradient):  #! hook
    return gradient / gradient.norm()


net = nn.Sequential(nn.Linear(3, 3), nn.ReLU(), nn.Linear(3, 1))
h = net[0](torch.randn(2, 3)) - 100.0
h.register_hook(unit)
loss = net[2](net[1](h)).sum()
loss.backward()
