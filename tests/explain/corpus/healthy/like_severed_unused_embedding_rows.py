# expect: nothing
import torch
from torch import nn

words = nn.Embedding(100, 4)
head = nn.Linear(4, 2)
optimizer = torch.optim.SGD([*words.parameters(), *head.parameters()], lr=0.1)
for _ in range(2):
    loss = nn.functional.cross_entropy(head(words(torch.tensor([3, 4, 5]))), torch.tensor([0, 1, 1]))
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
