# expect: zero.flat
import torch
from torch import nn

encoder = nn.Linear(4, 4)
decoder = nn.Linear(4, 4)
optimizer = torch.optim.Adam([*encoder.parameters(), *decoder.parameters()])
x = torch.randn(5, 4)
code = torch.round(encoder(x) * 4)  #! zero
loss = (decoder(code) - x).pow(2).mean()
loss.backward()
optimizer.step()
