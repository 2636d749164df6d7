# expect: nothing
import torch
from torch import nn

embed = nn.Linear(5, 3)
z = embed(torch.randn(4, 5))
similarity = torch.exp(z @ z.T)
similarity = similarity * (1 - torch.eye(4))
loss = -(similarity[0, 1] / similarity[0].sum()).log()
loss.backward()
