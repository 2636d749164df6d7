# expect: nan.sqrt-slope
# element: [2]
# operands: 0
import torch
from torch import nn

embed = nn.Embedding(3, 4)
a, b = torch.tensor([0, 1, 2]), torch.tensor([1, 2, 2])
difference = embed(a) - embed(b)
distance = difference.pow(2).sum(1).sqrt()  #! born
loss = distance.mean()
loss.backward()  #! used
