# expect: nothing
import torch
from torch import nn

net = nn.Linear(4, 2)
optimizer = torch.optim.AdamW(net.parameters())
scores = []
for _ in range(6):
    loss = nn.functional.cross_entropy(net(torch.randn(6, 4)), torch.randint(0, 2, (6,)))
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    with torch.no_grad():
        scores.append(net(torch.randn(3, 4)))
print(torch.cat(scores).argmax(1).float().mean())
