# expect: nothing
import torch
from torch import nn

net = nn.Linear(3, 3)
out = net(torch.randn(4, 3))
out = torch.stack([row / row.abs().sum() for row in out])
out.pow(2).sum().backward()
