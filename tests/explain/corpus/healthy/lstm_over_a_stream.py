# expect: nothing
import torch
from torch import nn

torch.manual_seed(0)
lstm, head = nn.LSTM(3, 7, num_layers=2), nn.Linear(7, 3)
params = list(lstm.parameters()) + list(head.parameters())
opt = torch.optim.Adam(params, lr=1e-3)
state = None
stream = torch.randn(24, 2, 3)
for chunk in stream.split(6):
    out, state = lstm(chunk, state)
    state = tuple(s.detach() for s in state)
    loss = nn.functional.mse_loss(head(out[:-1]), chunk[1:])
    opt.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(params, 1.0)
    opt.step()
