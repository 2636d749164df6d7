# expect: nan.zero-by-zero
# element: [1]
# operands: 0 0
import torch

w = torch.tensor([[1.0, 2.0], [0.0, 0.0]], requires_grad=True)
length = (w * w).sum(1)
share = w.sum(1) / length  #! born
loss = share.sum()
loss.backward()  #! used
