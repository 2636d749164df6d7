"""Programs that use PyTorch in every way that could notice a debugger. Each gives tensors to ``emit``; nothing else is compared."""

from __future__ import annotations

CASES: dict[str, str] = {}


CASES["mlp trained by Adam"] = """
net = nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 3))
opt = torch.optim.Adam(net.parameters(), 0.01)
x, t = torch.randn(5, 6), torch.tensor([0, 1, 2, 1, 0])
for _ in range(3):
    opt.zero_grad()
    loss = F.cross_entropy(net(x), t)
    loss.backward()
    opt.step()
    emit(loss)
emit(*net.parameters())
"""
CASES["cnn with batch norm and pooling"] = """
net = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(64, 2))
x = leaf(2, 3, 8, 8)
net(x).logsumexp(1).sum().backward()
grads(net, x)
emit(net[1].running_mean, net[1].running_var)
"""
CASES["attention, dropout and layer norm"] = """
net = nn.TransformerEncoderLayer(8, 2, 16, dropout=0.1, batch_first=True)
x = leaf(2, 5, 8)
net(x).pow(2).mean().backward()
grads(net, x)
q = leaf(2, 2, 5, 4)
F.scaled_dot_product_attention(q, q, q, is_causal=True).sum().backward()
grads(q)
"""
CASES["lstm"] = """
net = nn.LSTM(4, 6, num_layers=2, batch_first=True)
x = leaf(3, 5, 4)
out, (h, c) = net(x)
(out.sum() + h.pow(2).sum() + c.mean()).backward()
grads(net, x)
"""
CASES["checkpoint, reentrant"] = """
net = nn.Sequential(nn.Linear(4, 4), nn.Dropout(0.5), nn.Tanh())
x = leaf(3, 4)
checkpoint(net, x, use_reentrant=True).sum().backward()
grads(net, x)
"""
CASES["checkpoint, not reentrant"] = """
net = nn.Sequential(nn.Linear(4, 4), nn.Dropout(0.5), nn.Tanh())
x = leaf(3, 4)
checkpoint(net, checkpoint(net, x, use_reentrant=False), use_reentrant=False).sum().backward()
grads(net, x)
"""
CASES["double backward"] = """
x = leaf(4)
y = (x ** 3).sum() + (x.sin() * x.exp()).sum()
(g,) = torch.autograd.grad(y, x, create_graph=True)
(g.pow(2).sum() + y).backward()
emit(g)
grads(x)
"""
CASES["gradient penalty through a network"] = """
net = nn.Sequential(nn.Linear(3, 5), nn.Softplus(), nn.Linear(5, 1))
x = leaf(4, 3)
(g,) = torch.autograd.grad(net(x).sum(), x, create_graph=True)
((g.norm(2, 1) - 1) ** 2).mean().backward()
grads(net)
"""
CASES["amp on the CPU with bfloat16"] = """
net = nn.Sequential(nn.Linear(8, 8), nn.GELU(), nn.Linear(8, 2))
x = leaf(4, 8)
with torch.autocast("cpu", dtype=torch.bfloat16):
    loss = net(x).float().pow(2).mean()
loss.backward()
grads(net, x)
"""
CASES["GradScaler on the CPU"] = """
net = nn.Linear(4, 2)
opt = torch.optim.SGD(net.parameters(), 0.1)
scaler = torch.amp.GradScaler("cpu")
loss = net(torch.randn(3, 4)).pow(2).mean()
scaler.scale(loss).backward()
scaler.unscale_(opt)
nn.utils.clip_grad_norm_(net.parameters(), 0.5)
scaler.step(opt)
scaler.update()
emit(*net.parameters())
"""
CASES["DistributedDataParallel of one process"] = """
import torch.distributed as dist
os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT="0", RANK="0", WORLD_SIZE="1")
store = dist.HashStore()
dist.init_process_group("gloo", store=store, rank=0, world_size=1)
net = nn.parallel.DistributedDataParallel(nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1)))
x = torch.randn(5, 4)
for _ in range(2):
    net(x).pow(2).mean().backward()
grads(net)
with net.no_sync():
    net(x).sum().backward()
grads(net)
dist.destroy_process_group()
"""
CASES["LBFGS with its closure"] = """
w = nn.Parameter(torch.randn(4))
target = torch.randn(4)
opt = torch.optim.LBFGS([w], max_iter=6, line_search_fn="strong_wolfe")
def closure():
    opt.zero_grad()
    loss = (w - target).pow(4).sum()
    loss.backward()
    return loss
for _ in range(2):
    opt.step(closure)
emit(w)
"""
CASES["TorchScript"] = """
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    @torch.jit.script
    def f(x, y):
        return (x * y).tanh() + x.relu()
    x, y = leaf(3), leaf(3)
    f(x, y).sum().backward()
    grads(x, y)
    traced = torch.jit.trace(nn.Linear(3, 2), torch.randn(2, 3))
    traced(x).sum().backward()
    grads(x)
    emit(*[p.grad for p in traced.parameters()])
"""
CASES["torch.compile"] = """
net = nn.Sequential(nn.Linear(4, 4), nn.ReLU())
compiled = torch.compile(net, backend="eager")
x = leaf(2, 4)
compiled(x).sum().backward()
grads(net, x)
@torch.compile(backend="eager")
def f(a):
    return a.sin() * a
f(x).sum().backward()
grads(x)
"""
CASES["threads that walk backward at the same time"] = """
out = [None] * 4
weights = [leaf(8, 8) for _ in range(4)]
inputs = torch.randn(8, 8)
def work(i):
    x = inputs
    for _ in range(5):
        x = (x @ weights[i]).tanh()
    x.sum().backward()
    out[i] = weights[i].grad
threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
[t.start() for t in threads]
[t.join() for t in threads]
emit(out)
"""
CASES["threads that share a leaf"] = """
w = leaf(6)
def work(i):
    (w * float(i + 1)).sum().backward()
for i in range(3):
    t = threading.Thread(target=work, args=(i,))
    t.start()
    t.join()
grads(w)
"""
CASES["sparse gradients"] = """
table = nn.Embedding(10, 3, sparse=True)
opt = torch.optim.SparseAdam(table.parameters(), 0.1)
table(torch.tensor([1, 2, 2, 9])).pow(2).sum().backward()
emit(table.weight.grad)
opt.step()
emit(table.weight)
m = torch.sparse_coo_tensor([[0, 1], [1, 0]], [1.0, 2.0], (2, 2))
x = leaf(2, 2)
torch.sparse.mm(m, x).sum().backward()
grads(x)
"""
CASES["nested tensors"] = """
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    a, b = leaf(2, 3), leaf(4, 3)
    nested = torch.nested.as_nested_tensor([a, b])
    net = nn.Linear(3, 2)
    torch.nested.to_padded_tensor(net(nested), 0.0).pow(2).sum().backward()
    grads(a, b, net)
"""
CASES["FakeTensorMode"] = """
from torch._subclasses.fake_tensor import FakeTensorMode
with FakeTensorMode():
    x = torch.randn(3, 4, requires_grad=True)
    y = (x @ torch.randn(4, 2)).relu().sum()
    y.backward()
    emit(tuple(x.grad.shape), str(x.grad.device))
w = leaf(2)
(w * 3).sum().backward()
grads(w)
"""
CASES["a subclass with __torch_function__"] = """
class Tagged(torch.Tensor):
    calls = []
    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        cls.calls.append(getattr(func, "__name__", "?"))
        return super().__torch_function__(func, types, args, kwargs or {})
x = torch.randn(3).as_subclass(Tagged).requires_grad_()
y = (x * 2).exp().sum()
y.backward()
emit(torch.Tensor(x.grad), type(y).__name__, type(x.grad).__name__)
emit([name for name in Tagged.calls if name in ("mul", "exp", "sum", "backward")])
"""
CASES["a subclass with __torch_dispatch__"] = """
class Logged(torch.Tensor):
    calls = []
    @staticmethod
    def __new__(cls, data):
        made = torch.Tensor._make_wrapper_subclass(cls, data.shape, dtype=data.dtype, requires_grad=data.requires_grad)
        made.data_ = data.detach()
        return made
    @classmethod
    def __torch_dispatch__(cls, func, types, args=(), kwargs=None):
        cls.calls.append(str(func))
        strip = lambda v: v.data_ if isinstance(v, Logged) else v
        out = func(*[strip(a) for a in args], **{k: strip(v) for k, v in (kwargs or {}).items()})
        return Logged(out) if isinstance(out, torch.Tensor) else out
x = Logged(torch.randn(3)).requires_grad_()
y = (x * 2).sin().sum()
y.backward()
emit(x.grad.data_, [call for call in Logged.calls if "detach" not in call])
"""
CASES["tensor hooks that change, remove themselves and see order"] = """
order = []
x = leaf(3)
y = x * 2
handles = []
def once(g):
    order.append("once")
    handles[0].remove()
    return g * 10
handles.append(y.register_hook(once))
y.register_hook(lambda g: order.append("second"))
x.register_hook(lambda g: g + 1)
for _ in range(2):
    y.sum().backward(retain_graph=True)
grads(x)
emit(order)
"""
CASES["hooks of nodes, in their order"] = """
order = []
x = leaf(3)
y = x * 2
z = y.exp().sum()
node = y.grad_fn
node.register_prehook(lambda g: order.append("pre 1"))
node.register_hook(lambda gi, go: order.append("post 1"))
node.register_prehook(lambda g: (g[0] * 3,))
node.register_hook(lambda gi, go: (gi[0] + 1, *gi[1:]))
y.register_hook(lambda g: order.append("tensor"))
z.backward()
grads(x)
emit(order)
"""
CASES["post-accumulate hooks: an optimizer in backward"] = """
net = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))
optimizers = {p: torch.optim.SGD([p], 0.1, momentum=0.9) for p in net.parameters()}
def step(p):
    optimizers[p].step()
    optimizers[p].zero_grad()
for p in net.parameters():
    p.register_post_accumulate_grad_hook(step)
for _ in range(3):
    net(torch.randn(5, 3)).pow(2).mean().backward()
emit(*net.parameters())
grads(net)
"""
CASES["module hooks, forward and full backward"] = """
order = []
net = nn.Sequential(nn.Linear(3, 3), nn.ReLU(), nn.Linear(3, 2))
net[0].register_forward_pre_hook(lambda m, i: (i[0] * 2,))
net[0].register_forward_hook(lambda m, i, o: o + 1)
net[2].register_full_backward_pre_hook(lambda m, go: (go[0] * 3,))
net[2].register_full_backward_hook(lambda m, gi, go: order.append(("full", len(gi), len(go))) or (gi[0] * 2,))
net.register_full_backward_hook(lambda m, gi, go: order.append("outer"))
x = leaf(4, 3)
net(x).sum().backward()
grads(net, x)
emit(order)
"""
CASES["multi-grad hooks"] = """
seen = []
a, b = leaf(2), leaf(2)
torch.autograd.graph.register_multi_grad_hook((a, b), lambda gs: seen.append([None if g is None else g.tolist() for g in gs]))
torch.autograd.graph.register_multi_grad_hook((a, b), lambda g: seen.append(g.tolist()), mode="any")
(a * 2 + b * 3).sum().backward()
a.sum().backward()
emit(seen)
grads(a, b)
"""
CASES["saved tensor hooks"] = """
packed = []
def pack(t):
    packed.append(tuple(t.shape))
    return t.numpy().copy() if False else t.clone()
x = leaf(3)
with torch.autograd.graph.saved_tensors_hooks(pack, lambda t: t * 1):
    y = (x.exp() * x).sum()
y.backward()
with torch.autograd.graph.save_on_cpu():
    z = (x.sin() * x).sum()
z.backward()
grads(x)
emit(packed)
"""
CASES["functional.jacobian and hessian"] = """
A = torch.randn(3, 3)
f = lambda x: (A @ x).sin()
x = torch.randn(3)
emit(torch.autograd.functional.jacobian(f, x), torch.autograd.functional.jacobian(f, x, vectorize=True))
emit(torch.autograd.functional.hessian(lambda x: (A @ x).exp().sum(), x))
emit(torch.autograd.functional.vjp(f, x, torch.ones(3))[1], torch.autograd.functional.jvp(f, x, torch.ones(3))[1])
"""
CASES["torch.func"] = """
from torch.func import grad, vmap, jacrev, jacfwd, hessian, functional_call
net = nn.Linear(3, 1)
params = {k: v.detach() for k, v in net.named_parameters()}
loss = lambda p, x: functional_call(net, p, (x,)).pow(2).sum()
x = torch.randn(4, 3)
per_sample = vmap(grad(loss), (None, 0))(params, x)
emit(*per_sample.values())
emit(jacrev(torch.sin)(x[0]), jacfwd(torch.exp)(x[0]), hessian(lambda a: a.pow(3).sum())(x[0]))
w = leaf(3)
(vmap(lambda a: (a * w).sum())(x)).sum().backward()
grads(w)
"""
CASES["GradientEdge and inputs="] = """
a, b = leaf(3), leaf(3)
y = a * b
edge = torch.autograd.graph.get_gradient_edge(y)
z = y.sin().sum()
emit(torch.autograd.grad(z, [edge, a], retain_graph=True))
z.backward(inputs=[a], retain_graph=True)
emit(a.grad, b.grad)
z.backward(inputs=[y, b])
grads(a, b)
"""
CASES["grad with is_grads_batched, allow_unused, materialize_grads"] = """
x, unused = leaf(3), leaf(2)
y = x ** 2
emit(torch.autograd.grad(y, x, torch.eye(3), is_grads_batched=True, retain_graph=True))
emit(torch.autograd.grad(y.sum(), [x, unused], allow_unused=True, retain_graph=True))
emit(torch.autograd.grad(y.sum(), [x, unused], materialize_grads=True))
"""
CASES["retain_graph and retain_grad"] = """
x = leaf(3)
y = x.exp()
y.retain_grad()
z = y.sum()
for _ in range(3):
    z.backward(retain_graph=True)
emit(y.grad)
grads(x)
z.backward()
try:
    z.backward()
except RuntimeError as error:
    emit(str(error)[:60])
grads(x)
"""
CASES["views and in-place changes"] = """
x = leaf(4, 4)
y = x * 1
y[0] = 5.0
y[1:3].mul_(2).add_(x[1:3])
v = y.view(-1)[3:9]
v.mul_(2)
w = y.t()
w.diagonal().zero_()
y.sum().backward()
grads(x)
a = torch.zeros(3, 3)
b = leaf(3)
a[1] = b
a.narrow(0, 0, 1).copy_(b * 2)
(a * a).sum().backward()
grads(b)
saved = leaf(2)
t = saved.exp()
t.add_(1)
try:
    t.sum().backward()
except RuntimeError as error:
    emit("modified by an inplace" in str(error))
"""
CASES["custom Functions"] = """
class Square(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, scale):
        ctx.save_for_backward(x)
        ctx.scale = scale
        return x * x * scale
    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return 2 * g * x * ctx.scale, None
class Both(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, y):
        ctx.set_materialize_grads(False)
        ctx.mark_non_differentiable(z := (x > 0))
        return x + y, x * 2, z
    @staticmethod
    def backward(ctx, a, b, c):
        emit(a is None, b is None, c is None)
        return a if b is None else (b * 2 if a is None else a + 2 * b), a
class InPlace(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.mark_dirty(x)
        return x.mul_(3)
    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, g):
        return g * 3
x, y = leaf(3), leaf(3)
Square.apply(x, 0.5).sum().backward()
p, q, r = Both.apply(x, y)
p.sum().backward()
q2 = Both.apply(x, y)[1]
q2.sum().backward()
InPlace.apply(x.clone()).sum().backward()
grads(x, y)
"""
CASES["custom Function in setup_context style, and its double backward"] = """
class Cube(torch.autograd.Function):
    @staticmethod
    def forward(x):
        return x ** 3
    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(inputs[0])
    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return 3 * x ** 2 * g
x = leaf(3)
(g,) = torch.autograd.grad(Cube.apply(x).sum(), x, create_graph=True)
g.sum().backward()
emit(g)
grads(x)
"""
CASES["parametrizations, weight norm, spectral norm"] = """
from torch.nn.utils import parametrizations, parametrize
class Symmetric(nn.Module):
    def forward(self, w):
        return w.triu() + w.triu(1).transpose(-1, -2)
a = nn.Linear(3, 3)
parametrize.register_parametrization(a, "weight", Symmetric())
b = parametrizations.weight_norm(nn.Linear(3, 3))
c = parametrizations.spectral_norm(nn.Linear(3, 3))
d = parametrizations.orthogonal(nn.Linear(3, 3))
x = torch.randn(2, 3)
d(c(b(a(x)))).pow(2).sum().backward()
grads(a, b, c, d)
"""
CASES["EMA and deepcopy"] = """
import copy
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
net = nn.Sequential(nn.Linear(3, 3), nn.BatchNorm1d(3))
twin = copy.deepcopy(net)
ema = AveragedModel(net, multi_avg_fn=get_ema_multi_avg_fn(0.9))
opt = torch.optim.SGD(net.parameters(), 0.1)
for _ in range(3):
    opt.zero_grad()
    net(torch.randn(4, 3)).pow(2).mean().backward()
    opt.step()
    ema.update_parameters(net)
emit(*ema.parameters(), *net.parameters(), *twin.parameters())
"""
CASES["optimizers: foreach, fused, plain"] = """
o = torch.optim
for kind, options in (
    (o.AdamW, {"foreach": True}), (o.Adam, {"fused": True}), (o.SGD, {"momentum": 0.9, "nesterov": True}),
    (o.RMSprop, {"centered": True}), (o.Adagrad, {}), (o.Rprop, {}), (o.Adadelta, {}),
):
    torch.manual_seed(1)
    net = nn.Linear(3, 2)
    opt = kind(net.parameters(), lr=0.05, **options)
    schedule = torch.optim.lr_scheduler.StepLR(opt, 1, 0.5)
    for _ in range(3):
        opt.zero_grad(set_to_none=False)
        net(torch.randn(4, 3)).pow(2).mean().backward()
        opt.step()
        schedule.step()
    emit(*net.parameters())
"""
CASES["gradient accumulation and clipping"] = """
net = nn.Linear(4, 2)
for i in range(4):
    (net(torch.randn(3, 4)).pow(2).mean() / 4).backward()
emit(nn.utils.clip_grad_norm_(net.parameters(), 0.1), nn.utils.clip_grad_value_(net.parameters(), 0.02))
grads(net)
flat = nn.utils.parameters_to_vector(net.parameters())
emit(flat)
"""
CASES["complex numbers, fft, linear algebra"] = """
x = leaf(4, 4, dtype=torch.complex64)
torch.fft.fft2(x).abs().sum().backward()
grads(x)
a = leaf(3, 3)
s = a @ a.t() + 3 * torch.eye(3)
(torch.linalg.inv(s).sum() + torch.linalg.cholesky(s).sum() + torch.logdet(s) + torch.linalg.eigvalsh(s).pow(2).sum()).backward()
grads(a)
u, sv, v = torch.linalg.svd(leaf(3, 2), full_matrices=False)
sv.sum().backward()
"""
CASES["forward-mode derivatives"] = """
import torch.autograd.forward_ad as fwd
x = leaf(3)
with fwd.dual_level():
    dual = fwd.make_dual(x, torch.ones(3))
    out = (dual.sin() * dual).sum()
    emit(fwd.unpack_dual(out).tangent)
    out.backward()
grads(x)
"""
CASES["anomaly mode, inference mode, no_grad, set_detect"] = """
x = leaf(3)
with torch.autograd.set_detect_anomaly(True):
    (x * x).sum().backward()
grads(x)
with torch.inference_mode():
    y = x * 2
emit(y.is_inference(), y)
with torch.no_grad():
    z = x * 3
    with torch.enable_grad():
        (x * 4).sum().backward()
emit(z.requires_grad)
grads(x)
try:
    with torch.autograd.detect_anomaly():
        torch.sqrt(x.detach().abs().neg().requires_grad_()).sum().backward()
except RuntimeError as error:
    emit("nan" in str(error))
"""
CASES["the script's own modes and a replaced backward"] = """
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
class Count(TorchFunctionMode):
    n = 0
    def __torch_function__(self, func, types, args=(), kwargs=None):
        Count.n += 1
        return func(*args, **(kwargs or {}))
class Aten(TorchDispatchMode):
    names = []
    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        Aten.names.append(str(func))
        return func(*args, **(kwargs or {}))
x = leaf(3)
with Count():
    y = (x * 2).sum()
emit(Count.n)
with Aten():
    y.backward()
emit(Aten.names)
grads(x)
before = torch.autograd.backward
calls = []
def mine(*args, **kwargs):
    calls.append(len(args))
    return before(*args, **kwargs)
torch.autograd.backward = mine
(x * 5).sum().backward()
torch.autograd.backward = before
emit(len(calls))
grads(x)
"""
CASES["backward in a hook, and a backward in a backward"] = """
x, w = leaf(3), leaf(3)
y = x * 2
def inner(g):
    with torch.enable_grad():
        (w * w).sum().backward()
    return g * 2
y.register_hook(inner)
class Reenters(torch.autograd.Function):
    @staticmethod
    def forward(ctx, a):
        ctx.save_for_backward(a)
        return a * 3
    @staticmethod
    def backward(ctx, g):
        (a,) = ctx.saved_tensors
        with torch.enable_grad():
            b = a.detach().requires_grad_()
            (b.exp().sum()).backward()
        return g * 3 + b.grad
Reenters.apply(y).sum().backward()
grads(x, w)
"""
CASES["exceptions out of hooks and backward"] = """
x = leaf(3)
y = (x * 2).exp()
def boom(g):
    raise ValueError("from a hook")
handle = y.register_hook(boom)
try:
    y.sum().backward(retain_graph=True)
except ValueError as error:
    emit(str(error))
handle.remove()
y.sum().backward()
grads(x)
class Fails(torch.autograd.Function):
    @staticmethod
    def forward(ctx, a):
        return a * 1
    @staticmethod
    def backward(ctx, g):
        raise KeyError("from a backward")
try:
    Fails.apply(x).sum().backward()
except KeyError as error:
    emit(str(error))
(x * 1).sum().backward()
grads(x)
"""
CASES["a graph dies when the script lets go of it"] = """
import gc, weakref
x = leaf(4)
kept = []
def make():
    y = (x * 2).sin()
    kept.append(weakref.ref(y))
    z = y.sum()
    z.backward()
    return z
z = make()
gc.collect()
emit(kept[0]() is None)
del z
gc.collect()
emit(x.grad)
"""
CASES["a very deep graph"] = """
x = leaf(2)
y = x
for _ in range(3000):
    y = y * 1.0001
y.sum().backward()
grads(x)
"""
CASES["state dicts, pickles and devices"] = """
import io, pickle
net = nn.Sequential(nn.Linear(3, 3), nn.PReLU())
net(torch.randn(2, 3)).sum().backward()
buffer = io.BytesIO()
torch.save(net.state_dict(), buffer)
buffer.seek(0)
again = nn.Sequential(nn.Linear(3, 3), nn.PReLU())
again.load_state_dict(torch.load(buffer, weights_only=True))
again(torch.ones(2, 3)).sum().backward()
grads(net, again)
emit(pickle.loads(pickle.dumps(net[0].weight)))
meta = torch.ones(2, 2, device="meta", requires_grad=True)
emit(str((meta * 2).sum().device))
net.to(torch.float64)
emit(net[0].weight.dtype)
"""
