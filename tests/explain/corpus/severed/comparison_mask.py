# expect: severed.not-differentiable
import torch
from torch import nn

gate = nn.Linear(4, 4)
body = nn.Linear(4, 2)
optimizer = torch.optim.SGD([*gate.parameters(), *body.parameters()], lr=0.1)
x = torch.randn(3, 4)
mask = (gate(x) > 0).float()  #! cut
loss = body(x * mask).pow(2).sum()
loss.backward()
optimizer.step()
