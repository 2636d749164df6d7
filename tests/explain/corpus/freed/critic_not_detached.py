# expect: freed.shared-forward
import torch
from torch import nn

actor = nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 2))
critic = nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 1))
states, actions, returns = torch.randn(6, 3), torch.randint(0, 2, (6,)), torch.randn(6)
values = critic(states).squeeze(1)
advantage = returns - values
logp = torch.log_softmax(actor(states), 1)[torch.arange(6), actions]
actor_loss = -(logp * advantage).mean()
critic_loss = advantage.pow(2).mean()
actor_loss.backward()  #! freed
critic_loss.backward()  #! used
