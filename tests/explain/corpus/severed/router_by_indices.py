# expect: severed.not-differentiable
import torch
import torch.nn as nn

torch.manual_seed(0)
router = nn.Linear(4, 3)
experts = nn.ModuleList([nn.Linear(4, 4) for _ in range(3)])
opt = torch.optim.SGD([*router.parameters(), *experts.parameters()], lr=0.1)
x = torch.randn(7, 4)
choice = router(x).topk(1, dim=-1).indices.squeeze(-1)  #! cut
y = torch.stack([experts[int(c)](row) for c, row in zip(choice, x, strict=True)])
loss = (y - x).abs().mean()
loss.backward()
opt.step()
for name, p in router.named_parameters():
    print(name, p.grad)
