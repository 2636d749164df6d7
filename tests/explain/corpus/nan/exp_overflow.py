# expect: nan.exp-overflow
# element: [1, 0]
# operands: 100
import torch

log_variance = torch.tensor([[0.0], [100.0]], requires_grad=True)
variance = log_variance.exp()  #! born
loss = (variance - 1 - log_variance).mean()
loss.backward()  #! used
