# expect: nothing
import torch
from torch import nn

q_net = nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 3))
target_net = nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 3))
target_net.load_state_dict(q_net.state_dict())
optimizer = torch.optim.Adam(q_net.parameters(), lr=1e-2)
for step in range(4):
    state, after, reward = torch.randn(6, 2), torch.randn(6, 2), torch.randn(6)
    action = torch.randint(0, 3, (6, 1))
    q = q_net(state).gather(1, action).squeeze(1)
    target = reward + 0.99 * target_net(after).max(1)[0].detach()
    loss = nn.functional.smooth_l1_loss(q, target)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 2:
        target_net.load_state_dict(q_net.state_dict())
