"""A program with every kind of hook, each of which tells its name and what it was given when it is called."""

import torch

told = []


def tell(name, *values):
    told.append((name, *[[round(v, 4) for v in value.flatten().tolist()] if isinstance(value, torch.Tensor) else None for value in values]))


def pack(tensor):
    tell("pack", tensor)
    return tensor * 2


def unpack(packed):
    tell("unpack", packed)
    return packed / 2


def inner_pack(tensor):
    tell("inner_pack", tensor)
    return "kept", tensor


def inner_unpack(packed):
    tell("inner_unpack", packed[1])
    return packed[1]


def one_pack(tensor):
    tell("one_pack", tensor)
    return tensor


def one_unpack(packed):
    tell("one_unpack", packed)
    return packed


def on_leaf(grad):
    tell("on_leaf", grad)
    return grad * 3


def on_result(grad):
    tell("on_result", grad, kept.grad)


def before_node(grads):
    tell("before_node", grads[0], kept.grad)
    return (grads[0] * 0.5,)


def after_node(sent, arrived):
    tell("after_node", sent[0], arrived[0])


def after_store(leaf):
    tell("after_store", leaf.grad)


def on_several(grads):
    tell("on_several", *grads)


def on_any(grad):
    tell("on_any", grad)


def before_forward(module, args):
    tell("before_forward", args[0])


def after_forward(module, args, output):
    tell("after_forward", output)


def before_module(module, sent):
    tell("before_module", sent[0])
    return (sent[0] * 2,)


def after_module(module, sent, arrived):
    tell("after_module", sent[0], arrived[0])


def last(grad):
    tell("last", grad)


x = torch.tensor([[1.0, 2.0]], requires_grad=True)
w = torch.tensor([[0.5, -1.5]], requires_grad=True)
layer = torch.nn.Linear(2, 2)
with torch.no_grad():
    layer.weight.copy_(torch.tensor([[1.0, 0.5], [0.25, -1.0]]))
    layer.bias.zero_()
layer.register_forward_pre_hook(before_forward)
layer.register_forward_hook(after_forward)
layer.register_full_backward_pre_hook(before_module)
layer.register_full_backward_hook(after_module)

with torch.autograd.graph.saved_tensors_hooks(pack, unpack):
    kept = x * w
    with torch.autograd.graph.saved_tensors_hooks(inner_pack, inner_unpack):
        bent = kept.exp()
squared = bent * bent
squared.grad_fn._raw_saved_self.register_hooks(one_pack, one_unpack)
with torch.autograd.graph.save_on_cpu():
    out = layer(squared).tanh()

x.register_hook(on_leaf)
x.register_post_accumulate_grad_hook(after_store)
kept.register_hook(on_result)
kept.retain_grad()
kept.grad_fn.register_prehook(before_node)
kept.grad_fn.register_hook(after_node)
torch.autograd.graph.register_multi_grad_hook((x, w, layer.weight), on_several)
torch.autograd.graph.register_multi_grad_hook((bent, squared), on_any, mode="any")
w.register_hook(last)
out.sum().backward()
for line in told:
    print(*line)
