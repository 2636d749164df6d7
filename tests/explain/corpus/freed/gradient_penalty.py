# expect: freed.shared-forward
# The penalty's gradient is taken without create_graph, which frees the critic's graph.
import torch
from torch import nn

critic = nn.Sequential(nn.Linear(3, 6), nn.Tanh(), nn.Linear(6, 1))
optimizer = torch.optim.Adam(critic.parameters(), lr=1e-3)
x = torch.randn(4, 3, requires_grad=True)
score = critic(x)  #! ties
(grads,) = torch.autograd.grad(score.sum(), x)  #! freed
penalty = (grads.norm(dim=1) - 1).pow(2).mean()
loss = score.mean() + 10 * penalty  #! reused
optimizer.zero_grad()
loss.backward()  #! used
optimizer.step()
