"""Where and how training computes: the device, the precision, and the processes that share it."""

from __future__ import annotations

import logging
import os
from contextlib import AbstractContextManager
from dataclasses import dataclass

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

PRECISIONS = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}

logger = logging.getLogger(__name__)


def _cpu_has_bfloat16() -> bool:
    """Of an x86-64 whether it has, of others True. Without, a convolution takes ten times as long
    as in float32."""
    found = torch.cpu.get_capabilities()
    if found.get("architecture") != "x86_64":
        return True
    return found["avx512_bf16"] or found["amx_bf16"]


@dataclass(frozen=True)
class Compute:
    """One of the processes of a training.

    device: of the model; batches are made on the CPU.
    dtype: of matrix products and convolutions; float32 turns mixed precision off.
    rank: this process's number, 0 to processes - 1. Rank 0 reports, validates and saves.
    """

    device: torch.device = torch.device("cpu")
    dtype: torch.dtype = torch.float32
    rank: int = 0
    processes: int = 1

    @staticmethod
    def start(device: str, precision: str) -> Compute:
        """Joins the group of processes that torchrun started, if it did.

        Args:
          device: `cpu`, `cuda`, `cuda:N`, or `auto` for a GPU where there is one. A process of
            torchrun takes the GPU of its local rank.
          precision: a key of PRECISIONS. A CPU that has no instructions for bfloat16 computes in
            float32 instead.
        """
        if precision not in PRECISIONS:
            raise ValueError(f"precision = {precision!r}, must be one of {', '.join(PRECISIONS)}")
        if device == "auto":
            device = "cuda" if torch.cuda.is_available() else "cpu"
        processes = int(os.environ.get("WORLD_SIZE", "1"))
        if processes > 1:
            if device == "cuda":
                device = f"cuda:{os.environ['LOCAL_RANK']}"
            dist.init_process_group("nccl" if device.startswith("cuda") else "gloo")
        if device.startswith("cuda"):
            torch.cuda.set_device(device)
        elif precision == "bfloat16" and not _cpu_has_bfloat16():
            logger.warning("precision: this CPU has no instructions for bfloat16, taking float32")
            precision = "float32"
        rank = int(os.environ.get("RANK", "0")) if processes > 1 else 0
        return Compute(torch.device(device), PRECISIONS[precision], rank, processes)

    def barrier(self) -> None:
        """Waits for all processes, so that none leaves while another still works."""
        if self.processes > 1:
            dist.barrier()

    def stop(self) -> None:
        """Leaves the group of processes."""
        if self.processes > 1:
            dist.destroy_process_group()

    @property
    def is_main(self) -> bool:
        """Whether this process reports, validates and saves."""
        return self.rank == 0

    def autocast(self) -> AbstractContextManager:
        """Mixed precision for what runs within, if it is on."""
        return torch.autocast(self.device.type, self.dtype, enabled=self.dtype is not torch.float32)

    def grad_scaler(self) -> torch.amp.GradScaler:
        """Keeps float16 gradients from vanishing; does nothing in other precisions."""
        return torch.amp.GradScaler(self.device.type, enabled=self.dtype is torch.float16)

    def distribute(self, module: nn.Module) -> nn.Module:
        """The module, averaging gradients over the processes in every backward pass."""
        if self.processes == 1:
            return module
        # A loss may be missing in one process's batches (of the classes, say) and not in another's.
        return DistributedDataParallel(module, find_unused_parameters=True)

    def gather(self, value: Tensor) -> list[Tensor]:
        """The value of every process, by rank; all processes must call it."""
        if self.processes == 1:
            return [value]
        values: list[Tensor] = [value] * self.processes
        dist.all_gather_object(values, value)
        return values
