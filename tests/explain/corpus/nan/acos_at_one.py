# expect: nan.domain-slope
# element: [0]
# operands: 1
import torch

a = torch.tensor([[1.0, 0.0], [0.6, 0.8]], requires_grad=True)
b = torch.tensor([[1.0, 0.0], [1.0, 0.0]])
angle = torch.acos((a * b).sum(1))  #! born
loss = angle.sum()
loss.backward()  #! used
