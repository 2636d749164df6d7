# expect: severed.data
import torch
from torch import nn

encoder = nn.Linear(4, 3)
decoder = nn.Linear(3, 4)
optimizer = torch.optim.Adam([*encoder.parameters(), *decoder.parameters()])
x = torch.randn(10, 4)
for _ in range(3):
    optimizer.zero_grad()
    code = torch.sigmoid(encoder(x)).data  #! cut
    loss = (decoder(code) - x).pow(2).mean()
    loss.backward()
    optimizer.step()
