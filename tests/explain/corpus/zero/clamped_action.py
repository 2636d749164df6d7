# expect: zero.clamped
import torch
from torch import nn

policy = nn.Linear(3, 2)
with torch.no_grad():
    policy.bias.copy_(torch.tensor([40.0, -40.0]))
optimizer = torch.optim.Adam(policy.parameters())
for _ in range(2):
    action = policy(torch.randn(6, 3))
    action = action.clamp(-1.0, 1.0)  #! zero
    loss = (action - 0.5).pow(2).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
