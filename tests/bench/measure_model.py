"""Field, encoder and memory at the published model's size, beside plain PyTorch."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import torch
from pair import square_pair
from plain_field import PhiInputs, plain_scores
from settings import Settings
from worker import Worker

from nemf_model.architecture.model import NeMF
from nemf_model.config import ModelConfig
from nemf_model.export.bundle_writer import trace_encoder

THREADS = (1, 2)


def seconds_of(function: Callable[[], Any]) -> tuple[float, Any]:
    start = time.perf_counter()
    answer = function()
    return time.perf_counter() - start, answer


def measure_field(settings: Settings, model: NeMF, bundle: Path, binaries: Path) -> dict[str, Any]:
    """Queries per second of the engine's field, of the plain one, and the machine's limit.

    The limit is the better of LibTorch's and oneDNN's large float32 product. All take turns, and
    ratios are medians over the turns.
    """
    by_threads = {}
    for threads in sorted({*THREADS, settings.threads}):
        with Worker(binaries, threads) as worker:
            by_threads[str(threads)] = _field_turns(settings, model, bundle, worker, threads)
    return {**by_threads[str(settings.threads)], "by_threads": by_threads}


@torch.inference_mode()
def _field_turns(
    settings: Settings, model: NeMF, bundle: Path, worker: Worker, threads: int
) -> dict[str, Any]:
    torch.set_num_threads(threads)
    plain = _plain_field(settings, model)
    seconds = settings.field_seconds
    worker.ask("field", bundle=str(bundle), seconds=0)
    worker.ask("products", seconds=0)
    plain()
    turns = []
    for _ in range(settings.field_rounds):
        field = worker.ask("field", bundle=str(bundle), seconds=seconds)
        products = worker.ask("products", seconds=seconds)
        rate = field["queries_per_second"]
        limit = max(products.values()) / field["flops_per_query"]
        plain_rate = settings.plain_queries / seconds_of(plain)[0]
        turns.append((rate, plain_rate, limit, rate / plain_rate, rate / limit))
    rate, plain_rate, limit, ratio, share = (median(column) for column in zip(*turns, strict=True))
    return {
        "queries_per_second": rate,
        "plain_queries_per_second": plain_rate,
        "limit_queries_per_second": limit,
        "ratio_to_plain": ratio,
        "share_of_matmul_limit": share,
    }


def _plain_field(settings: Settings, model: NeMF) -> Callable[[], torch.Tensor]:
    """One call of the plain field, on random points and a Phi of random values."""
    generator = torch.Generator().manual_seed(3)
    inputs = PhiInputs.random(model.config, generator)
    points = torch.rand(2, settings.plain_queries, 2, generator=generator) * 2 - 1
    return lambda: plain_scores(model, inputs, *points)


def measure_encoder(settings: Settings, large: NeMF) -> dict[str, Any]:
    """The exported encoder beside model.encode, at the published size and the shipped one."""
    small = NeMF(ModelConfig.small()).eval()
    return {
        **_encoder_turns(settings, large, settings.encoder_rounds),
        "small": _encoder_turns(settings, small, 3 * settings.encoder_rounds),
    }


@torch.inference_mode()
def _encoder_turns(settings: Settings, model: NeMF, rounds: int) -> dict[str, Any]:
    torch.set_num_threads(settings.threads)
    side = model.config.image_size
    images = torch.randn(2, 1, 3, side, side, generator=torch.Generator().manual_seed(4))
    exported = torch.jit.freeze(trace_encoder(model, batch=1))
    turns, differences = [], []
    # As the server runs it; see TorchEncoder.
    with torch.jit.optimized_execution(False):
        exported(*images)
        for _ in range(rounds):
            plain_seconds, expected = seconds_of(lambda: model.encode(*images))
            seconds, answer = seconds_of(lambda: exported(*images))
            turns.append((seconds, plain_seconds, plain_seconds / seconds))
            differences += [
                ((a - e).abs().max() / e.abs().max()).item()
                for a, e in zip(answer, expected, strict=True)
            ]
    seconds, plain_seconds, ratio = (median(column) for column in zip(*turns, strict=True))
    return {
        "seconds": seconds,
        "plain_seconds": plain_seconds,
        "ratio_to_plain": ratio,
        "largest_relative_difference": max(differences),
    }


def measure_memory(
    settings: Settings, bundle: Path, binaries: Path, folder: Path
) -> dict[str, Any]:
    """The peak of a process that loads the large model, encodes a pair and computes a dense flow.

    One PatchMatch iteration and one gradient step: memory does not depend on their number.
    """
    pair = square_pair(settings.memory_side, folder)
    with Worker(binaries, settings.threads) as worker:
        worker.ask("load", bundle=str(bundle))
        loaded = worker.ask("peak")["mib"]
        worker.ask("pair", **pair.request(folder))
        worker.ask("encode")
        encoded = worker.ask("peak")["mib"]
        worker.ask("match", preset="REFERENCE", points=[], iterations=1, steps=1)
        peak = worker.ask("peak")["mib"]
    return {
        f"flow_{settings.memory_side}_peak_mib": peak,
        "side": settings.memory_side,
        "loaded_peak_mib": loaded,
        "encoded_peak_mib": encoded,
        "patchmatch_iterations": 1,
    }
