# expect: nan.overflow
import torch
from torch import nn

net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1))
optimizer = torch.optim.SGD(net.parameters(), lr=0.01)
scaler = torch.amp.GradScaler("cpu", init_scale=2.0**40)
for _ in range(4):
    with torch.autocast("cpu", dtype=torch.float16):
        loss = net(torch.randn(16, 4) * 30).pow(2).mean()
    optimizer.zero_grad()
    scaler.scale(loss).backward()  #! born #! used
    scaler.step(optimizer)
    scaler.update()
