# expect: inplace.saved-input
# The squared residual is kept for backward while the residual itself goes on being peeled.
import torch

dictionary = torch.randn(6, 4, requires_grad=True)
signal = torch.randn(6)
residual = signal - dictionary[:, 0] * 0.5
energy = 0
for k in range(1, 4):
    energy = energy + residual.pow(2).sum()  #! saved
    residual -= dictionary[:, k] * 0.5  #! changed
energy.backward()  #! used
