# expect: severed.detach
# expect: severed.not-in-optimizer
import random
from collections import deque

import torch
from torch import nn

random.seed(0)
torch.manual_seed(0)
actor, critic = nn.Linear(3, 1), nn.Linear(4, 1)
optimizer = torch.optim.Adam(actor.parameters(), lr=1e-3)
buffer = deque(maxlen=50)
state = torch.randn(3)
for _ in range(10):
    action = torch.tanh(actor(state)).detach()  #! cut
    buffer.append((state, action))
    state = torch.randn(3)
batch = random.sample(buffer, 4)
s = torch.stack([b[0] for b in batch])
a = torch.stack([b[1] for b in batch])
loss = -critic(torch.cat([s, a], 1)).mean()
optimizer.zero_grad()
loss.backward()
optimizer.step()
print(actor.weight.grad)
