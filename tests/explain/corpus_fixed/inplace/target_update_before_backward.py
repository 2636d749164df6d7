# expect: nothing
import torch
from torch import nn

online, target = nn.Linear(3, 2), nn.Linear(3, 2)
optimizer = torch.optim.Adam(online.parameters(), lr=1e-2)
for state in torch.randn(3, 4, 3):
    state.requires_grad_()
    value = target(state.detach()).max(1).values.detach()
    loss = (online(state).max(1).values - value).pow(2).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    with torch.no_grad():
        for t, o in zip(target.parameters(), online.parameters(), strict=True):
            t.lerp_(o, 0.1)
