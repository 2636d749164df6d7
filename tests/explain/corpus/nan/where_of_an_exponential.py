# expect: nan.masked-where
# element: [1]
import torch

x = torch.tensor([1.0, 200.0], requires_grad=True)
grown = torch.exp(x)  #! born
y = torch.where(x < 50, torch.log1p(grown), x)  #! masked
y.sum().backward()  #! used
