# expect: nan.log-negative
# element: []
# operands: -1
import torch

w = torch.tensor(1.0, requires_grad=True)
shift = torch.log(torch.tensor(-1.0))  #! born
loss = w + shift
loss.backward()  #! used
