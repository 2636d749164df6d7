# expect: inplace.several-views
import torch
from torch import nn

net = nn.Linear(3, 3)
out = net(torch.randn(4, 3))
for row in out:  #! made
    row /= row.abs().sum()  #! changed
out.sum().backward()
