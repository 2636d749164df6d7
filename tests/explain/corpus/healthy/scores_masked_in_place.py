# expect: nothing
# In place, before softmax: nobody keeps the scores.
import torch
from torch import nn

q, k = nn.Linear(4, 4), nn.Linear(4, 4)
x = torch.randn(2, 5, 4)
scores = q(x) @ k(x).transpose(1, 2)
scores /= 2.0
scores.masked_fill_(torch.triu(torch.ones(5, 5), 1).bool(), float("-inf"))
scores[:, :, 0] += 1.0
loss = (torch.softmax(scores, -1) @ x).pow(2).mean()
loss.backward()
