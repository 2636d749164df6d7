# expect: severed.item
import torch
from torch import nn

temperature = nn.Parameter(torch.tensor(2.0))
net = nn.Linear(4, 3)
optimizer = torch.optim.SGD([temperature, *net.parameters()], lr=0.1)
for _ in range(2):
    t = temperature.item()  #! cut
    logits = net(torch.randn(5, 4)) / t
    loss = nn.functional.cross_entropy(logits, torch.tensor([0, 1, 2, 0, 1]))
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
