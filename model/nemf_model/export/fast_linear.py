"""Linear layers for inference, fused with the operation that follows them.

On the CPU they call oneDNN. Its float32 products use the widest vectors of any vendor's processor,
and it adds the bias, applies GELU or adds a residual while the product is in registers. On a GPU
they call PyTorch's own functions. TorchScript compiles them, so a module that was exported on one
device runs on another.
"""

from __future__ import annotations

import warnings
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor


def compiled(target: Any) -> Any:
    """Returns torch.jit.script(target), without its deprecation warning: the version is pinned."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return torch.jit.script(target)


def linear(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """x [..., K], weight [N, K], bias [N] -> x weight^T + bias [..., N]."""
    if x.is_cuda:
        return F.linear(x, weight, bias)
    return torch.ops.mkldnn._linear_pointwise(x, weight, bias, "none", [], "none")


def linear_gelu(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """gelu(linear(x, weight, bias)), the exact form of GELU."""
    if x.is_cuda:
        return F.gelu(F.linear(x, weight, bias))
    return torch.ops.mkldnn._linear_pointwise(x, weight, bias, "gelu", [], "none")


def linear_add(x: Tensor, weight: Tensor, bias: Tensor, residual: Tensor) -> Tensor:
    """residual + linear(x, weight, bias); residual [..., N]."""
    if x.is_cuda:
        return residual + F.linear(x, weight, bias)
    return torch.ops.mkldnn._linear_pointwise(x, residual, weight, bias, "add")


def products(a: Tensor, b: Tensor) -> Tensor:
    """Scalar products of rows: a [M, K], b [N, K] -> a b^T [M, N]."""
    if a.is_cuda:
        return a @ b.t()
    return torch.ops.mkldnn._linear_pointwise(a, b, None, "none", [], "none")
