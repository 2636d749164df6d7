# expect: nan.masked-where
# element: [0]
import torch

rgb = torch.tensor([0.0, 0.002, 0.5], requires_grad=True)
curve = 1.055 * rgb ** (1 / 2.4) - 0.055  #! born
srgb = torch.where(rgb > 0.0031308, curve, 12.92 * rgb)  #! masked
srgb.sum().backward()  #! used
