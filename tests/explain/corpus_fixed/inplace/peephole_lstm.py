# expect: nothing
# An LSTM cell by hand: the peepholes look at the cell state that is then updated in place.
import torch

n = 3
W = torch.randn(2, n, 4 * n, requires_grad=True)
peep = torch.randn(2, n, requires_grad=True)
h, c = torch.zeros(1, n), torch.zeros(1, n)
for x in torch.randn(4, 1, n):
    i, f, g, o = (x @ W[0] + h @ W[1]).chunk(4, dim=1)
    i = torch.sigmoid(i + peep[0] * c)
    f = torch.sigmoid(f + peep[1] * c)
    c = c * f + i * torch.tanh(g)
    h = torch.sigmoid(o) * torch.tanh(c)
h.sum().backward()
