# expect: nothing
import torch
from torch import nn

q_net = nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 2))
state, reward = torch.randn(5, 3), torch.randn(5)
action = torch.randint(0, 2, (5,))
q = q_net(state).exp()
target = q.detach().clone()
target[torch.arange(5), action] = reward
loss = (q - target).pow(2).mean()
loss.backward()
