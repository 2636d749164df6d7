# expect: severed.loss-no-grad
import torch
from torch import nn

torch.manual_seed(0)
model = nn.Sequential(nn.Linear(8, 8), nn.GELU(), nn.Linear(8, 2))
opt = torch.optim.AdamW(model.parameters())


def evaluate(x):
    torch.set_grad_enabled(False)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        return model(x).float().argmax(-1)


for _ in range(2):
    x, y = torch.randn(4, 8), torch.randint(2, (4,))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        loss = nn.functional.cross_entropy(model(x), y)  #! cut
    opt.zero_grad()
    loss.backward()  #! used
    opt.step()
    evaluate(x)
