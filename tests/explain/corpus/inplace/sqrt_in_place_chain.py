# expect: inplace.saved-input
import torch

x = torch.randn(4, 3, requires_grad=True)
variance = (x - x.mean(0)).pow(2).mean(0)
log_variance = variance.log()  #! saved
variance.add_(1e-5).sqrt_()  #! changed
loss = (log_variance + variance).sum()
loss.backward()  #! used
