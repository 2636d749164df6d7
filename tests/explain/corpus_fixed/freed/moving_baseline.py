# expect: nothing
import torch
from torch import nn

policy = nn.Linear(3, 2)
value = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))
baseline = torch.zeros(1)
for _episode in range(3):
    states, rewards = torch.randn(4, 3), torch.randn(4)
    baseline = 0.9 * baseline.detach() + 0.1 * value(states).mean()
    logp = torch.log_softmax(policy(states), 1)[:, 0]
    loss = -(logp * (rewards - baseline)).mean() + (rewards - baseline).pow(2).mean()
    loss.backward()
