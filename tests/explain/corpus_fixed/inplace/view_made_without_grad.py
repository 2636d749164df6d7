# expect: nothing
import torch
from torch import nn

net = nn.Linear(3, 4)
canvas = torch.zeros(2, 4)
top = canvas[0]
top += net(torch.randn(3))
canvas.pow(2).sum().backward()
