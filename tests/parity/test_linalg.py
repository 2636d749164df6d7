"""Products, einsum, factorisations and pad: values, graphs, gradients and errors are PyTorch's."""

from __future__ import annotations

from typing import Any

import numpy
import pytest

from .compare import agree, fail_alike, functional

random = numpy.random.default_rng(5)
X = random.standard_normal((3, 4))
B = random.standard_normal((2, 3, 4))
V = random.standard_normal(4)
W = random.standard_normal((5, 4))
A = random.standard_normal((3, 3)) + 3 * numpy.eye(3)
C = random.standard_normal((2, 2)) + 1j * random.standard_normal((2, 2))

# over x (3, 4), b (2, 3, 4), v (4), w (5, 4), a (3, 3) regular, c (2, 2) complex
PROGRAMS = """
x @ v|v @ v|x @ w.t()|v @ w.t()|b @ w.t()|b @ v|b @ b.mT|x @ b.mT|v @ b.mT|b.detach() @ w.t()|b @ w.t().detach()|x.detach() @ b.mT
x @ b.mT.detach()|b[:1] @ b.mT
b[None] @ b.mT|b @ b[:1].mT|b[:1].detach() @ b.mT|b.mT @ x|b.mT.detach() @ x.detach()|b[:, None] @ b.mT|v @ b.mT.detach()
b.mT @ x[:, 0]|c @ c|c @ c[0]|T.matmul(b[:0], w.t())
x.mm(x.t())|T.bmm(b, b.mT)|x.mv(v)|v.dot(v)|T.vdot(v, v)|T.vdot(c[0], c[1])|T.outer(v, x[:, 0])|T.ger(v, v)|v.inner(v)|T.inner(x, w)
T.inner(x, v)|T.inner(x, v[0])
T.addmm(x[:, :3], x, x.t())|T.addmm(v[:3], x, x.t(), beta=0.5, alpha=2)|T.addmm(v[0], x, x.t())|T.addmv(x[:, 0], x, v)
T.addbmm(x[:, :3], b, b.mT)|T.baddbmm(b[:, :, :3], b, b.mT)|T.addr(x, x[:, 0], v)|x[:, :3].addmm(x, x.t(), alpha=3)
T.tensordot(b, w, ([2], [1]))|T.tensordot(x, x, 2)|T.tensordot(v, v, 1)|T.tensordot(x, v, 1)|T.tensordot(x, x, 0)
T.tensordot(b, x, ([1, 2], [0, 1]))|T.kron(x, v)|T.kron(x, x)|T.chain_matmul(x, w.t(), w)|T.linalg.multi_dot([x, w.t(), w, v])
F.linear(x, w)|F.linear(b, w)|F.linear(x, w, w[:, 0])|F.linear(b, w, w[:, 0])|F.linear(b, w, w[:, 0].clone())
F.linear(b[None], w, w[:, 0].clone())|F.linear(v, w, w[:, 0].clone())|F.linear(v, w)
F.linear(b.mT.contiguous().mT, w, w[:, 0].clone())|F.linear(x, w, v[0].expand(5))
F.bilinear(x, x, T.ones(2, 4, 4).double(), v[:2])|F.bilinear(b, b, b[:, :, None].expand(2, 3, 4, 4)[:, 0])
T.einsum("ij,kj->ik", x, w)|T.einsum("bij,kj->bik", b, w)|T.einsum("i,j->ij", v, v)|T.einsum("ii", a)|T.einsum("ii->i", a)
T.einsum("ij->ji", x)|T.einsum("ij->i", x)|T.einsum("ij->", x)|T.einsum("ij,ij->", x, x)|T.einsum("i,i", v, v)
T.einsum("ij,j", x, v)|T.einsum("ba", x)
T.einsum("...ij,...kj->...ik", b, w)|T.einsum("ij,jk,kl->il", x, x.t(), x)|T.einsum("bij,bjk->bik", b, b.mT)
T.einsum("bij,j->bi", b, v)|T.einsum(x, [0, 1], x, [2, 1], [0, 2])|T.einsum("...->...", b)|T.einsum("b...,b...->b", b, b)
T.einsum("i...->...", b)|T.einsum("bij,bij,j->b", b, b, v)|T.einsum("ij,kj", [x, w])|T.einsum(" i j , k j -> i k ", x, w)
T.einsum("iij->j", b[:, :2])
T.einsum("bhqd,bhkd->bhqk", b[None], b[None])|T.einsum("ij,k->", x, v)|T.einsum("ij,jk->ik", c, c)
T.trace(a)|T.linalg.matrix_power(a, 0)|a.matrix_power(1)|a.matrix_power(2)|a.matrix_power(3)|a.matrix_power(5)|a.matrix_power(-2)
T.linalg.cross(x[:, :3], x[:, 1:])|T.cross(x, x * 2, dim=0)
T.linalg.inv(a)|T.inverse(a)|T.linalg.det(a)|a.det()|T.linalg.slogdet(a)|T.linalg.solve(a, x)|T.linalg.solve(a, x[:, 0])
T.linalg.cholesky(a @ a.mT)|T.linalg.qr(x)|T.linalg.qr(x.mT)|T.linalg.pinv(x)|T.pinverse(a)|T.linalg.inv(c)|T.linalg.det(c)
T.linalg.solve(c, c[0])|T.linalg.cholesky(c @ c.mH + 1)
T.linalg.eigh(a + a.mT)[0]|T.linalg.eigvalsh(a + a.mT)|T.linalg.svd(x)[1]|T.linalg.svd(x, full_matrices=False)[1]
T.linalg.svdvals(x)|T.linalg.solve_triangular(a.tril(), x, upper=False)|T.linalg.vecdot(x, x)|T.linalg.diagonal(b)
T.linalg.norm(x)|T.linalg.norm(x, "fro")|T.linalg.norm(x, "nuc")|T.linalg.norm(x, 2)|T.linalg.norm(x, 1)|T.linalg.norm(x, 2, dim=1)
T.linalg.matrix_norm(x)|T.linalg.matrix_norm(x, float("inf"))|T.linalg.matrix_norm(x, -1, keepdim=True)|T.linalg.matrix_norm(x, -2)
T.linalg.matrix_norm(b, "nuc", (0, 2), keepdim=True)|T.linalg.vector_norm(x)|T.linalg.cond(x)|T.linalg.matrix_rank(x)
F.pad(x, (1, 2, 3, 4))|F.pad(b, (1, 2), value=3.0)|F.pad(x, (0, 0))|F.pad(x, (0, 0, -1, 0))|F.pad(x, [1, 1], "constant", 2)
F.pad(b, (1, 1), mode="reflect")|F.pad(b, (1, 2), mode="replicate")|F.pad(b, (1, 2), mode="circular")
F.pad(b, (1, 0, 0, 2), mode="circular")|F.pad(b[None], (1, 1, 1, 1), mode="reflect")|F.pad(b[None], (1, 1, 2, 1), mode="circular")
F.pad(b[None], (1, 1, 1, 4), mode="replicate")|F.pad(b[None], (1, 1, 1, 1, 1, 0), mode="reflect")|F.pad(b, (-1, 1), mode="circular")
T.ones(2, 3).long() @ T.ones(3, 2).long()|T.ones(2, 3).int().mm(T.ones(3, 2).int())|T.arange(6).view(2, 3) @ T.arange(3)
(x.half() @ x.half().t()).double()|T.arange(3).dot(T.arange(3))|T.trace(T.ones(3, 3).int())
T.einsum("ij,jk->ik", T.ones(2, 3).long(), T.ones(3, 2).long())
"""


