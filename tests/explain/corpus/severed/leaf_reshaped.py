# expect: severed.reassigned-leaf
import torch

data = torch.arange(6.0)
weights = torch.ones(6, requires_grad=True).view(2, 3)  #! made
out = (data.view(2, 3) * weights).sum()
out.backward()
print(weights.grad)  #! used
