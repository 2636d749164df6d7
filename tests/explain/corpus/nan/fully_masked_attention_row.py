# expect: nan.softmax-all-masked
# element: [0, 1, 0]
import torch
from torch import nn

q, k, v = (nn.Linear(4, 4) for _ in range(3))
x = torch.randn(1, 3, 4)
padding = torch.tensor([[True, False, True]])
scores = q(x) @ k(x).transpose(1, 2) / 2.0
scores = scores.masked_fill(~(padding[:, :, None] & padding[:, None, :]), float("-inf"))
attention = torch.softmax(scores, dim=-1)  #! born
out = attention @ v(x)
out.sum().backward()  #! used
