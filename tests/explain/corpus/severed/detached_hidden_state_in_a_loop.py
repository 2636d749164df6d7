# expect: severed.detach
import torch
from torch import nn

start = nn.Parameter(torch.zeros(1, 4))
cell = nn.RNNCell(3, 4)
optimizer = torch.optim.SGD([start, *cell.parameters()], lr=0.1)
h = start.expand(2, 4)
loss = 0.0
for _ in range(3):
    h = cell(torch.randn(2, 3), h.detach())  #! cut
    loss = loss + h.pow(2).mean()
loss.backward()
optimizer.step()
