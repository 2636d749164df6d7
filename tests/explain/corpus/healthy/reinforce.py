# expect: nothing
import torch
from torch import nn

policy = nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 2))
value = nn.Linear(3, 1)
optimizer = torch.optim.Adam([*policy.parameters(), *value.parameters()], lr=1e-2)
for _ in range(3):
    states, rewards = torch.randn(6, 3), torch.randn(6)
    distribution = torch.distributions.Categorical(logits=policy(states))
    actions = distribution.sample()
    baseline = value(states).squeeze(1)
    advantage = rewards - baseline.detach()
    loss = -(distribution.log_prob(actions) * advantage).mean() + (rewards - baseline).pow(2).mean() - 0.01 * distribution.entropy().mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
