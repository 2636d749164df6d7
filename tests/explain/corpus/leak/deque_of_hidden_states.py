# expect: leak.collected
from collections import deque

import torch
from torch import nn

cell = nn.Linear(4, 4)
optimizer = torch.optim.SGD(cell.parameters(), lr=0.01)
memory = deque(maxlen=1000)
for _ in range(10):
    h = torch.tanh(cell(torch.randn(2, 4)))  #! kept
    loss = h.pow(2).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    memory.append(h)
