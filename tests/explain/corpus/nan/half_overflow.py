# expect: nan.overflow
# element: [0]
import torch

x = torch.tensor([300.0, 1.0], dtype=torch.float16, requires_grad=True)
squares = x * x  #! born
loss = squares.float().mean()
loss.backward()  #! used
