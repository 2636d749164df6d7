# expect: nothing
import torch
from torch import nn

policy = nn.Linear(3, 2)
optimizer = torch.optim.Adam(policy.parameters())
for _ in range(4):
    steps = []
    for _ in range(5):
        steps.append(policy(torch.randn(1, 3)).log_softmax(-1)[0, 0])
    loss = -torch.stack(steps).sum()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
