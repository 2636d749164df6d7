# expect: leak.collected
import torch
from torch import nn

CACHE = {}
encoder = nn.Linear(4, 4)
optimizer = torch.optim.SGD(encoder.parameters(), lr=0.01)


def encode(key, x):
    if key not in CACHE:
        CACHE[key] = encoder(x)  #! kept
    return CACHE[key]


def train():
    for step in range(8):
        loss = encode(f"sample {step}", torch.randn(2, 4)).pow(2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


train()
