# expect: severed.loss-no-leaf
import torch
from torch import nn

net = nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 2))
for p in net.parameters():
    p.requires_grad_(False)
net[2] = net[2]  # meant to be a new head
loss = nn.functional.cross_entropy(net(torch.randn(3, 4)), torch.tensor([0, 1, 1]))
loss.backward()  #! used
