# expect: nothing
import torch
from torch import nn

encoder, decoder = nn.Linear(4, 4), nn.Linear(4, 4)
optimizer = torch.optim.Adam([*encoder.parameters(), *decoder.parameters()])
for _ in range(2):
    x = torch.randn(5, 4)
    h = encoder(x) * 4
    code = h + (torch.round(h) - h).detach()
    loss = (decoder(code) - x).pow(2).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
