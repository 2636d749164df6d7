"""The normal distribution of vectors."""

from __future__ import annotations

import math
from typing import Any

from .. import creation
from ..ops.dims import broadcast_shape
from ..ops.factors import cholesky
from ..ops.solutions import linalg_solve_triangular as solve_triangular
from . import constraints
from .base import Distribution, lazy_property
from .continuous import standard_normal


def mahalanobis(lower: Any, difference: Any) -> Any:
    """The squared length of ``lower^-1 @ difference``; batches broadcast."""
    return solve_triangular(lower, difference.unsqueeze(-1), upper=False).squeeze(-1).pow(2).sum(-1)


def half_log_det(lower: Any) -> Any:
    """Half the logarithm of the determinant of ``lower @ lower^T``."""
    return lower.diagonal(dim1=-2, dim2=-1).log().sum(-1)


class MultivariateNormal(Distribution):
    """The normal distribution of vectors of mean ``loc`` (..., n) and one of: covariance, its inverse, or its Cholesky factor.

    Raises ValueError where not exactly one of the three is given, and for too few dimensions.
    """

    arg_constraints: Any = {  # noqa: RUF012
        "loc": constraints.real_vector,
        "covariance_matrix": constraints.positive_definite,
        "precision_matrix": constraints.positive_definite,
        "scale_tril": constraints.lower_cholesky,
    }
    support: Any = constraints.real_vector
    has_rsample = True
    parameters = ("loc", "covariance_matrix", "precision_matrix", "scale_tril")

    def __init__(
        self,
        loc: Any,
        covariance_matrix: Any = None,
        precision_matrix: Any = None,
        scale_tril: Any = None,
        validate_args: bool | None = None,
    ) -> None:
        if loc.dim() < 1:
            raise ValueError("loc must be at least one-dimensional.")
        given = {"scale_tril": scale_tril, "covariance_matrix": covariance_matrix, "precision_matrix": precision_matrix}
        given = {name: matrix for name, matrix in given.items() if matrix is not None}
        if len(given) != 1:
            raise ValueError("Exactly one of covariance_matrix or precision_matrix or scale_tril may be specified.")
        [(name, matrix)] = given.items()
        if matrix.dim() < 2:
            what = "scale_tril matrix" if name == "scale_tril" else name
            raise ValueError(f"{what} must be at least two-dimensional, with optional leading batch dimensions")
        batch = tuple(broadcast_shape(tuple(matrix.shape[:-2]), tuple(loc.shape[:-1])))
        setattr(self, name, matrix.expand((*batch, -1, -1)))
        self.loc = loc.expand((*batch, -1))
        super().__init__(batch, self.loc.shape[-1:], validate_args=validate_args)
        if name == "scale_tril":
            self._lower = matrix
        elif name == "covariance_matrix":
            self._lower = cholesky(matrix)
        else:
            turned = cholesky(matrix.flip((-2, -1))).flip((-2, -1)).transpose(-2, -1)
            unit = creation.eye(matrix.shape[-1], dtype=matrix.dtype, device=matrix.device)
            self._lower = solve_triangular(turned, unit, upper=False)

    def _whole(self, matrix: Any) -> Any:
        return matrix.expand((*self._batch_shape, *self._event_shape, *self._event_shape))

    @lazy_property
    def scale_tril(self) -> Any:
        """The lower Cholesky factor of the covariance."""
        return self._whole(self._lower)

    @lazy_property
    def covariance_matrix(self) -> Any:
        """The covariance."""
        return self._whole(self._lower @ self._lower.mT)

    @lazy_property
    def precision_matrix(self) -> Any:
        """The inverse of the covariance."""
        unit = creation.eye(self._event_shape[0], dtype=self._lower.dtype, device=self._lower.device)
        inverse = solve_triangular(self._lower, unit, upper=False)
        return self._whole(inverse.mT @ inverse)

    @property
    def mean(self) -> Any:
        return self.loc

    @property
    def mode(self) -> Any:
        return self.loc

    @property
    def variance(self) -> Any:
        return self._lower.pow(2).sum(-1).expand((*self._batch_shape, *self._event_shape))

    def rsample(self, sample_shape: Any = ()) -> Any:
        noise = standard_normal(self._extended_shape(sample_shape), self.loc)
        return self.loc + (self._lower @ noise.unsqueeze(-1)).squeeze(-1)

    def log_prob(self, value: Any) -> Any:
        self._validate_sample(value)
        squared = mahalanobis(self._lower, value - self.loc)
        return -0.5 * (self._event_shape[0] * math.log(2 * math.pi) + squared) - half_log_det(self._lower)

    def entropy(self) -> Any:
        found = 0.5 * self._event_shape[0] * (1.0 + math.log(2 * math.pi)) + half_log_det(self._lower)
        return found.expand(self._batch_shape) if len(self._batch_shape) else found
