# expect: nothing
import torch
from torch import nn

condition = nn.Conv2d(3, 4, 3, padding=1)
denoiser = nn.Conv2d(7, 3, 3, padding=1)
optimizer = torch.optim.Adam([*condition.parameters(), *denoiser.parameters()], lr=1e-3)
image = torch.randn(1, 3, 6, 6)
for _step in range(3):
    features = condition(image)
    noise = torch.randn(1, 3, 6, 6)
    predicted = denoiser(torch.cat([image + noise, features], 1))
    loss = (predicted - noise).pow(2).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
