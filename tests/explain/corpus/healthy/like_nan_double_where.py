# expect: nothing
import torch

x = torch.tensor([4.0, 0.0, 1.0], requires_grad=True)
positive = x > 0
safe = torch.where(positive, x, torch.ones_like(x))
y = torch.where(positive, torch.sqrt(safe), torch.zeros_like(x))
y.sum().backward()
print(x.grad)
