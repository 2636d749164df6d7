"""A recurrent network, its last state, an embedding."""

import torch
from torch import nn

torch.manual_seed(0)
embedding, rnn, last = (
    nn.Embedding(11, 5, padding_idx=0),
    nn.LSTM(5, 7, num_layers=2, bidirectional=True, batch_first=True),
    nn.Linear(14, 2),
)
gru = nn.GRU(14, 3)
out, (h, c) = rnn(embedding(torch.randint(0, 11, (3, 6))))
more, _ = gru(out)
(last(out[:, -1]).pow(2).mean() + h.sum() * 0.1 + c.mean() + more.norm()).backward()
