# expect: nan.inf-minus-inf
# element: [0]
import torch

x = torch.tensor([[500.0, -500.0], [1.0, 2.0]], requires_grad=True)
up = torch.exp(x).sum(1)  #! overflow
down = torch.exp(-x).sum(1)
loss = (up - down).sum()  #! born
loss.backward()  #! used
