# expect: leak.collected
import torch
from torch import nn

policy = nn.Linear(3, 2)
optimizer = torch.optim.Adam(policy.parameters())
buffer = []
for _ in range(8):
    state = torch.randn(1, 3)
    value = policy(state)  #! kept
    reward = torch.rand(1)
    loss = (value - reward).pow(2).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    buffer.append((state, value, reward))
