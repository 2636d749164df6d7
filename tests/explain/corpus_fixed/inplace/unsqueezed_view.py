# expect: nothing
import torch
from torch import nn

net = nn.Linear(3, 3)
y = torch.tanh(net(torch.randn(2, 3)))
channel = y.unsqueeze(1).transpose(0, 1)
channel = channel.neg()
y.pow(3).sum().backward()
