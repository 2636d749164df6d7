# expect: nothing
import torch

x = torch.full((4,), 2.0, requires_grad=True)
spread = x.std()
loss = (x / (spread + 1.0)).sum()
loss.backward()
