# expect: nothing
import torch
from torch import nn

cell = nn.RNNCell(3, 4)
optimizer = torch.optim.SGD(cell.parameters(), lr=0.01)
h = torch.zeros(2, 4)
for _ in range(8):
    h = cell(torch.randn(2, 3), h.detach())
    loss = h.pow(2).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
