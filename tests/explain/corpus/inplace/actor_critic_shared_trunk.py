# expect: inplace.optimizer-step
import torch
from torch import nn

trunk, policy, value = nn.Linear(3, 8), nn.Linear(8, 2), nn.Linear(8, 1)
actor_opt = torch.optim.Adam([*trunk.parameters(), *policy.parameters()], lr=1e-2)
critic_opt = torch.optim.Adam(value.parameters(), lr=1e-2)


def update(state, action, reward):
    features = torch.tanh(trunk(state))
    values = value(features).squeeze(1)  #! saved
    logp = torch.log_softmax(policy(features), -1)[torch.arange(len(action)), action]
    critic_loss = (reward - values).pow(2).mean()
    actor_loss = -(logp * (reward - values)).mean()
    critic_opt.zero_grad()
    critic_loss.backward(retain_graph=True)
    critic_opt.step()  #! changed
    actor_opt.zero_grad()
    actor_loss.backward()  #! used
    actor_opt.step()


for _ in range(2):
    update(torch.randn(5, 3), torch.randint(0, 2, (5,)), torch.randn(5))
