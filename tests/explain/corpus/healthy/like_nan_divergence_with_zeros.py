# expect: nothing
import torch
from torch import nn

logits = nn.Parameter(torch.zeros(2, 3))
target = torch.tensor([[0.5, 0.5, 0.0], [1.0, 0.0, 0.0]])
optimizer = torch.optim.SGD([logits], lr=0.5)
for _ in range(3):
    loss = nn.functional.kl_div(torch.log_softmax(logits, -1), target, reduction="batchmean")
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
