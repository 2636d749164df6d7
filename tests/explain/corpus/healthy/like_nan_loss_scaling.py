# expect: nothing
import torch
from torch import nn

net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1))
optimizer = torch.optim.SGD(net.parameters(), lr=0.01)
scaler = torch.amp.GradScaler("cpu")
for _ in range(8):
    with torch.autocast("cpu", dtype=torch.float16):
        loss = net(torch.randn(16, 4)).pow(2).mean()
    optimizer.zero_grad()
    scaler.scale(loss).backward()  # overflows at first; the scaler leaves such steps out
    scaler.step(optimizer)
    scaler.update()
