# expect: nothing
import torch
from torch import nn

net = nn.Linear(4, 4)
p = torch.softmax(net(torch.randn(2, 4)), -1)
p = p.add(
    1e-6,
).log()
p.mean().backward()
