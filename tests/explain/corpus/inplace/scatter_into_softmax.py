# expect: inplace.saved-output
import torch
from torch import nn

router = nn.Linear(4, 5)
weights = router(torch.randn(3, 4)).softmax(dim=-1)  #! saved
lowest = weights.argmin(dim=-1, keepdim=True)
weights.scatter_(1, lowest, 0.0)  #! changed
balance = (weights * torch.arange(5.0)).sum()
balance.backward()  #! used
