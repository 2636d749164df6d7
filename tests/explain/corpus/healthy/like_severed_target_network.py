# expect: nothing
import copy

import torch
from torch import nn

online = nn.Linear(4, 2)
target = copy.deepcopy(online)
optimizer = torch.optim.Adam(online.parameters())
for step in range(4):
    x, y = torch.randn(5, 4), torch.randn(5, 4)
    with torch.no_grad():
        goal = target(y).max(1).values
    loss = (online(x).max(1).values - goal).pow(2).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 2:
        target.load_state_dict(online.state_dict())
