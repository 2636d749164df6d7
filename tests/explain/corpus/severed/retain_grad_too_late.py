# expect: severed.non-leaf
import torch

x = torch.tensor([1.0, 2.0], requires_grad=True)
y = x.exp()
z = (y * 3).log()  #! made
loss = z.sum()
loss.backward()
z.retain_grad()
print(x.grad, z.grad)  #! used
