# expect: severed.item
import torch
from torch import nn

net = nn.Linear(3, 2)
optimizer = torch.optim.Adam(net.parameters())
for _ in range(2):
    out = net(torch.randn(4, 3))
    value = out.pow(2).mean().item()  #! cut
    loss = torch.tensor(value, requires_grad=True)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
