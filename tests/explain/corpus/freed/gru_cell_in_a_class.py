# expect: freed.carried-state
import torch
from torch import nn


class Agent:
    def __init__(self):
        self.cell, self.head = nn.GRUCell(3, 4), nn.Linear(4, 1)
        self.hidden = torch.zeros(1, 4)
        self.optimizer = torch.optim.Adam([*self.cell.parameters(), *self.head.parameters()], lr=1e-2)

    def learn(self, x, reward):
        self.hidden = self.cell(x, self.hidden)  #! ties #! reused
        loss = (self.head(self.hidden) - reward).pow(2).sum()
        self.optimizer.zero_grad()
        loss.backward()  #! freed #! used
        self.optimizer.step()


agent = Agent()
for x in torch.randn(3, 1, 3):
    agent.learn(x, 1.0)
