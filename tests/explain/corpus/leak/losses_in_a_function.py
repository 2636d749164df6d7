# expect: leak.collected
import torch
from torch import nn


def train(net, optimizer, steps):
    losses = []
    for _ in range(steps):
        loss = net(torch.randn(4, 4)).pow(2).mean()  #! kept
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss)
    return torch.stack(losses).mean().item()


model = nn.Linear(4, 1)
print(train(model, torch.optim.SGD(model.parameters(), lr=0.01), 8))
