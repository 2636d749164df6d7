# expect: freed.computed-once
import torch
from torch import nn

q_net = nn.Sequential(nn.Linear(2, 6), nn.ReLU(), nn.Linear(6, 2))
target_net = nn.Sequential(nn.Linear(2, 6), nn.ReLU(), nn.Linear(6, 2))
optimizer = torch.optim.Adam(q_net.parameters(), lr=1e-2)
state, after, reward = torch.randn(8, 2), torch.randn(8, 2), torch.randn(8)
target = reward + 0.9 * target_net(after).max(1).values  #! ties
for _update in range(3):
    q = q_net(state).gather(1, torch.zeros(8, 1, dtype=torch.long)).squeeze(1)
    loss = (q - target).pow(2).mean()  #! reused
    optimizer.zero_grad()
    loss.backward()  #! freed #! used
    optimizer.step()
