# expect: nothing
import torch

torch.manual_seed(0)
net = torch.nn.Sequential(torch.nn.Linear(6, 32), torch.nn.ReLU(), torch.nn.Linear(32, 1))
opt = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9, nesterov=True)
scaler = torch.amp.GradScaler("cpu")
steps = 2
for i in range(6):
    x = torch.randn(4, 6)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        loss = (net(x).squeeze(-1) - x.sum(-1)).abs().mean() / steps
    scaler.scale(loss).backward()
    if (i + 1) % steps == 0:
        scaler.unscale_(opt)
        torch.nn.utils.clip_grad_norm_(net.parameters(), 2.0)
        scaler.step(opt)
        scaler.update()
        opt.zero_grad()
