"""Complex numbers, Fourier transforms, their parts."""

import torch

torch.manual_seed(0)
z = torch.randn(3, 8, dtype=torch.complex128, requires_grad=True)
x = torch.randn(3, 8, requires_grad=True)
f = torch.fft.fft(z) * torch.fft.fft(x.to(torch.complex128)).conj()
g = torch.fft.irfft(torch.fft.rfft(x, dim=1) * 2, n=8, dim=1)
spectrum = torch.stft(x[0], 4, hop_length=2, window=torch.hann_window(4), return_complex=True)
loss = (
    f.abs().pow(2).sum()
    + torch.view_as_real(z).pow(2).sum()
    + (z.real * z.imag).sum()
    + g.pow(2).sum()
    + spectrum.abs().sum()
    + z.angle().sum()
)
loss.backward()
