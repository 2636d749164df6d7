# expect: nothing
import torch
from torch import nn

rnn, head = nn.RNN(2, 8, batch_first=True), nn.Linear(8, 1)
params = [*rnn.parameters(), *head.parameters()]
optimizer = torch.optim.RMSprop(params, lr=1e-3)
history = []
for _ in range(5):
    x = torch.randn(4, 10, 2)
    loss = nn.functional.mse_loss(head(rnn(x)[0][:, -1]), x.sum((1, 2)).unsqueeze(1))
    optimizer.zero_grad()
    loss.backward()
    nn.utils.clip_grad_value_(params, 0.1)
    history.append((loss.item(), nn.utils.clip_grad_norm_(params, 1.0).item()))
    optimizer.step()
