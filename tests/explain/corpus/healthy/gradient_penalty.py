# expect: nothing
import torch
from torch import nn

critic = nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 1))
optimizer = torch.optim.Adam(critic.parameters(), lr=1e-3)
for _ in range(3):
    x = torch.randn(4, 3, requires_grad=True)
    score = critic(x)
    (grads,) = torch.autograd.grad(score.sum(), x, create_graph=True)
    loss = score.pow(2).mean() + 10 * (grads.norm(2, dim=1) - 1).pow(2).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
