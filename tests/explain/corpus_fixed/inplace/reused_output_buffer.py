# expect: nothing
import torch

w = torch.randn(3, requires_grad=True)
terms = []
for x in torch.randn(3, 2, 4):
    buffer = torch.add(x[:, :3], x[:, 1:])
    terms.append((buffer * w).sum())
torch.stack(terms).sum().backward()
