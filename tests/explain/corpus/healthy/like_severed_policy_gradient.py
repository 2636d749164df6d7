# expect: nothing
import torch
from torch import nn

policy = nn.Linear(4, 3)
optimizer = torch.optim.Adam(policy.parameters())
for _ in range(5):
    choices = torch.distributions.Categorical(logits=policy(torch.randn(8, 4)))
    action = choices.sample()
    reward = (action == 1).float()
    loss = -(choices.log_prob(action) * (reward - reward.mean())).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
