# expect: severed.detach
import torch
from torch import nn

policy = nn.Linear(3, 2)
value = nn.Linear(2, 1)
optimizer = torch.optim.SGD([*policy.parameters(), *value.parameters()], lr=0.1)
action = policy(torch.randn(4, 3))
kept = action.clone().detach().requires_grad_(True)  #! cut
loss = -value(kept).mean()
loss.backward()
optimizer.step()
