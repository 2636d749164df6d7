# expect: severed.not-in-loss
import torch
from torch import nn

encoder, decoder = nn.Linear(6, 3), nn.Linear(3, 6)
optimizer = torch.optim.Adam([*encoder.parameters(), *decoder.parameters()])
x = torch.randn(4, 6)
for _ in range(3):
    code = encoder(x)
    rebuilt = decoder(code)  #! ends
    loss = code.pow(2).mean()  # meant to compare rebuilt with x
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
