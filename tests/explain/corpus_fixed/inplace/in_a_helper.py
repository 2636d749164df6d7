# expect: nothing
import torch
from torch import nn


def add_noise(x, scale):
    return x.add(scale * torch.randn_like(x))


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(4, 4)
        self.fc2 = nn.Linear(4, 1)

    def forward(self, x):
        h = torch.sigmoid(self.fc1(x))
        h = add_noise(h, 0.1)
        return self.fc2(h)


loss = Encoder()(torch.randn(3, 4)).mean()
loss.backward()
