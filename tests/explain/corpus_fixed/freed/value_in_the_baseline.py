import torch

torch.manual_seed(0)
policy = torch.nn.Linear(3, 2)
optimizer = torch.optim.Adam(policy.parameters())
baseline = torch.zeros(())
for _ in range(5):
    state = torch.randn(8, 3)
    dist = torch.distributions.Categorical(logits=policy(state))
    action = dist.sample()
    reward = (action == 0).float()
    value = dist.logits.logsumexp(-1).mean()
    baseline = 0.9 * baseline + 0.1 * value.detach()
    loss = -(dist.log_prob(action) * (reward - baseline)).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
