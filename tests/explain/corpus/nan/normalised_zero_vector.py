# expect: nan.zero-by-zero
# element: [1, 0]
# operands: 0 0
import torch

v = torch.tensor([[3.0, 4.0], [0.0, 0.0]], requires_grad=True)
unit = v / v.pow(2).sum(1, keepdim=True).sqrt()  #! born
loss = unit.sum()
loss.backward()  #! used
