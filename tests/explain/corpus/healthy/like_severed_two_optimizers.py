# expect: nothing
import torch
from torch import nn

generator, critic = nn.Linear(2, 3), nn.Linear(3, 1)
first = torch.optim.Adam(generator.parameters())
second = torch.optim.Adam(critic.parameters())
for _ in range(3):
    fake = generator(torch.randn(4, 2))
    second.zero_grad()
    (critic(fake.detach()).mean() - critic(torch.randn(4, 3)).mean()).backward()
    second.step()
    first.zero_grad()
    (-critic(fake).mean()).backward()
    first.step()
