# expect: nothing
import torch
from torch import nn

body, first, second = nn.Sequential(nn.Linear(4, 6), nn.Tanh()), nn.Linear(6, 1), nn.Linear(6, 1)
optimizer = torch.optim.SGD([*body.parameters(), *first.parameters(), *second.parameters()], lr=0.1)


def step(loss):
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()


features = body(torch.randn(5, 4))
step(first(features).pow(2).mean() + second(features).abs().mean())
