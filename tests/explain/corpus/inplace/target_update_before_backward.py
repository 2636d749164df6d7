# expect: inplace.no-grad-update
import torch
from torch import nn

online, target = nn.Linear(3, 2), nn.Linear(3, 2)
optimizer = torch.optim.Adam(online.parameters(), lr=1e-2)
for state in torch.randn(3, 4, 3):
    state.requires_grad_()
    value = target(state).max(1).values  #! saved
    loss = (online(state).max(1).values - value).pow(2).mean()
    with torch.no_grad():
        for t, o in zip(target.parameters(), online.parameters(), strict=True):
            t.lerp_(o, 0.1)  #! changed
    optimizer.zero_grad()
    loss.backward()  #! used
    optimizer.step()
