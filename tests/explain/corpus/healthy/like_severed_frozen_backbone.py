# expect: nothing
import torch
from torch import nn

net = nn.ModuleDict({"backbone": nn.Linear(4, 4), "head": nn.Linear(4, 2)})
net["backbone"].requires_grad_(False)
optimizer = torch.optim.SGD([p for p in net.parameters() if p.requires_grad], lr=0.1)
for _ in range(2):
    optimizer.zero_grad()
    out = net["head"](net["backbone"](torch.randn(3, 4)).relu())
    out.pow(2).mean().backward()
    optimizer.step()
