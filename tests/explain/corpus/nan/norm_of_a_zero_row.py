# expect: nan.zero-by-zero
import torch
from torch import nn

table = nn.Embedding(4, 3, padding_idx=0)
tokens = torch.tensor([0, 2, 3])
vectors = table(tokens)
unit = vectors / vectors.norm(dim=1, keepdim=True)  #! born
loss = unit.sum()
loss.backward()  #! used
