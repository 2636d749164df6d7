# expect: nan.sqrt-slope
import torch
from torch import nn

torch.manual_seed(0)
embed = nn.Embedding(6, 4, padding_idx=0)
tokens = torch.tensor([[1, 2, 0], [3, 0, 0]])
e = embed(tokens)
norms = (e**2).sum(-1).sqrt()  #! born
unit = e / (norms.unsqueeze(-1) + 1e-8)
sim = unit @ unit.transpose(1, 2)
loss = (1 - sim).mean()
loss.backward()
print(embed.weight.grad)
