# expect: nothing
import torch
from torch import nn

dynamics, decoder = nn.Linear(6, 4), nn.Linear(4, 2)
optimizer = torch.optim.Adam([*dynamics.parameters(), *decoder.parameters()], lr=1e-2)
carry = {"state": torch.zeros(1, 4)}
for action, frame in zip(torch.randn(3, 1, 2), torch.randn(3, 1, 2), strict=True):
    carry["state"] = torch.tanh(dynamics(torch.cat([carry["state"], action], 1)))
    loss = (decoder(carry["state"]) - frame).pow(2).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    carry["state"] = carry["state"].detach()
