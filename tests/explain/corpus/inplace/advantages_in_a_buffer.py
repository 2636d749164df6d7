# expect: inplace.index-assignment
import torch

torch.manual_seed(0)
value = torch.nn.Sequential(torch.nn.Linear(3, 16), torch.nn.Tanh(), torch.nn.Linear(16, 1))
states, rewards = torch.randn(6, 3), torch.randn(5)
values = value(states).squeeze(-1)
deltas = rewards + 0.99 * values[1:] - values[:-1]
advantages = torch.zeros(5)
running = torch.zeros(())
squares = []
for t in reversed(range(5)):
    running = deltas[t] + 0.95 * running
    advantages[t] = running  #! changed
    squares.append(advantages[t] ** 2)  #! saved
loss = torch.stack(squares).mean()
loss.backward()
