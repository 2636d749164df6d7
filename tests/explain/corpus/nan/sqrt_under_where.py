# expect: nan.masked-where
import torch

x = torch.tensor([4.0, 0.0, 1.0], requires_grad=True)
root = torch.sqrt(x)  #! born
y = torch.where(x > 0, root, torch.zeros_like(x))  #! masked
loss = y.sum()
loss.backward()  #! used
