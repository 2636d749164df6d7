# expect: inplace.leaf-view
import torch
from torch import nn

table = nn.Embedding(5, 3)
table.weight[0] = 0  #! changed
loss = table(torch.tensor([[0, 2], [1, 4]])).sum()
loss.backward()
