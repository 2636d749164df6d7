# expect: nan.softmax-infinite
import torch

torch.manual_seed(0)
w = torch.nn.Parameter(torch.full((4, 4), 60.0))
opt = torch.optim.SGD([w], lr=0.1)
for _ in range(2):
    x = torch.full((2, 4), 40.0)
    h = (x @ w).half()
    scores = h * h  #! overflow
    attn = torch.softmax(scores.float(), dim=-1)  #! born
    loss = attn.pow(2).sum()
    opt.zero_grad()
    loss.backward()
    opt.step()