def run(source: str) -> Any:
    code = compile(source, source, "eval")

    def program(T: Any, x: Any, b: Any, v: Any, w: Any, a: Any, c: Any) -> Any:
        return eval(code, {"T": T, "F": functional(T), "x": x, "b": b, "v": v, "w": w, "a": a, "c": c})

    return program


@pytest.mark.parametrize("source", [p.strip() for line in PROGRAMS.strip().splitlines() for p in line.split("|")])
def test_is_what_pytorch_does(source: str) -> None:
    agree(run(source), X, B, V, W, A, C, graphs="0].long" not in source, rtol=1e-3 if "half" in source else 1e-9)


ERRORS = """
T.mm(x, x)|T.mm(x, v)|T.bmm(b, b)|T.bmm(x, x)|T.mv(x, x[:, 0])|T.mv(x, x)|T.dot(v, v[:3])|T.dot(x, v)|x @ x|v @ v[:3]|b @ x
x @ v[:3]|b @ T.ones(3, 4, 5).double()|v[0] @ v|x @ w.float().t()|T.mm(x, x.float().t())|x @ 1|1 @ x
F.linear(x, x, v)|F.linear(x, x[:, :2])|T.addmm(v, x, x.t())|T.addmm(x, x, x)|T.outer(x, v)|T.kron(x, 1)|T.tensordot(x, x, 1)
T.trace(b)|T.zeros(2, 2).bool() @ T.zeros(2, 2).bool()|T.dot(v, v.float())|T.bmm(b, b.mT.float())
T.einsum("ij,jk", x, x)|T.einsum("ij", b)|T.einsum("ij->k", x)|T.einsum("ij,jk", x)|T.einsum("ij", x, x)|T.einsum("ij->ii", x)
T.einsum("ii", x)
T.linalg.inv(x)|T.linalg.inv(T.zeros(2, 2))|T.linalg.inv(T.ones(2, 2))|T.linalg.cholesky(-T.eye(2))
T.linalg.solve(T.zeros(2, 2), T.ones(2))|T.linalg.det(x)|T.linalg.inv(T.ones(2, 2).long())|T.linalg.cholesky(v)
F.pad(x, (1,))|F.pad(x, (1, 1, 1, 1, 1, 1))|F.pad(x, (5, 5), mode="reflect")|F.pad(b, (5, 5), mode="reflect")
F.pad(b, (5, 5), mode="circular")|F.pad(x, (-5, 0))|F.pad(x, (1, 1), mode="x")|F.pad(v, (1, 1), mode="reflect")|F.pad(x, (-2, -3))
"""


@pytest.mark.parametrize("source", [p.strip() for line in ERRORS.strip().splitlines() for p in line.split("|")])
def test_fails_as_pytorch_does(source: str) -> None:
    fail_alike(run(source), X, B, V, W, A, C)


@pytest.mark.parametrize("shape", [(3, 3), (4, 3), (3, 4), (2, 3, 3)], ids=str)
def test_singular_vectors_rebuild_the_matrix_and_their_gradient_does_not_depend_on_their_signs(shape: tuple[int, ...]) -> None:
    def program(T: Any, x: Any) -> Any:
        u, s, vh = T.linalg.svd(x, full_matrices=False)
        return (u * s[..., None, :]) @ vh, (u * u) @ (s * s)[..., None], (vh * vh).sum(-2)

    agree(program, random.standard_normal(shape), graphs=False, rtol=1e-8)


def test_eigenvectors_rebuild_the_matrix_and_their_gradient_does_not_depend_on_their_signs() -> None:
    def program(T: Any, a: Any) -> Any:
        values, vectors = T.linalg.eigh(a + a.mT)
        return (vectors * values.exp()) @ vectors.mT, vectors * vectors

    agree(program, A, graphs=False, rtol=1e-8)
