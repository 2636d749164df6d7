import torch

torch.manual_seed(0)
value = torch.nn.Sequential(torch.nn.Linear(3, 16), torch.nn.Tanh(), torch.nn.Linear(16, 1))
states, rewards = torch.randn(6, 3), torch.randn(5)
values = value(states).squeeze(-1)
deltas = rewards + 0.99 * values[1:] - values[:-1]
running = torch.zeros(())
squares = []
for t in reversed(range(5)):
    running = deltas[t] + 0.95 * running
    squares.append(running**2)
loss = torch.stack(squares).mean()
loss.backward()
