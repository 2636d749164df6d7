# expect: nothing
import torch
from torch import nn

lstm = nn.LSTM(3, 5, batch_first=True)
head = nn.Linear(5, 1)
optimizer = torch.optim.Adam([*lstm.parameters(), *head.parameters()], lr=1e-2)
state = (torch.zeros(1, 2, 5), torch.zeros(1, 2, 5))
for batch in torch.randn(3, 2, 4, 3):
    out, state = lstm(batch, tuple(s.detach() for s in state))
    loss = head(out[:, -1]).pow(2).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
