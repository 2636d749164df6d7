# expect: freed.computed-once
# PPO without detaching what the old policy said.
import torch
from torch import nn

policy = nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 2))
optimizer = torch.optim.Adam(policy.parameters(), lr=3e-4)
states, actions, advantages = torch.randn(6, 3), torch.randint(0, 2, (6, 1)), torch.randn(6, 1)


def log_prob():
    return torch.log_softmax(policy(states), 1).gather(1, actions)


old = log_prob()  #! ties
for _epoch in range(4):
    ratio = (log_prob() - old).exp()  #! reused
    loss = -torch.min(ratio * advantages, ratio.clamp(0.8, 1.2) * advantages).mean()
    optimizer.zero_grad()
    loss.backward()  #! freed #! used
    optimizer.step()
