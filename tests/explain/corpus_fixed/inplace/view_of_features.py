# expect: nothing
import torch
from torch import nn

net = nn.Linear(4, 6)
features = net(torch.randn(2, 4))
energy = features.pow(2).sum()
left = features[:, :3]
left = left * 0.5
loss = energy + left.sum()
loss.backward()
