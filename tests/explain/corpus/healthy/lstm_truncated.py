# expect: nothing
import torch
from torch import nn

lstm, head = nn.LSTM(3, 6, batch_first=True), nn.Linear(6, 3)
optimizer = torch.optim.Adam([*lstm.parameters(), *head.parameters()], lr=1e-2)
state = None
for chunk in torch.randn(4, 2, 5, 3):
    if state is not None:
        state = tuple(s.detach() for s in state)
    out, state = lstm(chunk[:, :-1], state)
    loss = (head(out) - chunk[:, 1:]).pow(2).mean()
    optimizer.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(lstm.parameters(), 0.5)
    optimizer.step()
