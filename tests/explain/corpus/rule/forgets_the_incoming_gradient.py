# expect: rule.ignores-gradient
import torch


class SquaredError(torch.autograd.Function):
    @staticmethod
    def forward(ctx, prediction, target):  #! forward
        ctx.save_for_backward(prediction, target)
        return ((prediction - target) ** 2).sum()

    @staticmethod
    def backward(ctx, grad_output):  #! backward
        prediction, target = ctx.saved_tensors
        return 2 * (prediction - target), None


w = torch.randn(4, requires_grad=True)
loss = 0.5 * SquaredError.apply(w, torch.zeros(4))  #! used
loss.backward()
