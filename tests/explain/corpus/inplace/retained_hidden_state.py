# expect: inplace.carried-state
# retain_graph=True silences the first error; then the optimizer has changed the weights that the old graph needs.
import torch
from torch import nn

rnn = nn.RNNCell(3, 5)
head = nn.Linear(5, 1)
optimizer = torch.optim.SGD([*rnn.parameters(), *head.parameters()], lr=0.1)
hidden = torch.zeros(2, 5)
for _step in range(4):
    x, y = torch.randn(2, 3), torch.randn(2, 1)
    hidden = rnn(x, hidden)  #! saved #! ties #! reused
    loss = (head(hidden) - y).pow(2).mean()
    optimizer.zero_grad()
    loss.backward(retain_graph=True)  #! used
    optimizer.step()  #! changed
