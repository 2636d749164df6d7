# expect: freed.computed-once
import torch
from torch import nn

encoder = nn.Sequential(nn.Linear(6, 4), nn.Tanh(), nn.Linear(4, 4))
decoder = nn.Sequential(nn.Linear(2, 4), nn.Tanh(), nn.Linear(4, 6))
optimizer = torch.optim.Adam([*encoder.parameters(), *decoder.parameters()], lr=1e-2)
x = torch.randn(5, 6)
mu, logvar = encoder(x).chunk(2, dim=1)  #! ties
for _step in range(3):
    z = mu + torch.randn_like(mu) * (0.5 * logvar).exp()  #! reused
    loss = (decoder(z) - x).pow(2).mean() + 0.1 * (mu.pow(2) + logvar.exp() - logvar - 1).mean()
    optimizer.zero_grad()
    loss.backward()  #! freed #! used
    optimizer.step()
