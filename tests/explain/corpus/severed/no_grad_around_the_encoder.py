# expect: severed.no-grad
import torch
from torch import nn

encoder = nn.Sequential(nn.Linear(4, 8), nn.ReLU())
head = nn.Linear(8, 2)
optimizer = torch.optim.Adam([*encoder.parameters(), *head.parameters()], lr=1e-3)
for _ in range(2):
    x, y = torch.randn(5, 4), torch.randint(0, 2, (5,))
    with torch.no_grad():
        features = encoder(x)  #! cut
    loss = nn.functional.cross_entropy(head(features), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
