# expect: severed.reassigned-leaf
import torch

x = torch.randn(8, 3, dtype=torch.float64)
w = torch.ones(3, requires_grad=True)
w = w.to(torch.float64)  #! made
loss = (x @ w).sum()
loss.backward()
print(w.grad)  #! used
