# expect: nan.sqrt-slope
# element: [1]
# operands: 0
import torch

a = torch.tensor([1.0, 0.0], requires_grad=True)
b = torch.tensor([4.0, 9.0])
first = torch.sqrt(b * a.exp())
second = torch.sqrt(a)  #! born
loss = (first + second).sum()
loss.backward()  #! used
