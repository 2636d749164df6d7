# expect: inplace.leaf-view
import torch
from torch import nn

net = nn.Linear(4, 3)
weak = net.weight.abs().sum(1) < 1.0
rows = net.weight[:2]
rows.mul_(0.0)  #! changed
net(torch.randn(2, 4)).sum().backward()
