# expect: nan.sqrt-slope
# element: [0]
# operands: 0
import torch

x = torch.tensor([0.0, 4.0], requires_grad=True)
y = torch.sqrt(x * x)  #! born
loss = y.sum()
loss.backward()  #! used
