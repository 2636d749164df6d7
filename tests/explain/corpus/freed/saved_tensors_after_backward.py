# expect: freed.saved-read
import torch


class Cube(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x**3

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        return 3 * x**2 * grad


x = torch.randn(4, requires_grad=True)
y = Cube.apply(x)  #! made
y.sum().backward()  #! freed
(kept,) = y.grad_fn.saved_tensors  #! used
print(kept.shape)
