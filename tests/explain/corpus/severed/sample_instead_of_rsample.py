# expect: severed.sampled
import torch
from torch import nn

encoder = nn.Linear(6, 4)
decoder = nn.Linear(2, 6)
optimizer = torch.optim.Adam([*encoder.parameters(), *decoder.parameters()])
x = torch.randn(5, 6)
mu, log_sigma = encoder(x).chunk(2, dim=-1)
z = torch.distributions.Normal(mu, log_sigma.exp()).sample()  #! cut
loss = (decoder(z) - x).pow(2).mean()
loss.backward()
optimizer.step()
