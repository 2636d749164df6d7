# expect: severed.not-differentiable
import torch
from torch import nn

router = nn.Linear(4, 3)
experts = nn.ModuleList(nn.Linear(4, 4) for _ in range(3))
optimizer = torch.optim.Adam([*router.parameters(), *experts.parameters()])
x = torch.randn(1, 4)
best = router(x).topk(3, dim=-1).indices  #! cut
y = sum(experts[int(i)](x) for i in best[0])
loss = y.pow(2).mean()
loss.backward()
optimizer.step()
