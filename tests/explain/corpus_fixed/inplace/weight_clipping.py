# expect: nothing
# WGAN: the critic's weights are clipped between its forward and its backward.
import torch
from torch import nn

critic = nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, 1))
optimizer = torch.optim.RMSprop(critic.parameters(), lr=5e-5)
for real, fake in zip(torch.randn(3, 4, 3), torch.randn(3, 4, 3), strict=False):
    loss = critic(fake).mean() - critic(real).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    with torch.no_grad():
        for p in critic.parameters():
            p.clamp_(-0.01, 0.01)
