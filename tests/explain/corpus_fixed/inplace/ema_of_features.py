# expect: nothing
import torch
from torch import nn

net = nn.Linear(3, 3)
center = torch.zeros(3)
loss = 0
for x in torch.randn(3, 5, 3):
    z = net(x)
    loss = loss + (z * center).sum() + z.pow(2).sum()
    center = center.mul(0.9).add(z.detach().mean(0), alpha=0.1)
loss.backward()
