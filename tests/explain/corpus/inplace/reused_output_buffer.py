# expect: inplace.overwritten
import torch

w = torch.randn(3, requires_grad=True)
buffer = torch.empty(2, 3)
terms = []
for x in torch.randn(3, 2, 4):
    torch.add(x[:, :3], x[:, 1:], out=buffer)  #! changed
    terms.append((buffer * w).sum())  #! saved
torch.stack(terms).sum().backward()  #! used
