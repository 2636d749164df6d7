# expect: severed.frozen
import torch
from torch import nn

net = nn.ModuleDict({"backbone": nn.Linear(4, 4), "head": nn.Linear(4, 2)})
for name, p in net.named_parameters():
    if "back" in name:
        p.requires_grad = False
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)  #! optimizer
for _ in range(2):
    optimizer.zero_grad()
    out = net["head"](net["backbone"](torch.randn(3, 4)).relu())
    out.pow(2).mean().backward()
    optimizer.step()
