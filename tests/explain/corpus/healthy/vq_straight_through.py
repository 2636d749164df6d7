# expect: nothing
import torch
from torch import nn

encoder, decoder, codes = nn.Linear(4, 2), nn.Linear(2, 4), nn.Embedding(5, 2)
optimizer = torch.optim.Adam([*encoder.parameters(), *decoder.parameters(), *codes.parameters()], lr=1e-2)
for x in torch.randn(3, 8, 4):
    z = encoder(x)
    nearest = torch.cdist(z, codes.weight).argmin(1)
    q = codes(nearest)
    commitment = (z - q.detach()).pow(2).mean() + (z.detach() - q).pow(2).mean()
    q = z + (q - z).detach()
    loss = (decoder(q) - x).pow(2).mean() + commitment
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
