"""Weights that stay orthogonal: functions from all matrices to those whose rows, or columns, are orthonormal."""

from __future__ import annotations

from typing import Any

from ... import creation
from ...autograd.grad_mode import no_grad
from ...ops.draws import randn
from ...ops.matrix_functions import linalg_matrix_exp
from ...ops.pieces import cat
from ...ops.reflections import geqrf, linalg_householder_product
from ...ops.solutions import solve
from ...tensor import Tensor
from ..module import Module
from .parametrize import register_parametrization

MAPS = ("matrix_exp", "cayley", "householder")


def _orthogonalised(matrix: Any) -> Any:
    """The Q of the QR decomposition whose R has a positive diagonal."""
    x, tau = geqrf(matrix)
    return linalg_householder_product(x, tau) * x.diagonal(dim1=-2, dim2=-1).sgn().unsqueeze(-2)


def _is_orthogonal(q: Any) -> bool:
    n, k = q.size(-2), q.size(-1)
    unit = creation.eye(k, dtype=q.dtype, device=q.device)
    eps = 10.0 * n * float(q._xp.finfo(q._data.dtype).eps)
    return bool(((q.mH @ q - unit).abs() <= eps).all())


class _Orthogonal(Module):
    """An orthogonal matrix from a matrix, by one of ``MAPS``; ``base`` is where it starts from (Lezcano-Casado, 2019)."""

    def __init__(self, weight: Any, orthogonal_map: str, use_trivialization: bool) -> None:
        super().__init__()
        if weight.is_complex() and orthogonal_map == "householder":
            raise ValueError("The householder parametrization does not support complex tensors.")
        self.shape, self.orthogonal_map, self.use_trivialization = weight.shape, orthogonal_map, use_trivialization
        if use_trivialization:
            self.register_buffer("base", None)

    def forward(self, x: Any) -> Any:
        """``x`` (..., n, k) as a matrix of its shape with orthonormal columns, or rows where there are fewer."""
        wide = x.size(-2) < x.size(-1)
        x = x.mT if wide else x
        n, k = x.size(-2), x.size(-1)
        if self.orthogonal_map == "householder":
            below = x.tril(diagonal=-1)
            q = linalg_householder_product(below, 2.0 / (1.0 + (below * below).sum(dim=-2)))
            q = q * x.diagonal(dim1=-2, dim2=-1).int().unsqueeze(-2)  # 1 and -1, which nobody learns
        else:
            x = x.tril()
            if n != k:
                x = cat([x, x.new_zeros((*x.shape[:-2], n, n - k))], -1)
            skew = x - x.mH
            if self.orthogonal_map == "matrix_exp":
                q = linalg_matrix_exp(skew)
            else:
                unit = creation.eye(n, dtype=skew.dtype, device=skew.device)
                q = solve(unit.add(skew, alpha=-0.5), unit.add(skew, alpha=0.5))
            q = q[..., :k] if n != k else q
        if self.use_trivialization:
            q = self.base @ q
        return q.mT if wide else q

    def right_inverse(self, q: Any) -> Any:
        """What the map makes the nearest orthogonal matrix to ``q`` of.

        Raises ValueError for another shape, NotImplementedError where only a base could give it and there is none.
        """
        if q.shape != self.shape:
            raise ValueError(f"Expected a matrix or batch of matrices of shape {self.shape}. Got a tensor of shape {q.shape}.")
        with no_grad():
            return self._with_base(q) if self.use_trivialization else self._reflections(q)

    def _reflections(self, q: Any) -> Any:
        if self.orthogonal_map != "householder":
            raise NotImplementedError(
                "It is not possible to assign to the matrix exponential or the Cayley parametrizations when use_trivialization=False."
            )
        wide = q.size(-2) < q.size(-1)
        a, tau = geqrf(q.mT if wide else q)
        signs = a.diagonal(dim1=-2, dim2=-1).sign()
        a.diagonal(dim1=-2, dim2=-1).copy_(signs.where(tau != 0.0, -signs))
        return a.mT if wide else a

    def _with_base(self, q: Any) -> Any:
        start = creation.zeros_like(q)
        start.diagonal(dim1=-2, dim2=-1).fill_(-1.0)  # householder makes of it the unit matrix, the other maps too
        q = q.mT if q.size(-2) < q.size(-1) else q
        n, k = q.size(-2), q.size(-1)
        if n == k:
            self.base = q.clone() if _is_orthogonal(q) else _orthogonalised(q)
        else:
            rest = randn(*q.size()[:-2], n, n - k, dtype=q.dtype, device=q.device)
            self.base = _orthogonalised(cat([q, rest], -1))
        return start


def orthogonal(module: Module, name: str = "weight", orthogonal_map: str | None = None, *, use_trivialization: bool = True) -> Module:
    """Keep a parameter (..., n, k) orthogonal, by "matrix_exp", "cayley" or "householder".

    Raises ValueError for other maps, for vectors, and where the module has no such parameter.
    """
    weight = getattr(module, name, None)
    if not isinstance(weight, Tensor):
        raise ValueError(f"Module '{module}' has no parameter or buffer with name '{name}'")
    if weight.ndim < 2:
        raise ValueError(f"Expected a matrix or batch of matrices. Got a tensor of {weight.ndim} dimensions.")
    if orthogonal_map is None:
        orthogonal_map = "matrix_exp" if weight.size(-2) == weight.size(-1) or weight.is_complex() else "householder"
    if orthogonal_map not in MAPS:
        raise ValueError(f'orthogonal_map has to be one of "matrix_exp", "cayley", "householder". Got: {orthogonal_map}')
    return register_parametrization(module, name, _Orthogonal(weight, orthogonal_map, use_trivialization), unsafe=True)
