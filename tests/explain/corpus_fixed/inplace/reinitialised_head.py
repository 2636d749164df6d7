# expect: nothing
import torch
from torch import nn

net = nn.Sequential(nn.Linear(3, 5), nn.Tanh(), nn.Linear(5, 2))
nn.init.xavier_uniform_(net[2].weight)
out = net(torch.randn(4, 3))
out.sum().backward()
